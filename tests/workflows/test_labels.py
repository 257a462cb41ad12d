"""Labels: what people say of spans, the latest of each counts, and how far they agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, NotFound, ScorerError, UsageError
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row
from otel_i2e.workflows.labels import add_label, agreement, consensus, import_labels, next_to_label

Project = Callable[..., Settings]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """`project(spans…)`: settings of a store with these spans, each with a score by the built-in `equals`."""

    def made(*spans: Span, passes: int = 0) -> Settings:
        settings = Settings(store=str(tmp_path / "i2e.duckdb"))
        with Store.of(settings).write() as writer:
            writer.add_spans([row_of(span) for span in spans])
            writer.add_scores(
                [score_row(span, "equals", 1.0, passed=n < passes, threshold=1.0) for n, span in enumerate(spans)]
            )
        return settings

    return made


def test_the_latest_label_of_a_reviewer_counts(project: Project) -> None:
    """A span, its trace or a beginning of either names it; most reviewers decide, an even split does not."""
    span = llm_span()
    settings = project(span)
    add_label(settings, span.span_id[:9], "equals", passed=False, reviewer="ann", note="wrong")
    add_label(settings, span.trace_id, "equals", passed=True, reviewer="ann")
    with Store.of(settings).read() as reader:
        assert [one.passed for one in consensus(reader, "equals")] == [True]
    add_label(settings, span.span_id, "equals", passed=False, reviewer="bob")
    with Store.of(settings).read() as reader:
        assert [(one.span_id, one.passed) for one in consensus(reader, "equals")] == [(span.span_id, None)]
        assert [label.note for label in reader.labels("equals")] == ["wrong", None, None]


def test_agreement_has_the_coefficients_that_apply(project: Project) -> None:
    """Cohen for two, Fleiss for as many on each span, Krippendorff for any; the disputed spans are named."""
    spans = [llm_span(f"q{n}") for n in range(4)]
    settings = project(*spans)
    for n, span in enumerate(spans):
        add_label(settings, span.span_id, "equals", passed=n < 2, reviewer="ann")
        add_label(settings, span.span_id, "equals", passed=n < 1, reviewer="bob")
    found = agreement(settings, "equals")
    assert (found.spans, found.reviewed_twice, found.reviewers) == (4, 4, {"ann": 4, "bob": 4})
    assert found.disputed == (spans[1].span_id,)
    (pair,) = found.cohen
    assert (pair.reviewers, pair.spans, pair.kappa) == (("ann", "bob"), 4, pytest.approx(0.5))
    assert (found.fleiss, found.fleiss_spans, found.fleiss_reviewers) == (pytest.approx(0.4667, abs=1e-3), 4, 2)
    assert found.krippendorff == pytest.approx(0.5333, abs=1e-3)


def test_a_stray_label_of_a_third_hides_no_coefficient(project: Project) -> None:
    """Cohen for each two on what both labelled; Fleiss on the spans with the commonest number of reviewers."""
    spans = [llm_span(f"q{n}") for n in range(5)]
    settings = project(*spans)
    for n, span in enumerate(spans[:4]):
        add_label(settings, span.span_id, "equals", passed=n < 2, reviewer="ann")
        add_label(settings, span.span_id, "equals", passed=n < 1, reviewer="bob")
    add_label(settings, spans[0].span_id, "equals", passed=True, reviewer="cyd")
    add_label(settings, spans[4].span_id, "equals", passed=True, reviewer="dan")
    found = agreement(settings, "equals")
    pairs = {one.reviewers: (one.spans, one.kappa) for one in found.cohen}
    assert pairs == {("ann", "bob"): (4, pytest.approx(0.5)), ("ann", "cyd"): (1, None), ("bob", "cyd"): (1, None)}
    assert (found.fleiss_spans, found.fleiss_reviewers) == (3, 2)
    assert found.fleiss == pytest.approx(1 - (1 / 3) / (1 - (1 / 36 + 25 / 36)), abs=1e-3)


def test_labels_come_from_a_file_or_not_at_all(project: Project, tmp_path: Path) -> None:
    """A broken line is named and nothing is stored."""
    span = llm_span()
    settings = project(span)
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"span": "{span.span_id}", "passed": true, "reviewer": "ann"}}\n\n')
    assert [label.reviewer for label in import_labels(settings, path, "equals")] == ["ann"]
    for text, said in (
        ('{"span": "x"}', r":1: not a label: passed"),
        ("nonsense", ":1: not JSON"),
        ('{"span": "x", "passed": true, "passed": false}', ":1: not a label: key 'passed' is there twice"),
    ):
        path.write_text(text)
        with pytest.raises(DatasetError, match=said):
            import_labels(settings, path, "equals")
    assert agreement(settings, "equals").spans == 1


def test_what_cannot_be_labelled_is_said(project: Project) -> None:
    """A scorer or a span that is not there, and a beginning of several."""
    settings = project(llm_span(span_id="ab" * 8), llm_span(span_id="ac" * 8))
    with pytest.raises(ScorerError, match="there is no scorer 'nope'"):
        add_label(settings, "ab", "nope", passed=True)
    with pytest.raises(NotFound, match="neither a span"):
        add_label(settings, "zz", "equals", passed=True)
    with pytest.raises(UsageError, match="several spans"):
        add_label(settings, "a", "equals", passed=True)
    with pytest.raises(NotFound, match="i2e label SPAN"):
        agreement(settings, "equals")


def test_passes_and_fails_are_shown_in_turn(project: Project) -> None:
    """One pass among many fails is among the first two, and what one has labelled is not shown again."""
    spans = [llm_span(f"q{n}") for n in range(6)]
    settings = project(*spans, passes=1)
    first = next_to_label(settings, "equals", reviewer="ann", limit=2)
    assert spans[0].span_id in {row["span_id"] for row in first}
    add_label(settings, spans[0].span_id, "equals", passed=True, reviewer="ann")
    assert spans[0].span_id not in {
        row["span_id"] for row in next_to_label(settings, "equals", reviewer="ann", limit=9)
    }
    assert len(next_to_label(settings, "equals", reviewer="bob", limit=9)) == 6


def test_the_last_line_of_a_reviewer_on_a_span_counts(project: Project, tmp_path: Path) -> None:
    """A file says things in the order of its lines, also where it corrects itself."""
    spans = [llm_span(f"q{n}") for n in range(20)]
    settings = project(*spans)
    path = tmp_path / "labels.jsonl"
    said = [(span.span_id, passed) for passed in (True, False) for span in spans]
    path.write_text("".join(json.dumps({"span": one, "passed": passed}) + "\n" for one, passed in said))
    import_labels(settings, path, "equals", reviewer="zed")
    with Store.of(settings).read() as reader:
        assert [one.passed for one in consensus(reader, "equals")] == [False] * 20


def test_a_span_of_a_pytest_run_can_be_labelled(project: Project) -> None:
    """It names an experiment that is not on record; what a criterion of its case asked is not shown."""
    span = llm_span("q", experiment_id="pytest-1", case_id="c")
    settings = project(span)
    assert add_label(settings, span.span_id, "equals", passed=True, reviewer="ann").passed
    with Store.of(settings).write() as writer:
        row = score_row(span, "must: is polite", 1.0, passed=True, threshold=1.0)
        writer.add_scores([row.model_copy(update={"metadata": {"judge": "must"}})])
    assert next_to_label(settings, "must", reviewer="ann") == []
    assert [row["span_id"] for row in next_to_label(settings, "equals", reviewer="bob")] == [span.span_id]
