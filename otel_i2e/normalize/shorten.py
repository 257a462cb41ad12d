"""Values that are longer than a limit → their beginning, with size and SHA-256 of the whole noted beside them.

The same marker as our capture's: the attribute `i2e.content.truncated`, a JSON object with one entry for each value.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

from otel_i2e.models.json_text import SORTED, dumps, loads, well_formed
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_object
from otel_i2e.semconv import I2E_CONTENT_TRUNCATED, TRUNCATED_MESSAGE, TRUNCATED_NAME

__all__ = ["shorten_log", "shorten_span"]

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_UTF8_WIDEST: Final = 4

Marks = dict[str, Any]
"""Place of a value → `bytes` and `sha256` of what it was."""


def shorten_span(raw: RawSpan, limit: int, sent: RawSpan | None = None) -> RawSpan:
    """`raw` with name, status message and values of attributes, events and links of at most `limit` bytes of UTF-8;
    itself when none is longer.

    `sent` is the span before images were taken out: what is noted is size and hash of its values. Of a structure
    both are those of its compact JSON text, whose beginning stays. A value that its sender cut keeps the sender's.
    """
    cuts = _Cuts(limit, raw.attributes)
    sent = sent or raw
    attributes = cuts.attributes(raw.attributes, sent.attributes)
    events = [
        event._replace(attributes=cuts.attributes(event.attributes, whole.attributes, f"{event.name}:"))
        for event, whole in zip(raw.events, sent.events, strict=True)
    ]
    links = [link._replace(attributes=cuts.attributes(link.attributes, link.attributes, "link:")) for link in raw.links]
    name = cuts.value(raw.name, sent.name, TRUNCATED_NAME)
    message = cuts.value(raw.status_message, sent.status_message, TRUNCATED_MESSAGE)
    if not cuts.made:
        return raw
    marked = cuts.marked(attributes)
    return raw._replace(name=name, status_message=message, attributes=marked, events=events, links=links)


def shorten_log(raw: RawLog, limit: int, sent: RawLog | None = None) -> RawLog:
    """As `shorten_span`, of a log record's attributes and body; the body's place is `body`."""
    cuts = _Cuts(limit, raw.attributes)
    sent = sent or raw
    attributes = cuts.attributes(raw.attributes, sent.attributes)
    body = cuts.value(raw.body, sent.body, "body")
    return raw._replace(attributes=cuts.marked(attributes), body=body) if cuts.made else raw


class _Cuts:
    """What was cut of one span or log record."""

    def __init__(self, limit: int, attributes: Json) -> None:
        self.made: Marks = {}
        self._limit = limit
        self._earlier = _marks(attributes.get(I2E_CONTENT_TRUNCATED))

    def attributes(self, given: Json, sent: Json, place: str = "") -> Json:
        """The same object when nothing was too long."""
        changed: Json = {}
        for key, value in given.items():
            if isinstance(value, int | float) or (key == I2E_CONTENT_TRUNCATED and self._earlier):
                continue
            if (cut := self.value(value, sent[key], place + key)) is not value:
                changed[key] = cut
        return {**given, **changed} if changed else given

    def value(self, value: Any, sent: Any, place: str) -> Any:
        """The same object when it was not too long."""
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, str) and len(value) * _UTF8_WIDEST <= self._limit:
            return value
        data = _text(value)
        if len(data) <= self._limit:
            return value
        whole = data if sent is value else _text(sent)
        self.made[place] = self._earlier.get(place) or {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}
        return data[: self._limit].decode("utf-8", "ignore")

    def marked(self, attributes: Json) -> Json:
        """`attributes` with the marker: what was cut here, and by the sender."""
        marks = dumps({**self._earlier, **self.made}, SORTED)
        return {**attributes, I2E_CONTENT_TRUNCATED: marks}


def _marks(marker: Any) -> Marks:
    """What a sender says that it cut; nothing when that is not of the form that we write."""
    try:
        marks: Any = loads(marker) if isinstance(marker, str) else None
    except ValueError:
        return {}
    return marks if is_object(marks) and all(map(_is_mark, marks.values())) else {}


def _is_mark(value: Any) -> bool:
    return (
        is_object(value)
        and value.keys() == {"bytes", "sha256"}
        and isinstance(value["bytes"], int)
        and isinstance(value["sha256"], str)
        and _DIGEST.fullmatch(value["sha256"]) is not None
    )


def _text(value: Any) -> bytes:
    return (well_formed(value) if isinstance(value, str) else dumps(value)).encode()
