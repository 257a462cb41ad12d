"""`i2e promote`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import Span
from otel_i2e.store import Store
from otel_i2e.testing import llm_span, row_of, score_row

QUERY = """\
-- name: low_score
-- description: Low scores.
-- kind: promote
-- param: below number = 0.5  What counts as low
SELECT trace_id, span_id FROM scores WHERE value < $below
"""


@pytest.fixture
def span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Span:
    """A project whose store has one failing span."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "low_score.sql").write_text(QUERY)
    found = llm_span("Can I return it?", "Yes, \x1b[31m120 days.")
    with Store.of(load_settings()).write() as writer:
        writer.add_spans([row_of(found)])
        writer.add_scores([score_row(found, "grounded", 0.1)])
    return found


def test_a_query_is_promoted_by_name_and_by_file(i2e: Callable[..., Any], span: Span) -> None:
    """What was proposed, that it checks nothing yet, and the next command; the second time it is there already."""
    ran = i2e("promote", "queries/low_score.sql", "--dataset", "refunds")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "case\tresult\tpriority\tfailure mode\tspan\tnote",
        f"can-i-return-it\tproposed\tP1\t\t{span.span_id}\t",
        "1 of 1 rows proposed for refunds.",
        "1 of them check nothing yet: say what must hold when you approve them.",
        "Next: i2e review show can-i-return-it",
    ]
    again = i2e("promote", "low_score", "--dataset", "refunds", "--param", "below=0.5")
    assert again.code == 0
    assert "can-i-return-it\talready there" in again.out


def test_what_is_said_of_a_case_that_is_there_is_not_dropped_silently(i2e: Callable[..., Any], span: Span) -> None:
    """The command that sets it is named, and does."""
    given = ("--span", span.span_id, "--dataset", "refunds")
    first = i2e("promote", *given)
    assert "not taken" not in first.err
    again = i2e("promote", *given, "--expected", "No, it can't.", "--tag", "a", "--tag", "b")
    assert again.code == 0
    assert "case 'can-i-return-it' is there already, and expected, tags was not taken" in again.err
    command = shlex.split(again.err.strip().partition("to set it: i2e ")[2])
    assert command == [
        *("review", "edit", "can-i-return-it", "--dataset", "refunds"),
        *("--expected", "No, it can't.", "--tag", "a", "--tag", "b"),
    ]
    assert i2e(*command).code == 0


def test_a_span_is_promoted_with_what_must_hold(i2e: Callable[..., Any], span: Span) -> None:
    """As JSON too."""
    given = ("--span", span.span_id, "--dataset", "refunds", "--expected", "No.", "--must", '{"contains": "30 days"}')
    ran = i2e("promote", *given, "--must", "be polite", "--priority", "P0", "--json")
    case = json.loads(ran.out)["proposals"][0]["case"]
    assert case["must"] == [{"contains": "30 days"}, "be polite"]
    assert (case["expected"], case["priority"]) == ("No.", "P0")


def test_nothing_found_says_so_and_what_to_do(i2e: Callable[..., Any], span: Span) -> None:
    """Exit 2: a promotion that found nothing measured nothing."""
    ran = i2e("promote", "low_score", "--dataset", "refunds", "--param", "below=0")
    assert ran.code == 2
    assert ran.out.splitlines() == [
        "low_score found nothing with below = 0.0.",
        "To change one: i2e promote low_score --dataset refunds --param below=0.0",
        "`i2e traces` shows what is stored, `i2e query list` the other queries.",
    ]


def test_expected_alone_says_that_it_checks_nothing(i2e: Callable[..., Any], span: Span) -> None:
    """With the flags that add a check; with one of them it is not said."""
    given = ("promote", "--span", span.span_id, "--dataset", "refunds", "--expected", "No.")
    ran = i2e(*given, "--dry-run")
    assert ran.code == 0
    assert '--expected alone checks nothing: add --must \'{"contains": "…"}\', or --scorer correctness' in ran.out
    assert "checks nothing" not in i2e(*given, "--must", "be polite").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give a promotion query"),
        (["low_score", "--span", "ab"], "give a promotion query"),
        (["low_score", "--param", "below"], "is not NAME=VALUE"),
        (["low_score", "--expected", "x"], "--expected goes with --span"),
        (["gone"], "no query is named 'gone'"),
        (["--span", "ab", "--must", "{x}"], "begins like a check but is not JSON"),
    ],
)
def test_what_is_asked_for_wrongly_is_exit_2(
    i2e: Callable[..., Any], span: Span, arguments: list[str], says: str
) -> None:
    """With the rule and the remedy."""
    ran = i2e("promote", *arguments, "--dataset", "refunds")
    assert ran.code == 2
    assert says in ran.err
