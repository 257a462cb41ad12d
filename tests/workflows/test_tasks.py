"""Tasks: how they are found and what they are given."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_i2e.errors import UsageError
from otel_i2e.models import Case, CaseContext, Document
from otel_i2e.workflows.tasks import awaited, joined, load_task, task_of

CASE = Case(id="a", input="Can I?", context=CaseContext(documents=[Document(id="d")]))


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class _Agent:
    def answer(self, question: str) -> str:
        return f"answer to {question}"

    def __call__(self, question: str) -> str:
        return self.answer(question)


def _plain(question: str) -> Any:
    return question


def _keyword(*, question: str) -> Any:
    return question


def _positional(question: str, /) -> Any:
    return question


def _variadic(*args: Any) -> Any:
    return args


def _defaulted(question: str, tier: int = 1) -> Any:
    return question, tier


def _case_last(question: str, case: Case) -> Any:
    return question, case.id


def _case_first(case: Case, question: str) -> Any:
    return question, case.id


def _context(question: str, *, context: CaseContext) -> Any:
    return question, context.documents[0].id


def _case_only(case: Case) -> Any:
    return case.id


def _context_only(context: CaseContext) -> Any:
    return len(context.documents)


def _too_much(question: str, tier: int) -> Any:
    return question, tier


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (_plain, "Can I?"),
        (_keyword, "Can I?"),
        (_positional, "Can I?"),
        (_variadic, ("Can I?",)),
        (_defaulted, ("Can I?", 1)),
        (_case_last, ("Can I?", "a")),
        (_case_first, ("Can I?", "a")),
        (_context, ("Can I?", "d")),
        (_case_only, "a"),
        (_context_only, 1),
        (str.upper, "CAN I?"),
        (_Agent(), "answer to Can I?"),
        (_Agent().answer, "answer to Can I?"),
        (_wrapped(_case_last), ("Can I?", "a")),
    ],
)
def test_the_input_goes_to_the_first_parameter_and_the_rest_by_name(function: Any, given: Any) -> None:
    """Plain functions, keyword-only ones, methods, objects and decorated functions."""
    assert task_of(function, "m:f").call(CASE) == given


def test_a_task_that_needs_more_is_refused() -> None:
    """The case and the parameter are named, and what to do."""
    with pytest.raises(UsageError, match="case 'a': task 'm:f' needs 'tier' beside its input"):
        task_of(_too_much, "m:f").arguments(CASE)
    with pytest.raises(UsageError, match="is a int, not a function"):
        task_of(3, "m:f")


@pytest.mark.parametrize(
    ("function", "input", "given"),
    [
        (_too_much, {"question": "Can I?", "tier": 2}, ("Can I?", 2)),
        (_too_much, {"tier": 2, "question": "Can I?"}, ("Can I?", 2)),
        (_defaulted, {"question": "Can I?", "tier": 2}, ("Can I?", 2)),
        (_defaulted, {"question": "Can I?"}, ({"question": "Can I?"}, 1)),
        (_plain, {"messages": []}, {"messages": []}),
        (_plain, {"question": "Can I?", "tier": 2}, {"question": "Can I?", "tier": 2}),
        (_case_last, {"question": "Can I?", "case": 2}, ({"question": "Can I?", "case": 2}, "a")),
    ],
)
def test_an_object_of_several_arguments_is_spread_and_any_other_given_as_it_is(
    function: Any, input: Any, given: Any
) -> None:
    """Only an object whose keys are all parameters of the task is taken for its arguments."""
    assert task_of(function, "m:f").call(CASE.model_copy(update={"input": input})) == given


def test_generators_are_joined() -> None:
    """A streaming application gives its text in chunks; other chunks stay a list."""

    def chunks() -> Iterator[str]:
        yield from ("Yes", ", 30 days.")

    async def later() -> AsyncIterator[int]:
        for number in (1, 2):
            yield number

    async def plain() -> str:
        return "Yes."

    assert joined(chunks()) == "Yes, 30 days."
    assert joined("Yes.") == "Yes."
    assert asyncio.run(awaited(later())) == [1, 2]
    assert asyncio.run(awaited(plain())) == "Yes."
    assert asyncio.run(awaited(chunks())) == "Yes, 30 days."


def test_async_functions_are_told_from_plain_ones() -> None:
    """A plain function gets a thread."""

    async def later(question: str) -> str:
        return question

    assert task_of(later, "m:f").is_async
    assert not task_of(_plain, "m:f").is_async


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a module of an own name, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    return tmp_path


def test_a_module_of_the_working_directory_is_found(project: Path) -> None:
    """No installation is needed, and a dotted path reaches into objects."""
    (project / "shop_one.py").write_text("class Agent:\n    @staticmethod\n    def answer(q): return q\n")
    assert load_task("shop_one:Agent.answer").call(CASE) == "Can I?"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("app", "task 'app' is not module:function; write it as it is imported, such as app:answer"),
        ("app.py:answer", "is not module:function"),
        ("shop_gone:answer", "there is no module 'shop_gone' in"),
        ("shop_two:answr", "shop_two has no 'answr'; it has answer"),
        ("shop_three:answer", "importing shop_three failed: ValueError: no key"),
        ("shop_four:answer", "importing shop_four failed: ModuleNotFoundError: No module named 'shop_missing'"),
        ("shop_five:answer", "importing shop_five failed: SystemExit: 3"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(project: Path, name: str, says: str) -> None:
    """The name, the reason and the place."""
    (project / "shop_two.py").write_text("def answer(q): return q\n")
    (project / "shop_three.py").write_text("\nraise ValueError('no\\nkey')\n")
    (project / "shop_four.py").write_text("import shop_missing\n")
    (project / "shop_five.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(UsageError) as caught:
        load_task(name)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failing_import_names_its_line(project: Path) -> None:
    """The place in the application, not in the import machinery."""
    (project / "shop_six.py").write_text("\nraise ValueError('no key')\n")
    with pytest.raises(UsageError, match=r"shop_six\.py:2\)"):
        load_task("shop_six:answer")
