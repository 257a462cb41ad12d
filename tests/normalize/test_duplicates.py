"""Two spans for one model call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import duplicate_links, duplicates_nested, key_of
from otel_i2e.normalize.same_call import LOOKED_AT, differ_in_model

RowOf = Callable[..., SpanRow]
Sent = Callable[[str, str], Any]
MS = 1_000_000


def call(
    row_of: RowOf,
    span_id: str,
    parent: str = "",
    at: tuple[int, int] = (0, 100),
    fields: Mapping[str, Any] | None = None,
    **more: Any,
) -> SpanRow:
    """A model call from `at[0]` to `at[1]` milliseconds; dots in names are written `__`. None takes a count away."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 90,
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    attributes = {name: value for name, value in attributes.items() if value is not None}
    start = 1_763_650_000_000 * MS
    return row_of(
        attributes,
        span_id=span_id * 16,
        parent_span_id=parent * 16,
        start_ns=start + at[0] * MS,
        end_ns=start + at[1] * MS,
        **(fields or {}),
    )


def test_one_response_id_is_one_call(row_of: RowOf) -> None:
    """The poorer span points to the richer, whichever came first."""
    rich = call(row_of, "a", gen_ai__response__id="r1", gen_ai__input__messages="hi")
    poor = call(row_of, "b", gen_ai__response__id="r1", at=(5, 95))
    assert duplicate_links([rich, poor]) == duplicate_links([poor, rich]) == {key_of(poor): key_of(rich)}


def test_content_comes_before_what_stands_in_its_place(row_of: RowOf) -> None:
    """One library hides what the other records: the row that has it is the call, however much else the other says."""
    shared: dict[str, Any] = {"openinference__span__kind": "LLM", "llm__system": "anthropic", "session__id": "s1"}
    hidden = call(row_of, "a", input__value="__REDACTED__", output__value="__REDACTED__", **shared)
    told = call(row_of, "b", "a", at=(5, 95), gen_ai__input__messages="hi")
    assert hidden["content_state"] == "redacted"
    assert duplicate_links([hidden, told]) == {key_of(hidden): key_of(told)}


def test_a_call_inside_a_call_with_its_usage_is_the_same(row_of: RowOf) -> None:
    """A wrapper and what it wraps, without response ids; of equals the outer is kept."""
    outer, inner = call(row_of, "a"), call(row_of, "b", "a", at=(5, 95))
    assert duplicate_links([inner, outer]) == {key_of(inner): key_of(outer)}


def test_three_spans_of_one_call_have_one_to_keep(row_of: RowOf) -> None:
    """Links never point to a span that points elsewhere."""
    rows = [
        call(row_of, "a", gen_ai__response__id="r1"),
        call(row_of, "b", "a", at=(1, 99), gen_ai__response__id="r1", gen_ai__input__messages="hi"),
        call(row_of, "c", "b", at=(2, 98)),
    ]
    assert set(duplicate_links(rows).values()) == {key_of(rows[1])}
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
    assert duplicate_links(rows) == {key_of(rows[1]): key_of(rows[0])}


def test_the_sdk_s_own_span_under_an_instrumentation_is_linked(sent: Sent) -> None:
    """What OpenInference and the Anthropic SDK sent for the same calls: one row each is left."""
    rows = sent("openinference_anthropic", "tools").rows()
    links = duplicate_links(rows)
    kept = [row for row in rows if key_of(row) not in links]
    assert len(rows) == 4
    assert [row["dialect"] for row in kept] == ["openinference", "openinference"]
    assert sum(row["input_tokens"] for row in kept) == 1301 + 1559


UNCOUNTED: dict[str, Any] = {"gen_ai__usage__input_tokens": None, "gen_ai__usage__output_tokens": None}


def test_an_only_call_inside_that_counts_nothing_is_the_same(row_of: RowOf) -> None:
    """A failed call is seen twice without usage; one that failed inside of one that did not was tried again."""
    failed = {"status_code": "error"}
    outer = call(row_of, "a", fields=failed, **UNCOUNTED)
    inner = call(row_of, "b", "a", fields=failed, **UNCOUNTED)
    assert duplicate_links([outer, inner]) == {key_of(inner): key_of(outer)}
    assert duplicate_links([call(row_of, "a"), inner]) == {}


