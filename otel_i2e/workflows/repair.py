"""What is wrong with the store, the spool and what lies beside them, in plain words; and what of it can be mended.

What is damaged is set aside, and what is readable in it comes back. Nothing is deleted but, where that is asked for,
images and files that no row refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

from otel_i2e.config import Settings
from otel_i2e.damage import Damaged, damaged_beside, note_saved
from otel_i2e.errors import StoreDamaged, StoreError, StoreLocked
from otel_i2e.models import Contract
from otel_i2e.spool import Spool
from otel_i2e.store import Store
from otel_i2e.workflows.blobs import blobs_folder
from otel_i2e.workflows.rejects import rejected_requests, retry_rejected
from otel_i2e.workflows.unused_blobs import unused_blobs

__all__ = ["Finding", "repair"]


class Finding(Contract):
    """One thing that is not as it should be, or was not."""

    what: Literal["store", "log", "spool", "lock", "rejected", "version", "blobs"]
    """What it is about."""
    place: str
    """The file."""
    seen: str
    """What was found, in plain words."""
    done: str
    """What was done about it, would be done, or is yours to do."""
    open: bool
    """Whether something is left to do."""


def repair(
    settings: Settings, *, dry_run: bool = False, retry: bool = False, prune_blobs: bool = False
) -> list[Finding]:
    """Look at everything, and mend what can be mended safely; with `dry_run` only look.

    `retry` puts rejected requests into the spool again, `prune_blobs` deletes images and files that no row refers to,
    which nothing else does. Raises nothing for what it finds; StoreLocked and SpoolError when it cannot look.
    """
    before = [part for part in damaged_beside(settings.store_path) if part.saved is not None]
    found = [*_lock(settings), *_spool(settings, dry_run=dry_run), *_store(settings, dry_run=dry_run)]
    for part in damaged_beside(settings.store_path):
        if part.saved is None:
            found += _part(settings, part, dry_run=dry_run)
    return [
        *found,
        *(_seen_before(part) for part in before),
        *_rejected(settings, dry_run=dry_run, retry=retry),
        *_blobs(settings, dry_run=dry_run, prune=prune_blobs),
    ]


def _finding(what: Any, place: object, seen: str, done: str, *, left: bool) -> Finding:
    return Finding(what=what, place=str(place), seen=seen, done=done, open=left)


def _lock(settings: Settings) -> Iterator[Finding]:
    store = Store.of(settings)
    with suppress(StoreError):
        if (holder := store.holder()) is not None:
            seen = f"process {holder} has the store open just now"
            done = "usual for moments; if it stays so, end that process: the lock ends with it, the lock file may stay"
            yield _finding("lock", store.path.with_name(store.path.name + ".lock"), seen, done, left=False)


def _store(settings: Settings, *, dry_run: bool) -> Iterator[Finding]:
    store = Store.of(settings)
    if not store.exists():
        yield from _emptied(settings)
        return
    try:
        bad = store.unreadable()
    except StoreLocked:
        raise
    except StoreDamaged as error:
        if dry_run:
            yield _finding("store", store.path, str(error), "would open it as far as it is intact", left=True)
            return
        with suppress(StoreDamaged), store.write():  # opens what is intact, and sets the rest aside
            pass
        yield _finding("store", store.path, str(error), "opened as far as it is intact; see below", left=False)
        return
    except StoreError as error:
        yield _finding("version", store.path, str(error), "yours to do, as it says", left=True)
        return
    if not bad:
        return
    seen = "; ".join(f"rows of {table} cannot be read: {why}" for table, why in bad.items())
    if dry_run:
        yield _finding("store", store.path, seen, "would set it aside and bring back what is readable", left=True)
        return
    store.set_aside(seen)
    yield _finding("store", store.path, seen, "set aside; see below for what came back", left=False)


def _emptied(settings: Settings) -> Iterator[Finding]:
    """A file of no bytes is a store that nothing was written to yet; or somebody emptied it."""
    if not settings.store_path.exists() or not settings.spool_path.exists():
        return
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        stored = spool.counters().get(("stored", ""), 0)
    finally:
        spool.close()
    if stored:
        seen = f"the file is empty, and {stored:,} spans were stored in it"
        done = "a backup, or importing the same files again, helps; what comes is stored in it"
        yield _finding("store", settings.store_path, seen, done, left=True)


def _part(settings: Settings, part: Damaged, *, dry_run: bool) -> Iterator[Finding]:
    seen = f"found damaged at {part.at}: {part.reason}"
    if part.path == settings.store_path:  # a reader met it; `_store` has read everything by now
        done = "would look at every row" if dry_run else "every row can be read now"
        if not dry_run:
            part.record.unlink(missing_ok=True)
        yield _finding("store", part.path, seen, done, left=dry_run)
    elif part.what == "log":
        done = "what came before is in the store; what was not yet acknowledged is sent, or handed out, again"
        if not dry_run:
            note_saved(part, {})
        yield _finding("log", part.path, seen, done, left=False)
    elif part.what == "store":
        yield _salvaged(settings, part, seen, dry_run=dry_run)


def _seen_before(part: Damaged) -> Finding:
    done = f"seen to before: {_saved(part.saved)}; the file is kept for you, and may be deleted"
    return _finding(part.what, part.path, f"found damaged at {part.at}: {part.reason}", done, left=False)


def _salvaged(settings: Settings, part: Damaged, seen: str, *, dry_run: bool) -> Finding:
    if dry_run:
        return _finding("store", part.path, seen, "would bring back what is readable in it", left=True)
    try:
        saved = Store.of(settings).salvage(part.path)
    except StoreLocked:
        raise
    except StoreError as error:
        note_saved(part, {})
        done = f"nothing of it can be read ({error}); a backup, or importing the same files again, helps"
        return _finding("store", part.path, seen, done, left=True)
    note_saved(part, saved)
    return _finding("store", part.path, seen, f"brought back: {_saved(saved)}; the file is kept", left=False)


def _spool(settings: Settings, *, dry_run: bool) -> Iterator[Finding]:
    if not settings.spool_path.exists():
        return
    spool = Spool(settings.spool_path, max_bytes=settings.spool_max_bytes)
    try:
        bad = spool.unsound()
        for part in damaged_beside(settings.spool_path):
            if part.saved is None:
                seen = f"found damaged at {part.at}: {part.reason}"
                done = "would move the requests that are intact into the new spool"
                if not dry_run:
                    moved = spool.recover()
                    done = f"{moved:,} intact requests moved into the new spool; the file is kept"
                yield _finding("spool", part.path, seen, done, left=dry_run)
        if bad is not None and dry_run:
            yield _finding("spool", settings.spool_path, bad, "would begin a new one with what is intact", left=True)
        elif bad is not None:
            spool.leave(bad)
            done = f"{spool.recover():,} intact requests moved into a new spool; the file is kept"
            yield _finding("spool", settings.spool_path, bad, done, left=False)
    finally:
        spool.close()


def _rejected(settings: Settings, *, dry_run: bool, retry: bool) -> Iterator[Finding]:
    kept = rejected_requests(settings)
    if not kept:
        return
    reasons = sorted({reason for _, reason in kept})
    seen = f"{len(kept):,} requests were rejected: {'; '.join(reasons[:5])}{' …' if len(reasons) > 5 else ''}"
    done = "when what made them was mended (a newer otel-i2e, perhaps), `i2e repair --retry` sends them again"
    if retry and not dry_run:
        done = f"{retry_rejected(settings):,} requests put into the spool again; what is rejected again comes back here"
    yield _finding("rejected", kept[0][0].parent, seen, done, left=not retry or dry_run)


def _blobs(settings: Settings, *, dry_run: bool, prune: bool) -> Iterator[Finding]:
    folder = blobs_folder(settings)
    unread = [part.path.name for part in damaged_beside(settings.store_path) if part.what == "store" and _is_left(part)]
    try:
        unused = unused_blobs(settings, remove=prune and not dry_run and not unread)
    except (StoreError, OSError) as error:
        yield _finding("blobs", folder, f"cannot be looked through: {error}", "nothing was deleted", left=prune)
        return
    if not unused.files:
        return
    seen = f"no row refers to {unused.files:,} files ({unused.size:,} bytes); {unused.used:,} others are in use"
    done = "`i2e repair --prune-blobs` deletes them"
    if unread:
        done = (
            f"kept: rows of {unread[0]!r} that cannot be read may refer to them; delete that file and its record first"
        )
    elif prune:
        done = f"would delete them: {unused.size:,} bytes" if dry_run else f"deleted: {unused.size:,} bytes are free"
    yield _finding("blobs", folder, seen, done, left=prune and bool(unread or dry_run))


def _is_left(part: Damaged) -> bool:
    """Whether a damaged store may hold rows that were not brought back."""
    return not part.saved or "unreadable row groups" in part.saved


def _saved(saved: Any) -> str:
    return ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in saved.items()) or "nothing that was not there"
