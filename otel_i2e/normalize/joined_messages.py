"""Merging, of messages: of two tellings of one call the fuller one, with the parts that only the other one has.

    more was said   one telling has every text of the other, and further messages: it is the one to add to
    a part lacks    an image, a thought, a tool call or a result of which the other telling has fewer; an id that is
                    there already, or content that is, is no part that lacks

Texts are never mixed: libraries cut one text into parts differently. Instructions have a column of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.models.json_text import SORTED, dumps
from otel_i2e.normalize.raw import Json, is_list, is_object

__all__ = ["joined"]

_INSTRUCTIONS: Final = ("system", "developer")
_WORDS: Final = ("text", "reasoning")
_MEDIA: Final = frozenset({"blob", "uri", "file"})
_CALLS: Final = {
    "tool_call": "arguments",
    "tool_call_response": "response",
    "server_tool_call": "server_tool_call",
    "server_tool_call_response": "server_tool_call_response",
}
"""Parts that may have an id → what they say beside it and a name."""


class _Part(NamedTuple):
    """A part, and where it stands."""

    message: int
    place: int
    sort: str
    """`media` for images and files, else its type."""
    part: Json


def joined(one: Sequence[Any], other: Sequence[Any]) -> Sequence[Any]:
    """The messages of both tellings; `one` itself when the other has nothing more. Of equals the first is kept."""
    if one == other:
        return one
    whole, more = (other, one) if _says_more(other, one) else (one, other)
    lacking = _lacking(whole, more)
    return _with(whole, more, lacking) if lacking else whole


def _parts(messages: Sequence[Any]) -> Iterator[_Part]:
    for at, message in enumerate(messages):
        if not is_object(message) or message.get("role") in _INSTRUCTIONS:
            continue
        parts = message.get("parts")
        for place, part in enumerate(parts if is_list(parts) else ()):
            if is_object(part) and isinstance(kind := part.get("type"), str):
                yield _Part(at, place, "media" if kind in _MEDIA else kind, part)


def _words(part: Json) -> str:
    return "".join(str(part.get("content") or "").split())


def _texts(messages: Sequence[Any]) -> list[str]:
    return [said for one in _parts(messages) if one.sort == "text" and (said := _words(one.part))]


def _says_more(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether `one` has more messages with text than `other`, every text of it, and what it does not tell at all."""
    mine, theirs = _texts(one), _texts(other)
    if len(mine) <= len(theirs) or len(one) <= len(other):
        return False
    whole = "\0".join(mine)
    anywhere = _plain(dumps(other))
    return all(text in whole for text in theirs) and any(_plain(text) not in anywhere for text in mine)


def _plain(text: str) -> str:
    """Without spaces and what JSON inside of JSON adds to it."""
    return "".join(text.split()).replace("\\n", "").replace("\\", "")


def _lacking(whole: Sequence[Any], more: Sequence[Any]) -> list[_Part]:
    """Parts of `more` that `whole` lacks: of each sort no more than it has fewer of."""
    there: defaultdict[str, list[Json]] = defaultdict(list)
    for one in _parts(whole):
        there[one.sort].append(one.part)
    sent: defaultdict[str, list[_Part]] = defaultdict(list)
    for one in _parts(more):
        sent[one.sort].append(one)
    found: list[_Part] = []
    for sort, parts in sent.items():
        known = there[sort]
        spare = len(parts) - len(known)
        if spare <= 0 or (sort == "text" and known):
            continue
        said = set(map(_said, known))
        new = sorted((one for one in parts if not _is_there(one, known)), key=lambda one: _said(one.part) in said)
        found += new[:spare]
    return sorted(found, key=lambda one: (one.message, one.place))


def _is_there(one: _Part, there: Sequence[Json]) -> bool:
    if one.sort in _WORDS:
        return not _words(one.part) or _words(one.part) in "\0".join(map(_words, there))
    own = one.part.get("id") if one.sort in _CALLS else None
    if own and any(part.get("id") == own for part in there):
        return True
    alike = there if one.sort not in _CALLS else [part for part in there if not own or not part.get("id")]
    said = _said(one.part)
    return any(_said(part) == said for part in alike)


def _said(part: Json) -> str:
    """What a part says, whatever its id; of an image or a file its bytes, whatever its form."""
    kind = str(part.get("type"))
    if kind in _CALLS:
        return dumps([part.get("name"), part.get(_CALLS[kind])], SORTED)
    named = (part.get(name) for name in ("sha256", "content", "uri", "file_id"))
    return next((str(one) for one in named if one), None) or dumps(part, SORTED)


def _with(whole: Sequence[Any], more: Sequence[Any], lacking: Sequence[_Part]) -> list[Any]:
    """`whole` with parts of `more`, each in the message that is the same, or in one that is put in its place."""
    messages = [dict(message) if is_object(message) else message for message in whole]
    same = _alignment(messages, more)
    put: dict[int, Json] = {}
    for one in lacking:
        message = put.get(one.message)
        if message is None and (at := same.get(one.message)) is not None:
            message = messages[at] = {**messages[at], "parts": list(messages[at].get("parts") or ())}
        if message is None:
            message = {**more[one.message], "parts": list[Any]()}
            messages.insert(min(one.message, len(messages)), message)
        put[one.message] = message
        message["parts"].insert(min(one.place, len(message["parts"])), one.part)
    return messages


def _alignment(whole: Sequence[Any], more: Sequence[Any]) -> dict[int, int]:
    """Place of a message in `more` → its place in `whole`: of one role and text; else in turn, where as many are."""
    mine, theirs = _by_role(whole), _by_role(more)
    same: dict[int, int] = {}
    for role, places in theirs.items():
        own = mine.get(role, [])
        texts = {_text(whole[at]): at for at in reversed(own)}
        for turn, place in enumerate(places):
            text = _text(more[place])
            at = texts.get(text) if text else None
            if at is None and len(own) == len(places):
                at = own[turn]
            if at is not None:
                same[place] = at
    return same


def _by_role(messages: Sequence[Any]) -> dict[Any, list[int]]:
    places: defaultdict[Any, list[int]] = defaultdict(list)
    for at, message in enumerate(messages):
        if is_object(message):
            places[str(message.get("role"))].append(at)
    return places


def _text(message: Json) -> str:
    return "".join(_texts([message]))
