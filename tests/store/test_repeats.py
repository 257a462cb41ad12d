"""Stored calls that may be the same as new ones, and their links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from otel_i2e.models import Span
from otel_i2e.store import FAILED, Apart, Near, Writer
from otel_i2e.store.insert import micros
from otel_i2e.testing import llm_span, temporary_store

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_AT = micros(_NOW)


def _call(hours: float = 0, **columns: Any) -> Span:
    given: dict[str, Any] = {"start_time": _NOW + timedelta(hours=hours), "response_id": None, "output_tokens": 3}
    return llm_span(**{**given, **columns})


def _apart(
    tokens: int,
    *,
    later: float = 0,
    scope: str | None = "app",
    service: str = "shop",
    named: bool = False,
    root: bool = True,
) -> Apart:
    """A call of half a second, so many seconds after the stored ones began."""
    start = _AT + int(later * 1_000_000)
    given = FAILED if tokens == FAILED else 100
    return Apart(given, tokens, start, start + 500_000, scope, service, named, root)


def _near(writer: Writer, **what: Any) -> set[str]:
    found = writer.calls_near(Near(_AT, _AT, **what), ("trace_id", "span_id", "start_time"), ("input_messages",))
    assert all(isinstance(row["start_time"], int) and row["input_messages"] in (True, None) for row in found)
    return {row["span_id"] for row in found}


def test_calls_are_found_by_what_they_share() -> None:
    """Trace, response id, counts, failure, or Logfire's streams; and by nothing else."""
    spans = {
        "trace": _call(),
        "answer": _call(response_id="r"),
        "sdk": _call(response_id="q", scope_name="com.anthropic.sdk.python", output_tokens=5),
        "failed": _call(status="error", output_tokens=None, end_time=_NOW + timedelta(seconds=0.4)),
        "begun": _call(scope_name="logfire.openai", output_tokens=None),
        "tool": _call(kind="tool"),
        "inside": _call(parent_span_id="c" * 16),
    }
    ids = {name: span.span_id for name, span in spans.items()}
    with temporary_store(spans.values()) as store, store.write() as writer:
        assert _near(writer) == set()
        assert _near(writer, trace_ids={spans["trace"].trace_id, spans["tool"].trace_id}) == {ids["trace"]}
        assert _near(writer, response_ids={"r"}) == {ids["answer"]}
        assert _near(writer, apart={_apart(5)}) == {ids["sdk"]}
        assert _near(writer, apart={_apart(3)}) == {ids["trace"], ids["answer"]}
        assert _near(writer, apart={_apart(3, named=True), _apart(4)}) == {ids["trace"]}
        assert _near(writer, apart={_apart(FAILED)}) == {ids["failed"]}
        others = {
            _apart(5, named=True),
            _apart(5, scope="com.anthropic.sdk.python"),
            _apart(5, service="bank"),
            _apart(5, later=5),
        }
        assert _near(writer, apart=others) == set()
        assert _near(writer, streamed=True) == {ids["begun"]}


def test_a_failure_at_a_root_is_looked_for_within_those_in_chains() -> None:
    """Either way round: no others have a parent in one trace and none in the other."""
    told: dict[str, Any] = {"status": "error", "output_tokens": None}
    root = _call(**told, end_time=_NOW + timedelta(seconds=0.4))
    chains = [
        _call(**told, parent_span_id="c" * 16, end_time=_NOW + timedelta(seconds=seconds)) for seconds in (0.4, 0.6)
    ]
    with temporary_store([root, *chains]) as store, store.write() as writer:
        assert _near(writer, apart={_apart(FAILED)}) == {root.span_id, chains[1].span_id}
        assert _near(writer, apart={_apart(FAILED, root=False)}) == {root.span_id}
        assert _near(writer, apart={_apart(FAILED, root=False, later=0.1)}) == set()


def test_spans_between_calls_are_found_by_their_trace() -> None:
    """Which lies in which, and their kind; calls are not among them."""
    call, post = _call(), _call(kind="other", parent_span_id="c" * 16)
    with temporary_store([call, post]) as store, store.write() as writer:
        (row,) = writer.spans_between(Near(_AT, _AT, {call.trace_id, post.trace_id}))
        assert row == {
            "trace_id": post.trace_id,
            "span_id": post.span_id,
            "parent_span_id": "c" * 16,
            "kind": "other",
        }
        assert writer.spans_between(Near(_AT, _AT, {call.trace_id})) == []


def test_calls_are_looked_for_within_an_hour() -> None:
    """A recorded answer that comes again the next day is another call, and so is one after a call that has ended."""
    spans = [_call(hours, response_id="r", end_time=_NOW) for hours in (-1.5, -0.5, 0.5, 1.5)]
    spans.append(_call(-0.5, response_id="r", end_time=_NOW - timedelta(minutes=3)))
    with temporary_store(spans) as store, store.write() as writer:
        assert _near(writer, response_ids={"r"}) == {spans[1].span_id, spans[2].span_id}


def test_links_are_put_and_taken_away() -> None:
    """The trace is named where it is another; spans that are not named keep their links."""
    one, other, third = _call(), _call(), _call(duplicate_of="c" * 16)
    key = (one.trace_id, one.span_id)
    with temporary_store([one, other, third]) as store:
        for kept, expected in (
            ((one.trace_id, "a" * 16), ("a" * 16, None)),
            ((other.trace_id, "b" * 16), ("b" * 16, other.trace_id)),
            (None, (None, None)),
        ):
            with store.write() as writer:
                writer.link({key: kept}, {key}, Near(_AT, _AT))
            with store.read() as reader:
                (row,) = reader.rows("SELECT * FROM spans WHERE span_id = $id", {"id": one.span_id})
                assert (row["duplicate_of"], row["duplicate_trace_id"]) == expected
                (row,) = reader.rows("SELECT * FROM spans WHERE span_id = $id", {"id": third.span_id})
                assert row["duplicate_of"] == "c" * 16


def test_a_call_of_two_traces_is_one_row_with_the_provider_s_counts() -> None:
    """`llm_calls` merges across traces; what the SDK counted wins, what only the other knows stays."""
    app = _call(output_tokens=43, tool_definitions=[{"name": "f"}], prompt_name="p")
    sdk = _call(
        output_tokens=41,
        response_id="r",
        scope_name="com.anthropic.sdk.python",
        duplicate_of=app.span_id,
        duplicate_trace_id=app.trace_id,
    )
    with temporary_store([app, sdk]) as store, store.read() as reader:
        (row,) = reader.rows("SELECT * FROM llm_calls")
        found = [row[name] for name in ("trace_id", "output_tokens", "response_id", "prompt_name")]
        assert found == [app.trace_id, 41, "r", "p"]
        assert reader.rows("SELECT count(*) AS n FROM llm_calls WHERE trace_id = $id", {"id": sdk.trace_id}) == [
            {"n": 0}
        ]
