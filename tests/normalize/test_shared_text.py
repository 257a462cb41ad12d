"""What spans share may not make rows of a request that are far more than it was."""

from __future__ import annotations

import json
from typing import Any

from otel_i2e.normalize import decode_traces, normalize_span, within_bounds
from otel_i2e.normalize.raw import RawSpan


def request(resource: dict[str, str], scope: str, spans: int) -> bytes:
    """So many spans of one resource and one scope, in OTLP/JSON."""
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    made = [{"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "name": "x" * 200} for n in range(spans)]
    scopes: list[Any] = [{"scope": {"name": scope}, "spans": made}]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": pairs}, "scopeSpans": scopes}]}).encode()


def bounded(body: bytes) -> tuple[list[RawSpan], list[RawSpan], int]:
    """Before, after, and the number that is cut."""
    sent = decode_traces(body, "json")
    kept, cut = within_bounds(sent, len(body))
    return sent, list(kept), cut


def test_a_resource_larger_than_its_share_keeps_what_has_a_column() -> None:
    """With the marker of what was cut; the spans are all there, and share the small one."""
    body = request({"service.name": "shop", "process.environment": "x" * 400_000}, "s" * 400_000, 1_000)
    sent, kept, cut = bounded(body)
    assert (cut, [span.span_id for span in kept]) == (1_000, [span.span_id for span in sent])
    assert len({id(span.resource) for span in kept}) == 1
    row = normalize_span(kept[0])
    assert (row["service_name"], row["scope_name"]) == ("shop", "s" * 200)
    marks = json.loads(json.loads(row["resource"])["i2e.content.truncated"])
    assert marks["resource"]["bytes"] > 400_000
    assert sum(len(str(span.resource)) for span in kept) < 32 * len(body)


def test_usual_requests_stay_as_they_are() -> None:
    """A large resource of few spans, and one of 8 kB with many small spans (300 bytes)."""
    for resource, spans in (({"a": "x" * 400_000}, 32), ({"a": "x" * 8_000}, 5_000)):
        sent, kept, cut = bounded(request(resource, "scope", spans))
        assert cut == 0
        assert all(one is other for one, other in zip(kept, sent, strict=True))


def test_only_the_large_ones_among_many_resources_are_cut() -> None:
    """In one request, as a collector sends it."""
    large = json.loads(request({"service.name": "large", "a": "x" * 200_000}, "scope", 2_000))
    small = json.loads(request({"service.name": "small", "a": "x" * 500}, "scope", 2_000))
    body = json.dumps({"resourceSpans": large["resourceSpans"] + small["resourceSpans"]}).encode()
    sent, kept, cut = bounded(body)
    assert cut == 2_000
    assert kept[2_000:] == sent[2_000:]


def test_what_is_short_in_a_resource_stays() -> None:
    """Where a pod ran is known however long its environment is; four kilobytes stay whatever the spans are."""
    sent = {"service.name": "shop", "k8s.pod.name": "shop-7f", "process.environment": "x" * 400_000}
    _, kept, cut = bounded(request(sent, "scope", 1_000))
    assert cut == 1_000
    assert kept[0].resource.keys() == {"service.name", "k8s.pod.name", "i2e.content.truncated"}
    many = decode_traces(request({f"k8s.pod.label.{n}": "x" * 50 for n in range(500)}, "scope", 200), "json")
    (first, *_), cut = within_bounds(many, 10_000)
    assert cut == 200
    assert 3_500 < len(json.dumps(first.resource)) < 5_000


def test_a_resource_of_four_kilobytes_stays_whole() -> None:
    """However small the spans are that share it."""
    usual = {"resource": {"attributes": [{"key": "labels", "value": {"stringValue": "x" * 4_000}}]}}
    tiny = [{"traceId": f"{n:032x}", "spanId": f"{n:016x}"} for n in range(1, 201)]
    body = json.dumps({"resourceSpans": [{**usual, "scopeSpans": [{"spans": tiny}]}]}).encode()
    size = len(body) // 2  # as protobuf has it
    sent = decode_traces(body, "json")
    assert len(sent) * 4_000 > 32 * size
    assert within_bounds(sent, size)[1] == 0
