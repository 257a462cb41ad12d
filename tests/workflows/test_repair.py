"""Repair: each finding in plain words, mended where that is safe; nothing is deleted, and a dry run changes nothing."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.damage import damaged_beside
from otel_i2e.errors import StoreError
from otel_i2e.spool import Batch, Spool
from otel_i2e.spool_connection import SpoolConnection
from otel_i2e.store import Store
from otel_i2e.store.mending import log_of
from otel_i2e.testing import llm_span, row_of, score_row
from otel_i2e.testing.otlp import traces_request
from otel_i2e.workflows.ingest import ingest
from otel_i2e.workflows.rejects import rejects_folder, set_aside
from otel_i2e.workflows.repair import Finding, repair
from otel_i2e.workflows.status import status

pytestmark = pytest.mark.usefixtures("schema_made_anew")

ROWS = 5_000
_KILLED = """
import os, sys
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of
with Store(sys.argv[1]).write() as writer:
    writer._connection.execute("SET checkpoint_threshold = '1GB'")  # as DuckDB does by itself: first into the log
    writer.add_spans([row_of(llm_span("in the log", trace_id="b" * 32))])
    writer._connection.execute("COMMIT")
    os._exit(0)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store and its spool, beside each other."""
    return Settings(store=str(tmp_path / "s.duckdb"))


def _flip(path: Path, at: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[at] ^= 0xFF
    path.write_bytes(whole)


def _ids(settings: Settings) -> set[str]:
    with Store.of(settings).read() as reader:
        return {row["trace_id"] for row in reader.rows("SELECT trace_id FROM span_rows")}


def _files(settings: Settings) -> set[str]:
    return {path.name for path in settings.store_path.parent.rglob("*") if "damaged" in path.name}


def _looked_then_mended(settings: Settings, **given: bool) -> tuple[list[Finding], list[Finding]]:
    """The findings of a dry run, which changes nothing, and of the real one."""
    before = _files(settings)
    looked = repair(settings, dry_run=True, **given)
    assert _files(settings) == before
    return looked, repair(settings, **given)


def test_nothing_is_wrong(settings: Settings) -> None:
    """Neither with nothing at all, nor with a store and a spool in use."""
    assert repair(settings) == []
    Spool(settings.spool_path).put(traces_request([("ab" * 16, "cd" * 8)]))
    ingest(settings)
    assert repair(settings) == []


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with several row groups of text that does not compress."""
    path = tmp_path_factory.mktemp("large") / "s.duckdb"
    luck = random.Random(1)
    spans = [llm_span(luck.randbytes(200).hex(), trace_id=f"{n:032x}") for n in range(ROWS)]
    with Store(path).write() as writer:
        writer.add_spans([row_of(span) for span in spans])
        writer.add_scores([score_row(spans[1], "good", 1.0)])
    return path


def test_a_bad_block_costs_the_rows_that_lie_in_it(settings: Settings, large: Path) -> None:
    """The rest comes back into a new store; the damaged file stays."""
    store = Store.of(settings)
    size = large.stat().st_size
    for at in range(size // 2, size, size // 40):
        shutil.copy(large, settings.store_path)
        _flip(settings.store_path, at)
        try:
            if store.unreadable():
                break
        except StoreError:
            continue
    else:
        pytest.fail("no place in the file damages rows alone")
    looked, mended = _looked_then_mended(settings)
    assert [(one.what, one.open) for one in looked] == [("store", True)]
    assert "rows of span_rows cannot be read" in looked[0].seen
    assert [(one.what, one.open) for one in mended] == [("store", False), ("store", False)]
    assert "unreadable row groups" in mended[1].done
    kept = len(_ids(settings))
    print(f"one bad block: {kept:,} of {ROWS:,} spans brought back")
    assert 0 < kept < ROWS
    (part,) = damaged_beside(settings.store_path)
    assert part.path.stat().st_size == size
    assert part.saved is not None
    assert part.saved["span_rows"] == kept
    assert all(not one.open for one in repair(settings))
    assert not [line for line in status(settings).warnings if "damaged" in line]


def test_rows_that_came_since_stay_single(settings: Settings, large: Path) -> None:
    """What was sent again meanwhile is not brought back a second time."""
    shutil.copy(large, settings.store_path)
    store = Store.of(settings)
    store.set_aside("a test says so")
    with store.write() as writer:
        writer.add_spans([row_of(llm_span("again", trace_id=f"{n:032x}", span_id="f" * 16)) for n in range(3)])
    (part,) = damaged_beside(settings.store_path)
    first = store.salvage(part.path)
    assert first == {"span_rows": ROWS, "scores": 1}
    assert store.salvage(part.path) == {}
    with store.read() as reader:
        assert reader.rows("SELECT count(*) AS n FROM span_rows") == [{"n": ROWS + 3}]


def test_a_store_of_which_nothing_can_be_read(settings: Settings) -> None:
    """Said as that; work goes on in a new one."""
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span())])
    _flip(settings.store_path, 5000)
    _flip(settings.store_path, 9000)
    looked, mended = _looked_then_mended(settings)
    assert [(one.what, one.open) for one in looked] == [("store", True)]
    assert [(one.what, one.open) for one in mended] == [("store", False), ("store", True)]
    assert "nothing of it can be read" in mended[1].done
    assert _ids(settings) == set()


