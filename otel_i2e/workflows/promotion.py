"""Promotion: rows of a query, or one span, become proposed cases in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import Field

from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, QueryError, UsageError
from otel_i2e.models import Case, Contract, Query, Span, StoredCase
from otel_i2e.promote import Finding, Outcome, Proposal, finding_of, propose
from otel_i2e.query import values_of, written
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.author import author
from otel_i2e.workflows.dataset_file import parse_dataset, read_bytes
from otel_i2e.workflows.datasets import changing_cases, dataset_file
from otel_i2e.workflows.queries import find_query, run_query

__all__ = ["Promotion", "Proposal", "promote_query", "promote_span"]

_AT_ONCE: Final = 100
"""Traces that are in memory at the same time."""


class Promotion(Contract):
    """What a promotion found and what became of it."""

    dataset: str
    """The dataset."""
    query: str | None
    """`name@hash`; None for a promotion by hand."""
    params: dict[str, str] = Field(default_factory=dict[str, str])
    """The query's parameters with the values that they had, as a person would write them."""
    proposals: tuple[Proposal, ...]
    """In the query's order."""
    rows: int
    """Rows of the query; more than there are proposals when `limit` stopped it."""
    truncated: bool
    """Whether the row limit of queries cut them."""
    stored: bool
    """False in a dry run."""

    @property
    def cases(self) -> list[Case]:
        """The new cases."""
        return [proposal.case for proposal in self.proposals if proposal.case is not None]


def promote_query(
    settings: Settings,
    query: str,
    *,
    dataset: str,
    params: Mapping[str, str] | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    by: str | None = None,
) -> Promotion:
    """Run a promotion query (a name or a file) and propose a case for each of its rows, at most `limit` new ones.

    Raises QueryError when the query is not for promotion, and what running it raises.
    """
    found = find_query(query, settings)
    if found.kind != "promote":
        raise QueryError(
            f"{found.path}: query {found.name!r} is of kind {found.kind!r}; promotion needs kind 'promote'"
        )
    now = datetime.now().astimezone()
    result = run_query(settings, found, params or {}, now=now)
    findings = [finding_of(dict(zip(result.columns, row, strict=True))) for row in result.rows]
    with changing_cases(settings):
        proposals = _propose(settings, dataset, findings, query=found, limit=limit)
        if not dry_run:
            _store(settings, dataset, proposals, by)
    return Promotion(
        dataset=dataset,
        query=f"{found.name}@{found.hash}",
        params={name: written(value) for name, value in values_of(found, params or {}, now).items()},
        proposals=tuple(proposals),
        rows=len(findings),
        truncated=result.truncated,
        stored=not dry_run,
    )


def promote_span(
    settings: Settings,
    span: str,
    *,
    dataset: str,
    fields: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    by: str | None = None,
) -> Promotion:
    """Propose a case for one span, or for a whole trace, by id; a prefix is enough when it is unique.

    `fields` are case fields such as `expected`, `must` and `priority`. Raises NotFound.
    """
    with Store.of(settings).read() as reader:
        finding = _finding(reader, span)
    with changing_cases(settings):
        proposals = _propose(settings, dataset, [finding], fields=fields)
        if not dry_run:
            _store(settings, dataset, proposals, by)
    return Promotion(
        dataset=dataset, query=None, proposals=tuple(proposals), rows=1, truncated=False, stored=not dry_run
    )


def known_cases(settings: Settings, dataset: str) -> list[Case]:
    """Every case of the dataset: in the store in any state of review, and in the file."""
    path = dataset_file(settings, dataset)
    in_file = parse_dataset(read_bytes(path), str(path))[0] if path.is_file() else []
    with Store.of(settings).read() as reader:
        stored = reader.cases(dataset=dataset)
    return [line.case for line in in_file] + [one.case for one in stored]


def _propose(
    settings: Settings,
    dataset: str,
    findings: Sequence[Finding],
    *,
    query: Query | None = None,
    fields: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> list[Proposal]:
    known = known_cases(settings, dataset)
    proposals: list[Proposal] = []
    new = 0
    for some, traces in _with_traces(settings, findings):
        for proposal in propose(some, traces, known, query=query, defaults=fields):
            if proposal.case is not None:
                if new == limit:
                    return proposals
                new += 1
                known.append(proposal.case)
            proposals.append(proposal)
    return proposals


def _with_traces(
    settings: Settings, findings: Sequence[Finding]
) -> Iterator[tuple[Sequence[Finding], dict[str, list[Span]]]]:
    """The findings, some at a time, with their traces; no lease is held while a caller works."""
    for start in range(0, len(findings), _AT_ONCE):
        some = findings[start : start + _AT_ONCE]
        with Store.of(settings).read() as reader:
            traces = reader.traces({finding.trace_id for finding in some})
        yield some, {key: sorted(spans, key=_order) for key, spans in traces.items()}


def _store(settings: Settings, dataset: str, proposals: Sequence[Proposal], by: str | None) -> None:
    now = datetime.now(UTC)
    cases = [
        StoredCase(
            dataset=dataset,
            case=proposal.case,
            status="proposed",
            revision=1,
            note=proposal.note,
            by=author(by),
            created_at=now,
        )
        for proposal in proposals
        if proposal.case is not None and proposal.outcome is Outcome.PROPOSED
    ]
    if cases:
        with Store.of(settings).write() as writer:
            writer.add_cases(cases)


def _finding(reader: Reader, prefix: str) -> Finding:
    """The span, or else the trace, whose id begins with `prefix`."""
    prefix = prefix.strip().lower()
    if not prefix or prefix.strip("0123456789abcdef"):
        raise UsageError(f"{prefix!r} is not a span id; give hexadecimal digits, as i2e trace shows them")
    by_span = "SELECT DISTINCT trace_id, span_id FROM spans WHERE starts_with(span_id, $prefix) LIMIT 2"
    by_trace = "SELECT DISTINCT trace_id, NULL AS span_id FROM spans WHERE starts_with(trace_id, $prefix) LIMIT 2"
    for sql in (by_span, by_trace):
        rows = reader.rows(sql, {"prefix": prefix})
        if len(rows) > 1:
            raise UsageError(f"{prefix!r} begins several ids; give more digits")
        if rows:
            return Finding(trace_id=rows[0]["trace_id"], span_id=rows[0]["span_id"])
    raise NotFound(f"no span or trace has an id that begins with {prefix!r}; i2e traces lists the latest")


def _order(span: Span) -> tuple[float, str]:
    return (span.start_time.timestamp() if span.start_time is not None else 0.0), span.span_id
