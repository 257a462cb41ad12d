"""The image that every emitter was given: by its own spelling it leaves the row, and its type, size and hash stay."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from itertools import count

import pytest
from facts import IMAGE
from fixtures import emitters, scenarios

from otel_i2e.spool import Batch, Signal
from otel_i2e.workflows.preparing import prepare

SHORTENED = {"openinference_haystack"}
"""Prints the beginning of the base64, and three dots: no image."""
PRINTED = {"mlflow_pydantic_ai"}
"""Prints the bytes as Python does: the part has their size and hash."""
WITHOUT_BYTES = {
    *("adk_v1", "anthropic_sdk", "langfuse_anthropic", "langfuse_openai", "mlflow_anthropic", "mlflow_openai"),
    *("openllmetry_openai", "openllmetry_openai_old", "otel_openai_v2_latest", "strands_latest", "strands_legacy"),
    *("traceloop_sdk", *SHORTENED, *PRINTED),
}
"""Emitters that keep the bytes to themselves."""
SENT = {one.emitter: one for name in emitters() for one in scenarios(name) if one.name == "image"}


@pytest.mark.parametrize("emitter", SENT)
def test_a_small_image_is_a_reference(emitter: str) -> None:
    """242 bytes, 324 characters of base64."""
    sent: list[tuple[Signal, bytes]] = [("traces", SENT[emitter].traces), ("logs", SENT[emitter].logs)]
    number = count()
    prepared = prepare([Batch(next(number), signal, "protobuf", 1, 0.0, body) for signal, body in sent if body])
    text = json.dumps(prepared.rows, default=str) + json.dumps([log._asdict() for log in prepared.logs], default=str)
    digest = sha256(IMAGE).hexdigest()
    if emitter in WITHOUT_BYTES:
        assert prepared.blobs == {}
        return
    assert prepared.blobs == {digest: IMAGE}
    pieces = {encode(IMAGE).decode()[at : at + 40] for encode in (b64encode, urlsafe_b64encode) for at in (0, 40, 200)}
    assert not any(piece in text for piece in pieces)
    parts = [part for row in prepared.rows for m in json.loads(row["input_messages"] or "[]") for part in m["parts"]]
    blobs = [part for part in parts if part["type"] == "blob"]
    assert {(part["mime_type"], part["bytes"], part["sha256"]) for part in blobs} == {("image/png", len(IMAGE), digest)}
