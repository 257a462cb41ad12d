"""Secrets out of texts and values."""

from __future__ import annotations

import json
import random
import string

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_i2e.config import load_settings
from otel_i2e.errors import ConfigError
from otel_i2e.redact import DROPPED, Redactor, make_redactor
from otel_i2e.redact.find import Finder
from otel_i2e.redact.request import redacted_request

KEY = "sk-" + "ant-" + "a1B2c3D4e5F6g7"


def boom(text: str) -> str:
    """A user's function that fails."""
    raise ValueError(text)


def number(text: str) -> int:
    """A user's function that gives no text."""
    return len(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"use {KEY}, please", "use [redacted:anthropic-key], please"),
        ("postgres://u:p@ss@h/db", "postgres://u:[redacted:url-password]@h/db"),
        ("http://h:80/a?to=b@c", "http://h:80/a?to=b@c"),
        ("a task-force-of-twenty-engineers-met", "a task-force-of-twenty-engineers-met"),
        ("commit 1f3c5d7e9b1a3c5d7e9f1b3d5f7a9c1e3b5d7f91", "commit 1f3c5d7e9b1a3c5d7e9f1b3d5f7a9c1e3b5d7f91"),
        ("toolu_01A09q90qw90lq917835lq9A and so on", "toolu_01A09q90qw90lq917835lq9A and so on"),
        ("the password is long: over 12", "the password is long: over 12"),
        ("token count: 1234567", "token count: 1234567"),
        ("the password is 12-digit, api key is 8-character.", "the password is 12-digit, api key is 8-character."),
        ("Das Passwort lautet „Tr0ub4dor&3“", "Das Passwort lautet „[redacted:assigned-secret]“"),
        ("**Kennwort**: Hunter2!xyz9", "**Kennwort**: [redacted:assigned-secret]"),
        ("mot de passe : Tr0ub4dor", "mot de passe : [redacted:assigned-secret]"),
        ("La contraseña es s3cr3tP4ss!", "La contraseña es [redacted:assigned-secret]"),
        ("пароль: Qwerty123!", "пароль: [redacted:assigned-secret]"),
        ("密码：Abc12345。", "密码：[redacted:assigned-secret]。"),
        ("Ihr Passwort: mindestens 12 Zeichen", "Ihr Passwort: mindestens 12 Zeichen"),
        ("Das Passwort ist 12-stellig. Passwort vergessen?", "Das Passwort ist 12-stellig. Passwort vergessen?"),
    ],
)  # fmt: skip
def test_what_is_secret_and_what_is_not(text: str, clean: str) -> None:
    """The secret goes, to its last character, and nothing else does; what is clean stays clean."""
    redactor = Redactor()
    assert redactor.text(text) == clean
    assert redactor.text(clean) == clean


def test_json_stays_json() -> None:
    """However often it is encoded: a marker needs no escape, and a match ends at a quote."""
    inner = json.dumps({"password": "hunter2 hunter2", "note": f'say "{KEY}" or postgres://a:bcdefg@h/x'})
    outer = json.dumps({"deep": [inner, {"k": KEY}]})
    clean = json.loads(Redactor().text(outer))
    assert KEY not in json.dumps(clean)
    assert json.loads(clean["deep"][0])["note"] == (
        'say "[redacted:anthropic-key]" or postgres://a:[redacted:url-password]@h/x'
    )


@pytest.mark.parametrize("before", ["\n", "\t", "\r\n", "\b", "Ł", "\u2028", "😀", '"', "\\"], ids=ascii)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_key_behind_an_escape_is_found(before: str, times: int) -> None:
    """At the beginning of a line of a message, say, which is `\\n` in JSON: the `n` is no letter of the key."""
    bare = "Zz9" + "aB3cD4eF5gH6iJ7kL8mN9oP0qR1sT2uV3wX4y"
    for secret in (KEY, "sk-" + "proj-a1B2c3D4e5F6g7h8i9j0k1", "AKIA" + "ABCDEFGH23456777", "gsk_" + "a1B2" * 8, bare):
        text = f"{before}{secret}{before}."
        for _ in range(times):
            text = json.dumps(text)
        clean = Redactor().text(text)
        assert secret not in clean
        assert secret[4:] not in clean
        for _ in range(times):
            clean = json.loads(clean)
        assert clean.startswith(before)
    assert KEY not in Redactor().text(f"https://x.test/?q=a%3D{KEY}%26")


def test_a_name_says_that_its_value_is_secret() -> None:
    """Whatever it looks like; numbers and counts of tokens are none."""
    given = {
        "db.password": "x",
        "api_key": b"y",
        "gen_ai.usage.input_tokens": 5,
        "http.headers": {"authorization": "z"},
    }
    assert Redactor().attributes(given) == {
        "db.password": "[redacted:named]",
        "api_key": "[redacted:named]",
        "gen_ai.usage.input_tokens": 5,
        "http.headers": {"authorization": "[redacted:named]"},
    }


