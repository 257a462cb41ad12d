"""What secrets look like: our own shapes, tried before those of the library.

The library (detect-secrets) says whether a line holds a secret; what is needed here is where it begins and ends, so
the common shapes stand here in full length: a token to its last character, a key block to its last line. They are
expressions of RE2, which takes one pass over a text whoever wrote it; what RE2 cannot say is a check in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["SECRET_NAME", "SHAPES", "Shape"]


class Shape(NamedTuple):
    """One kind of secret."""

    kind: str
    """What stands in the marker."""
    pattern: str
    """Its first group is the secret; without groups, all of it is."""
    check: Callable[[str], bool] | None = None
    """Whether what was found is a secret; None: it is."""
    loose: bool = False
    """Told by its length alone: not looked for across the items of a list."""


def _has_digit(text: str) -> bool:
    return any("0" <= character <= "9" for character in text)


def _is_password(text: str) -> bool:
    """In prose: with a digit, and no `12-digit`."""
    return _has_digit(text) and re.fullmatch(r"\d+-[^\W\d]+\W*", text) is None


def _is_bare_aws(text: str) -> bool:
    """40 characters of three kinds."""
    text = text.strip(".")
    return (
        len(text) == 40
        and _has_digit(text)
        and text.lower() != text != text.upper()
        and text.isascii()
        and not ({"_", "-", "=", "."} & set(text))
    )


def _is_bare_azure(text: str) -> bool:
    return len(text) == 88 and text.endswith("==")


_NAMES: Final = (
    r"passw(?:or)?d|passphrase|pwd|secret|api[_\-]?key|access[_\-]?key|private[_\-]?key|secret[_\-]?key|account[_\-]?key|"
    r"(?:iam|hmac|signing|encryption|master|subscription)[_\-]key|[a-z0-9]_pass|"
    r"client[_\-]?secret|(?:auth|access|refresh|session|bearer|api|id)[_\-]?token|credentials?"
)

_PASSWORDS: Final = (
    r"passwort|kennwort|mot de passe|contraseña|senha|palavra-passe|wachtwoord|hasło|lösenord|adgangskode|passord|"
    r"salasana|heslo|jelszó|parol[ăa]|şifre|пароль|密码|密碼|口令|パスワード|비밀번호|mật khẩu|كلمة المرور"
)
"""`password` in other languages: also prose, so that what stands there must have a digit."""
_SAYS: Final = r"(?:[\"'\\*]{0,6}\s*(?:[:=：]|は)\s*|\s+(?:ist|lautet|est|es|é|is|är|to|on|je):?\s+)"

SECRET_NAME: Final = re.compile(
    rf"(?:{_NAMES}|(?:^|[._\-])(?:token|authorization|proxy-authorization|cookie|set-cookie))$", re.IGNORECASE
)
"""An attribute or field whose name ends like this holds a secret, whatever the value looks like."""

_EDGE: Final = r"(?:^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2})"
"""What may stand before a token that begins with letters: no letter and no digit, but those of a URL's escape."""
SHAPES: Final = (
    Shape(
        "private-key",  # through its last line; without one, to where anything but key text begins
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[A-Za-z0-9+/=\s\\:,.()@-]*?-----END [A-Z0-9 ]*-----|[A-Za-z0-9+/=\s\\:,.-]*)",
    ),
    Shape("anthropic-key", _EDGE + r"(sk-ant-[A-Za-z0-9_\-]{8,})"),
    Shape("openai-key", _EDGE + r"(sk-[A-Za-z0-9_\-]{20,})", _has_digit),
    Shape("aws-access-key", r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16,}"),
    Shape(
        "aws-secret-key",
        r"(?i)(?:aws.{0,20}?(?:key|secret|token)|secret[_ -]?access[_ -]?key)"
        r"[^A-Za-z0-9/+]{1,12}([A-Za-z0-9/+=\\]{40,})",
    ),
    Shape("github-token", r"gh[pousr]_[A-Za-z0-9_]{20,}"),
    Shape("github-token", r"github_pat_[A-Za-z0-9_]{20,}"),
    Shape("slack-token", r"(?:xox[a-z]|xapp)-[A-Za-z0-9_\-]{8,}"),
    Shape("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/\-]+"),
    Shape("stripe-key", r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}"),
    Shape("google-key", r"AIza[A-Za-z0-9_\-]{30,}|GOCSPX-[A-Za-z0-9_\-]{20,}|ya29\.[A-Za-z0-9_\-]{20,}"),
    Shape("jwt", r"eyJ[A-Za-z0-9_\-]{5,}=*\.[A-Za-z0-9_\-]{5,}=*(?:\.[A-Za-z0-9_\-+/=]*)*"),
    Shape("huggingface-token", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    Shape(
        "model-provider-key",
        _EDGE + r"((?:gsk_|r8_|pplx-|xai-|lsv2_(?:pt|sk)_|nvapi-)[A-Za-z0-9_\-]{20,})",
        _has_digit,
    ),
    Shape("digitalocean-token", r"do[opr]_v1_[a-f0-9]{40,}"),
    Shape("telegram-token", r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{30,}"),
    Shape("npm-token", r"npm_[A-Za-z0-9]{30,}"),
    Shape("npm-token", r"_authToken\s*=\s*([^\s\"'\\]+)"),
    Shape("sendgrid-key", r"SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"),
    Shape("databricks-token", _EDGE + r"(dapi[0-9a-f]{32})"),
    Shape("vault-token", _EDGE + r"(hv[sbr]\.[A-Za-z0-9_\-]{20,})"),
    Shape("notion-token", _EDGE + r"(ntn_[A-Za-z0-9]{30,})"),
    Shape("shopify-token", _EDGE + r"(shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32})"),
    Shape("atlassian-token", r"ATATT3[A-Za-z0-9_\-=]{30,}"),
    Shape("pinecone-key", _EDGE + r"(pcsk_[A-Za-z0-9_]{30,})"),
    Shape("voyage-key", _EDGE + r"(pa-[A-Za-z0-9_\-]{40,})", _has_digit),
    Shape("azure-key", r"[?&]sig=([A-Za-z0-9%+/=]{30,})"),
    Shape("azure-key", r"(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([A-Za-z0-9+/=%&]{20,})"),
    Shape("azure-key", r"[A-Za-z0-9+/=]{88,}", _is_bare_azure),
    Shape("url-password", r"://[^\s/:@\"'<>\\]*:([^\s\"'<>\\/?#]+)@"),
    Shape("url-password", r"://[^\s/:@\"'<>\\]*:([^\s\"'<>\\0-9][^\s\"'<>\\]*)@"),
    Shape(
        "authorization", r"(?i)authorization[\"'\\\s]*[:=][\"'\\\s]*(?:(?:bearer|basic|token)\s+)?([^\s\"'\\,;]{8,})"
    ),
    Shape("authorization", r"Bearer\s+([A-Za-z0-9._~+/=\-]{20,})", _has_digit),
    Shape(
        "assigned-secret",
        rf"(?i)(?:{_NAMES})[\"'\\]{{0,6}}\s*[:=]{{1,2}}\s*[\"'\\]{{0,6}}([^\s\"'\\,;&<>{{}}\[\]()@]{{6,}})",
    ),
    Shape("assigned-secret", rf"(?i)(?:{_NAMES})\\*[\"']?\s*[:=]{{1,2}}\s*\\*\"([^\"\\]{{4,}})"),
    Shape("assigned-secret", rf"(?i)(?:{_NAMES})\\*[\"']?\s*[:=]{{1,2}}\s*'([^'\\\n]{{4,}})'"),
    Shape(
        "assigned-secret",
        r"(?i)(?:passw(?:or)?d|passphrase|api[_\- ]?key) is:?\s+[\"'\\]{0,6}([^\s\"'\\,;]{6,})",
        _is_password,
    ),
    Shape(
        "assigned-secret",
        rf"(?i)(?:{_PASSWORDS}){_SAYS}[\"'\\*`„“«]{{0,6}}([^\s\"'\\,;<>„“”«»`。、，]{{6,}})",
        _is_password,
    ),
    Shape("assigned-secret", rf"(?i)<(?:{_NAMES})>\s*([^<]{{4,}})</"),
    Shape("assigned-secret", r"(?i)[\"']token\\*[\"']\s*:\s*\\*[\"']([^\s\"'\\]{16,})", _has_digit),
    Shape("cookie", r"(?i)cookie\\*[\"']?\s*:\s*\\*[\"']?([^\s=;\"'\\]+=[^\r\n\"'\\]{6,})"),
    Shape("aws-secret-key", r"[A-Za-z0-9/+=_\-.]{40,}", _is_bare_aws, loose=True),
)
"""The first one that finds a place names it."""
