"""Where the engines are: as the settings name them, or else the local ones that run for this home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psutil

from pipeline.engines import credentials
from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import LOOPBACK
from pipeline.engines.run_files import find_process, read_run
from pipeline.errors import LiaisonError
from pipeline.settings import Settings


@dataclass(frozen=True)
class Endpoints:
    """Where the engines are: Kafka's bootstrap servers and Elasticsearch's URL."""

    kafka: str
    elasticsearch: str


@dataclass(frozen=True)
class EngineAddress:
    """How an engine is named and addressed."""

    name: str
    """As in the settings LIAISON_<NAME>_URL and in the names of files."""
    title: str
    scheme: str = ""

    @property
    def setting(self) -> str:
        """The setting that names an existing one."""
        return f"LIAISON_{self.name.upper()}_URL"

    def external_url(self, settings: Settings) -> str:
        """The address of an existing one, from the settings; or the empty string."""
        return str(getattr(settings, f"{self.name}_url"))

    def local_url(self, port: int) -> str:
        """How clients address the local one on this port."""
        return f"{self.scheme}{LOOPBACK}:{port}"


KAFKA: Final = EngineAddress("kafka", "Apache Kafka 4.3.1")
ELASTICSEARCH: Final = EngineAddress("elasticsearch", "Elasticsearch 9.5.3", "http://")


def endpoints(settings: Settings) -> Endpoints:
    """The engines that the settings name, or else the running local ones.

    Raises LiaisonError if there is neither.
    """
    return Endpoints(engine_url(KAFKA, settings), engine_url(ELASTICSEARCH, settings))


def engine_url(engine: EngineAddress, settings: Settings) -> str:
    """Where one engine is; whether the other one runs is nothing to it. Raises LiaisonError if it is nowhere."""
    return engine.external_url(settings) or _local_url(engine, settings)


def elasticsearch_url(settings: Settings) -> str:
    """Where the index is: the settings' address, else the local stack's. Raises LiaisonError without any."""
    return engine_url(ELASTICSEARCH, settings)


def how_to_mend(engine: EngineAddress, settings: Settings) -> str:
    """What somebody does about an engine that does not answer; addresses, which may hold a password, are left out."""
    if engine.external_url(settings):
        return f"check that what {engine.setting} names runs and can be reached from here"
    return "`liaison status` tells its state, `liaison up` starts it again"


def kafka_access(settings: Settings) -> credentials.BrokerCredentials | None:
    """The operator's credentials at the local Kafka; None where it asks nobody, or where another is used."""
    return None if settings.kafka_url else credentials.read_operator_credentials(StackLayout.of(settings.home))


def local_process(layout: StackLayout, name: str) -> psutil.Process | None:
    """The live process of a local engine."""
    return find_process(read_run(layout.run_file(name)), marker=str(layout.home))


def _local_url(engine: EngineAddress, settings: Settings) -> str:
    layout = StackLayout.of(settings.home)
    run = read_run(layout.run_file(engine.name))
    if run is None:
        raise LiaisonError(f"no local engines are running; start them with `liaison up`, or set {engine.setting}")
    if local_process(layout, engine.name) is None:
        raise LiaisonError(f"the local {engine.title} has stopped; start it again with `liaison up`")
    return engine.local_url(run.port)
