"""Decompression."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.receive.inflate import inflated, sniffed
from otel_i2e.receive.refused import Refused

LIMIT = 4096


def _raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


PACK = {"gzip": gzip.compress, "deflate": zlib.compress, "raw": _raw_deflate}


@given(body=st.binary(max_size=LIMIT), way=st.sampled_from(sorted(PACK)))
def test_what_was_packed_comes_out(body: bytes, way: str) -> None:
    """gzip, and deflate with and without its zlib header."""
    packed = PACK[way](body)
    if way == "raw" and sniffed(packed) == "deflate":
        return  # two bytes that are a zlib header by chance
    assert inflated(packed, "gzip" if way == "gzip" else "deflate", LIMIT) == body


def test_identity_is_the_body_itself() -> None:
    """No coding, and the coding that says so."""
    assert inflated(b"abc", "", 3) == inflated(b"abc", "identity", 3) == b"abc"


def test_members_of_a_gzip_stream_are_joined() -> None:
    """Several members, with zero padding between and after them."""
    assert inflated(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 8, "gzip", LIMIT) == b"ab"


@pytest.mark.parametrize("way", sorted(PACK))
@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_is_exact(way: str, over: int) -> None:
    """As many bytes as the limit pass, one more does not."""
    packed, coding = PACK[way](b"x" * (LIMIT + over)), "gzip" if way == "gzip" else "deflate"
    if not over:
        assert len(inflated(packed, coding, LIMIT)) == LIMIT
        return
    with pytest.raises(Refused, match="larger than 4,096 bytes") as caught:
        inflated(packed, coding, LIMIT)
    assert caught.value.http_status == 413


@pytest.mark.parametrize(
    "body", [b"", gzip.compress(b"x" * 100)[:-9], b"no gzip", gzip.compress(b"a") + b"junk"], ids=lambda _: "body"
)
def test_a_broken_stream_is_undecodable(body: bytes) -> None:
    """Cut short, not gzip at all, junk behind: refused with 400, never passed on as it is."""
    if not body:
        assert inflated(body, "gzip", LIMIT) == b""
        return
    with pytest.raises(Refused) as caught:
        inflated(body, "gzip", LIMIT)
    assert caught.value.http_status == 400


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x"])
def test_another_coding_is_named(coding: str) -> None:
    """The message names the value and what would do."""
    with pytest.raises(Refused, match="identity, gzip, deflate") as caught:
        inflated(b"x", coding, LIMIT)
    assert caught.value.http_status == 415
    assert repr(coding) in str(caught.value)


def test_first_bytes_tell_the_coding() -> None:
    """gRPC hands us compressed messages without their name; an OTLP request begins with field 1."""
    assert [sniffed(b) for b in (gzip.compress(b"x"), zlib.compress(b"x"), b"\x0a\x02\x0a\x00", b"", b"x")] == [
        "gzip",
        "deflate",
        "identity",
        "identity",
        "identity",
    ]
