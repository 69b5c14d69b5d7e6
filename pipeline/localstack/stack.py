"""The local stack as a whole: start, stop, look at it, find it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from rich.console import Console

from pipeline.engines.credentials import read_operator_credentials
from pipeline.engines.endpoints import Endpoints, endpoints, local_process
from pipeline.engines.file_lock import exclusive
from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import accepts, choose
from pipeline.engines.run_files import ProcessRun, find_process, read_run, start_time_s, write_run
from pipeline.errors import LiaisonError
from pipeline.localstack import artifacts, processes, start_cache
from pipeline.localstack.elasticsearch import Elasticsearch
from pipeline.localstack.engine import EngineLaunch, LocalServer
from pipeline.localstack.kafka import Kafka
from pipeline.private_files import keep_private
from pipeline.secret_file import make_secret
from pipeline.settings import Settings

ENGINES: Final[tuple[LocalServer, ...]] = (Kafka(), Elasticsearch())

START_DEADLINE_S = 180.0
"""Seconds an engine may take until it serves: seconds usually, longer when it recovers much data on a slow disk."""

STOP_GRACE_S = 120.0
"""Seconds to end in order before it is killed: one or two are usual, some fifteen when the start cache is made."""

POLL_S = 0.1
STARTS_PER_ENGINE = 3
"""A port chosen free can be lost to another program before the engine binds it; three times in a row is no chance."""


@dataclass(frozen=True)
class EngineStatus:
    """One engine's state: running, silent (alive, serves nothing), killed, stopped, external or unreachable."""

    name: str
    title: str
    state: str
    url: str
    pid: int | None
    log: str

    @property
    def healthy(self) -> bool:
        """Whether it can be worked with."""
        return self.state in ("running", "external")


def start_engines(
    settings: Settings, console: Console | None = None, *, secure: bool = False, open_index: bool = False
) -> Endpoints:
    """Start what is not running and return once everything serves; harmless when it all does.

    Nothing is started for an engine whose URL is set. Whatever this call has started is ended again if it fails or
    is interrupted. `console` shows progress; by default nothing is shown. With `secure`, Kafka asks every client who
    it is; a home whose Kafka does so once does so always. The local Elasticsearch can't: it is started in such a home
    only where `open_index` accepts that. The first `up` of a home makes the installation's secret too.
    Raises LiaisonError if an engine cannot be fetched or does not start, Kafka runs already and asks nobody, a home
    that holds records has lost its secret, or the index of a secure one would be open.
    """
    shown = console or Console(quiet=True)
    layout = StackLayout.of(settings.home)
    local = [engine for engine in ENGINES if not engine.address.external_url(settings)]
    if local:
        keep_private(layout.home)
        if secure or read_operator_credentials(layout) is not None:
            runs = local_process(layout, ENGINES[1].address.name) is not None  # who started it has accepted it
            _refuse_open_index(local, accepted=open_index or runs)
        with exclusive(layout.lock, lambda: shown.print("Another `liaison up` or `down` is running; waiting …")):
            if ENGINES[0] in local:
                _prepare_secret(layout, settings)
            _Starter(layout, settings, shown, secure).start(local)
    return endpoints(settings)


def _refuse_open_index(local: Sequence[LocalServer], *, accepted: bool) -> None:
    """Raises LiaisonError where Elasticsearch is local and nobody has accepted that it asks nobody who they are.

    Its security module (x-pack-security 9.5.3) is at the same repository, but not OpenSAML, which it names, and its
    licence is Elastic's own: tests alone start it, with empty classes in place of OpenSAML's.
    """
    if ENGINES[1] in local and not accepted:
        raise LiaisonError(
            "the local Elasticsearch can't ask who its clients are (the libraries of its security module are not at "
            "Maven Central), so every user of this machine could read and change the index: set "
            "LIAISON_ELASTICSEARCH_URL to one that asks, or accept it by `liaison up --accept-open-index` before this"
        )


def _prepare_secret(layout: StackLayout, settings: Settings) -> None:
    """Make the secret of a new installation. Raises LiaisonError where there are records and none: it may be lost."""
    if settings.secret_path.exists():
        return
    if layout.data(ENGINES[0].address.name).exists():
        raise LiaisonError(
            f"{layout.home} holds records, but there is no secret in {settings.secret_path}: put it back; if it is "
            f"lost, or the records are an older version's, run `liaison ops secret new` (references and disclosures "
            f"that agencies hold then end)"
        )
    make_secret(settings)


def stop_engines(settings: Settings, console: Console | None = None) -> list[str]:
    """Stop the local engines of this home, wherever they were started from; returns the names of those that ran."""
    layout, shown = StackLayout.of(settings.home), console or Console(quiet=True)
    if not layout.lock.exists():
        return []
    with exclusive(layout.lock), shown.status("Stopping; after the first run Java also notes what it loaded …"):
        names = [engine.address.name for engine in ENGINES]
        running = {name: process for name in names if (process := local_process(layout, name))}
        killed = processes.stop_processes(list(running.values()), STOP_GRACE_S)
        for name in names:
            layout.run_file(name).unlink(missing_ok=True)
        for name, process in running.items():
            if process.pid not in killed:
                start_cache.adopt_cache(name, settings)
    return list(running)


def engine_statuses(settings: Settings) -> list[EngineStatus]:
    """The state of each engine, asked now."""
    layout = StackLayout.of(settings.home)
    return [_engine_status(engine, layout, settings) for engine in ENGINES]


