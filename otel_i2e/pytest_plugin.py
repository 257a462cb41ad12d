"""pytest: `@pytest.mark.i2e(dataset="evals/refunds.jsonl", repeat=3)` and the fixture `i2e`.

A test that uses the fixture runs once for each case and repeat; one with the marker that checks nothing is red. What
only a judge without a valid calibration fails is an expected failure (`x`), and what only such a judge passes is said
at the end. pytest loads this module in every session, so nothing of otel-i2e is imported until a test has the marker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from otel_i2e.models import Case, CaseRun

__all__ = [
    "CaseUnderTest",
    "i2e",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
]

_MARK = "@pytest.mark.i2e"
_PROPERTIES = "i2e."
"""How the properties of a test begin that are ours: a test that is run again begins without those of the run before."""
_SHADOW = "i2e.shadow"
"""The property of a test whose verdict rests on judges that may not block."""
_REPLAYED = "i2e.replayed"
"""The property of a test of which verdicts were replayed: when they were recorded."""
_MARKER = "i2e(dataset, repeat=1, scorers=(), timeout=120): run once for each case of a dataset, with the fixture i2e"


class CaseUnderTest:
    """The fixture `i2e`: one case, and what the application makes of it."""

    def __init__(self, case: Case, repeat: int, *, scorers: Sequence[str], timeout: float, node: pytest.Item) -> None:
        self.case = case
        """The case."""
        self.repeat = repeat
        """From 0."""
        self.result: CaseRun | None = None
        """The run, its output and its scores; None before `run`."""
        self.is_checked = False
        """Whether `check` has looked at `result`."""
        self._scorers = scorers
        self._timeout = timeout
        self._node = node
        node.user_properties[:] = [one for one in node.user_properties if not one[0].startswith(_PROPERTIES)]

    def run(self, task: Callable[..., Any]) -> CaseUnderTest:
        """Call `task` with the case's input under instrumentation, and score what it answers."""
        from otel_i2e.config import load_settings
        from otel_i2e.workflows.one_case import run_one

        if self.result is not None and not self.is_checked:
            pytest.fail(f"{_MARK}: i2e.run again, before check() looked at what ran first", pytrace=False)
        self.is_checked = False
        self.result, replayed = run_one(
            load_settings(),
            self.case,
            task,
            experiment_id=_experiment_id(self._node.config),
            repeat=self.repeat,
            timeout=self._timeout,
            scorers=self._scorers,
        )
        self._node.user_properties += list(_properties(self.result))
        if replayed is not None:
            self._node.user_properties.append((_REPLAYED, f"recorded {replayed}"))
        return self

    @property
    def output(self) -> str | None:
        """What the task answered, as text."""
        return self._done().output

    @property
    def scores(self) -> dict[str, float | str | None]:
        """Scorer → its value, or its label where it gave no value; None where it did not score."""
        attempts = self._done().attempts
        return {one.scorer: _value(one.score.value, one.score.label) if one.score else None for one in attempts}

    def check(self) -> CaseUnderTest:
        """Fail the test unless every scorer of the case was measured and passed.

        What only judges without a valid calibration say is reported: their no is an expected failure, their yes a pass
        with a line at the end, unless the policy says otherwise (`uncalibrated_judge`).
        """
        from otel_i2e.config import load_settings
        from otel_i2e.workflows.case_judgement import judgement

        __tracebackhide__ = True
        said = judgement(load_settings(), self.case, self._done())
        self.is_checked = True
        if said.shadow is not None:
            self._node.user_properties.append((_SHADOW, said.shadow))
        if said.fails:
            pytest.fail(said.complaint or "", pytrace=False)
        if said.complaint is not None:
            pytest.xfail(said.shadow or "")
        return self

    def _done(self) -> CaseRun:
        if self.result is None:
            raise pytest.UsageError("nothing has run yet: call i2e.run(task) first")
        return self.result


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with marker and fixture becomes one for each case and repeat; an unusable dataset is an error."""
    marker = metafunc.definition.get_closest_marker("i2e")
    if marker is None or "i2e" not in metafunc.fixturenames:
        return
    if (count := len(list(metafunc.definition.iter_markers("i2e")))) > 1:
        name = metafunc.function.__name__
        pytest.fail(
            f"{_MARK} stands {count} times on {name}, and one would run: a test for each dataset", pytrace=False
        )
    given = _given_by(marker)
    cases = _cases(given["dataset"])
    params = [(case, number, given) for case in cases for number in range(given["repeat"])]
    ids = [f"{case.id}-{number}" if given["repeat"] > 1 else case.id for case, number, _ in params]
    metafunc.parametrize("i2e", params, ids=ids, indirect=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A marked test without the fixture would run once, on no case: an error."""
    if item.get_closest_marker("i2e") is not None and "i2e" not in getattr(item, "fixturenames", ()):
        pytest.fail(f"{_MARK}: {item.name} does not take the fixture i2e, so no case is run; add it", pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that passed: it fails when it did not check what its case gave."""
    case: Any = getattr(item, "funcargs", {}).get("i2e")
    if isinstance(case, CaseUnderTest) and not case.is_checked:
        what = "ran nothing" if case.result is None else "did not check what it ran"
        pytest.fail(f"{_MARK}: {item.name} {what}; call i2e.run(task).check()", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What rests on judges that may not block, which is no proof, whatever its letter; what was replayed."""
    for name, title in (
        (_SHADOW, "verdicts rest on judges that may not block"),
        (_REPLAYED, "tests use verdicts that judges gave before"),
    ):
        if said := list(_said(terminalreporter, name)):
            terminalreporter.section(f"i2e: {len(said)} {title}", yellow=True)
            for nodeid, text in said:
                terminalreporter.line(f"{nodeid}: {text}")


def _said(terminalreporter: pytest.TerminalReporter, name: str) -> Iterator[tuple[str, str]]:
    """Test and text of each property of this name."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                yield from ((report.nodeid, text) for given, text in report.user_properties if given == name)


@pytest.fixture
def i2e(request: pytest.FixtureRequest) -> CaseUnderTest:
    """The case that this test is about; needs `@pytest.mark.i2e(dataset=…)`."""
    if not hasattr(request, "param"):
        raise pytest.UsageError("the fixture i2e needs @pytest.mark.i2e(dataset=…) on the test")
    case, number, given = request.param
    return CaseUnderTest(case, number, scorers=given["scorers"], timeout=given["timeout"], node=request.node)


def _given_by(marker: pytest.Mark) -> dict[str, Any]:
    takes = signature(_given)
    unknown = [name for name in marker.kwargs if name not in takes.parameters]
    if unknown:
        pytest.fail(
            f"{_MARK} does not take {', '.join(unknown)}; it takes {', '.join(takes.parameters)}", pytrace=False
        )
    try:
        takes.bind(*marker.args, **marker.kwargs)
    except TypeError as error:
        pytest.fail(f"{_MARK}: {error}; it takes {', '.join(takes.parameters)}", pytrace=False)
    return _given(*marker.args, **marker.kwargs)


def _given(dataset: str, repeat: int = 1, *, scorers: Sequence[str] = (), timeout: float = 120.0) -> dict[str, Any]:
    if not isinstance(repeat, int) or repeat < 1:  # pyright: ignore[reportUnnecessaryIsInstance] -- a user's marker
        pytest.fail(f"{_MARK}: repeat = {repeat!r} is not a whole number of at least 1", pytrace=False)
    if isinstance(scorers, str):
        pytest.fail(f"{_MARK}: scorers = {scorers!r} is not a list of names; write [{scorers!r}]", pytrace=False)
    return {"dataset": dataset, "repeat": repeat, "scorers": tuple(scorers), "timeout": timeout}


def _cases(dataset: str) -> list[Case]:
    from otel_i2e.config import load_settings
    from otel_i2e.errors import I2EError
    from otel_i2e.workflows.datasets import dataset_path, read_dataset

    try:
        cases = list(read_dataset(dataset_path(load_settings(), dataset)))
    except I2EError as error:
        pytest.fail(f"{_MARK}: {error}", pytrace=False)
    if not cases:
        pytest.fail(f"{_MARK}: {dataset} has no cases, so nothing would be tested", pytrace=False)
    return cases


def _experiment_id(config: pytest.Config) -> str:
    """One for the whole session, workers of pytest-xdist included."""
    worker: Any = getattr(config, "workerinput", None)
    shared = worker["testrunuid"] if worker else config.stash.setdefault(_SESSION, uuid4().hex)
    return f"pytest-{shared[:12]}"


_SESSION = pytest.StashKey[str]()


def _properties(run: CaseRun) -> Iterator[tuple[str, object]]:
    """What `--junitxml` writes beside the test."""
    yield "i2e.trace_id", run.trace_id
    for attempt in run.attempts:
        score = attempt.score
        yield f"i2e.score.{attempt.scorer}", _value(score.value, score.label) if score else attempt.outcome.value
        if attempt.passed is not None:
            yield f"i2e.passed.{attempt.scorer}", str(attempt.passed).lower()


def _value(value: float | None, label: str | None) -> float | str | None:
    return label if value is None else value
