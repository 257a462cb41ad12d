"""A judge that says what a test tells it to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from otel_i2e.errors import JudgeError
from otel_i2e.models import JudgeQuestion, JudgeVerdict

__all__ = ["ScriptedJudge"]


class ScriptedJudge:
    """Implements `models.Judge`. `says` is one choice for all, choices in order, or a function of the question.

    A choice that the prompt does not offer, and a script that has ended, are a JudgeError, as with a real judge.
    """

    def __init__(
        self,
        says: str | Iterable[str] | Callable[[JudgeQuestion], str],
        *,
        reasoning: str = "scripted",
        cost_usd: float | None = 0.001,
    ) -> None:
        self.questions: list[JudgeQuestion] = []
        """Every question, in order."""
        self._function = says if callable(says) else None
        self._always = says if isinstance(says, str) else None
        self._in_order = iter(() if callable(says) or isinstance(says, str) else says)
        self._reasoning = reasoning
        self._cost_usd = cost_usd

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """The scripted verdict."""
        self.questions.append(question)
        choice = self._function(question) if self._function else self._always or next(self._in_order, None)
        if choice is None:
            raise JudgeError(f"the script has ended: question {len(self.questions)} has no verdict")
        if choice not in question.prompt.choices:
            offered = ", ".join(question.prompt.choices)
            raise JudgeError(f"{choice!r} is not a choice of prompt {question.prompt.name!r}: {offered}")
        return JudgeVerdict(
            choice=choice,
            reasoning=self._reasoning,
            model=question.prompt.model,
            input_tokens=100,
            output_tokens=20,
            cost_usd=self._cost_usd,
        )
