"""The text of one of several lambdas that stand on one line: `inspect` gives the line for each of them."""

from __future__ import annotations

import ast
import inspect
from types import CodeType

__all__ = ["lambda_text"]


def lambda_text(code: CodeType) -> str | None:
    """The lambda's own text; None for any other code, for a lambda that is alone on its line, and without its file."""
    if code.co_name != "<lambda>":
        return None
    try:
        text = "".join(inspect.findsource(code)[0])
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return None
    here = [one for one in ast.walk(tree) if isinstance(one, ast.Lambda) and one.lineno == code.co_firstlineno]
    around = [one for one in here if _holds(one.body, code)]
    if len(here) < 2 or not around:
        return None
    return ast.get_source_segment(text, max(around, key=lambda one: one.col_offset))


def _holds(body: ast.expr, code: CodeType) -> bool:
    """Whether every instruction comes from within this expression."""
    begin, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    for first, last, left, right in code.co_positions():
        if first is None or last is None or left is None or right is None or right == 0:
            continue  # of no text: the instruction that begins a function
        if (first, left) < begin or (last, right) > end:
            return False
    return True
