"""`must` and `must_not` of a case become scorers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import DatasetError
from otel_i2e.judge import built_in_prompts
from otel_i2e.models import Attempt, Case, JudgeSettings, Outcome
from otel_i2e.score import BUILT_IN, check_scorers
from otel_i2e.testing import ScriptedJudge, agent_span, llm_span, tool_span, trace_of

Try = Callable[..., Attempt]
PROMPTS = built_in_prompts(JudgeSettings())


def case(must: Any = (), must_not: Any = ()) -> Case:
    """A case with these."""
    return Case(id="laptop-90-days", input="q", must=list(must), must_not=list(must_not))


def test_each_entry_is_a_scorer_named_after_it() -> None:
    """In order, `must` before `must_not`; equal names are numbered."""
    scorers = check_scorers(
        case(
            [{"contains": "30 days"}, {"contains": "30 days"}, "name the\nexception"],
            ["invent a policy", {"regex": "1"}],
        ),
        PROMPTS,
    )
    assert [scorer.name for scorer in scorers] == [
        "must: contains '30 days'",
        "must: contains '30 days' (2)",
        "must: name the exception",
        "must_not: invent a policy",
        "must_not: regex '1'",
    ]
    assert [scorer.needs_judge for scorer in scorers] == [False, False, True, True, False]
    assert scorers[0].version == scorers[1].version
    assert check_scorers(case()) == []


@pytest.mark.parametrize(("output", "passes"), [("30 days", True), ("120 days", False)])
def test_must_not_is_the_opposite_of_must(attempt: Try, output: str, passes: bool) -> None:
    """The same check, negated, with its explanation."""
    must, must_not = check_scorers(case([{"contains": "30 days"}], [{"contains": "30 days"}]))
    assert attempt(must, output).passed is passes
    tried = attempt(must_not, output)
    assert tried.passed is not passes
    assert tried.score is not None
    assert tried.score.explanation
    assert must.version != must_not.version


def test_not_measured_is_not_measured_on_either_side(attempt: Try) -> None:
    """Negating what could not be decided decides nothing."""
    scorers = check_scorers(case(must_not=[{"max_cost": 1}, {"contains": "x"}, {"judge": "groundedness"}]), PROMPTS)
    outcomes = [attempt(scorer, None, judge=ScriptedJudge([])).outcome for scorer in scorers]
    assert outcomes == [Outcome.NO_CONTENT] * 3


def test_criteria_in_words_go_to_the_judge(attempt: Try) -> None:
    """With the criterion shown; `must_not` has a prompt of its own."""
    must, must_not = check_scorers(case(["say 30 days"], ["invent a policy"]), PROMPTS)
    court = ScriptedJudge(lambda question: list(question.prompt.choices)[1])
    assert attempt(must, judge=court).passed is False
    assert attempt(must_not, judge=court).passed is False
    assert [question.shown["criterion"] for question in court.questions] == ["say 30 days", "invent a policy"]
    assert [question.prompt.name for question in court.questions] == ["must", "must_not"]


def test_a_judge_that_breaks_neither_passes_nor_fails_a_criterion(attempt: Try) -> None:
    """On either side."""
    for scorer in check_scorers(case(["a"], ["b", {"judge": "correctness"}]), PROMPTS):
        tried = attempt(scorer, judge=ScriptedJudge([]), case=Case(id="c", input="q", expected="e"))
        assert (tried.outcome, tried.passed) == (Outcome.ERROR, None)


def test_a_negated_judge_keeps_its_cost_and_its_silence(attempt: Try) -> None:
    """A verdict that does not apply is not turned into a pass."""
    (scorer,) = check_scorers(case(must_not=[{"judge": "correctness"}]), PROMPTS)
    expecting = Case(id="c", input="q", expected="e")
    tried = attempt(scorer, judge=ScriptedJudge("correct", cost_usd=0.5), case=expecting)
    assert (tried.passed, tried.cost_usd) == (False, 0.5)
    assert attempt(scorer, judge=ScriptedJudge("correct")).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("must", "said"),
    [
        (
            {"contain": "x"},
            "must[0]: 'contain' is not a check; did you mean 'contains'? (the checks are cites_documents, contains,",
        ),
        ({"sentiment": "x"}, "'sentiment' is not a check (the checks are "),
        ({}, "names 0 checks"),
        ({"contains": "a", "regex": "b"}, "names 2 checks"),
        ({"contains": None}, "'contains' has no argument"),
        ({"equals": None}, "'equals' has no argument"),
        ({"regex": "(a"}, "must[0]: regex: '(a' is not a pattern"),
        ({"judge": "mood"}, "there are correctness, groundedness, must, must_not"),
        ("  ", "an empty criterion"),
    ],
)
def test_a_mistake_names_the_case_the_entry_and_the_rule(must: Any, said: str) -> None:
    """One line."""
    with pytest.raises(DatasetError) as caught:
        check_scorers(case([must]), PROMPTS)
    assert str(caught.value).startswith("case 'laptop-90-days': must[0]: ")
    assert said in str(caught.value)


def test_words_without_a_judge_prompt_are_refused() -> None:
    """Rather than left out."""
    with pytest.raises(DatasetError, match=r"must_not\[0\]: the criterion 'invent' is for a judge"):
        check_scorers(case(must_not=["invent"]))


def test_every_check_has_a_file_and_a_test() -> None:
    """A new one is one file, one test of the same name and one line in the catalogue."""
    from pathlib import Path

    import otel_i2e.score.checks as folder

    here = Path(__file__).parent / "checks"
    files = {path.stem for path in Path(folder.__path__[0]).glob("[!_]*.py")}
    assert files == {*BUILT_IN, "judge", "must"}
    assert {path.stem.removeprefix("test_") for path in here.glob("test_*.py")} == files - {"must"}


@pytest.mark.parametrize("blank", ["", " \n\t", "\u200b", "{}"])
def test_a_blank_answer_passes_no_must_not(attempt: Try, blank: str) -> None:
    """It holds nothing that it must not, and shows nothing either; what it must do fails it."""
    must, must_not, criterion = check_scorers(case([{"contains": "30"}], [{"contains": "120"}, "invent"]), PROMPTS)
    assert attempt(must, blank).passed is False
    tried = attempt(must_not, blank)
    assert (tried.outcome, tried.passed) == (Outcome.ERROR, None)
    assert "the answer is blank" in (tried.error or "")
    judge = ScriptedJudge(["yes"])
    assert attempt(criterion, blank, judge=judge).outcome is Outcome.ERROR
    assert judge.questions == []


@pytest.mark.parametrize("blank", ["", "\u200b", '{"answer": ""}'])
def test_a_blank_answer_fails_a_criterion_in_words_without_a_question(attempt: Try, blank: str) -> None:
    """It does nothing that it must, whatever a judge would say; no model is on record, so it is no judge's word."""
    (criterion,) = check_scorers(case(["name a period"]), PROMPTS)
    judge = ScriptedJudge("satisfied")
    tried = attempt(criterion, blank, judge=judge)
    assert (tried.outcome, tried.passed, tried.model) == (Outcome.SCORED, False, None)
    assert tried.score is not None
    assert (tried.score.label, tried.score.metadata) == ("not_satisfied", {"judge": "must"})
    assert (tried.score.explanation or "").startswith("the answer is blank (")
    assert judge.questions == []
    assert attempt(criterion, "30 days", judge=judge).passed is True
    assert len(judge.questions) == 1


