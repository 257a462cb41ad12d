"""Images and files, apart from the rows: `<store>.blobs/9f/9f86d0…`, named by the SHA-256 of what is in them.

One file for each content, however often it was sent. It is on disk before a row refers to it.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

from otel_i2e.blobs import restored
from otel_i2e.config import Settings
from otel_i2e.errors import NotFound, StoreError
from otel_i2e.losses import remedy
from otel_i2e.workflows.ownership import give_to_owner, make_folder

__all__ = ["blobs_folder", "keep_blobs", "read_blob", "with_blobs", "with_blobs_in"]

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def blobs_folder(settings: Settings) -> Path:
    """Where blobs lie, beside the store."""
    return settings.store_path.with_name(settings.store_path.name + ".blobs")


def keep_blobs(settings: Settings, blobs: Mapping[str, bytes]) -> None:
    """Put `blobs`, by SHA-256, on disk; each is there whole or not at all. Raises StoreError."""
    for digest, data in blobs.items():
        path = _path(settings, digest)
        try:
            if not (path.exists() and path.stat().st_size == len(data)):
                _write(path, data)
        except OSError as error:
            raise StoreError(f"cannot write {str(path)!r}: {error.strerror}; {remedy(error)}") from error


def read_blob(settings: Settings, digest: str) -> bytes:
    """The bytes with this SHA-256 (64 hex digits). Raises NotFound when they are not there, or not what they were."""
    if not _DIGEST.fullmatch(digest):
        raise NotFound(f"{digest!r} is no SHA-256: 64 hex digits")
    path = _path(settings, digest)
    try:
        data = path.read_bytes()
    except OSError:
        raise NotFound(f"no blob {digest!r} in {str(path.parent.parent)!r}") from None
    if sha256(data).hexdigest() != digest:
        raise NotFound(f"the blob {str(path)!r} was changed: its bytes have another SHA-256")
    return data


def with_blobs(settings: Settings, text: str) -> str:
    """`text`, a column's or an attribute's, as it was sent: base64 in place of references. What is gone stays one."""

    def content(digest: str) -> bytes | None:
        with suppress(NotFound):
            return read_blob(settings, digest)
        return None

    return restored(text, content)


def with_blobs_in(settings: Settings, value: Any) -> Any:
    """A JSON value with every text as `with_blobs` gives it, and `content` in parts that have their bytes elsewhere."""
    if isinstance(value, str):
        return with_blobs(settings, value)
    if isinstance(value, list):
        return [with_blobs_in(settings, item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    given = {key: with_blobs_in(settings, item) for key, item in cast("dict[str, Any]", value).items()}
    if given.get("type") == "blob" and isinstance(digest := given.get("sha256"), str) and "content" not in given:
        with suppress(NotFound):
            given["content"] = b64encode(read_blob(settings, digest)).decode("ascii")
    return given


def _path(settings: Settings, digest: str) -> Path:
    return blobs_folder(settings) / digest[:2] / digest


def _write(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        give_to_owner(unfinished)
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The name on disk too; Windows has no such thing."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
