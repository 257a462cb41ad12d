"""Verdicts on record: used again for exactly the same request, asked anew for repeats, said so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from otel_i2e.config import Settings
from otel_i2e.errors import JudgeError, JudgeLeftOut
from otel_i2e.judge import built_in_prompts, request_key
from otel_i2e.models import JudgeQuestion, JudgeSettings, JudgeVerdict, RecordedVerdict
from otel_i2e.store import Store
from otel_i2e.testing import ScriptedJudge
from otel_i2e.workflows.verdict_file import verdicts_path, write_verdicts
from otel_i2e.workflows.verdicts import Memory, Remembering, recall


def question(output: str = "Yes.", model: str = "claude-sonnet-5") -> JudgeQuestion:
    """By the built-in prompt `must`."""
    prompt = built_in_prompts(JudgeSettings(model=model))["must"]
    return JudgeQuestion(prompt=prompt, shown={"criterion": "agrees", "output": output})


def ask(memory: Memory, judge: ScriptedJudge, *questions: JudgeQuestion, anew: bool = False) -> list[JudgeVerdict]:
    """The verdicts, in order."""

    async def one_after_the_other() -> list[JudgeVerdict]:
        court = Remembering(judge, memory, anew=anew)
        return [await court.ask(one) for one in questions]

    return asyncio.run(one_after_the_other())


def test_the_same_request_is_asked_once() -> None:
    """Another output or another model is another request."""
    memory, judge = Memory(), ScriptedJudge("satisfied")
    asked = [question(), question(), question("No."), question(model="claude-opus-5")]
    verdicts = ask(memory, judge, *asked)
    assert len(judge.questions) == 3
    assert len({one.request for one in verdicts}) == 3
    assert [one.cost_usd for one in verdicts] == [0.001, 0.0, 0.001, 0.001]
    assert memory.record() == {}, "nothing of an earlier run was replayed"


class Slow:
    """A judge that answers when it is let, and notes what it is asked."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.asked = 0
        self.may = asyncio.Event()

    async def ask(self, question: JudgeQuestion) -> JudgeVerdict:
        """A verdict, or as many errors as it was told to give."""
        assert question.shown
        self.asked += 1
        await self.may.wait()
        if self.asked <= self.fails:
            raise JudgeError("overloaded", model="m", cost_usd=0.5, is_passing=True)
        return JudgeVerdict(choice="satisfied", model="m", cost_usd=0.5)


def together(judge: Slow, *, cancel_first: bool = False) -> list[JudgeVerdict | BaseException]:
    """What twenty get who ask the same before the first has an answer."""

    async def all_at_once() -> list[JudgeVerdict | BaseException]:
        court = Remembering(judge, Memory())
        tasks = [asyncio.create_task(court.ask(question())) for _ in range(20)]
        await asyncio.sleep(0)
        if cancel_first:
            tasks[0].cancel()
        judge.may.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(all_at_once())


def test_the_same_request_in_flight_is_asked_once() -> None:
    """All have one verdict, and it is paid once."""
    judge = Slow()
    given = together(judge)
    assert judge.asked == 1
    assert [one.cost_usd for one in given if isinstance(one, JudgeVerdict)] == [0.5, *[0.0] * 19]


def test_an_error_in_flight_is_everybodys_and_is_not_kept() -> None:
    """As passing as it was, and paid once; who asks later is answered."""
    judge = Slow(fails=1)
    errors = [one for one in together(judge) if isinstance(one, JudgeError)]
    assert (judge.asked, len(errors)) == (1, 20)
    assert [error.cost_usd for error in errors] == [0.5, *[None] * 19]
    assert all(error.is_passing and str(error) == "overloaded" for error in errors)
    assert [isinstance(one, JudgeVerdict) for one in together(judge)] == [True] * 20


def test_who_waits_for_one_that_is_canceled_asks_itself() -> None:
    """The next, once for all that wait."""
    judge = Slow()
    canceled, *others = together(judge, cancel_first=True)
    assert isinstance(canceled, asyncio.CancelledError)
    assert all(isinstance(one, JudgeVerdict) for one in others)
    assert judge.asked == 2


def test_a_repeat_is_asked_anew_and_not_kept() -> None:
    """A verdict that is replayed says nothing of how often the judge wavers."""
    memory = Memory()
    judge = ScriptedJudge(["satisfied", "not_satisfied"])
    ask(memory, judge, question())
    (again,) = ask(memory, judge, question(), anew=True)
    assert again.choice == "not_satisfied"
    assert [one.choice for one in memory.fresh.values()] == ["satisfied"]


def test_without_a_key_what_is_known_is_replayed_and_the_rest_left_out() -> None:
    """Left out is neither pass nor fail; a repeat is left out too."""
    memory, judge = Memory(), ScriptedJudge("satisfied")
    ask(memory, judge, question())
    later = Memory(known=memory.fresh, refusal="there is no key")
    (replayed,) = ask(later, judge, question())
    assert (replayed.choice, replayed.cost_usd, len(judge.questions)) == ("satisfied", 0.0, 1)
    assert replayed.recorded_at is not None
    assert later.record()["replayed_verdicts"]["verdicts"] == 1
    for asked, anew, said in ((question("No."), False, "no verdict is recorded"), (question(), True, "a repeat")):
        with pytest.raises(JudgeLeftOut, match=f"{said}.*there is no key"):
            ask(later, judge, asked, anew=anew)


def test_a_recorded_choice_that_is_no_longer_offered_is_asked_again() -> None:
    """A file that was edited by hand brings no verdict that the prompt does not offer."""
    asked = question()
    key = request_key(asked)
    forged = RecordedVerdict(
        request=key, judge="must", identity="i", choice="brilliant", model="m", recorded_at=datetime.now(UTC)
    )
    (verdict,) = ask(Memory(known={key: forged}), ScriptedJudge("not_satisfied"), asked)
    assert verdict.choice == "not_satisfied"


def test_file_and_store_are_recalled(tmp_path: Path) -> None:
    """The project's file wins over the store; with the cache off nothing is known."""
    settings = Settings(store=str(tmp_path / "i2e.duckdb"), datasets=str(tmp_path / "evals"))
    memory, judge = Memory(), ScriptedJudge(["satisfied", "not_satisfied"])
    ask(memory, judge, question("a"), question("b"))
    first, second = memory.fresh.values()
    with Store.of(settings).write() as writer:
        assert writer.add_verdicts([first, second]) == 2
        assert writer.add_verdicts([first]) == 0
    write_verdicts(verdicts_path(settings), [first.model_copy(update={"choice": "not_satisfied"})])
    known = recall(settings).known
    assert {known[one.request].choice for one in (first, second)} == {"not_satisfied"}
    assert known[second.request] == second
    assert recall(settings, cache=False).known == {}
