"""Review of proposed cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import DatasetError, NotFound, UsageError
from otel_i2e.models import Case, Origin, StoredCase
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, score_row
from otel_i2e.testing.spans import row_of
from otel_i2e.workflows.dataset_file import read_dataset
from otel_i2e.workflows.review import (
    approve,
    case_text,
    edit,
    find_case,
    list_cases,
    parse_entry,
    reject,
    replace,
    show,
)

SPAN = llm_span("Can I return a laptop?", "Yes, 120 days.")
CASE = Case(
    id="laptop",
    input="Can I return a laptop?",
    origin=Origin(trace_id=SPAN.trace_id, span_id=SPAN.span_id, query="low_score@1"),
)
CHECK: dict[str, Any] = {"must": [{"contains": "30 days"}]}


def _stored(case: Case, dataset: str = "refunds") -> StoredCase:
    return StoredCase(dataset=dataset, case=case, status="proposed", revision=1, by="ada", created_at=datetime.now(UTC))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store with the failing span, its score and two proposed cases."""
    monkeypatch.chdir(tmp_path)
    found = Settings(store=str(tmp_path / ".i2e" / "i2e.duckdb"), datasets=str(tmp_path / "evals"))
    with Store.of(found).write() as writer:
        writer.add_spans([row_of(SPAN)])
        writer.add_scores([score_row(SPAN, "grounded", 0.0)])
        writer.add_cases([_stored(CASE), _stored(Case(id="delivery", input="How long?"))])
    return found


def _lines() -> list[Case]:
    return read_dataset(Path("evals/refunds.jsonl"))


def test_proposed_cases_wait_for_a_review(settings: Settings) -> None:
    """The oldest first, by dataset and status."""
    assert [one.case.id for one in list_cases(settings)] == ["laptop", "delivery"]
    assert list_cases(settings, dataset="other") == []
    assert list_cases(settings, status="approved") == []


def test_a_case_is_shown_with_the_span_that_failed_and_its_scores(settings: Settings) -> None:
    """A unique beginning of the id is enough."""
    shown = show(settings, "lap")
    assert shown.stored.case == CASE
    assert shown.span is not None
    assert shown.span.output_text == "Yes, 120 days."
    assert [(score.name, score.value) for score in shown.scores] == [("grounded", 0.0)]
    assert shown.file is None


def test_a_case_whose_span_is_gone_is_still_shown(settings: Settings) -> None:
    """A store is not kept for ever."""
    with Store.of(settings).write() as writer:
        writer.add_cases([_stored(Case(id="old", input="x", origin=Origin(trace_id="0" * 32, span_id="1" * 16)))])
    assert show(settings, "old").span is None


def test_what_is_meant_must_be_one_case(settings: Settings) -> None:
    """Nothing, and several in different datasets."""
    with pytest.raises(NotFound, match="no case 'gone'; i2e review list --status all"):
        find_case(settings, "gone")
    with Store.of(settings).write() as writer:
        writer.add_cases([_stored(CASE, "other")])
    with pytest.raises(UsageError, match=r"'laptop' means several cases: laptop \(refunds\), laptop \(other\)"):
        find_case(settings, "laptop")
    assert find_case(settings, "laptop", "other").dataset == "other"


def test_an_edit_is_a_new_revision(settings: Settings) -> None:
    """Lists grow, other fields are replaced, and nothing is written to a file."""
    edit(settings, "laptop", {"expected": "No.", "must": [{"contains": "30 days"}], "tags": ["a"]}, by="bob")
    stored = edit(settings, "laptop", {"must": [{"contains": "30 days"}, "be polite"], "tags": ["b"]}, note="why")
    assert (stored.revision, stored.status, stored.note) == (3, "proposed", "why")
    assert stored.case.must == [{"contains": "30 days"}, "be polite"]
    assert (stored.case.expected, stored.case.tags) == ("No.", ["a", "b"])
    assert find_case(settings, "laptop") == stored
    assert not Path("evals").exists()


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"priority": "P9"}, UsageError, "priority = 'P9' is not valid"),
        ({"must": [{"contain": "x"}]}, DatasetError, "did you mean 'contains'"),
        ({"scorers": ["gone"]}, DatasetError, "there is no scorer 'gone'"),
    ],
)
def test_an_edit_that_is_not_valid_changes_nothing(
    settings: Settings, changes: dict[str, Any], error: type[Exception], says: str
) -> None:
    """One line, and the old revision stays."""
    with pytest.raises(error, match=says):
        edit(settings, "laptop", changes)
    assert find_case(settings, "laptop").revision == 1


