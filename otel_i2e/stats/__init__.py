"""Statistics of scores, judges and gates: pure functions over counts, nothing but the standard library.

Each is a closed form or an exact sum of a few lines, checked against published answers; scipy, at a
hundred megabytes, would not make them shorter.
"""

from __future__ import annotations

from otel_i2e.stats.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha
from otel_i2e.stats.corrected import (
    Corrected,
    is_informative,
    prediction_powered,
    prediction_powered_rate,
    rogan_gladen,
    youden,
)
from otel_i2e.stats.paired import fisher_drop, mcnemar_drop, sign_flip_drop
from otel_i2e.stats.power import drop_power, smallest_drop
from otel_i2e.stats.proportions import Interval, failure_probability, wilson, wilson_share
from otel_i2e.stats.verification import PassShare, Verified, VerifiedLabel, verified
from otel_i2e.stats.weighted import ClusterSums, WeightedRate, cluster_sums, weighted_rate

__all__ = [
    "ClusterSums",
    "Corrected",
    "Interval",
    "PassShare",
    "Verified",
    "VerifiedLabel",
    "WeightedRate",
    "cluster_sums",
    "cohen_kappa",
    "drop_power",
    "failure_probability",
    "fisher_drop",
    "fleiss_kappa",
    "is_informative",
    "krippendorff_alpha",
    "mcnemar_drop",
    "prediction_powered",
    "prediction_powered_rate",
    "rogan_gladen",
    "sign_flip_drop",
    "smallest_drop",
    "verified",
    "weighted_rate",
    "wilson",
    "wilson_share",
    "youden",
]
