"""One call seen by libraries that do not know of each other, and calls that only look like it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from otel_i2e.models import SpanRow
from otel_i2e.normalize import duplicate_links, key_of
from otel_i2e.testing import llm_span, row_of

_START = 1_763_650_000_000_000
ONE, OTHER, THIRD = "openinference.instrumentation.openai", "opentelemetry.instrumentation.openai.v1", "traceloop"


def _call(span: str, parent: str | None = None, at: tuple[int, int] = (0, 100), **columns: Any) -> SpanRow:
    """A call from `at[0]` to `at[1]` milliseconds."""
    given: dict[str, Any] = {
        "trace_id": "a" * 32,
        "span_id": span * 16,
        "parent_span_id": parent and parent * 16,
        "response_id": None,
    }
    row = row_of(llm_span(**given | columns))
    return {**row, "start_time": _START + at[0] * 1000, "end_time": _START + at[1] * 1000}


def _kept(*rows: SpanRow) -> set[str]:
    """First letters of the spans that repeat none; the order of the rows changes nothing."""
    links = duplicate_links(rows)
    assert links == duplicate_links(rows[::-1])
    return {row["span_id"][0] for row in rows if key_of(row) not in links}


def test_three_libraries_saw_one_call() -> None:
    """One around two, with an id that only these know, or that none knows."""
    outer = _call("a", scope_name=ONE)
    for named in (None, "r"):
        inner = [
            _call("b", "a", (1, 99), scope_name=OTHER, response_id=named),
            _call("c", "a", (2, 98), scope_name=THIRD, response_id=named),
        ]
        assert _kept(outer, *inner) == ({"b"} if named else {"a"})


def test_a_library_sees_a_call_once() -> None:
    """Two alike of one library inside of another's are two calls, the last of which that one repeats."""
    outer = _call("a", scope_name=ONE)
    inner = [_call("b", "a", (1, 40), scope_name=OTHER), _call("c", "a", (50, 99), scope_name=OTHER)]
    links = duplicate_links([outer, *inner])
    assert links == {key_of(inner[1]): key_of(outer)}


def test_a_raw_request_is_never_a_call_beside_others() -> None:
    """LiteLLM's, that counts nothing, beside another library's span."""
    raw = _call("b", "a", name="raw_gen_ai_request", scope_name="litellm", input_tokens=None, output_tokens=None)
    assert len(_kept(_call("a", scope_name="litellm"), raw, _call("c", "a", (1, 99), scope_name=OTHER))) == 1


@pytest.mark.parametrize("trace", ["a", "b"])
def test_two_side_by_side(trace: str) -> None:
    """Under one parent, or at the roots of two traces; either may know the id."""
    parent = "9" if trace == "a" else None
    for one, other in ((None, None), ("r", None), (None, "r")):
        outer = _call("a", parent, scope_name=ONE, response_id=one)
        own = _call("b", parent, (1, 99), scope_name=OTHER, trace_id=trace * 32, response_id=other)
        assert len(_kept(outer, own)) == 1


@pytest.mark.parametrize("trace", ["a", "b"])
@pytest.mark.parametrize(
    "other",
    [
        {"scope_name": ONE},
        {"service_name": "bank"},
        {"output_tokens": 21},
        {"status": "error"},
        {"response_id": "q"},
        {"request_model": "claude-sonnet-5-mini", "response_model": None},
        {"response_model": "claude-sonnet-4"},
        {"request_model": None, "response_model": None, "provider": "openai"},
        {"input_text": "pears?"},
    ],
)
def test_what_contradicts_is_another_call(trace: str, other: dict[str, Any]) -> None:
    """However alike the rest."""
    parent = "9" if trace == "a" else None
    outer = _call("a", parent, scope_name=ONE, response_id="r", input_text="apples?")
    alike: dict[str, Any] = {"scope_name": OTHER, "trace_id": trace * 32, "input_text": None}
    assert len(_kept(outer, _call("b", parent, (1, 99), **alike))) == 1
    assert _kept(outer, _call("b", parent, (1, 99), **alike | other)) == {"a", "b"}


