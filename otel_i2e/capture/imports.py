"""Run a function when, and only if, the application imports a module.

`wrapt` does the same, but loading it takes 27 ms (it brings asyncio), a third of what the OpenTelemetry
SDK takes, and every start of every process would pay it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

__all__ = ["when_imported"]

_log = logging.getLogger("otel_i2e")
_hooks: Final[dict[str, list[Callable[[ModuleType], None]]]] = {}


def when_imported(name: str, hook: Callable[[ModuleType], None]) -> None:
    """Call `hook(module)` once, after module `name` was executed; at once when it already was.

    A hook that raises is logged; the import succeeds all the same.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        _call(name, hook, module)
        return
    _hooks.setdefault(name, []).append(hook)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _call(name: str, hook: Callable[[ModuleType], None], module: ModuleType) -> None:
    try:
        hook(module)
    except Exception:  # noqa: BLE001 -- the application's import must not fail because of us
        _log.exception("otel-i2e could not prepare %s; it is not recorded as it should be", name)


class _Finder:
    """Lets the other finders find a module, and has its loader call the hooks afterwards."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _hooks:
            return None
        for finder in sys.meta_path:
            if isinstance(finder, _Finder) or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)  # pyright: ignore[reportAttributeAccessIssue] -- a loader by its methods
                return spec
        return None


class _Loader:
    """A loader that behaves as the one it holds, and is gone when the module runs."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        for hook in _hooks.pop(module.__name__, ()):
            _call(module.__name__, hook, module)
