"""Instrumentors of other providers: the best that is installed, once, unless the application took it in hand."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.capture.instrumentors import FAMILIES, TARGETS
from otel_i2e.testing.local_http import HttpAnswer, HttpCall, LocalServer

INSTRUMENTOR = """
import os
class Instrumentor:
    is_instrumented_by_opentelemetry = False
    def instrument(self):
        names = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "OTEL_SEMCONV_STABILITY_OPT_IN"
        print(__name__, *(os.environ.get(name) for name in names))
"""


class Installed:
    """Makes packages as if they were installed, in the scripts' folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def package(self, name: str, code: str = "") -> None:
        """A package with all its parents."""
        *parents, last = name.split(".")
        place = self.folder
        for parent in parents:
            place = place / parent
            place.mkdir(exist_ok=True)
        (place / last).mkdir(exist_ok=True)
        (place / last / "__init__.py").write_text(code)

    def instrumentor(self, module: str, entry: str, *, needs: str = "") -> None:
        """An instrumentor with its entry point."""
        self.package(module, INSTRUMENTOR)
        info = self.folder / f"{module.replace('.', '_')}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n{needs}")
        (info / "entry_points.txt").write_text(f"[opentelemetry_instrumentor]\n{entry} = {module}:Instrumentor\n")


@pytest.fixture
def installed(scripts: Any) -> Installed:
    """Packages of the test's own; `openai_of_test` stands for a provider's."""
    found = Installed(scripts.folder)
    found.package("groq", "")
    return found


def _run(scripts: Any, code: str, **environment: str) -> list[str]:
    result = scripts.run("import otel_i2e.auto\n" + code, PYTHONSAFEPATH="", **environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_the_best_installed_instrumentor_is_activated_when_its_provider_is_imported(
    scripts: Any, installed: Installed
) -> None:
    """One for the provider, at the import and not before, asked for content in its own words."""
    installed.instrumentor("openinference.instrumentation.groq_of_test", "groq")
    installed.instrumentor("traceloop_of_test.groq", "groq")
    assert _run(scripts, "print('before'); import groq; import groq") == [
        "before",
        "openinference.instrumentation.groq_of_test true gen_ai_latest_experimental",
    ]


def test_an_instrumentor_on_the_latest_utilities_is_asked_by_their_word(scripts: Any, installed: Installed) -> None:
    """`true` would silently be nothing there."""
    installed.instrumentor(
        "openinference.instrumentation.groq_of_test", "groq", needs="Requires-Dist: opentelemetry-util-genai<2\n"
    )
    [line] = _run(scripts, "import groq", OTEL_SEMCONV_STABILITY_OPT_IN="http")
    assert line.endswith("SPAN_ONLY http,gen_ai_latest_experimental")


def test_what_the_user_says_about_content_stands(scripts: Any, installed: Installed) -> None:
    """A variable that is set is not touched, and metadata mode asks for nothing."""
    installed.instrumentor("openinference.instrumentation.groq_of_test", "groq")
    name = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    assert _run(scripts, "import groq", **{name: "false"})[0].split()[1] == "false"
    assert _run(scripts, "import groq", I2E_CAPTURE="metadata")[0].split()[1:] == ["None", "None"]


@pytest.mark.parametrize(
    ("code", "environment"),
    [
        ("import groq", {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "x, groq"}),
        ("import groq", {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}),
        ("import openinference.instrumentation.groq_of_test\nimport groq", {}),
        ("import sys; sys.modules['traceloop.sdk'] = sys\nimport groq", {}),
        ("import openinference.instrumentation.importer_of_test", {}),
    ],
    ids=["disabled", "all_disabled", "in_the_applications_hands", "another_recorder", "imported_by_an_instrumentor"],
)
def test_the_applications_choice_stands(
    scripts: Any, installed: Installed, code: str, environment: dict[str, str]
) -> None:
    """Disabled by OpenTelemetry's variable, imported by the application itself, or left to another recorder."""
    installed.instrumentor("openinference.instrumentation.groq_of_test", "groq")
    installed.package("openinference.instrumentation.importer_of_test", "import groq")
    assert _run(scripts, code, **environment) == []


def test_an_instrumentor_that_breaks_does_not_fail_the_import(scripts: Any, installed: Installed) -> None:
    """It is said, with the provider's name."""
    installed.instrumentor("openinference.instrumentation.groq_of_test", "groq")
    (scripts.folder / "openinference/instrumentation/groq_of_test/__init__.py").write_text("1 / 0")
    result = scripts.run("import otel_i2e.auto\nimport groq\nprint('on')", PYTHONSAFEPATH="")
    assert result.stdout == "on\n"
    assert "could not prepare groq" in result.stderr


def test_anthropic_has_none() -> None:
    """Its SDK traces itself; an instrumentor would double every call."""
    assert "anthropic" not in TARGETS
    assert not any("anthropic" in name for names in TARGETS.values() for name in names)
    assert len(FAMILIES) == 3


COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-test",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello there"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


@pytest.mark.skipif(
    find_spec("openai") is None or find_spec("openinference") is None,
    reason="openai and openinference-instrumentation-openai are not installed",
)
def test_a_real_instrumentor_records_a_real_call_once(scripts: Any) -> None:
    """OpenInference's for OpenAI: one span with content, although the application did nothing but import."""

    def answer(call: HttpCall) -> HttpAnswer:
        return HttpAnswer(headers={"content-type": "application/json"}, chunks=[json.dumps(COMPLETION).encode()])

    server = LocalServer(answer)
    try:
        result = scripts.run(
            f"""
            import otel_i2e.auto, sys
            assert "openai" not in sys.modules and "openinference" not in sys.modules
            import openai
            client = openai.OpenAI(api_key="test", base_url="{server.url}/v1", max_retries=0)
            said = client.chat.completions.create(model="gpt-test", messages=[{{"role": "user", "content": "hi"}}])
            assert said.choices[0].message.content == "Hello there"
            """
        )
    finally:
        server.close()
    assert result.returncode == 0, result.stderr
    [span] = scripts.spans()
    assert span.scope == "openinference.instrumentation.openai"
    assert "Hello there" in str(span.attributes)
