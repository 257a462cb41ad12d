"""`i2e trace`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.models import Document, Span, ToolCall
from otel_i2e.store import Store
from otel_i2e.testing import agent_span, llm_span, retrieval_span, row_of, score_row, tool_span, trace_of

_TRACE = "ab" * 16


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] -- pytest calls it
    monkeypatch.chdir(tmp_path)


def _fill(*spans: Span) -> None:
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(span) for span in spans])


def _turn() -> tuple[Span, ...]:
    prompt: dict[str, Any] = {"prompt_name": "support", "prompt_version": "3"}
    asked = ToolCall(id="t1", name="lookup", arguments={"order": 3})
    return trace_of(
        agent_span("Can I?", "Yes, within 120 days.", trace_id=_TRACE, duration_ms=2500.0),
        retrieval_span("returns", [Document(id="policy", content="30 days", score=0.875), Document()]),
        llm_span("[bold]Can I?\x1b[2J", "long " * 100, tool_calls=[asked], cost_usd=0.0023, **prompt),
        tool_span("lookup", {"order": 3}, None, status="error", error_type="KeyError", status_message="no order 3"),
        llm_span(None, None),
    )


def _bare(span: str, parent: str | None, name: str = "n") -> Span:
    return Span(trace_id=_TRACE, span_id=span, parent_span_id=parent, name=name, start_time=datetime.now(UTC))


def test_a_tree(i2e: Callable[..., Any]) -> None:
    """Durations, tokens, cost, prompt, arguments, errors, documents, scores and feedback, each at its span."""
    turn = _turn()
    _fill(*turn)
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        scores = [
            score_row(turn[2], "grounded", 0.0, passed=False, explanation="no source says 120"),
            score_row(turn[2], "polite", 1.0, passed=True),
            score_row(turn[0], "feedback", 0.0, explanation="wrong!"),
        ]
        writer.add_scores(scores)
    ran = i2e("trace", "ab")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == f"trace {_TRACE}"
    assert lines[1] == f"agent: answer  2.50 s  [{turn[0].span_id}]"
    for said in (
        "      document: policy (0.875) 30 days",
        "      document: #2 (no text was recorded)",
        "100→20 tokens  $0.002300  prompt support 3",
        '      asks for: lookup {"order": 3}',
        "      error: KeyError no order 3",
        '      arguments: {"order": 3}',
        "      content missing",
        "      ✗ grounded 0: no source says 120",
        "      ✓ polite 1",
        "· feedback 0 (user): wrong!",
    ):
        assert said in ran.out, said
    assert "\x1b" not in ran.out, "text of a trace cannot move the cursor"
    assert "[bold]Can I?\\x1b[2J" in ran.out, "nor is it markup"
    assert max(map(len, lines)) < 200
    assert "long " * 99 in i2e("trace", "ab", "--full").out


def test_full_is_all_of_a_text(i2e: Callable[..., Any]) -> None:
    """However long it is."""
    said = "word " * 30_000
    _fill(llm_span(said, "Yes.", trace_id=_TRACE))
    assert said.strip() in i2e("trace", "ab", "--full").out


def test_content_that_was_cut_or_hidden_is_said_of_every_kind(i2e: Callable[..., Any]) -> None:
    """Of tools and retrievals as of model calls; that there is none, only of the latter."""
    _fill(
        *trace_of(
            agent_span("Can I?", "Yes.", trace_id=_TRACE, content_state="missing"),
            retrieval_span("returns", ["30 da"], content_state="truncated"),
            tool_span("lookup", "<REDACTED>", None, content_state="redacted"),
        )
    )
    out = i2e("trace", "ab").out
    assert ("content truncated" in out, "content redacted" in out, "content missing" in out) == (True, True, False)


def test_as_json(i2e: Callable[..., Any]) -> None:
    """Spans in order with depth, whole, and scores."""
    _fill(*_turn())
    found = json.loads(i2e("trace", _TRACE.upper(), "--json").out)
    assert found["trace_id"] == _TRACE
    assert [span["depth"] for span in found["spans"]] == [0, 1, 1, 1, 1]
    assert found["spans"][2]["span"]["prompt_name"] == "support"


def test_a_trace_that_is_very_deep_or_goes_in_circles(i2e: Callable[..., Any]) -> None:
    """Is shown; lines stay readable."""
    deep = [_bare("0" * 16, None)]
    for level in range(1, 5000):
        deep.append(_bare(f"{level:016x}", deep[-1].span_id))
    circle = [_bare("x", "y", name="circle"), _bare("y", "x", name="circle")]
    _fill(*deep, *circle)
    ran = i2e("trace", _TRACE, "--all")
    assert ran.code == 0
    assert "(level 4999) other: n" in ran.out
    assert "left out" not in ran.out
    assert ran.out.count("circle") == 2
    assert max(map(len, ran.out.splitlines())) < 200


def test_of_a_very_large_trace_what_failed_comes_first(i2e: Callable[..., Any]) -> None:
    """Then model calls, then the others, each with those above it; and it is said what is left out, and where."""
    root, branch, beside = (_bare(f"{n:016x}", None if n == 1 else "0" * 15 + "1") for n in (1, 2, 3))
    spans = [root, branch, beside, *(_bare(f"{n:016x}", branch.span_id) for n in range(10, 40))]
    spans[-1] = spans[-1].model_copy(update={"status": "error"})
    spans.append(_bare("f" * 16, beside.span_id).model_copy(update={"kind": "llm"}))
    with Store(Path(".i2e/i2e.duckdb")).write() as writer:
        writer.add_spans([row_of(span) for span in spans])
        writer.add_scores([score_row(spans[20], "grounded", 0.0, passed=False)])
    out = i2e("trace", _TRACE, "--limit", "6").out.splitlines()
    ids = [found[1] for line in out if (found := re.search(r"\[(\w{16})\]", line))]
    assert ids == [one.span_id for one in (root, branch, spans[20], spans[-2], beside, spans[-1])]
    assert [line.strip() for line in out if "left out here" in line] == [
        "… 17 spans left out here",
        "… 11 spans left out here",
    ]
    assert out[-1].startswith(
        "6 shown, those that failed first, then model calls; 28 spans left out, none of them failed"
    )
    assert "1 of them failed" in i2e("trace", _TRACE, "--limit", "3").out
    assert len(json.loads(i2e("trace", _TRACE, "--json").out)["spans"]) == 34
    few = json.loads(i2e("trace", _TRACE, "--json", "--limit", "6").out)
    assert (len(few["spans"]), few["left_out"]) == (6, 28)
    assert few["spans"][3]["span"]["status"] == "error"


@pytest.mark.parametrize(("wanted", "said"), [("ff", "no trace has the id 'ff'"), ("", "no trace has the id ''")])
def test_a_trace_that_is_not_there(i2e: Callable[..., Any], wanted: str, said: str) -> None:
    """Says where to look."""
    _fill(*_turn())
    ran = i2e("trace", wanted)
    assert ran.code == 2
    assert said in ran.err
    assert "i2e traces" in ran.err
