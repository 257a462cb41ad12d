"""What the examples share: a folder for what they write, a model without a key, and the `i2e` command.

An application of yours needs none of this.
"""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from otel_i2e.config import load_settings
from otel_i2e.store import Store
from otel_i2e.testing import MessagesRequest, MessagesServer, Reply

HERE = Path(__file__).parent
OUT = Path(os.environ.setdefault("EXAMPLES_OUT", str(HERE / "_out")))
os.environ.setdefault("I2E_CONFIG", str(HERE / "i2e.toml"))
os.environ.setdefault("I2E_STORE", str(OUT / "i2e.duckdb"))
os.environ.setdefault("I2E_DATASETS", str(OUT / "evals"))


def offline_model(request: MessagesRequest) -> Reply:
    """A shop's assistant that would rather please than read, unless it is told to answer only from documents."""
    if "laptop" not in request.question.lower():
        return Reply.text("Delivery takes 3 working days.")
    if "10 days" in request.question:
        return Reply.text("Yes: laptops can be returned within 30 days [returns].")
    if "only" in request.system:
        return Reply.text("I am sorry, no: laptops can be returned within 30 days [returns].")
    return Reply.text("Yes! Our 120-day policy covers laptops [returns-extended].")


if not os.environ.get("ANTHROPIC_API_KEY"):  # a local Messages API answers, over HTTP, to the real SDK
    os.environ.update(ANTHROPIC_BASE_URL=MessagesServer(offline_model).url, ANTHROPIC_API_KEY="offline")


def i2e(*args: str) -> int:
    """Run an `i2e` command, as you would in a shell; gives its exit code."""
    shown = " ".join(f'"{arg}"' if " " in arg and '"' not in arg else shlex.quote(arg) for arg in args)
    print(f"\n$ i2e {shown}", flush=True)
    return subprocess.run([sys.executable, "-m", "otel_i2e", *args], check=False, cwd=HERE).returncode


def wait_for(rows: int, table: str) -> None:
    """Wait until the background thread of this process has stored so many rows; it takes a second or two."""
    store = Store.of(load_settings())
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if store.exists():
            with store.read() as reader:
                if reader.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] >= rows:
                    return
        time.sleep(0.1)
    raise SystemExit(f"{table} has fewer than {rows} rows after a minute; i2e status says why")
