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
    left_out: int = 0
    """Spans that follow in order and are not among the nodes."""


class TraceTree(NamedTuple):
    """One trace."""

    trace_id: str
    """32 hex digits."""
    nodes: tuple[Node, ...]
    """Every span but those that repeat another, parents before children, siblings in order of start."""
    scores: tuple[ScoreRow, ...]
    """Scores of the trace as a whole, feedback among them, and of spans that are not stored."""
    left_out: int = 0
    """Spans that are not among `nodes`."""
    failed_left_out: int = 0
    """Those of them that failed, or have a score that did."""


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


def trace_tree(settings: Settings, trace_id: str, *, limit: int | None = None) -> TraceTree:
    """One trace with its scores; a unique beginning of its id is enough. Raises NotFound.

    Of a trace with more than `limit` spans, those that failed come first, then model calls, then the others, each with
    those above it; only these are read.
    """
    with Store.of(settings).read() as reader:
        found = reader.trace_id(trace_id)
        scores = reader.scores_of_trace(found)
        outlines = [] if limit is None else [_Outline(**row) for row in reader.outline(found)]
        if limit is None or len(outlines) <= limit:
            return tree_of(reader.traces([found])[found], scores)
        places, of_trace = _arranged(outlines, scores)
        chosen = _chosen(places, limit)
        spans = reader.spans_of(found, [places[at].span.span_id for at in chosen])
    nodes = (
        _node(places[at], spans[places[at].span.span_id], after - at - 1)
        for at, after in zip(chosen, [*chosen[1:], len(places)], strict=True)
    )
    failed = sum(map(_has_failed, places)) - sum(_has_failed(places[at]) for at in chosen)
    return TraceTree(found, tuple(nodes), of_trace, len(places) - len(chosen), failed)


def tree_of(spans: Sequence[Span], scores: Iterable[ScoreRow] = ()) -> TraceTree:
    """The spans of one trace as a tree, whatever they say of their parents: none is lost, none comes twice."""
    by_id = {span.span_id: span for span in spans}
    places, of_trace = _arranged(
        [_Outline(*(getattr(span, name) for name in _Outline._fields)) for span in spans], scores
    )
    return TraceTree(spans[0].trace_id, tuple(_node(place, by_id[place.span.span_id]) for place in places), of_trace)


class _Outline(NamedTuple):
    """What of a span gives it its place: a trace may have very many."""

    span_id: str
    parent_span_id: str | None
    duplicate_of: str | None
    scope_name: str | None
    kind: str
    status: str


class _Place(NamedTuple):
    """A node before its span is read."""

    depth: int
    span: _Outline
    scores: tuple[ScoreRow, ...]
    recorded_by: tuple[str, ...]


def _node(place: _Place, span: Span, left_out: int = 0) -> Node:
    return Node(place.depth, span, place.scores, place.recorded_by, left_out)


def _arranged(spans: Sequence[_Outline], scores: Iterable[ScoreRow]) -> tuple[list[_Place], tuple[ScoreRow, ...]]:
    """Every place in order; and the scores that are of none."""
    ids = {span.span_id for span in spans}
    first = ids - {span.span_id for span in spans if span.duplicate_of in ids}
    stands_for = {span.span_id: span.duplicate_of for span in spans if span.duplicate_of in first}
    shown = [span for span in spans if span.span_id not in stands_for]
    children: dict[str | None, list[_Outline]] = {}
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
    places = [
        _Place(depth, span, tuple(by_span.get(span.span_id, ())), tuple(repeats.get(span.span_id, ())))
        for depth, span in _in_order(shown, children)
    ]
    return places, tuple(by_span.get(None, ()))


def _chosen(places: Sequence[_Place], limit: int) -> list[int]:
    """Which of `places` are shown, in order."""
    above = _above(places)
    chosen = {0}
    for at in sorted(range(len(places)), key=lambda at: (not _has_failed(places[at]), places[at].span.kind != "llm")):
        branch: int | None = at
        while branch is not None and branch not in chosen and len(chosen) < limit:
            chosen.add(branch)
            branch = above[branch]
    return sorted(chosen)


def _has_failed(place: _Place) -> bool:
    return place.span.status == "error" or any(score.passed is False for score in place.scores)


def _above(places: Sequence[_Place]) -> list[int | None]:
    """For each place the one above it; None for a root."""
    found: list[int | None] = []
    branch: list[int] = []
    for at, place in enumerate(places):
        del branch[place.depth :]
        found.append(branch[-1] if branch else None)
        branch.append(at)
    return found


def _in_order(spans: Sequence[_Outline], children: dict[str | None, list[_Outline]]) -> list[tuple[int, _Outline]]:
    """Depth-first without recursion; spans whose parents form a circle come last, from the earliest on."""
    ordered: list[tuple[int, _Outline]] = []
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
