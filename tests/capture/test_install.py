"""Installation: one line said, once a process, and never a reason to fail."""

from __future__ import annotations

from typing import Any

CALL = """
from opentelemetry import trace
trace.get_tracer("x").start_span("call", attributes={"input.value": "hi"}).end()
"""


def test_one_line_says_where_and_what_is_recorded(scripts: Any) -> None:
    """Seen without any logging set up: the place, content or not, and how to turn it off."""
    result = scripts.run("import otel_i2e.auto\n" + CALL)
    [line] = result.stderr.splitlines()
    assert str(scripts.folder / "i2e.duckdb") in line
    assert "with prompts and answers" in line
    assert "I2E_CAPTURE=metadata" in line
    assert "I2E_CAPTURE=off" in line


def test_metadata_mode_says_so_and_keeps_content_out(scripts: Any) -> None:
    """The span is there without what was said."""
    result = scripts.run("import otel_i2e.auto\n" + CALL, I2E_CAPTURE="metadata")
    assert "without prompts and answers" in result.stderr
    assert scripts.spans()[0].attributes == {"i2e.content.capture": "metadata"}


def test_capture_off_records_nothing_and_touches_nothing(scripts: Any) -> None:
    """No provider, no hooks, no file; one line says so."""
    result = scripts.run(
        """
        import sys, otel_i2e.auto
        from opentelemetry import trace
        assert not any(type(finder).__module__.startswith("otel_i2e") for finder in sys.meta_path)
        assert not trace.get_tracer("x").start_span("call").is_recording()
        """,
        I2E_CAPTURE="off",
    )
    said = "otel-i2e records nothing: capture is off (I2E_CAPTURE=off)\n"
    assert (result.returncode, result.stderr) == (0, said)
    assert not scripts.spool_path.exists()


def test_a_second_installation_gives_the_same_recorder(scripts: Any) -> None:
    """`auto`, `configure` and `install` together record once; what is given too late is said to be ignored."""
    result = scripts.run(
        """
import otel_i2e.auto, otel_i2e
from otel_i2e.capture import install, recorder
from otel_i2e.config import load_settings
assert otel_i2e.configure() is recorder()
assert install(load_settings()) is recorder()
otel_i2e.configure(store="elsewhere.duckdb")
"""
        + CALL
    )
    assert result.returncode == 0, result.stderr
    assert len(scripts.spans()) == 1
    assert result.stderr.count("otel-i2e") == 2
    assert "settings given later are ignored" in result.stderr
    assert not (scripts.folder / "elsewhere.duckdb.spool").exists()


def test_configure_takes_settings_as_arguments(scripts: Any) -> None:
    """They win over the environment."""
    result = scripts.run(
        "import otel_i2e\notel_i2e.configure(store='given.duckdb', service='shop', environment='test')\n" + CALL,
        I2E_SERVICE="other",
    )
    assert result.returncode == 0, result.stderr
    scripts.spool_path = scripts.folder / "given.duckdb.spool"
    resource = scripts.spans()[0].resource
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("shop", "test")


def test_wrong_settings_are_one_line_and_nothing_recorded(scripts: Any) -> None:
    """From a variable, an argument or a file: the application runs on."""
    for code, environment in (
        ("import otel_i2e.auto\n", {"I2E_CAPTURE": "everything"}),
        ("import otel_i2e\nassert otel_i2e.configure(stor='x') is None\n", {}),
        ("import otel_i2e.auto\n", {"I2E_CONFIG": "missing.toml"}),
    ):
        result = scripts.run(code + CALL + "print('still here')", **environment)
        assert (result.returncode, result.stdout) == (0, "still here\n"), result.stderr
        [line] = result.stderr.splitlines()
        assert line.startswith("otel-i2e records nothing:")
    assert not scripts.spool_path.exists()


def test_a_given_provider_is_joined_beside_the_global_one(scripts: Any) -> None:
    """An application may hand a provider of its own, once or twice."""
    result = scripts.run(
        """
from opentelemetry.sdk.trace import TracerProvider
from otel_i2e.capture import install
from otel_i2e.config import load_settings
provider = TracerProvider()
install(load_settings(), provider=provider)
install(load_settings(), provider=provider)
provider.get_tracer("x").start_span("given").end()
"""
        + CALL
    )
    assert result.returncode == 0, result.stderr
    assert sorted(span.name for span in scripts.spans()) == ["call", "given"]


def test_the_background_runs_once_something_is_stored_and_ends_with_the_process(scripts: Any) -> None:
    """It is given the settings and the event; it stops before the interpreter does."""
    (scripts.folder / "work.py").write_text(
        "from pathlib import Path\n"
        "def run(settings, stop):\n"
        "    Path('ran').write_text(settings.store)\n"
        "    assert stop.wait(30)\n"
        "    Path('stopped').touch()\n"
    )
    code = "from otel_i2e.capture import start\nimport threading\nrecorder = start(ingest='work:run')\n"
    idle = scripts.run(code + "assert threading.active_count() == 1", I2E_INGEST="on", PYTHONSAFEPATH="")
    assert idle.returncode == 0, idle.stderr
    assert not (scripts.folder / "ran").exists()
    result = scripts.run(code + CALL + "recorder.flush(30)\n", I2E_INGEST="on", PYTHONSAFEPATH="")
    assert result.returncode == 0, result.stderr
    assert (scripts.folder / "ran").read_text() == str(scripts.folder / "i2e.duckdb")
    assert (scripts.folder / "stopped").exists()


def test_the_store_stays_where_it_was_said_to_be(scripts: Any) -> None:
    """An application that changes its folder after the import records to the same file."""
    elsewhere = scripts.folder / "elsewhere"
    elsewhere.mkdir()
    result = scripts.run(
        f"import os, otel_i2e.auto\nos.chdir({str(elsewhere)!r})\n" + CALL, I2E_STORE="i2e.duckdb", I2E_INGEST="off"
    )
    assert result.returncode == 0, result.stderr
    assert list(elsewhere.iterdir()) == []
    assert len(list(scripts.folder.glob("**/i2e.duckdb.spool"))) == 1
