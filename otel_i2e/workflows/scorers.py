"""Finding scorers: those that are built in, those of the project's files, and its judge prompts.

The setting `scorers` names Python files, modules and Markdown files; every `.md` in a folder `judges/`
beside `i2e.toml` counts as well. A file is loaded once and again when it has changed.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

from pydantic import ValidationError

from otel_i2e.config import Settings
from otel_i2e.errors import ConfigError, DatasetError, I2EError, ScorerError
from otel_i2e.judge import BUILT_IN as SHIPPED
from otel_i2e.judge import built_in_prompts, is_pinned, load_prompt
from otel_i2e.models import Case, Contract, JudgePrompt, JudgeSettings
from otel_i2e.score import BUILT_IN, Scorer, check_scorers, judge_scorer, standalone

__all__ = [
    "CHECKS",
    "JUDGES",
    "Loaded",
    "ScorerInfo",
    "applicable_scorers",
    "case_scorers",
    "judge_settings",
    "list_scorers",
    "load_all",
    "load_scorers",
    "named",
    "project_folder",
]

CHECKS: Final = (*BUILT_IN, "judge")
"""What an object in `must` or `must_not` may name."""

JUDGES: Final = "judges"
"""The folder of judge prompts beside `i2e.toml`."""


_OF_A_CASE: Final = ("must: ", "must_not: ")
"""How the names of the checks of `must` and `must_not` begin."""


class ScorerInfo(Contract):
    """A scorer as a list shows it."""

    name: str
    """Its name."""
    version: str
    """12 hex digits: a hash of its code or prompt, and its parameters."""
    scope: str
    """How far it looks: `span`, `trace` or `conversation`."""
    threshold: float | None
    """The value at or above which it passes; None: a bool passes when it is true, a number only measures."""
    needs: tuple[str, ...]
    """What a span must have."""
    optional: tuple[str, ...]
    """What it takes as well, where it was recorded."""
    needs_judge: bool
    """Whether it asks a model."""
    model: str | None
    """The model that is asked for, of a judge."""
    warning: str | None
    """What is wrong with it, one line."""
    source: str
    """`file:line`, a prompt file, or `built in`."""
    description: str
    """One sentence."""


class Loaded(NamedTuple):
    """What could be loaded, and what could not."""

    scorers: dict[str, Scorer]
    """By name."""
    prompts: dict[str, JudgePrompt]
    """Judge prompts by name, those among them that need a criterion (`must`)."""
    errors: list[ScorerError]
    """One for each broken file."""


def load_scorers(settings: Settings) -> dict[str, Scorer]:
    """Every scorer that a rule, a case or a command may name. ScorerError, with file and line, for a broken file."""
    loaded = load_all(settings)
    if loaded.errors:
        raise loaded.errors[0]
    return loaded.scorers


def list_scorers(settings: Settings, name: str | None = None) -> list[ScorerInfo]:
    """The same, as a list shows them, in order of their names; or the one with this name. ScorerError for no such."""
    loaded = load_scorers(settings)
    names = sorted(loaded) if name is None else [name]
    return [_info(scorer) for scorer in named(names, Loaded(loaded, {}, []))]


def load_all(settings: Settings) -> Loaded:
    """The same, with the broken files beside what works: one must not stop the others online."""
    judge = judge_settings(settings)
    prompts = built_in_prompts(judge)
    loaded = Loaded({}, dict(prompts), [])
    twice = set[str]()
    for scorer in [*standalone(), *_judges(prompts.values())]:
        loaded.scorers[scorer.name] = scorer
    for entry in [*settings.scorers, *_judge_files(settings)]:
        try:
            if entry.endswith(".md"):
                prompt = load_prompt(Path(entry), judge)
                found = _judges([prompt])
                _make_room(loaded, prompt, twice)
                loaded.prompts[prompt.name] = prompt
            else:
                found = _in_module(entry, settings)
            _add(loaded.scorers, found, twice)
        except ScorerError as error:
            loaded.errors.append(error)
    for name in twice:  # neither is run: which was meant is not known
        loaded.scorers.pop(name, None)
        loaded.prompts.pop(name, None)
    return loaded


def case_scorers(case: Case, loaded: Loaded) -> list[Scorer]:
    """What is measured of a case: `must`, `must_not`, the scorers that it names. DatasetError for an unknown one."""
    scorers = check_scorers(case, loaded.prompts)
    try:
        return [*scorers, *named(case.scorers, loaded)]
    except ScorerError as error:
        raise DatasetError(f"case {case.id!r}: {error}") from None


def applicable_scorers(case: Case, loaded: Loaded) -> list[Scorer]:
    """The same, for a run: DatasetError as well for one that compares with `expected` where the case has none."""
    scorers = case_scorers(case, loaded)
    lacking = [one.name for one in scorers if "expected" in one.required] if case.expected is None else []
    if lacking:
        raise DatasetError(
            f"case {case.id!r}: {lacking[0]} compares with `expected`, which the case does not have, so it would never "
            "apply; give the case `expected`, or take the scorer out"
        )
    return scorers


def named(names: Iterable[str], loaded: Loaded) -> list[Scorer]:
    """The scorers with these names. ScorerError for one that there is not, with the reason when a file is broken."""
    found: list[Scorer] = []
    for name in names:
        if name.startswith(_OF_A_CASE):
            raise ScorerError(
                f"{name!r} is a check of a case, made wherever a case has it in `must` or `must_not`; "
                "what can be named is a scorer: i2e scorers lists them"
            )
        if name not in loaded.scorers:
            broken = "".join(f"; could not be loaded: {error}" for error in loaded.errors)
            known = f"; there are {', '.join(sorted(loaded.scorers))}"
            raise ScorerError(f"there is no scorer {name!r}{broken or known}")
        found.append(loaded.scorers[name])
    return found


def judge_settings(settings: Settings) -> JudgeSettings:
    """The table `[judge]`. ConfigError for a field that is not valid."""
    try:
        return JudgeSettings.model_validate(dict(settings.judge))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        known = ", ".join(JudgeSettings.model_fields)
        raise ConfigError(
            f"{settings.source or 'settings'}: [judge] {field} = {problem['input']!r} is not valid: {problem['msg']}; "
            f"its fields are {known}"
        ) from None


def _info(scorer: Scorer) -> ScorerInfo:
    return ScorerInfo(
        name=scorer.name,
        version=scorer.version,
        scope=scorer.scope,
        threshold=scorer.threshold,
        needs=tuple(sorted(scorer.required)),
        optional=tuple(sorted(scorer.optional)),
        needs_judge=scorer.asks_model,
        model=scorer.judge.model if scorer.judge is not None else scorer.model,
        warning=_floating(scorer.judge.model) if scorer.judge is not None else None,
        source=scorer.source,
        description=scorer.description,
    )


def _floating(model: str) -> str | None:
    """Why the model may become another one under the same name; None for a pinned one."""
    if is_pinned(model):
        return None
    return (
        f"{model!r} is an alias: the model behind it can change, and then no calibration holds; "
        "name a pinned id in the prompt file or in [judge], such as claude-sonnet-4-5-20250929 or claude-sonnet-5-5"
    )


def _judges(prompts: Iterable[JudgePrompt]) -> list[Scorer]:
    """A prompt that needs a criterion is no scorer by itself: `must` gives it one."""
    return [judge_scorer(prompt) for prompt in prompts if "criterion" not in prompt.fields]


def _judge_files(settings: Settings) -> list[str]:
    given = {Path(entry).absolute() for entry in settings.scorers}
    files = sorted((project_folder(settings) / JUDGES).glob("*.md"))
    return [str(file) for file in files if file.absolute() not in given]


def project_folder(settings: Settings) -> Path:
    """Where `i2e.toml` lies; the working directory without one."""
    return Path(settings.source).absolute().parent if settings.source else Path.cwd()


def _make_room(loaded: Loaded, prompt: JudgePrompt, twice: set[str]) -> None:
    """A project's prompt takes the place of one that ships under the same name. ScorerError where another has it."""
    other = loaded.prompts.get(prompt.name)
    if other is not None and other.path == SHIPPED:
        loaded.scorers.pop(prompt.name, None)
    elif other is not None and other.path != prompt.path:
        twice.add(prompt.name)
        raise ScorerError(
            f"{prompt.path}: there is another judge prompt {prompt.name!r} ({other.path}); give one another name"
        )


