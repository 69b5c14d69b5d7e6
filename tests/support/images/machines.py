"""The fixtures of machines that run an image against the session's engines."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from kafka import KafkaAdminClient

from pipeline.engines.endpoints import Endpoints
from pipeline.settings import Settings
from support.images.compose import Service, read_services
from support.images.containers import USER, Machine, Running
from support.installation.installation import Installation
from support.ports import own_port, own_ports

STATED: Final[Mapping[str, str]] = {"LIAISON_ELASTICSEARCH_PASSWORD": "secret"}
"""What the file `.env` says."""

MakeMachine = Callable[..., Machine]
"""Makes a machine of a name with a working container; `beside` another on its volumes, with ports of its own."""


@pytest.fixture
def services() -> dict[str, Service]:
    """What compose.yaml has of ours."""
    return read_services(STATED)


@pytest.fixture
def make_machine(engines: Endpoints, namespace: str, tmp_path: Path) -> Iterator[MakeMachine]:
    """Machines with volumes, a passphrase and ports of their own; what they run is ended."""
    made: list[Machine] = []

    def make(name: str, container: str, beside: Machine | None = None) -> Machine:
        ports, api = own_ports(7), str(own_port())
        replaced = {
            "kafka:19092": engines.kafka, "http://elasticsearch:9200": engines.elasticsearch, "0.0.0.0": "127.0.0.1",
            "http://api:8000": f"http://127.0.0.1:{api}", "8000": api,
        } | {str(9601 + place): str(port) for place, port in enumerate(ports)}  # fmt: skip
        own = {"LIAISON_NAMESPACE": namespace, "LIAISON_METRICS_PORT": str(ports[0])}
        folder = tmp_path / name
        folder.mkdir()
        passphrase = folder / "passphrase"
        passphrase.write_text("correct horse battery staple\n")
        passphrase.chmod(0o600)
        shutil.chown(passphrase, USER, USER)
        made.append(Machine(container, folder, beside.volumes if beside else folder / "volumes", replaced, own))
        return made[-1]

    yield make
    for machine in made:
        machine.end_all()


@contextmanager
def doing(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do something all the while in a thread of its own; it ends soon after its event is set."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def observed(machine: Machine, engines: Endpoints, admin: KafkaAdminClient) -> Installation:
    """The installation as one sees it from outside, with a copy of its secret."""
    home = machine.folder / "observer"
    home.mkdir()
    shutil.copyfile(machine.volume("liaison") / "secret", home / "secret")
    (home / "secret").chmod(0o600)
    settings = Settings(
        kafka_url=engines.kafka, elasticsearch_url=engines.elasticsearch, home=home, secret_file=None,
        namespace=machine.environment["LIAISON_NAMESPACE"],
    )  # fmt: skip
    return Installation(settings, admin)


def start_up(machine: Machine, services: Mapping[str, Service]) -> dict[str, Running]:
    """`docker compose up`, once topics are there."""
    return {name: machine.start(one) for name, one in services.items() if one.starts and name != "topics"}
