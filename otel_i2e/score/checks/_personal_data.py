"""Personal data in a text, told by its shape and its digits.

Check digits tell cards (Luhn) and accounts (ISO 7064). Telephones begin with `+` or `00`, are written as in North
America, or have a word before them: `Tel.`, `call us on`. Where regions are named, Google's libphonenumber knows the
numbers of those countries, and how they are grouped, without one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from otel_i2e.errors import ScorerError
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.text import visible

__all__ = ["Kind", "bare", "personal_data", "telephones"]

Kind = Literal["email", "telephone", "card", "iban", "ssn"]


class _Shape(NamedTuple):
    kind: Kind
    pattern: str
    """Its first group, or all of it, is what the check looks at."""
    check: Callable[[str], bool]


def personal_data(text: str, regions: Sequence[str] = ()) -> Iterator[tuple[Kind, str]]:
    """What is personal, as a reader sees it; the digits of an account number are no card as well."""
    text = text if text.isascii() else unicodedata.normalize("NFKC", visible(text))
    taken: list[tuple[int, int]] = []
    for kind, begin, end in _places(text, regions):
        if not any(begin < last and first < end for first, last in taken):
            taken.append((begin, end))
            yield kind, text[begin:end]


def telephones() -> Any:
    """The library that knows the telephone numbers of each country. ScorerError when it is not installed."""
    try:
        import phonenumbers
    except ModuleNotFoundError:
        raise ScorerError(
            "no_personal_data: regions need phonenumberslite: pip install 'otel-i2e[telephones]'"
        ) from None
    return phonenumbers


def bare(text: str) -> str:
    """Letters and digits alone, however they are set apart."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _places(text: str, regions: Sequence[str]) -> Iterator[tuple[Kind, int, int]]:
    some = _COMPILED if _MAYBE_NUMBERS(text) else _COMPILED[:1] if "@" in text else ()
    for kind, pattern, check in some:
        for match in pattern.finditer(text):
            group = 1 if match.re.groups else 0
            if check(match.group(group)):
                yield kind, *match.span(group)
    for region in regions:
        library = telephones()
        for match in library.PhoneNumberMatcher(text, region, leniency=library.Leniency.STRICT_GROUPING):
            if match.raw_string[0] in "0+(" or not match.raw_string.isdigit():  # bare digits number anything
                yield "telephone", match.start, match.end


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _card(text: str) -> bool:
    """As networks number them (ISO/IEC 7812), and right by Luhn."""
    digits = _digits(text)
    doubled = [sum(divmod(2 * int(d), 10)) if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return _NETWORK.fullmatch(digits) is not None and sum(doubled) % 10 == 0 and len(set(digits)) > 1


def _iban(text: str) -> bool:
    plain = bare(text).upper()
    turned = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _telephone(text: str) -> bool:
    return 8 <= len(_digits(text)) <= 15


def _national(text: str) -> bool:
    """After a word that says so: neither a date nor an address on the network."""
    return 7 <= len(_digits(text)) <= 15 and _NO_TELEPHONE.fullmatch(text) is None


def _ssn(text: str) -> bool:
    """No area 000, 666 or above 899, no group 00, no serial 0000 is given out (Social Security Administration)."""
    area, group, serial = (digits := _digits(text))[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


_NETWORK: Final = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5\d{15}|2[2-7]\d{14}|3[47]\d{13}|3(?:[0689]\d{12,17}|5\d{14,17})|6\d{15,18}"
)
_NO_TELEPHONE: Final = re.compile(
    r"(?:19|20)\d{6}|\d{4}([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2\d{2,4}|\d{1,3}(?:\.\d{1,3}){3}"
)
_SAYS_TELEPHONE: Final = (
    r"tel|telephone|phone(?: number)?|mobile|cell|fax|hotline|call|ring|reach(?:ed)?(?: \w+)? (?:at|on)|whatsapp|sms|"
    r"telefon(?:nummer)?|handy|mobil|rufnummer|erreich\w+(?: \w+)? unter|telefoon|bel|"
    r"téléphone|tél|portable|appelez|teléfono|móvil|llame|telefono|cellulare|chiami|telefone|telemóvel|ligue"
)
_BETWEEN: Final = r"(?:us|me|him|her|them|at|on|is|no|nr|number|unter|ist|lautet|nummer|au|est|al|es|op|para)"
_AREA: Final = r"[2-9]\d\d"  # and so begins an exchange (North American Numbering Plan)
_OPEN: Final = r"(?:^|[^A-Za-z0-9.])"
_END: Final = r"(?:$|[^A-Za-z0-9])"
_GAP: Final = r"[ .–-]"
_SHAPES: Final = (
    _Shape("email", r"[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,}", bool),
    _Shape("iban", rf"{_OPEN}([A-Za-z]{{2}}\d{{2}}[A-Za-z0-9]{{11,30}}){_END}", _iban),
    _Shape("iban", rf"{_OPEN}([A-Z]{{2}}\d{{2}}(?:[ -][A-Z0-9]{{4}}){{2,7}}(?:[ -][A-Z0-9]{{1,3}})?){_END}", _iban),
    _Shape("iban", rf"{_OPEN}([A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]){{11,30}}){_END}", _iban),
    _Shape(
        "card",
        rf"{_OPEN}(\d{{13,19}}|\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,4}}|\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}){_END}",
        _card,
    ),
    _Shape("card", rf"{_OPEN}(\d(?:[ -]?\d){{12,18}}){_END}", _card),
    _Shape("telephone", r"(?:\+|\b00[1-9])\d[\d ()/.-]{6,20}\d", _telephone),
    _Shape("telephone", rf"(?:^|[^\w.-])((?:1[ .-])?\({_AREA}\) ?{_AREA}[ .-]\d{{4}})(?:$|[^\w-])", bool),
    _Shape("telephone", rf"(?:^|[^\w.-])((?:1[.-])?{_AREA}[.-]{_AREA}[.-]\d{{4}})(?:$|[^\w-])", bool),
    _Shape(
        "telephone",
        rf"(?i)\b(?:{_SAYS_TELEPHONE})\b(?:[\s.:]+{_BETWEEN}\b){{0,2}}[\s.:#]{{0,4}}(\(?\d[\d ()/.-]{{4,18}}\d)\b",
        _national,
    ),
    _Shape("ssn", r"(?:^|[^\w-])(\d{3}-\d{2}-\d{4})(?:$|[^\w-])", _ssn),
    _Shape(
        "ssn",
        r"(?i)\b(?:ssn|social security(?: number| no)?)\b\W{0,3}(?:is\s+)?(\d{3}[- ]?\d{2}[- ]?\d{4})\b",
        _ssn,
    ),
)
_MAYBE_NUMBERS: Final = compiled(r"[A-Za-z]{2}\d{2}|\d(?:[ ()/.–-]*\d){6}").search
"""Whether anything but an address may be there: most texts need not be looked at for each shape."""
_COMPILED: Final[tuple[tuple[Kind, Any, Callable[[str], bool]], ...]] = tuple(
    (kind, compiled(pattern), check) for kind, pattern, check in _SHAPES
)
