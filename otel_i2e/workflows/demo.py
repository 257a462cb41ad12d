"""The demo: one bad answer on its way from production to a release gate, with real processes and commands.

Nothing here stands in for otel-i2e: the agent runs in processes of its own under `otel_i2e.auto`, and the
steps after that are `i2e` commands whose output is shown as it is. Only Claude may be stood in for: without
ANTHROPIC_API_KEY the same SDK talks to a local Messages API.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from difflib import unified_diff
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Final

from otel_i2e.config import Settings, load_settings
from otel_i2e.demo.stage import Narrator, Stage, Visit, environment
from otel_i2e.errors import I2EError, UsageError
from otel_i2e.models import QueryResult
from otel_i2e.store import Store
from otel_i2e.workflows.ingest import drain
from otel_i2e.workflows.queries import find_query, run_query
from otel_i2e.workflows.scoring import score_online

__all__ = ["Narrator", "demo"]

_WORKERS: Final = 2
_PATIENCE: Final = 30.0  # seconds to wait for what must happen soon
_QUERY: Final = "complained"
_DATASET: Final = "refunds"
_EVALUATE: Final = ("eval", f"evals/{_DATASET}.jsonl", "--task", "agent:answer")
_RULE: Final = "Answer only from the documents that you found. If they do not say it, say that you do not know."


def demo(folder: Path, tell: Narrator, *, offline: bool, kept: bool) -> None:
    """Play the story in `folder`. Raises UsageError when it is not empty, I2EError when a step fails."""
    _lay_out(folder)
    with environment(offline=offline) as env:
        stage = Stage(folder, env, tell)
        model = "a local Messages API, as there is no ANTHROPIC_API_KEY" if offline else "Claude"
        tell.title(
            "A support agent invents a return policy, and the next release is held back for it",
            [f"model: {model}", f"files: {folder}"],
        )
        settings = load_settings({}, config=folder / "i2e.toml")
        visits = _record(stage, settings)
        found = run_query(settings, find_query(_QUERY, settings), {})
        if not found.rows:
            tell.end(
                [f"None of {len(visits)} answers was wrong this time: nothing to promote. Try: i2e demo --offline"]
            )
            return
        _look(stage, visits, found)
        _promote(stage, settings)
        _block(stage)
        _fix(stage)
        tell.end(_next_steps(folder, kept=kept))


def _lay_out(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{str(folder)!r} is not empty; name a new directory with --keep")
    with as_file(files("otel_i2e.demo") / "project") as project:
        copytree(project, folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))


def _record(stage: Stage, settings: Settings) -> list[Visit]:
    customers = [
        json.loads(line) for line in (stage.folder / "customers.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    stage.tell.chapter(
        "Record",
        f"{_WORKERS} processes of agent.py serve {len(customers)} customers. One line was added: import otel_i2e.auto. "
        "While they write, we read:",
    )
    with stage.serving(customers, workers=_WORKERS) as serving:
        _wait(lambda: _traces(settings) > 2 or serving.over)
        stage.i2e("traces", "--limit", "3")
    if not drain(settings, _PATIENCE):
        raise I2EError(f"demo: what was recorded is not in the store after {_PATIENCE:g} s; see i2e status")
    score_online(settings)
    return serving.visits


def _look(stage: Stage, visits: list[Visit], found: QueryResult) -> None:
    unhappy = [visit for visit in visits if not visit["happy"]]
    stage.tell.chapter(
        "Look", f"{len(unhappy)} of {len(visits)} customers press thumbs down, which the app sends with feedback()."
    )
    for visit in unhappy[:1]:
        stage.tell.quote(visit["name"], visit["question"])
        stage.tell.quote("agent", visit["answer"])
        stage.tell.quote(visit["name"], visit["complaint"])
    trace_id = str(found.rows[0][found.columns.index("trace_id")])
    stage.i2e("trace", trace_id[:8])
    stage.tell.chapter("Find", "A query is a .sql file. This one joins what users said with what our scorer said:")
    sql = (stage.folder / "queries" / f"{_QUERY}.sql").read_text(encoding="utf-8").splitlines()
    stage.tell.source([line for line in sql if not line.startswith("--")])
    stage.i2e("query", "run", _QUERY)


def _promote(stage: Stage, settings: Settings) -> None:
    stage.tell.chapter("Promote", "Two complaints, one question: one case, proposed. A person says what is right.")
    stage.i2e("promote", _QUERY, "--dataset", _DATASET)
    with Store.of(settings).read() as reader:
        case = reader.cases(dataset=_DATASET, status="proposed")[-1].case
    check = ("--must", '{"contains": "30 days"}', "--must-not", '{"contains": "120"}')
    stage.i2e("review", "approve", case.id, *check, "--priority", "P0")


def _block(stage: Stage) -> None:
    stage.tell.chapter("Gate", "The agent as it is runs over the dataset, and the same scorers judge it.")
    stage.i2e(*_EVALUATE)
    stage.i2e("gate", expect=1)
    stage.tell.exit_code(1, "this release is held back")


def _fix(stage: Stage) -> None:
    stage.tell.chapter("Fix", "The prompt gets one sentence and a new version:")
    prompt = stage.folder / "prompt.toml"
    before = prompt.read_text(encoding="utf-8")
    after = before.replace('version = "v1"', 'version = "v2"').removesuffix('"""\n') + f'{_RULE}\n"""\n'
    prompt.write_text(after, encoding="utf-8")
    difference = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    stage.tell.source([line for line in difference if not line.startswith(("---", "+++", "@@"))])
    stage.i2e(*_EVALUATE)
    stage.i2e("gate", "--baseline", "latest")
    stage.tell.exit_code(0, "this release may go out, and the laptop question stays in the dataset")


def _next_steps(folder: Path, *, kept: bool) -> list[str]:
    if not kept:
        return ["The files are gone. i2e demo --keep DIR keeps them; i2e init lays out a project of your own."]
    commands = ('i2e sql "SELECT name, avg(value) FROM scores GROUP BY name"', "i2e review list", "i2e status")
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
