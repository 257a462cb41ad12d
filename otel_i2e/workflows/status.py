"""What is recorded, waiting, scored and dropped, and what of it needs somebody's attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.errors import I2EError
from otel_i2e.losses import kept_losses, remedy, why_unwritable
from otel_i2e.models import Contract
from otel_i2e.spool import Spool
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.missing_content import missing_content
from otel_i2e.workflows.rejects import rejects_folder
from otel_i2e.workflows.rule_rates import RuleScorer
from otel_i2e.workflows.rule_status import RULE_COUNTS, RuleStatus, rule_statuses, scorers_of_rules

__all__ = ["Backlog", "Count", "RuleStatus", "Status", "Stored", "Unrecognised", "status"]

_STORED: Final = """
SELECT
  count(*) AS spans,
  count(DISTINCT trace_id) AS traces,
  count(*) FILTER (kind = 'llm' AND duplicate_of IS NULL) AS llm_calls,
  count(*) FILTER (kind = 'llm' AND duplicate_of IS NULL AND content_state = 'missing') AS without_content,
  count(*) FILTER (content_state = 'truncated') AS truncated,
  (SELECT count(*) FROM waiting_logs) AS waiting_logs,
  max(start_time) AS latest_span,
  max(ingested_at) AS latest_ingest
FROM span_rows
"""
_UNRECOGNISED: Final = """
WITH strange AS (
  SELECT coalesce(scope_name, '(no scope)') AS scope, attributes
  FROM span_rows
  WHERE coalesce(dialect, 'unknown') = 'unknown'
),
scopes AS (
  SELECT scope, count(*) AS spans FROM strange GROUP BY scope ORDER BY spans DESC, scope LIMIT 20
),
shown AS (
  SELECT scope, json_keys(attributes) AS keys FROM strange
  QUALIFY row_number() OVER (PARTITION BY scope) <= 200
),
counted AS (
  SELECT scope, key, count(*) AS n FROM shown, unnest(keys) AS each(key) GROUP BY scope, key
)
SELECT
  scope,
  spans,
  coalesce((SELECT list(key ORDER BY n DESC, key) FROM counted WHERE counted.scope = scopes.scope), []) AS keys
FROM scopes
ORDER BY spans DESC, scope
"""
_OLD_SECONDS: Final = 60.0


class Count(Contract):
    """How often something happened."""

    counter: str
    """What: `dropped`, `rejected`, `duplicate`, …; or a scope's name."""
    reason: str
    """Why; empty when there is only one reason."""
    n: int
    """How often."""


class Backlog(Contract):
    """What waits in the spool."""

    batches: int
    """OTLP requests."""
    items: int
    """Spans and log records."""
    bytes: int
    """Their size."""
    oldest_seconds: float | None
    """Age of the oldest; None when nothing waits."""


class Unrecognised(Contract):
    """Spans of one scope that are in no known dialect: they are stored as generic spans."""

    scope: str
    """Name of the instrumentation scope, or `(no scope)`."""
    spans: int
    """How many."""
    keys: tuple[str, ...]
    """Names of their attributes, the most frequent first; values are not shown."""


class Stored(Contract):
    """What is in the store."""

    spans: int
    """All spans."""
    traces: int
    """All traces."""
    llm_calls: int
    """Model calls, each counted once."""
    without_content: int
    """Model calls whose messages were not recorded."""
    truncated: int
    """Spans whose content was cut."""
    waiting_logs: int
    """Log records whose span has not come yet."""
    latest_span: datetime | None
    """Start of the latest span, UTC."""
    latest_ingest: datetime | None
    """When rows were last stored, UTC."""
    unrecognised: tuple[Unrecognised, ...]
    """Spans in no known dialect, by scope."""


class Status(Contract):
    """Everything that `i2e status` shows."""

    store: str
    """Path of the store."""
    store_bytes: int | None
    """Its size with its write-ahead log; None when there is no store yet."""
    held_by: int | None
    """Process id that had the store open just now."""
    stored: Stored | None
    """None when it could not be read, or there is no store yet."""
    spool: Backlog | None
    """None when there is no spool yet."""
    counters: tuple[Count, ...]
    """Since the spool was made, the worst first."""
    rules: tuple[RuleStatus, ...]
    """The rules of the settings."""
    warnings: tuple[str, ...]
    """What needs attention, one line each, with the remedy."""


