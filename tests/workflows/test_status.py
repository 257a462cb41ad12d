"""Status: everything that is known, and what of it needs attention."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from otel_i2e.config import Settings, load_settings
from otel_i2e.damage import damaged_beside, note_saved, set_aside
from otel_i2e.losses import keep_losses
from otel_i2e.models import LedgerRow, Outcome
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.rejects import rejects_folder
from otel_i2e.workflows.status import status

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _settings(tmp_path: Path, **given: object) -> Settings:
    return Settings(store=str(tmp_path / "s.duckdb"), **given)  # type: ignore[arg-type] -- any setting


def test_nothing_yet(tmp_path: Path) -> None:
    """Neither store nor spool; and looking makes none."""
    found = status(_settings(tmp_path))
    assert (found.store_bytes, found.stored, found.spool, found.counters, found.warnings) == (None, None, None, (), ())
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored(tmp_path: Path) -> None:
    """Sizes, counts, times, and scopes that are in no known dialect."""
    settings = _settings(tmp_path)
    first = llm_span(dialect="genai", start_time=_NOW, ingested_at=_NOW)
    twin = llm_span(
        dialect="genai", duplicate_of=first.span_id, trace_id=first.trace_id, start_time=_NOW, ingested_at=_NOW
    )
    other = llm_span(
        kind="other",
        dialect="unknown",
        scope_name="mystery",
        attributes={"my.model": "m"},
        start_time=_NOW,
        content_state="truncated",
        ingested_at=_NOW,
    )
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for span in (first, twin, other)])
    found = status(settings)
    assert found.stored is not None
    assert (found.stored.spans, found.stored.traces, found.stored.llm_calls, found.stored.truncated) == (3, 2, 1, 1)
    assert (found.stored.latest_span, found.stored.latest_ingest) == (_NOW, _NOW)
    assert [tuple(one.model_dump().values()) for one in found.stored.unrecognised] == [("mystery", 1, ("my.model",))]
    assert found.store_bytes == settings.store_path.stat().st_size
    assert found.warnings == ()


def test_what_waits_and_what_was_lost(tmp_path: Path) -> None:
    """The backlog with its age; counters with their reasons; drops and rejects are warnings."""
    settings = _settings(tmp_path)
    spool = Spool(settings.spool_path)
    spool.put(b"12345", items=7)
    spool.count("dropped", "queue full", 3)
    spool.count("rejected", "span: no trace id")
    spool.count("duplicate", n=2)
    found = status(settings)
    assert found.spool is not None
    assert (found.spool.batches, found.spool.items, found.spool.bytes) == (1, 7, 5)
    assert [(one.counter, one.reason, one.n) for one in found.counters] == [
        ("dropped", "queue full", 3),
        ("duplicate", "", 2),
        ("rejected", "span: no trace id", 1),
    ]
    dropped, rejected = found.warnings
    assert "3 dropped (queue full)" in dropped
    assert rejected == "1 rejected (span: no trace id)"
    rejects_folder(settings).mkdir()
    assert "; what was kept lies in" in status(settings).warnings[1]
    assert "s.duckdb.rejected" in status(settings).warnings[1]


def test_log_records_that_wait_for_their_span_are_counted(tmp_path: Path) -> None:
    """They stand neither among the spans nor in the spool."""
    settings = _settings(tmp_path)
    record = {"traceId": "1" * 32, "spanId": "2" * 16, "eventName": "gen_ai.user.message"}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    Spool(settings.spool_path).put(body, signal="logs", encoding="json")
    ingest(settings)
    stored = status(settings).stored
    assert stored is not None
    assert (stored.spans, stored.waiting_logs) == (0, 1)


def test_a_full_spool_is_a_warning(tmp_path: Path) -> None:
    """Senders are told 503 then."""
    settings = _settings(tmp_path, spool_max_bytes=400_000)
    Spool(settings.spool_path).put(bytes(380_000))
    (warning,) = status(settings).warnings
    assert "senders are turned away until there is room" in warning
    assert "I2E_SPOOL_MAX_BYTES" in warning


def test_calls_without_content_are_said_loudly(tmp_path: Path) -> None:
    """With what to set."""
    settings = _settings(tmp_path)
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span(None, None, dialect="genai")), row_of(llm_span(dialect="genai"))])
    (warning,) = status(settings).warnings
    assert "1 of 2 model calls were recorded without content" in warning
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in warning


def test_rules_and_their_last_score(tmp_path: Path) -> None:
    """What each rule did; one that is not valid says why; one that breaks says with what."""
    rules: tuple[dict[str, object], ...] = (
        {"name": "good", "scorers": ["equals"]},
        {"name": "bad", "scorers": []},
        {"name": "broken", "scorers": ["equals"]},
    )
    settings = _settings(tmp_path, rules=rules)

    def row(rule: str, outcome: Outcome, reason: str | None = None) -> LedgerRow:
        return LedgerRow(
            trace_id="t", span_id="s", rule=rule, scorer="a", scorer_version="1", outcome=outcome,
            reason=reason, source="online", created_at=_NOW,
        )  # fmt: skip

    with Store.of(settings).write() as writer:
        writer.add_ledger([
            row("good", Outcome.SCORED),
            row("good", Outcome.SAMPLED_OUT),
            row("broken", Outcome.ERROR, "KeyError: 'x'"),
        ])  # fmt: skip
    found = status(settings)
    good, bad, broken = found.rules
    assert (good.considered, good.scored, good.latest_score, good.problem) == (2, 1, _NOW, None)
    assert "rule 'bad'" in (bad.problem or "")
    assert (broken.scored, broken.errors, broken.latest_score) == (0, 1, None)
    assert any("rule 'broken': 1 attempts broke, the last with: KeyError: 'x'" in one for one in found.warnings)


def test_a_store_that_is_held_is_a_warning(tmp_path: Path) -> None:
    """The rest is shown all the same, and who holds it."""
    settings = _settings(tmp_path, lock_timeout=0.05)
    Spool(settings.spool_path).put(b"1")
    with Store.of(settings).write():
        found = status(settings)
    assert found.held_by is not None
    assert found.stored is None
    assert found.spool is not None
    assert any("stayed in use" in one for one in found.warnings)


def test_an_old_backlog_says_that_nothing_ingests(tmp_path: Path) -> None:
    """After a minute, with what to do."""
    from otel_i2e.workflows.status import Backlog, _warnings

    old = Backlog(batches=1, items=5, bytes=10, oldest_seconds=90.0)
    (warning,) = _warnings(_settings(tmp_path), [], old, (), ())
    assert "the oldest for 90 s" in warning
    assert "I2E_INGEST=on" in warning


def test_a_place_that_cannot_be_written_is_said_with_what_was_lost_there(tmp_path: Path) -> None:
    """The system's error and a remedy, though the spool could not keep a counter."""
    (tmp_path / "file").touch()
    settings = Settings(store=str(tmp_path / "file" / "s.duckdb"))
    keep_losses(settings.spool_path, {("dropped", "disk error: Not a directory"): 3})
    try:
        found = status(settings)
    finally:
        keep_losses(settings.spool_path, {})
    place, lost = found.warnings
    assert place.startswith("nothing can be recorded: the spool ")
    assert "s.duckdb.spool' cannot be written: Not a directory; something else is in the way there" in place
    assert lost == "3 dropped (disk error: Not a directory)"


