"""The demo's own installation on the engines at hand: a namespace that each run starts empty, and its workers.

Nothing outside the namespace is touched, so the demo may run beside a real installation.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from elasticsearch import ApiError, TransportError

from pipeline.errors import LiaisonError
from pipeline.index.engine import connect
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from pipeline.streams.runtime.stores import delete_namespace, shared_root
from pipeline.streams.workers.supervisor import STAGES, stage_command

NAMESPACE = "liaison-demo-"

GONE_DEADLINE_S = 60.0
"""Kafka deletes topics in the background: a second usually."""
GRACE_S = 20.0
"""A worker ends in order within 15 s."""
POLL_S = 0.1
"""Between two looks whether the topics are gone."""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def demo_settings(settings: Settings) -> Settings:
    """The settings of the demo's installation within those of the environment."""
    return settings.model_copy(update={"namespace": settings.namespace + NAMESPACE})


def log_to_file(settings: Settings) -> None:
    """Libraries' warnings go to a file: Kafka's clients say a lot while topics are being made."""
    log = _log_folder(settings) / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=log, filemode="w", level=logging.WARNING, format=LOG_FORMAT)


def _log_folder(settings: Settings) -> Path:
    return settings.home.expanduser().absolute() / "logs"


async def reset_installation(settings: Settings, agencies: Sequence[Agency]) -> None:
    """Remove what an earlier demo left, then create topics and register the agencies. Raises LiaisonError."""
    await asyncio.to_thread(_remove_topics, settings)
    await _remove_indices(settings)
    delete_namespace(shared_root(settings), settings.namespace)
    for agency in agencies:
        await registry.register_agency(settings, agency)
    await apply_all(settings)


def _remove_topics(settings: Settings) -> None:
    with admin_client(settings) as client:

        def held() -> list[str]:
            return [topic for topic in client.list_topics() if topic.startswith(settings.namespace)]

        if topics := held():
            client.delete_topics(topics)
        deadline = time.monotonic() + GONE_DEADLINE_S
        while held():
            if time.monotonic() > deadline:
                raise LiaisonError("Kafka did not delete the last demo's topics; run `liaison down`, then try again")
            time.sleep(POLL_S)
        groups = [group["group_id"] for group in client.list_groups()]
        if own := [group for group in groups if group.startswith(settings.namespace)]:
            client.delete_groups(own)


async def _remove_indices(settings: Settings) -> None:
    async with connect(settings) as client:
        try:
            if indices := list(await client.indices.get(index=f"{settings.namespace}*", expand_wildcards="all")):
                await client.indices.delete(index=indices)
        except (ApiError, TransportError) as error:
            raise LiaisonError(f"Elasticsearch is not responding: {error}") from error


class Workers:
    """The stages as child processes that end with this one, however it ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every stage."""
        for stage in STAGES:
            self._children[stage] = self._spawn_stage(stage)

    def check_alive(self) -> None:
        """Raise LiaisonError if a stage has ended by itself."""
        for stage, child in self._children.items():
            if child.poll() is not None:
                raise LiaisonError(f"the {stage} worker ended ({child.returncode}): see {self.log_path(stage)}")

    def stop(self) -> None:
        """Ask all to end and wait for it; kill what does not."""
        for child in self._children.values():
            child.send_signal(signal.SIGINT)  # for good: the next demo must find no member in its groups
        for child in self._children.values():
            try:
                child.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin:
                child.stdin.close()

    def log_path(self, stage: str) -> Path:
        """Where a stage writes what it has to say."""
        return _log_folder(self._settings) / f"demo-{stage}.log"

    def _spawn_stage(self, stage: str) -> subprocess.Popen[bytes]:
        log = self.log_path(stage)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            return subprocess.Popen(  # noqa: S603 - this package's own command
                stage_command(stage),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=os.environ | _child_environment(self._settings),
                start_new_session=True,
            )


def _child_environment(settings: Settings) -> dict[str, str]:
    """What a child must know of settings that were made in this process."""
    return {
        "LIAISON_HOME": str(settings.home.expanduser().absolute()),
        "LIAISON_NAMESPACE": settings.namespace,
        "LIAISON_KAFKA_URL": settings.kafka_url,
        "LIAISON_ELASTICSEARCH_URL": settings.elasticsearch_url,
    }


@contextmanager
def running_workers(settings: Settings) -> Iterator[Workers]:
    """The running workers of the installation, ended afterwards."""
    own = Workers(settings)
    try:
        own.start()
        yield own
    finally:
        own.stop()
