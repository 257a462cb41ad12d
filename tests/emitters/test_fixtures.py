"""The recordings: complete, small, and without a trace of the machine that made them."""

from __future__ import annotations

import gzip
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures import FOLDER, emitters, scenarios
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from recorder import Recording
from scrub import scrubbed

TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "emitters.toml").read_text())
MACHINE = re.compile(
    rb"/root\b|/home/\w|/work/|/tmp/|/Users/|pyenv|site-packages/\.\.|process\.(pid|executable|command)"
)


def bodies() -> Iterator[tuple[Path, bytes]]:
    """Every file, unzipped."""
    for path in FOLDER.glob("*/*"):
        yield path, gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("emitter", TABLE["emitter"])
def test_every_scenario_is_recorded_or_has_its_reason(emitter: str) -> None:
    """Each scenario has traces and a wire, or stands in the table with the reason why not."""
    known = TABLE["emitter"][emitter]
    recorded = {one.name: one for one in scenarios(emitter)}
    cannot, silent = known.get("cannot", {}), known.get("silent", {})
    wanted = {*TABLE["defaults"]["scenarios"], *known.get("more", [])} - set(cannot)
    assert set(recorded) == wanted
    assert all(one.wire for one in recorded.values())
    assert {name for name, one in recorded.items() if not one.traces} <= set(silent)
    assert all(len(reason) > 10 for reason in (*cannot.values(), *silent.values()))


def test_the_table_and_the_recordings_name_the_same_emitters() -> None:
    """No recording without its script."""
    assert set(emitters()) == set(TABLE["emitter"])


def test_nothing_of_the_recording_machine_is_kept() -> None:
    """No folder, host, process or real port."""
    found = {(path.name, match.group()) for path, body in bodies() for match in MACHINE.finditer(body)}
    ports = {match for _, body in bodies() for match in re.findall(rb"127\.0\.0\.1:(\d+)", body)}
    assert not found
    assert ports <= {b"8080"}


def test_the_recordings_stay_small() -> None:
    """All together under 6 MB."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*/*")) < 6_000_000


def test_scrubbing_renames_ids_alike_in_spans_and_wire() -> None:
    """An id keeps its shape, stands for itself everywhere, and is the same in every run; times keep their order."""
    real = "msg_0123456789abcdef01234567"

    def recording(trace: str, start: int) -> Recording:
        request = ExportTraceServiceRequest()
        span = request.resource_spans.add().scope_spans.add().spans.add()
        span.trace_id, span.span_id = bytes.fromhex(trace * 16), bytes.fromhex(trace * 8)
        span.start_time_unix_nano, span.end_time_unix_nano = start, start + 5
        attribute = span.attributes.add(key="gen_ai.response.id")
        attribute.value.string_value = f"{real} in /secret/place at 127.0.0.1:54321"
        return Recording([request.SerializeToString()], [], [{"response": {"id": real}}])

    paths = [("/secret/place", "/app")]
    one = scrubbed(recording("ab", 1_700_000_000), seed="s", hour=0, paths=paths)
    other = scrubbed(recording("cd", 1_800_000_000), seed="s", hour=0, paths=paths)
    assert one == other
    span = ExportTraceServiceRequest.FromString(one[0]).resource_spans[0].scope_spans[0].spans[0]
    renamed = one[2][0]["response"]["id"]
    assert renamed != real
    assert re.fullmatch("msg_[0-9a-f]{24}", renamed)
    assert span.attributes[0].value.string_value == f"{renamed} in /app at 127.0.0.1:8080"
    assert span.end_time_unix_nano > span.start_time_unix_nano