def test_a_whole_case_can_be_replaced_but_its_id(settings: Settings) -> None:
    """As an editor gives it back."""
    text = case_text(CASE)
    assert json.loads(text)["must"] == []
    stored = replace(settings, "laptop", text.replace('"must": []', '"must": [{"contains": "30 days"}]'))
    assert stored.case.must == [{"contains": "30 days"}]
    with pytest.raises(UsageError, match="id 'other' is not 'laptop'"):
        replace(settings, "laptop", text.replace('"id": "laptop"', '"id": "other"'))
    with pytest.raises(DatasetError, match="not JSON"):
        replace(settings, "laptop", "{")


def test_approving_writes_the_line_and_keeps_the_others(settings: Settings) -> None:
    """The dataset's file is made when it is not there."""
    done = approve(settings, "laptop", CHECK)
    assert (done.file, done.stored.status, done.stored.revision) == ("evals/refunds.jsonl:1", "approved", 2)
    assert approve(settings, "delivery", {"scorers": ["equals"], "expected": "3 days"}).file == "evals/refunds.jsonl:2"
    assert [case.id for case in _lines()] == ["laptop", "delivery"]
    assert _lines()[0].origin == CASE.origin
    assert list_cases(settings) == []


def test_a_case_with_nothing_to_check_is_not_approved(settings: Settings) -> None:
    """An expectation alone checks nothing, and the gate would refuse the whole run."""
    with pytest.raises(UsageError, match=r"case 'laptop' has nothing to check.*--must"):
        approve(settings, "laptop", {"expected": "No."})
    assert not Path("evals").exists()
    assert find_case(settings, "laptop").status == "proposed"


def test_an_approved_case_is_what_its_file_says(settings: Settings) -> None:
    """A line that was edited by hand is not overwritten by an older revision."""
    approve(settings, "laptop", CHECK)
    path = Path("evals/refunds.jsonl")
    path.write_text(path.read_text().replace("30 days", "thirty days"))
    assert find_case(settings, "laptop").case.must == [{"contains": "thirty days"}]
    assert show(settings, "laptop").file == "evals/refunds.jsonl:1"
    edited = edit(settings, "laptop", {"priority": "P0"})
    assert edited.status == "proposed"
    assert edited.case.must == [{"contains": "thirty days"}]
    assert _lines()[0].priority == "P1"
    approve(settings, "laptop")
    assert [(case.id, case.priority) for case in _lines()] == [("laptop", "P0")]


def test_a_rejected_case_keeps_its_reason_and_can_be_proposed_again(settings: Settings) -> None:
    """Nothing is forgotten."""
    assert reject(settings, "laptop", "a joke").note == "a joke"
    assert [one.case.id for one in list_cases(settings, status="rejected")] == ["laptop"]
    assert edit(settings, "laptop", CHECK).status == "proposed"


def test_a_rejection_needs_a_reason_and_a_case_that_is_no_test(settings: Settings) -> None:
    """A test is removed from its file by a person."""
    with pytest.raises(UsageError, match="needs a reason"):
        reject(settings, "laptop", "  ")
    approve(settings, "laptop", CHECK)
    with pytest.raises(UsageError, match=r"is a test already; remove evals/refunds.jsonl:1 first"):
        reject(settings, "laptop", "a joke")


def test_entries_of_a_command_line() -> None:
    """JSON is a check, other text a criterion."""
    assert parse_entry('{"contains": "30 days"}') == {"contains": "30 days"}
    assert parse_entry("be polite") == "be polite"
    with pytest.raises(UsageError, match="is no check: key 'contains' is there twice"):
        parse_entry('{"contains": "a", "contains": "b"}')
    with pytest.raises(UsageError, match="begins like a check but is not JSON"):
        parse_entry("{contains}")
