"""Messages of one call as two libraries told them."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.normalize.joined_messages import joined

HI, YES = {"type": "text", "content": "Hi"}, {"type": "text", "content": "Yes."}
THOUGHT = {"type": "reasoning", "content": "Hm."}
IMAGE = {"type": "blob", "modality": "image", "sha256": "ab"}
OTHER_IMAGE = {"type": "uri", "modality": "image", "uri": "https://example.org/b.png"}


def _call(id: str | None, arguments: Any = None, name: str = "f") -> dict[str, Any]:
    return {"type": "tool_call", "id": id, "name": name, "arguments": arguments}


def _result(id: str | None, response: Any) -> dict[str, Any]:
    return {"type": "tool_call_response", "id": id, "response": response}


def _said(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ([_said("user", HI)], [_said("user", IMAGE, HI)], [_said("user", IMAGE, HI)]),
        ([_said("assistant", YES)], [_said("assistant", THOUGHT, YES)], [_said("assistant", THOUGHT, YES)]),
        ([_said("assistant", YES)], [_said("assistant", _call("t"))], [_said("assistant", _call("t"), YES)]),
        ([_said("assistant", _call("t"))], [_said("assistant", YES)], [_said("assistant", YES, _call("t"))]),
        (
            [_said("assistant", _call("t"))],
            [_said("assistant", _call("t"), _call("u", 2))],
            [_said("assistant", _call("t"), _call("u", 2))],
        ),
        (
            [_said("user", HI), _said("tool", _result("t", 1))],
            [_said("user", HI), _said("tool", _result("t", 1), _result("u", 2))],
            [_said("user", HI), _said("tool", _result("t", 1), _result("u", 2))],
        ),
        (
            [_said("user", HI), _said("user", YES)],
            [_said("user", HI), _said("assistant", _call("t")), _said("tool", _result("t", 1)), _said("user", YES)],
            [_said("user", HI), _said("assistant", _call("t")), _said("tool", _result("t", 1)), _said("user", YES)],
        ),
        (
            [_said("user", IMAGE, HI), _said("user", YES)],
            [_said("user", HI), _said("user", OTHER_IMAGE, YES), _said("user", IMAGE)],
            [_said("user", IMAGE, HI), _said("user", OTHER_IMAGE, YES)],
        ),
        (
            [_said("user", YES, IMAGE)],
            [_said("user", HI), _said("assistant", YES), _said("user", YES)],
            [_said("user", HI), _said("assistant", YES), _said("user", YES, IMAGE)],
        ),
    ],
    ids=[
        *("an image", "a thought", "a call", "a text", "a second call", "a second result", "messages between"),
        *("an image in its message", "the history"),
    ],
)
def test_what_only_one_tells_is_kept(one: list[Any], other: list[Any], together: list[Any]) -> None:
    """In its place, and nothing twice; telling it once more adds nothing."""
    assert joined(one, other) == together
    assert joined(together, one) == joined(together, other) == together


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            [_said("user", {"type": "text", "content": "Hi you"})],
            [_said("user", HI, {"type": "text", "content": "you"})],
        ),
        ([_said("user", HI)], [_said("system", YES), _said("user", HI)]),
        ([_said("assistant", _call("fc_1", 1))], [_said("assistant", _call("call_1", 1))]),
        ([_said("assistant", _call(None, 1), _call(None, 2))], [_said("assistant", _call("a", 1), _call("b", 2))]),
        ([_said("user", IMAGE, HI)], [_said("user", HI), _said("user", OTHER_IMAGE)]),
        ([_said("assistant", THOUGHT, YES)], [_said("assistant", {"type": "reasoning", "content": "H"}, THOUGHT, YES)]),
        ([_said("tool", _result("t", "12 °C"))], [_said("tool", _result("t", "x")), _said("user", HI, _call("t"))][:1]),
        (
            [_said("user", HI), _said("tool", _result("t", {"state": "late today"}))],
            [
                _said("user", HI),
                _said("assistant"),
                _said("user", {"type": "text", "content": '{"state": "late today"}'}),
            ],
        ),
        ([_said("assistant", YES)], ["broken", {"role": "assistant", "parts": "?"}, {"parts": [3, {"type": 4}]}]),
    ],
    ids=[
        *("cut otherwise", "instructions", "ids of two kinds", "ids that one lost", "one image in two forms"),
        *("a thought in pieces", "one result in two forms", "a result told as text", "no messages"),
    ],
)
def test_the_same_in_another_form_adds_nothing(one: list[Any], other: list[Any]) -> None:
    """What is given back is the very first."""
    assert joined(one, other) is one


def test_of_two_calls_the_one_that_is_not_known_by_its_content_is_added() -> None:
    """Ids of two kinds: one call is there already, under its other id."""
    one, other = [_said("assistant", _call("fc_1", 1))], [_said("assistant", _call("a", 1), _call("b", 2))]
    assert joined(one, other) == [_said("assistant", _call("fc_1", 1), _call("b", 2))]
