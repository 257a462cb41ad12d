"""Calibration: a judge against labels, through the real SDK and a local Messages API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import Settings
from otel_i2e.errors import NotMeasured, UsageError
from otel_i2e.models import JudgeStanding, Span
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply, llm_span, row_of, score_row
from otel_i2e.workflows.calibration import calibrate
from otel_i2e.workflows.drift import checks_due, drift_notes, run_due_checks
from otel_i2e.workflows.drift_check import check_drift
from otel_i2e.workflows.labels import import_labels
from otel_i2e.workflows.scorers import load_all, named
from otel_i2e.workflows.standing_file import record_standing

TONE = """+++
fields = ["output"]
threshold = 1.0
model = "claude-sonnet-5"
[choices]
good = 1
fair = 0.5
bad = 0
+++
Is it good?
"""
MODEL = "claude-sonnet-5"
Verdict = Callable[[str], str]


def honest(output: str) -> str:
    """Says what people say."""
    return "good" if output.startswith("good") else "bad"


def lenient(_output: str) -> str:
    """Says that everything is good."""
    return "good"


def mostly(output: str) -> str:
    """Lets three bad answers pass."""
    return "good" if output in ("bad 0", "bad 1", "bad 2") else honest(output)


def as_told(output: str) -> str:
    """Says what the answer says that it says."""
    return "good" if "judge=good" in output else "bad"


def broken(_output: str) -> str:
    """Says what is not offered."""
    return "brilliant"


class Bench:
    """A project with `n` good and `n` bad answers, labelled, and a judge that decides by `verdict`."""

    def __init__(self, folder: Path, server: MessagesServer, says: dict[str, Any], n: int) -> None:
        self.server, self.says = server, says
        (folder / "judges").mkdir()
        (folder / "judges" / "tone.md").write_text(TONE)
        self.prompt = folder / "judges" / "tone.md"
        self.settings = Settings(
            store=str(folder / "i2e.duckdb"), datasets=str(folder / "evals"), source=str(folder / "i2e.toml")
        )
        self.spans = [llm_span("q", f"{kind} {k}") for kind in ("good", "bad") for k in range(n)]
        with Store.of(self.settings).write() as writer:
            writer.add_spans([row_of(span) for span in self.spans])
        if self.spans:
            self.label({span.span_id: honest(span.output_text or "") == "good" for span in self.spans})

    def label(self, passed: dict[str, bool]) -> None:
        """What people say of these spans."""
        file = self.prompt.with_name("labels.jsonl")
        file.write_text("".join(json.dumps({"span": span, "passed": says}) + "\n" for span, says in passed.items()))
        import_labels(self.settings, file, "tone")

    def standing(self) -> JudgeStanding:
        """The standing of the identity as it is now."""
        (scorer,) = named(["tone"], load_all(self.settings))
        with Store.of(self.settings).read() as reader:
            return next(one for one in reader.standings() if one.scorer_version == scorer.version)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """`bench(verdict, n=…)`; `bench.says` may be changed afterwards: the verdict, and the model that answers."""
    says: dict[str, Any] = {"model": None}

    def script(request: MessagesRequest) -> Reply:
        output = request.question.split("output>>\n")[1].split("\n<<")[0]
        answer = {"reasoning": "r", "choice": says["verdict"](output)}
        return replace(Reply.json(answer), model=says["model"])

    with MessagesServer(script) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)

        def made(verdict: Verdict = honest, n: int = 12) -> Bench:
            says["verdict"] = verdict
            return Bench(tmp_path, server, says, n)

        yield made


def test_a_judge_that_agrees_with_people_may_block(bench: Callable[..., Bench]) -> None:
    """Confusion matrix on the held-out half, intervals, consistency, and a standing of this identity."""
    room = bench()
    found = calibrate(room.settings, "tone")
    assert (found.true_pass, found.false_pass, found.false_fail, found.true_fail) == (6, 0, 0, 6)
    assert (found.kappa, found.problems, found.errors, found.disputed) == (1.0, (), 0, 0)
    assert found.tpr is not None
    assert (found.tpr.rate, round(found.tpr.low, 3), found.tpr.high) == (1.0, 0.610, 1.0)
    assert found.swap_consistency is not None
    assert found.repeat_consistency is not None
    assert (found.swap_consistency.rate, found.repeat_consistency.rate) == (1.0, 1.0)
    assert found.best_threshold == 1.0
    standing = room.standing()
    assert (standing.may_block, standing.model) == (True, "claude-sonnet-5")
    assert standing.reason == "TPR 1.00, TNR 1.00 on 24 labels"
    with Store.of(room.settings).read() as reader:
        assert reader.calibration("tone") == found


def test_a_judge_that_passes_everything_is_a_shadow(bench: Callable[..., Bench]) -> None:
    """It says nothing about the truth: no right to block, and no corrected rate."""
    room = bench(lenient)
    others = [llm_span("q", f"good {k}") for k in range(3)]
    (scorer,) = named(["tone"], load_all(room.settings))
    with Store.of(room.settings).write() as writer:
        writer.add_scores(
            [
                score_row(s, "tone", 1.0, passed=True, scorer_version=scorer.version, model="claude-sonnet-5")
                for s in [*others, *room.spans]
            ]
        )
    found = calibrate(room.settings, "tone")
    assert (found.false_pass, found.true_fail) == (6, 0)
    assert any(problem.startswith("TNR 0.00") for problem in found.problems)
    assert (found.judged, found.judged_pass, found.corrected, found.prediction_powered) == (27, 27, None, None)
    assert not room.standing().may_block


def test_the_pass_rate_of_production_is_corrected(bench: Callable[..., Bench]) -> None:
    """What is labelled is not counted again, and scores of another identity or served model are not counted at all."""
    room = bench(mostly, n=30)
    others = [llm_span("q", f"good {k}") for k in range(40)]
    (scorer,) = named(["tone"], load_all(room.settings))
    rows = [
        score_row(s, "tone", float(n < 20), passed=n < 20, scorer_version=version, model=model)
        for version, model, some in (
            (scorer.version, "claude-sonnet-5", others),
            ("other", "claude-sonnet-5", others),
            (scorer.version, "claude-other", [llm_span("q", f"good {k}") for k in range(9)]),
        )
        for n, s in enumerate(some)
    ]
    with Store.of(room.settings).write() as writer:
        writer.add_scores(rows)
    found = calibrate(room.settings, "tone", repeats=1)
    assert (found.judged, found.judged_pass) == (40, 20)
    wrong = found.false_pass
    specificity = 1 - wrong / 15
    assert found.corrected is not None
    assert found.corrected.rate == pytest.approx((0.5 + specificity - 1) / specificity)
    assert found.corrected.low < found.corrected.rate < found.corrected.high
    assert found.prediction_powered is not None
    assert found.prediction_powered.rate == pytest.approx(0.5 - wrong / 30)


def graded(output: str) -> str:
    """Calls every good answer fair: its threshold of 1 fails all of them."""
    return "fair" if honest(output) == "good" else "bad"


def test_the_threshold_is_chosen_on_one_half_and_measured_on_the_other(bench: Callable[..., Bench]) -> None:
    """At its own threshold the judge fails all, at the chosen one it is right; it has no right until then."""
    room = bench(graded)
    found = calibrate(room.settings, "tone", repeats=1)
    assert (found.threshold, found.best_threshold) == (1.0, 0.5)
    assert (found.true_pass, found.false_pass, found.false_fail, found.true_fail) == (6, 0, 0, 6)
    (problem,) = found.problems
    assert problem.startswith("its threshold is 1, and 0.5 was chosen")
    assert "i2e calibrate tone --write" in problem
    assert not room.standing().may_block
    assert room.prompt.read_text() == TONE


def test_the_production_rate_is_that_at_the_chosen_threshold(bench: Callable[..., Bench]) -> None:
    """The scores are stored: they say what would have passed."""
    room = bench(graded)
    (scorer,) = named(["tone"], load_all(room.settings))
    values = [0.5] * 6 + [0.0] * 4
    rows = [
        score_row(llm_span("q", str(k)), "tone", v, passed=False, scorer_version=scorer.version, model=MODEL)
        for k, v in enumerate(values)
    ]
    with Store.of(room.settings).write() as writer:
        writer.add_scores(rows)
    found = calibrate(room.settings, "tone", repeats=1)
    assert (found.judged, found.judged_pass) == (10, 6)
    assert found.judged_rate is not None
    assert found.judged_rate.rate == pytest.approx(0.6)


def test_the_chosen_threshold_can_be_written_and_then_the_judge_may_block(bench: Callable[..., Bench]) -> None:
    """One line of its prompt file and nothing else; the result belongs to the new identity; nothing is asked again."""
    room = bench(graded)
    calibrate(room.settings, "tone", repeats=1)
    asked, before = len(room.server.requests), room.standing()
    found = calibrate(room.settings, "tone", repeats=1, write=True)
    assert room.prompt.read_text() == TONE.replace("threshold = 1.0", "threshold = 0.5")
    assert (found.threshold, found.best_threshold, found.problems) == (0.5, 0.5, ())
    assert found.scorer_version == room.standing().scorer_version != before.scorer_version
    assert room.standing().may_block
    assert len(room.server.requests) == asked
    with Store.of(room.settings).read() as reader:
        assert reader.calibration("tone") == found
        old = [one for one in reader.standings() if one.scorer_version == before.scorer_version]
    assert [one.may_block for one in old] == [False]
    assert check_drift(room.settings, "tone").may_block


def test_without_another_threshold_write_leaves_the_file_alone(bench: Callable[..., Bench]) -> None:
    """The judge is right as it is."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1, write=True)
    assert room.prompt.read_text() == TONE
    assert room.standing().may_block


