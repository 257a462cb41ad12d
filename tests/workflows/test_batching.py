"""Judges by Message Batches: half the price, nothing paid twice, and every question that got no answer an error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.config import Settings
from otel_i2e.models import ScoreRow
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply, Tokens, llm_span, row_of
from otel_i2e.workflows.backfill import score_where
from otel_i2e.workflows.batching import Batching, batches_folder

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
TOKENS = Tokens(uncached_input=1000, output=100)


class Room:
    """A project with five answers, and what was said on stderr."""

    def __init__(self, folder: Path, server: MessagesServer) -> None:
        (folder / "judges").mkdir()
        (folder / "judges" / "tone.md").write_text(TONE)
        self.server = server
        self.said: list[str] = []
        self.settings = Settings(
            store=str(folder / "i2e.duckdb"), datasets=str(folder / "evals"), source=str(folder / "i2e.toml")
        )
        with Store.of(self.settings).write() as writer:
            writer.add_spans(
                [row_of(llm_span("q", output)) for output in ("good 1", "good 2", "bad 1", "bad 1", "odd")]
            )

    def score(self, *, batch: bool = True) -> Any:
        """The tally of `tone` over everything that has no score yet."""
        report = score_where(self.settings, "kind = 'llm'", ["tone"], batch=self.said.append if batch else None)
        return report.tallies[0]

    def scores(self) -> list[ScoreRow]:
        """What is stored."""
        with Store.of(self.settings).read() as reader:
            traces = {row["trace_id"] for row in reader.rows("SELECT trace_id FROM scores")}
            return reader.scores(trace_ids=traces) if traces else []

    def notes(self) -> list[Path]:
        """Batches whose answers are not stored."""
        return sorted(batches_folder(self.settings).glob("*"))


@pytest.fixture
def says() -> dict[str, Reply]:
    """What the judge answers to an output that is neither good nor bad."""
    return {"odd": Reply.json({"reasoning": "r", "choice": "good"}, tokens=TOKENS)}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: dict[str, Reply]) -> Iterator[Room]:
    """The room, while its judge's API is there."""

    def script(request: MessagesRequest) -> Reply:
        output = request.question.split("output>>\n")[1].split("\n<<")[0]
        choice = output.partition(" ")[0]
        return says.get(choice) or Reply.json({"reasoning": "r", "choice": choice}, tokens=TOKENS)

    async def no_sleep(_seconds: float) -> None:
        """The clock is nobody's."""

    monkeypatch.setattr(Batching.__init__, "__kwdefaults__", {"sleep": no_sleep})
    with MessagesServer(script) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield Room(tmp_path, server)


def test_a_batch_scores_as_single_calls_do_for_half_the_price(room: Room) -> None:
    """One batch, each question once; the same verdicts under the same keys; no single call."""
    room.server.batches.polls = 3
    tally = room.score()
    assert (tally.scored, tally.passed, tally.failed, tally.errors) == (5, 3, 2, 0)
    assert [len(batch) for batch in room.server.batches.created] == [4]
    assert room.server.requests == []
    costs = sorted(score.cost_usd or 0.0 for score in room.scores())
    assert costs == [0.0, *[pytest.approx((1000 * 2 + 100 * 10) / 1e6 / 2)] * 4]
    assert room.notes() == []
    assert len(room.said) == 2
    assert "4 questions sent at half the price" in room.said[0]


def test_what_is_on_record_is_not_sent(room: Room) -> None:
    """A verdict by a single call answers the batch's question, and the reverse."""
    room.score(batch=False)
    asked = len(room.server.requests)
    with Store.of(room.settings).write() as writer:
        writer._connection.execute("DELETE FROM scores")
    assert room.score().scored == 5
    assert (len(room.server.batches.created), len(room.server.requests)) == (0, asked)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply.error(400, "too long"), "the judge's batch answered invalid_request_error: too long"),
        (Reply.text("x").dropping(), "expired before this question's turn"),
        (Reply.refusal("No."), "refused"),
        (Reply.text("good"), "not one JSON object"),
        (Reply.json({"reasoning": "r", "choice": "brilliant"}), "none of good, bad"),
        (Reply.text('{"reasoning": "r", "choice": "good"}', stop_reason="max_tokens"), "cut off"),
    ],
)
def test_one_without_an_answer_is_an_error_and_the_others_are_scored(
    room: Room, says: dict[str, Reply], reply: Reply, said: str
) -> None:
    """Never a pass, never a fail; asked again by the next run, which sends only that."""
    good, says["odd"] = says["odd"], reply
    tally = room.score()
    assert (tally.scored, tally.errors) == (4, 1)
    assert said in tally.first_error
    says["odd"] = good
    assert room.score().scored == 1
    assert [len(batch) for batch in room.server.batches.created] == [4, 1]


