"""What can be compared with a baseline."""

from __future__ import annotations

from otel_i2e.gate.changes import same_test
from otel_i2e.models import Case


def test_a_test_is_what_is_asked_and_what_is_checked() -> None:
    """Another priority or tag is the same test; another criterion is not."""
    case = Case(id="a", input="x", must=["be polite"])
    assert same_test(case, case.model_copy(update={"priority": "P0", "tags": ["new"], "suite": "slow"}))
    assert not same_test(case, case.model_copy(update={"must": ["be brief"]}))
    assert not same_test(case, case.model_copy(update={"input": "y"}))
