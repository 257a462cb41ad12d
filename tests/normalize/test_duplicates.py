"""Two spans for one model call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otel_i2e.models import SpanRow
from otel_i2e.normalize import duplicate_links

RowOf = Callable[..., SpanRow]
Sent = Callable[[str, str], Any]
MS = 1_000_000


def call(row_of: RowOf, span_id: str, parent: str = "", at: tuple[int, int] = (0, 100), **more: Any) -> SpanRow:
    """A model call from `at[0]` to `at[1]` milliseconds; dots in names are written `__`."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 90,
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    start = 1_763_650_000_000 * MS
    return row_of(
        attributes,
        span_id=span_id * 16,
        parent_span_id=parent * 16,
        start_ns=start + at[0] * MS,
        end_ns=start + at[1] * MS,
    )


def test_one_response_id_is_one_call(row_of: RowOf) -> None:
    """The poorer span points to the richer, whichever came first."""
    rich = call(row_of, "a", gen_ai__response__id="r1", gen_ai__input__messages="hi")
    poor = call(row_of, "b", gen_ai__response__id="r1", at=(5, 95))
    assert duplicate_links([rich, poor]) == duplicate_links([poor, rich]) == {(poor["trace_id"], "b" * 16): "a" * 16}


def test_a_call_inside_a_call_with_its_usage_is_the_same(row_of: RowOf) -> None:
    """A wrapper and what it wraps, without response ids; of equals the outer is kept."""
    outer, inner = call(row_of, "a"), call(row_of, "b", "a", at=(5, 95))
    assert duplicate_links([inner, outer]) == {(inner["trace_id"], "b" * 16): "a" * 16}


def test_three_spans_of_one_call_have_one_to_keep(row_of: RowOf) -> None:
    """Links never point to a span that points elsewhere."""
    rows = [
        call(row_of, "a", gen_ai__response__id="r1"),
        call(row_of, "b", "a", at=(1, 99), gen_ai__response__id="r1", gen_ai__input__messages="hi"),
        call(row_of, "c", "b", at=(2, 98)),
    ]
    assert set(duplicate_links(rows).values()) == {"b" * 16}
    assert len(duplicate_links(rows)) == 2


def test_different_calls_stay_apart(row_of: RowOf) -> None:
    """Other usage, other response, other model, other time, other kind, siblings."""
    outer = call(row_of, "a", gen_ai__response__id="r1", gen_ai__response__model="m")
    others = [
        call(row_of, "b", "a", gen_ai__usage__output_tokens=91),
        call(row_of, "c", "a", gen_ai__response__id="r2"),
        call(row_of, "d", at=(200, 300), gen_ai__response__id="r1"),
        call(row_of, "0", "a", at=(200, 300)),
        call(row_of, "e", gen_ai__response__id="r1", gen_ai__response__model="n"),
        call(row_of, "f", "a", gen_ai__operation__name="invoke_agent"),
        call(row_of, "1", "9"),
        call(row_of, "2", "9"),
    ]
    for other in others:
        assert duplicate_links([outer, other]) == {}
    assert duplicate_links(others[-2:]) == {}


def test_another_trace_is_another_call(row_of: RowOf) -> None:
    """A recorded answer that is replayed has the same response id in every trace."""
    one = call(row_of, "a", gen_ai__response__id="r1")
    other = {**call(row_of, "b", gen_ai__response__id="r1"), "trace_id": "f" * 32}
    assert duplicate_links([one, other]) == {}


def test_cyclic_parents_and_the_same_span_twice_end(row_of: RowOf) -> None:
    """Hostile parentage links two spans once, and no span to itself."""
    rows = [call(row_of, "a", "b"), call(row_of, "b", "a"), call(row_of, "a", "b"), call(row_of, "c", "c")]
    assert duplicate_links(rows) == {(rows[1]["trace_id"], "b" * 16): "a" * 16}


def test_the_sdk_s_own_span_under_an_instrumentation_is_linked(sent: Sent) -> None:
    """What OpenInference and the Anthropic SDK sent for the same calls: one row each is left."""
    rows = sent("openinference_anthropic", "tools").rows()
    links = duplicate_links(rows)
    kept = [row for row in rows if (row["trace_id"], row["span_id"]) not in links]
    assert len(rows) == 4
    assert [row["dialect"] for row in kept] == ["openinference", "openinference"]
    assert sum(row["input_tokens"] for row in kept) == 1301 + 1559
