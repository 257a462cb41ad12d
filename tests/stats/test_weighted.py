"""Rates over samples in which errors, complaints and rare prompts are always kept."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_i2e.score import draw
from otel_i2e.stats import ClusterSums, cluster_sums, weighted_rate, wilson

SCORES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([1.0, 4.0, 10.0]), st.booleans()), min_size=1)


@given(st.integers(1, 60), st.data())
def test_equal_weights_give_the_plain_rate_and_wilsons_interval(n: int, data: st.DataObject) -> None:
    """One score a trace, whatever the common weight is."""
    passes = data.draw(st.integers(0, n))
    weight = data.draw(st.sampled_from([1.0, 10.0, 1000.0]))
    found = weighted_rate(cluster_sums((str(i), weight, i < passes) for i in range(n)))
    assert found is not None
    assert found.rate == pytest.approx(passes / n)
    assert found.draws == pytest.approx(n)
    assert found.interval == pytest.approx(wilson(passes, n))


@given(SCORES)
def test_the_interval_holds_the_rate(scores: Sequence[tuple[str, float, bool]]) -> None:
    """And both lie between 0 and 1."""
    found = weighted_rate(cluster_sums(scores))
    assert found is not None
    assert 0 <= found.interval.low <= found.rate + 1e-9
    assert found.rate - 1e-9 <= found.interval.high <= 1


def test_scores_that_stand_for_nothing_change_nothing() -> None:
    """A late complaint has weight 0; alone it is no rate."""
    scores = [("a", 10.0, True), ("b", 10.0, False)]
    assert weighted_rate(cluster_sums([*scores, ("c", 0.0, False)])) == weighted_rate(cluster_sums(scores))
    assert weighted_rate(cluster_sums([("c", 0.0, False)])) is None
    assert weighted_rate(ClusterSums()) is None


def test_spans_of_one_trace_are_not_independent() -> None:
    """Ten traces of ten spans that all agree tell as much as ten spans."""
    clustered = weighted_rate(cluster_sums((str(i // 10), 1.0, i < 50) for i in range(100)))
    assert clustered is not None
    assert clustered.draws == pytest.approx(10)


def test_the_weighted_rate_is_unbiased_where_the_unweighted_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 production days: a tenth is drawn, errors (6 %, mostly failing) are always kept, complaints come late."""
    chance = random.Random(5)
    truth = 0.06 * 0.3 + 0.94 * 0.9
    plain, weighted, covered, plain_covered, days = 0.0, 0.0, 0, 0, 1000
    for _ in range(days):
        scores = [one for one in (_trace(chance) for _ in range(2000)) if one is not None]
        found = weighted_rate(cluster_sums(scores))
        assert found is not None
        share = sum(passed for _, _, passed in scores) / len(scores)
        plain, weighted = plain + share / days, weighted + found.rate / days
        covered += found.interval.low <= truth <= found.interval.high
        low, high = wilson(sum(passed for _, _, passed in scores), len(scores))
        plain_covered += low <= truth <= high
    with capsys.disabled():
        print(
            f"\ntrue pass rate {truth:.3f}: weighted {weighted:.3f}, 95 % interval covers {covered / 10:.1f} % of "
            f"1,000 days; unweighted {plain:.3f}, covers {plain_covered / 10:.1f} %"
        )
    assert abs(weighted - truth) < 0.003
    assert 0.93 <= covered / days <= 0.97
    assert abs(plain - truth) > 0.1
    assert plain_covered < 10


def _trace(chance: random.Random) -> tuple[str, float, bool] | None:
    """One trace: its id, what its score stands for, whether it passes; None when nobody looked at it."""
    trace_id = f"{chance.getrandbits(128):032x}"
    failed = chance.random() < 0.06
    passed = chance.random() < (0.3 if failed else 0.9)
    share = draw(trace_id, 0.1, "errors" if failed else None)
    if share is None:
        complained = not passed and chance.random() < 0.3
        return (trace_id, 0.0, passed) if complained else None
    return trace_id, share.weight, passed
