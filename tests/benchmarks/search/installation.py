"""A filled installation that is served and put under load: its processes, and locust beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from benchmarks.search.asking import load
from benchmarks.search.filling import Filled, filled
from pipeline.engines.endpoints import endpoints
from pipeline.engines.ports import LOOPBACK, any_free
from pipeline.localstack import stack
from pipeline.settings import Settings

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
LOCUST = (
    str(BIN / "uv"),
    "run",
    "--quiet",
    "--no-project",
    "--with-requirements",
    str(HERE / "requirements.txt"),
    "locust",
)
"""In an environment of its own, which uv keeps: locust's web server does not go with the versions locked here."""

SERVERS = 2
"""Of the API; one has one core's worth of Python."""

READY_S = 60.0
POLL_S = 0.2
END_S = 30.0


class Result(NamedTuple):
    """One run: locust's statistics by request name, and CPU seconds by process over `seconds` of load."""

    requests: dict[str, dict[str, Any]]
    cpu: dict[str, float]
    seconds: float


@dataclass
class Bench:
    """What is under load: `processes` by name, of which CPU is told; `disk` bytes hold the index of `held`."""

    urls: list[str]
    file: Path
    processes: dict[str, psutil.Process]
    held: Filled
    disk: int

    def run(self, users: int, seconds: int, think_s: float, servers: int = 1, **mix: int) -> Result:
        """Load on so many servers by `users` for `seconds`; `mix` says how many requests are of each kind."""
        told = {"LOAD": str(self.file), "THINK_S": str(think_s), "MIX": json.dumps(mix)}
        told["SERVERS"] = " ".join(self.urls[:servers])
        words: list[Path | str] = [
            "-f",
            HERE / "locustfile.py",
            "--headless",
            "--json",
            "--loglevel",
            "ERROR",
            "-H",
            self.urls[0],
        ]
        words += ["-u", str(users), "-r", str(users), "-t", f"{seconds}s"]
        environment = os.environ | {f"LIAISON_BENCH_{name}": value for name, value in told.items()}
        before = self._cpu()
        done = subprocess.run([*LOCUST, *words], env=environment, capture_output=True, text=True)
        cpu = {name: after - before[name] for name, after in self._cpu().items()}
        try:
            rows = json.loads(done.stdout)
        except json.JSONDecodeError:
            raise SystemExit(f"locust failed: {done.stdout[-2000:]}{done.stderr[-4000:]}") from None
        if all(row["num_failures"] == row["num_requests"] for row in rows):
            raise SystemExit("every kind of request failed: see the servers' logs")
        return Result({row["name"]: row for row in rows}, cpu, seconds)

    def _cpu(self) -> dict[str, float]:
        spent = {name: sum(process.cpu_times()[:2]) for name, process in self.processes.items()}
        own = os.times()
        return spent | {"locust": own.children_user + own.children_system}


@contextmanager
def installation(settings: Settings, cases: int) -> Iterator[Bench]:
    """Engines, filled; the workers that index and attest the audit; SERVERS of the API. All that it starts it ends."""
    with ExitStack() as ends:
        if not all(status.healthy for status in stack.engine_statuses(settings)):
            stack.start_engines(settings)
            ends.callback(stack.stop_engines, settings)
        held = filled(settings, cases)
        _apply_topics(settings)
        file = settings.home / "load.json"
        file.write_text(json.dumps(load(settings, held)))
        ports = [any_free() for _ in range(SERVERS)]
        served = [ends.enter_context(_running(settings, "serve", "--port", str(port))) for port in ports]
        processes = {f"api {at}": process for at, process in enumerate(served, 1)}
        for stage in ("project", "attest"):
            processes[stage] = ends.enter_context(_running(settings, "worker", stage))
        processes |= {status.name: psutil.Process(status.pid) for status in stack.engine_statuses(settings)}
        urls = [f"http://{LOOPBACK}:{port}" for port in ports]
        for url in urls:
            _wait_until_ready(url)
        yield Bench(urls, file, processes, held, _disk(settings))


def _apply_topics(settings: Settings) -> None:
    """What this version has more than the one that filled the installation."""
    own = {"LIAISON_HOME": str(settings.home)}
    subprocess.run([BIN / "liaison", "topics", "apply"], env=os.environ | own, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _running(settings: Settings, *words: str) -> Iterator[psutil.Process]:
    """A `liaison` command of the installation, which writes to a log of its home."""
    own = {"LIAISON_HOME": str(settings.home), "LIAISON_METRICS_PORT": "0"}
    with (settings.home / "logs" / f"bench-{'-'.join(words).strip('-')}.log").open("wb") as log:
        process = psutil.Popen([BIN / "liaison", *words], env=os.environ | own, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(END_S)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise SystemExit(f"the API at {url} is not ready after {READY_S:.0f} s: see the logs")


def _disk(settings: Settings) -> int:
    """Bytes of the index of cases and links."""
    url = endpoints(settings).elasticsearch
    told = httpx.get(f"{url}/cases,links/_stats/store").json()
    return int(told["_all"]["primaries"]["store"]["size_in_bytes"])
