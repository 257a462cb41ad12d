"""`i2e trace`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_i2e.cli.caught_up import caught_up
from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import console, counted, emit_json, json_option, safe, store_options
from otel_i2e.config import load_settings
from otel_i2e.models import ScoreRow, Span, parts_of

if TYPE_CHECKING:
    from otel_i2e.workflows.inspect import Node, TraceTree

__all__ = ["command"]

_LACKING = ("truncated", "redacted")  # said of any span: those that are no model calls need not have content to miss
_LIMIT = 500
_DEEPEST = 24  # levels that are drawn; a line of a deeper span says how deep it is


@click.command("trace")
@click.argument("trace_id")
@click.option("--full", is_flag=True, help="Show texts in full length.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"At most so many spans, those that failed first, then model calls. [default: {_LIMIT}; with --json all]",
)
@click.option("--all", "everything", is_flag=True, help="Every span of the trace.")
@click.option("--blobs", is_flag=True, help="With --json: images and files in full (base64), not as references.")
@store_options
@json_option
def command(
    *,
    trace_id: str,
    full: bool,
    limit: int | None,
    everything: bool,
    blobs: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """One trace as a tree: durations, tokens, cost, tool calls, documents and scores.

    A unique beginning of TRACE_ID is enough.
    """
    from otel_i2e.workflows.blobs import with_blobs_in
    from otel_i2e.workflows.inspect import trace_tree

    settings = load_settings(config=Path(config) if config else None, store=store)
    caught_up(settings)
    if limit is None and not everything and not as_json:
        limit = _LIMIT
    tree = trace_tree(settings, trace_id, limit=None if everything else limit)
    if as_json:
        found: Any = _as_json(tree)
        emit_json(with_blobs_in(settings, found) if blobs else found)
    else:
        _print(tree, sys.maxsize if full else 160)


def _print(tree: TraceTree, most: int) -> None:
    lines = _lines(tree, most)
    if not sys.stdout.isatty():
        echo("\n".join(indent + text for indent, text, _ in lines))
        return
    from rich.text import Text

    out = console()
    for indent, text, style in lines:
        out.print(Text(indent) + Text(text, style=style))


def _lines(tree: TraceTree, most: int) -> Iterator[tuple[str, str, str]]:
    """Indent, text and style of each line."""
    yield "", f"trace {tree.trace_id}", "bold"
    for node in tree.nodes:
        indent = "  " * min(node.depth, _DEEPEST)
        deeper = f"(level {node.depth}) " if node.depth > _DEEPEST else ""
        yield indent + deeper, _headline(node), "red" if node.span.status == "error" else "bold"
        for text, style in _details(node, most):
            yield f"{indent}    ", text, style
        if node.left_out:
            yield f"{indent}    ", f"… {counted(node.left_out, 'span')} left out here", "dim"
    for score in tree.scores:
        yield "", _score(score, most), _score_style(score)
    if tree.left_out:
        yield "", _what_is_left_out(tree), "yellow"


def _what_is_left_out(tree: TraceTree) -> str:
    shown, left = len(tree.nodes), counted(tree.left_out, "span")
    failed = f", {tree.failed_left_out:,} of them failed" if tree.failed_left_out else ", none of them failed"
    return (
        f"{shown:,} shown, those that failed first, then model calls; {left} left out{failed}. --all shows every one."
    )


def _headline(node: Node) -> str:
    span = node.span
    usage = f"{span.input_tokens or 0}→{span.output_tokens or 0} tokens" if span.input_tokens is not None else None
    parts = (
        f"{span.kind}: {safe(span.name)}",
        None if span.duration_ms is None else _duration(span.duration_ms),
        safe(span.model) or None,
        usage,
        None if span.cost_usd is None else f"${span.cost_usd:.6f}",
        f"prompt {safe(span.prompt_name)} {safe(span.prompt_version)}".rstrip() if span.prompt_name else None,
        "ERROR" if span.status == "error" else None,
        f"[{span.span_id}]",
    )
    return "  ".join(part for part in parts if part)


def _details(node: Node, most: int) -> Iterator[tuple[str, str]]:
    span = node.span
    if span.status == "error":
        said = (span.error_type, span.error_code, span.status_message)
        yield _line("error", " ".join(part for part in said if part) or "no message", most), "red"
    if span.kind == "tool":
        yield _line("arguments", span.tool_arguments, most), ""
        yield _line("result", span.tool_result, most), ""
    else:
        yield from ((_line(name, text, most), "") for name, text in _texts(span) if text)
    for said in (span.input_messages, span.output_messages):
        yield from ((_media(part), "") for part in parts_of(said) if part.get("type") in ("blob", "uri"))
    for part in parts_of(span.output_messages, type="tool_call"):
        yield (
            _line("asks for", f"{part.get('name') or 'a tool without a name'} {safe(part.get('arguments'))}", most),
            "cyan",
        )
    for position, document in enumerate(span.documents or (), 1):
        score = "" if document.score is None else f" ({document.score:.3g})"
        said = document.content or "(no text was recorded)"
        yield _line("document", f"{document.label(position)}{score} {said}", most), ""
    if span.content_state in _LACKING or (span.content_state == "missing" and span.kind == "llm"):
        yield f"content {span.content_state}", "yellow"
    for scope in node.recorded_by:
        yield f"recorded by {safe(scope)} too", "dim"
    for score in node.scores:
        yield _score(score, most), _score_style(score)


def _texts(span: Span) -> tuple[tuple[str, str | None], ...]:
    return (("input", span.input_text), ("output", span.output_text))


def _media(part: dict[str, Any]) -> str:
    """An image or a file, by type and size or place."""
    size = part.get("bytes")
    where = _bytes(size) if isinstance(size, int) else safe(part.get("uri"))[:80] or "not recorded apart"
    return f"{safe(part.get('modality')) or 'file'} ({safe(part.get('mime_type')) or 'unknown type'}, {where})"


def _bytes(size: int) -> str:
    return f"{size:,} B" if size < 10_000 else f"{size / 1000:,.0f} kB"


def _line(name: str, value: Any, most: int) -> str:
    text = safe(value).strip()
    return f"{name}: {text if len(text) <= most else text[: most - 1] + '…'}"


def _score(score: ScoreRow, most: int) -> str:
    mark = {True: "✓", False: "✗", None: "·"}[score.passed]
    value = " ".join(part for part in (safe(score.value), safe(score.label)) if part)
    by = "" if score.source == "online" else f" ({safe(score.source)})"
    said = f"{mark} {safe(score.name)} {value}{by}"
    return _line(said, score.explanation, most) if score.explanation else said


def _score_style(score: ScoreRow) -> str:
    low = score.passed is False or (score.passed is None and score.source == "user" and (score.value or 0) < 0.5)
    return "red" if low else "green" if score.passed else ""


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def _as_json(tree: TraceTree) -> dict[str, Any]:
    spans = [
        {
            "depth": node.depth,
            "span": node.span.model_dump(mode="json", exclude_none=True),
            "scores": [score.model_dump(mode="json", exclude_none=True) for score in node.scores],
            "recorded_by": list(node.recorded_by),
        }
        for node in tree.nodes
    ]
    scores = [score.model_dump(mode="json", exclude_none=True) for score in tree.scores]
    return {"trace_id": tree.trace_id, "spans": spans, "scores": scores, "left_out": tree.left_out}
