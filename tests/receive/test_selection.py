"""Which part of a file is wanted."""

from __future__ import annotations

import io
from typing import Any

import pytest

from otel_i2e.normalize import decode_logs, decode_traces
from otel_i2e.receive.file_request import FileRequest
from otel_i2e.receive.files import read_file
from otel_i2e.receive.selection import Selection, Together, select, together
from otel_i2e.spool import Encoding
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request
from otel_i2e.workflows.otlp_json import read_json

START = 1_790_000_000_000_000_000
ENCODINGS: list[Encoding] = ["protobuf", "json"]


def _requests(*bodies: bytes) -> list[FileRequest]:
    found: list[Any] = []
    for body in bodies:
        found += read_file("f", io.BufferedReader(io.BytesIO(body)), read_json)  # pyright: ignore[reportArgumentType] -- bytes in memory
    return found


def _names(whole: Together) -> list[str]:
    return [raw.span_id for raw in decode_traces(whole.body, whole.encoding)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_service_is_selected_by_its_resource(encoding: Encoding) -> None:
    """What another service sent is counted as left out."""
    ours, theirs = (traces_request(span_ids(2), encoding=encoding, service=name) for name in ("ours", "theirs"))
    selected = [select(request, Selection(service="ours"))[1:] for request in _requests(ours, theirs)]
    assert selected == [(2, 0), (0, 2)]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_since_is_the_start_of_the_span(encoding: Encoding) -> None:
    """At the moment itself is not too early."""
    ids = span_ids(4)
    wanted = Selection(since_ns=START + 2 * 10**9)
    request, items, left_out = select(_requests(traces_request(ids, encoding=encoding))[0], wanted)
    assert (items, left_out) == (2, 2)
    assert _names(next(iter(together([(request, items)])))) == [span for _, span in ids[2:]]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("since", "expected"), [(START, (1, 0)), (START + 1, (0, 1))])
def test_since_is_the_time_of_a_log_record(encoding: Encoding, since: int, expected: tuple[int, int]) -> None:
    """Log records are selected as spans are."""
    request = _requests(logs_request(["a"], encoding=encoding))[0]
    assert select(request, Selection(since_ns=since))[1:] == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_small_requests_are_put_together(encoding: Encoding) -> None:
    """Three as one, with every span in its order; another kind begins a new one."""
    ids = span_ids(6)
    bodies = [traces_request(ids[n : n + 2], encoding=encoding) for n in (0, 2, 4)]
    requests = _requests(*bodies, logs_request(["a"], encoding=encoding))
    first, second = together([select(request, Selection()) [:2] for request in requests])  # fmt: skip
    assert (first.items, _names(first)) == (6, [span for _, span in ids])
    assert (second.items, len(decode_logs(second.body, encoding))) == (1, 1)


def test_a_large_request_stands_alone() -> None:
    """About a megabyte is enough for one wait on the disk."""
    bodies = [traces_request(span_ids(1), content="x" * 700_000) for _ in range(3)]
    assert [whole.items for whole in together((r, 1) for r in _requests(*bodies))] == [2, 1]
