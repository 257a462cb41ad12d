"""`python -m otel_i2e` is `i2e`: the command of the interpreter that runs, whatever is on PATH."""

from __future__ import annotations

from otel_i2e.cli.main import main

if __name__ == "__main__":
    main()