def test_a_damaged_log(settings: Settings) -> None:
    """Cut where it is damaged; what came before is in the store."""
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(llm_span("in the file", trace_id="a" * 32))])
    subprocess.run([sys.executable, "-c", _KILLED, settings.store], check=True)
    _flip(log_of(settings.store_path), log_of(settings.store_path).stat().st_size - 50)
    looked, mended = _looked_then_mended(settings)
    assert [(one.what, one.open) for one in looked] == [("store", True)]
    assert [(one.what, one.open) for one in mended] == [("store", False), ("log", False)]
    assert _ids(settings) == {"a" * 32}


def test_a_damaged_spool(settings: Settings) -> None:
    """SQLite's own check finds it; the intact requests go into a new file."""
    spool = Spool(settings.spool_path)
    for number in range(40):
        spool.put(traces_request([(f"{number + 1:032x}", "ab" * 8)], content="x" * 3000))
    spool.close()
    size = settings.spool_path.stat().st_size
    with settings.spool_path.open("r+b") as file:
        file.truncate(size - 8192)
    mended = repair(settings)
    assert {one.what for one in mended} == {"spool"}
    assert not any(one.open for one in mended)
    assert "intact requests moved" in mended[-1].done
    ingest(settings)
    assert len(_ids(settings)) >= 36


def test_a_page_of_the_spool_that_only_a_check_finds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run says so; the real one begins a new file."""
    Spool(settings.spool_path).put(traces_request([("ab" * 16, "cd" * 8)]))
    odd: Callable[[SpoolConnection], str | None] = lambda at: None if at.path != at.file else "page 3 is odd"  # noqa: E731
    monkeypatch.setattr(SpoolConnection, "unsound", odd)
    looked, mended = _looked_then_mended(settings)
    assert [(one.what, one.seen, one.open) for one in looked] == [("spool", "page 3 is odd", True)]
    assert [(one.what, one.open) for one in mended] == [("spool", False)]
    assert mended[0].done.startswith("1 intact requests moved")


def test_a_store_of_a_newer_version(settings: Settings) -> None:
    """Not damage: the remedy is yours."""
    with Store.of(settings).write() as writer:
        writer._connection.execute("INSERT INTO schema_migrations VALUES ('9999_future', now())")
    (one,) = repair(settings)
    assert (one.what, one.open) == ("version", True)
    assert "pip install -U otel-i2e" in one.seen


def test_a_lock_that_is_held(settings: Settings) -> None:
    """By whom, and what to do should it stay."""
    with Store.of(settings).write():
        pass
    held = "import sys; from otel_i2e.store.lease import hold; from pathlib import Path\n"
    held += "with hold(Path(sys.argv[1]), exclusive=False, timeout=5): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", held, settings.store]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        (one,) = repair(settings)
        process.communicate("")
    assert (one.what, one.open) == ("lock", False)
    assert f"process {process.pid} has the store open" in one.seen
    assert repair(settings) == []


def test_rejected_requests_are_sent_again_when_asked(settings: Settings) -> None:
    """Their files stay, in a folder of what was retried."""
    body = traces_request([("ab" * 16, "cd" * 8)])
    assert set_aside(rejects_folder(settings), Batch(7, "traces", "protobuf", 1, 1e9, body), "span: a defect of then")
    (looked,) = repair(settings)
    assert (looked.what, looked.open) == ("rejected", True)
    assert "1 requests were rejected: span: a defect of then" in looked.seen
    assert "i2e repair --retry" in looked.done
    (retried,) = repair(settings, retry=True)
    assert (retried.what, retried.open) == ("rejected", False)
    ingest(settings)
    assert _ids(settings) == {"ab" * 16}
    assert len(list((rejects_folder(settings) / "retried").iterdir())) == 2
    assert repair(settings) == []
