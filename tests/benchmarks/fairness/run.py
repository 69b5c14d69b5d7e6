"""How long one agency waits for its receipts while another floods, on real engines: with quotas, and without.

    PYTHONPATH=tests python tests/benchmarks/fairness/run.py [--setting secure|open] [--seconds 120]

`calm` sends a record every 50 ms, each timed from its sending to its receipt. First alone, then while `flood` sends at
20 times its own rate. In the setting `secure` the broker asks who sends and holds `flood` to twice its own rate; in
`open` it asks nobody, and only intake's turns keep the two apart.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from pipeline.localstack import stack
from pipeline.records.agencies import Agency
from pipeline.records.messages import Receipt
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import agency_grants
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.installation.fixtures import STAGE_PROCESS
from support.installation.records import RecordMaker
from support.kafka.secure_broker import secure_broker
from support.processes.starting import started

CALM, FLOOD = Agency("be-fp", "BE"), Agency("fr-pj", "FR")
PERIOD_S = 0.05
OWN_RATE = 100
"""Records a second that the flooding agency sends on an ordinary day."""
TIMES = 20
DIFFERENT = 2000
"""Records of the flood that differ; their case ids all do."""
TICK_S = 0.02
NO_ELASTICSEARCH = "http://127.0.0.1:9"
"""Intake does not ask it."""


@contextmanager
def broker(setting: str, home: Path) -> Iterator[Settings]:
    """The operator's settings for a Kafka of its own."""
    if setting == "secure":
        with secure_broker(home, NO_ELASTICSEARCH) as operator:
            yield operator
        return
    own = Settings(home=home, kafka_url="", elasticsearch_url=NO_ELASTICSEARCH, kafka_port=0)
    stack.start_engines(own)
    try:
        yield own
    finally:
        stack.stop_engines(own)


def as_agency(operator: Settings, agency: Agency, setting: str) -> Settings:
    """The settings by which an agency sends."""
    if setting == "open":
        return operator
    made = users.make_user(operator, agency.name, agency_grants(operator, agency.name), renew=True)
    return operator.model_copy(update={"kafka_username": made.user, "kafka_password": SecretStr(made.password)})


@dataclass
class Timed:
    """Records sent and answered: seconds from sending to receipt, by when they were sent."""

    sent: dict[str, float] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)

    def quantiles(self, begin: float, end: float) -> tuple[int, float, float, float]:
        """How many were sent in a span, and the median, the 99th of a hundred and the longest wait in seconds."""
        waits = [waited for at, waited in self.waits if begin <= at < end]
        half, most, longest = (float(np.quantile(waits, q)) for q in (0.5, 0.99, 1.0))
        return len(waits), half, most, longest


async def send_calmly(settings: Settings, timed: Timed, until: float) -> None:
    """Send a record every PERIOD_S; one that is late does not delay the next."""
    records, number = RecordMaker(), 0
    async with AIOKafkaProducer(**client_options(settings), linger_ms=0) as producer, asyncio.TaskGroup() as group:
        begun = time.monotonic()
        while (now := time.monotonic()) < until:
            message = records.message(CALM.name, f"calm{number}")
            group.create_task(_send(producer, settings, message, timed, now))
            number += 1
            await asyncio.sleep(max(0.0, begun + number * PERIOD_S - time.monotonic()))


async def _send(producer: AIOKafkaProducer, settings: Settings, one: Any, timed: Timed, begun: float) -> None:
    topic = topics.topic_name(settings, topics.CASES, agency=CALM.name)
    done = await producer.send_and_wait(topic, one.value, key=one.key)
    timed.sent[f"{done.topic}-{done.partition}-{done.offset}"] = begun


