"""The drift sentinel: which judges are due to be asked their frozen labels again, and asking them.

A judge that may block is due when its identity has changed since, when another model answers under the same name, or
when its last look is older than `[judge] check_every_days`. Other identities and models cannot block meanwhile; a
check that finds nothing worse hands the right over to them, one that does suspends it. A checkout that knows of a judge
by the project's file of standings alone can say that one is due, and not make it: the labels lie elsewhere.
"""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from otel_i2e.config import Settings
from otel_i2e.errors import I2EError, NotMeasured
from otel_i2e.models import JudgeStanding
from otel_i2e.store import Reader, Store
from otel_i2e.workflows.drift_check import DriftCheck, check_drift
from otel_i2e.workflows.labelled_set import bench_of
from otel_i2e.workflows.scorers import judge_settings
from otel_i2e.workflows.standing_file import known_standings
from otel_i2e.workflows.turns import turn

__all__ = ["Due", "checks_due", "drift_notes", "run_due_checks"]

_log = logging.getLogger("otel_i2e")
_WITHOUT_SCHEDULE: Final = 30.0
"""Days after which a check is called due where no schedule is set."""
_JUDGES: Final = "SELECT DISTINCT scorer FROM calibrations ORDER BY scorer"
_SERVED: Final = """
SELECT coalesce(metadata ->> '$.judge', name) AS judge, arg_max(model, created_at) AS model, max(created_at) AS at
FROM scores WHERE model IS NOT NULL GROUP BY 1
"""


class _Known(NamedTuple):
    """What the store and the project's file say of one judge that was calibrated."""

    judge: str
    version: str
    """The identity that was calibrated, or checked last."""
    standings: list[JudgeStanding]
    """The latest first."""
    has_labels: bool
    """Whether the store has the frozen labels."""
    served: tuple[str, datetime] | None
    """The model that answered last, and when."""


class Due(NamedTuple):
    """A judge whose frozen labels should be asked again."""

    judge: str
    """The judge's name."""
    why: str
    """What has changed, or how long ago it was."""
    has_labels: bool = True
    """Whether its frozen labels are in this store; without them it cannot be asked here."""

    def __str__(self) -> str:
        command = f"i2e calibrate {self.judge} --check"
        where = command if self.has_labels else f"where its labels are: {command} --record"
        return f"DRIFT CHECK DUE: the judge {self.judge}: {self.why}; {where}"


def checks_due(settings: Settings, *, now: datetime | None = None) -> list[Due]:
    """Judges with a valid calibration that are due. No model is called.

    Raises StoreError, ConfigError, and DatasetError for the file of standings.
    """
    store = Store.of(settings)
    if not store.exists():
        return []
    with store.read() as reader:
        known = _known(settings, reader)
    if not known:
        return []
    now = now or datetime.now(UTC)
    days = timedelta(days=judge_settings(settings).check_every_days or _WITHOUT_SCHEDULE)
    found = ((one, _why(settings, one, now - days)) for one in known)
    return [Due(one.judge, why, one.has_labels) for one, why in found if why is not None]


def drift_notes(settings: Settings, *, now: datetime | None = None) -> list[str]:
    """A line for each judge that is due. What keeps it from being known is such a line, and stops nothing."""
    try:
        with redirect_stdout(sys.stderr):  # what a project's scorers print is no part of a result
            return [str(due) for due in checks_due(settings, now=now)]
    except I2EError as error:
        return [f"whether a judge is due for a drift check is not known: {error}"]


def run_due_checks(settings: Settings, *, now: datetime | None = None) -> list[DriftCheck]:
    """Ask the judges that are due, where `[judge] check_every_days` is set; one process at a time. What came is logged.

    A check that could not be measured changes nothing, and is due again. Raises as `checks_due`.
    """
    if judge_settings(settings).check_every_days is None:
        return []
    made: list[DriftCheck] = []
    with turn(settings, "checking") as alone:
        for due in checks_due(settings, now=now) if alone else []:
            if not due.has_labels:
                continue
            try:
                check = check_drift(settings, due.judge, now=now)
            except NotMeasured as error:
                _log.warning("otel-i2e: %s could not be checked for drift (%s): %s", due.judge, due.why, error)
                continue
            _log.log(
                logging.INFO if check.may_block else logging.WARNING,
                "otel-i2e: the judge %s was checked for drift (%s): it may %s: %s",
                due.judge,
                due.why,
                "block" if check.may_block else "not block",
                check.reason,
            )
            made.append(check)
    return made


def _known(settings: Settings, reader: Reader) -> list[_Known]:
    standings = sorted(known_standings(settings, reader), key=lambda one: one.created_at, reverse=True)
    calibrated = {row["scorer"] for row in reader.rows(_JUDGES)}
    names = sorted(calibrated | {one.scorer for one in standings if one.may_block})
    served = {row["judge"]: (row["model"], row["at"]) for row in reader.rows(_SERVED)} if names else {}
    found: list[_Known] = []
    for name in names:
        mine = [one for one in standings if one.scorer == name]
        calibration = reader.calibration(name) if name in calibrated else None
        if calibration is None:
            version = next(one.scorer_version for one in mine if one.may_block)
        elif calibration.problems:
            continue
        else:
            version = calibration.scorer_version
        found.append(_Known(name, version, mine, calibration is not None, served.get(name)))
    return found


def _why(settings: Settings, known: _Known, oldest: datetime) -> str | None:
    try:
        version = bench_of(settings, known.judge).version
    except I2EError:
        return None  # the judge is gone, or cannot be loaded: it blocks nothing
    mine = next((one for one in known.standings if one.scorer_version == version), None)
    if mine is None:
        return f"it has changed since it was calibrated ({known.version} then, {version} now)"
    if not mine.may_block:
        return None  # suspended: only a calibration gives the right back
    model, at = known.served or (None, mine.created_at)
    if at > mine.created_at and mine.model is not None and model != mine.model:
        return f"{model} answers now, and {mine.model} was calibrated"
    return f"it was last checked on {mine.created_at:%Y-%m-%d}" if mine.created_at < oldest else None