_NEGATIVE: dict[str, Any] = {
    "not_contains": "120",
    "no_secrets": True,
    "no_personal_data": True,
    "length": 100,
    "tool_not_called": "refund",
    "no_loops": True,
    "max_steps": 5,
    "max_errors": 0,
    "max_retries": 0,
    "max_duration": "5m",
    "max_tokens": 500,
    "max_cost": 0.5,
    "no_repeated_answers": True,
    "no_repeated_questions": True,
}
_CALLS = {"input_tokens": 1, "output_tokens": 0, "cost_usd": 0.1, "response_model": "m", "duration_ms": 1.0}


@pytest.mark.parametrize("check", _NEGATIVE)
def test_what_silence_satisfies_passes_of_an_answer_only(attempt: Try, check: str) -> None:
    """In an evaluation, where it is known that nothing was answered: written as a check, and as the opposite of one."""
    talk = [
        {"role": "user", "content": "May I?"},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "x"},
    ]
    asked = case([{check: _NEGATIVE[check]}]).model_copy(update={"input": {"messages": talk}})
    (must,) = check_scorers(asked)
    assert attempt(must, "It is 30 days.", case=asked, **_CALLS).passed is True
    silent = attempt(must, "\u200b", case=asked, **_CALLS)
    assert (silent.outcome, silent.passed) == (Outcome.ERROR, None)
    assert "the answer is blank ('\\u200b')" in (silent.error or "")
    refused = case([], [{check: _NEGATIVE[check]}])
    (must_not,) = check_scorers(refused)
    assert attempt(must_not, "\u200b", case=asked, **_CALLS).passed is False


