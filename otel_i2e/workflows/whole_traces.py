"""Waiting for the traces of runs to be whole, where a scorer looks at them: online, the quiet period of a rule does.

A task may have answered while threads of it still work. What they do belongs to the run, so a check such as
`tool_not_called` must see it, or not say anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from otel_i2e.capture import Recorder
from otel_i2e.score import Scorer
from otel_i2e.workflows.case_runs import Ran

__all__ = ["unfinished_traces"]

_QUIET: Final = 1.0
"""Seconds without a span of the traces after which they are taken for whole."""
_MOST: Final = 15.0
"""Seconds that open spans are waited for at most."""


def unfinished_traces(
    recorder: Recorder, ran: Sequence[Ran], scorers: Mapping[str, Sequence[Scorer]], timeout: float
) -> dict[str, str]:
    """Trace id → why it is not whole, of runs that answered and that a scorer looks at beyond their span.

    Waits where there is such a scorer, as long as spans are open, but no longer than `timeout`, in seconds, the
    most that a run may take.
    """
    traces = [
        one.trace_id
        for one in ran
        if one.error is None and any(scorer.looks_beyond for scorer in scorers.get(one.case.id, ()))
    ]
    if not traces or recorder.open_spans is None:
        return {}
    most = min(_MOST, timeout)
    still = recorder.open_spans.wait([int(one, 16) for one in traces], quiet=_QUIET, timeout=most)
    why = f"spans of its trace had not ended {most:g} s after the answer, so the trace is not known in full"
    return {one: why for one in traces if int(one, 16) in still}
