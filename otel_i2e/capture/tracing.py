"""Our tracer provider, for applications that set none, and our place in those of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    SpanProcessor,
    SynchronousMultiSpanProcessor,
    Tracer,
    TracerProvider,
)

from otel_i2e.capture.processor import I2ESpanProcessor
from otel_i2e.semconv import DEPLOYMENT_ENVIRONMENT, SERVICE_NAME

if TYPE_CHECKING:
    from otel_i2e.capture.recorder import Recorder

__all__ = ["OwnTracerProvider", "join_tracing", "resource_of"]


_PASSED_ON = ("on_start", "on_end", "_on_ending")


class OwnTracerProvider(TracerProvider):
    """A TracerProvider that follows `OTEL_*` and steps back when the application brings its own."""

    def __init__(self, recorder: Recorder) -> None:
        self._relay = SynchronousMultiSpanProcessor()
        self._given: WeakSet[Tracer] = WeakSet()
        self._successor: Any = None
        super().__init__(resource=resource_of(recorder), active_span_processor=self._relay)
        self.add_span_processor(I2ESpanProcessor(recorder))

    def get_tracer(self, *args: Any, **kwargs: Any) -> Any:
        """A tracer of ours, or of the provider that took over."""
        if self._successor is not None:
            return self._successor.get_tracer(*args, **kwargs)
        tracer = super().get_tracer(*args, **kwargs)
        if isinstance(tracer, Tracer):
            self._given.add(tracer)
        return tracer

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Add to our own processors, or to those of the provider that took over."""
        if self._successor is not None:
            self._successor.add_span_processor(span_processor)
        else:
            super().add_span_processor(span_processor)

    def hand_over_to(self, successor: Any) -> None:
        """Send the spans of every tracer that was given out through `successor`, with its resource and sampler.

        A successor that is not the SDK's gets the tracers from now on; those given out before stay with us.
        """
        self._successor = successor
        donor = successor.get_tracer("otel_i2e")
        if not isinstance(donor, Tracer):
            return
        for tracer in list(self._given):
            tracer.sampler = donor.sampler
            tracer.resource = donor.resource
            tracer.id_generator = donor.id_generator
        for name in _PASSED_ON:  # set on the object: spans of our provider pay nothing for a change that is rare
            if hasattr(donor.span_processor, name):
                setattr(self._relay, name, getattr(donor.span_processor, name))


def resource_of(recorder: Recorder) -> Resource:
    """What `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` say, and the settings on top."""
    settings = recorder.settings
    given = {SERVICE_NAME: settings.service, DEPLOYMENT_ENVIRONMENT: settings.environment}
    return Resource.create({key: value for key, value in given.items() if value})


def join_tracing(recorder: Recorder, provider: Any) -> bool:
    """Add our processor to a provider, once; False when it takes none."""
    if provider in recorder.joined or isinstance(provider, OwnTracerProvider):
        return True
    add = getattr(provider, "add_span_processor", None)
    if add is None:
        return False
    recorder.joined.add(provider)
    add(I2ESpanProcessor(recorder))
    return True
