"""`i2e serve`."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_i2e.cli.echo import echo
from otel_i2e.cli.output import json_option, say, store_options
from otel_i2e.config import load_settings

if TYPE_CHECKING:
    from otel_i2e.receive.receiver import Receiver

__all__ = ["command"]


@click.command("serve")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on; others need a token.")
@click.option("--http-port", type=click.IntRange(0, 65535), default=4318, show_default=True, help="OTLP/HTTP port.")
@click.option("--grpc-port", type=click.IntRange(0, 65535), default=4317, show_default=True, help="OTLP/gRPC port.")
@click.option("--token", default="", envvar="I2E_TOKEN", help="What senders must show; better set as I2E_TOKEN.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="A Host name of yours; repeatable.")
@click.option("--no-ingest", is_flag=True, help="Only fill the spool; another process moves it into the store.")
@store_options
@json_option
def command(
    *,
    address: str,
    http_port: int,
    grpc_port: int,
    token: str,
    allow_hosts: tuple[str, ...],
    no_ingest: bool,
    store: str | None,
    config: str | None,
    as_json: bool,
) -> None:
    """Take OTLP traces and logs over HTTP and gRPC, into the store.

    A request is answered with success only when it is on disk. Also runs ingest and the online rules. Ends on Ctrl-C
    or SIGTERM.
    """
    from otel_i2e.workflows.serving import Listen, serve

    settings = load_settings(config=Path(config) if config else None, store=store, ingest="off" if no_ingest else None)
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    listen = Listen(address, http_port, grpc_port, token, frozenset(name.lower() for name in allow_hosts))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stop.set())

    def on_ready(receiver: Receiver) -> None:
        if as_json:
            echo(_as_json(receiver))
            return
        redacted = ", secrets redacted" if settings.redacts else ""
        say(f"OTLP/HTTP on {receiver.http_url}, OTLP/gRPC on {receiver.grpc_url}, into {settings.store}{redacted}")
        say("Ctrl-C ends it. See what arrives with `i2e traces`, what waits with `i2e status`.")

    serve(settings, listen, stop, on_ready=on_ready)
    if not as_json:
        say("Stopped; everything that was acknowledged is on disk.")


def _as_json(receiver: Receiver) -> str:
    """One line, so that whoever started us can read it while we run."""
    import json

    return json.dumps({"http": receiver.http_url, "grpc": receiver.grpc_url})
