"""A query that is refused says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_i2e.errors import QueryError
from otel_i2e.store import Store


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "SELECT modl FROM llm_calls",
            '"modl" not found in FROM clause!; did you mean request_model or response_model?',
        ),
        ("SELECT c.modl FROM llm_calls c", "; did you mean request_model or response_model?"),
        ("SELECT duration FROM spans", "; did you mean duration_ms"),
        ("SELECT kind FROM scores", "; documents, failures, llm_calls, scorer_identities, spans have it"),
        ("SELECT zzz FROM scores", '; `i2e sql "describe scores"` lists the columns of scores'),
        ("selct 1", '"selct"; did you mean SELECT instead of selct?'),
        ("SELECT count(*) frm spans x", "; did you mean FROM instead of frm?"),
        ("SELECT * FROM spans whree kind = 'llm'", "; did you mean WHERE instead of whree?"),
        ("SELECT 1 +", "; look at what stands just before it"),
        ("SELECT * FROM span", "; did you mean spans?"),
        ("SELECT * FROM qqqqqqqq", "; there are calibrations, call_ledger, "),
        ("SELECT name FROM spans GROUP BY kind", "Either add it to the GROUP BY list"),
    ],
)
def test_what_to_write_instead(tmp_path: Path, sql: str, said: str) -> None:
    """In the same line as what is wrong."""
    with pytest.raises(QueryError) as raised:
        Store(tmp_path / "none.duckdb").describe(sql)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