def _add(scorers: dict[str, Scorer], found: Iterable[Scorer], twice: set[str]) -> None:
    for scorer in found:
        if scorer.name.startswith(_OF_A_CASE):
            raise ScorerError(
                f"{scorer.source}: scorer {scorer.name!r} has a name like a check of a case, "
                "and would stand in its place; give it another name"
            )
        other = scorers.get(scorer.name)
        if other is not None and other is not scorer:
            twice.add(scorer.name)
            raise ScorerError(
                f"{scorer.source}: there is another scorer {scorer.name!r} ({other.source}); give one another name"
            )
        scorer.version  # noqa: B018 -- read while the constants of its module are as they were written
        scorers[scorer.name] = scorer


def _in_module(entry: str, settings: Settings) -> list[Scorer]:
    module = _module_of(entry, settings)
    found = {name: value for name, value in vars(module).items() if isinstance(value, Scorer)}
    if not found:
        raise ScorerError(f"{entry}: no scorer in it; decorate a function with @scorer")
    first: dict[str, str] = {}
    for variable, scorer in found.items():
        other = first.setdefault(scorer.name, variable)
        if found[other] is not scorer:
            raise ScorerError(
                f"{scorer.source}: {variable} is a scorer called {scorer.name!r}, and so is {other} "
                f"({found[other].source}): write @scorer(name={variable!r}), or functools.wraps in a decorator between"
            )
    return [found[variable] for variable in first.values()]


