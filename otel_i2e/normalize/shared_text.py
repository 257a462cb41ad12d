"""What spans of a request share, their resource and the name of their scope, is written into each of their rows.

So a request can become far more than it was: 5 MB of resource and 3,000 spans of 100 bytes are 15 GB of rows. Where
this would be over `_MOST_TIMES` the request's size, a resource keeps what has a column of its own, cut, the shortest of
the rest, and the marker of what is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from otel_i2e import semconv
from otel_i2e.models.json_text import SORTED, dumps
from otel_i2e.normalize.raw import Json, RawSpan

__all__ = ["within_bounds"]

_MOST_TIMES: Final = 32
"""Requests as applications send them come to 10 times at most: small spans of a resource of 8 kB."""
_KEPT: Final = (
    semconv.SERVICE_NAME,
    semconv.SERVICE_VERSION,
    semconv.DEPLOYMENT_ENVIRONMENT,
    "deployment.environment",
)
_KEPT_CHARACTERS: Final = 200
_ALWAYS: Final = 4_096
"""Characters that stay however small the spans are: a row's own columns take half of that."""


def within_bounds(spans: Sequence[RawSpan], size: int) -> tuple[Sequence[RawSpan], int]:
    """The spans of a request of `size` bytes, and how many of them have less of what they share than was sent."""
    if len(spans) <= _MOST_TIMES:
        return spans, 0
    sizes = _sizes(spans)
    if sum(sizes[_group(span)] for span in spans) <= _MOST_TIMES * size:
        return spans, 0
    share = max(_ALWAYS, _MOST_TIMES * size // len(spans))
    small: dict[int, Json] = {}
    bounded = [_cut(span, share, small) if sizes[_group(span)] > share else span for span in spans]
    return bounded, sum(one is not sent for one, sent in zip(bounded, spans, strict=True))


def _group(span: RawSpan) -> tuple[int, int, int]:
    """Spans that share all have the same objects."""
    return id(span.resource), id(span.scope_name), id(span.scope_version)


def _sizes(spans: Sequence[RawSpan]) -> dict[tuple[int, int, int], int]:
    """Characters, of each group."""
    sizes: dict[tuple[int, int, int], int] = {}
    of_resources: dict[int, int] = {}
    for span in spans:
        if (group := _group(span)) not in sizes:
            if group[0] not in of_resources:
                of_resources[group[0]] = len(dumps(span.resource))
            sizes[group] = of_resources[group[0]] + len(span.scope_name) + len(span.scope_version)
    return sizes


def _cut(span: RawSpan, share: int, small: dict[int, Json]) -> RawSpan:
    """`small` holds what was made of a resource, for the others that share it."""
    if id(span.resource) not in small:
        small[id(span.resource)] = _small(span.resource, share)
    return span._replace(
        resource=small[id(span.resource)],
        scope_name=span.scope_name[:_KEPT_CHARACTERS],
        scope_version=span.scope_version[:_KEPT_CHARACTERS],
    )


def _small(resource: Json, share: int) -> Json:
    """About `share` characters of it."""
    kept = {name: str(resource[name])[:_KEPT_CHARACTERS] for name in _KEPT if resource.get(name)}
    sizes = {name: len(name) + len(dumps(value)) for name, value in resource.items() if name not in kept}
    for name in sorted(sizes, key=lambda name: sizes[name]):
        share -= sizes[name]
        if share < 0:
            break
        kept[name] = resource[name]
    if kept == resource:  # the name of the scope alone was too long
        return resource
    whole = dumps(resource).encode()
    marks = {"resource": {"bytes": len(whole), "sha256": sha256(whole).hexdigest()}}
    return {**kept, semconv.I2E_CONTENT_TRUNCATED: dumps(marks, SORTED)}