def test_other_forms_of_one_input_contradict_nothing() -> None:
    """White space, a frame around it, and what was hidden or cut."""
    outer = _call("a", "9", scope_name=ONE, input_text="Do you like  apples?")
    for told in ({"input_text": "user: Do you like apples?\n"}, {"input_text": "[…]", "content_state": "redacted"}):
        assert len(_kept(outer, _call("b", "9", (1, 99), scope_name=OTHER, **told))) == 1


def test_other_times_and_places_are_other_calls() -> None:
    """Not around one another; under other parents; in other traces, of which one had a parent to be found under."""
    outer = _call("a", "9", scope_name=ONE)
    for own in (
        _call("b", "9", (1, 101), scope_name=OTHER),
        _call("b", "8", (1, 99), scope_name=OTHER),
        _call("b", None, (1, 99), scope_name=OTHER, trace_id="b" * 32),
        _call("b", "9", (1, 99), scope_name=OTHER, trace_id="b" * 32),
    ):
        assert _kept(outer, own) == {"a", "b"}


def test_a_failure_in_a_chain_is_one_call() -> None:
    """LangChain's span stands under its runnable, and is not current: the client's is at the root of another trace."""
    failed: dict[str, Any] = {"status": "error", "input_tokens": None, "output_tokens": None, "input_text": "now"}
    outer = _call("a", "9", scope_name=ONE, **failed)

    def below(at: tuple[int, int] = (1, 99), parent: str | None = None, **columns: Any) -> SpanRow:
        return _call("b", parent, at, **{"scope_name": OTHER, "trace_id": "b" * 32, **failed, **columns})

    assert _kept(outer, below()) == {"a"}
    for own in (
        below(input_text="then"),
        below(input_text=None),
        below((1, 101)),
        below(parent="8"),
        below(scope_name=ONE),
        below(service_name="bank"),
        below(request_model="claude-sonnet-5-mini", response_model=None),
        below(status="ok"),
    ):
        assert _kept(outer, own) == {"a", "b"}
    again = _call("c", "9", (200, 300), scope_name=ONE, **failed)
    assert _kept(outer, again, below(), {**below((210, 290)), "span_id": "d" * 16}) == {"a", "c"}


def test_what_is_around_its_own_call_is_around_no_other() -> None:
    """A span that was made current has what it repeats inside: a call beside it is another."""
    rows = [
        _call("a", scope_name=ONE),
        _call("b", "a", (1, 99), scope_name=OTHER),
        _call("c", None, (2, 98), scope_name=THIRD, trace_id="c" * 32),
    ]
    assert _kept(*rows) == {"a", "c"}


def test_one_that_was_not_counted_is_known_by_its_input() -> None:
    """Under one parent: a stream whose usage one library was not told."""
    outer = _call("a", "9", scope_name=ONE, input_tokens=None, output_tokens=None)
    assert _kept(outer, _call("b", "9", (1, 99), scope_name=OTHER)) == {"b"}
    assert _kept(outer, _call("b", "9", (1, 99), scope_name=OTHER, input_text=None)) == {"a", "b"}
    assert _kept(outer, _call("b", "9", (1, 99), scope_name=OTHER, input_text="pears?")) == {"a", "b"}


@pytest.mark.parametrize(("kind", "calls"), [("other", {"a"}), ("chain", {"a"}), ("tool", {"a", "b"})])
def test_spans_between_hide_nothing(kind: str, calls: set[str]) -> None:
    """A call inside of a call, with others' spans between; what a tool asks in turn is another call."""
    between = {**_call("c", "a", (1, 99)), "kind": kind}
    rows = [_call("a", scope_name=ONE), _call("b", "c", (2, 98), scope_name=OTHER)]
    links = duplicate_links([*rows, between])
    assert {row["span_id"][0] for row in rows if key_of(row) not in links} == calls


def test_another_model_and_another_input_inside_are_another_call() -> None:
    """An alias, or another form of the input, may be a wrapper's; both are not."""
    outer = _call("a", scope_name=ONE, input_text="apples?")
    other = {"request_model": "gpt-4o", "response_model": "gpt-4o"}
    assert len(_kept(outer, _call("b", "a", (1, 99), scope_name=OTHER, input_text="apples?", **other))) == 1
    assert len(_kept(outer, _call("b", "a", (1, 99), scope_name=OTHER, input_text="pears?"))) == 1
    assert _kept(outer, _call("b", "a", (1, 99), scope_name=OTHER, input_text="pears?", **other)) == {"a", "b"}


