"""What is asked of a judge, and what comes back: the border between scorers and the model that judges."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from typing import Literal, Protocol

from pydantic import Field

from otel_i2e.models._contract import Contract

__all__ = ["JUDGE_FIELDS", "Judge", "JudgeField", "JudgePrompt", "JudgeQuestion", "JudgeVerdict", "RecordedVerdict"]

JudgeField = Literal[
    "input", "messages", "output", "expected", "documents", "tool_calls", "conversation", "metadata", "criterion"
]
"""What a prompt may have shown: arguments of a scorer, and the criterion of a `must`."""
JUDGE_FIELDS: tuple[JudgeField, ...] = (
    "input",
    "messages",
    "output",
    "expected",
    "documents",
    "tool_calls",
    "conversation",
    "metadata",
    "criterion",
)


class JudgePrompt(Contract):
    """A judge prompt: a Markdown file with front matter, the project's `[judge]` settings filled in."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")
    """Unique; the name of the scorer that it makes."""
    description: str = ""
    """One sentence."""
    choices: dict[str, float | None] = Field(min_length=2)
    """Verdicts that may be given → the score's value; None says that the question does not apply."""
    fields: tuple[JudgeField, ...] = Field(min_length=1)
    """What the judge must see, in order; a subject without it is not judged."""
    optional: tuple[JudgeField, ...] = ()
    """What the judge is shown as well, where it was recorded."""
    threshold: float | None = None
    """The value at or above which a score passes."""
    model: str
    """The model that is asked for."""
    max_tokens: int = Field(ge=1)
    """Output tokens at most, thinking included."""
    effort: str | None = None
    """`output_config.effort`; None leaves it to the model."""
    temperature: float | None = Field(default=None, ge=0, le=1)
    """How freely the model words its answer; None leaves it to the model. From Claude 4.7 on models refuse it."""
    reasoning: bool = True
    """Whether the judge gives its reasons before its choice."""
    frame: str = ""
    """Version of what stands around the text: the rules, the fences, the shape of the answer."""
    text: str = Field(min_length=1)
    """The instruction: the file without its front matter."""
    path: str
    """Where the file lies."""

    @property
    def idle_threshold(self) -> str | None:
        """Why the threshold decides nothing, one line: every choice passes, or none. None when it decides."""
        values = [value for value in self.choices.values() if value is not None]
        if self.threshold is None or len({value >= self.threshold for value in values}) > 1:
            return None
        said = ", ".join(f"{value:g}" for value in values) or "no choice has a value"
        return f"threshold = {self.threshold:g} lets every choice pass, or none ({said}); give one between them"

    @property
    def identity(self) -> str:
        """12 hex digits of SHA-256 over everything that can change a verdict."""
        choices = tuple(self.choices.items())
        return _identity(tuple(choices if name == "choices" else getattr(self, name) for name in _IDENTITY))


_IDENTITY = (
    "text", "choices", "fields", "optional", "model", "max_tokens", "effort", "temperature", "reasoning", "frame",
)  # fmt: skip


@lru_cache(maxsize=1024)
def _identity(values: tuple[object, ...]) -> str:
    parts = json.dumps(dict(zip(_IDENTITY, values, strict=True)), sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


class JudgeQuestion(Contract):
    """One question about one subject."""

    prompt: JudgePrompt
    """How to judge."""
    shown: dict[str, str]
    """Field → text under judgement, in the prompt's order. It is data: never an instruction."""


class JudgeVerdict(Contract):
    """A verdict that is one of the prompt's choices. Anything else is a JudgeError."""

    choice: str
    """One of the prompt's choices."""
    reasoning: str = ""
    """Why, in the judge's words."""
    model: str
    """The model that answered, as returned."""
    input_tokens: int = 0
    """All input, cached included."""
    output_tokens: int = 0
    """All output, thinking included."""
    cost_usd: float | None = None
    """US dollars at list prices; None when the model has no known price."""
    request: str | None = None
    """SHA-256 of the judge's identity and of the request without its marker; None of a judge that sends none."""
    recorded_at: datetime | None = None
    """When the verdict was given, of one that was replayed and not asked for again."""


class RecordedVerdict(Contract):
    """A verdict that is kept: a row of `verdicts`, and a line of the project's `verdicts.jsonl`."""

    request: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the judge's identity and of the request without its marker; unique."""
    judge: str
    """The prompt's name."""
    identity: str
    """The prompt's identity."""
    choice: str
    """The verdict."""
    reasoning: str = ""
    """Why, in the judge's words."""
    model: str
    """The model that answered, as returned."""
    input_tokens: int = 0
    """All input, cached included."""
    output_tokens: int = 0
    """All output, thinking included."""
    cost_usd: float | None = None
    """What it cost, once; replaying it is free."""
    recorded_at: datetime
    """UTC."""


class Judge(Protocol):
    """Gives verdicts. `otel_i2e.judge.ClaudeJudge` is the real one; a test may script its own."""

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """A verdict, or JudgeError when none could be had."""
        ...
