"""The configurations in collectors/ parse, and name only options that exist.

The forwarders cannot be installed everywhere, so the options are listed here as their documentation has them: the
READMEs of the Collector's components, docs.fluentbit.io, vector.dev, the Compose specification.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from otel_i2e.receive.services import MAX_BODY_BYTES, SERVICES
from otel_i2e.testing.receiver_process import ReceiverProcess

COLLECTORS = Path(__file__).parents[2] / "collectors"
OTELCOL = ("agent.yaml", "gateway.yaml")
COMPONENTS: dict[str, set[str]] = {
    "file_storage": {"directory", "create_directory", "fsync", "timeout", "compaction"},
    "health_check": {"endpoint", "path"},
    "bearertokenauth": {"token", "scheme", "filename", "header"},
    "otlp": {"protocols"},
    "memory_limiter": {
        "check_interval",
        "limit_mib",
        "spike_limit_mib",
        "limit_percentage",
        "spike_limit_percentage",
    },
    "batch": {"send_batch_size", "send_batch_max_size", "timeout"},
    "tail_sampling": {"decision_wait", "num_traces", "expected_new_traces_per_sec", "decision_cache", "policies"},
    "otlphttp": {
        "endpoint",
        "compression",
        "timeout",
        "headers",
        "retry_on_failure",
        "sending_queue",
        "encoding",
        "tls",
        "auth",
    },
}
INNER: dict[str, set[str]] = {
    "retry_on_failure": {"enabled", "initial_interval", "max_interval", "max_elapsed_time", "multiplier"},
    "sending_queue": {"enabled", "storage", "num_consumers", "queue_size", "sizer", "block_on_overflow", "batch"},
    "decision_cache": {"sampled_cache_size", "non_sampled_cache_size"},
}
POLICIES: dict[str, set[str]] = {
    "status_code": {"status_codes"},
    "ottl_condition": {"error_mode", "span", "spanevent"},
    "string_attribute": {"key", "values", "enabled_regex_matching", "cache_max_size", "invert_match"},
    "probabilistic": {"sampling_percentage", "hash_salt"},
}
FLUENT_BIT: dict[str, set[str]] = {
    "inputs": {"name", "tag", "listen", "port", "raw_traces", "storage.type", "buffer_max_size"},
    "outputs": {
        "name",
        "match",
        "host",
        "port",
        "traces_uri",
        "logs_uri",
        "compress",
        "retry_limit",
        "storage.total_limit_size",
        "header",
    },
}
VECTOR_SINK = {"type", "inputs", "buffer", "protocol"}
VECTOR_PROTOCOL = {"type", "uri", "method", "compression", "encoding", "framing", "batch", "request"}


def _read(name: str) -> Any:
    return yaml.safe_load((COLLECTORS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", OTELCOL)
def test_collector_components_and_options_exist(name: str) -> None:
    """Every component is used and defined, and every option is one of its own."""
    config = _read(f"otel-collector/{name}")
    defined = {kind: set(config[kind]) for kind in ("receivers", "processors", "exporters", "extensions")}
    used = {kind: set[str]() for kind in defined}
    used["extensions"] = set(config["service"]["extensions"])
    for pipeline in config["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            used[kind] |= set(pipeline[kind])
    assert used == defined
    for kind in defined:
        for component, options in config[kind].items():
            assert set(options) <= COMPONENTS[component], component
            for inner, allowed in INNER.items():
                assert set(options.get(inner, {})) <= allowed, inner


@pytest.mark.parametrize("name", OTELCOL)
def test_collector_never_gives_up_and_queues_on_disk(name: str) -> None:
    """Retries without end, a queue in `file_storage`, requests far below our limit, in both signals."""
    config = _read(f"otel-collector/{name}")
    exporter = config["exporters"]["otlphttp"]
    assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
    assert exporter["sending_queue"]["storage"] in config["service"]["extensions"]
    assert config["processors"]["batch"]["send_batch_max_size"] * 30_000 < MAX_BODY_BYTES
    assert set(config["service"]["pipelines"]) == {service.signal for service in SERVICES}
    assert "tail_sampling" not in config["service"]["pipelines"]["logs"]["processors"]
    for pipeline in config["service"]["pipelines"].values():
        assert (pipeline["processors"][0], pipeline["processors"][-1]) == ("memory_limiter", "batch")


def test_the_gateway_keeps_errors_and_negative_feedback() -> None:
    """Its policies are of known types, with known options, and a share of the rest is kept."""
    policies = {p["name"]: p for p in _read("otel-collector/gateway.yaml")["processors"]["tail_sampling"]["policies"]}
    for policy in policies.values():
        assert set(policy) == {"name", "type", policy["type"]}
        assert set(policy[policy["type"]]) <= POLICIES[policy["type"]]
    assert policies["errors"]["status_code"]["status_codes"] == ["ERROR"]
    conditions = policies["negative-feedback-on-a-span"]["ottl_condition"]
    assert "gen_ai.evaluation.result" in conditions["spanevent"][0]
    assert 0 < policies["a-share-of-the-rest"]["probabilistic"]["sampling_percentage"] < 100


def test_fluent_bit_options_exist() -> None:
    """OTLP in, OTLP out on our paths, from a queue on disk, without an end to retries."""
    config = _read("fluent-bit/fluent-bit.yaml")
    for kind, allowed in FLUENT_BIT.items():
        for plugin in config["pipeline"][kind]:
            assert plugin["name"] == "opentelemetry"
            assert set(plugin) <= allowed
    (output,) = config["pipeline"]["outputs"]
    assert {output["traces_uri"], output["logs_uri"]} == {service.path for service in SERVICES}
    assert output["retry_limit"] == "no_limits"
    assert config["pipeline"]["inputs"][0]["storage.type"] == "filesystem"
    assert config["service"]["storage.path"]


def test_vector_options_exist() -> None:
    """Both signals of the source go to our paths as OTLP, from buffers on disk."""
    config = _read("vector/vector.yaml")
    assert config["sources"]["otlp"]["use_otlp_decoding"] is True
    targets: dict[str, str] = {}
    for sink in config["sinks"].values():
        assert set(sink) == VECTOR_SINK
        assert set(sink["protocol"]) <= VECTOR_PROTOCOL
        assert sink["buffer"]["type"] == "disk"
        assert sink["protocol"]["encoding"]["codec"] == "otlp"
        assert sink["protocol"]["batch"]["max_bytes"] < MAX_BODY_BYTES
        targets[sink["inputs"][0]] = sink["protocol"]["uri"].rpartition(":14318")[2]
    assert targets == {f"otlp.{service.signal}": service.path for service in SERVICES}


def test_forwarders_listen_where_applications_send_and_send_where_the_receiver_is_told_to_listen() -> None:
    """4318 in, 14318 out, as each README starts `i2e serve`; the token comes from the environment, in a header."""
    agent, fluent, vector = (
        _read(name) for name in ("otel-collector/agent.yaml", "fluent-bit/fluent-bit.yaml", "vector/vector.yaml")
    )
    (source,), (output,) = fluent["pipeline"]["inputs"], fluent["pipeline"]["outputs"]
    rotel = (COLLECTORS / "rotel" / "rotel.env").read_text(encoding="utf-8")
    listening = {
        agent["receivers"]["otlp"]["protocols"]["http"]["endpoint"],
        f"{source['listen']}:{source['port']}",
        vector["sources"]["otlp"]["http"]["address"],
        rotel.partition("ROTEL_OTLP_HTTP_ENDPOINT=")[2].splitlines()[0],
    }
    sending = {
        agent["exporters"]["otlphttp"]["endpoint"].partition(":-http://")[2].rstrip("}"),
        f"{output['host']}:{output['port']}",
        rotel.partition("ROTEL_OTLP_EXPORTER_ENDPOINT=http://")[2].splitlines()[0],
        *(sink["protocol"]["uri"].split("/")[2] for sink in vector["sinks"].values()),
    }
    assert (listening, sending) == ({"127.0.0.1:4318"}, {"127.0.0.1:14318"})
    for folder in ("otel-collector", "fluent-bit", "vector", "rotel"):
        readme = (COLLECTORS / folder / "README.md").read_text(encoding="utf-8")
        assert "i2e serve --http-port 14318 --grpc-port 14317" in readme, folder
    assert agent["exporters"]["otlphttp"]["headers"]["authorization"] == "Bearer ${env:I2E_TOKEN}"
    assert output["header"] == ["Authorization Bearer ${I2E_TOKEN}"]
    for sink in vector["sinks"].values():
        assert sink["protocol"]["request"]["headers"]["authorization"].startswith("Bearer ${I2E_TOKEN")


def test_compose_asks_for_a_token_and_waits_for_readiness() -> None:
    """Its files are there, its volumes are defined, only loopback is published."""
    config = _read("docker-compose/compose.yaml")
    assert set(config) == {"services", "volumes"}
    for service in config["services"].values():
        assert service["environment"]["I2E_TOKEN"].startswith("${I2E_TOKEN:?")
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source in config["volumes"] or (COLLECTORS / "docker-compose" / source).is_file()
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert config["services"]["collector"]["depends_on"]["i2e"]["condition"] == "service_healthy"


def test_the_images_command_is_ours() -> None:
    """`i2e serve --address 0.0.0.0` starts with a token, and the health check passes."""
    lines = (COLLECTORS / "docker-compose" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = {line.split()[0]: line.partition(" ")[2] for line in lines if line}
    assert [*yaml.safe_load(words["ENTRYPOINT"]), *yaml.safe_load(words["CMD"])] == [
        "i2e",
        "serve",
        "--address",
        "0.0.0.0",
    ]
    check = cast("list[str]", yaml.safe_load(words["HEALTHCHECK"].partition("CMD ")[2]))
    assert compile(check[2], "HEALTHCHECK", "exec")


@pytest.mark.parametrize("options", [(), ("--address", "0.0.0.0")], ids=["loopback", "everywhere"])
def test_health_checks_pass_against_a_real_receiver(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The image's with a token, the sidecar's without; both fail when nothing listens."""
    token = "secret" if options else ""
    with ReceiverProcess(tmp_path / "s.duckdb", "--no-ingest", *options, token=token) as receiver:
        port = receiver.http.rpartition(":")[2]
        commands = [_image_check()] if options else _probes()
        for command in commands:
            assert _run(command.replace("4318", port), token) == 0
    for command in commands:
        assert _run(command.replace("4318", port), token) != 0


