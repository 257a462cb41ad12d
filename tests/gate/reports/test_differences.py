"""What was said before, and what is said now."""

from __future__ import annotations

from datetime import UTC, datetime

from otel_i2e.gate import decide
from otel_i2e.gate.reports import comment, differences, markdown
from otel_i2e.models import Attempt, Case, CaseRun, Decision, Experiment, Outcome, Score

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _experiment(experiment_id: str, outputs: list[str | None], *, passed: list[bool]) -> Experiment:
    runs: list[CaseRun] = []
    for number, (output, verdict) in enumerate(zip(outputs, passed, strict=True)):
        attempt = Attempt(
            scorer="s", scorer_version="1", outcome=Outcome.SCORED, score=Score(value=float(verdict)), passed=verdict
        )
        runs.append(
            CaseRun(
                case_id="a",
                repeat=number,
                status="ok",
                output=output,
                trace_id=f"{experiment_id}-{number}",
                attempts=(attempt,),
            )
        )
    return Experiment(
        experiment_id=experiment_id, dataset="refunds", dataset_hash="0" * 12, task="app:answer", repeats=len(runs),
        created_at=NOW, cases=(Case(id="a", input="q", must=["y"], priority="P0"),), runs=tuple(runs),
    )  # fmt: skip


def _decided(now: Experiment, before: Experiment) -> Decision:
    return decide(now, baseline=before, now=NOW)


def test_a_regressed_case_is_shown_beside_what_it_was() -> None:
    """A unified diff, the traces of both; of several repeats one that passed and one that fails."""
    before = _experiment("old", ["Hello.\n-- 30 days."], passed=[True])
    now = _experiment("new", ["Hello.\n120 days."], passed=[False])
    (one,) = differences(_decided(now, before), now, before)
    assert (one.case_id, one.traces) == ("a", ("old-0", "new-0"))
    assert one.lines == (" Hello.", "--- 30 days.", "+120 days.")


def test_of_several_repeats_the_telling_ones() -> None:
    """Flaky cases too."""
    before = _experiment("old", ["bad", "good"], passed=[False, True])
    now = _experiment("new", ["good", None], passed=[True, False])
    (one,) = differences(_decided(now, before), now, before)
    assert (one.traces, one.lines) == (("old-1", "new-1"), ("-good", "+(no output)"))


def test_the_same_answer_is_said_to_be_the_same() -> None:
    """Then the scorer or the case is what changed."""
    before, now = _experiment("old", ["x"], passed=[True]), _experiment("new", ["x"], passed=[False])
    assert differences(_decided(now, before), now, before)[0].lines == ("  the answers are the same",)


def test_without_a_baseline_or_a_regression_there_is_nothing() -> None:
    """Nothing."""
    now = _experiment("new", ["x"], passed=[True])
    assert differences(decide(now, now=NOW), now, None) == []
    assert differences(_decided(now, _experiment("old", ["y"], passed=[True])), now, now) == []


def test_markdown_fences_hostile_answers() -> None:
    """A fence inside cannot end ours, and a long diff is cut."""
    before = _experiment("old", ["a\n" * 5], passed=[True])
    now = _experiment("new", ["```\n</details>\n# forged\n````\n" + "b\n" * 100], passed=[False])
    text = markdown(_decided(now, before), now, before)
    assert "`````diff\n" in text
    assert "more lines\n`````" in text


def test_a_comment_is_cut_to_what_github_takes() -> None:
    """Marker first, fences closed, and where the rest is."""
    now = _experiment("new", ["x"], passed=[False])
    reasons = tuple(f"reason {number} " + "x" * 500 for number in range(200))
    decision = decide(now, now=NOW).model_copy(update={"reasons": reasons})
    text = comment(decision, now)
    assert len(text) < 65_536
    assert text.startswith(f"<!-- i2e gate: {now.dataset} -->\n")
    assert text.endswith("The rest is in the step summary.\n")
    assert comment(decide(now, now=NOW), now) == markdown(decide(now, now=NOW), now)
