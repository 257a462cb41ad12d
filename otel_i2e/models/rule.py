"""Online rules and the judge's settings: the tables `[[rules]]` and `[judge]` of `i2e.toml`."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from otel_i2e.models._contract import Contract

__all__ = ["STRATA", "JudgeSettings", "Rule"]

STRATA: Final = ("errors", "negative_feedback", "rare_prompt_versions")
"""Names that a rule's `keep` may have beside conditions: traces with a span that failed; those whose user was not
content; the first of each prompt version a UTC day."""


class Rule(Contract):
    """Which spans are scored in production, by what, how often, for how much."""

    name: str = Field(min_length=1)
    """Unique; the ledger and the scores carry it."""
    where: str = "kind = 'llm'"
    """A DuckDB condition over the columns of `spans`."""
    sample: float = Field(default=1.0, ge=0, le=1)
    """Part of the traces: the trace id decides, so 1 % is a subset of 10 %."""
    keep: list[str] = Field(default_factory=lambda: list(STRATA))
    """What is scored whatever the sample says: names of STRATA, and DuckDB conditions over the columns of `spans`."""
    rare: int = Field(default=20, ge=0)
    """Traces of each prompt version that `rare_prompt_versions` keeps a UTC day, the first to arrive."""
    scorers: list[str] = Field(min_length=1)
    """Names of scorers."""
    quiet: float = Field(default=10.0, ge=0)
    """Seconds without a new span that make a trace with its root complete, for scorers that look beyond their span."""
    quiet_max: float = Field(default=120.0, ge=0)
    """Seconds after which a span is scored however its trace stands."""
    shadow: bool = False
    """Whether scores are kept apart, where nothing counts them."""
    beside: str | None = None
    """For a rule in shadow: the live scorer that it is compared with; None is the scorer of the same name."""
    daily_budget: int | None = Field(default=None, ge=0)
    """Scorer calls a UTC day at most; None is no limit."""
    daily_budget_usd: float | None = Field(default=None, ge=0)
    """US dollars a UTC day at most, for judges; None is no limit."""


class JudgeSettings(Contract):
    """How the judge is called."""

    model: str = "claude-sonnet-5-5"
    """A pinned model id (from the 4.6 generation on, ids without a date are pinned); a prompt's own wins."""
    max_tokens: int = Field(default=8192, ge=1)
    """Of the verdict, with the thinking that current models do before it; a prompt's own wins."""
    effort: str | None = None
    """`low` … `max`, for models that take it; None leaves it to the model; a prompt's own wins."""
    temperature: float | None = Field(default=None, ge=0, le=1)
    """For models that take one (up to Claude 4.6); None leaves it to the model; a prompt's own wins."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds for one request."""
    max_retries: int = Field(default=4, ge=0)
    """Retries of the SDK, with its backoff."""
    concurrency: int = Field(default=16, ge=1)
    """Requests at once."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Requests a minute at most, evenly spread; None is no limit. What the API refuses all the same is retried."""
    input_tokens_per_minute: int | None = Field(default=None, ge=1)
    """Input tokens a minute at most, evenly spread, what the prompt cache gave left out; None is no limit. They are
    estimated before a request and corrected by the API's count after it."""
    check_every_days: float | None = Field(default=None, gt=0)
    """Days after which a calibrated judge is asked its frozen labels again, in the background; None: by hand."""
    daily_budget: int | None = Field(default=None, ge=0)
    """Questions a UTC day at most, of all online rules together; None is no limit."""
    daily_budget_usd: float | None = Field(default=None, ge=0)
    """US dollars a UTC day at most, of all online rules together; None is no limit."""
