"""Values in protobuf, held against the official encoder."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._internal import _encode_value
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

from otel_i2e.capture.wire import MAX_DEPTH, Values, varint

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
LEAVES = st.none() | st.booleans() | INT64 | st.floats(allow_nan=False) | TEXT | st.binary()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20)


def _read(encoded: bytes) -> Any:
    return AnyValue.FromString(encoded)


@given(VALUES)
def test_every_value_is_encoded_as_the_official_encoder_does(value: Any) -> None:
    """Parsed with the real messages, both are the same."""
    assert _read(Values().any_value(value)) == _encode_value(value)


@given(TEXT, VALUES)
def test_a_pair_is_a_key_value(key: str, value: Any) -> None:
    """Key and value survive, whatever they are."""
    values = Values()
    parsed = KeyValueList.FromString(values.pair(b"\x0a", key, values.any_value(value))).values
    assert list(parsed) == [KeyValue(key=key, value=_encode_value(value))]


@given(st.integers(0, 2**64 - 1))
def test_varint_is_what_protobuf_reads(n: int) -> None:
    """Seven bits a byte, the lowest first."""
    assert int.from_bytes(_seven_bits(varint(n)), "little") == n


def _seven_bits(data: bytes) -> bytes:
    n = sum((byte & 127) << (7 * i) for i, byte in enumerate(data))
    return n.to_bytes(10, "little")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**63, "9223372036854775808"),
        (-(2**63) - 1, "-9223372036854775809"),
        (10**5000, hex(10**5000)),
        ({1}, "{1}"),
        (complex(1, 2), "(1+2j)"),
    ],
    ids=["above", "below", "beyond_digits", "set", "complex"],
)
def test_what_no_value_holds_becomes_text_and_is_counted(value: Any, text: str) -> None:
    """An integer beyond 64 bits in digits, an object as its repr; each counts once."""
    values = Values()
    assert _read(values.any_value(value)).string_value == text
    assert values.replaced == 1


def test_an_object_whose_repr_raises_is_named_by_its_type() -> None:
    """Nothing that a foreign object does gets out."""

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert _read(Values().any_value(Hostile())).string_value == "<Hostile>"


def test_lone_surrogates_and_nul_survive() -> None:
    """UTF-8 cannot hold half a character: it becomes its escape; NUL stays."""
    assert _read(Values().any_value("a\ud800b\0c")).string_value == "a\\ud800b\0c"
    pair = KeyValueList.FromString(Values().pair(b"\x0a", "k\udfff", b"")).values[0]
    assert pair.key == "k\\udfff"


def test_a_value_within_itself_ends_at_the_depth_that_parsers_take() -> None:
    """A cycle becomes text below the limit, and the official parser takes the result."""
    cycle: list[Any] = []
    cycle.append(cycle)
    values = Values()
    parsed, depth = _read(values.any_value(cycle)), 0
    while parsed.WhichOneof("value") == "array_value":
        parsed, depth = parsed.array_value.values[0], depth + 1
    assert depth == MAX_DEPTH
    assert (parsed.string_value, values.replaced) == ("[[...]]", 1)


def test_enumerations_and_mapping_keys_of_other_types_are_plain_values() -> None:
    """An enumeration of text or numbers is its value; a key that is no text is its repr."""

    class Colour(StrEnum):
        RED = "red"

    class Size(IntEnum):
        BIG = 3

    values = Values()
    assert _read(values.any_value(Colour.RED)).string_value == "red"
    assert _read(values.any_value(Size.BIG)).int_value == 3
    assert _read(values.any_value({1: "x"})).kvlist_value.values[0].key == "1"
    assert values.replaced == 0