def _engine_status(engine: LocalServer, layout: StackLayout, settings: Settings) -> EngineStatus:
    address = engine.address
    if url := address.external_url(settings):
        places = map(_host_and_port, url.split(","))
        reachable = any(accepts(host.strip("[] "), int(port)) for host, port in places)
        return EngineStatus(address.name, address.title, "external" if reachable else "unreachable", url, None, "")
    run = read_run(layout.run_file(address.name))
    log = str(layout.log(address.name))
    if run is None:
        return EngineStatus(address.name, address.title, "stopped", "", None, log)
    url = address.local_url(run.port)
    process = local_process(layout, address.name)
    if process is None:
        return EngineStatus(address.name, address.title, "killed", url, None, log)
    state = "running" if _is_serving(engine, process, run.port, layout, settings) else "silent"
    return EngineStatus(address.name, address.title, state, url, run.pid, log)


def _host_and_port(server: str) -> tuple[str, str]:
    """Both parts of a URL or a bootstrap server, whose ports have defaults."""
    place = server.rsplit("@", 1)[-1].split("://")[-1].split("/")[0]
    host, colon, port = place.rpartition(":")
    defaults = {"https": "443", "http": "80"}
    return (host, port) if colon else (place, defaults.get(server.strip().split("://")[0], "9092"))


def _is_serving(
    engine: LocalServer, process: psutil.Process, port: int, layout: StackLayout, settings: Settings
) -> bool:
    return processes.is_listening(process, port) and engine.is_serving(port, layout, settings)


class _Starter:
    """One `up`, under the stack's lock."""

    def __init__(self, layout: StackLayout, settings: Settings, console: Console, secure: bool) -> None:
        self.layout = layout
        self.settings = settings
        self.console = console
        self.secure = secure
        self.started: list[psutil.Process] = []
        self.starts: Counter[str] = Counter()
        self.jars: dict[str, list[Path]] = {}

    def start(self, engines: Sequence[LocalServer]) -> None:
        """Start those that do not run, then wait until all serve; end what was started if that fails."""
        absent = [engine for engine in engines if local_process(self.layout, engine.address.name) is None]
        if self.secure and read_operator_credentials(self.layout) is None and ENGINES[0] not in absent:
            raise LiaisonError("Kafka is running without authentication; --secure needs a LIAISON_HOME of its own")
        names = [engine.address.name for engine in absent]
        self.jars = artifacts.fetch_jars(names, self.settings, self.console) if names else {}
        with self._undo_on_failure():
            # Elasticsearch, the slower one, goes first, and starts while Kafka's data folder is made.
            for engine in reversed(absent):
                self._launch_engine(engine)
            self._wait_until_serving(engines)

    def _launch_engine(self, engine: LocalServer) -> None:
        name = engine.address.name
        if name not in self.jars:
            self.jars |= artifacts.fetch_jars([name], self.settings, self.console)
        launch = EngineLaunch(self.layout, self.settings, self.jars[name], self._choose_port(engine), self.secure)
        engine.prepare_files(launch)
        self._spawn_engine(engine, launch)
        self.starts[name] += 1

    def _choose_port(self, engine: LocalServer) -> int:
        """The port it had before it was killed, so that its clients find it again; else the preferred; else any."""
        last = read_run(self.layout.run_file(engine.address.name))
        wanted = engine.preferred_port(self.settings)
        port = choose([last.port, wanted] if last else [wanted])
        if wanted not in (port, 0) and not last:
            self.console.print(f"Port {wanted} is in use; {engine.address.title} uses {port}.")
        return port

    def _spawn_engine(self, engine: LocalServer, launch: EngineLaunch) -> None:
        name = engine.address.name
        self.layout.log(name).parent.mkdir(parents=True, exist_ok=True)
        with processes.defer_interrupts():
            process = processes.spawn(engine.launch_command(launch), self.layout.console(name), self.layout.home)
            self.started.append(process)
            run = ProcessRun(process.pid, start_time_s(process), launch.port)
            write_run(self.layout.run_file(name), run)

    def _wait_until_serving(self, engines: Sequence[LocalServer]) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        waiting = list(engines)
        with self.console.status("") as shown:
            while waiting := [engine for engine in waiting if not self._check_or_restart(engine)]:
                if time.monotonic() > deadline:
                    raise self._start_error(waiting[0], f"did not serve within {START_DEADLINE_S:.0f} s")
                shown.update(f"Waiting for {' and '.join(engine.address.title for engine in waiting)} …")
                time.sleep(POLL_S)

    def _check_or_restart(self, engine: LocalServer) -> bool:
        """Whether it serves. One that was ending as we came, or that lost its port, is started again."""
        run = read_run(self.layout.run_file(engine.address.name))
        process = find_process(run, marker=str(self.layout.home))
        if run and process:
            return _is_serving(engine, process, run.port, self.layout, self.settings)
        starts = self.starts[engine.address.name]
        if starts == STARTS_PER_ENGINE or (starts and run and not engine.has_lost_port(run.port, self.layout)):
            raise self._start_error(engine, "ended while starting")
        self._launch_engine(engine)
        return False

    def _start_error(self, engine: LocalServer, what: str) -> LiaisonError:
        title, name = engine.address.title, engine.address.name
        return LiaisonError(
            f"{title} {what}: see {self.layout.log(name)} and {self.layout.console(name)};"
            f" or set LIAISON_{name.upper()}_URL to an existing one"
        )

    @contextmanager
    def _undo_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            with processes.defer_interrupts():
                processes.kill_processes(self.started)
            raise
