"""Write docs/commands.md from the commands themselves: `python docs/commands.py`. A test asks that it is current."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from otel_i2e.cli.main import COMMANDS, cli

PAGE = Path(__file__).with_name("commands.md")
EVERYWHERE = {
    "--store": "DuckDB file; default `.i2e/i2e.duckdb`. Also `I2E_STORE`.",
    "--config": "Settings file; default `i2e.toml` here or above. Also `I2E_CONFIG`.",
    "--json": "Print JSON.",
    "--help": "Show help and exit.",
    "-o, --output FILE": "Write to FILE what would go to stdout; the file is replaced when the command has ended.",
    "-q, --quiet": "No progress and no notes on stderr; `eval` and `gate` print one line.",
    "-v, --verbose": "Log on stderr what is done.",
    "--no-input": "Ask nobody anything: open no editor.",
    "--debug": "Show a traceback when something goes wrong.",
}
HEAD = """# Commands

Written by `docs/commands.py` from the commands themselves.

Exit codes: 0 pass; 1 regression, the policy says fail; 2 could not measure, or wrong usage. What goes wrong is one
line; `--debug` shows the traceback. Tables on a terminal are tab-separated text in a pipe, whose reader may leave:
the exit code stays. What a console cannot show is written in plain characters.

Every option is also a variable, named by command and option: `I2E_TRACES_LIMIT=50` is `i2e traces --limit 50`. What a
gate decides on (`--experiment`, `--dataset`, `--baseline`, `--policy`, `--fail-on`, `--override`, `--reason`, `--by`)
is not: `I2E_GATE_FAIL_ON` is refused, with exit code 2, because nobody who reads the command would know of it. The
setting `I2E_POLICY` names a policy file, and every report says so.

Shells complete commands and options after a line in `~/.bashrc`, `~/.zshrc` or `~/.config/fish/config.fish`:

```sh
eval "$(_I2E_COMPLETE=bash_source i2e)"      # bash
eval "$(_I2E_COMPLETE=zsh_source i2e)"       # zsh
_I2E_COMPLETE=fish_source i2e | source       # fish
```

Where they make sense, every command takes these; from `--output` on they may stand before the command, too:

| option | |
|---|---|
"""


def page() -> str:
    """The page."""
    everywhere = "\n".join(f"| `{name}` | {text} |" for name, text in EVERYWHERE.items())
    context = click.Context(cli, info_name="i2e")
    parts = [section for name in COMMANDS for section in sections(cli.get_command(context, name), f"i2e {name}")]
    return HEAD + everywhere + "\n\n" + "\n\n".join(parts) + "\n"


def sections(command: click.Command | None, name: str) -> Iterator[str]:
    """A command's section, then those of its subcommands."""
    if command is None:
        return
    level = "#" * len(name.split())
    arguments = [arg.make_metavar(click.Context(command)) for arg in command.params if isinstance(arg, click.Argument)]
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", cleandoc(command.help or ""))
    yield "\n\n".join([f"{level} `{' '.join([name, *arguments])}`", text, *options(command)])
    if isinstance(command, click.Group):
        for sub, found in command.commands.items():
            yield from sections(found, f"{name} {sub}")


def options(command: click.Command) -> Iterator[str]:
    """A table of the options that not every command has."""
    own = [one for one in command.params if isinstance(one, click.Option) and not set(one.opts) & set(EVERYWHERE)]
    records = [record for one in own if (record := one.get_help_record(click.Context(command)))]
    rows = [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in records]
    if rows:
        yield "| option | |\n|---|---|\n" + "\n".join(rows)


def _cell(text: str) -> str:
    return re.sub(r"(INTEGER|FLOAT) RANGE", "N", text).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
