"""The redactor: text, values and attributes in, the same without secrets out.

It never raises. A value for which anything fails is dropped (`[redacted:error]`), and what failed is counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, cast

from otel_i2e.errors import ConfigError
from otel_i2e.redact.base64_text import without_secrets
from otel_i2e.redact.find import Finder, Found, expression, replaced, unescaped
from otel_i2e.redact.library import check_installed
from otel_i2e.redact.shapes import SECRET_NAME

__all__ = ["DROPPED", "SPLIT", "Redactor", "make_redactor"]

DROPPED: Final = "[redacted:error]"
"""Stands in place of a value for which the redactor failed."""
SPLIT: Final = "[redacted:split]"
"""Stands in place of every item of a list that holds a part of one secret."""
_NAMES: Final = ("enabled", "patterns", "callables")
_SHORT: Final = 80
"""Characters of text that is worth remembering to be clean: names come again and again."""
_REMEMBERED: Final = 8192
_DEEPEST: Final = 90
_FEW_DIGITS: Final = 8
"""Digits of numbers that are counts. Longer ones may be somebody's: a card, an account, a badge."""


def make_redactor(table: Mapping[str, Any]) -> Redactor | None:
    """The redactor of the settings' `[redact]`; None when it is off.

    Raises ConfigError when the table is not valid or the library is not installed.
    """
    unknown = [name for name in table if name not in _NAMES]
    if unknown:
        raise ConfigError(f"[redact]: {unknown[0]!r} is not a setting; the settings are {', '.join(_NAMES)}")
    if not table or not table.get("enabled", True):
        return None
    check_installed()
    return Redactor(_patterns(table.get("patterns", {})), _names(table.get("callables", ())))