def test_consistency_sees_a_judge_that_goes_by_the_order_of_choices(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that wavers, although its first verdicts are right."""
    room = bench()
    count = 0

    def wavers(output: str) -> str:
        nonlocal count
        count += 1
        return honest(output) if count <= 24 else "good"

    room.says["verdict"] = wavers
    found = calibrate(room.settings, "tone")
    assert found.kappa == 1.0
    assert found.swap_consistency is not None
    assert found.swap_consistency.rate < 0.7
    assert found.repeat_consistency is not None
    assert found.repeat_consistency.rate < 0.7


def test_a_second_calibration_asks_nothing_twice(bench: Callable[..., Bench]) -> None:
    """Verdicts are kept; repeats are asked anew."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)
    before = len(room.server.requests)
    calibrate(room.settings, "tone", repeats=1)
    assert (before, len(room.server.requests)) == (44, 44)
    calibrate(room.settings, "tone", repeats=2)
    assert len(room.server.requests) == 64


def test_drift_suspends_the_right_to_block(bench: Callable[..., Bench]) -> None:
    """The same identity, another model behind it: a significant change for the worse suspends, none carries over."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)
    room.says["model"] = "claude-sonnet-5-1"
    check = check_drift(room.settings, "tone")
    assert (check.may_block, check.broke, check.model_before, check.model_now) == (
        True,
        0,
        "claude-sonnet-5",
        "claude-sonnet-5-1",
    )
    assert room.standing().model == "claude-sonnet-5-1"
    room.says["verdict"] = lenient
    check = check_drift(room.settings, "tone")
    assert (check.may_block, check.broke, check.fixed) == (False, 12, 0)
    assert room.standing().reason.startswith("suspended: drift, 24 frozen labels asked again: 12 broke")
    assert not room.standing().may_block


def test_a_check_gives_the_right_to_block_to_a_judge_that_is_good_enough_itself(bench: Callable[..., Bench]) -> None:
    """With few labels no drift is significant; TPR and TNR of who answers now are held to what calibration asks for."""
    room = bench(n=10)
    assert calibrate(room.settings, "tone", repeats=1).problems == ()
    room.says["model"] = "claude-other"

    def too_lenient(output: str) -> str:
        return "good" if output in {f"bad {k}" for k in range(4)} else honest(output)

    room.says["verdict"] = too_lenient
    check = check_drift(room.settings, "tone")
    assert (check.broke, check.p > 0.05, check.may_block) == (4, True, False)
    assert check.reason == "TNR 0.60 is below 0.8"
    standing = room.standing()
    assert (standing.model, standing.may_block) == ("claude-other", False)


def test_a_check_that_several_models_answered_gives_no_right_to_block(bench: Callable[..., Bench]) -> None:
    """It would be anybody's."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)

    def turning(output: str) -> str:
        room.says["model"] = f"claude-{output[-1]}"
        return honest(output)

    room.says["verdict"] = turning
    check = check_drift(room.settings, "tone")
    assert (check.model_now, check.broke, check.may_block) == (None, 0, False)
    assert check.reason == "several models answered; pin one"
    assert not room.standing().may_block


def test_a_new_identity_has_no_standing_until_it_is_checked(bench: Callable[..., Bench]) -> None:
    """A changed prompt is another judge; the frozen set tells whether it judges the same."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)
    room.prompt.write_text(TONE.replace("Is it good?", "Is it any good?"))
    with pytest.raises(StopIteration):
        room.standing()
    check = check_drift(room.settings, "tone")
    assert check.before != check.now
    assert room.standing().may_block


def test_what_cannot_be_measured_changes_nothing(bench: Callable[..., Bench]) -> None:
    """No labels of both kinds, no verdicts, no calibration, no judge."""
    room = bench(n=1)
    with pytest.raises(NotMeasured, match="never calibrated"):
        check_drift(room.settings, "tone")
    with pytest.raises(UsageError, match="no judge"):
        calibrate(room.settings, "equals")
    found = calibrate(room.settings, "tone", repeats=1)
    assert any(problem.startswith("too few held-out labels: 1 pass, 1 fail") for problem in found.problems)
    room.says["verdict"] = broken
    with pytest.raises(NotMeasured, match="2 of 2 frozen labels got no verdict"):
        check_drift(room.settings, "tone")
    with pytest.raises(NotMeasured, match="no label that is clear: a calibration needs passes and fails"):
        calibrate(room.settings, "groundedness")


def test_a_check_is_due_on_a_schedule_and_when_identity_or_model_change(bench: Callable[..., Bench]) -> None:
    """What a person reads says which judge and why; nothing is due of a judge that may not block."""
    room = bench()
    assert checks_due(room.settings) == []
    calibrate(room.settings, "tone", repeats=1)
    later = datetime.now(UTC) + timedelta(days=31)
    assert checks_due(room.settings) == []
    (due,) = checks_due(room.settings, now=later)
    assert "last checked on" in due.why
    settings = replace(room.settings, judge={"check_every_days": 90})
    assert checks_due(settings, now=later) == []
    score = score_row(room.spans[0], "tone", 1.0, model="claude-other", created_at=datetime.now(UTC))
    with Store.of(room.settings).write() as writer:
        writer.add_scores([score])
    assert "claude-other answers now, and claude-sonnet-5 was calibrated" in drift_notes(settings)[0]
    room.prompt.write_text(TONE.replace("Is it good?", "Is it really good?"))
    assert "it has changed since it was calibrated" in drift_notes(settings)[0]
    room.says["verdict"] = lenient
    calibrate(room.settings, "tone", repeats=1)
    assert checks_due(room.settings, now=later) == []


def test_a_checkout_without_the_labels_says_that_a_check_is_due(bench: Callable[..., Bench], tmp_path: Path) -> None:
    """It has the project's file of standings alone; nothing is asked there."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)
    record_standing(room.settings, "tone")
    fresh = replace(room.settings, store=str(tmp_path / "ci.duckdb"))
    with Store.of(fresh).write():
        pass
    later = datetime.now(UTC) + timedelta(days=31)
    assert checks_due(fresh) == []
    (due,) = checks_due(fresh, now=later)
    assert str(due).startswith("DRIFT CHECK DUE: the judge tone: it was last checked on 20")
    assert str(due).endswith("; where its labels are: i2e calibrate tone --check --record")
    assert run_due_checks(replace(fresh, judge={"check_every_days": 7}), now=later) == []
    room.prompt.write_text(TONE.replace("Is it good?", "Is it really good?"))
    assert "it has changed since it was calibrated" in drift_notes(fresh)[0]


def test_due_checks_are_made_where_the_settings_ask_for_them(bench: Callable[..., Bench]) -> None:
    """Once; one that finds the judge worse suspends it, and one that cannot be measured changes nothing."""
    room = bench()
    calibrate(room.settings, "tone", repeats=1)
    asked = len(room.server.requests)
    later = datetime.now(UTC) + timedelta(days=8)
    assert run_due_checks(room.settings, now=later) == []
    settings = replace(room.settings, judge={"check_every_days": 7})
    room.says["verdict"] = broken
    assert run_due_checks(settings, now=later) == []
    assert room.standing().may_block
    room.says["verdict"] = lenient
    (check,) = run_due_checks(settings, now=later)
    assert (check.broke, check.may_block, room.standing().may_block) == (12, False, False)
    assert len(room.server.requests) == asked + 48
    assert run_due_checks(settings, now=later) == []


def _produced(room: Bench, passes: int) -> list[Span]:
    """300 production spans with the judge's scores, of which the first `passes` pass."""
    production = [  # the ids decide which labels are held out
        llm_span(
            "q", f"judge={'good' if k < passes else 'bad'} {k}", trace_id=f"{k + 1000:032x}", span_id=f"{k + 1000:016x}"
        )
        for k in range(300)
    ]
    (scorer,) = named(["tone"], load_all(room.settings))
    scores = [
        score_row(one, "tone", float(k < passes), passed=k < passes, scorer_version=scorer.version, model=MODEL)
        for k, one in enumerate(production)
    ]
    with Store.of(room.settings).write() as writer:
        writer.add_spans([row_of(one) for one in production])
        writer.add_scores(scores)
    return production


def test_labels_weigh_what_their_verdicts_stand_for(bench: Callable[..., Bench]) -> None:
    """270 of 300 production spans pass; labels are of 20 passes, 2 of them wrong, and of 20 fails, 8 of them wrong.

    As the labels lie, people pass 26 of 40. Of production they pass 0.9 * 0.9 + 0.1 * 0.4 = 0.85 (Begg and Greenes).
    """
    room = bench(as_told, n=0)
    production = _produced(room, passes=270)
    room.label({one.span_id: k % 10 != 0 if k < 20 else k % 10 < 4 for k, one in enumerate(production[250:290])})
    found = calibrate(room.settings, "tone", repeats=1)
    assert (found.judged, found.judged_pass) == (300, 270)
    assert found.drawn_rate is not None
    assert found.drawn_rate.rate == pytest.approx(0.9)
    assert found.tpr is not None
    assert found.tnr is not None
    ppv = found.true_pass / (found.true_pass + found.false_pass)
    missed = found.false_fail / (found.false_fail + found.true_fail)
    assert found.tpr.rate == pytest.approx(0.9 * ppv / (0.9 * ppv + 0.1 * missed))
    assert found.tnr.rate == pytest.approx(0.1 * (1 - missed) / (0.1 * (1 - missed) + 0.9 * (1 - ppv)))
    assert found.corrected is not None
    assert found.prediction_powered is not None
    for rate in (found.corrected, found.prediction_powered):
        assert rate.rate == pytest.approx(0.9 * ppv + 0.1 * missed)
        assert rate.low < 0.85 < rate.high
    held_out = [item for item in found.items if item.held_out]
    assert sum(item.weight for item in held_out) == pytest.approx(len(held_out))
    assert sum(item.weight for item in held_out if item.drawn) == pytest.approx(0.9 * len(held_out))


def test_a_check_weighs_labels_as_calibration_does(bench: Callable[..., Bench]) -> None:
    """210 of 300 spans pass; of 40 labelled fails, 16 are wrong: as they lie, TPR would be 40 of 56, below 0.8.

    Nothing has changed, so the check does not take away what the calibration gave.
    """
    room = bench(as_told, n=0)
    production = _produced(room, passes=210)
    room.label({one.span_id: k < 40 or k % 5 < 2 for k, one in enumerate(production[170:250])})
    found = calibrate(room.settings, "tone", repeats=1)
    assert found.tpr is not None
    assert (found.tpr.rate > 0.8, found.problems) == (True, ())
    check = check_drift(room.settings, "tone")
    assert (check.may_block, check.broke, check.fixed) == (True, 0, 0)


def test_a_rate_that_few_labels_show_is_no_right_to_block(bench: Callable[..., Bench]) -> None:
    """No label of 25 passes and 15 fails is wrong, of a judge that passes 95 %: one that lets half of the bad answers
    through looks the same every second time."""
    room = bench(as_told, n=0)
    room.label({one.span_id: k < 25 for k, one in enumerate(_produced(room, passes=285)[260:])})
    found = calibrate(room.settings, "tone", repeats=1)
    assert found.tnr is not None
    assert (found.tnr.rate, found.tnr.low < 0.5) == (1.0, True)
    (problem,) = found.problems
    assert problem.startswith("TNR 1.00 [0.")
    assert problem.endswith(", 1.00] is not shown to be above 0.5: label more")


def test_a_verdict_without_a_label_keeps_a_judge_from_blocking(bench: Callable[..., Bench]) -> None:
    """Nobody looked at what it fails: nothing is known of it, and no rate is corrected."""
    room = bench(as_told, n=0)
    production = [llm_span("q", f"judge={'good' if k < 30 else 'bad'} {k}") for k in range(40)]
    (scorer,) = named(["tone"], load_all(room.settings))
    with Store.of(room.settings).write() as writer:
        writer.add_spans([row_of(one) for one in production])
        writer.add_scores(
            [
                score_row(one, "tone", float(k < 30), passed=k < 30, scorer_version=scorer.version, model=MODEL)
                for k, one in enumerate(production)
            ]
        )
    room.label({one.span_id: k % 2 == 0 for k, one in enumerate(production[:24])})
    found = calibrate(room.settings, "tone", repeats=1)
    assert "no label is held out of what it fails, 25% of what it scored" in found.problems
    assert (found.corrected, found.prediction_powered) == (None, None)


def test_the_command_records_the_standing_with_the_project(
    bench: Callable[..., Bench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --record, one line beside the datasets: what calibrate gave, then what --check gave."""
    room = bench()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i2e.toml").write_text('store = "i2e.duckdb"\ndatasets = "evals"\n')
    file = tmp_path / "evals" / "standings.jsonl"
    assert _exit_code("calibrate", "tone", "--repeat", "1") == 0
    assert not file.exists()
    assert _exit_code("calibrate", "tone", "--repeat", "1", "--record") == 0
    assert [JudgeStanding.model_validate_json(line) for line in file.read_text().splitlines()] == [room.standing()]
    assert _exit_code("calibrate", "tone", "--check", "--record") == 0
    assert [JudgeStanding.model_validate_json(line) for line in file.read_text().splitlines()] == [room.standing()]


def _exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    return exit_.value.code
