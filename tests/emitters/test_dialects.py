"""Every field that an emitter sent is heard: real recordings against what crossed the wire."""

from __future__ import annotations

import pytest
from compare import judge, missing_fields
from fixtures import Scenario, about, elsewhere, emitters, scenarios
from reading import Reading, read


@pytest.mark.parametrize("emitter", emitters())
def test_every_sent_field_is_heard(emitter: str) -> None:
    """On the row of its call, or on the row of the span that carries it; and the rows are the calls."""
    missing = missing_fields(emitter)
    assert not missing, f"{emitter} sent these and they are not heard: {sorted(missing)}"


@pytest.mark.parametrize("emitter", [name for name in emitters() if elsewhere(name)])
def test_what_stands_elsewhere_is_heard_there(emitter: str) -> None:
    """An entry of the table that excuses nothing any more goes."""
    assert {one.field for one in judge(emitter) if one.outcome == "near"} == elsewhere(emitter)


def test_a_field_that_is_not_heard_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without answers and with another count fail the check that all emitters pass."""

    def deaf(scenario: Scenario) -> Reading:
        heard = read(scenario)
        for row in heard.rows + heard.calls:
            row |= {"output_messages": None, "output_tokens": 1}
        return heard

    monkeypatch.setattr("compare.read", deaf)
    assert missing_fields("by_hand_json") == {"output_text", "tool_calls", "output_tokens", "tokens"}


def test_the_dialects_of_the_issue_are_recorded() -> None:
    """Twenty emitters and more, of every family."""
    dialects = {about(emitter)["dialect"] for emitter in emitters()}
    assert len(emitters()) >= 20
    assert dialects >= {
        "anthropic", "claude_code", "google_adk", "langfuse", "langsmith", "litellm", "logfire", "mlflow",
        "openinference", "openllmetry", "openllmetry_old", "otel_genai", "pydantic_ai", "strands", "vercel_ai",
    }  # fmt: skip


def test_silence_is_judged_as_lost_and_not_as_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its export an emitter has sent nothing, so nothing counts as heard."""
    mute = [one._replace(traces=b"", logs=b"") for one in scenarios("by_hand_json")]

    def scenarios_of(_: str) -> list[Scenario]:
        return mute

    monkeypatch.setattr("compare.scenarios", scenarios_of)
    assert {one.outcome for one in judge("by_hand_json")} == {"lost"}


def test_another_emitters_export_proves_little() -> None:
    """Response ids belong to one recording: those of another emitter are no evidence."""
    mine, others = (
        next(one for one in scenarios(name) if one.name == "tools") for name in ("anthropic_sdk", "strands_latest")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compare.scenarios", lambda _: [mine._replace(traces=others.traces, logs=b"")])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] -- the emitter's name is not read
        judged = list(judge("anthropic_sdk"))
    assert {one.outcome for one in judged if one.field == "response_id"} == {"lost"}
