"""Whoever sets up OpenTelemetry, and whenever: the application's provider works as without us, and we are in it."""

from __future__ import annotations

from typing import Any

import pytest

APP_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exported = InMemorySpanExporter()

def app_sets_provider(set_provider=None):
    provider = TracerProvider(resource=Resource.create({"service.name": "app"}))
    provider.add_span_processor(SimpleSpanProcessor(exported))
    (set_provider or trace.set_tracer_provider)(provider)
    assert trace.get_tracer_provider() is provider

def names():
    return [span.name for span in exported.get_finished_spans()]
"""


def _names(scripts: Any) -> list[str]:
    return [span.name for span in scripts.spans()]


def test_an_application_without_a_provider_is_recorded(scripts: Any) -> None:
    """Also through a tracer that it obtained before the first span; the resource follows OTEL_*."""
    result = scripts.run(
        """
        import otel_i2e.auto
        from opentelemetry import trace
        early = trace.get_tracer("early")
        assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
        with early.start_as_current_span("one"):
            trace.get_tracer("late").start_span("two").end()
        """,
        OTEL_SERVICE_NAME="named",
        OTEL_RESOURCE_ATTRIBUTES="team=x",
    )
    assert result.returncode == 0, result.stderr
    spans = scripts.spans()
    assert [(span.name, span.scope) for span in spans] == [("two", "late"), ("one", "early")]
    assert spans[0].resource["service.name"] == "named"
    assert spans[0].resource["team"] == "x"


@pytest.mark.parametrize("order", ["before", "after", "bound_before"])
def test_the_applications_provider_is_joined(scripts: Any, order: str) -> None:
    """Set before our import, after it (the common order), or by a function that was imported before us."""
    early = 'early = trace.get_tracer("early")\n'
    code = {
        "before": f"{APP_PROVIDER}\napp_sets_provider()\nimport otel_i2e.auto\n{early}",
        "after": f"import otel_i2e.auto\n{APP_PROVIDER}\n{early}app_sets_provider()\n",
        "bound_before": "from opentelemetry.trace import set_tracer_provider\nimport otel_i2e.auto\n"
        f"{APP_PROVIDER}\n{early}app_sets_provider(set_tracer_provider)\n",
    }[order]
    tail = """
early.start_span("one").end()
trace.get_tracer("late").start_span("two").end()
assert names() == ["one", "two"], names()
"""
    result = scripts.run(code + tail)
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["one", "two"]
    assert scripts.spans()[0].resource["service.name"] == "app"
    assert "Overriding" not in result.stderr


def test_a_provider_set_after_the_first_span_takes_the_place_of_ours(scripts: Any) -> None:
    """Old tracers send through it, with its resource and sampler; a span under way too; nothing is recorded twice."""
    result = scripts.run(
        "import otel_i2e.auto\n"
        + APP_PROVIDER
        + """
early = trace.get_tracer("early")
early.start_span("alone").end()
ours = trace.get_tracer_provider()
real = ours.get_tracer("real")
with real.start_as_current_span("under way"):
    app_sets_provider()
    early.start_span("one").end()
