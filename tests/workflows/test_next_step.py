"""What comes next on the loop, by what the store holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from otel_i2e.config import Settings
from otel_i2e.models import Case, CaseStatus, Origin, StoredCase
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row
from otel_i2e.workflows.next_step import after_evaluation


def test_each_place_on_the_loop(tmp_path: Path) -> None:
    """Nothing recorded, recorded without failures, a failure, a proposed case, an approved one."""
    settings = Settings(store=str(tmp_path / "s.duckdb"))
    assert after_evaluation(settings) == ("i2e gate",), "a store that cannot be read gives no hint and no error"
    store = Store.of(settings)
    with store.write() as writer:
        writer.add_spans([row_of(llm_span(experiment_id="exp", case_id="a", repeat=0))])
    assert "import otel_i2e.auto" in after_evaluation(settings)[1]
    failing = llm_span()
    with store.write() as writer:
        writer.add_spans([row_of(failing)])
    assert after_evaluation(settings) == ("i2e gate",)
    with store.write() as writer:
        writer.add_scores([score_row(failing, "grounded", 0.0, passed=False)])
    assert "i2e promote QUERY --dataset NAME   # 1 failure in production is no case" in after_evaluation(settings)[1]
    case = Case(id="c", input="x", origin=Origin(trace_id=failing.trace_id))
    stages: tuple[tuple[int, CaseStatus, str], ...] = (
        (1, "proposed", "i2e review list   # 1 proposed case waits"),
        (2, "approved", ""),
    )
    for revision, status, said in stages:
        with store.write() as writer:
            writer.add_cases([
                StoredCase(dataset="d", case=case, status=status, revision=revision, created_at=datetime.now(UTC))
            ])  # fmt: skip
        assert said in " ".join(after_evaluation(settings)[1:])
    assert after_evaluation(settings) == ("i2e gate",)
