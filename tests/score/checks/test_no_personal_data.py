"""`no_personal_data`: no address, telephone, card or account number that the question had not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Outcome
from otel_i2e.score.checks.no_personal_data import no_personal_data

Try = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("Write to jo.doe@mail.example.com.", "email"),
        ("Call +49 (30) 901820 today.", "telephone"),
        ("Card 4111 1111 1111 1111.", "card"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "iban"),
        ("Card 4111 1111 1111 1112.", None),
        ("IBAN GB83 WEST 1234 5698 7654 32.", None),
        ("Call 030 901820 today.", "telephone"),
        ("Mobile: 0171 2345678", "telephone"),
        ("Tél : 01 23 45 67 89", "telephone"),
        ("Sie erreichen ihn unter 0171 2345678.", "telephone"),
        ("You can reach us at 020 7946 0958.", "telephone"),
        ("(212) 555-0123", "telephone"),
        ("or 1-212-555-0123?", "telephone"),
        ("card 4111 1111 1111 1111 12/27 CVV 123", "card"),
        ("card 4111.1111.1111.1111", "card"),
        ("4111\u00a01111\u00a01111\u00a01111 123", "card"),
        ("4111–1111–1111–1111", "card"),
        ("card_4111111111111111_", "card"),
        ("Pay to DE89370400440532013000 EUR 20", "iban"),
        ("de89370400440532013000", "iban"),
        ("DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000 BIC COBADEFFXXX", "iban"),
        ("DE89 37040044 0532013000", "iban"),
        ("+49\u00a030\u00a01234567", "telephone"),
        ("ada@bücher.example", "email"),
        ("It is 123-45-6789.", "ssn"),
        ("Social security number: 123456789", "ssn"),
        ("378282246310005", "card"),
        ("Write to jo\u200b.doe@ma\u00adil.example.com.", "email"),
        ("ｊｏ＠ｍａｉｌ．ｅｘａｍｐｌｅ．ｃｏｍ", "email"),
        ("4111 1111\u2060 1111 1111", "card"),
        ('{"phone":"0171 2345678"}', "telephone"),
        ('{"phone_numbers": ["0171 2345678"]}', "telephone"),
        ('{"mobilePhone": 4915112345679}', "telephone"),
        ("| Phone | 0171 2345678 |", "telephone"),
        ("**Phone:** 0171 2345678", "telephone"),
        ("Phone: **0171 2345678**", "telephone"),
        ("Phone (mobile): 0171 2345678", "telephone"),
        ("<td>Phone</td><td>0171 2345678</td>", "telephone"),
        ("Tel. 030 1234567/0171 2345678", "telephone"),
        ("| Name | Phone |\n|---|---|\n| Jo | 0171 2345678 |", "telephone"),
        ("Name | Phone\n:--|--:\nJo |  \nAl | 0171 2345678", "telephone"),
        ("| Name | Mail |\n|---|---|\n| Jo | jo@mail.example |", "email"),
        ("📞 0171 2345678", "telephone"),
        ("電話番号は090-1234-5678です", "telephone"),
        ("тел.: 8 (495) 123-45-67", "telephone"),
    ],
)
def test_each_kind_is_found_by_its_shape_and_digits(attempt: Try, output: str, kind: str | None) -> None:
    """What was found is not repeated."""
    made = attempt(no_personal_data(), output)
    assert made.passed is (kind is None)
    assert made.score is not None
    assert made.score.explanation == (f"1 × {kind}" if kind else "none found")


INNOCENT = [
    "Order 2026-05-04, 30 days, A-1042, 1,200.50.",
    "Order 4711-0815-22, invoice 2026-1130-001, ticket 2025-123-4567",
    "2026-11-30 12:30:15, 30.11.2026, 11/30/2026",
    "call 2026-11-30, call before 30.11.2026, the call of 20261130, the call took 1200 ms",
    "v1.20.300.4, Python 3.11.7 and 3.12.1, mobile 15.4.1.2",
    "ISBN 978-3-16-148410-0, GTIN 4006381333931",
    "10.0.0.1:8080, call 192.168.100.200",
    "tracking 1Z999AA10123456784, in milliseconds 1732924800000 and 1732924800018",
    "case 000-12-3456, 666-12-3456, 900-12-3456, 123-00-6789, part 123-456-7890, 1-123-45-6789-0",
    "uuid 123e4567-e89b-12d3-a456-426614174000, sha 5f2c4111111111111111, 0x4111111111111111ab",
    "IBAN-like: DE12 3456, AB12 3456 7890 1234 5678, GB83 WEST 1234 5698 7654 32",
    "phone 16 Pro 256 GB, cell A1:B20 200 300 400, call tool_12345678, hotline hours 9-17, ring 12 and 14",
    "lat 52.520008, long 13.404955; 1,234,567,890; 2125550123",
    '| Mobile | 1200000 |, {"mobile": 1200000, "hotel": "123456789", "call": 12345678, "phone": null}, Hôtel 75001 12',
    "| Mobile | Order |\n|---|---|\n| 1200000 | 4711 2345 |\n\nx | 4711 2345 | отель 12345678",
    "@decorated, me@home, 3 @ 5 each",
    "0.5333333333333333, 0.4111111111111111, 4.111111111111111",
]


@pytest.mark.parametrize("output", INNOCENT)
def test_what_is_no_personal_data_passes(attempt: Try, output: str) -> None:
    """Numbers of orders, dates, versions, products, addresses on the network; with regions named, too."""
    assert attempt(no_personal_data(), output).passed is True
    regions: Any = {"regions": ["DE", "FR", "GB"]}
    assert attempt(no_personal_data(regions), output).passed is True


@pytest.mark.parametrize("between", ["\n", ",", " ", "\t", ";", "|"])
@pytest.mark.parametrize(
    ("kind", "own", "foreign"),
    [
        ("card", "4111111111111111", "5500005555555559"),
        ("card", "4111 1111 1111 1111", "5500 0055 5555 5559"),
        ("iban", "DE89370400440532013000", "GB82WEST12345698765432"),
        ("iban", "ES91 2100 0418 4502 0005 1332", "DE89 3704 0044 0532 0130 00"),
        ("ssn", "123-45-6789", "234-56-7890"),
        ("telephone", "415-555-2671", "415-555-9999"),
    ],
)
def test_of_a_list_every_one_is_seen(attempt: Try, between: str, kind: str, own: str, foreign: str) -> None:
    """One character between them is enough: somebody else's does not hide behind the user's own."""
    made = attempt(no_personal_data(), f"On file: {own}{between}{foreign}", input_text=f"It is {own}.")
    assert made.score is not None
    assert made.score.explanation == f"1 × {kind}"


@pytest.mark.parametrize(
    ("asked", "answer", "passes"),
    [
        ("Rückruf: 0171 2345678", "Wir rufen an, Tel. 0171/2345678.", True),
        ("My number is +49 171 2345678.", "We will call 0171 2345678.", True),
        ("my social is 123456789", "SSN 123-45-6789 noted", True),
        ("IBAN: DE89.3704.0044.0532.0130.00", "DE89 3704 0044 0532 0130 00", True),
        ("Rückruf: 0171 2345678", "Tel. 0171 2345679", False),
        ("I am mojo@mail.example", "jo@mail.example", False),
    ],
)
def test_what_the_question_had_may_be_repeated(attempt: Try, asked: str, answer: str, *, passes: bool) -> None:
    """In whichever form it had it: no word need stand before a number there."""
    assert attempt(no_personal_data(), answer, input_text=asked).passed is passes


def test_regions_know_their_telephones_without_a_word(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a bare number is none of the United States, either; what is no region, or no library, is said."""
    text = "030 901820, or (030) 901820"
    made = attempt(no_personal_data({"regions": ["DE"]}), text)
    assert made.score is not None
    assert made.score.explanation == "2 × telephone"
    assert attempt(no_personal_data(), text).passed is True
    assert attempt(no_personal_data({"regions": ["US"]}), "Order 2125550123").passed is True
    with pytest.raises(ScorerError, match="'Germany' is no country with telephone numbers"):
        no_personal_data({"regions": ["Germany"]})
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(ScorerError, match=r"pip install 'otel-i2e\[telephones\]'"):
        no_personal_data({"regions": ["DE"]})


def test_what_the_user_said_and_what_is_allowed_pass(attempt: Try) -> None:
    """However it is written."""
    asked = {"input_text": "My card is 4111-1111-1111-1111."}
    assert attempt(no_personal_data(), "4111 1111 1111 1111, you said.", **asked).passed is True
    allowed: Any = {"texts": ["help@shop.example"]}
    assert attempt(no_personal_data(allowed), "Write to Help@shop.example.").passed is True
    assert attempt(no_personal_data({"kinds": ["email"]}), "jo@mail.example.com").passed is True
    assert attempt(no_personal_data(), None).outcome is Outcome.NO_CONTENT
    with pytest.raises(ScorerError, match=r"^no_personal_data: kinds"):
        no_personal_data({"kinds": ["name"]})
