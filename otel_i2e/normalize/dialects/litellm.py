"""LiteLLM's `otel` callback (scope `litellm`), read in `litellm` 1.106 and seen on the wire.

`litellm_request` speaks the OpenTelemetry names, but keeps tool calls apart, without ids, under
`gen_ai.completion.N.function_call`. Its child `raw_gen_ai_request` has what crossed the wire under
`llm.PROVIDER.*`, as printed Python; it repeats the call, see `duplicates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_i2e import semconv
from otel_i2e.normalize.dialect import Dialect, Facts
from otel_i2e.normalize.flattened import objects, tree
from otel_i2e.normalize.messages import Content
from otel_i2e.normalize.parts import tool_call_part
from otel_i2e.normalize.payloads import answered, asked
from otel_i2e.normalize.printed import printed
from otel_i2e.normalize.raw import Json, RawLog, RawSpan
from otel_i2e.normalize.readers import amount, answers
from otel_i2e.normalize.usage import usage

__all__ = ["LITELLM"]

_RAW: Final = "raw_gen_ai_request"
_OF_THE_ANSWER: Final = frozenset(
    {"id", "type", "role", "content", "choices", "output", "usage", "stop_reason", "created", "object"}
)
_NO_PARAMS: Final = frozenset({"stop_sequence", "stop_details", "container", "system_fingerprint", "service_tier"})


def _read(raw: RawSpan, _logs: Sequence[RawLog]) -> Facts:
    if raw.name == _RAW:
        return _crossed_the_wire(raw)
    facts = {
        name: value for name, value in usage(printed(raw.attributes.get("metadata.usage_object"))).items() if value
    }
    called = _called(raw)
    if called:
        said = answers(raw.attributes.get(semconv.OUTPUT_MESSAGES))
        first: Json = said.value[0] if said else {"role": "assistant", "parts": []}
        facts["output_messages"] = Content([{**first, "parts": [*first["parts"], *called]}])
    return facts


def _called(raw: RawSpan) -> list[Json]:
    listed = objects(tree(raw.attributes, "gen_ai"), "gen_ai", "completion", wrapper="function_call")
    return [tool_call_part(None, call.get("name"), call.get("arguments")) for call in listed if "name" in call]


def _crossed_the_wire(raw: RawSpan) -> Facts:
    provider, sent = _by_provider(raw.attributes)
    if not provider:
        return {}
    given = {name: value for name, value in sent.items() if name not in _OF_THE_ANSWER | _NO_PARAMS | {"model"}}
    back = {name: value for name, value in sent.items() if name in _OF_THE_ANSWER or name == "model"}
    told = {name: value for name, value in {**asked(given), **answered(back)}.items() if value is not None}
    return {"kind": "llm", "provider": provider, **told}


def _by_provider(attributes: Json) -> tuple[str, Json]:
    provider, sent = "", Json()
    for name, value in attributes.items():
        steps = name.split(".", 2)
        if len(steps) == 3 and steps[0] == "llm" and value not in ("", "None"):
            provider, sent[steps[2]] = steps[1], printed(value)
    return provider, sent


def _cost(value: Any) -> float | None:
    """A cost of nothing says that the price was not known."""
    return amount(value) or None


LITELLM: Final = Dialect(
    name="litellm",
    fields={"cost_usd": ("gen_ai.cost.total_cost",)},
    readers={"cost_usd": _cost},
    scopes=("litellm",),
    read=_read,
)
