"""The stored experiments as a list: one line each, the latest first."""

from __future__ import annotations

from typing import Any, Final

from otel_i2e.config import Settings
from otel_i2e.store import Store
from otel_i2e.workflows.datasets import dataset_name

__all__ = ["MOST_EXPERIMENTS", "list_experiments"]

MOST_EXPERIMENTS: Final = 10_000
"""The latest ones, among which those of a dataset, a baseline or other datasets are looked for."""


def list_experiments(settings: Settings, *, dataset: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """Summaries of the stored experiments, of one dataset or of all, the latest first."""
    dataset = dataset_name(dataset)
    with Store.of(settings).read() as reader:
        rows = reader.experiments(limit=limit if dataset is None else MOST_EXPERIMENTS)
    return [row for row in rows if dataset in (None, row["dataset"])][:limit]
