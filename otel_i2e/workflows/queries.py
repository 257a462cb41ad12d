"""Query files: find, check and run them; and one SELECT that was typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import QueryError
from otel_i2e.models import Query, QueryResult
from otel_i2e.query import column_problems, name_problems, parameter_problems, parse_query, samples, values_of
from otel_i2e.store import Store

__all__ = [
    "Listed",
    "check_query",
    "find_query",
    "library_folder",
    "list_queries",
    "query_name_problems",
    "query_problems",
    "run_query",
    "run_sql",
]

_PACKAGE: Final = Path(__file__).resolve().parent.parent


class Listed(NamedTuple):
    """One query file, or what is wrong with it."""

    path: Path
    """Where it lies."""
    origin: str
    """`project` or `library`."""
    query: Query | None
    """None when its header is not valid."""
    problem: str | None
    """One line; None when its header is valid."""


def library_folder() -> Path:
    """The queries that come with otel-i2e: in an installed wheel inside the package, in a checkout beside it."""
    shipped = _PACKAGE / "_library" / "queries"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "queries"


def list_queries(settings: Settings) -> list[Listed]:
    """Every query that `find_query` knows by name: the project's, then those of the library that it does not hide."""
    listed: list[Listed] = []
    hidden: set[str] = set()
    for origin, folder in _folders(settings):
        found = [_listed(path, origin) for path in sorted(folder.rglob("*.sql"))]
        listed += [one for one in found if _name(one) not in hidden]
        hidden |= {_name(one) for one in found}
    return listed


def find_query(name_or_path: str, settings: Settings) -> Query:
    """The query of that name in the project or the library, or in that file. Raises QueryError."""
    if name_or_path.endswith(".sql") or "/" in name_or_path or "\\" in name_or_path:
        return _read(Path(name_or_path))
    named = [one for one in list_queries(settings) if _name(one) == name_or_path or one.path.stem == name_or_path]
    for one in named:
        if one.query is not None and one.query.name == name_or_path:
            return one.query
    if named:
        return _read(named[0].path)
    folders = " and ".join(repr(str(folder)) for _, folder in _folders(settings))
    raise QueryError(f"no query is named {name_or_path!r} in {folders}; i2e query list shows those there are")


def check_query(settings: Settings, query: Query) -> dict[str, str]:
    """The columns that `query` gives, with their types, once it holds to its header. Nothing is run.

    Works without a store. Raises QueryError.
    """
    columns, problems = query_problems(settings, query)
    if problems:
        more = f" (and {len(problems) - 1} more: i2e query check {query.path})" if len(problems) > 1 else ""
        raise QueryError(problems[0] + more)
    return columns


def query_problems(settings: Settings, query: Query) -> tuple[dict[str, str], list[str]]:
    """The columns of `query`, as far as they can be told, and everything that is wrong with it, one line each."""
    store = Store.of(settings)
    try:
        used = store.parameters(query.sql, file=query.path, line=query.line)
    except QueryError as error:
        return {}, [str(error)]
    problems = list(parameter_problems(query, used))
    try:
        columns = store.describe(query.sql, samples(query), file=query.path, line=query.line).columns
    except QueryError as error:
        return {}, [str(error), *problems]
    return columns, [*problems, *column_problems(query, columns)]


def query_name_problems(query: Query) -> list[str]:
    """What is wrong with its name, one line; it runs all the same."""
    return list(name_problems(query))


def run_query(
    settings: Settings,
    query: Query,
    given: Mapping[str, str],
    *,
    limit: int | None = None,
    now: datetime | None = None,
) -> QueryResult:
    """Its rows, with a value for each parameter. Raises QueryError, QueryTimeout, StoreError."""
    values = values_of(query, given, now or datetime.now().astimezone())
    check_query(settings, query)
    return _run(settings, query.sql, values, limit=limit, file=query.path, line=query.line)


def run_sql(settings: Settings, sql: str, *, limit: int | None = None) -> QueryResult:
    """The rows of one SELECT. Raises QueryError, QueryTimeout, StoreError."""
    return _run(settings, sql, {}, limit=limit)


def _run(
    settings: Settings, sql: str, values: Mapping[str, Any], *, limit: int | None, file: str = "", line: int = 1
) -> QueryResult:
    most = settings.query_max_rows if limit is None else min(limit, settings.query_max_rows)
    return Store.of(settings).query(sql, values, timeout=settings.query_timeout, max_rows=most, file=file, line=line)


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    project, library = Path(settings.queries).absolute(), library_folder()
    yield "project", project
    if library.resolve() != project.resolve():
        yield "library", library


def _listed(path: Path, origin: str) -> Listed:
    try:
        return Listed(path, origin, _read(path), None)
    except QueryError as error:
        return Listed(path, origin, None, str(error))


def _name(one: Listed) -> str:
    return one.query.name if one.query is not None else one.path.stem


def _read(path: Path) -> Query:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise QueryError(
            f"cannot read query {str(path)!r}: {error.strerror}; i2e query list shows those there are"
        ) from None
    except UnicodeDecodeError as error:
        raise QueryError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    return parse_query(text, str(path))