def test_the_sidecar_is_reached_by_its_own_pod_only() -> None:
    """No address is opened, the store is a volume of its own, the application is pointed at it."""
    deployment, claim = yaml.safe_load_all((COLLECTORS / "kubernetes" / "sidecar.yaml").read_text(encoding="utf-8"))
    assert (deployment["kind"], claim["kind"]) == ("Deployment", "PersistentVolumeClaim")
    pod = deployment["spec"]["template"]["spec"]
    (sidecar,), (app,) = pod["initContainers"], pod["containers"]
    assert (sidecar["restartPolicy"], sidecar["args"]) == ("Always", ["serve"])
    assert deployment["spec"]["replicas"] == 1
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in sidecar["volumeMounts"]} == volumes
    assert claim["metadata"]["name"] in [v.get("persistentVolumeClaim", {}).get("claimName") for v in pod["volumes"]]
    assert {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://127.0.0.1:4318"} in app["env"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_systemd_unit_verifies(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing to say, once the command is one that exists here."""
    unit = (COLLECTORS / "systemd" / "otel-i2e.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/otel-i2e/bin/i2e serve" in unit
    copy = tmp_path / "otel-i2e.service"
    copy.write_text(unit.replace("/opt/otel-i2e/bin/i2e", "/bin/true"), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    said = [line for line in verified.stderr.splitlines() if "otel-i2e" in line]
    assert (verified.returncode, said) == (0, [])


def test_every_folder_has_a_readme_that_says_how_it_was_tested() -> None:
    """And the overview links to it."""
    overview = (COLLECTORS / "README.md").read_text(encoding="utf-8")
    folders = [folder for folder in COLLECTORS.iterdir() if folder.is_dir()]
    assert len(folders) == 7
    for folder in folders:
        assert "Tested here" in (folder / "README.md").read_text(encoding="utf-8"), folder.name
        assert f"({folder.name}/README.md)" in overview


def _image_check() -> str:
    text = (COLLECTORS / "docker-compose" / "Dockerfile").read_text(encoding="utf-8")
    return yaml.safe_load(
        next(line for line in text.splitlines() if line.startswith("HEALTHCHECK")).partition("CMD ")[2]
    )[2]


def _probes() -> list[str]:
    deployment = next(yaml.safe_load_all((COLLECTORS / "kubernetes" / "sidecar.yaml").read_text(encoding="utf-8")))
    sidecar = deployment["spec"]["template"]["spec"]["initContainers"][0]
    return [sidecar[probe]["exec"]["command"][2] for probe in ("startupProbe", "livenessProbe")]


def _run(script: str, token: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "I2E_TOKEN": token},
        stderr=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    return done.returncode


def test_rotels_variables_are_its_own() -> None:
    """Its own help lists every variable of the file, and the endpoint is ours."""
    rotel = pytest.importorskip("rotel")
    binary = Path(rotel.__file__).with_name("rotel-agent")
    known = subprocess.run([binary, "start", "--help"], capture_output=True, text=True, check=True).stdout
    lines = (COLLECTORS / "rotel" / "rotel.env").read_text(encoding="utf-8").splitlines()
    names = [shlex.split(line)[0].partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert len(names) > 8
    for name in names:
        assert f"[env: {name}=]" in known, name
