"""What declares base64 to be an image or a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otel_i2e.declared_blobs import declared_type, siblings

DATA = "iVBORw0KGgoAAAANSUhEUg"


@pytest.mark.parametrize(
    ("field", "beside", "parent", "expected"),
    [
        ("data", {"type": "base64", "media_type": "image/png"}, "source", "image/png"),
        ("data", {"format": "wav"}, "input_audio", "audio/wav"),
        ("content", {"type": "blob", "mime_type": "image/png"}, "", "image/png"),
        ("result", {"type": "image_generation_call"}, "", ""),
        ("b64_json", {}, "", ""),
        ("data", {"mime_type": "application/pdf"}, "", "application/pdf"),
    ],
)
def test_neighbours_declare_a_blob(field: str, beside: dict[str, str], parent: str, expected: str) -> None:
    """By their type, a media type, or the name of the object; the media type may be unknown."""
    assert declared_type(field, beside, parent) == expected


@pytest.mark.parametrize(
    ("field", "beside", "parent"),
    [
        ("content", {"type": "text"}, ""),
        ("data", {"mime_type": "text/plain"}, ""),
        ("data", {"mime_type": "application/json"}, ""),
        ("result", {"type": "tool_result"}, ""),
        ("content", {"format": "wav"}, "input_audio"),
        ("data", {}, "message"),
    ],
)
def test_what_nothing_declares_is_none(field: str, beside: dict[str, str], parent: str) -> None:
    """It stays the text that it is."""
    assert declared_type(field, beside, parent) is None


def _plain(value: Any) -> str:
    return json.dumps(value)


def _escaped_twice(value: Any) -> str:
    return json.dumps(json.dumps({"a": json.dumps(value)}))


def _printed(value: Any) -> str:
    return repr(value)


@pytest.mark.parametrize("written", [_plain, _escaped_twice, _printed])
def test_the_fields_beside_are_those_of_its_own_object(written: Any) -> None:
    """However it is written; whole objects among them, and those around, have fields of their own."""
    beside = {"type": "base64", "cache": {"type": "ephemeral"}, "data": DATA, "media_type": "image/png"}
    text = written({"type": "image", "source": beside})
    begin = text.index(DATA)
    assert siblings(text, begin, begin + len(DATA)) == ({"type": "base64", "media_type": "image/png"}, "source")


def test_json_that_was_cut_still_says_what_stands_before() -> None:
    """The end of the object is missing."""
    text = _plain({"source": {"media_type": "image/png", "data": DATA}})
    begin = text.index(DATA)
    assert siblings(text[: begin + 9], begin, begin + 9) == ({"media_type": "image/png"}, "source")
