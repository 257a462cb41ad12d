"""A decision's reports as files: those that were asked for, and those that GitHub Actions reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from otel_i2e.errors import UsageError
from otel_i2e.gate.reports import comment, junit, markdown, outputs, result, sarif, step_summary
from otel_i2e.workflows.gating import Gated

__all__ = ["publish", "require_different_files"]


def require_different_files(files: Mapping[str, Path | None]) -> None:
    """UsageError when two reports, by the names of their options, would be one file: only one would be there."""
    seen: dict[Path, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        other = seen.setdefault(path.absolute(), option)
        if other != option:
            raise UsageError(f"{other} and {option} both name {str(path)!r}; give each report a file of its own")


def publish(
    gated: Gated,
    *,
    junit_file: Path | None = None,
    markdown_file: Path | None = None,
    comment_file: Path | None = None,
    sarif_file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[str]:
    """Write the reports that were asked for, and those that GitHub Actions reads; gives a line for each that failed."""
    decision, experiment, before = gated.decision, gated.experiment, gated.baseline
    texts: list[tuple[Path, str, str]] = []
    if junit_file is not None:
        texts.append((junit_file, "w", junit(decision, experiment)))
    if markdown_file is not None:
        texts.append((markdown_file, "w", markdown(decision, experiment, before)))
    if comment_file is not None:
        texts.append((comment_file, "w", comment(decision, experiment, before)))
    if sarif_file is not None:
        texts.append((sarif_file, "w", sarif(decision, experiment)))
    if environ.get("GITHUB_STEP_SUMMARY"):
        summary = Path(environ["GITHUB_STEP_SUMMARY"])
        written = summary.stat().st_size if summary.exists() else 0
        texts.append((summary, "a", step_summary(decision, experiment, before, written=written)))
    if environ.get("GITHUB_OUTPUT"):
        output = Path(environ["GITHUB_OUTPUT"])
        folder = Path(environ.get("RUNNER_TEMP") or output.parent)
        whole = folder / f"i2e-gate-{re.sub(r'[^A-Za-z0-9._-]', '_', decision.experiment_id)}.json"
        texts += [(whole, "w", result(decision)), (output, "a", outputs(decision, str(whole)))]
    return [problem for path, mode, text in texts if (problem := _write(path, mode, text))]


def _write(path: Path, mode: str, text: str) -> str | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        return f"cannot write report {str(path)!r}: {error.strerror}"
    return None
