"""What a decision looks like elsewhere. Pure functions from a Decision to text, one file per format.

Every format gets text that came from a model or a user; each escapes it for its own syntax, and each
says what was not measured as loudly as what failed.
"""

from __future__ import annotations

from otel_i2e.gate.reports.differences import Difference, differences
from otel_i2e.gate.reports.github import outputs, workflow_commands
from otel_i2e.gate.reports.grid import COLUMNS, grid, repeats
from otel_i2e.gate.reports.junit import junit
from otel_i2e.gate.reports.markdown import comment, markdown, step_summary
from otel_i2e.gate.reports.ranking import worst_first
from otel_i2e.gate.reports.result import result
from otel_i2e.gate.reports.sarif import sarif
from otel_i2e.gate.reports.summary import summary

__all__ = [
    "COLUMNS",
    "Difference",
    "comment",
    "differences",
    "grid",
    "junit",
    "markdown",
    "outputs",
    "repeats",
    "result",
    "sarif",
    "step_summary",
    "summary",
    "workflow_commands",
    "worst_first",
]
