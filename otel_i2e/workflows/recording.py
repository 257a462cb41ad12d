"""Recording in this process, as an evaluation and a test need it: with content, and without a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from otel_i2e.capture import OpenSpans, Recorder, install, recorder
from otel_i2e.config import Settings
from otel_i2e.errors import UsageError

__all__ = ["quietly", "recording"]

T = TypeVar("T")


def recording(settings: Settings) -> Recorder:
    """Record in this process; again in the same way is the same recorder.

    Content is always recorded, because scorers read it, and this process moves its own spans. Raises UsageError when
    the process records in another way already.
    """
    wanted = replace(settings, capture="full", ingest="off")
    there = recorder()
    if there is not None and (there.spool_path != wanted.spool_path or there.settings.capture != "full"):
        raise UsageError(
            f"this process records to {there.spool_path} (capture {there.settings.capture!r}) already; "
            "evaluate in a process of its own, with i2e eval"
        )
    found = quietly(lambda: install(wanted))
    if found.open_spans is None:
        found.open_spans = OpenSpans()
    return found


def quietly(make: Callable[[], T]) -> T:
    """What `make` gives; an evaluation says itself what it records, so only errors of ours are logged meanwhile."""
    with _without_announcements():
        return make()


@contextmanager
def _without_announcements() -> Generator[None]:
    """An evaluation says itself what it records; errors are still said."""
    logger = logging.getLogger("otel_i2e")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
