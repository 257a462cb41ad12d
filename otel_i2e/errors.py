"""Every error that this package raises on purpose.

    I2EError                     something went wrong that a person can mend
    ├── UsageError               what was asked for cannot be done as written: the caller's to mend
    │   ├── ConfigError          a setting, in a file or a variable
    │   ├── QueryError           a query file: its header, its SQL or its parameters
    │   ├── DatasetError         a dataset file or a case
    │   ├── ScorerError          a scorer that cannot be found or loaded
    │   └── NotFound             nothing has this id
    ├── StoreError               the DuckDB store could not be used
    │   ├── StoreDamaged         its bytes are not what was written
    │   ├── StoreLocked          another process held it for longer than the wait
    │   ├── RowRefused           it cannot hold a value of a row
    │   └── QueryTimeout         a query ran into its time limit
    ├── SpoolError               the durable queue could not be used
    │   └── SpoolFull            it has reached its size limit
    ├── DecodeError              bytes that are not the OTLP they claim to be
    ├── JudgeError               no verdict could be had from the judge
    └── NotMeasured              a run that cannot say pass or fail

The command line prints the message as one line and exits with `exit_code`: 1 is kept for
"measured, and it failed", so every error here exits with 2 (`sysexits`-style codes are not used,
because CI systems treat anything over 1 as "could not run").
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DatasetError",
    "DecodeError",
    "I2EError",
    "JudgeError",
    "NotFound",
    "NotMeasured",
    "QueryError",
    "QueryTimeout",
    "RowRefused",
    "ScorerError",
    "SpoolError",
    "SpoolFull",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "UsageError",
]


class I2EError(Exception):
    """The root. `str(error)` is one line: the value, the rule, the place and the remedy."""

    exit_code = 2


class UsageError(I2EError):
    """What was asked for cannot be done as written."""


class ConfigError(UsageError):
    """A setting in `i2e.toml`, `pyproject.toml` or an `I2E_*` variable is not valid."""


class QueryError(UsageError):
    """A query file's header, SQL or parameters are not valid."""


class DatasetError(UsageError):
    """A dataset file or a case in it is not valid."""


class ScorerError(UsageError):
    """A scorer cannot be found, loaded or called."""


class NotFound(UsageError):
    """Nothing in the store has the given id."""


class StoreError(I2EError):
    """The DuckDB store could not be opened, read or written."""


class StoreDamaged(StoreError):
    """The bytes of the DuckDB store, or of its write-ahead log, are not what was written."""


class StoreLocked(StoreError):
    """Another process held the store for longer than the bounded wait."""


class RowRefused(StoreError):
    """A value of a row is such that the store cannot hold it; other rows it can."""


class QueryTimeout(StoreError):
    """A query ran into its time limit and was interrupted."""


class SpoolError(I2EError):
    """The durable queue could not be opened, read or written.

    `reason` is what the operating system or SQLite says, `remedy` what to do about it; both may be empty.
    """

    def __init__(self, message: str, *, reason: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.remedy = remedy


class SpoolFull(SpoolError):
    """The durable queue has reached its size limit; nothing was taken."""


class DecodeError(I2EError):
    """Bytes that are not the OTLP message they claim to be."""


class JudgeError(I2EError):
    """No verdict could be had: a refusal, a cut-off, a timeout, an answer outside the choices."""

    def __init__(
        self, message: str, *, model: str | None = None, cost_usd: float | None = None, is_passing: bool = False
    ) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        """Whether the same question may be answered later: the service was busy, or could not be reached."""
        self.model = model
        """The model that answered, when one did."""
        self.cost_usd = cost_usd
        """What the answer cost, in US dollars, when one came."""


class JudgeLeftOut(JudgeError):
    """The judge was not to be asked, and no verdict was on record."""


class NotMeasured(I2EError):
    """Nothing was measured, so neither pass nor fail can be said."""