def test_a_value_that_is_no_text_is_kept_as_it_is() -> None:
    """Numbers, bytes without secrets, lists; unknown objects become text that is looked at."""
    redactor = Redactor()
    value = [1, 2.5, None, True, b"\xff\x00", ["a", "b"], {"k": "v"}]
    assert redactor.value(value) == value
    assert redactor.value({1: Exception(KEY)}) == {"1": "Exception('[redacted:anthropic-key]')"}
    assert redactor.value("a\ud800b") == "a\\ud800b"
    assert not redactor.take_counts() - redactor.take_counts().__class__({("redacted", "anthropic-key"): 1})


@pytest.mark.parametrize(
    ("name", "reason"),
    [("boom", "boom: ValueError"), ("number", "number: gave int, not text"), ("nothing", "cannot be imported")],
)
def test_a_function_that_fails_drops_the_value(name: str, reason: str) -> None:
    """Counted by what failed, with nothing of the value in it."""
    redactor = Redactor(callables=[f"{__name__}:{name}"])
    assert redactor.value("some text") == DROPPED
    assert redactor.value({"a": ["b", "c"]}) == {DROPPED: [DROPPED, DROPPED]}
    ((counter, said),) = {key: n for key, n in redactor.take_counts().items() if "some text" not in key[1]}
    assert counter == "redact_error"
    assert reason in said
    assert not redactor.take_counts()


def test_a_value_within_itself_is_dropped() -> None:
    """It ends."""
    value: list[object] = []
    value.append(value)
    redactor = Redactor()
    assert DROPPED in str(redactor.value(value))


def test_patterns_of_the_user() -> None:
    """A table of names and expressions; the first group is what goes."""
    redactor = make_redactor({"patterns": {"badge": r"EMP-\d+", "name": r"Mr\.? (\w+)"}})
    assert redactor is not None
    assert redactor.text("EMP-12 of Mr Smith") == "[redacted:badge] of Mr [redacted:name]"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"paterns": {}}, "'paterns' is not a setting"),
        ({"patterns": ["x"]}, "takes a table"),
        ({"patterns": {"x": "("}}, "no regular expression of RE2"),
        ({"patterns": {"x": "(?<=a)b"}}, "no regular expression of RE2"),
        ({"callables": ["module"]}, "'module:function'"),
    ],
)
def test_a_table_that_is_not_valid_is_refused(table: dict[str, object], message: str) -> None:
    """Before anything is recorded."""
    with pytest.raises(ConfigError, match=message):
        make_redactor(table)


def test_it_is_off_unless_it_is_asked_for() -> None:
    """By a table, or by the variable, which wins."""
    assert make_redactor({}) is None
    assert make_redactor({"enabled": False, "patterns": {"x": "y"}}) is None
    assert load_settings({"I2E_REDACT": "on"}).redacts
    assert make_redactor(load_settings({"I2E_REDACT": "on"}).redact) is not None
    assert not load_settings({"I2E_REDACT": "off"}, redact={}).redacts
    assert not load_settings({}).redacts
    with pytest.raises(ConfigError, match="I2E_REDACT"):
        load_settings({"I2E_REDACT": "maybe"})


def test_hostile_text_is_found_in_whatever_surrounds_it() -> None:
    """Long runs of near misses take no time to speak of, and hide nothing."""
    finder = Finder()
    noise = random.Random(7)
    for near in (
        "://",
        "sk-",
        "\\",
        '"aws',
        "password",
        "eyJ",
        "SG.",
        "://a:b",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
    ):
        text = near * 20_000 + " " + "".join(noise.choices(string.printable, k=5000)) + f" {KEY} "
        assert any(text[one.begin : one.end].endswith(KEY) for one in finder.find(text)), near


def test_fields_that_are_not_known_are_left_out() -> None:
    """Bytes that a newer sender put beside ours would be stored unread."""
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(name="chat", trace_id=b"1" * 16)
    body = request.SerializeToString() + b"\xfa\x07" + bytes([len(KEY)]) + KEY.encode()
    clean = redacted_request(Redactor(), body, "traces", "protobuf")
    assert KEY.encode() not in clean
    assert ExportTraceServiceRequest.FromString(clean) == request


def test_json_requests_keep_their_ids_and_large_numbers() -> None:
    """Only text is touched; what orjson cannot hold is read by the standard library."""
    span = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "startTimeUnixNano": "1790000000000000000",
        "name": KEY,
        "droppedAttributesCount": 2**70,
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    clean = json.loads(redacted_request(Redactor(), body, "traces", "json"))
    assert clean["resourceSpans"][0]["scopeSpans"][0]["spans"][0] == {**span, "name": "[redacted:anthropic-key]"}
