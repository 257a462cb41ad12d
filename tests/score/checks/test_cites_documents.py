"""`cites_documents`: whatever the output cites is among the documents."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.models import Attempt, Document, Outcome
from otel_i2e.score.checks.cites_documents import cites_documents

Try = Callable[..., Attempt]


DOCUMENTS = [Document(id="refunds", content="30 days"), Document(uri="https://x.example/b", content="b")]


@pytest.mark.parametrize(
    ("output", "passes"),
    [("30 days [refunds].", True), ("See [2].", True), ("See [3].", False), ("As [invented] says, [refunds].", False)],
)
def test_a_citation_is_an_id_an_address_or_a_position(attempt: Try, output: str, passes: bool) -> None:
    """One invented citation is enough to fail."""
    assert attempt(cites_documents(), output, documents=DOCUMENTS).passed is passes


def test_no_citation_says_nothing_unless_required(attempt: Try) -> None:
    """The text of a Markdown link is none."""
    assert attempt(cites_documents({}), "See [here](https://x).", documents=DOCUMENTS).outcome is Outcome.NOT_APPLICABLE
    assert attempt(cites_documents({"required": True}), "30 days.", documents=DOCUMENTS).passed is False
    assert attempt(cites_documents(), "30 days [refunds].").outcome is Outcome.NO_CONTENT


def test_a_pattern_of_ones_own(attempt: Try) -> None:
    """RE2, with the id as its first group; anything else is refused."""
    own = cites_documents(r"\(source: (\w+)\)")
    assert attempt(own, "Yes (source: refunds)", documents=DOCUMENTS).passed is True
    assert attempt(own, "Yes (source: other)", documents=DOCUMENTS).passed is False
    with pytest.raises(ScorerError, match="RE2"):
        cites_documents("(?<=x)y")


MORE = ["[Doc 9]", "[source #9]", "【9†source】", "[1 and doc9]", "[1–9]", "[refunds][9]", "[1 & 9]"]


@pytest.mark.parametrize("cited", ["[refunds, doc9]", "[refunds;doc9]", "[ doc9 ]", "[^doc9]", "【doc9】", *MORE])
def test_several_in_one_bracket_and_other_brackets(attempt: Try, cited: str) -> None:
    """Each is looked for."""
    assert attempt(cites_documents(), f"30 days [refunds]{cited}.", documents=DOCUMENTS).passed is False
    assert attempt(cites_documents(), f"30 days [refunds], see {cited}.", documents=DOCUMENTS).passed is False
    assert attempt(cites_documents(), "Both [refunds, 2].", documents=DOCUMENTS).passed is True


@pytest.mark.parametrize("cited", ["[Doc 1]", "[1 and 2]", "【2†source】", "[1][2]", "[refunds][^2]", "[1–2]"])
def test_what_was_retrieved_may_be_cited_in_all_these_ways(attempt: Try, cited: str) -> None:
    """By its position or its id; words in brackets are no citation."""
    assert attempt(cites_documents(), f"Yes {cited}.", documents=DOCUMENTS).passed is True
    other = attempt(cites_documents(), "Yes [research and development].", documents=DOCUMENTS)
    assert other.outcome is Outcome.NOT_APPLICABLE


ABROAD = [Document(id="Rückgabe-1", content="30 Tage"), Document(id="退货政策", content="三十天")]


@pytest.mark.parametrize(
    ("output", "passes"),
    [
        ("Ja [Rückgabe-1].", True),
        ("Ja [Ru\u0308ckgabe-1].", True),
        ("Ja [Rückgabe-99].", False),
        ("Ja [Rückgabe-1 und Rückgabe-9].", False),
        ("可以[退货政策]。", True),
        ("可以【退货政策】。", True),
        ("可以[保修条款]。", False),
        ("可以［２］。", True),
        ("可以［9］。", False),
        ("可以[1，9]。", False),
        ("可以[1、9]。", False),
        ("可以[文档2]。", True),
        ("可以[文档9]。", False),
        ("Ja [Quelle: 2].", True),
        ("Ja [Quelle: 9].", False),
        ("Ja [doc 9, doc 1].", False),
        ("【重要】可以[1]。", True),
        ("- [x] erledigt [1]", True),
        ("【重要】可以。", None),
    ],
)
def test_ids_and_marks_of_any_script(attempt: Try, output: str, *, passes: bool | None) -> None:
    """Letters beyond ASCII, composed or not; full-width digits, brackets and commas; a heading is no citation."""
    assert attempt(cites_documents(), output, documents=ABROAD).passed is passes


def test_a_required_citation_may_begin_with_any_letter(attempt: Try) -> None:
    """Its id is seen."""
    documents = [Document(id="Übersicht-1", content="x")]
    assert attempt(cites_documents({"required": True}), "Ja [Übersicht-1].", documents=documents).passed is True
