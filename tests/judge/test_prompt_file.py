"""Judge prompts as files: what is read, what wins, and what a mistake in one is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otel_i2e.errors import ScorerError
from otel_i2e.judge import built_in_prompts, load_prompt, parse_prompt
from otel_i2e.judge.request import frame_version
from otel_i2e.models import JUDGE_FIELDS, JudgeSettings

SETTINGS = JudgeSettings(model="claude-x", max_tokens=11)
GOOD = """+++
fields = ["output"]
optional = ["documents"]
threshold = 0.5
[choices]
good = 1
bad = 0.0
unclear = "not applicable"
+++

Is it good?
"""


def parsed(text: str) -> Any:
    """The prompt in `text`."""
    return parse_prompt(text, "judges/tone.md", SETTINGS, name="tone")


def test_prompt_has_what_its_front_matter_says() -> None:
    """Choices with values, one of them not applicable; the settings fill in the rest."""
    prompt = parsed(GOOD)
    assert prompt.choices == {"good": 1.0, "bad": 0.0, "unclear": None}
    assert (prompt.name, prompt.model, prompt.max_tokens, prompt.effort) == ("tone", "claude-x", 11, None)
    assert (prompt.fields, prompt.optional, prompt.threshold) == (("output",), ("documents",), 0.5)
    assert prompt.text == "Is it good?"


def test_prompt_pins_its_own_model() -> None:
    """The file wins over the settings."""
    prompt = parsed(GOOD.replace("threshold", 'model = "claude-y"\nmax_tokens = 5\neffort = "low"\nthreshold'))
    assert (prompt.model, prompt.max_tokens, prompt.effort) == ("claude-y", 5, "low")


def test_identity_changes_with_everything_that_can_change_a_verdict() -> None:
    """And not with a description, a file's place or its line endings."""
    same = {
        parsed(text).identity
        for text in (GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("[ch", 'description = "d"\n[ch'))
    }
    assert len(same) == 1
    changes = [
        GOOD.replace("Is it", "Is this"),
        GOOD.replace("bad = 0.0", "bad = 0.1"),
        GOOD.replace("bad", "awful"),
        GOOD.replace('["output"]', '["output", "input"]'),
        GOOD.replace('optional = ["documents"]', ""),
        GOOD.replace("threshold", 'model = "claude-y"\nthreshold'),
        GOOD.replace("threshold", 'effort = "low"\nthreshold'),
        GOOD.replace("threshold", "temperature = 0.0\nthreshold"),
        GOOD.replace("threshold", "reasoning = false\nthreshold"),
        GOOD.replace("good = 1\nbad = 0.0\n", "bad = 0.0\ngood = 1\n"),
    ]
    assert len({parsed(text).identity for text in changes} | same) == len(changes) + 1


def _other(*_given: object) -> str:
    return "in another way"


def test_identity_changes_with_the_rules_around_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that words the rules, the fences or the answer's shape in another way makes another judge."""
    before = parsed(GOOD)
    assert before.frame == frame_version()
    for what, changed in (
        ("_RULES", "\n\nOther rules."),
        ("_REASON_FIRST", "- Other order."),
        ("_material", _other),
        ("_schema", _other),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"otel_i2e.judge.request.{what}", changed)
            frame_version.cache_clear()
            assert parsed(GOOD).identity != before.identity, what
        frame_version.cache_clear()
    assert parsed(GOOD).identity == before.identity


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Is it good?", "judges/tone.md:1: a judge prompt begins with front matter in TOML"),
        ("---\nname: x\n---\nIs it?", "two lines '+++', got '---'"),
        ("+++\nfields = []", "judges/tone.md:1: the front matter is not closed"),
        (GOOD.replace("[choices]", "[choices"), "not valid TOML: "),
        (GOOD.replace('["output"]', '["outputs"]'), "judges/tone.md:2: fields.0: Input should be 'input'"),
        (GOOD.replace("bad = 0.0", 'bad = "no"'), "judges/tone.md:7: choices.bad: "),
        (GOOD.replace("bad = 0.0\n", "").replace("unc", "#"), "choices: Dictionary should have at least 2 items"),
        (
            GOOD.replace("threshold", 'frame = "x"\nthreshold'),
            "judges/tone.md: 'frame' is not a field of a judge prompt",
        ),
        (GOOD.replace("threshold", "temperature = 2\nthreshold"), "judges/tone.md:4: temperature: "),
        (
            GOOD.replace("threshold", 'model = "claude-opus-4-7"\ntemperature = 0\nthreshold'),
            "judges/tone.md: temperature = 0, and claude-opus-4-7 takes none",
        ),
        (GOOD.replace("threshold", "treshold"), "judges/tone.md:4: 'treshold' is not a field of a judge prompt"),
        (GOOD.replace("Is it good?", ""), "there is no instruction below the front matter"),
        (GOOD.replace("fields =", "name = 'a b'\nfields ="), "judges/tone.md:2: name: "),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, said: str) -> None:
    """File, line where it can be told, the rule, and what was got."""
    with pytest.raises(ScorerError) as caught:
        parsed(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("threshold", ["0.0", "-1", "1.5"])
def test_a_threshold_that_decides_nothing_is_refused(threshold: str) -> None:
    """Every choice would pass, or none."""
    with pytest.raises(ScorerError, match=r"^judges/tone.md: threshold = .* \(1, 0\); give one between them$"):
        parsed(GOOD.replace("threshold = 0.5", f"threshold = {threshold}"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No file, and one that is no text."""
    with pytest.raises(ScorerError, match=r"none\.md: cannot read the judge prompt: No such file"):
        load_prompt(tmp_path / "none.md", SETTINGS)
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe")
    with pytest.raises(ScorerError, match="not UTF-8"):
        load_prompt(tmp_path / "binary.md", SETTINGS)
    (tmp_path / "tone.md").write_text(GOOD, encoding="utf-8")
    assert load_prompt(tmp_path / "tone.md", SETTINGS).name == "tone"


def test_built_in_prompts_are_complete() -> None:
    """Each tells of every part that it shows and every choice that it offers, and passes at a threshold."""
    prompts = built_in_prompts(SETTINGS)
    assert set(prompts) == {"must", "must_not", "groundedness", "correctness"}
    for prompt in prompts.values():
        assert prompt.threshold == 1.0
        assert prompt.description
        named = [*prompt.choices, *prompt.fields, *prompt.optional]
        assert [name for name in named if f"`{name}`" not in prompt.text] == []
        assert set(prompt.fields) <= set(JUDGE_FIELDS)
