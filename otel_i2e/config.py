"""Settings: `i2e.toml`, `[tool.i2e]` in `pyproject.toml`, and `I2E_*` variables.

A variable wins over a file; `i2e.toml` wins over `pyproject.toml`. Both files are looked for in the
working directory and its parents, up to the first directory that holds `.git`. A relative path in a
file, and the default of a path that is not set, is relative to that file; one in a variable or an argument
is relative to the working directory. A name that is not listed below is refused.

This module is loaded inside the user's application before its first line runs, so it uses the
standard library only: no pydantic, no TOML parser unless a file is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, cast

from otel_i2e.errors import ConfigError

__all__ = ["CAPTURE_MODES", "RECORDED_BYTES", "Settings", "find_config", "load_settings"]

CAPTURE_MODES: Final = ("full", "metadata", "off")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "capture": CAPTURE_MODES,
    "ingest": ("on", "off"),
    "compression": ("zstd", "auto"),
}
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (tuple, "a list"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (dict, "a table"),
)
"""Type of a default → what to call it."""
RECORDED_BYTES: Final = 1_000_000
"""`max_content_bytes` of an application that was told nothing."""
_PATHS: Final = ("store", "datasets", "queries", "policy")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process was told. Every field `x` is also the variable `I2E_X` (upper case).

    Lists (`scorers`) are comma-separated in a variable; `rules` and `judge` live in a file only, and so does what
    `redact` is told: its variable says `on` or `off`.
    """

    store: str = ".i2e/i2e.duckdb"
    """The DuckDB file. The spool (`*.spool`) and the lock (`*.lock`) lie beside it."""
    service: str = ""
    """`service.name` of recorded spans; empty keeps what the application's resource says."""
    environment: str = ""
    """`deployment.environment.name` of recorded spans; empty keeps the resource's."""
    capture: str = "full"
    """`full`: with prompts and answers. `metadata`: without. `off`: record nothing."""
    max_content_bytes: int | None = None
    """An attribute value longer than this many bytes of UTF-8 is cut, with a marker, whoever sent it. None, when it was
    not set, is 1,000,000 for what this application records, and no limit for what comes from elsewhere."""
    ingest: str = "on"
    """`on`: a background thread of the application moves the spool into the store. `off`: another does."""
    ingest_interval: float = 2.0
    """Seconds between two moves."""
    queue_spans: int = 8192
    """Spans that may wait in memory for the spool; beyond it the newest are dropped and counted."""
    flush_interval: float = 0.5
    """Seconds between two writes to the spool."""
    exit_timeout: float = 2.0
    """Seconds that the application's exit may be held up for flushing, at most."""
    spool_max_bytes: int = 2_000_000_000
    """Size of the spool's waiting batches at which it takes no more."""
    lock_timeout: float = 15.0
    """Seconds to wait for the store while another process holds it."""
    compression: str = "zstd"
    """`zstd` forces zstd on text columns (small); `auto` leaves the choice to DuckDB."""
    query_timeout: float = 30.0
    """Seconds after which a user's query is interrupted."""
    query_max_rows: int = 10_000
    """Rows of a user's query that are kept; the rest is cut, and said."""
    scorers: tuple[str, ...] = ()
    """Python files or modules that define scorers, and Markdown files that are judge prompts."""
    scorer_timeout: float = 30.0
    """Seconds that one call of a scorer of the project may take; 0 is no limit. Judges have their own."""
    datasets: str = "evals"
    """Directory of the dataset files."""
    queries: str = "queries"
    """Directory of the project's own queries."""
    policy: str = ""
    """Gate policy file; empty is the built-in policy."""
    judge: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Table `[judge]`: `model`, `max_tokens`, `timeout`, … (`models.JudgeSettings`)."""
    redact: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Table `[redact]`: secrets are taken out before anything is written. `I2E_REDACT` is `on` or `off`."""
    rules: tuple[Mapping[str, Any], ...] = ()
    """Tables `[[rules]]`: online scoring rules (`models.Rule`)."""
    source: str = ""
    """The file that was read; empty when there was none. Not a setting."""

    @property
    def redacts(self) -> bool:
        """Whether secrets are taken out: a table `[redact]` that is not switched off."""
        return bool(self.redact.get("enabled", bool(self.redact)))

    @property
    def recorded_bytes(self) -> int:
        """`max_content_bytes` of what this application records."""
        return RECORDED_BYTES if self.max_content_bytes is None else self.max_content_bytes

    @property
    def store_path(self) -> Path:
        """The store as an absolute path."""
        return Path(self.store).absolute()

    @property
    def spool_path(self) -> Path:
        """The spool's SQLite file, beside the store."""
        return self.store_path.with_name(self.store_path.name + ".spool")


