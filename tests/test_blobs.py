"""Base64 out of texts, and back into them."""

from __future__ import annotations

import json
import random
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.blobs import MIN_CHARACTERS, Blob, lifted, reference, restored

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(3_000)
BASE64 = b64encode(PNG).decode()
REFERENCE = f"i2e-blob:image/png:{len(PNG)}:{sha256(PNG).hexdigest()}"


def lift(text: str) -> tuple[str, dict[str, bytes]]:
    """The text without base64, and what was in it."""
    kept: dict[str, bytes] = {}
    return lifted(text, kept.__setitem__), kept


@pytest.mark.parametrize(
    "text",
    [
        BASE64,
        f"data:image/png;base64,{BASE64}",
        json.dumps({"source": {"type": "base64", "media_type": "image/png", "data": BASE64}}),
        json.dumps([json.dumps({"image_url": {"url": f"data:image/png;charset=x;base64,{BASE64}"}}), BASE64, "Łódź"]),
        f"two {BASE64} and {BASE64}",
    ],
)
def test_an_image_is_a_reference_wherever_it_stands(text: str) -> None:
    """In a data URL, in JSON, in JSON in JSON; JSON stays JSON, and the text can be had back byte for byte."""
    slim, kept = lift(text)
    assert REFERENCE in slim
    assert slim == text.replace(BASE64, REFERENCE)
    assert kept == {sha256(PNG).hexdigest(): PNG}
    assert restored(slim, kept.get) == text
    assert lift(slim) == (slim, {})


def wrapped(text: str, width: int = 76, newline: str = "\n") -> str:
    """In lines, as `base64.encodebytes` and MIME have it."""
    return newline.join(text[at : at + width] for at in range(0, len(text), width))


