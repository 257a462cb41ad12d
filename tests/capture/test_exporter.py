"""`OTEL_TRACES_EXPORTER=i2e`: alone, under `opentelemetry-instrument`, and together with the one import."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

import pytest

from otel_i2e.capture.exporter import I2ESpanExporter

EXPORTED = """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from otel_i2e.capture.exporter import I2ESpanExporter
provider = TracerProvider()
"""


def test_the_sdk_finds_it_by_its_name() -> None:
    """The entry point that the configuration of OpenTelemetry looks up."""
    [entry] = entry_points(group="opentelemetry_traces_exporter", name="i2e")
    assert entry.load() is I2ESpanExporter


@pytest.mark.parametrize("kind", ["BatchSpanProcessor", "SimpleSpanProcessor"])
def test_an_exporter_of_a_provider_of_its_own_records(scripts: Any, kind: str) -> None:
    """No global provider is needed."""
    result = scripts.run(
        EXPORTED + f"provider.add_span_processor({kind}(I2ESpanExporter()))\n"
        "provider.get_tracer('x').start_span('one').end()\nprovider.shutdown()\n"
    )
    assert result.returncode == 0, result.stderr
    assert [span.name for span in scripts.spans()] == ["one"]


@pytest.mark.parametrize("kind", ["BatchSpanProcessor", "SimpleSpanProcessor"])
@pytest.mark.parametrize("first", ["exporter", "processor"])
def test_a_span_that_comes_both_ways_is_recorded_once(scripts: Any, kind: str, first: str) -> None:
    """The exporter on the global provider that is also joined, in either order."""
    steps = [
        f"provider.add_span_processor({kind}(I2ESpanExporter()))",
        "from opentelemetry import trace; trace.set_tracer_provider(provider)",
    ]
    result = scripts.run(
        EXPORTED
        + "import otel_i2e.auto\n"
        + "\n".join(steps if first == "exporter" else steps[::-1])
        + "\nfor n in range(20): provider.get_tracer('x').start_span(f'{n}').end()\n"
    )
    assert result.returncode == 0, result.stderr
    assert sorted(int(span.name) for span in scripts.spans()) == list(range(20))


def test_capture_off_and_wrong_settings_export_nothing(scripts: Any) -> None:
    """The pipeline of the application works on."""
    for value in ("off", "nonsense"):
        result = scripts.run(
            EXPORTED + "provider.add_span_processor(BatchSpanProcessor(I2ESpanExporter()))\n"
            "provider.get_tracer('x').start_span('one').end()\nassert provider.force_flush()\nprovider.shutdown()\n",
            I2E_CAPTURE=value,
        )
        assert result.returncode == 0, result.stderr
    assert not scripts.spool_path.exists()


@pytest.mark.skipif(find_spec("opentelemetry.distro") is None, reason="opentelemetry-distro is not installed")
@pytest.mark.parametrize("code", ["", "import otel_i2e.auto\n"], ids=["alone", "with_auto"])
def test_opentelemetry_instrument_records_the_unchanged_application(scripts: Any, code: str) -> None:
    """Every span once, and the Anthropic SDK completed."""
    from otel_i2e.testing import MessagesServer, Reply

    command = shutil.which("opentelemetry-instrument", path=f"{sys.prefix}/bin")
    assert command is not None
    with MessagesServer(Reply.text("Hello there")) as server:
        result = scripts.run(
            code
            + f"""
import anthropic
client = anthropic.Anthropic(api_key="test", base_url="{server.url}")
for _ in client.messages.create(model="m", max_tokens=9, stream=True, messages=[{{"role": "user", "content": "hi"}}]):
    pass
""",
            command,
            sys.executable,
            OTEL_TRACES_EXPORTER="i2e",
            OTEL_METRICS_EXPORTER="none",
            OTEL_LOGS_EXPORTER="none",
            OTEL_SERVICE_NAME="instrumented",
        )
    assert result.returncode == 0, result.stderr
    [span] = [span for span in scripts.spans() if span.name == "anthropic.messages.create"]
    assert "Hello there" in span.attributes["gen_ai.output.messages"]
    assert span.resource["service.name"] == "instrumented"
