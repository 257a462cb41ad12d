"""Inside the user's process: span and log processors, installation, and the helpers an application calls.

Light on purpose: an application loads this before its first line. What is heavy is loaded where it is
used, and never on the application's thread.
"""

from __future__ import annotations

from otel_i2e.capture.context import with_attributes
from otel_i2e.capture.install import install, recorder, start
from otel_i2e.capture.open_spans import OpenSpans
from otel_i2e.capture.recorder import Recorder

__all__ = ["OpenSpans", "Recorder", "install", "recorder", "start", "with_attributes"]