def find_config(start: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The nearest settings file at or above `start`, with its table; None when there is none."""
    for folder in (start, *start.parents):
        for name, path_of_table in (("i2e.toml", ()), ("pyproject.toml", ("tool", "i2e"))):
            path = folder / name
            if path.is_file() and (table := _read_table(path, path_of_table)) is not None:
                return path, table
        if (folder / ".git").exists():
            return None
    return None


def load_settings(
    environ: Mapping[str, str] | None = None, *, start: Path | None = None, config: Path | None = None, **given: Any
) -> Settings:
    """Settings from a file, then variables, then `given` (which wins; None is not given).

    Raises ConfigError, naming the value, the rule and the place.
    """
    environ = os.environ if environ is None else environ
    config = config or (Path(environ["I2E_CONFIG"]) if environ.get("I2E_CONFIG") else None)
    if config is not None:
        found = config, _read_table(config, ()) or {}
    else:
        found = find_config((start or Path.cwd()).absolute())
    values: dict[str, Any] = {}
    if found is not None:
        path, table = found
        values = {key: str(path.parent / default) for key, default in _DEFAULTS.items() if key in _PATHS and default}
        values |= {key: _file_value(path, key, value) for key, value in table.items()}
        values["source"] = str(path)
    for key in _SETTINGS:
        if (text := environ.get(f"I2E_{key.upper()}")) is not None and key not in ("judge", "rules", "redact"):
            values[key] = _typed(f"I2E_{key.upper()}", key, text)
    if (text := environ.get("I2E_REDACT", "")) != "":
        values["redact"] = {**values.get("redact", {}), "enabled": _switch("I2E_REDACT", text)}
    for key, value in given.items():
        if value is not None:
            if key not in _SETTINGS:
                raise ConfigError(f"{key!r} is not a setting; the settings are {', '.join(_SETTINGS)}")
            values[key] = _typed(f"argument {key!r}", key, value)
    settings = Settings(**values)
    _check_store(settings)
    return settings


def _check_store(settings: Settings) -> None:
    """DuckDB takes a path from its `?` on for parameters, and looks for its log under another name."""
    path = str(settings.store_path)
    if "?" in path.removeprefix("\\\\?\\") and not settings.store.startswith("ducklake:"):
        raise ConfigError(
            f"store {path!r} is not valid: DuckDB keeps no file in a path with a '?'; "
            "name another with --store, I2E_STORE or `store`"
        )


_SETTINGS: Final = tuple(f.name for f in fields(Settings) if f.name != "source")
_DEFAULTS: Final[dict[str, Any]] = {
    **{name: getattr(Settings(), name) for name in _SETTINGS},
    "max_content_bytes": RECORDED_BYTES,
}


def _read_table(path: Path, keys: tuple[str, ...]) -> Mapping[str, Any] | None:
    import tomllib  # only when a file is there: the application pays for what it uses

    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error.strerror}; name an existing file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if keys:
            return None  # a broken pyproject.toml is not ours to report
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in keys:
        table = cast("dict[str, Any]", table).get(key) if isinstance(table, dict) else None
    return table


def _file_value(path: Path, key: str, value: Any) -> Any:
    if key not in _SETTINGS:
        raise ConfigError(f"{_line_of(path, key)}: {key!r} is not a setting{_near(key)}")
    value = _typed(_line_of(path, key), key, value)
    if key in _PATHS and value and "://" not in value and not value.startswith("ducklake:"):
        return str(path.parent / value)
    if key == "scorers":
        return tuple(str(path.parent / item) if item.endswith((".py", ".md")) else item for item in value)
    if key == "redact":  # the table switches it on, an empty one too
        return {"enabled": True, **value}
    return value


def _near(key: str) -> str:
    from difflib import get_close_matches  # only for a mistake: the application pays for what it uses

    near = get_close_matches(key, _SETTINGS, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; the settings are {', '.join(_SETTINGS)}"


def _line_of(path: Path, key: str) -> str:
    """`file:line` at which `key` is set; the file alone when that cannot be told."""
    starts = (f"{key}=", f'"{key}"=', f"[{key}", f"[[{key}", f"[tool.i2e.{key}", f"[[tool.i2e.{key}")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if "".join(line.split()).startswith(starts):
            return f"{path}:{number}"
    return str(path)


def _switch(name: str, text: str) -> bool:
    words = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
    if text.lower() not in words:
        raise ConfigError(f"{name} = {text!r} is not valid; it takes one of on, off")
    return words[text.lower()]


def _typed(place: str, key: str, value: Any) -> Any:
    default = _DEFAULTS[key]
    try:
        typed = _convert(default, value)
    except (TypeError, ValueError, OverflowError):
        kind = next(words for type_, words in _KINDS if isinstance(default, type_))
        raise _not_valid(place, key, value, kind, default) from None
    choices = _CHOICES.get(key)
    if choices and typed not in choices:
        raise _not_valid(place, key, value, f"one of {', '.join(choices)}", choices[0])
    if isinstance(typed, int | float) and not 0 <= typed < float("inf"):
        raise _not_valid(place, key, value, "a number of at least 0", default)
    return typed


def _not_valid(place: str, key: str, value: Any, kind: str, example: Any) -> ConfigError:
    """`place` is a variable, an argument, or a file and line."""
    if place.startswith("I2E_"):
        said, remedy = f"{place}={value!r}", f"set {place}={example}, or unset it"
    elif isinstance(example, Mapping | tuple):
        said, remedy = f"{place}: {key} = {value!r}", "see docs/settings.md"
    else:
        shown = f'"{example}"' if isinstance(example, str) else example
        said, remedy = f"{place}: {key} = {value!r}", f"write {key} = {shown}"
    return ConfigError(f"{said} is not valid: it takes {kind}; {remedy}")


def _convert(default: Any, value: Any) -> Any:
    if isinstance(default, bool | int | float) and isinstance(value, bool):
        raise TypeError(value)
    if isinstance(default, int):
        number = float(value)
        if number != int(number):
            raise ValueError(value)
        return int(number)
    if isinstance(default, float):
        return float(value)
    if isinstance(default, str):
        if not isinstance(value, str | os.PathLike):
            raise TypeError(value)
        return str(os.fspath(cast("str | os.PathLike[str]", value)))
    if isinstance(default, Mapping):
        if not isinstance(value, Mapping):
            raise TypeError(value)
        return dict(cast("Mapping[str, Any]", value))
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value)