class Redactor:
    """`patterns` are (kind, expression of RE2), `callables` are `module:function`: text → text. Safe for threads."""

    def __init__(self, patterns: Sequence[tuple[str, str]] = (), callables: Sequence[str] = ()) -> None:
        self._patterns = tuple(patterns)
        self._names = tuple(callables)
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._clean: set[str] = set()
        self._finder: Finder | None = None
        self._loaded: dict[str, Callable[[str], str] | Exception] = {}

    def load(self) -> None:
        """Import now what would be imported at the first value."""
        self._found("")
        for name in self._names:
            self._loaded[name] = _load(name)

    def take_counts(self) -> Counter[tuple[str, str]]:
        """Since the last call: (`redacted`, kind) and (`redact_error`, what failed) → how often."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts

    def text(self, text: str) -> str:
        """`text` with a marker in place of each secret."""
        if text in self._clean:
            return text
        try:
            clean = self._text(text)
        except Exception as error:  # noqa: BLE001 -- a user's function may raise anything; the value goes, the rule stays
            return self.dropped(error)
        if clean is text and len(text) <= _SHORT:
            if len(self._clean) >= _REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return clean

    def attributes(self, attributes: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
        """Keys and values without secrets; a value whose name says that it is one goes whole."""
        clean: dict[str, Any] = {}
        for key, value in attributes.items():
            name = self.text(_name(key))
            clean[name] = self.named(name, value, depth)
        return clean

    def named(self, name: str, value: Any, depth: int = 0) -> Any:
        """The value of the field `name`; HTTP headers are lists."""
        if isinstance(value, str | bytes | bytearray | list | tuple) and value and (marker := self.marker(name)):
            return marker
        return self.value(value, depth)

    def marker(self, name: str) -> str:
        """What stands for the text of the field `name`; empty unless its name says that it is a secret."""
        return self._count("redacted", "named", "[redacted:named]") if SECRET_NAME.search(name) else ""

    def value(self, value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 -- one for each kind of value
        """Any value of an attribute; what is neither text, bytes, list nor mapping and no number becomes text."""
        if isinstance(value, str):
            return self.text(value if type(value) is str else str.__str__(value))
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, bytes | bytearray):
            text = value.decode("latin-1")
            return value if (clean := self.text(text)) is text else clean.encode("utf-8")
        if depth >= _DEEPEST:
            return self.dropped(RecursionError("nested too deeply"))
        if isinstance(value, Mapping):
            return self.attributes(cast("Mapping[str, Any]", value), depth + 1)
        if isinstance(value, Sequence):
            items = list(cast("Sequence[Any]", value))
            if all(type(item) is str for item in items):
                return self.texts(items)
            return [self.value(item, depth + 1) for item in items]
        return self.text(_shown(value))

    def number(self, number: int) -> int | str:
        """`number`, or text when a long one is a secret, by a pattern or function of the user."""
        if -(10**_FEW_DIGITS) < number < 10**_FEW_DIGITS:
            return number
        clean = self.long_number(text := _shown(number))
        return number if clean == text else clean

    def long_number(self, digits: str) -> str:
        """As `number`, of one in decimal digits."""
        return digits if len(digits) <= _FEW_DIGITS else self.text(digits)

    def dropped(self, error: Exception) -> str:
        """What stands for a value for which `error` was raised; counted."""
        return self._count("redact_error", str(error) if isinstance(error, _Failed) else type(error).__name__, DROPPED)

    def texts(self, texts: list[str]) -> list[str]:
        """Texts of one list: each clean by itself; a secret that runs over several of them takes them all."""
        touched: set[int] = set()
        try:
            for between in ("", "\n") if len(texts) > 1 else ():
                touched.update(self._across(texts, between))
            clean = [SPLIT if place in touched else self.text(text) for place, text in enumerate(texts)]
            return clean if self._is_clean("".join(clean)) else [SPLIT] * len(clean)
        except Exception as error:  # noqa: BLE001 -- as in `text`
            return [self.dropped(error)] * len(texts)

    def _is_clean(self, text: str) -> bool:
        """What the user's functions say; where in a text they found something they do not say."""
        return all(self._call(name, text) == text for name in self._names)

    def _across(self, items: list[str], between: str) -> list[int]:
        """Places of the items that a secret touches which is longer than one of them."""
        touched: list[int] = []
        found = self._found(between.join(items), loose=False) if any(items) else []
        begin = place = 0
        for one in found:
            while begin + len(items[place]) + len(between) <= one.begin:
                begin += len(items[place]) + len(between)
                place += 1
            at, last = begin, place
            while at + len(items[last]) + len(between) < one.end and last + 1 < len(items):
                at += len(items[last]) + len(between)
                last += 1
            if last > place:
                touched += range(place, last + 1)
                self._count("redacted", one.kind)
        return touched

    def _text(self, text: str) -> str:
        text = _encodable(text)
        for name in self._names:
            text = self._call(name, text)
        text = without_secrets(text, self._text)
        found = self._found(plain := unescaped(text))
        if not found:
            return text
        for one in found:
            self._count("redacted", one.kind)
        return replaced(plain, found)

    def _found(self, text: str, *, loose: bool = True) -> list[Found]:
        finder = self._finder
        if finder is None:
            finder = self._finder = Finder(self._patterns)
        return finder.find(text, loose=loose)

    def _call(self, name: str, text: str) -> str:
        call = self._loaded.get(name)
        if call is None:
            call = self._loaded[name] = _load(name)
        if isinstance(call, Exception):
            raise _Failed(f"{name}: {call}")
        try:
            given: Any = call(text)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # what calls sys.exit failed too
            raise _Failed(f"{name}: {type(error).__name__}") from error
        if not isinstance(given, str):
            raise _Failed(f"{name}: gave {type(given).__name__}, not text")
        return text if given == text else given

    def _count(self, counter: str, reason: str, marker: str = "") -> str:
        with self._lock:
            self._counts[counter, reason] += 1
        return marker


class _Failed(Exception):
    """A user's function could not be used; the message names it and nothing of the value."""


def _load(name: str) -> Callable[[str], str] | Exception:
    module, _, function = name.partition(":")
    try:
        return getattr(import_module(module), function)
    except Exception as error:  # noqa: BLE001 -- a user's module may raise anything while it is imported
        return ImportError(f"cannot be imported ({type(error).__name__})")


def _patterns(given: Any) -> list[tuple[str, str]]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"[redact]: patterns = {given!r} is not valid; it takes a table of names and expressions")
    patterns = list(cast("Mapping[str, Any]", given).items())
    for kind, pattern in patterns:
        expression(kind, pattern)
    return patterns


def _names(given: Any) -> list[str]:
    names: list[Any] = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str) or not all(name.partition(":")[::2]):
            raise ConfigError(f"[redact]: callable {name!r} is not valid; it takes 'module:function'")
    return names


def _encodable(text: str) -> str:
    """`text`, or with the escapes of lone surrogates in their place."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _name(key: object) -> str:
    return key if isinstance(key, str) else _shown(key)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 -- a foreign __repr__ may raise anything
        return f"<{type(value).__name__}>"