def test_a_wrapper_of_several_calls_counts_none(row_of: RowOf) -> None:
    """It repeats the last call inside, with the sum of the counts or without; other counts are its own."""
    inside = [call(row_of, "b", "a", at=(1, 40)), call(row_of, "c", "a", at=(50, 99))]
    summed = call(row_of, "a", gen_ai__usage__input_tokens=1800, gen_ai__usage__output_tokens=180)
    for wrapper in (summed, call(row_of, "a", **UNCOUNTED)):
        assert duplicate_links([wrapper, *inside]) == {key_of(wrapper): key_of(inside[1])}
    assert duplicate_links([call(row_of, "a", gen_ai__usage__input_tokens=7), *inside]) == {}


def test_wrappers_of_wrappers_end_at_a_call(row_of: RowOf) -> None:
    """Links lead to a row that is kept, whatever stands in what."""
    rows = [
        call(row_of, "a", **UNCOUNTED),
        call(row_of, "b", "a", at=(1, 98), **UNCOUNTED),
        call(row_of, "c", "b", at=(2, 40)),
        call(row_of, "d", "b", at=(50, 97)),
    ]
    assert duplicate_links(rows) == dict.fromkeys([key_of(rows[0]), key_of(rows[1])], key_of(rows[3]))


NATIVE: dict[str, Any] = {"scope_name": "com.anthropic.sdk.python", "trace_id": "f" * 32}


def test_an_sdk_alone_in_a_trace_repeats_what_instruments_it(row_of: RowOf) -> None:
    """By response id, or by time and usage, or by time and failure; and each once only."""
    failed = {"status_code": "error"}
    pairs = [
        (call(row_of, "a", gen_ai__response__id="r"), call(row_of, "b", fields=NATIVE, gen_ai__response__id="r")),
        (call(row_of, "a"), call(row_of, "b", at=(1, 99), fields=NATIVE, gen_ai__response__id="r")),
        (
            call(row_of, "a", fields=failed, **UNCOUNTED),
            call(row_of, "b", at=(1, 99), fields={**NATIVE, **failed}, **UNCOUNTED),
        ),
    ]
    for outer, own in pairs:
        assert duplicate_links([own, outer]) == {key_of(own): key_of(outer)}
        again = {**own, "trace_id": "e" * 32}
        assert len(duplicate_links([own, again, outer])) == 1


def test_an_sdk_alone_in_a_trace_is_a_call_of_its_own(row_of: RowOf) -> None:
    """Other usage, other service, outside of the other's time, no counts at all, or found in its own trace."""
    outer = call(row_of, "a")
    for own in (
        call(row_of, "b", at=(1, 99), fields=NATIVE, gen_ai__usage__output_tokens=91),
        call(row_of, "b", at=(1, 99), fields={**NATIVE, "resource": {"service.name": "other"}}),
        call(row_of, "b", at=(1, 101), fields=NATIVE),
        call(row_of, "b", at=(1, 99), fields=NATIVE, **UNCOUNTED),
    ):
        assert duplicate_links([own, outer]) == {}
    around = call(row_of, "c", at=(0, 100), fields={"trace_id": "f" * 32})
    own = call(row_of, "b", "c", at=(1, 99), fields=NATIVE)
    assert duplicate_links([own, outer, around]) == {key_of(own): key_of(around)}


def test_two_libraries_that_do_not_know_of_each_other_saw_one_call(row_of: RowOf) -> None:
    """In two traces, by response id and at one time; the answers that one library replays stay apart."""
    one = call(row_of, "a", fields={"scope_name": "openllmetry"}, gen_ai__response__id="r")
    other = call(
        row_of, "b", at=(1, 99), gen_ai__response__id="r", fields={"scope_name": "openinference", "trace_id": "f" * 32}
    )
    own = call(row_of, "c", "b", at=(2, 98), fields=NATIVE, gen_ai__response__id="r")
    assert duplicate_links([own, other, one]) == dict.fromkeys([key_of(other), key_of(own)], key_of(one))
    later = {**other, "trace_id": "e" * 32, "start_time": one["end_time"] + 1, "end_time": one["end_time"] + 2}
    assert duplicate_links([one, later]) == {}
    assert duplicate_links([one, {**other, "scope_name": "openllmetry"}]) == {}


def test_an_sdk_beside_its_instrumentation_under_one_parent_is_one_call(row_of: RowOf) -> None:
    """Without a response id by time and usage, or by time and failure; each parallel call has its own."""
    failed: dict[str, Any] = {"status_code": "error"}
    own = {"scope_name": "com.anthropic.sdk.python"}
    for outcome, told in (({}, {}), (failed, UNCOUNTED)):
        rows = [
            call(row_of, "a", "9", at=(0, 90), fields=outcome, **told),
            call(row_of, "b", "9", at=(1, 100), fields=outcome, **told),
            call(row_of, "c", "9", at=(2, 99), fields={**outcome, **own}, **told),
            call(row_of, "d", "9", at=(3, 89), fields={**outcome, **own}, **told),
        ]
        links = duplicate_links(rows)
        assert links == {key_of(rows[2]): key_of(rows[1]), key_of(rows[3]): key_of(rows[0])}
        elsewhere = call(row_of, "c", "8", at=(2, 80), fields={**outcome, **own}, **told)
        assert duplicate_links([rows[0], elsewhere]) == {}