real.start_span("two").end()
ours.get_tracer("x").start_span("three").end()
trace.get_tracer("late").start_span("four").end()
assert names() == ["one", "under way", "two", "three", "four"], names()
later = [span for span in exported.get_finished_spans() if span.name != "under way"]
assert {span.resource.attributes["service.name"] for span in later} == {"app"}
"""
    )
    assert result.returncode == 0, result.stderr
    assert sorted(_names(scripts)) == sorted(["alone", "one", "under way", "two", "three", "four"])
    assert "Overriding" not in result.stderr


def test_first_spans_of_several_threads_are_all_recorded(scripts: Any) -> None:
    """While one thread sets up our provider, the others wait for it."""
    result = scripts.run(
        """
        import threading, otel_i2e.auto
        from opentelemetry import trace
        barrier = threading.Barrier(16)
        def first():
            tracer = trace.get_tracer("x")
            barrier.wait()
            tracer.start_span("first").end()
        threads = [threading.Thread(target=first) for _ in range(16)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(theirs := TracerProvider())
        assert trace.get_tracer_provider() is theirs, "more than one provider of ours was made"
        """
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["first"] * 16


def test_the_sampler_of_a_late_provider_counts(scripts: Any) -> None:
    """Tracers that were handed out before ask it too."""
    result = scripts.run(
        """
        import otel_i2e.auto
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
        early = trace.get_tracer("early")
        early.start_span("before").end()
        real = trace.get_tracer("real")
        trace.set_tracer_provider(TracerProvider(sampler=ALWAYS_OFF))
        for tracer in (early, real, trace.get_tracer("late")):
            assert not tracer.start_span("after").is_recording()
        """
    )
    assert result.returncode == 0, result.stderr
    assert _names(scripts) == ["before"]


def test_a_second_provider_of_the_application_is_refused_as_ever(scripts: Any) -> None:
    """OpenTelemetry takes one; we change nothing about that."""
    result = scripts.run(
        "import otel_i2e.auto\n"
        + APP_PROVIDER
        + """
app_sets_provider()
first = trace.get_tracer_provider()
trace.set_tracer_provider(TracerProvider())
assert trace.get_tracer_provider() is first
"""
    )
    assert result.returncode == 0, result.stderr
    assert "Overriding of current TracerProvider is not allowed" in result.stderr


def test_a_provider_that_takes_no_processors_is_said_and_left_alone(scripts: Any) -> None:
    """Not every provider is the SDK's."""
    result = scripts.run(
        """
        import otel_i2e.auto
        from opentelemetry import trace
        class Foreign(trace.TracerProvider):
            def get_tracer(self, *args, **kwargs):
                return trace.NoOpTracer()
        foreign = Foreign()
        trace.set_tracer_provider(foreign)
        assert trace.get_tracer_provider() is foreign
        trace.get_tracer("x").start_span("y").end()
        """
    )
    assert result.returncode == 0, result.stderr
    assert "Foreign takes no processors" in result.stderr
    assert not scripts.spool_path.exists()


def test_a_disabled_sdk_stays_disabled(scripts: Any) -> None:
    """OTEL_SDK_DISABLED is the user's word."""
    result = scripts.run(
        """
        import otel_i2e.auto
        from opentelemetry import trace
        assert not trace.get_tracer("x").start_span("y").is_recording()
        """,
        OTEL_SDK_DISABLED="true",
    )
    assert result.returncode == 0, result.stderr


def test_model_events_are_recorded_with_and_without_a_logger_provider(scripts: Any) -> None:
    """Ours serves until the application sets its own, which then gets what old loggers emit."""
    result = scripts.run(
        """
        import otel_i2e.auto
        from opentelemetry import _logs
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

        def emit(logger, n):
            logger.emit(_logs.LogRecord(event_name="gen_ai.choice", attributes={"n": n}))

        early = _logs.get_logger("early")
        emit(early, 1)
        exported = InMemoryLogRecordExporter()
        provider = LoggerProvider()
        provider.add_log_record_processor(SimpleLogRecordProcessor(exported))
        _logs.set_logger_provider(provider)
        assert _logs.get_logger_provider() is provider
        emit(early, 2)
        emit(_logs.get_logger("late"), 3)
        assert [log.log_record.attributes["n"] for log in exported.get_finished_logs()] == [2, 3]
        """
    )
    assert result.returncode == 0, result.stderr
    assert [log.attributes["n"] for log in scripts.logs()] == [1, 2, 3]


def test_an_unknown_version_of_opentelemetry_gets_our_provider_at_once(scripts: Any) -> None:
    """Where its inner names are gone, recording still works, and a line says what does not."""
    result = scripts.run(
        """
        from opentelemetry import trace
        del trace.ProxyTracer._tracer
        import otel_i2e.auto
        assert type(trace.get_tracer_provider()).__name__ == "OwnTracerProvider"
        trace.get_tracer("x").start_span("y").end()
        """
    )
    assert result.returncode == 0, result.stderr
    assert "does not know this version of OpenTelemetry" in result.stderr
    assert _names(scripts) == ["y"]
