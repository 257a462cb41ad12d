"""Values that are longer than a limit, of spans and log records as they were sent."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.normalize import RawEvent, RawLink, RawLog, RawSpan, shorten_log, shorten_span

MARKER = "i2e.content.truncated"
LIMIT = 20


def _span(attributes: dict[str, Any], events: list[RawEvent] | None = None) -> RawSpan:
    links = [RawLink("c" * 32, "d" * 16, attributes)]
    return RawSpan({}, "", "", "a" * 32, "b" * 16, "", "n", 0, 1, 2, attributes, events or [], links, "unset", "")


def _mark(whole: str) -> dict[str, Any]:
    return {"bytes": len(whole.encode()), "sha256": sha256(whole.encode()).hexdigest()}


def test_nothing_too_long_changes_nothing() -> None:
    """The same object comes back."""
    raw = _span({"a": "x" * LIMIT, "n": 10**30, "list": ["x" * 10], "none": None})
    assert shorten_span(raw, LIMIT) is raw
    log = RawLog({}, "", "", "", "", "", 0, 0, {"a": 1}, {"b": "x"})
    assert shorten_log(log, LIMIT) is log


def test_attributes_events_and_links_are_cut() -> None:
    """Each with its place, size and hash; the rest stays."""
    long = "x" * (LIMIT + 1)
    shorter = shorten_span(_span({"a": long, "b": 1}, [RawEvent("e", 5, {"k": long, "short": "s"})]), LIMIT)
    marks = json.loads(shorter.attributes[MARKER])
    assert marks == dict.fromkeys(("a", "e:k", "link:a"), _mark(long))
    assert (shorter.attributes["a"], shorter.attributes["b"]) == ("x" * LIMIT, 1)
    assert shorter.events == [RawEvent("e", 5, {"k": "x" * LIMIT, "short": "s"})]
    assert shorter.links[0].attributes["a"] == "x" * LIMIT


def test_a_structure_becomes_the_beginning_of_its_text() -> None:
    """As compact JSON."""
    value = [{"role": "user", "content": "x" * 30}]
    shorter = shorten_span(_span({"a": value}), LIMIT)
    whole = json.dumps(value, separators=(",", ":"))
    assert shorter.attributes["a"] == whole[:LIMIT]
    assert json.loads(shorter.attributes[MARKER])["a"] == _mark(whole)


def test_the_body_of_a_log_record_is_cut() -> None:
    """Noted under `body`, among the record's own attributes."""
    log = shorten_log(RawLog({}, "", "", "", "", "", 0, 0, "y" * 50, {}), LIMIT)
    assert log.body == "y" * LIMIT
    assert json.loads(log.attributes[MARKER]) == {"body": _mark("y" * 50)}


def test_size_and_hash_are_those_of_what_was_sent() -> None:
    """Not of what was left when images were out."""
    sent = _span({"a": "image " * 100})
    shorter = shorten_span(_span({"a": "reference " * 4}), LIMIT, sent)
    assert shorter.attributes["a"] == ("reference " * 4)[:LIMIT]
    assert json.loads(shorter.attributes[MARKER])["a"] == _mark("image " * 100)


def test_what_the_sender_cut_keeps_the_senders_size() -> None:
    """Cut further here, it is still that large; its other entries stay."""
    earlier = {"a": _mark("z" * 5000), "gone": _mark("q")}
    shorter = shorten_span(_span({"a": "z" * 100, "c": "z" * 90, MARKER: json.dumps(earlier)}), LIMIT)
    assert json.loads(shorter.attributes[MARKER]) == {**earlier, "c": _mark("z" * 90), "link:a": _mark("z" * 100)} | {
        "link:c": _mark("z" * 90),
    }


@pytest.mark.parametrize(
    "marker", ["true", "[" * 5000, '{"a": 1}', json.dumps({"a": {"bytes": "x", "sha256": "y"}}), 7]
)
def test_a_marker_that_is_not_ours_is_a_value_like_any_other(marker: Any) -> None:
    """It cannot hide what we cut, nor its own length."""
    shorter = shorten_span(_span({"a": "z" * 100, MARKER: marker}), LIMIT)
    assert json.loads(shorter.attributes[MARKER])["a"] == _mark("z" * 100)


@given(st.text(max_size=60), st.integers(0, 40))
def test_cut_at_a_whole_character(text: str, limit: int) -> None:
    """At most the limit, less than one character short of it, and always a beginning of the value."""
    kept = shorten_span(_span({"a": text}), limit).attributes["a"]
    size = len(kept.encode())
    assert text.startswith(kept)
    assert kept == text or limit - 3 <= size <= limit


def test_a_lone_surrogate_is_no_obstacle() -> None:
    """Cut all the same."""
    kept = shorten_span(_span({"a": "\ud800" * 50}), LIMIT).attributes["a"]
    assert 0 < len(kept.encode()) <= LIMIT
