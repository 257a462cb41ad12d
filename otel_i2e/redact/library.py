"""The shapes that detect-secrets knows: many services' tokens, kept by others.

It is a dependency of the extra `redact`, imported when the first value is looked at: 0.2 s, and requests with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, Final, cast

from otel_i2e.errors import ConfigError

__all__ = ["check_installed", "library_shapes", "secret_in"]

_LEFT_OUT: Final = frozenset(
    {
        "PrivateKeyDetector",  # finds the first line of a key only: ours finds all of it
        "JwtTokenDetector",  # leaves the signature out: so does not ours
        "BasicAuthDetector",  # as `url-password`
        "NpmDetector",  # takes the rest of the line, whatever it is
        "IPPublicDetector",  # an address is no secret
        # Slow (0.3 ms for 5 kB each), and all about names such as `…api_key=`, which `assigned-secret` knows
        "CloudantDetector",
        "IbmCloudIamDetector",
        "IbmCosHmacDetector",
        "SoftlayerDetector",
    }
)
_BETWEEN: Final = re.compile(r"[\s\"'\\=:,;]+")


def check_installed() -> None:
    """Raise ConfigError when the library is not there: nothing may be recorded unredacted then."""
    if find_spec("detect_secrets") is None:
        raise ConfigError(
            "redaction is on, but detect-secrets is not installed; "
            "pip install 'otel-i2e[redact]', or set I2E_REDACT=off"
        )


def library_shapes() -> Iterator[tuple[str, str]]:
    """Kind and pattern of each; `secret_in` finds the secret in a match. Not all of them are patterns of RE2."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class  # see above

    for kind, detector in get_mapping_from_secret_type_to_class().items():
        patterns: Any = getattr(detector, "denylist", ())
        if detector.__name__ not in _LEFT_OUT and isinstance(patterns, list | tuple):
            name = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")
            for pattern in cast("list[re.Pattern[str]]", patterns):
                yield name, f"(?i){_plain(pattern)}" if pattern.flags & re.IGNORECASE else _plain(pattern)


def _plain(pattern: re.Pattern[str]) -> str:
    """Without looking ahead for the end of a word: what is greedy ends there anyway."""
    return pattern.pattern.replace(r"(?!\w)", "")


def secret_in(match: Any) -> tuple[int, int]:
    """Where the secret stands: a match may have quotes and names around it, the longest piece is the secret."""
    begin, end = match.span()
    text: str = match.string
    longest = (begin, begin)
    at = begin
    for between in [*_BETWEEN.finditer(text, begin, end), None]:
        stop = end if between is None else between.start()
        if stop - at > longest[1] - longest[0]:
            longest = (at, stop)
        at = end if between is None else between.end()
    return longest