def test_a_canceled_batch_is_errors(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody stopped it while it was waited for."""
    room.server.batches.polls = 10
    batches = room.server.batches

    async def cancel(_seconds: float) -> None:
        for batch in batches._batches.values():
            batch.canceled = True

    monkeypatch.setattr(Batching.__init__, "__kwdefaults__", {"sleep": cancel})
    tally = room.score()
    assert (tally.scored, tally.errors) == (0, 5)
    assert "canceled" in tally.first_error


class Killed(BaseException):
    """The process ends here."""


def test_a_run_that_ended_early_pays_nothing_twice(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it waits, and killed between the answers and the store: the next run reads the same batch."""
    room.server.batches.polls = 2

    async def kill(_seconds: float) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Batching.__init__, "__kwdefaults__", {"sleep": kill})
        _killed(room)
    assert len(room.notes()) == 1
    with monkeypatch.context() as patch:
        patch.setattr("otel_i2e.workflows.backfill.store_attempts", _raise)
        _killed(room)
    assert (room.scores(), len(room.notes())) == ([], 1)
    assert room.score().scored == 5
    assert (len(room.server.batches.created), room.notes()) == (1, [])


def _killed(room: Room) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 -- a task group wraps it
        room.score()
    assert "Killed" in repr(caught.value)


def _raise(*_given: object) -> None:
    raise Killed


def test_a_batch_that_cannot_be_sent_or_read_is_errors(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is refused is said on each; nothing is noted."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{room.server.url}/nowhere")
    tally = room.score()
    assert (tally.scored, tally.errors) == (0, 5)
    assert "answered 404" in tally.first_error
    assert "score without --batch" in tally.first_error
    assert room.notes() == []


def test_a_note_that_is_damaged_or_of_another_run_is_left_alone(room: Room) -> None:
    """It cannot be read, or its questions are not asked: it stays, and holds nobody up."""
    folder = batches_folder(room.settings)
    folder.mkdir()
    (folder / "msgbatch_broken.json").write_text("{")
    (folder / "msgbatch_other.json").write_text(json.dumps(["somebody-else-0"]))
    assert room.score().scored == 5
    assert [place.name for place in room.notes()] == ["msgbatch_broken.json", "msgbatch_other.json"]


def test_a_batch_that_the_api_does_not_know_is_sent_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted, or another workspace's: the next run says so. One that cannot be sent again stays on the note."""
    folder = batches_folder(room.settings)
    with monkeypatch.context() as patch:
        patch.setattr("otel_i2e.workflows.backfill.store_attempts", _raise)
        _killed(room)
    (note,) = room.notes()
    room.server.batches._batches.clear()
    with monkeypatch.context() as patch:
        patch.setenv("ANTHROPIC_BASE_URL", f"{room.server.url}/nowhere")
        assert room.score().errors == 5
    assert list(folder.glob("*")) == [note]
    assert room.score().scored == 5
    assert any(note.stem in said and "4 questions were sent again" in said for said in room.said)
    assert (len(room.server.batches.created), room.notes()) == (2, [])


def test_a_batch_that_is_deleted_while_it_is_waited_for_is_errors(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once; the next run asks anew."""
    room.server.batches.polls = 1

    async def delete(_seconds: float) -> None:
        room.server.batches._batches.clear()

    with monkeypatch.context() as patch:
        patch.setattr(Batching.__init__, "__kwdefaults__", {"sleep": delete})
        tally = room.score()
    assert (tally.scored, tally.errors) == (0, 5)
    assert "the API does not know it" in tally.first_error
    assert room.notes() == []
    assert room.score().scored == 5


def test_batches_are_cut_by_their_size_as_well(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API takes so many bytes at once; a question that is larger goes alone."""
    monkeypatch.setattr("otel_i2e.judge.batches.MOST_BYTES", 10)
    assert room.score().scored == 5
    assert [len(batch) for batch in room.server.batches.created] == [1, 1, 1, 1]
    assert room.notes() == []


def test_two_runs_at_once_score_nothing_twice(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stores what the other waits for: a row of the ledger for each span, and the batch's cost once."""
    room.server.batches.polls = 1
    other: list[Any] = []

    async def meanwhile(_seconds: float) -> None:
        other.append(await asyncio.to_thread(room.score))

    monkeypatch.setattr(Batching.__init__, "__kwdefaults__", {"sleep": meanwhile})
    assert room.score().scored == 0
    assert [tally.scored for tally in other] == [5]
    assert len(room.server.batches.created) == 1
    with Store.of(room.settings).read() as reader:
        (ledger,) = reader.rows("SELECT count(*) AS tries, sum(cost_usd) AS cost FROM score_ledger")
    assert ledger["tries"] == len(room.scores()) == 5
    assert ledger["cost"] == pytest.approx(sum(score.cost_usd or 0.0 for score in room.scores()))
