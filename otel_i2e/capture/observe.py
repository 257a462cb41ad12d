"""`@observe`: a span around each call of a function, with its arguments and its result."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Final, ParamSpec, TypeVar, cast, overload

from opentelemetry import trace

from otel_i2e.capture.span import Kind, ObservedSpan, begin_span

__all__ = ["observe"]

P = ParamSpec("P")
R = TypeVar("R")
_MAX_ITEMS: Final = 100_000  # of a generator: what comes after is passed on and not kept


@overload
def observe(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def observe(
    *, name: str | None = None, kind: Kind = "chain", capture_input: bool = True, capture_output: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def observe(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    kind: Kind = "chain",
    capture_input: bool = True,
    capture_output: bool = True,
) -> Any:
    """Record every call of the function as a span of `kind`, named `name` or else like the function.

    The input is the arguments by parameter name, as JSON; of a single argument that is text, the text, so
    that `input` is the same to a scorer online and in an evaluation (a tool's arguments stay an object). The
    output is the result. A generator's span
    lasts until it is exhausted or dropped, and its output is its items, joined when they are text. An
    exception is recorded and goes on. Works on functions, coroutines, generators and async generators, with
    and without parentheses, and does nothing when nothing is recorded.
    """
    if function is None:
        return functools.partial(
            _observed, name=name, kind=kind, capture_input=capture_input, capture_output=capture_output
        )
    return _observed(function, name, kind, capture_input, capture_output)


def _observed(function: Any, name: str | None, kind: str, capture_input: bool, capture_output: bool) -> Any:
    for method in (staticmethod, classmethod):
        if isinstance(function, method):
            inner = _observed(cast("Any", function).__func__, name, kind, capture_input, capture_output)
            return cast("Any", method)(inner)
    called = name or getattr(function, "__name__", type(function).__name__)
    given = _arguments(function) if capture_input else None

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> ObservedSpan:
        step = begin_span(called, kind)
        if given is not None and step.inner.is_recording():
            arguments = given(args, kwargs)
            step.set_input(arguments if kind == "tool" else _only_text(arguments))
        return step

    for asks, wrap in _WRAPPERS:
        if asks(function):
            return functools.wraps(function)(wrap(function, begin, capture_output))
    return functools.wraps(function)(_around(function, begin, capture_output))


Begin = Callable[[tuple[Any, ...], dict[str, Any]], ObservedSpan]


def _around(function: Any, begin: Begin, capture_output: bool) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        step = begin(args, kwargs)
        with trace.use_span(step.inner, end_on_exit=True):
            result = function(*args, **kwargs)
            if capture_output:
                step.set_output(result)
        return result

    return wrapper


def _around_coroutine(function: Any, begin: Begin, capture_output: bool) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        step = begin(args, kwargs)
        with trace.use_span(step.inner, end_on_exit=True):
            result = await function(*args, **kwargs)
            if capture_output:
                step.set_output(result)
        return result

    return wrapper


def _around_generator(function: Any, begin: Begin, capture_output: bool) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        step = begin(args, kwargs)
        items: list[Any] = []
        source: Generator[Any, Any, Any] = function(*args, **kwargs)
        advance: Callable[[Any], Any] = source.send
        sent: Any = None
        try:
            while True:
                with step.current():
                    try:
                        item = advance(sent)
                    except StopIteration as end:
                        return end.value
                _keep(items, item)
                try:
                    sent, advance = (yield item), source.send
                except GeneratorExit:
                    with step.current():
                        source.close()
                    raise
                except BaseException as error:  # noqa: BLE001 -- thrown in by the consumer: the source's to handle
                    sent, advance = error, source.throw
        except Exception as error:
            step.record_error(error)
            raise
        finally:
            _end(step, items, capture_output)

    return wrapper


def _around_async_generator(function: Any, begin: Begin, capture_output: bool) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        step = begin(args, kwargs)
        items: list[Any] = []
        source: AsyncGenerator[Any, Any] = function(*args, **kwargs)
        advance: Callable[[Any], Any] = source.asend
        sent: Any = None
        try:
            while True:
                with step.current():
                    try:
                        item = await advance(sent)
                    except StopAsyncIteration:
                        return
                _keep(items, item)
                try:
                    sent, advance = (yield item), source.asend
                except GeneratorExit:
                    with step.current():
                        await source.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 -- thrown in by the consumer: the source's to handle
                    sent, advance = error, source.athrow
        except Exception as error:
            step.record_error(error)
            raise
        finally:
            _end(step, items, capture_output)

    return wrapper


_WRAPPERS: Final[tuple[tuple[Callable[[Any], bool], Callable[[Any, Begin, bool], Any]], ...]] = (
    (inspect.isasyncgenfunction, _around_async_generator),
    (inspect.isgeneratorfunction, _around_generator),
    (inspect.iscoroutinefunction, _around_coroutine),
)


def _keep(items: list[Any], item: Any) -> None:
    if len(items) < _MAX_ITEMS:
        items.append(item)


def _end(step: ObservedSpan, items: list[Any], capture_output: bool) -> None:
    if capture_output:
        is_text = bool(items) and all(isinstance(item, str) for item in items)
        step.set_output("".join(cast("list[str]", items)) if is_text else items)
    step.inner.end()


def _arguments(function: Any) -> Callable[[tuple[Any, ...], dict[str, Any]], dict[str, Any]]:
    """A function that names arguments by parameter; the object or class of a method is left out."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins have none
        return lambda args, kwargs: {**({"args": list(args)} if args else {}), **kwargs}

    def named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # the call itself will say so
            return {"args": list(args), **kwargs}
        bound.apply_defaults()
        return {name: value for i, (name, value) in enumerate(bound.arguments.items()) if i or name not in _OWNERS}

    return named


def _only_text(arguments: dict[str, Any]) -> Any:
    """The text, when that is all there is; else the arguments."""
    if len(arguments) == 1:
        (only,) = arguments.values()
        if type(only) is str:
            return only
    return arguments


_OWNERS: Final = ("self", "cls")
