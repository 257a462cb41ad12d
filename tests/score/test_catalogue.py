"""The table of checks."""

from __future__ import annotations

from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.score.catalogue import BUILT_IN


@pytest.mark.parametrize(
    "demand",
    [
        {"regex": ""},
        {"regex": "a*"},
        {"similarity": {"text": "q", "at_least": 0}},
        {"word_overlap": 0},
        {"required_fields": []},
        {"tools_ran": False},
        {"tool_not_called": ""},
        {"tool_not_called": ["look", ""]},
        {"not_contains": "\u200b"},
        {"json_schema": {}},
    ],
    ids=str,
)
def test_a_check_that_can_never_fail_is_refused(demand: dict[str, Any]) -> None:
    """A case that demands nothing would pass whatever happens."""
    ((name, argument),) = demand.items()
    with pytest.raises(ScorerError, match=name):
        BUILT_IN[name](argument)
