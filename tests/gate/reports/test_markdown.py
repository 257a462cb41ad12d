"""Markdown for GitHub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from otel_i2e.gate import decide
from otel_i2e.gate.reports import comment, markdown, step_summary
from otel_i2e.gate.reports.markdown import code, marker
from otel_i2e.models import Decision, Experiment, Policy

Decided = tuple[Decision, Experiment]


def _tokens(text: str) -> list[Token]:
    flat: list[Token] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        flat += [token, *(token.children or ())]
    return flat


def test_the_headline_says_the_verdict(mixed: Decided, empty: Decided, passing: Decided) -> None:
    """The first heading is pass, fail or could not measure."""
    assert "## ❌ i2e gate: fail" in markdown(*mixed)
    assert "## ⚠️ i2e gate: could not measure" in markdown(*empty)
    assert "## ✅ i2e gate: pass" in markdown(*passing)


def test_what_did_not_pass_is_a_row_worst_first(mixed: Decided) -> None:
    """Passing cases are only counted."""
    rows = [row for row in markdown(*mixed).splitlines() if row.startswith("| ") and "answer" in row][1:]
    results = [row.split(" | ")[2] for row in rows]
    assert results == [
        "fails, blocks", "fails until overridden", "not measured", "fails, overridden", "fails, logged",
    ]  # fmt: skip


def test_suites_show_their_denominators(mixed: Decided) -> None:
    """The rate stands beside what it is made of."""
    assert "| `fast` | 1 | 3 | 1 | 1 | 25.0% | 95.0% |" in markdown(*mixed)


def test_hostile_text_stays_in_code_spans(hostile: Decided) -> None:
    """No HTML but ours, no link, image, emphasis or heading but ours, and every table row has the cells of its head."""
    text = markdown(*hostile)
    text.encode("utf-8")
    tokens = _tokens(text)
    html = [token.content.strip() for token in tokens if token.type in ("html_inline", "html_block")]
    assert set(html) <= {marker(*hostile), "<br>"}
    assert not {"link_open", "image", "em_open", "strong_open", "fence", "hr"} & {token.type for token in tokens}
    assert sum(token.type == "heading_open" for token in tokens) == 1
    outside = " ".join(token.content for token in tokens if token.type == "text")
    assert "octocat" not in outside
    assert "evil" not in outside
    assert "\x1b" not in text


def test_hostile_text_does_not_break_the_table(hostile: Decided, mixed: Decided) -> None:
    """As many cells as with plain text."""

    def cells(decided: Decided) -> int:
        return sum(token.type in ("td_open", "th_open") for token in _tokens(markdown(*decided)))

    assert cells(hostile) == cells(mixed)
    for row in markdown(*hostile).splitlines():
        if row.startswith("|"):
            assert row.count("|") in (6, 8, 9)  # the overrides, the suites, the cases


def test_code_survives_backticks() -> None:
    """The fence is longer than any run inside, and nothing but one code span comes of it."""
    for text in ("a`b", "``", "`", "```x``", "", " ", "\\", "x\\"):
        inline = [token.type for token in _tokens(f"a {code(text)} b") if token.type != "inline"]
        assert inline == ["paragraph_open", "text", "code_inline", "text", "paragraph_close"], text


def test_the_report_is_bounded(mixed: Decided) -> None:
    """Hundreds of failing cases do not outgrow the step summary."""
    decision, experiment = mixed
    case = next(case for case in decision.cases if case.case_id == "lost")
    many = decision.model_copy(update={"cases": (case,) * 1000})
    text = markdown(many, experiment)
    assert "800 more cases are not shown." in text
    assert len(text) < 200_000


def test_each_dataset_and_each_selection_of_suites_has_a_comment_of_its_own(mixed: Decided) -> None:
    """Two gates on one pull request do not overwrite each other; no name ends the marker."""
    decision, experiment = mixed
    here = sorted({case.suite for case in decision.cases})

    def marked(dataset: str, **suites: int) -> str:
        sizes = {name: {"P0": count} for name, count in suites.items()}
        named = experiment.model_copy(update={"metadata": {"dataset_suites": sizes}})
        return markdown(decision.model_copy(update={"dataset": dataset}), named).splitlines()[0]

    assert here == ["fast"]
    assert marked("refunds") == marked("refunds", fast=6) == "<!-- i2e gate: refunds -->"
    assert marked("refunds", fast=6, safety=2) == "<!-- i2e gate: refunds/fast -->"
    assert marked('a --> "\n/é') == "<!-- i2e gate: a%20--%3E%20%22%0A%2F%C3%A9 -->"


@pytest.mark.parametrize("answer", ["ascii " * 300, "四国の返品は三十日以内です。" * 100, "`````\n" * 200])
def test_what_is_too_long_is_cut_between_blocks(experiment: Callable[..., Experiment], answer: str) -> None:
    """A comment by its characters, a step's summary by its bytes; folds and fences are closed, and the end is said."""
    names = [f"case-{number}" for number in range(400)]
    before = experiment({name: [True] for name in names}, experiment_id="exp-0", run={"output": "was"})
    now = experiment({name: [False] for name in names}, run={"output": answer})
    decision = decide(now, Policy(), before, now=datetime(2026, 11, 20, tzinfo=UTC))
    told = tuple(one.model_copy(update={"reasons": (answer,) * 7}) for one in decision.cases)
    decision = decision.model_copy(update={"cases": told})
    short, long = comment(decision, now, before), step_summary(decision, now, before, written=900_000)
    assert len(short) <= 60_000
    assert len(long.encode()) <= 100_000
    for text, end in ((short, "The rest is in the step summary.\n"), (long, "all of it.\n")):
        assert text.endswith(end)
        assert _tokens(text)[-1].type != "fence"
        assert "paragraph_close" in {token.type for token in _tokens(text)[-3:]}
        assert text.count("\n<details>") == text.count("\n</details>")
