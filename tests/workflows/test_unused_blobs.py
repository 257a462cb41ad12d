"""Images and files that no row refers to: said, then deleted; never one that a row refers to."""

from __future__ import annotations

import json
import random
import re
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.damage import set_aside
from otel_i2e.errors import StoreLocked
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.workflows.blobs import blobs_folder, read_blob
from otel_i2e.workflows.ingest import drain, ingest
from otel_i2e.workflows.repair import repair
from otel_i2e.workflows.unused_blobs import UnusedBlobs, unused_blobs

IMAGES = [b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(2_000) for seed in range(3)]
SIZE = len(IMAGES[0])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store with rows of two images, the first in two of them."""
    made = Settings(store=str(tmp_path / "s.duckdb"), lock_timeout=5.0)
    for number, image in ((1, 0), (2, 1), (3, 0)):
        put(made, number, image)
    ingest(made)
    return made


def put(settings: Settings, number: int, image: int) -> None:
    """A span with an image into the spool; the second image in a part of a message, others in plain text."""
    data = b64encode(IMAGES[image]).decode()
    part = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": data}
    messages = json.dumps([{"role": "user", "parts": [part]}])
    pair = ("gen_ai.input.messages", messages) if image == 1 else ("note", f"see data:image/png;base64,{data} here")
    span: dict[str, Any] = {
        "traceId": "ab" * 16,
        "spanId": f"{number:016x}",
        "startTimeUnixNano": "1790000000000000000",
        "attributes": [{"key": pair[0], "value": {"stringValue": pair[1]}}],
    }
    spool = Spool(settings.spool_path)
    spool.put(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode(), encoding="json", items=1)
    spool.close()


def delete(settings: Settings, where: str) -> None:
    """As a user does by SQL."""
    with Store.of(settings).write() as writer:
        writer._connection.execute(f"DELETE FROM span_rows WHERE {where}")


def test_what_a_row_refers_to_is_in_use(settings: Settings) -> None:
    """In a part of a message, and in text; nothing is deleted."""
    assert unused_blobs(settings, remove=True) == UnusedBlobs(0, 0, 2)
    delete(settings, "span_id = '0000000000000001'")  # the third span has the same image
    assert unused_blobs(settings, remove=True) == UnusedBlobs(0, 0, 2)
    assert repair(settings, prune_blobs=True) == []


def test_what_no_row_refers_to_is_said_first_and_deleted_when_asked(settings: Settings) -> None:
    """With the bytes that it frees; what somebody else put there stays."""
    delete(settings, "span_id <> '0000000000000002'")
    folder = blobs_folder(settings)
    theirs = folder / "aa" / "README"
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("mine")
    before = {path for path in folder.rglob("*") if path.is_file()}
    for dry_run, prune in ((False, False), (True, True), (True, False)):
        (finding,) = repair(settings, dry_run=dry_run, prune_blobs=prune)
        assert (finding.what, f"{SIZE:,} bytes" in finding.seen, finding.open) == ("blobs", True, prune)
    assert {path for path in folder.rglob("*") if path.is_file()} == before
    (finding,) = repair(settings, prune_blobs=True)
    assert (finding.done, finding.open) == (f"deleted: {SIZE:,} bytes are free", False)
    left = {path for path in folder.rglob("*") if path.is_file()}
    assert (len(before - left), theirs in left, len(left)) == (1, True, 2)
    assert repair(settings, prune_blobs=True) == []


def test_what_a_crash_left_half_written_goes_too(settings: Settings) -> None:
    """Nobody writes while it looks."""
    part = blobs_folder(settings) / "ab" / f"{'ab' * 32}.{'0' * 32}.part"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half")
    assert unused_blobs(settings, remove=True) == UnusedBlobs(1, 4, 2)
    assert not part.parent.exists()


def test_nothing_is_deleted_while_a_damaged_store_waits(settings: Settings) -> None:
    """Its rows may come back."""
    delete(settings, "true")
    other = settings.store_path.with_name("other")
    other.write_bytes(b"no database")
    other.replace(settings.store_path.with_name(settings.store_path.name + ".x"))
    place = set_aside(settings.store_path, "store", "a test", copy=True)
    place.write_bytes(b"no database")
    found = [one for one in repair(settings, prune_blobs=True) if one.what == "blobs"]
    assert [(place.name in one.done, one.open) for one in found] == [(True, True)]
    assert unused_blobs(settings, remove=False).files == 2


def test_it_waits_for_whoever_moves_spans_and_then_says_so(settings: Settings) -> None:
    """Ingest is the only writer of blobs."""
    spool = Spool(settings.spool_path)
    impatient = Settings(store=settings.store, lock_timeout=0.1)
    with spool.sole_drainer() as mine:
        assert mine
        with pytest.raises(StoreLocked, match="moving spans"):
            unused_blobs(impatient, remove=True)
    spool.close()


def test_a_row_never_loses_its_image_while_others_are_deleted(settings: Settings) -> None:
    """Ingest and pruning at once: the same images come, go and come again."""
    over = threading.Event()
    removed: list[int] = []

    def prune() -> None:
        while not over.is_set():
            removed.append(unused_blobs(settings, remove=True).files)
            over.wait(0.2)

    pruner = threading.Thread(target=prune)
    pruner.start()
    try:
        for number in range(10, 20):
            delete(settings, "true")
            put(settings, number, number % 3)
            assert drain(settings, 20)
            assert list(referred(settings)) == [f"{number:016x}"]
            for digest in referred(settings).values():
                assert len(read_blob(settings, digest)) == SIZE
    finally:
        over.set()
        pruner.join(30)
    assert sum(removed) > 0
    print(f"10 images came and went while {len(removed)} prunings deleted {sum(removed)} files: no row lost its own")


def referred(settings: Settings) -> dict[str, str]:
    """Span id → the image that its row refers to."""
    with Store.of(settings).read() as reader:
        rows = list(
            reader.rows(
                "SELECT span_id, attributes::VARCHAR || coalesce(input_messages::VARCHAR, '') AS held FROM spans"
            )
        )
    return {row["span_id"]: re.findall("[0-9a-f]{64}", row["held"])[0] for row in rows}
