"""A task: the function of an application that an evaluation calls, named `module:function`.

It is given the case's input as it is, in its first parameter. Two things are matched by name: a
parameter called `case` or `context` is given the whole case or its recorded context, and an input object
of several keys that are all parameters of the task, as `@observe` records a call with several
arguments, is spread over them. A task may be a plain function, `async`, or a generator of either kind,
whose chunks are joined.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, NamedTuple, cast

from otel_i2e.errors import UsageError
from otel_i2e.models import Case

__all__ = ["Task", "awaited", "joined", "load_task", "task_of"]

_BY_NAME: Final = ("case", "context")


class Task(NamedTuple):
    """A function, and how a case is handed to it."""

    name: str
    """`module:function`."""
    function: Callable[..., Any]
    """The function."""
    wants: frozenset[str] = frozenset()
    """Which of `case` and `context` it takes."""
    names: tuple[str, ...] = ()
    """Its other parameters that can be given by name, in order."""
    required: frozenset[str] = frozenset()
    """Those of `names` without a default."""
    first: str | None = None
    """The parameter that takes the input; None when it has no name that can be used."""
    takes_input: bool = True
    """False for a function of `case` or `context` alone."""

    @property
    def is_async(self) -> bool:
        """Whether it is called on the event loop; a plain function gets a thread."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)

    def call(self, case: Case) -> Any:
        """Call the function; what comes back may be awaitable. UsageError as `arguments`."""
        given, named = self.arguments(case)
        return self.function(*given, **named)

    def arguments(self, case: Case) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and named arguments. Raises UsageError, naming the case, when the input does not fill the task."""
        named: dict[str, Any] = {name: case if name == "case" else case.context for name in self.wants}
        if isinstance(case.input, dict) and len(case.input) > 1 and self.required <= case.input.keys() <= {*self.names}:
            return (), {**named, **case.input}
        missing = sorted(self.required - {self.first})
        if missing:
            raise UsageError(
                f"case {case.id!r}: task {self.name!r} needs {', '.join(map(repr, missing))} beside its input; give it "
                "an input object with all its parameters, or name a task that takes the input alone"
            )
        if self.first is not None:
            return (), {**named, self.first: case.input}
        return ((case.input,) if self.takes_input else ()), named


def load_task(name: str) -> Task:
    """Import `module:function`, the working directory first. Raises UsageError in one line."""
    module, colon, path = name.partition(":")
    if not colon or not module or not path or module.endswith(".py"):
        raise UsageError(f"task {name!r} is not module:function; write it as it is imported, such as app:answer")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    found: Any = _imported(module, name)
    for part in path.split("."):
        if not hasattr(found, part):
            known = [key for key in dir(found) if not key.startswith("_") and inspect.isfunction(getattr(found, key))]
            raise UsageError(
                f"task {name!r}: {module} has no {path!r}; it has {', '.join(known[:10]) or 'no functions'}"
            )
        found = getattr(found, part)
    return task_of(found, name)


def task_of(function: Any, name: str) -> Task:
    """The task that a callable is. Raises UsageError for anything else."""
    if not callable(function):
        raise UsageError(f"task {name!r} is a {type(function).__name__}, not a function; name a function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return Task(name, function)
    others = [parameter for key, parameter in parameters.items() if key not in _BY_NAME]
    by_name = [one for one in others if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    first = others[0] if others else None
    return Task(
        name,
        function,
        wants=frozenset(key for key in _BY_NAME if key in parameters),
        names=tuple(one.name for one in by_name),
        required=frozenset(one.name for one in by_name if one.default is one.empty),
        first=first.name if first is not None and first in by_name else None,
        takes_input=first is not None,
    )


def joined(result: Any) -> Any:
    """What a plain function gave; a generator's chunks as one text, or as a list when they are not text."""
    return _one(list(cast("Iterator[Any]", result))) if inspect.isgenerator(result) else result


async def awaited(result: Any) -> Any:
    """What an async function gave, awaited; an async generator's chunks as `joined`."""
    if inspect.isasyncgen(result):
        return _one([chunk async for chunk in cast("AsyncIterator[Any]", result)])
    return joined(await result if inspect.isawaitable(result) else result)


def _one(chunks: list[Any]) -> Any:
    return "".join(chunks) if all(isinstance(chunk, str) for chunk in chunks) else chunks


def _imported(module: str, name: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise UsageError(f"task {name!r}: there is no module {error.name!r} in {Path.cwd()} or installed") from None
        raise _broken(module, name, error) from error
    except (Exception, SystemExit) as error:
        raise _broken(module, name, error) from error


def _broken(module: str, name: str, error: BaseException) -> UsageError:
    frames = [frame for frame in extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())
    return UsageError(f"task {name!r}: importing {module} failed: {type(error).__name__}: {text}{place}")
