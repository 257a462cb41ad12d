"""Secrets out of telemetry, before anything touches disk: the same functions in capture, receiver and import.

Off unless `[redact]` or `I2E_REDACT=on` says otherwise. What is found becomes `[redacted:KIND]`; a value for which
the redactor itself failed becomes `[redacted:error]`, and is counted.
"""

from otel_i2e.redact.find import MARKER_BEGINS, Finder, taken_out
from otel_i2e.redact.redactor import DROPPED, Redactor, make_redactor

__all__ = ["DROPPED", "MARKER_BEGINS", "Finder", "Redactor", "make_redactor", "taken_out"]
