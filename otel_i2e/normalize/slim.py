"""Spans and log records without the images in them: references stand in their place, whatever the dialect."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.blobs import SHORTEST, Keep, lifted, lifted_value
from otel_i2e.declared_blobs import LEAST, PAYLOADS, declared_type
from otel_i2e.normalize.raw import Json, RawLog, RawSpan, is_list, is_object

__all__ = ["slim_log", "slim_span"]

_WHOLE: Final = (".image.url", ".audio.url")
"""How attributes end that are a data URL or, as OpenInference also has it, the base64 alone."""


def slim_span(raw: RawSpan, keep: Keep) -> RawSpan:
    """`raw` with references in attributes and events; `keep` is given the SHA-256 and the bytes of each blob.

    `raw` itself when there is nothing to take out.
    """
    attributes = _slim(raw.attributes, keep)
    if not raw.events:
        return raw if attributes is raw.attributes else raw._replace(attributes=attributes)
    events = [event._replace(attributes=_slim(event.attributes, keep)) for event in raw.events]
    if attributes is raw.attributes and all(
        map(_same, [e.attributes for e in events], [e.attributes for e in raw.events])
    ):
        return raw
    return raw._replace(attributes=attributes, events=events)


def slim_log(raw: RawLog, keep: Keep) -> RawLog:
    """As `slim_span`, of a log record's attributes and body."""
    body = _value(raw.body, keep)
    attributes = _slim(raw.attributes, keep)
    return raw if body is raw.body and attributes is raw.attributes else raw._replace(body=body, attributes=attributes)


def _slim(attributes: Json, keep: Keep) -> Json:
    """The same object when nothing changed: this stands in the hot path, and images are rare."""
    changed: Json = {}
    for key, value in attributes.items():
        if isinstance(value, int) or (isinstance(value, str) and len(value) < SHORTEST):
            continue
        if (slim := _value(value, keep, key)) is not value:
            changed[key] = slim
    return {**attributes, **changed} if changed else attributes


def _object(value: Json, keep: Keep, name: str) -> Json:
    """As `_slim`, of an object with this name; its fields may declare one of them to be a blob."""
    for key in PAYLOADS:
        payload = value.get(key)
        if isinstance(payload, str) and len(payload) >= LEAST:
            beside = {field: text for field, text in value.items() if isinstance(text, str)}
            if (media_type := declared_type(key, beside, name)) is not None:
                value = {**value, key: lifted_value(payload, media_type, keep)}
    return _slim(value, keep)


def _value(value: Any, keep: Keep, key: str = "") -> Any:
    if isinstance(value, str):
        slim = lifted(value, keep)
        if slim == value and key.endswith(_WHOLE):
            slim = lifted_value(value, "", keep)
        return value if slim == value else slim
    if is_object(value):
        return _object(value, keep, key)
    if is_list(value):
        items = [_value(item, keep, key) for item in value]
        return value if all(map(_same, items, value)) else items
    return value


def _same(one: object, other: object) -> bool:
    return one is other
