"""`contains`: the output has a text in it; of several texts, every one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, read_argument, shown, verdict
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told
from otel_i2e.score.text import seen, visible

__all__ = ["Texts", "contains", "needles_of"]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("a blank text is in everything; give one with letters")
    return text


class Texts(Contract):
    """One text or several."""

    text: Annotated[
        list[Annotated[str, AfterValidator(_says_something)]], BeforeValidator(_as_list), Field(min_length=1)
    ]
    """What to look for."""
    exact: bool = False
    """Compare as it is; otherwise Unicode forms, whitespace, case, the kind of apostrophe, quotation mark and dash, and
    characters that show nothing do not matter."""

    @model_validator(mode="after")
    def _shows_something(self) -> Texts:
        if not self.exact and not all(visible(text).strip() for text in self.text):
            raise ValueError('nothing of a text shows, and what does not show is not looked at; add "exact": true')
        return self


def needles_of(texts: Texts) -> list[tuple[str, str]]:
    """What is looked for, and how it is named."""
    return [(text if texts.exact else seen(text), shown(text)) for text in texts.text]


def contains(argument: Any) -> Scorer:
    """`"30 days"`, `["30 days", "receipt"]` or `{"text": …, "exact": true}`."""
    wanted = read_argument("contains", Texts, argument, short="text")
    needles, exact = needles_of(wanted), wanted.exact
    good = verdict(holds=True, why=f"contains {', '.join(name for _, name in needles)}")

    def check(output: str) -> Score:
        """The output has these texts in it."""
        hay = output if exact else seen(output)
        absent = [name for needle, name in needles if needle not in hay]
        if absent and (texts := told(output)):
            hay = f"{hay}\0{texts if exact else seen(texts)}"
            absent = [name for needle, name in needles if needle not in hay]
        return verdict(holds=False, why=f"does not contain {', '.join(absent)}") if absent else good

    return check_scorer("contains", check, wanted, title=", ".join(shown(text) for text in wanted.text))
