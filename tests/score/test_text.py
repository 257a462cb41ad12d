"""When two texts count as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.score.text import folded, seen, visible, word_count


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("30\u00a0days", "30 days"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "stra\u00dfe"),
        ("\ufb01ne", "fine"),
        ("  a\n\tb ", "a b"),
        ("\uff13\uff10", "30"),
    ],
)
def test_forms_of_the_same_text_fold_together(one: str, other: str) -> None:
    """No-break spaces, combining marks, case, ligatures, line breaks, full width."""
    assert folded(one) == folded(other)


def test_different_words_stay_apart() -> None:
    """Folding does not drop letters, digits or signs."""
    assert len({folded(text) for text in ("30 days", "30days", "3 days", "-30 days", "30 day's")}) == 5


def test_a_reader_sees_no_difference() -> None:
    """Soft hyphens, spaces of no width, tags, joiners; a letter, a digit, a sign and a mark that combines are seen."""
    assert seen("f\u00ador\u200bbi\u2060d\ufeff\U000e0041den") == "forbidden"
    assert visible("cafe\u0301 日本 👍 -\t\n") == "cafe\u0301 日本 👍 -\t\n"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded is in its final form."""
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Rückgabe – bis 30 Tage.", 5),
        ("您好，很抱歉给您带来不便。", 5),
        ("在30天内退货", 3),
        ("プレミアムプラン", 2),
        ("返品は一年以内ならいつでも無料で受け付けます。", 8),
        ("환불은 30일 이내에 가능합니다", 4),
        ("คืนสินค้าได้ภายใน ๓๐ วัน", 5),
        ("是。", 1),
        ("", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: int) -> None:
    """By white space; where no white space parts words, by the characters that a word has there."""
    assert word_count(text) == words