def test_a_rule_that_cannot_work_or_never_matched_is_said_with_its_line(tmp_path: Path) -> None:
    """A condition over unknown columns, an unknown scorer, a broken file of scorers; and one that matches nothing."""
    (tmp_path / "mine.py").write_text("import nothing_of_this_name\n")
    source = tmp_path / "i2e.toml"
    source.write_text(
        'store = "s.duckdb"\nscorers = ["mine.py"]\n'
        '[[rules]]\nname = "column"\nwhere = "kindd = 1"\nscorers = ["equals"]\n'
        '[[rules]]\nname = "scorer"\nscorers = ["gone"]\n'
        '[[rules]]\nname = "idle"\nwhere = "kind = \'agent\'"\nscorers = ["equals"]\n'
        '[[rules]]\nname = "good"\nscorers = ["equals"]\n'
    )
    settings = load_settings({}, config=source)
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span(dialect="genai"))])
    found = status(settings)
    column, scorer, idle = found.warnings
    assert f"{source}:3: rule 'column': where = 'kindd = 1': " in column
    assert '"kindd" not found' in column
    assert f"{source}:7: rule 'scorer': there is no scorer 'gone'" in scorer
    assert "mine.py:1: cannot be loaded: ModuleNotFoundError" in scorer
    assert f"{source}:10: rule 'idle': where = \"kind = 'agent'\" matches none of the 1 spans stored" in idle
    assert [(rule.name, bool(rule.problem), bool(rule.idle)) for rule in found.rules] == [
        ("column", True, False),
        ("scorer", True, False),
        ("idle", False, True),
        ("good", False, False),
    ]


def test_damaged_parts_are_said_until_they_were_seen_to(tmp_path: Path) -> None:
    """Each with its place, the reason and the next step."""
    settings = _settings(tmp_path)
    settings.store_path.write_bytes(b"damaged")
    set_aside(settings.store_path, "store", "a bad block")
    (warning,) = status(settings).warnings
    assert "s.duckdb.damaged-" in warning
    assert "a bad block" in warning
    assert "i2e repair" in warning
    note_saved(damaged_beside(settings.store_path)[0], {"spans": 0})
    assert status(settings).warnings == ()
