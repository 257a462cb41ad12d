"""The drift sentinel in the process that `i2e serve` starts: a real receiver, the real SDK, a local Messages API."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from otel_i2e.config import load_settings
from otel_i2e.models import JudgeStanding
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply, llm_span, row_of
from otel_i2e.testing.receiver_process import ReceiverProcess
from otel_i2e.workflows.calibration import calibrate
from otel_i2e.workflows.labels import add_label

TONE = """+++
fields = ["output"]
threshold = 1.0
model = "claude-sonnet-5"
[choices]
good = 1
bad = 0
+++
Is it good?
"""
_LONGEST = 60.0
_LOOKS = 3.0  # seconds in which a worker that looks at once would have asked


def _calibrated_long_ago(folder: Path, judge: str) -> None:
    """A project whose judge was calibrated a month ago."""
    (folder / "judges").mkdir()
    (folder / "judges" / "tone.md").write_text(TONE)
    (folder / "i2e.toml").write_text(f'store = "i2e.duckdb"\ningest_interval = 0.05\n[judge]\n{judge}\n')
    settings = load_settings(config=folder / "i2e.toml")
    spans = [llm_span("q", f"{kind} {k}") for kind in ("good", "bad") for k in range(10)]
    with Store.of(settings).write() as writer:
        writer.add_spans([row_of(span) for span in spans])
    for span in spans:
        add_label(settings, span.span_id, "tone", passed=str(span.output_text).startswith("good"))
    found = calibrate(settings, "tone", repeats=1, now=datetime.now(UTC) - timedelta(days=31))
    assert found.problems == ()


def _standing(folder: Path) -> JudgeStanding:
    """The latest of the only identity."""
    with Store.of(load_settings(config=folder / "i2e.toml")).read() as reader:
        (standing,) = reader.standings()
    return standing


@pytest.mark.parametrize(("judge", "suspended"), [("check_every_days = 7", True), ("max_retries = 0", False)])
def test_serve_asks_a_judge_that_is_due_where_the_settings_ask_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: str, suspended: bool
) -> None:
    """One that passes everything by now is suspended, without a command; without the setting nothing is asked."""
    monkeypatch.chdir(tmp_path)
    lenient = False

    def script(request: MessagesRequest) -> Reply:
        output = request.question.split("output>>\n")[1].split("\n<<")[0]
        return Reply.json({"reasoning": "r", "choice": "good" if lenient or output.startswith("good") else "bad"})

    with MessagesServer(script) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        _calibrated_long_ago(tmp_path, judge)
        assert _standing(tmp_path).may_block
        lenient, asked = True, len(server.requests)
        with ReceiverProcess(tmp_path / "i2e.duckdb", "--config", str(tmp_path / "i2e.toml")):
            end = time.monotonic() + (_LONGEST if suspended else _LOOKS)
            while _standing(tmp_path).may_block and time.monotonic() < end:
                time.sleep(0.1)
    assert _standing(tmp_path).may_block is not suspended
    assert len(server.requests) - asked == 20 * suspended
    if suspended:
        assert _standing(tmp_path).reason.startswith("suspended: drift, 20 frozen labels asked again: 10 broke")
