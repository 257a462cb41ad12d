"""Online = offline: what rules scored in production, made again as an evaluation makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.cli.main import main
from otel_i2e.config import Settings
from otel_i2e.models import Document, ToolCall
from otel_i2e.store import Store
from otel_i2e.testing import MessagesServer, Reply, agent_span, llm_span, retrieval_span, row_of, tool_span, trace_of
from otel_i2e.workflows.parity import check_parity
from otel_i2e.workflows.scoring import score_online

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SCORERS = """
from otel_i2e import scorer

@scorer
def short(output: str) -> float:
    return {expression}
"""
TONE = """+++
fields = ["output"]
optional = ["input", "documents", "tool_calls"]
threshold = 1.0
[choices]
good = 1
bad = 0
+++
Is it good?
"""
NAMES = ["short", "cites_documents", "word_overlap", "tools_ran", "no_loops", "no_secrets", "no_personal_data", "tone"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Settings, MessagesServer]]:
    """Eight traces with documents and tools, scored online by eight scorers, a judge among them."""
    (tmp_path / "scorers.py").write_text(SCORERS.format(expression="len(output) / 7"))
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "tone.md").write_text(TONE)
    with MessagesServer(Reply.json({"reasoning": "r", "choice": "good"})) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        settings = Settings(
            store=str(tmp_path / "i2e.duckdb"),
            scorers=(str(tmp_path / "scorers.py"),),
            source=str(tmp_path / "i2e.toml"),
            rules=({"name": "all", "where": "kind = 'agent'", "scorers": NAMES, "quiet": 0},),
        )
        with Store.of(settings).write() as writer:
            writer.add_spans([row_of(_now(span)) for n in range(8) for span in _trace(n)])
        score_online(settings, seconds=60, now=NOW)
        yield settings, server


def _trace(n: int) -> Any:
    call = llm_span(f"q{n}", tool_calls=[ToolCall(id="1", name="look", arguments={"order": n})])
    found = retrieval_span("q", [Document(id="refunds", content="Refunds within 30 days, né.")])
    answer = agent_span(f"q{n}", f"Refunds within {30 + n % 2} days [refunds]. \u2713 {'x' * n}")
    return trace_of(answer, found, call, tool_span("look", {"order": n}, "ok", tool_call_id="1"))


def _now(span: Any) -> Any:
    return span.model_copy(update={"ingested_at": NOW})


def test_every_online_score_is_the_same_offline(project: tuple[Settings, MessagesServer]) -> None:
    """Code says the same, judges are asked the same to the byte, and none is asked again."""
    settings, server = project
    asked = len(server.requests)
    found = check_parity(settings)
    assert (asked, len(server.requests)) == (8, 8)
    assert (found.code, found.judged, found.differences) == (56, 8, ())
    assert (found.other_identity, found.without_request, found.no_span) == (0, 0, 0)


def test_a_stored_score_that_was_tampered_with_differs(project: tuple[Settings, MessagesServer]) -> None:
    """A value in code, a request of a judge: the comparison can fail."""
    settings, _ = project
    _edit(settings, "UPDATE scores SET value = 9 WHERE name = 'short'")
    _edit(settings, "UPDATE scores SET metadata = '{\"request\": \"ab\"}' WHERE name = 'tone'")
    found = check_parity(settings)
    assert {one.scorer for one in found.differences} == {"short", "tone"}
    assert len(found.differences) == 16


def test_what_cannot_be_compared_is_counted(project: tuple[Settings, MessagesServer], tmp_path: Path) -> None:
    """A scorer that changed, a judge without its request, a span that is gone."""
    settings, _ = project
    (tmp_path / "scorers.py").write_text(SCORERS.format(expression="len(output) / 100"))
    _edit(settings, "UPDATE scores SET metadata = '{}' WHERE name = 'tone'")
    found = check_parity(settings)
    assert (found.code, found.judged, found.other_identity, found.without_request) == (48, 0, 8, 8)
    assert found.differences == ()


def test_a_trace_that_has_grown_is_no_difference(project: tuple[Settings, MessagesServer]) -> None:
    """What looks at the trace cannot be made again; what looks at its span can."""
    settings, _ = project
    with Store.of(settings).read() as reader:
        (root, *_) = reader.spans("kind = 'agent'")
    with Store.of(settings).write() as writer:
        late = llm_span(trace_id=root.trace_id, parent_span_id=root.span_id)
        writer.add_spans([row_of(_now(late))])
    found = check_parity(settings)
    assert found.differences == ()
    assert found.grown > 0
    assert found.code + found.judged + found.grown == 64


@pytest.mark.parametrize(
    "grows",
    [
        "UPDATE span_rows SET changed_at = now() + INTERVAL 1 DAY WHERE span_id = '{root}'",
        (
            "UPDATE span_rows SET duplicate_of = '{root}', ingested_at = now() + INTERVAL 1 DAY "
            "WHERE kind = 'llm' AND trace_id = '{trace}'"
        ),
    ],
    ids=["content came later", "a repeat came later"],
)
def test_a_call_that_has_grown_is_no_difference(project: tuple[Settings, MessagesServer], grows: str) -> None:
    """Its score was right when it was made, and cannot be made again."""
    settings, _ = project
    with Store.of(settings).read() as reader:
        (root, *_) = reader.spans("kind = 'agent'")
    _edit(settings, grows.format(root=root.span_id, trace=root.trace_id))
    _edit(settings, f"UPDATE span_rows SET output_text = 'else' WHERE span_id = '{root.span_id}'")
    found = check_parity(settings)
    assert found.differences == ()
    assert found.grown >= 8


def test_the_command_says_it_with_its_exit_code(
    project: tuple[Settings, MessagesServer],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """0 the same, 1 not, 2 nothing to compare."""
    settings, _ = project
    monkeypatch.chdir(tmp_path)
    (tmp_path / "i2e.toml").write_text('scorers = ["scorers.py"]\n')

    def run(*more: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["parity", "--store", settings.store, *more])
        return int(str(ended.value.code))

    assert run() == 0
    assert "64 online scores made again (56 by code, 8 requests to judges)\n0 differ" in capsys.readouterr().out
    _edit(settings, "UPDATE scores SET value = 9 WHERE name = 'short'")
    assert run() == 1
    assert "✗ short on " in capsys.readouterr().out
    _edit(settings, "DELETE FROM scores")
    assert run() == 2
    assert "Nothing to compare" in capsys.readouterr().out


def _edit(settings: Settings, sql: str) -> None:
    with Store.of(settings).write() as writer:
        change: Callable[[str], Any] = writer._connection.execute
        change(sql)
