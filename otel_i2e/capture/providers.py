"""Being in the application's telemetry pipeline, whoever sets it up and whenever.

OpenTelemetry takes one global provider, once. An application commonly sets its own *after* our import,
and must get it: so ours is set only when the first span (or log event) starts and there is still none.
Should the application set its own even later, it takes the place of ours, and the tracers that were
handed out before send their spans through it. Every provider that becomes the global one gets our
processor. This reaches into two names of `opentelemetry.trace` and two of `opentelemetry._logs`; where
a later version lacks them, our provider is set at once, and the application's then finds the place taken.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

from otel_i2e.forks import fork_guard

__all__ = ["GlobalProvider", "OwnProvider"]

_log = logging.getLogger("otel_i2e")


class OwnProvider(Protocol):
    """A provider of ours, which can step back."""

    def hand_over_to(self, successor: Any) -> None:
        """Send everything from now on through `successor`."""
        ...


class GlobalProvider:
    """The global provider of one signal: watched, joined, and supplied where there is none."""

    def __init__(
        self,
        api: ModuleType,
        signal: str,
        *,
        join: Callable[[Any], bool],
        make: Callable[[], OwnProvider],
    ) -> None:
        """`signal` is `tracer` or `logger`. `join` adds our processor to a provider; False when it takes none."""
        self._api = api
        self._slot = f"_{signal.upper()}_PROVIDER"
        self._setter = f"_set_{signal}_provider"
        self._proxy: Any = getattr(api, f"Proxy{signal.capitalize()}")
        self._proxy_attribute = f"_{signal}"
        self._join = join
        self._make = make
        self._ours: OwnProvider | None = None
        self._supplying = threading.RLock()

    @property
    def current(self) -> Any:
        """The global provider; None when nobody has set one."""
        return getattr(self._api, self._slot, None)

    def begin(self) -> None:
        """Join the provider that is there, or wait for the application's, or for the first use."""
        if self._watch_setter() and self._watch_first_use():
            if self.current is not None:
                self._joined(self.current)
            return
        _log.warning("otel-i2e does not know this version of OpenTelemetry; set your own provider before importing it")
        self._supply()

    def _watch_setter(self) -> bool:
        original = getattr(self._api, self._setter, None)
        if original is None or not hasattr(self._api, self._slot):
            return False

        def set_provider(provider: Any, log: bool) -> None:
            if self._ours is not None and self.current is self._ours and provider is not self._ours:
                setattr(self._api, self._slot, provider)
                self._ours.hand_over_to(provider)
            else:
                original(provider, log=log)
            if self.current is provider and provider is not self._ours:
                self._joined(provider)

        setattr(self._api, self._setter, set_provider)
        return True

    def _watch_first_use(self) -> bool:
        """Replace how a proxy finds its tracer, until it first looks for one."""
        found = self._proxy.__dict__.get(self._proxy_attribute)
        if not isinstance(found, property) or found.fget is None:
            return False
        find: Callable[[Any], Any] = found.fget

        def first_use(proxy: Any) -> Any:
            with fork_guard, self._supplying:  # other threads wait for the provider, and a fork for all of them
                if self.current is None:
                    self._supply()
                setattr(self._proxy, self._proxy_attribute, found)
            return find(proxy)

        setattr(self._proxy, self._proxy_attribute, property(first_use))
        return True

    def _supply(self) -> None:
        try:
            self._ours = self._make()
            getattr(self._api, self._setter)(self._ours, log=False)
        except Exception:  # noqa: BLE001 -- the application goes on unrecorded
            _log.exception("otel-i2e could not set up OpenTelemetry; nothing is recorded")

    def _joined(self, provider: Any) -> None:
        try:
            takes = self._join(provider)
        except Exception:  # noqa: BLE001 -- the application's own set-up must not fail because of us
            _log.exception("otel-i2e could not join %s", type(provider).__qualname__)
            return
        if not takes:
            _log.warning(
                "otel-i2e cannot record: %s takes no processors; it must be a provider of opentelemetry-sdk",
                type(provider).__qualname__,
            )