async def time_receipts(settings: Settings, timed: Timed) -> None:
    """Note when each receipt comes; one may come before its sender knows the position."""
    topic = topics.topic_name(settings, topics.RECEIPTS, agency=CALM.name)
    partitions = [TopicPartition(topic, p) for p in range(settings.case_partitions)]
    early: dict[str, float] = {}
    options = client_options(settings) | {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(**options, fetch_max_wait_ms=10) as consumer:
        consumer.assign(partitions)
        while True:
            fetched = await consumer.getmany(timeout_ms=20)
            early |= {_position(r.value): time.monotonic() for records in fetched.values() for r in records}
            for position in early.keys() & timed.sent.keys():
                begun = timed.sent.pop(position)
                timed.waits.append((begun, early.pop(position) - begun))


def _position(value: bytes) -> str:
    return str(msgspec.json.decode(value, type=Receipt).position)


async def flood(settings: Settings, seconds: float, rate: float) -> int:
    """Send records at a rate for a time; returns how many the broker has taken."""
    records = RecordMaker()
    made = [records.message(FLOOD.name, f"@{number:06d}") for number in range(DIFFERENT)]
    topic, sent, begun = topics.topic_name(settings, topics.CASES, agency=FLOOD.name), 0, time.monotonic()
    async with AIOKafkaProducer(**client_options(settings), linger_ms=5) as producer:
        while (passed := time.monotonic() - begun) < seconds:
            for number in range(sent, int(passed * rate)):
                message, case = made[number % DIFFERENT], f"x{number:06d}".encode()
                old = f"@{number % DIFFERENT:06d}".encode()
                await producer.send(
                    topic, message.event.replace(old, case), key=message.case.encode().replace(old, case)
                )
                sent += 1
            await asyncio.sleep(TICK_S)
    return sent


async def measured(operator: Settings, setting: str, before_s: float, seconds: float) -> dict[str, Any]:
    """Run both phases and tell what `calm` waited in each."""
    calm, flooding = (as_agency(operator, agency, setting) for agency in (CALM, FLOOD))
    size = len(RecordMaker().message(FLOOD.name, "x000000").event)
    if setting == "secure":
        users.limit_rate(operator, FLOOD.name, 2 * OWN_RATE * size)
    timed, begun = Timed(), time.monotonic()
    turned, end = begun + before_s, begun + before_s + seconds
    async with AsyncExitStack() as ending:
        receiving = asyncio.create_task(time_receipts(calm, timed))
        ending.callback(receiving.cancel)
        sending = asyncio.create_task(send_calmly(calm, timed, end))
        await asyncio.sleep(before_s)
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--flood", str(seconds), "--setting", setting,
            stdout=asyncio.subprocess.PIPE, env=_environment(flooding),
        )  # fmt: skip
        ending.callback(lambda: process.kill() if process.returncode is None else None)
        await sending
        out, _ = await asyncio.wait_for(process.communicate(), 60 + seconds)
        async with asyncio.timeout(60):
            while timed.sent:
                await asyncio.sleep(0.1)
    return {
        "setting": setting,
        "flood sent": int(out),
        "before": timed.quantiles(begun, turned),
        "during": timed.quantiles(turned, end),
    }


def _environment(settings: Settings) -> dict[str, str]:
    own = {
        "LIAISON_HOME": str(settings.home),
        "LIAISON_NAMESPACE": settings.namespace,
        "LIAISON_ELASTICSEARCH_URL": settings.elasticsearch_url,
        "LIAISON_KAFKA_USERNAME": settings.kafka_username,
        "LIAISON_KAFKA_PASSWORD": settings.kafka_password.get_secret_value(),
    }
    return {**os.environ, **{name: value for name, value in own.items() if value}}


async def _prepare(operator: Settings) -> None:
    await apply_all(operator)
    for agency in (CALM, FLOOD):
        await registry.register_agency(operator, agency)


async def _warm(operator: Settings, setting: str) -> None:
    """Let intake start and load what it needs: return once it has answered a record of each partition."""
    timed = Timed()
    calm = as_agency(operator, CALM, setting)
    receiving = asyncio.create_task(time_receipts(calm, timed))
    await send_calmly(calm, timed, time.monotonic() + 20 * PERIOD_S)
    async with asyncio.timeout(60):
        while timed.sent:
            await asyncio.sleep(0.1)
    receiving.cancel()


def run(setting: str, before_s: float, seconds: float) -> dict[str, Any]:
    """One setting, on a Kafka of its own."""
    home = Path(tempfile.mkdtemp(prefix="liaison-fairness-"))
    try:
        with broker(setting, home) as operator:
            asyncio.run(_prepare(operator))
            with started(STAGE_PROCESS, _environment(operator), home) as start:
                start("intake")
                asyncio.run(_warm(operator, setting))
                return asyncio.run(measured(operator, setting, before_s, seconds))
    finally:
        shutil.rmtree(home)


def main() -> None:
    """Measure and print a table, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setting", choices=("secure", "open"))
    parser.add_argument("--before", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--flood", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.flood:
        print(asyncio.run(flood(Settings(), arguments.flood, TIMES * OWN_RATE)))
        return
    print(f"{'setting':8} {'phase':7} {'records':>8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    for setting in [arguments.setting] if arguments.setting else ["secure", "open"]:
        found = run(setting, arguments.before, arguments.seconds)
        for phase in ("before", "during"):
            count, *waits = found[phase]
            print(f"{setting:8} {phase:7} {count:8} " + " ".join(f"{1000 * wait:8.0f}" for wait in waits))
        ratio = found["during"][2] / found["before"][2]
        print(f"{setting:8} p99 during the flood: {ratio:.2f} of that before; {found['flood sent']:,} records flooded")


if __name__ == "__main__":
    main()