def _module_of(entry: str, settings: Settings) -> ModuleType:
    root = str(project_folder(settings))
    if root not in sys.path:
        sys.path.append(root)  # a scorer may import modules beside it; last, so that the application's come first
    try:
        return _file_module(Path(entry)) if entry.endswith(".py") else importlib.import_module(entry)
    except I2EError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (entry == error.name or entry.startswith(f"{error.name}.")):
            raise ScorerError(
                f"{settings.source or 'settings'}: scorers: there is no module {entry!r} in {root} or installed; "
                "name a module, a .py file or a .md file"
            ) from None
        raise ScorerError(_broken(entry, error)) from error
    except (Exception, SystemExit) as error:
        raise ScorerError(_broken(entry, error)) from error


_files: Final[dict[Path, tuple[tuple[int, int], ModuleType]]] = {}


def _file_module(path: Path) -> ModuleType:
    path = path.absolute()
    if not path.is_file():
        raise ScorerError(f"{path}: there is no such file; `scorers` in the settings names it")
    stat = path.stat()
    stamp = stat.st_mtime_ns, stat.st_size
    known = _files.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    name = f"_i2e_scorers_{path.stem}_{abs(hash(path)):x}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and pydantic look a class's module up while it is made
    try:
        code = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 -- the project's own file, as an import would run it
    except BaseException:
        sys.modules.pop(name, None)
        raise
    _files[path] = stamp, module
    return module


def _broken(entry: str, error: BaseException) -> str:
    place = entry
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno}"
    elif frames := [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(Path(entry).absolute())]:
        place = f"{frames[-1].filename}:{frames[-1].lineno}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{place}: cannot be loaded: {type(error).__name__}: {' '.join(text.split())}"
