"""A task: the function of an application that an evaluation calls, named `module:function`.

It is given the case's input as it is, in its first parameter. A parameter called `case` or `context`
is given the whole case or its recorded context. It may be a plain function, `async`, or a generator of
either kind, whose chunks are joined.
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
    input_name: str | None = None
    """The parameter that takes the input; None when it has no name that can be used, or nothing takes it."""
    takes_input: bool = True
    """False for a function of `case` or `context` alone."""
    wants: frozenset[str] = frozenset()
    """Which of `case` and `context` it takes."""

    @property
    def is_async(self) -> bool:
        """Whether it is called on the event loop; a plain function gets a thread."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)

    def call(self, case: Case) -> Any:
        """Call the function; what comes back may be awaitable."""
        named: dict[str, Any] = {name: case if name == "case" else case.context for name in self.wants}
        if self.input_name is not None:
            named[self.input_name] = case.input
        given = (case.input,) if self.takes_input and self.input_name is None else ()
        return self.function(*given, **named)


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
    """The task that a callable is. Raises UsageError when it cannot be called with an input."""
    if not callable(function):
        raise UsageError(f"task {name!r} is a {type(function).__name__}, not a function; name a function")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return Task(name, function)
    wants = frozenset(key for key in _BY_NAME if key in parameters)
    others = [parameter for key, parameter in parameters.items() if key not in _BY_NAME]
    first = others[0] if others else None
    needed = [one.name for one in others[1:] if one.default is one.empty and one.kind not in _VARIADIC]
    if needed:
        raise UsageError(
            f"task {name!r} needs {', '.join(map(repr, needed))} beside its input; a task takes the input, "
            "and `case` or `context` if it wants them: wrap it in a function that does"
        )
    named = first is not None and first.kind in (first.POSITIONAL_OR_KEYWORD, first.KEYWORD_ONLY)
    return Task(name, function, first.name if first and named else None, first is not None, wants)


_VARIADIC: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


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