def test_a_tool_that_was_not_called_is_a_pass_only_where_something_was_done(attempt: Try) -> None:
    """No answer is enough where another tool was; in production, an answer that is not there may be unrecorded."""
    asked = case([], [{"tool_called": "refund"}])
    (must_not,) = check_scorers(asked)
    silent = attempt(must_not, None, case=asked)
    assert (silent.outcome, silent.error) == (
        Outcome.ERROR,
        "there is no answer, and a check that silence satisfies measures nothing then; add one of what must be there",
    )
    acted = trace_of(agent_span(output=None), tool_span("look", {}, "ok"))
    assert attempt(must_not, case=asked, trace=acted).passed is True
    assert attempt(must_not, None).passed is True


_CUT = {"content_state": "truncated"}
_WAS_CUT = "was cut when it was recorded, and what is absent from a part may be in the rest"


@pytest.mark.parametrize("negative", ["must", "must_not"])
def test_the_part_of_an_answer_passes_no_negative_check(attempt: Try, negative: str) -> None:
    """What must not be there may be in the rest; what is in the part is there, and fails."""
    (tried,) = check_scorers(
        case([{"not_contains": "120"}]) if negative == "must" else case(must_not=[{"contains": "120"}])
    )
    assert attempt(tried, "It is 30 days.").passed is True
    part = attempt(tried, "It is 30", **_CUT)
    assert (part.outcome, part.passed, part.error) == (Outcome.ERROR, None, f"the answer {_WAS_CUT}")
    assert attempt(tried, "It is 120", **_CUT).passed is False


def test_the_part_of_an_answer_passes_what_it_must_do(attempt: Try) -> None:
    """What was found is there; time and tokens are not read from content."""
    positive, quick = check_scorers(case([{"contains": "30"}, {"max_duration": "9m"}]))
    assert attempt(positive, "It is 30", **_CUT).passed is True
    assert attempt(quick, "It is 30", duration_ms=1.0, **_CUT).passed is True


def test_a_judge_passes_no_criterion_that_the_part_of_an_answer_must_not_meet(attempt: Try) -> None:
    """It is asked, for it may see a failure in the part; who answered, and for what, is kept."""
    (criterion,) = check_scorers(case(must_not=["invent a policy"]), PROMPTS)
    passing, failing = (
        attempt(criterion, "It is 30", judge=ScriptedJudge([choice]), **_CUT) for choice in ("avoided", "done")
    )
    assert (passing.outcome, passing.passed) == (Outcome.ERROR, None)
    assert _WAS_CUT in (passing.error or "")
    assert passing.model is not None
    assert failing.passed is False


@pytest.mark.parametrize("check", [{"tool_not_called": "refund"}, {"no_loops": True}])
def test_a_model_call_that_was_cut_may_have_asked_for_any_tool(attempt: Try, check: dict[str, Any]) -> None:
    """Only a model call asks for tools: a long answer of the application, or result of a tool, hides none."""
    (scorer,) = check_scorers(case([check]))
    for state, outcome in (("full", Outcome.SCORED), ("truncated", Outcome.ERROR)):
        call = llm_span(content_state=state)
        root, tool = agent_span(content_state="truncated"), tool_span("look", {}, "ok", content_state="truncated")
        assert attempt(scorer, trace=trace_of(root, tool, call)).outcome is outcome


@pytest.mark.parametrize(
    ("cut", "outcome"),
    [
        ('{"input.value": {"bytes": 9}}', Outcome.SCORED),
        ('{"input.value": {"bytes": 9}, "output.value": {"bytes": 9}}', Outcome.ERROR),
        ("{}", Outcome.ERROR),
        ("true", Outcome.ERROR),
        ("yes", Outcome.ERROR),
    ],
)
def test_an_answer_is_whole_where_only_the_input_was_cut(attempt: Try, cut: str, outcome: Outcome) -> None:
    """As the marker says that names what was cut; one that names nothing leaves it open."""
    (scorer,) = check_scorers(case(must_not=[{"contains": "120"}]))
    marked = {"attributes": {"i2e.content.truncated": cut}, **_CUT}
    assert attempt(scorer, "It is 30 days.", **marked).outcome is outcome


def test_an_answer_that_must_not_be_blank(attempt: Try) -> None:
    """It says so itself, and fails: that is no silence to be noticed."""
    (must_not,) = check_scorers(case([], [{"regex": r"^\s*$"}]))
    assert attempt(must_not, " ").passed is False
    assert attempt(must_not, "Yes.").passed is True