def test_one_id_for_all_answers_is_no_call_in_common(row_of: RowOf) -> None:
    """A server, a cache or a recording that gives every answer one id: what was asked tells parallel calls apart."""
    rows = [
        call(row_of, one, at=(at, 90), fields={"scope_name": "one"}, gen_ai__response__id="const",
             gen_ai__input__messages=f"question {one}")
        for at, one in enumerate("abcd")
    ]  # fmt: skip
    assert duplicate_links(rows) == {}
    twin = call(row_of, "e", at=(0, 95), fields={"scope_name": "other"}, gen_ai__response__id="const",
                gen_ai__input__messages="question a")  # fmt: skip
    assert duplicate_links([*rows, twin]) in ({key_of(rows[0]): key_of(twin)}, {key_of(twin): key_of(rows[0])})


@pytest.mark.parametrize(
    ("counted", "is_one"),
    [((900, 92), True), ((300, 90), True), ((900, 150), False), ((300, 92), False), ((950, 90), False)],
    ids=["beginning twice", "without the cache", "another answer", "both", "more input"],
)
def test_a_habit_of_counting_makes_no_second_call(row_of: RowOf, counted: tuple[int, int], is_one: bool) -> None:
    """Around the SDK's own span, with the same question: the provider's counts stand."""
    asked = {"gen_ai__input__messages": "hi", "gen_ai__request__model": "m"}
    told: dict[str, Any] = {
        f"gen_ai__usage__{side}_tokens": n for side, n in zip(("input", "output"), counted, strict=True)
    }
    outer = call(row_of, "a", at=(0, 100), fields={"scope_name": "opentelemetry.instrumentation.anthropic"},
                 **asked, **told)  # fmt: skip
    sdk = {"scope_name": "com.anthropic.sdk.python"}
    inner = call(row_of, "b", "a", at=(1, 99), fields=sdk, gen_ai__response__id="r", **asked)
    assert bool(duplicate_links([outer, inner])) is is_one
    other = call(row_of, "b", "a", at=(1, 99), fields=sdk, **{**asked, "gen_ai__input__messages": "ho"})
    assert duplicate_links([outer, other]) == {}


LOGFIRE: dict[str, Any] = {"scope_name": "logfire.openai"}
LATE: dict[str, Any] = {**LOGFIRE, "name": "streaming response from {request_data[model]!r} took {duration:.2f}s"}


def test_a_late_answer_belongs_to_the_latest_call_like_it(row_of: RowOf) -> None:
    """In another trace, after its end; the call is kept, and an answer without one is a call."""
    asked = {"gen_ai__input__messages": "hi", "gen_ai__request__model": "m"}
    calls = [
        call(row_of, one, at=at, fields=LOGFIRE, **UNCOUNTED, **asked) for one, at in (("a", (0, 5)), ("b", (9, 15)))
    ]
    answers = [
        call(row_of, one, at=at, fields={**LATE, "trace_id": "f" * 32}, **asked)
        for one, at in (("c", (20, 20)), ("d", (21, 21)))
    ]
    links = duplicate_links([*answers, *calls])
    assert links == {key_of(answers[0]): key_of(calls[1]), key_of(answers[1]): key_of(calls[0])}
    assert duplicate_links([*answers, calls[0]]) == {key_of(answers[0]): key_of(calls[0])}
    other = call(row_of, "e", at=(20, 20), fields=LATE, gen_ai__input__messages="ho", gen_ai__request__model="m")
    assert duplicate_links([other, *calls]) == {}


def test_a_late_answer_stays_with_its_request(row_of: RowOf) -> None:
    """Two people ask the same at once, in a trace each or in one: neither gets the other's answer."""
    asked = {"gen_ai__input__messages": "hi", "gen_ai__request__model": "m"}
    for bobs in ("1" * 32, "2" * 32):
        rows: dict[str, SpanRow] = {}
        for who, (begun, ended, parent), at in (("alice", "abe", (0, 20)), ("bob", "cdf", (10, 30))):
            trace = {"trace_id": bobs if who == "bob" else "1" * 32}
            first = (at[0], at[0] + 1)
            rows[who] = call(row_of, begun, parent, at=first, fields={**LOGFIRE, **trace}, **UNCOUNTED, **asked)
            rows[f"to {who}"] = call(row_of, ended, parent, at=(at[1], at[1]), fields={**LATE, **trace}, **asked)
        links = duplicate_links(rows.values())
        assert links == {key_of(rows[f"to {who}"]): key_of(rows[who]) for who in ("alice", "bob")}