LAYOUTS = {
    "in lines of 76": wrapped(BASE64),
    "in lines of 64, with CR": wrapped(BASE64, 64, "\r\n"),
    "in lines, full to the last": wrapped(BASE64[: 76 * 40]),
    "in lines, within JSON": wrapped(BASE64, newline="\\n"),
    "in lines, within JSON within JSON": wrapped(BASE64, newline="\\\\r\\\\n"),
    "URL-safe": urlsafe_b64encode(PNG).decode(),
    "URL-safe, without padding": urlsafe_b64encode(PNG + b"x").decode().rstrip("="),
    "URL-safe, in lines": wrapped(urlsafe_b64encode(PNG + b"xy").decode()),
    "with escaped slashes": BASE64.replace("/", "\\/"),
    "with .NET's escapes": b64encode(PNG + b"x").decode().replace("+", "\\u002B").replace("=", "\\u003D"),
    "percent-encoded": b64encode(PNG + b"x").decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
}


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "data:image/png;base64,{}",
        "See ![it](data:image/png;base64,{}) and say.",
        "<img\nsrc='{}'>",
        "{}\nThe end",
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_base64_in_any_layout_is_a_reference(layout: str, around: str) -> None:
    """In lines, URL-safe, escaped; in plain text, too; the text can be had back byte for byte."""
    text = around.replace("{}", LAYOUTS[layout])
    slim, kept = lift(text)
    assert len(slim) < 300
    assert [data[: len(PNG) // 2] for data in kept.values()] == [PNG[: len(PNG) // 2]]
    assert restored(slim, kept.get) == text
    assert lift(slim) == (slim, {})
    if around == "{}":
        assert reference(slim) == Blob("image/png", *((len(data), digest) for digest, data in kept.items()).__next__())


@given(
    data=st.binary(min_size=600, max_size=900), width=st.integers(20, 300), newline=st.sampled_from(["\n", "\\r\\n"])
)
def test_whatever_is_lifted_comes_back(data: bytes, width: int, newline: str) -> None:
    """Of any width; and twice the same is one blob."""
    text = f"a {wrapped('iVBORw0KGgo' + b64encode(data).decode(), width, newline)} b" * 2
    slim, kept = lift(text)
    assert restored(slim, kept.get) == text
    assert len(kept) <= 1


@pytest.mark.parametrize("after", [":p20;", ":w76.n0a;", ":", ";", "0a", ".n0a"])
def test_what_follows_is_not_taken_for_a_layout(after: str) -> None:
    """Even where it looks like one."""
    for text in (BASE64 + after, wrapped(BASE64) + after, BASE64[:-2] + after):
        slim, kept = lift(text)
        assert len(slim) < 200
        assert restored(slim, kept.get) == text


@pytest.mark.parametrize("slash", ["\\/", "\\\\\\/"])
@pytest.mark.parametrize("around", ["{}", '{{"data":"{}"}}'])
def test_a_photograph_begins_with_an_escaped_slash(slash: str, around: str) -> None:
    """As PHP writes JSON; without a data URL, in JSON within JSON, too."""
    photograph = b"\xff\xd8\xff\xe0" + PNG
    text = around.format(*[b64encode(photograph).decode().replace("/", slash)] * 2)
    slim, kept = lift(text)
    assert list(kept.values()) == [photograph]
    assert len(slim) < 300
    assert restored(slim, kept.get) == text


def test_a_list_of_hashes_is_no_file() -> None:
    """However long: it is read by people."""
    text = "\n".join(sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(1_000))
    assert lift(text) == (text, {})
    assert lift(text.upper()) == (text.upper(), {})


@pytest.mark.parametrize(
    ("begin", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"ID3\4", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"PK\3\4", "application/zip"),
    ],
)
def test_what_a_file_is_shows_in_how_it_begins(begin: bytes, media_type: str) -> None:
    """Without a data URL."""
    data = begin + bytes(1_000)
    slim, kept = lift(f'"{b64encode(data).decode()}"')
    assert list(kept.values()) == [data]
    assert reference(slim.strip('"')) == Blob(media_type, len(data), sha256(data).hexdigest())


def test_what_is_declared_is_lifted_however_short_it_is() -> None:
    """In JSON in JSON, in any order of fields, cut behind it, and as a program prints it."""
    tiny = PNG[:30]
    base64 = b64encode(tiny).decode()
    part: dict[str, object] = {"meta": {"a": 0}, "data": base64, "name": {"x": {"y": 1}}, "media_type": "image/png"}
    for text in (
        f"see data:image/png;base64,{base64}",
        json.dumps([part]),
        json.dumps(json.dumps([json.dumps([part])])),
        f'[{{"media_type": "image/png", "data": "{base64}',
        repr(part),
        f'{{"b64_json":"{base64}"}}',
        f'{{"type": "image_generation_call", "result": "{base64}"}}',
    ):
        slim, kept = lift(text)
        assert list(kept.values()) == [tiny], text
        assert base64 not in slim
        assert restored(slim, kept.get) == text
        assert lift(slim) == (slim, {})


def test_base64_that_says_nothing_is_lifted_only_when_it_is_long() -> None:
    """Signatures and tokens stay; raw audio does not."""
    signature = b64encode(random.Random(2).randbytes(1_500)).decode()
    audio = b64encode(random.Random(3).randbytes(30_000)).decode()
    slim, kept = lift(json.dumps({"signature": signature, "data": audio}))
    assert signature in slim
    assert [len(data) for data in kept.values()] == [30_000]


@pytest.mark.parametrize("cut", range(1, 6))
def test_base64_that_was_cut_is_lifted_as_far_as_it_goes(cut: int) -> None:
    """What is left of a cut run stands behind the reference, so that nothing is lost."""
    text = f'[{{"data": "{BASE64[:-cut]}'
    slim, kept = lift(text)
    assert len(slim) < 200
    assert restored(slim, kept.get) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no image",
        BASE64[: MIN_CHARACTERS - 4],
        "data:image/png;base64,AAAA",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA...",
        'write ";base64,iVBORw0KGgoAAAANSUhEUgAA"',
        '{"type": "text", "mime_type": "text/plain", "content": "AAAABBBBCCCCDDDDEEEE"}',
        '{"type": "text", "content": "AAAABBBBCCCCDDDDEEEE"}, {"mime_type": "image/png"}',
        '{"type": "redacted_thinking", "data": "AAAABBBBCCCCDDDDEEEE"}',
        '{"type": "blob", "mime_type": "image/png", "content": "AAAABBBBCCCCDDDDEEEE is no base64"}',
        '{"name": "screenshot", "result": "AAAABBBBCCCCDDDDEEEE"}',
        "iVBORw0KGgo" + "?" * 2_000,
        "x" * 30_001 + "Z==",
    ],
)
def test_what_is_no_image_stays(text: str) -> None:
    """Short base64, and what only begins like an image."""
    slim, kept = lift(text)
    assert kept == {}
    assert restored(slim, kept.get) == text


def test_a_reference_to_what_is_gone_stays_one() -> None:
    """And what only looks like one is none."""
    assert restored(f"a {REFERENCE} b", lambda _: None) == f"a {REFERENCE} b"
    assert reference(f"data:image/png;base64,{REFERENCE}") is not None
    for text in (None, 7, "text", REFERENCE[:-1], f"{REFERENCE}/../x", "i2e-blob:x/y:1:" + "Z" * 64):
        assert reference(text) is None
