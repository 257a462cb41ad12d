"""Run emitters in their own environments against the local model APIs and keep what they send.

    python tests/emitters/record.py                 every emitter
    python tests/emitters/record.py openinference_anthropic strands_latest

Needs a package index for the first run; environments are kept in the user's cache folder.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import facts
from recorder import Recorder, Recording
from scrub import scrubbed

HERE: Final = Path(__file__).resolve().parent
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "otel-i2e" / "emitters"
_ZIP_OVER: Final = 6_000
_VERSIONS: Final = (
    "import importlib.metadata as m; print('\\n'.join(sorted({f'{d.name}=={d.version}' for d in m.distributions()})))"
)
_MAKING: Final = threading.Lock()
_QUIET: Final = {
    "DO_NOT_TRACK": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "TRACELOOP_TELEMETRY": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "LOGFIRE_SEND_TO_LOGFIRE": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONHASHSEED": "0",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    "TZ": "UTC",
    "HOSTNAME": "emitter",
}
_PASSED: Final = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def main() -> int:
    """Record, say what each emitter gave; 1 when a script failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="emitters of emitters.toml; default all")
    parser.add_argument("--jobs", type=int, default=1, help="emitters at once")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where environments are kept")
    given = parser.parse_args()
    table = tomllib.loads((HERE / "emitters.toml").read_text())
    emitters: dict[str, Any] = table["emitter"]
    unknown = set(given.names) - set(emitters)
    if unknown:
        parser.error(f"no such emitter: {', '.join(sorted(unknown))}; emitters.toml has {', '.join(emitters)}")
    names: list[str] = given.names or list(emitters)
    with ThreadPoolExecutor(given.jobs) as pool:
        futures = [pool.submit(_record, name, emitters[name], table["defaults"], given.cache) for name in names]
        done = [future.result() for future in futures]
    return 0 if all(done) else 1


def _record(name: str, emitter: dict[str, Any], defaults: dict[str, Any], cache: Path) -> bool:
    make = _node if "npm" in emitter else _python
    cannot: dict[str, str] = emitter.get("cannot", {})
    wanted = [one for one in emitter.get("scenarios", defaults["scenarios"]) if one not in cannot]
    wanted += emitter.get("more", [])
    try:
        with _MAKING:
            command, folder, packages = make(emitter, defaults, cache)
    except subprocess.CalledProcessError as error:
        print(f"{name}: environment failed\n{error.stderr[-1500:]}{error.stdout[-500:]}", flush=True)
        return False
    with Recorder() as recorder:
        variables = {key: str(value).replace("{url}", recorder.url) for key, value in emitter.get("env", {}).items()}
        done = subprocess.run(
            command,
            env={**_base(), "RECORDER_URL": recorder.url, "RECORDER_SCENARIOS": ",".join(wanted), **variables},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        _keep(
            name,
            emitter,
            recorder.recordings,
            packages,
            [(folder, "/venv"), (HERE / "scripts", "/app"), (Path.home(), "/home")],
        )
    silent: dict[str, str] = emitter.get("silent", {})
    heard = {one for one, recording in recorder.recordings.items() if recording.traces}
    missing = [one for one in wanted if one not in heard and one not in silent]
    bad = done.returncode != 0 or missing
    print(
        f"{name}: {'FAILED' if bad else 'ok'} {_told(recorder.recordings)}{f' missing {missing}' if missing else ''}",
        flush=True,
    )
    if bad:
        print(done.stderr[-6000:], flush=True)
    return not bad


def _told(recordings: dict[str, Recording]) -> str:
    return " ".join(f"{name}:{len(one.wire)}w{sum(map(len, one.traces)) // 1000}k" for name, one in recordings.items())


def _base() -> dict[str, str]:
    return {**{name: os.environ[name] for name in _PASSED if name in os.environ}, **_QUIET}


def _python(emitter: dict[str, Any], defaults: dict[str, Any], cache: Path) -> tuple[list[str], Path, list[str]]:
    """The command, its folder, and the versions that are installed."""
    wanted: list[str] = [*emitter["pip"], *emitter.get("otel", defaults["otel"])]
    folder = cache / hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = shutil.which("uv")
        make = (
            [uv, "venv", "-q", "--python", sys.executable, str(folder)]
            if uv
            else [sys.executable, "-m", "venv", str(folder)]
        )
        install = (
            [uv, "pip", "install", "-q", "--python", str(python)] if uv else [str(python), "-m", "pip", "install", "-q"]
        )
        _checked(make)
        _checked([*install, *wanted])
        (folder / "done").touch()
    versions = _checked([str(python), "-c", _VERSIONS]).split()
    return (
        [str(python), "-B", "-P", "-W", "ignore", str(HERE / "scripts" / "main.py"), emitter["script"]],
        folder,
        versions,
    )


def _node(emitter: dict[str, Any], defaults: dict[str, Any], cache: Path) -> tuple[list[str], Path, list[str]]:
    wanted: list[str] = [*emitter["npm"], *defaults["npm"]]
    folder = cache / hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"type": "module", "private": true}')
        _checked(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), *wanted])
        (folder / "done").touch()
    for script in (HERE / "scripts").glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "facts.json").write_text(json.dumps(_facts(), ensure_ascii=False))
    listed: dict[str, Any] = json.loads(_checked(["npm", "ls", "--json", "--depth=0", "--prefix", str(folder)]))
    versions = [f"{name}@{one['version']}" for name, one in listed["dependencies"].items()]
    return ["node", str(folder / emitter["script"])], folder, versions


def _facts() -> dict[str, Any]:
    """The constants of facts.py for scripts that are not Python, in lower case."""
    return {name.lower(): value for name, value in vars(facts).items() if name.isupper() and name != "IMAGE"}


def _checked(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _keep(
    name: str,
    emitter: dict[str, Any],
    recordings: dict[str, Recording],
    packages: list[str],
    paths: list[tuple[Path, str]],
) -> None:
    folder = HERE / "fixtures" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for hour, (scenario, recording) in enumerate(recordings.items()):
        traces, logs, wire = scrubbed(recording, seed=f"{name} {scenario}", hour=hour, paths=paths)
        _write(folder / f"{scenario}.traces.pb", traces)
        _write(folder / f"{scenario}.logs.pb", logs)
        _write(folder / f"{scenario}.wire.json", json.dumps(wire, ensure_ascii=False, indent=1).encode())
    about = {"title": emitter["title"], "dialect": emitter["dialect"], "packages": packages}
    (folder / "about.json").write_text(json.dumps(about, indent=1) + "\n")


def _write(path: Path, body: bytes) -> None:
    if len(body) > _ZIP_OVER:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(body, 9, mtime=0))
    elif body:
        path.write_bytes(body)


if __name__ == "__main__":
    sys.exit(main())
