"""The case that is kept: one line of a dataset file, and one row of `cases`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from otel_i2e.models._contract import Contract, Json
from otel_i2e.models.document import Document
from otel_i2e.models.reducer import Reducer

__all__ = ["Case", "CaseContext", "Origin", "Priority", "Severity"]

Priority = Literal["P0", "P1", "P2"]
"""What the gate does when the case fails: P0 blocks, P1 needs an override, P2 is logged."""
Severity = Literal["S1", "S2", "S3", "S4"]
"""How bad the incident behind the case was."""


class Origin(Contract):
    """Where a case came from."""

    trace_id: str | None = None
    """The production trace."""
    span_id: str | None = None
    """The production span."""
    incident: str | None = None
    """The incident's id."""
    query: str | None = None
    """`name@hash` of the promotion query that found it; None when promoted by hand."""
    output: str | None = None
    """What the application answered then."""
    model: str | None = None
    """The model that answered then."""
    prompt_name: str | None = None
    """The prompt then."""
    prompt_version: str | None = None
    """Its version then."""


class CaseContext(Contract):
    """What the application had before it when it failed."""

    documents: list[Document] = Field(default_factory=list[Document])
    """Retrieved documents."""
    tools: list[Json] = Field(default_factory=list[Json])
    """Recorded tool calls: `{"name", "arguments", "result"}`."""


class Case(Contract):
    """One test case. Only `id` and `input` are required; one with nothing to check is refused by the gate."""

    id: str = Field(min_length=1)
    """Unique in its dataset, and stable: results are compared by it."""
    input: str | Json
    """Handed to the task as it is: text, or an object such as `{"messages": […]}`."""
    expected: Any = None
    """What a right answer says; scorers and the reviewer read it."""
    must: list[str | Json] = Field(default_factory=list[str | Json])
    """What must hold. Text is a criterion for the judge; an object names a check, `{"contains": "30 days"}`."""
    must_not: list[str | Json] = Field(default_factory=list[str | Json])
    """What must not hold; the same shapes."""
    scorers: list[str] = Field(default_factory=list[str])
    """Names of scorers that apply to this case."""
    priority: Priority = "P1"
    """What the gate does when it fails."""
    severity: Severity | None = None
    """How bad it was."""
    failure_mode: str | None = None
    """The label from the taxonomy."""
    repeats: Reducer | None = None
    """Which of its repeats must pass, as a policy writes it; None leaves it to the policy."""
    suite: str = "fast"
    """The suite it runs in."""
    tags: list[str] = Field(default_factory=list[str])
    """Free words to slice by."""
    context: CaseContext = CaseContext()
    """What the application had before it."""
    metadata: Json = Field(default_factory=dict[str, Any])
    """Anything else."""
    origin: Origin | None = None
    """Where it came from."""

    @property
    def checks_something(self) -> bool:
        """Whether anything at all would be measured by this case."""
        return bool(self.must or self.must_not or self.scorers)
