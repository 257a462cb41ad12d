"""Personal data in a text, told by its shape and its digits.

Check digits tell cards (Luhn) and accounts (ISO 7064). Telephones begin with `+` or `00`, are written as in North
America, or have a word before them: `Tel.`, `call us on`. Where regions are named, Google's libphonenumber knows the
numbers of those countries, and how they are grouped, without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from otel_i2e.errors import ScorerError
from otel_i2e.score.checks.regex import compiled
from otel_i2e.score.text import legible

__all__ = ["Kind", "bare", "personal_data", "telephones"]

Kind = Literal["email", "telephone", "card", "iban", "ssn"]


class _Shape(NamedTuple):
    kind: Kind
    pattern: str
    """Its first group, or all of it, is what the check looks at."""
    check: Callable[[str], bool]


def personal_data(text: str, regions: Sequence[str] = ()) -> Iterator[tuple[Kind, str]]:
    """What is personal, as a reader sees it; the digits of an account number are no card as well."""
    text = legible(text)
    encoded = text.encode()
    taken: list[tuple[int, int]] = []
    for kind, begin, end in _places(text, encoded, regions):
        if not any(begin < last and first < end for first, last in taken):
            taken.append((begin, end))
            yield kind, encoded[begin:end].decode()


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
    return "".join(char for char in legible(text).casefold() if char.isalnum())


def _places(text: str, encoded: bytes, regions: Sequence[str]) -> Iterator[tuple[Kind, int, int]]:
    """Where in the UTF-8."""
    some = _COMPILED if _MAYBE_NUMBERS(encoded) else _COMPILED[:1] if b"@" in encoded else ()
    for kind, pattern, check in some:
        for begin, end in _spans(pattern, encoded, check):
            yield kind, begin, end
    for region in regions:
        library = telephones()
        for match in library.PhoneNumberMatcher(text, region, leniency=library.Leniency.STRICT_GROUPING):
            if match.raw_string[0] in "0+(" or not match.raw_string.isdigit():  # bare digits number anything
                begin = len(text[: match.start].encode())
                yield "telephone", begin, begin + len(match.raw_string.encode())


def _spans(pattern: Any, encoded: bytes, check: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Of the first group, or of the match; the character after one may begin the next, as in a list."""
    group, at = min(pattern.groups, 1), 0
    while match := pattern.search(encoded, at):
        begin, at = match.span(group)
        if stands := next((one for one in _cut(match[group], check) if check(one.decode())), None):
            at = begin + len(stands)
            yield begin, at


def _cut(found: bytes, check: Callable[[str], bool]) -> Iterator[bytes]:
    """What was found, and less of it where it may have run into the next one."""
    yield found
    if check is _iban or (check in (_telephone, _national, _labelled) and len(_digits(found.decode())) > _LONGEST):
        yield from (found[: gap.start()] for gap in reversed([*_GAPS.finditer(found)]))


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
    return 8 <= len(_digits(text)) <= _LONGEST


def _national(text: str) -> bool:
    """After a word that says so: neither a date nor an address on the network."""
    return 7 <= len(_digits(text)) <= _LONGEST and _NO_TELEPHONE.fullmatch(text) is None


def _labelled(text: str) -> bool:
    """In a field or a cell with such a name: no count, either."""
    return _national(text) and (text[0] == "0" or len(text) > 8 or not text.isdigit())


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
_LONGEST: Final = 15
"""Digits of a telephone (ITU-T E.164)."""
_GAPS: Final = re.compile(rb"[ /.-]+")
_TELEPHONE: Final = (
    r"(?:tel|telephone|phone|mobile|cell|fax|hotline|whatsapp|sms|telefon|handy|mobil|ruf|telefoon|"
    r"téléphone|tél|portable|teléfono|móvil|telefono|cellulare|telefone|telemóvel)(?:[ _-]?(?:numbers?|nummer))?s?"
)
_CALL: Final = r"call|ring|reach(?:ed)?(?: \w+)? (?:at|on)|erreich\w+(?: \w+)? unter|bel|appelez|llame|chiami|ligue"
_BETWEEN: Final = (
    r"(?:[\s.:_]+(?:us|me|him|her|them|at|on|is|no|nr|number|unter|ist|lautet|nummer|au|est|al|es|op|para)\b){0,2}"
)
_NUMBER: Final = r"(\(?\d[\d ()/.-]{4,18}\d)\b"
_IN_A_NAME: Final = r"[a-z](?-i:Phone|Mobile|Fax|Tel)(?:Numbers?)?"
_BEYOND_ASCII: Final = (
    r"(?:[☎✆📞📱]|电话|電話|手机|手機|携帯|전화|(?:^|[^\pL])(?:тел|телефон|моб))(?:号码|號碼|番号|번호)?"
)
_SIGNS: Final = r"(?:[\s.:#*_\"'`|=>\[\\–—は是为為-]|&nbsp;|</?\w[^<>]{0,60}>){0,12}"
"""Between a name and its value in JSON, YAML, Markdown, HTML."""
_AREA: Final = r"[2-9]\d\d"  # and so begins an exchange (North American Numbering Plan)
_OPEN: Final = r"(?:^|[^A-Za-z0-9.])"
_END: Final = r"(?:$|[^A-Za-z0-9])"
_NO_LETTER: Final = r"(?:^|[^\pL\pN])"
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
    _Shape("telephone", rf"(?i){_NO_LETTER}(?:{_TELEPHONE}|{_CALL})\b{_BETWEEN}[\s.:#*_]{{0,6}}{_NUMBER}", _national),
    _Shape(
        "telephone",
        rf"(?i)(?:(?:{_NO_LETTER}{_TELEPHONE}|{_IN_A_NAME})\b|{_BEYOND_ASCII})(?:\s?\([^()\d]{{1,20}}\))?{_BETWEEN}{_SIGNS}{_NUMBER}",
        _labelled,
    ),
    _Shape("ssn", r"(?:^|[^\w-])(\d{3}-\d{2}-\d{4})(?:$|[^\w-])", _ssn),
    _Shape(
        "ssn",
        r"(?i)\b(?:ssn|social security(?: number| no)?)\b\W{0,3}(?:is\s+)?(\d{3}[- ]?\d{2}[- ]?\d{4})\b",
        _ssn,
    ),
)
_MAYBE_NUMBERS: Final = compiled(r"[A-Za-z]{2}\d{2}|\d(?:[ ()/.–-]*\d){6}", encoded=True).search
"""Whether anything but an address may be there: most texts need not be looked at for each shape."""
_COMPILED: Final[tuple[tuple[Kind, Any, Callable[[str], bool]], ...]] = tuple(
    (kind, compiled(pattern, encoded=True), check) for kind, pattern, check in _SHAPES
)
