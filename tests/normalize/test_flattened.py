"""Flattened attribute names."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.normalize.flattened import objects, tree


def test_numbers_give_the_order() -> None:
    """Ten comes after nine, gaps close up, and each object comes out of its wrapper."""
    sent = {f"m.{n}.item.name": str(n) for n in (10, 9, 2)}
    assert [item["name"] for item in objects(tree(sent, "m"), "m", wrapper="item")] == ["2", "9", "10"]


def test_other_names_beside_numbers_do_not_disturb() -> None:
    """`gen_ai.prompt.name` stands beside `gen_ai.prompt.0.role`."""
    sent = {"p.name": "refunds", "p.variable.x": 1, "p.0.role": "user", "q.0.role": "other"}
    assert objects(tree(sent, "p"), "p") == [{"role": "user"}]


def test_a_leaf_gives_way_to_a_branch() -> None:
    """`a.0` and `a.0.b` both sent: the branch says more, in either order."""
    for sent in ({"a.0": "leaf", "a.0.b": 1}, {"a.0.b": 1, "a.0": "leaf"}):
        assert objects(tree(sent, "a"), "a") == [{"b": 1}]


@given(
    st.dictionaries(st.text("a.0129٣", max_size=60), st.none() | st.integers() | st.dictionaries(st.text(), st.none()))
)
def test_any_names_are_read(sent: dict[str, Any]) -> None:
    """Dots in odd places, huge and foreign numbers, thousands of steps."""
    assert isinstance(objects(tree({**sent, "a" + ".0" * 5000: 1, "a.99999999999999": {}}, "a", "0"), "a"), list)
