"""The demo: one bad answer on its way from production to a release gate, with real processes and commands.

Nothing here stands in for otel-i2e: the agent runs in processes of its own under `otel_i2e.auto`, and the
steps after that are `i2e` commands whose output is shown as it is. Only Claude may be stood in for: without
ANTHROPIC_API_KEY the same SDK talks to a local Messages API.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection
from difflib import unified_diff
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Final

from otel_i2e.config import Settings, load_settings
from otel_i2e.demo.stage import Narrator, Stage, environment
from otel_i2e.errors import I2EError, UsageError
from otel_i2e.models import QueryResult
from otel_i2e.store import Store
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.queries import find_query, run_query
from otel_i2e.workflows.scoring import score_online

__all__ = ["Narrator", "demo"]

_WORKERS: Final = 2
_PATIENCE: Final = 120.0  # seconds to wait for what must happen soon, on the slowest of machines
_QUERY: Final = "complained"
_DATASET: Final = "refunds"
_COUNT: Final = "SELECT count(*) AS calls, sum(cost_usd) AS usd FROM llm_calls"
_EVALUATE: Final = ("eval", f"evals/{_DATASET}.jsonl", "--task", "agent:answer")
_ANY: Final = (0, 1, 2)  # of a real model nobody knows beforehand what it answers
_MEANING: Final = {
    0: "the release may go out, and the question stays in the dataset.",
    1: "the release is held back.",
    2: "not everything could be measured, so the release is held back.",
}
_RULE: Final = "Answer only from the documents that you found. If they do not say it, say that you do not know."


def demo(folder: Path, tell: Narrator, *, offline: bool, kept: bool) -> None:
    """Play the story in `folder`. Raises UsageError when it is not empty, I2EError when a step fails."""
    _lay_out(folder)
    with environment(offline=offline) as env:
        stage = Stage(folder, env, tell)
        model = "a local Messages API stands in for Claude" if offline else "Claude answers"
        tell.title(
            "A support agent invents a return policy, and the next release is held back for it.",
            [f"Here {model}; outputs are shortened." + (f" Files: {folder}" if kept else "")],
        )
        settings = load_settings({}, config=folder / "i2e.toml")
        visits = _record(stage, settings)
        found = run_query(settings, find_query(_QUERY, settings), {})
        if not found.rows:
            tell.end([f"None of {visits} answers was wrong this time: nothing to promote. Try: i2e demo --offline"])
            return
        _look(stage, found)
        _promote(stage, settings)
        _block(stage, offline=offline)
        _fix(stage, offline=offline)
        tell.end(_next_steps(folder, kept=kept))


def _lay_out(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{str(folder)!r} is not empty; name a new directory with --keep")
    with as_file(files("otel_i2e.demo") / "project") as project:
        copytree(project, folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))


def _record(stage: Stage, settings: Settings) -> int:
    lines = (stage.folder / "customers.jsonl").read_text(encoding="utf-8").splitlines()
    stage.tell.chapter(
        "Record",
        f"{_WORKERS} processes of agent.py serve {len(lines)} customers; its one new line: import otel_i2e.auto",
    )
    with stage.serving([json.loads(line) for line in lines], workers=_WORKERS) as serving:
        _wait(lambda: _traces(settings) > 0 or serving.over)
        stage.i2e("sql", _COUNT, note="while they write" if not serving.over else "")
    if not drain(settings, _PATIENCE):
        raise I2EError(f"demo: what was recorded is not in the store after {_PATIENCE:g} s; see i2e status")
    score_online(settings)
    return len(serving.visits)


def _look(stage: Stage, found: QueryResult) -> None:
    trace_id = str(found.rows[0][found.columns.index("trace_id")])
    stage.i2e("trace", trace_id[:8], show=r"^ *\w+: .*\[\w{16}\]$|^ {4,6}(in|out)put: (?!\[)|✗|^·")
    stage.tell.chapter("Find", "A query is a .sql file: here, where users complained and our scorer agrees.")
    sql = (stage.folder / "queries" / f"{_QUERY}.sql").read_text(encoding="utf-8").splitlines()
    stage.tell.source([line for line in sql if not line.startswith("--")])
    stage.i2e("query", "run", _QUERY)


def _promote(stage: Stage, settings: Settings) -> None:
    stage.tell.chapter("Promote", "Complaints about one question become one case; a person says what is right.")
    stage.i2e("promote", _QUERY, "--dataset", _DATASET, show="\t")
    with Store.of(settings).read() as reader:
        case = reader.cases(dataset=_DATASET, status="proposed")[-1].case
    check = ("--must", '{"contains": "30 days"}', "--must-not", '{"contains": "120"}')
    stage.i2e("review", "approve", case.id[:12], *check, show="test now")


def _block(stage: Stage, *, offline: bool) -> None:
    stage.tell.chapter("Gate", "The agent as it is answers every case, and the same scorers judge it.")
    stage.i2e(*_EVALUATE, show="^exp-")
    _gate(stage, show="^- P0|^gate:", expect=(1,) if offline else _ANY)


def _fix(stage: Stage, *, offline: bool) -> None:
    stage.tell.chapter("Fix", "The prompt gets one sentence and a new version.")
    prompt = stage.folder / "prompt.toml"
    before = prompt.read_text(encoding="utf-8")
    after = before.replace('version = "v1"', 'version = "v2"').removesuffix('"""\n') + f'{_RULE}\n"""\n'
    prompt.write_text(after, encoding="utf-8")
    difference = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    stage.tell.source([line for line in difference if re.match(r"[+-][^+-]", line)])
    stage.i2e(*_EVALUATE, show="^exp-")
    _gate(stage, "--baseline", "latest", show="fixed|^- P|^gate:", expect=(0,) if offline else _ANY)


def _gate(stage: Stage, *args: str, show: str, expect: Collection[int]) -> None:
    code = stage.i2e("gate", *args, show=show, expect=expect)
    stage.tell.exit_code(code, _MEANING[code])


_RATES: Final = (
    "SELECT name, scorer_version, model, sum(weight) FILTER (passed) / sum(weight) FILTER (passed IS NOT NULL) AS rate "
    "FROM rated_scores GROUP BY ALL"
)
"""Of production, by identity: one average over all scores would mix versions, models and samples."""


def _next_steps(folder: Path, *, kept: bool) -> list[str]:
    if not kept:
        return ["The files are gone. i2e demo --keep DIR keeps them; i2e init lays out a project of your own."]
    commands = (
        f'i2e sql "{_RATES}"',
        "i2e review list",
        "i2e status",
    )
    return [f"The files are yours: cd {folder}", *(f"  {command}" for command in commands)]


def _traces(settings: Settings) -> int:
    store = Store.of(settings)
    if not store.exists():
        return 0
    with store.read() as reader:
        return reader.rows("SELECT count(DISTINCT trace_id) AS n FROM spans")[0]["n"]


def _wait(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
