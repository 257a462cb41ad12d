"""Whether two names may be one model: an alias and its snapshot, a router's or a cloud's prefix before it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["may_be_one_model"]

_LONGEST: Final = 200
_VENDOR: Final = re.compile(r"(?:[a-z]+\.)+(?=[a-z])")
"""As Bedrock has them: `us.anthropic.claude-…`."""
_VERSION: Final = re.compile(r"(?:[-@:](?:latest|v\d+(?::\d+)?|\d{4}-\d\d-\d\d|\d{3,}|preview|exp))+$")
_SIGNS: Final = re.compile(r"[^a-z0-9]")
_NEWEST: Final = "latest"


@lru_cache(maxsize=4096)
def may_be_one_model(one: str, other: str) -> bool:
    """`gpt-4o` and `gpt-4o-2024-08-06` may be one; `gpt-4o` and `gpt-4o-mini`, or two snapshots, are not."""
    (name, version), (its_name, its_version) = _parts(one), _parts(other)
    if name != its_name:
        return False
    if _NEWEST in (version, its_version):
        return True
    return version.startswith(its_version) or its_version.startswith(version)


def _parts(sent: str) -> tuple[str, str]:
    """The name without prefix, version and dots (Azure writes `gpt-35-turbo`); the version without signs."""
    name = sent[-_LONGEST:].strip().lower().rpartition("/")[2]
    if vendor := _VENDOR.match(name):
        name = name[vendor.end() :]
    version = ""
    if found := _VERSION.search(name):
        version = _SIGNS.sub("", found[0])
        name = name[: found.start()]
    return name.replace(".", ""), version
