"""`i2e import`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.cli.main import main
from otel_i2e.testing.otlp import logs_request, span_ids, traces_request


def _run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["import", *args])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_summary_says_what_was_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0."""
    (tmp_path / "a.pb").write_bytes(traces_request(span_ids(2)))
    assert _run("--store", str(tmp_path / "s.duckdb"), str(tmp_path / "*.pb")) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 file, 1 request: 2 spans, 0 log records.",
        "2 spans stored, 0 stored before, 0 scores.",
    ]


def test_json_is_the_whole_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the problems, and exit code 2 for them."""
    (tmp_path / "a.json").write_bytes(b"\x89 no OTLP")
    assert _run("--json", "--store", str(tmp_path / "s.duckdb"), str(tmp_path / "a.json")) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["stored"] == 0
    assert len(report["problems"]) == 1


def test_metrics_are_skipped_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No error: a Collector's file exporter may write all three signals into one file."""
    (tmp_path / "a.json").write_bytes(b'{"resourceMetrics": []}\n' * 2)
    assert _run("--store", str(tmp_path / "s.duckdb"), str(tmp_path / "a.json")) == 0
    assert "2 requests of metrics skipped: only traces and logs are recorded." in capsys.readouterr().out


def test_log_records_that_are_not_kept_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are neither content of a model call nor scores."""
    (tmp_path / "a.pb").write_bytes(logs_request(["started", "stopped"]))
    assert _run("--store", str(tmp_path / "s.duckdb"), str(tmp_path / "a.pb")) == 0
    assert "2 log records not kept: no content of a model call, and no score." in capsys.readouterr().out


@pytest.mark.parametrize(("since", "left_out"), [("2001-09-09", 0), ("2001-09-10 12:00Z", 2)])
def test_since_is_a_date(tmp_path: Path, capsys: pytest.CaptureFixture[str], since: str, left_out: int) -> None:
    """What began then or later is stored."""
    start = int(datetime(2001, 9, 9, 12, tzinfo=UTC).timestamp()) * 10**9
    request = json.loads(traces_request(span_ids(2), encoding="json"))
    for span in request["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span["startTimeUnixNano"] = span["endTimeUnixNano"] = str(start)
    (tmp_path / "a.json").write_text(json.dumps(request))
    assert _run("--json", "--store", str(tmp_path / "s.duckdb"), "--since", since, str(tmp_path / "a.json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["left_out"], report["stored"]) == (left_out, 2 - left_out)


def test_since_is_a_duration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is too early is left out, and a run that stores nothing says what to do next."""
    (tmp_path / "a.pb").write_bytes(traces_request(span_ids(2)))
    code = _run("--store", str(tmp_path / "s.duckdb"), "--since", "1s", "--service", "x", str(tmp_path / "a.pb"))
    out = capsys.readouterr().out
    assert code == 0
    assert "2 left out" in out
    assert "i2e traces" in out


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert _run("--store", str(tmp_path / "s.duckdb"), str(tmp_path / "gone")) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "gone" in error
