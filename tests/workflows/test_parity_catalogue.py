"""Online = offline for every built-in check and every kind of judge field, in another process of another kind."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, run
from typing import Any, Final

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import Document, Span, ToolCall
from otel_i2e.score.catalogue import BUILT_IN
from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply, agent_span, llm_span, retrieval_span, row_of, tool_span, trace_of
from otel_i2e.workflows.parity import check_parity
from otel_i2e.workflows.scoring import score_online

NOW: Final = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ARGUMENTS: Final[dict[str, Any]] = {
    "contains": ["30 days", "receipt"],
    "not_contains": ["120 days", "gua\u00adrantee"],
    "regex": r"\d+ days",
    "equals": "Within 30 days.",
    "similarity": "Refunds within 30 days.",
    "length": {"min_words": 2, "max_words": 9},
    "language": "en",
    "required_fields": ["refund", "days"],
    "json_schema": {"type": "object", "required": ["refund", "days"]},
    "cites_documents": {},
    "quotes_documents": {},
    "word_overlap": 0.5,
    "tool_called": {"name": "look", "arguments": {"order": 1}},
    "tool_not_called": ["refund", "cancel"],
    "tool_order": ["look", "refund"],
    "tool_arguments": {"tools": {"look": {"type": "object", "required": ["order", "reason"]}}},
    "tools_ran": {},
    "no_secrets": {},
    "no_personal_data": {},
    "max_duration": "100ms",
    "max_tokens": {"input": 10, "output": 5},
    "max_cost": 0.001,
    "max_errors": 0,
    "max_retries": 0,
    "max_steps": 2,
    "no_loops": 1,
    "no_repeated_answers": {},
    "no_repeated_questions": {},
    "tool_errors_resolved": {},
}
"""Check → an argument; a new check is one more line."""
FIELDS: Final = ("input", "messages", "output", "documents", "tool_calls", "conversation", "metadata")
SCORERS: Final = """
import json
from dataclasses import replace
from pathlib import Path

from otel_i2e.score.catalogue import BUILT_IN

arguments = json.loads(Path(__file__).with_name("arguments.json").read_text(encoding="utf-8"))
for name, argument in arguments.items():
    globals()[name] = replace(BUILT_IN[name](argument), name=f"my {name}")
"""
JUDGE: Final = (
    '+++\nfields = ["output"]\noptional = ["{field}"]\nthreshold = 1\n[choices]\ngood = 1\nbad = 0\n+++\nGood?\n'
)
ANSWERS: Final = (
    "The refund is within 30 days of the receipt [b], [z]; write to jo@mail.example.com. \u2713",
    '{"refund": true, "days": 30}',
    "Refunds within 120 days: \u201creturned in a box of gold\u201d [a].",
    "Refunds within 120 days: \u201creturned in a box of gold\u201d [a].",
    "",
)


def _trace(n: int, answer: str) -> list[Span]:
    orders = [{"order": n, "reason": "x"}, {"order": n, "reason": "x"}, {"reason": "y"}]
    asked = [ToolCall(id=str(i), name=("look", "look", "refund")[i], arguments=order) for i, order in enumerate(orders)]
    call = llm_span(f"q{n}", tool_calls=asked, input_tokens=20, output_tokens=9, cost_usd=0.01)
    found = [Document(id="a", content="Refunds within 30 days, n\u00e9."), Document(id="b", content="The receipt.")]
    ran = [
        tool_span(one.name, one.arguments, "ok", tool_call_id=one.id, status="ok" if n else "error") for one in asked
    ]
    root = agent_span(
        "Can I return it, and within how many days?", answer, conversation_id="talk", duration_ms=90.0 + 10 * n
    )
    return [
        span.model_copy(update={"ingested_at": NOW}) for span in trace_of(root, retrieval_span("q", found), call, *ran)
    ]


def test_every_check_has_an_argument_here() -> None:
    """So that a new one is compared as well."""
    assert set(ARGUMENTS) == set(BUILT_IN)


def test_a_process_of_another_kind_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other hashes of sets, time zone, locale and working directory: each check gives the same score and explanation,
    each judge's request has the same key. A turn that came later changes neither.
    """
    (tmp_path / "arguments.json").write_text(json.dumps(ARGUMENTS), encoding="utf-8")
    (tmp_path / "scorers.py").write_text(SCORERS, encoding="utf-8")
    (tmp_path / "judges").mkdir()
    for field in FIELDS:
        (tmp_path / "judges" / f"by_{field}.md").write_text(JUDGE.format(field=field), encoding="utf-8")
    names = [f"my {name}" for name in ARGUMENTS] + [f"by_{field}" for field in FIELDS]
    rule = {"name": "all", "where": "kind = 'agent'", "scorers": names, "quiet": 0}
    with MessagesServer(Reply.json({"reasoning": "r", "choice": "good"})) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        store, source = str(tmp_path / "i2e.duckdb"), str(tmp_path / "i2e.toml")
        settings = Settings(store=store, scorers=(str(tmp_path / "scorers.py"),), source=source, rules=(rule,))  # pyright: ignore[reportArgumentType] -- pydantic reads it
        with Store.of(settings).write() as writer:
            writer.add_spans([row_of(span) for n, answer in enumerate(ANSWERS) for span in _trace(n, answer)])
        score_online(settings, seconds=60, now=NOW)
        asked = len(server.requests)
    with Store.of(settings).read() as reader:
        made = Counter(row["name"] for row in reader.rows("SELECT name FROM scores WHERE source = 'online'", {}))
        passed = {row["name"]: (row["a"], row["b"]) for row in reader.rows(_BOTH, {})}
    assert set(made) == set(names)
    assert asked == sum(made[f"by_{field}"] for field in FIELDS)
    print(f"{len(ARGUMENTS)} checks and {len(FIELDS)} judges, {made.total()} scores", passed)
    (tmp_path / "i2e.toml").write_text('scorers = ["scorers.py"]\n')
    other = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0"}
    code = "from otel_i2e.cli.main import main; main(['parity', '--store', 'i2e.duckdb', '--json'])"
    other_process = run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **other}, stdout=PIPE, check=False
    )
    found = json.loads(other_process.stdout)
    assert (other_process.returncode, found["differences"]) == (0, [])
    assert found["code"] + found["judged"] == made.total()
    early = [span.model_copy(update={"ingested_at": NOW + timedelta(minutes=1)}) for span in _trace(-9, "Refunds?")]
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span.model_copy(update={"start_time": LONG_AGO})) for span in early])
    again = check_parity(settings)
    assert again.differences == ()
    assert again.grown == sum(made[name] for name in CONVERSATION)


LONG_AGO: Final = datetime(2026, 5, 4, 11, 0, tzinfo=UTC)
CONVERSATION: Final = (
    "my no_repeated_answers",
    "my no_repeated_questions",
    "my tool_errors_resolved",
    "by_conversation",
)
_BOTH: Final = """
SELECT name, count(*) FILTER (passed) AS a, count(*) FILTER (NOT passed) AS b FROM scores GROUP BY name
"""
