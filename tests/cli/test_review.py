"""`i2e review`."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import Case, CaseContext, Document, Origin, StoredCase
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row

SPAN = llm_span("Can I return it?", "Yes, \x1b[31m120 days.")


@pytest.fixture(autouse=True)
def _proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    """A project with one proposed case."""
    monkeypatch.chdir(tmp_path)
    case = Case(
        id="return-it",
        input="Can I return it?",
        failure_mode="hallucination",
        context=CaseContext(documents=[Document(id="policy", content="30 days"), Document(content="14 days")]),
        origin=Origin(trace_id=SPAN.trace_id, span_id=SPAN.span_id, output=SPAN.output_text, query="low_score@1"),
    )
    stored = StoredCase(
        dataset="refunds", case=case, status="proposed", revision=1, by="ada", created_at=datetime.now(UTC)
    )
    with Store.of(load_settings()).write() as writer:
        writer.add_spans([row_of(SPAN)])
        writer.add_scores([score_row(SPAN, "grounded", 0.0, passed=False, explanation="in no document")])
        writer.add_cases([stored])


def _edits_with(monkeypatch: pytest.MonkeyPatch, folder: Path, *code: str) -> None:
    """An $EDITOR that runs `code` on the text `t`."""
    script = folder / "editor.py"
    head = ("#!" + sys.executable, "import sys, pathlib", "p = pathlib.Path(sys.argv[1])", "t = p.read_text()")
    script.write_text("\n".join([*head, *code, "p.write_text(t)"]))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("VISUAL", str(script))


def test_the_list_shows_what_waits(i2e: Callable[..., Any]) -> None:
    """And says what to do when nothing does."""
    assert (
        "return-it\trefunds\tproposed\tP1\thallucination\t0\tCan I return it?\tlow_score@1" in i2e("review", "list").out
    )
    assert json.loads(i2e("review", "list", "--json").out)[0]["case"]["id"] == "return-it"
    assert "i2e promote" in i2e("review", "list", "--status", "rejected").out


def test_a_case_is_shown_whole_and_safely(i2e: Callable[..., Any]) -> None:
    """Question, documents, the answer that failed with its control characters visible, and the scores."""
    out = i2e("review", "show", "return").out
    assert "input  Can I return it?" in out
    assert "document  policy: 30 days" in out
    assert "document  #2: 14 days" in out
    assert "answered  Yes, \\x1b[31m120 days." in out
    assert "score  grounded 0 failed in no document" in out
    assert "i2e review approve return-it --must" in out


def test_a_case_is_edited_approved_and_written(i2e: Callable[..., Any]) -> None:
    """The usual way: one command says what must hold and makes it a test."""
    assert i2e("review", "edit", "return-it", "--expected", "No.").code == 0
    ran = i2e("review", "approve", "return-it", "--must", '{"contains": "30 days"}', "--priority", "P0")
    assert ran.code == 0
    assert "return-it is a test now: evals/refunds.jsonl:1" in ran.out
    assert "Next: i2e eval evals/refunds.jsonl --task module:function" in ran.out
    line = json.loads(Path("evals/refunds.jsonl").read_text())
    assert (line["expected"], line["must"], line["priority"]) == ("No.", [{"contains": "30 days"}], "P0")


def test_a_case_with_nothing_to_check_is_refused(i2e: Callable[..., Any]) -> None:
    """Exit 2, one line, and what to give it."""
    ran = i2e("review", "approve", "return-it")
    assert ran.code == 2
    assert "has nothing to check" in ran.err
    assert "--must" in ran.err


def test_the_editor_gets_the_case_as_json(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves is the new revision."""
    _edits_with(monkeypatch, tmp_path, """t = t.replace('"must": []', '"must": [{"contains": "30 days"}]')""")
    ran = i2e("review", "edit", "return-it", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["case"]["must"] == [{"contains": "30 days"}]


def test_what_an_editor_left_broken_is_kept(
    i2e: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's work is not thrown away with an error; no change at all is said too."""
    _edits_with(monkeypatch, tmp_path, "t = t.replace('P1', 'P9')")
    ran = i2e("review", "edit", "return-it")
    assert ran.code == 2
    assert "priority = 'P9' is not valid" in ran.err
    draft = Path(ran.err.rstrip().rpartition(" ")[2])
    assert '"priority": "P9"' in draft.read_text()
    _edits_with(monkeypatch, tmp_path, "pass")
    assert "was not changed in the editor" in i2e("review", "edit", "return-it").err


def test_a_rejection_keeps_its_reason(i2e: Callable[..., Any]) -> None:
    """It is listed under its status."""
    assert i2e("review", "reject", "return-it").code == 2
    assert i2e("review", "reject", "return-it", "--reason", "a joke", "--by", "bob").code == 0
    (stored,) = json.loads(i2e("review", "list", "--status", "rejected", "--json").out)
    assert (stored["note"], stored["by"]) == ("a joke", "bob")


def test_an_unknown_case_is_one_line(i2e: Callable[..., Any]) -> None:
    """With the command that lists them."""
    ran = i2e("review", "show", "gone")
    assert (ran.code, ran.err) == (2, "i2e: error: no case 'gone'; i2e review list --status all shows them\n")
