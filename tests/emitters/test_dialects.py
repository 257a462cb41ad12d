"""Every field that an emitter sent is heard: real recordings against what crossed the wire."""

from __future__ import annotations

import pytest
from compare import judge, missing_fields, still_missing
from fixtures import Scenario, about, emitters, scenarios


@pytest.mark.parametrize("emitter", emitters())
def test_every_sent_field_is_heard(emitter: str) -> None:
    """What is missing is exactly what still_missing.toml names: the list can only shrink."""
    missing, known = missing_fields(emitter), set(still_missing().get(emitter, ()))
    assert not missing - known, f"{emitter} sent these and they are not heard: {sorted(missing - known)}"
    assert not known - missing, f"{emitter}: heard by now, run `compare.py --shrink`: {sorted(known - missing)}"


def test_the_list_of_missing_fields_names_recorded_emitters() -> None:
    """A renamed emitter does not leave its excuses behind."""
    assert set(still_missing()) <= set(emitters())


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
