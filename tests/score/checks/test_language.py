"""`language`: the output is written in this language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.language import language

Try = Callable[..., Attempt]


SENTENCES = {
    "de": "Sie können das Gerät innerhalb von 30 Tagen zurückgeben, wenn es nicht beschädigt ist.",
    "en": "You can return the laptop within 30 days if it is not damaged.",
    "es": "Usted puede devolver el portátil en 30 días si no está dañado, con la factura.",
    "fr": "Vous pouvez le rendre dans les 30 jours avec la facture.",
    "it": "Si può restituire il portatile con la ricevuta, ma non dopo 30 giorni.",
    "nl": "U kunt het apparaat binnen 30 dagen terugsturen, met de bon van de winkel.",
    "pt": "Você pode devolver o portátil em 30 dias com a fatura, se não estiver danificado.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_told(attempt: Try, code: str) -> None:
    """Its own language passes, another fails."""
    made = attempt(language(code), SENTENCES[code])
    assert made.passed is True, made.score
    other = "en" if code != "en" else "de"
    assert attempt(language(other), SENTENCES[code]).passed is False


@pytest.mark.parametrize(
    "text",
    [
        "您可以在三十天内凭收据退回笔记本电脑，但前提是它没有损坏。",
        "Вы можете вернуть ноутбук в течение 30 дней с чеком.",
    ],
)
def test_another_script_is_another_language(attempt: Try, text: str) -> None:
    """It fails; a name in it says nothing."""
    made = attempt(language("en"), text)
    assert made.passed is False
    assert made.score is not None
    assert made.score.label == "other"
    assert attempt(language("en"), text[:9]).outcome is Outcome.NOT_APPLICABLE


OTHERS = {
    "pl": "To jest zamówienie, i można je zwrócić. To nie jest problem, a paczka i paragon to wszystko.",
    "sv": "Du kan returnera varan i butiken. Det är en bra idé att ha kvitto i väskan. Vi har en butik i stan.",
    "da": "Ja, det er en god idé. Du kan få en ny, og det er gratis. De er i butikken. Der er en kvittering.",
    "hu": "Ez a rendelés egy hét alatt megérkezik, és a nyugta is kell. A pénz az ön számlájára jön, ha kéri.",
    "ro": "Comanda este pe drum. Puteți să o returnați în 30 de zile, dacă nu este deteriorată.",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_another_language_is_none_of_the_seven(attempt: Try, text: str) -> None:
    """Small words that they have in common do not make it one."""
    told = {code: attempt(language(code), text) for code in SENTENCES}
    assert {code for code, made in told.items() if made.passed is not False} == set()


def test_a_few_small_words_in_much_else_say_nothing(attempt: Try) -> None:
    """One word that comes often, or three among names and numbers."""
    assert attempt(language("en"), "To to to, to.").outcome is Outcome.NOT_APPLICABLE
    listing = f"the {' '.join(f'SKU-{n}' for n in range(60))} is of"
    assert attempt(language("en"), listing).outcome is Outcome.NOT_APPLICABLE


def test_too_little_text_says_nothing(attempt: Try) -> None:
    """A number or a name is in no language."""
    assert attempt(language("en"), "42").outcome is Outcome.NOT_APPLICABLE
    wrong: Any = "xx"
    with pytest.raises(ScorerError, match=r"^language: code"):
        language(wrong)
