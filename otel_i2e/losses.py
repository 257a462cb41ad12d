"""What could not reach the spool: why its place takes nothing, and a note of what was lost meanwhile.

A spool that cannot be written cannot keep its own counters either. The process that lost something leaves
them in the system's temporary folder, one small file a process, where `i2e status` finds them; once the
spool takes them, the file goes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

__all__ = ["keep_losses", "kept_losses", "remedy", "why_unwritable"]

_PROBE_BYTES: Final = 256_000  # more than SQLite needs for its next pages
_IN_THE_WAY: Final = "something else is in the way there: remove it, or name another place with I2E_STORE"
_NO_ROOM: Final = "free some space, or name another disk with I2E_STORE"
_NOT_ALLOWED: Final = "let the application's user write there, or name another place with I2E_STORE"
_REMEDIES: Final[dict[int, str]] = {
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: "name a place on a disk that can be written with I2E_STORE",
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
}


def why_unwritable(path: Path) -> OSError | None:
    """Why a file at `path` could not be made or added to; None when it could. Nothing stays behind.

    A folder that does not exist yet is judged by the nearest one that does.
    """
    try:
        if path.exists():
            os.close(os.open(path, os.O_RDWR))
        folder = next(above for above in path.absolute().parents if above.exists())
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
    except OSError as error:
        return error
    return None


def remedy(error: BaseException | None) -> str:
    """What to do about an error of the operating system, in one clause."""
    number = error.errno if isinstance(error, OSError) else None
    return _REMEDIES.get(number or 0, "name a place that can be written with I2E_STORE")


def keep_losses(spool: Path, counts: Mapping[tuple[str, str], int]) -> None:
    """Leave this process's `counts` for the spool at `spool`; none of them removes the note. Never raises."""
    note = _folder() / f"{_stem(spool)}-{os.getpid()}.json"
    with suppress(OSError):
        if not counts:
            note.unlink(missing_ok=True)
            return
        text = json.dumps([[counter, reason, n] for (counter, reason), n in counts.items()])
        handle, name = tempfile.mkstemp(prefix=".i2e-", dir=note.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft = Path(name)
        draft.chmod(0o644)  # whoever runs `i2e status` may be another user
        draft.replace(note)


def kept_losses(spool: Path) -> dict[tuple[str, str], int]:
    """What every process has left for the spool at `spool`: (counter, reason) → sum. A broken note is skipped."""
    total: Counter[tuple[str, str]] = Counter()
    for note in _folder().glob(f"{_stem(spool)}-*.json"):
        with suppress(OSError, ValueError, TypeError):
            rows: list[tuple[Any, Any, Any]] = json.loads(note.read_text(encoding="utf-8"))
            total.update({(str(counter), str(reason)): int(n) for counter, reason, n in rows})
    return dict(total)


def _folder() -> Path:
    return Path(tempfile.gettempdir())


def _stem(spool: Path) -> str:
    return f"i2e-losses-{hashlib.sha256(os.fsencode(spool.absolute())).hexdigest()[:16]}"