@pytest.mark.parametrize("server", [{"service_name": "claude"}, {"parent_span_id": "a" * 16}])
def test_a_server_s_clock_may_be_ahead(server: dict[str, Any]) -> None:
    """The client's span is kept. Of one service, in none, a later answer with the same id is a replayed one."""
    own = _call("a", "9", scope_name=OTHER, response_id="r")
    theirs = {"scope_name": "com.anthropic.claude-platform", "response_id": "r"}
    assert _kept(own, {**_call("b", "9", (5_000, 5_090), **theirs), **server}) == {"a"}
    assert _kept(own, _call("b", "9", (5_000, 5_090), **theirs)) == {"a", "b"}


def test_what_another_model_answered_inside_is_another_call() -> None:
    """A guard's call, of which only the usage is known, and the call that it guards, of which it is not."""
    unknown: dict[str, Any] = {"input_tokens": None, "output_tokens": None}
    guard = {"request_model": "llama-guard", "provider": "groq"}
    outer = _call("a", **unknown)
    for told in ({"response_model": "llama-guard"}, {"response_model": None}):
        assert _kept(outer, _call("b", "a", (1, 99), **guard, **told)) == {"a", "b"}
    router = _call("a", **unknown, request_model="smart", response_model=None, provider=None)
    assert len(_kept(router, _call("b", "a", (1, 99), **guard))) == 1


def test_an_embedding_is_no_other_call() -> None:
    """Inside of a chat that was not counted, and with one id."""
    chat = _call("a", response_id="r", input_tokens=None, output_tokens=None)
    assert _kept(chat, _call("b", "a", (1, 99), kind="embedding", response_id="r")) == {"a", "b"}


def test_a_wrapper_repeats_the_last_call_that_was_counted() -> None:
    """Its sum must not be taken for the usage of a call without any."""
    outer = _call("a", input_tokens=300, output_tokens=40)
    inner = [
        _call("b", "a", (1, 20), input_tokens=100),
        _call("c", "a", (30, 50), input_tokens=200),
        _call("d", "a", (60, 90), input_tokens=None, output_tokens=None),
    ]
    assert duplicate_links([outer, *inner]) == {key_of(outer): key_of(inner[1])}


def test_an_embedding_has_no_output_to_count() -> None:
    """Its input tokens are its usage."""
    told: dict[str, Any] = {"kind": "embedding", "output_tokens": None, "input_text": None}
    assert len(_kept(_call("a", "9", scope_name=ONE, **told), _call("b", "9", (1, 99), scope_name=OTHER, **told))) == 1


def test_the_order_of_rows_changes_no_link() -> None:
    """Whatever stands where: parents in a circle, one id in many traces, kinds and names that do not fit."""
    random = Random(7)

    def any_call() -> SpanRow:
        start = random.randint(0, 5)
        columns: dict[str, Any] = {
            "trace_id": random.choice("aab") * 32,
            "kind": random.choice(["llm", "llm", "embedding"]),
            "name": random.choice(["chat", "raw_gen_ai_request", "streaming response from"]),
            "scope_name": random.choice([ONE, OTHER, "com.anthropic.sdk", "logfire.openai"]),
            "response_id": random.choice([None, "r", "q"]),
            "response_model": random.choice([None, "m", "n"]),
            "input_tokens": random.choice([None, 1, 2]),
            "status": random.choice(["ok", "ok", "error"]),
        }
        parent = random.choice([None, *"0123456789"])
        return _call(random.choice("0123456789"), parent, (start, start + random.randint(0, 5)), **columns)

    for _ in range(1000):
        rows = list({key_of(row): row for row in (any_call() for _ in range(random.randint(2, 7)))}.values())
        links = duplicate_links(rows)
        assert duplicate_links(random.sample(rows, len(rows))) == links
        assert set(links).isdisjoint(links.values())
