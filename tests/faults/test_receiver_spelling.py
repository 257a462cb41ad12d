"""OTLP/JSON is spelled as the specification says (OTLP specification, "JSON Protobuf Encoding")."""

from __future__ import annotations

import copy
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from typing import Any

import pytest

from otel_i2e.testing.otlp import span_ids, traces_request
from otel_i2e.testing.receiver_process import ReceiverProcess

REQUEST: Any = json.loads(traces_request([("ab" * 16, "cd" * 8)], encoding="json"))


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Generator[ReceiverProcess]:
    """One receiver for all spellings."""
    with ReceiverProcess(tmp_path_factory.mktemp("spelling") / "s.duckdb", "--no-ingest") as running:
        yield running


def _set(**fields: Any) -> Callable[[Any], None]:
    return lambda span: span.update(fields)


def _value(value: Any) -> Callable[[Any], None]:
    return lambda span: span["attributes"].append({"key": "k", "value": value})


def _rename(old: str, new: str) -> Callable[[Any], None]:
    return lambda span: span.update({new: span.pop(old)})


VALID: dict[str, Callable[[Any], None]] = {
    "hex ids in capitals": _set(traceId="AB" * 16, spanId="CD" * 8),
    "an integer enumeration": _set(kind=3, status={"code": 2}),
    "an enumeration value of the future": _set(kind=99, status={"code": 9}),
    "64-bit integers as text": _set(startTimeUnixNano="1790000000000000000"),
    "64-bit integers as numbers": _set(startTimeUnixNano=1790000000000000000),
    "intValue as text": _value({"intValue": "9223372036854775807"}),
    "intValue as a number": _value({"intValue": -5}),
    "doubleValue that is whole": _value({"doubleValue": 3}),
    "doubleValue NaN as text": _value({"doubleValue": "NaN"}),
    "bytes in base64": _value({"bytesValue": "aGk="}),
    "an empty value": _value({}),
    "unknown fields": lambda span: span.update(newField={"a": [1]}, _x=1),
    "null for absent": _set(parentSpanId=None, events=None),
}
INVALID: dict[str, Callable[[Any], None]] = {
    "an enumeration name": _set(kind="SPAN_KIND_CLIENT"),
    "a status name": _set(status={"code": "STATUS_CODE_ERROR"}),
    "snake_case ids": _rename("traceId", "trace_id"),
    "snake_case times": _rename("startTimeUnixNano", "start_time_unix_nano"),
    "snake_case values": _value({"string_value": "x"}),
    "a time that is no number": _set(startTimeUnixNano="soon"),
    "a time with a fraction": _set(startTimeUnixNano=1.5),
    "an integer that is no number": _value({"intValue": "x"}),
    "text that is none": _value({"stringValue": 5}),
    "a flag that is none": _value({"boolValue": "true"}),
    "attributes as an object": _set(attributes={"a": "b"}),
}
REJECTED: dict[str, Callable[[Any], None]] = {
    "base64 ids": _set(traceId="q6urq6urq6urq6urq6urqw==", spanId="zc3Nzc3Nzc0="),
    "ids with dashes": _set(traceId="abababab-abab-abab-abab-abababababab"),
    "zero ids": _set(traceId="0" * 32),
}


def _send(receiver: ReceiverProcess, wound: Callable[[Any], None]) -> tuple[int, Any]:
    request = copy.deepcopy(REQUEST)
    wound(request["resourceSpans"][0]["scopeSpans"][0]["spans"][0])
    message = urllib.request.Request(
        receiver.http + "/v1/traces", json.dumps(request).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(message, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("name", VALID)
def test_a_valid_spelling_is_taken(receiver: ReceiverProcess, name: str) -> None:
    """Whole: no partial success."""
    before = receiver.waiting()
    assert _send(receiver, VALID[name]) == (200, {})
    assert receiver.waiting() == before + 1
    print("valid spellings of OTLP/JSON: 200, taken whole")


@pytest.mark.parametrize("name", INVALID)
def test_a_wrong_spelling_is_refused(receiver: ReceiverProcess, name: str) -> None:
    """400 with a Status that shows what was wrong; nothing is kept."""
    before = receiver.waiting()
    status, said = _send(receiver, INVALID[name])
    assert (status, said["code"]) == (400, 3)
    assert "'" in said["message"]
    assert receiver.waiting() == before
    print("wrong spellings (names of enumerations, snake_case, wrong types): 400, nothing kept")


@pytest.mark.parametrize("name", REJECTED)
def test_an_id_that_is_none_is_a_rejected_span(receiver: ReceiverProcess, name: str) -> None:
    """Partial success, so that it does not take its neighbours with it."""
    status, said = _send(receiver, REJECTED[name])
    assert status == 200
    assert said["partialSuccess"]["rejectedSpans"] == "1"
    print("ids that are none: partial success, the span is rejected alone")


def test_field_names_in_snake_case_at_the_top_are_refused(receiver: ReceiverProcess) -> None:
    """They would be ignored otherwise, and the request lost."""
    body = traces_request(span_ids(1), encoding="json").replace(b"resourceSpans", b"resource_spans")
    message = urllib.request.Request(receiver.http + "/v1/traces", body, {"content-type": "application/json"})
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.urlopen(message, timeout=20)
    caught.value.close()
