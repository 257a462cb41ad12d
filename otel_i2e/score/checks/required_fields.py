"""`required_fields`: the output is a JSON object with these fields, of these types."""

from __future__ import annotations

from typing import Any, Final, Literal, cast

from pydantic import Field

from otel_i2e.models import Contract, Json, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown, verdict
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.values import strictly_parsed

__all__ = ["required_fields"]

Kind = Literal["any", "string", "number", "integer", "boolean", "object", "array", "null"]
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "any": (object,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


class Fields(Contract):
    """Fields by name; `order.id` is the field `id` of the object `order`."""

    fields: dict[str, Kind] = Field(min_length=1)
    """Name → type, as JSON Schema calls it, or `any`."""


def required_fields(argument: Any) -> Scorer:
    """`["refund", "order.id"]` or `{"refund": "boolean", "order.id": "string"}`."""
    if isinstance(argument, list):
        argument = dict.fromkeys(cast("list[str]", argument), "any")
    wanted = read_argument("required_fields", Fields, {"fields": argument}, short="fields").fields
    places: list[tuple[str, list[str], Kind]] = [(name, name.split("."), kind) for name, kind in wanted.items()]
    good = verdict(holds=True, why="every field is there")

    def check(output: str) -> Score:
        """The output is a JSON object with these fields."""
        try:
            value = strictly_parsed(output)
        except ValueError as error:
            return verdict(holds=False, why=f"not JSON: {error}")
        wrong = [problem for name, path, kind in places if (problem := _problem(value, name, path, kind))]
        return verdict(holds=False, why="; ".join(wrong)) if wrong else good

    return check_scorer("required_fields", check, Fields(fields=wanted), title=shown(", ".join(wanted))[1:-1])


def _problem(value: Any, name: str, path: list[str], kind: Kind) -> str | None:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return f"{name} is missing"
        value = cast("Json", value)[part]
    if kind == "integer" and isinstance(value, float):
        return None if value.is_integer() else f"{name} is no integer: {value!r}"
    right = isinstance(value, _KINDS[kind]) and (kind in ("any", "boolean") or not isinstance(value, bool))
    return None if right else f"{name} is no {kind}: {shown(value)}"
