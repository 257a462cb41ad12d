"""Looking at what is stored: the latest traces, and one trace as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError
from otel_i2e.models import ScoreRow, Span
from otel_i2e.store import Store
from otel_i2e.workflows.conditions import check_condition, condition_error

__all__ = ["Node", "TraceTree", "latest_traces", "trace_tree", "tree_of"]


class Node(NamedTuple):
    """A span in its place."""

    depth: int
    """0 for a root."""
    span: Span
    """The span."""
    scores: tuple[ScoreRow, ...]
    """Scores of this span, in the order they were made."""
    recorded_by: tuple[str, ...]
    """Scopes of further spans that repeat this one."""


class TraceTree(NamedTuple):
    """One trace."""

    trace_id: str
    """32 hex digits."""
    nodes: tuple[Node, ...]
    """Every span but those that repeat another, parents before children, siblings in order of start."""
    scores: tuple[ScoreRow, ...]
    """Scores of the trace as a whole, feedback among them, and of spans that are not stored."""


def latest_traces(
    settings: Settings, *, limit: int = 20, since: datetime | None = None, where: str | None = None
) -> list[dict[str, Any]]:
    """Rows of the view `traces`, the newest first. `where` is a condition over its columns. Raises UsageError."""
    if where is not None:
        check_condition(where, "--where")
    with Store.of(settings).read() as reader:
        try:
            return reader.latest_traces(limit=limit, since=since, where=where or "TRUE")
        except QueryError as error:
            raise QueryError(
                f"--where {where!r}: {condition_error(settings, where or 'TRUE', 'traces', error)}"
            ) from None


def trace_tree(settings: Settings, trace_id: str) -> TraceTree:
    """One trace with its scores; a unique beginning of its id is enough. Raises NotFound."""
    with Store.of(settings).read() as reader:
        spans = reader.trace(trace_id)
        scores = reader.scores_of_trace(spans[0].trace_id)
    return tree_of(spans, scores)


def tree_of(spans: Sequence[Span], scores: Iterable[ScoreRow] = ()) -> TraceTree:
    """The spans of one trace as a tree, whatever they say of their parents: none is lost, none comes twice."""
    ids = {span.span_id for span in spans}
    first = ids - {span.span_id for span in spans if span.duplicate_of in ids}
    stands_for = {span.span_id: span.duplicate_of for span in spans if span.duplicate_of in first}
    shown = [span for span in spans if span.span_id not in stands_for]
    children: dict[str | None, list[Span]] = {}
    for span in shown:
        parent = stands_for.get(span.parent_span_id or "", span.parent_span_id)
        children.setdefault(parent if parent in ids else None, []).append(span)
    by_span: dict[str | None, list[ScoreRow]] = {}
    for score in scores:
        by_span.setdefault(score.span_id if score.span_id in ids else None, []).append(score)
    repeats: dict[str, list[str]] = {}
    for span in spans:
        if span.span_id in stands_for:
            repeats.setdefault(str(span.duplicate_of), []).append(span.scope_name or "(no scope)")
    nodes = tuple(
        Node(depth, span, tuple(by_span.get(span.span_id, ())), tuple(repeats.get(span.span_id, ())))
        for depth, span in _in_order(shown, children)
    )
    return TraceTree(spans[0].trace_id, nodes, tuple(by_span.get(None, ())))


def _in_order(spans: Sequence[Span], children: dict[str | None, list[Span]]) -> list[tuple[int, Span]]:
    """Depth-first without recursion; spans whose parents form a circle come last, from the earliest on."""
    ordered: list[tuple[int, Span]] = []
    seen: set[str] = set()
    for root in [*children.get(None, ()), *spans]:
        waiting = [(0, root)]
        while waiting:
            depth, span = waiting.pop()
            if span.span_id in seen:
                continue
            seen.add(span.span_id)
            ordered.append((depth, span))
            waiting += [(depth + 1, child) for child in reversed(children.get(span.span_id, ()))]
    return ordered
