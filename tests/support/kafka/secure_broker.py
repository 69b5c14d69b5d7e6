"""A local Kafka that asks every client who it is, and logs which rule let it do what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from kafka.admin import ConfigResource, ConfigResourceType

from pipeline.localstack import stack
from pipeline.localstack.kafka import NODE_ID
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.connection import client_options


class AccessRule(NamedTuple):
    """An access rule by which something was allowed."""

    kind: str
    name: str
    operation: str
    prefix: bool


_ALLOWED = re.compile(
    r"Principal = User:(\S+) is Allowed operation = (\w+) .*"
    r"resourceType=(\w+), resourceName=(\S+), patternType=(\w+), .*operation=(\w+),"
)


@contextmanager
def secure_broker(home: Path, elasticsearch: str, **settings: object) -> Iterator[Settings]:
    """The operator's settings for a broker of its own in this home."""
    own = Settings(home=home, kafka_url="", elasticsearch_url=elasticsearch, kafka_port=0, **settings)  # type: ignore[arg-type]
    stack.start_engines(own, secure=True)
    try:
        yield own
    finally:
        stack.stop_engines(own)


def admits(settings: Settings) -> bool:
    """Whether the broker knows a user by this password.

    It goes by a password, and by the rights given before, only some time after it accepted it. Who is refused is told
    at once, where kafka-python asks again for half a minute.
    """

    async def enter() -> None:
        producer = AIOKafkaProducer(**client_options(settings))
        try:
            await producer.start()
        finally:
            await producer.stop()

    try:
        asyncio.run(enter())
    except KafkaConnectionError:
        return False
    return True


def log_decisions(operator: Settings) -> None:
    """Let the broker log from now on what it allows, and why."""
    level = ConfigResource(ConfigResourceType.BROKER_LOGGER, str(NODE_ID), {"kafka.authorizer.logger": "DEBUG"})
    with admin_client(operator) as client:
        client.alter_configs([level])


def rules_used(home: Path) -> dict[str, set[AccessRule]]:
    """By user, the rules without which something that it did would have been refused."""
    used: dict[str, set[AccessRule]] = {}
    for log in (home / "logs").glob("kafka.log*"):
        for user, asked, kind, name, pattern, operation in _ALLOWED.findall(log.read_text()):
            if asked == operation:
                used.setdefault(user, set()).add(AccessRule(kind, name, operation, pattern == "PREFIXED"))
    return used


def refusals(home: Path) -> list[str]:
    """What the broker has refused."""
    logs = [log.read_text() for log in (home / "logs").glob("kafka.log*")]
    return [line for log in logs for line in log.splitlines() if " is Denied operation = " in line]