def test_a_request_and_its_late_answer_within_another_library_s_span_are_one_call(row_of: RowOf) -> None:
    """pydantic-ai around Logfire's two spans: all three know the answer's id but the request, which counts nothing."""
    asked = {"gen_ai__input__messages": "hi", "gen_ai__request__model": "m"}
    rows: list[SpanRow] = []
    for (around, begun, ended), at, answer in (("abc", 0, "r1"), ("def", 30, "r2"), ("123", 200, "r3")):
        known = {**asked, "gen_ai__response__id": answer}
        outer = call(row_of, around, "9", at=(at, at + 100), fields={"scope_name": "pydantic-ai"}, **known)
        request = call(row_of, begun, around, at=(at + 50, at + 75), fields=LOGFIRE, **UNCOUNTED, **asked)
        rows += [outer, request, call(row_of, ended, around, at=(at + 90, at + 90), fields=LATE, **known)]
    links = {key[1][0]: kept[1][0] for key, kept in duplicate_links(rows).items()}
    assert links == {"b": "a", "c": "a", "e": "d", "f": "d", "2": "1", "3": "1"}
    assert duplicate_links(rows[::-1]) == duplicate_links(rows)


def test_a_late_answer_of_one_call_is_not_joined_to_the_request_of_another(row_of: RowOf) -> None:
    """Its call is known by the id, and its request was not sent: the request of a call like it stays there."""
    asked = {"gen_ai__input__messages": "hi", "gen_ai__request__model": "m"}
    outer = call(row_of, "a", at=(0, 100), fields={"scope_name": "pydantic-ai"}, gen_ai__response__id="r1", **asked)
    late = call(row_of, "c", at=(90, 90), fields=LATE, gen_ai__response__id="r1", **asked)
    other = call(row_of, "d", at=(10, 60), fields={"scope_name": "pydantic-ai"}, gen_ai__response__id="r2", **asked)
    request = call(row_of, "e", "d", at=(20, 50), fields=LOGFIRE, **UNCOUNTED, **asked)
    links = duplicate_links([outer, late, other, request])
    assert links == {key_of(late): key_of(outer), key_of(request): key_of(other)}


@pytest.mark.parametrize(
    "emitter", ["openllmetry_anthropic", "logfire_anthropic_v2", "logfire_openai_v1", "litellm_otel"]
)
def test_recorded_calls_are_counted_once(sent: Sent, emitter: str) -> None:
    """A tool loop, streamed: two calls, whatever was sent for them."""
    rows = sent(emitter, "stream_tools").rows()
    links = duplicate_links(rows)
    kept = [row for row in rows if row["kind"] == "llm" and key_of(row) not in links]
    assert len(kept) == 2


def test_the_order_of_rows_does_not_matter(sent: Sent) -> None:
    """Spans of a batch come in any order."""
    rows = sent("logfire_anthropic_v2", "stream_tools").rows()
    assert duplicate_links(rows) == duplicate_links(rows[::-1]) == duplicate_links(rows[3:] + rows[:3])


@pytest.mark.parametrize("said", ["hi", "hi {n}"])
def test_a_chain_of_calls_costs_no_more_than_its_length(
    row_of: RowOf, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Each call that repeats the one in it is held against what these say together, not against every one of them."""
    compared = Counter[str]()

    def differ(one: SpanRow, other: SpanRow) -> bool:
        compared["n"] += 1
        return differ_in_model(one, other)

    monkeypatch.setattr(duplicates_nested, "differ_in_model", differ)
    depth = 300
    rows = [
        row_of(
            {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3}
            | {"gen_ai.request.model": "m", "gen_ai.input.messages": said.format(n=n)},
            span_id=f"{n:016x}",
            parent_span_id=f"{n - 1:016x}",
            start_ns=10**18 + n * MS,
            end_ns=10**18 + (10_000 - n) * MS,
        )
        for n in range(1, depth + 1)
    ]
    assert len(duplicate_links(rows)) == depth - 1
    assert compared["n"] <= depth * LOOKED_AT
    assert compared["n"] <= depth or said != "hi"
