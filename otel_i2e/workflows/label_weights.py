"""What each label stands for: `i2e label` shows passes and fails in turn, and a judge does not pass half of everything.

The frame is what labels could have been drawn of: the production spans with a score of this judge, or the runs of
experiments, wherever most of the labels lie. Within one verdict labels were drawn by a hash, so each stands for as
much of the frame as there is for one label of its verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from otel_i2e.models import Calibration, JudgedLabel
from otel_i2e.stats import PassShare, Verified, VerifiedLabel, cluster_sums, verified, weighted_rate
from otel_i2e.store import Reader

__all__ = ["Frame", "drawn_share", "frame_of", "missing_verdict", "verification", "weighed"]

_FRAME: Final = """
SELECT trace_id, span_id, name, passed, weight, experiment_id IS NULL AS in_production
FROM (
  SELECT *, source IN ('online', 'backfill') AS counts FROM rated_scores
  UNION ALL SELECT *, TRUE AS counts FROM scores WHERE experiment_id IS NOT NULL
)
WHERE counts AND passed IS NOT NULL AND span_id IS NOT NULL
  AND (name = $scorer OR (metadata ->> '$.judge') = $scorer)
QUALIFY row_number() OVER (PARTITION BY trace_id, span_id, name ORDER BY created_at DESC, score_id) = 1
"""

Key = tuple[str, str]


class Frame(NamedTuple):
    """What labels were drawn of."""

    share: PassShare | None
    """How much of it passes; None when no label lies on a span that the judge has scored."""
    verdicts: dict[Key, bool]
    """Span and scorer → the verdict that the span is shown by."""


def frame_of(reader: Reader, scorer: str, labelled: Iterable[Key]) -> Frame:
    """The frame of these labels."""
    rows = reader.rows(_FRAME, {"scorer": scorer})
    keys = set(labelled)
    lie = Counter(row["in_production"] for row in rows if _key(row) in keys)
    if not lie:
        return Frame(None, {})
    in_production = lie[True] >= lie[False]
    weights = ((row["trace_id"], row["weight"] or 0.0, row["passed"]) for row in rows if row["in_production"])
    ones = ((row["trace_id"], 1.0, row["passed"]) for row in rows if not row["in_production"])
    rate = weighted_rate(cluster_sums(weights if in_production else ones))
    verdicts = {key: row["passed"] for row in rows if (key := _key(row)) in keys}
    return Frame(None if rate is None else PassShare(rate.rate, rate.draws), verdicts)


def weighed(items: Sequence[JudgedLabel], share: PassShare | None) -> tuple[JudgedLabel, ...]:
    """The labels with the weights that they have in their half; all 1 when they were drawn evenly, or nobody knows."""
    counts = Counter((item.held_out, item.drawn) for item in items if item.judge is not None)
    return tuple(item.model_copy(update={"weight": _weight(item, share, counts)}) for item in items)


def verification(found: Calibration, judged: PassShare | None = None) -> Verified | None:
    """What the held-out labels say of all that was scored; None when they are taken as they lie."""
    if (share := drawn_share(found)) is None:
        return None
    return verified(
        [
            VerifiedLabel(item.drawn, item.judge, item.human)
            for item in found.items
            if item.held_out and item.judge is not None and item.drawn is not None
        ],
        share,
        judged if judged != share else None,
    )


def missing_verdict(found: Calibration) -> str | None:
    """One line when the judge gives a verdict of which no label is held out, so that nothing is known of it."""
    share = drawn_share(found)
    held_out = {item.drawn for item in found.items if item.held_out and item.judge is not None}
    if share is None:
        return None
    for drawn, verb, part in ((True, "passes", share.rate), (False, "fails", 1 - share.rate)):
        if part > 0 and drawn not in held_out:
            return f"no label is held out of what it {verb}, {part:.0%} of what it scored"
    return None


def drawn_share(found: Calibration) -> PassShare | None:
    """How much of the frame passes."""
    if found.drawn_rate is None or found.drawn_draws is None:
        return None
    return PassShare(found.drawn_rate.rate, found.drawn_draws)


def _weight(item: JudgedLabel, share: PassShare | None, counts: Counter[tuple[bool, bool | None]]) -> float:
    mine = counts[item.held_out, item.drawn]
    if share is None or item.drawn is None or not mine:
        return 1.0
    both = counts[item.held_out, True] + counts[item.held_out, False]
    return (share.rate if item.drawn else 1 - share.rate) * both / mine


def _key(row: Any) -> Key:
    return row["span_id"], row["name"]