def status(settings: Settings) -> Status:
    """Look at everything and change nothing. What cannot be read becomes a warning."""
    store = Store.of(settings)
    held_by = store.holder()
    warnings: list[str] = []
    stored, ledger = None, dict[str, dict[str, Any]]()
    scorers, mute = list[RuleScorer](), list[str]()
    try:
        if store.exists():
            with store.read() as reader:
                stored, ledger = _stored(reader), {row["rule"]: row for row in reader.rows(RULE_COUNTS)}
                mute = [*missing_content(reader)]
                scorers = scorers_of_rules(settings, reader, datetime.now(UTC))
    except I2EError as error:
        warnings.append(str(error))
    backlog, counted, full = None, dict[tuple[str, str], int](), None
    try:
        if settings.spool_path.exists():
            backlog, counted, full = _spool(settings)
    except I2EError as error:
        warnings.append(str(error))
    counters = _counts(counted, kept_losses(settings.spool_path))
    rules = tuple(rule_statuses(settings, stored.spans if stored else 0, ledger, scorers))
    return Status(
        store=str(store.path),
        store_bytes=_size(store) if store.exists() else None,
        held_by=held_by,
        stored=stored,
        spool=backlog,
        counters=counters,
        rules=rules,
        warnings=(*warnings, *_full(full), *_warnings(settings, mute, backlog, counters, rules)),
    )


def _stored(reader: Reader) -> Stored:
    (row,) = reader.rows(_STORED)
    return Stored(**row, unrecognised=tuple(Unrecognised(**one) for one in reader.rows(_UNRECOGNISED)))


def _spool(settings: Settings) -> tuple[Backlog, dict[tuple[str, str], int], str | None]:
    """What waits, every counter, and why no more would be taken now."""
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        return Backlog(**spool.stats()._asdict()), spool.counters(), spool.why_full()
    finally:
        spool.close()


def _counts(*parts: Mapping[tuple[str, str], int]) -> tuple[Count, ...]:
    """The sum of both: what the spool counted, and what it could not take."""
    total: Counter[tuple[str, str]] = Counter()
    for part in parts:
        total.update(part)
    found = [Count(counter=counter, reason=reason, n=n) for (counter, reason), n in total.items()]
    return tuple(sorted(found, key=lambda one: (-one.n, one.counter, one.reason)))


def _size(store: Store) -> int:
    parts = (store.path, store.path.with_name(store.path.name + ".wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _full(why: str | None) -> Iterator[str]:
    if why is not None:
        yield f"senders are turned away until there is room: {why}"


def _warnings(
    settings: Settings,
    mute: list[str],
    backlog: Backlog | None,
    counters: tuple[Count, ...],
    rules: tuple[RuleStatus, ...],
) -> Iterator[str]:
    if (error := why_unwritable(settings.spool_path)) is not None:
        yield (
            f"nothing can be recorded: the spool {str(settings.spool_path)!r} cannot be written: "
            f"{error.strerror or error}; {remedy(error)}"
        )
    if backlog is not None and (backlog.oldest_seconds or 0) > _OLD_SECONDS:
        yield (
            f"{backlog.items:,} spans and log records wait in the spool, the oldest for "
            f"{backlog.oldest_seconds:.0f} s; nothing seems to ingest: "
            "run `i2e traces` once, or set I2E_INGEST=on in an application"
        )
    for one in counters:
        if one.counter in ("dropped", "rejected", "background_error", "redact_error"):
            because = f" ({one.reason})" if one.reason else ""
            folder = rejects_folder(settings)
            kept = f"; what was kept lies in {str(folder)!r}" if one.counter == "rejected" and folder.is_dir() else ""
            yield f"{one.n:,} {one.counter.replace('_', ' ')}{because}{kept}"
    for part in damaged_beside(settings.store_path):
        if part.saved is None:
            yield f"{str(part.path)!r} was found damaged at {part.at} ({part.reason}); `i2e repair` explains"
        elif part.what == "store" and not part.saved:
            yield (
                f"nothing could be read of {str(part.path)!r}, found damaged at {part.at}: it is missing here; "
                "a backup, or importing the same files again, helps; delete it when that is done"
            )
    yield from mute
    yield from (warning for rule in rules if (warning := rule.warning()) is not None)
