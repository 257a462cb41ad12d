"""`no_personal_data`: the output has no e-mail address, telephone, card, account or social security number that the
question had not.

Names and street addresses are not found: that takes a judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field, field_validator

from otel_i2e.models import Contract, Score
from otel_i2e.score.checks._check import check_scorer, plain, read_argument
from otel_i2e.score.checks._personal_data import Kind, bare, personal_data, telephones
from otel_i2e.score.checks._tables import tabled
from otel_i2e.score.scorer import Scorer
from otel_i2e.score.structured import told

__all__ = ["no_personal_data"]


class Allowed(Contract):
    """What may stand there, and where telephones are looked for."""

    kinds: list[Kind] = Field(default_factory=list[Kind])
    """Kinds that are let through."""
    texts: list[str] = Field(default_factory=list[str])
    """Exactly these are let through: the address of your own support, say."""
    regions: list[str] = Field(default_factory=list[str])
    """ISO 3166 codes of countries whose telephone numbers are known without a word before them: `["DE", "US"]`."""

    @field_validator("regions")
    @classmethod
    def _known(cls, regions: list[str]) -> list[str]:
        for region in regions:
            if region not in telephones().SUPPORTED_REGIONS:
                raise ValueError(f"{region!r} is no country with telephone numbers; write it as ISO 3166 does: 'DE'")
        return regions


def no_personal_data(argument: Any = None) -> Scorer:
    """`true`, or `{"kinds": ["email"], "texts": ["help@example.com"]}`: let through; `{"regions": ["DE"]}`."""
    wanted = read_argument("no_personal_data", Allowed, plain(argument), short="kinds")

    let_through = {bare(text) for text in wanted.texts}

    def check(output: str, input: Any = None) -> Score:
        """The output has no personal data that the question had not."""
        found = list(personal_data(output, wanted.regions))
        if texts := told(output) or tabled(output):
            seen = {bare(text) for _, text in found}
            found += [one for one in personal_data(texts, wanted.regions) if bare(one[1]) not in seen]
        new = [one for one in found if one[0] not in wanted.kinds and bare(one[1]) not in let_through]
        if new and input:
            new = list(_not_in(str(input), new))
        kinds = Counter(kind for kind, _ in new)
        said = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))
        return Score(value=0.0 if new else 1.0, explanation=said or "none found")

    return check_scorer("no_personal_data", check, wanted, title=_title(wanted), negative=True)


def _title(wanted: Allowed) -> str:
    exceptions = "with exceptions" if wanted.kinds or wanted.texts else ""
    return ", ".join(part for part in (exceptions, " ".join(wanted.regions)) if part)


def _not_in(question: str, found: Sequence[tuple[Kind, str]]) -> Iterator[tuple[Kind, str]]:
    """What the question had not, in whichever form: an address as one, of a number the digits."""
    addresses = {bare(text) for kind, text in personal_data(question) if kind == "email"}
    asked = bare(question)
    for kind, text in found:
        digits = bare(text).lstrip("0") if kind == "telephone" else bare(text)
        if bare(text) not in addresses if kind == "email" else digits not in asked:
            yield kind, text
