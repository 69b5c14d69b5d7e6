"""An agency leaves: its credentials end, its cases are withdrawn, its access requests, alerts and folders end.

Every step may be done twice, so a removal that was cut off is run again. Its cases are withdrawn before the registry
refuses its records, through intake like any withdrawal; what a sender still got in between is looked for afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.alerts import PREFIX, Alert, AlertState, close_alert
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep, is_open
from pipeline.access.folders import FolderState
from pipeline.access.guesses import AskedGuesses
from pipeline.correlation.fingerprinting import CONTENT_FREE
from pipeline.errors import LiaisonError
from pipeline.ops.folder_erasure import apply_erasure, read_erasure
from pipeline.records.agencies import Agency, AgencyState
from pipeline.records.messages import AcceptedRecord
from pipeline.records.model import RECORD_TYPE
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import asks_for_credentials
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.monitoring.lag import group_of, lag_of
from pipeline.streams.provisioning import users
from pipeline.streams.registers import registry

POLL_S: Final = 0.5
"""Between two looks at what intake has taken in."""

REASON: Final = "the agency no longer takes part"

_accepted = msgspec.json.Decoder(AcceptedRecord).decode
_disclosure = msgspec.json.Decoder(Disclosure)
_subscription = msgspec.json.Decoder(Alert)


class Removed(msgspec.Struct, frozen=True):
    """What a removal ended."""

    cases: int
    disclosures: int
    subscriptions: int
    folders: int = 0


async def retire_agency(settings: Settings, name: str, timeout_s: float, clock: Callable[[], datetime]) -> Removed:
    """Remove an agency. Raises LiaisonError for one that is not registered, or if intake does not work in that time."""
    agency = (await registry.trusted_agencies(settings)).get(name)
    if agency is None:
        raise LiaisonError(f"agency {name} is not registered; see `liaison ops agency list`")
    if asks_for_credentials(settings):
        await asyncio.to_thread(users.remove_user, settings, name)
    deadline, withdrawn = time.monotonic() + timeout_s, set[str]()
    if live := await _read_live_cases(settings, name):
        await registry.write_agency(settings, waive_signing(agency))
    while live:
        await _send_withdrawals(settings, agency, live, clock())
        await _wait_for_intake(settings, name, deadline)
        withdrawn |= {record.case for record in live}
        live = await _read_live_cases(settings, name)
    await registry.write_agency(settings, msgspec.structs.replace(agency, state=AgencyState.REMOVED))
    await _wait_for_intake(settings, name, deadline)
    if await _read_live_cases(settings, name):
        raise LiaisonError(f"{name} kept sending meanwhile; run the same command again")
    return await _end_decisions(settings, name, clock(), len(withdrawn))


def waive_signing(agency: Agency) -> Agency:
    """The agency as its cases are withdrawn in its name, which the installation can't sign."""
    signing = msgspec.structs.replace(agency.signing, required=False)
    return msgspec.structs.replace(agency, state=AgencyState.ACTIVE, signing=signing)


async def _read_live_cases(settings: Settings, name: str) -> list[AcceptedRecord]:
    """The last version of each of the agency's cases that is still to be seen."""
    topic, own = topics.topic_name(settings, topics.ACCEPTED), f"{name}:".encode()
    last: dict[bytes, AcceptedRecord] = {}
    starts = {TopicPartition(topic, p): 0 for p in range(topics.partition_count(settings, topics.ACCEPTED))}
    async for records in read_partitions(settings, starts):
        last |= {r.key: _accepted(r.value) for r in records if r.key.startswith(own) and r.value is not None}
    return [record for record in last.values() if record.status not in CONTENT_FREE]


async def _send_withdrawals(settings: Settings, agency: Agency, cases: Iterable[AcceptedRecord], now: datetime) -> None:
    topic = topics.topic_name(settings, topics.CASES, agency=agency.name)
    async with plain_producer(settings) as producer:
        sent = [
            await producer.send(topic, msgspec.json.encode(make_withdrawal(agency, case, now)), key=case.case.encode())
            for case in cases
        ]
        await asyncio.gather(*sent)


def make_withdrawal(agency: Agency, case: AcceptedRecord, now: datetime) -> dict[str, object]:
    """The record that withdraws a case in the agency's name."""
    version = case.version + 1
    data = {
        "case_id": case.case.partition(":")[2],
        "agency": agency.name,
        "country": agency.country,
        "version": version,
        "status": "withdrawn",
    }
    return {
        "specversion": "1.0",
        "id": f"{case.case}:{version}",
        "source": f"/agencies/{agency.name}",
        "type": RECORD_TYPE,
        "time": now.isoformat(timespec="seconds"),
        "data": data,
    }


async def _wait_for_intake(settings: Settings, name: str, deadline: float) -> None:
    """Return once intake has decided on everything that the agency's topic holds."""
    topic = topics.topic_name(settings, topics.CASES, agency=name)
    partitions = [TopicPartition(topic, p) for p in range(topics.partition_count(settings, topics.CASES))]
    while any(lag.lag for lag in await lag_of(settings, {group_of(settings, "intake"): partitions})):
        if time.monotonic() > deadline:
            raise LiaisonError("intake has not finished the agency's topic; run the same command again")
        await asyncio.sleep(POLL_S)


async def _end_decisions(settings: Settings, name: str, now: datetime, cases: int) -> Removed:
    """End what the agency holds of others, others of it, what it asks standing, and what its folders keep."""
    threads = revoke_disclosures(map(_disclosure.decode, await _read_values(settings, topics.DISCLOSURES)), name, now)
    queries = close_alerts(map(_subscription.decode, await _read_values(settings, topics.SUBSCRIPTIONS)), name, now)
    await _forget_guesses(settings, queries)  # first: an ended alert is not found again by a second run
    folders = await read_erasure(
        settings, lambda folder: folder.agency == name and folder.state is FolderState.OPEN, now
    )
    async with DecisionLog(settings) as log:
        for thread in threads:
            await log.write(topics.DISCLOSURES, thread.id, thread)
        for query in queries:
            await log.write(topics.SUBSCRIPTIONS, query.id, query)
        await apply_erasure(log, folders)
    return Removed(cases, len(threads), len(queries), len(folders.folders))


async def _forget_guesses(settings: Settings, queries: Iterable[Alert]) -> None:
    """Say that these guess nothing any more, so that the gate keeps none that it refused. Intake does so of cases."""
    topic = topics.topic_name(settings, topics.HIT_GUESSES)
    async with plain_producer(settings) as producer:
        for query in queries:
            value = msgspec.json.encode(AskedGuesses(query.agency, f"{PREFIX}{query.id}"))
            await producer.send_and_wait(topic, value, key=query.agency.encode(), partition=0)


async def _read_values(settings: Settings, topic: topics.Topic) -> Iterable[bytes]:
    return (await read_table(settings, topics.topic_name(settings, topic))).values()


def revoke_disclosures(threads: Iterable[Disclosure], name: str, now: datetime) -> Sequence[Disclosure]:
    """The threads in force that the agency owns or has asked for, each with its revocation."""
    return [
        msgspec.structs.replace(
            thread, steps=(*thread.steps, ThreadStep(Move.REVOCATION, thread.owner, "", now, reason=REASON))
        )
        for thread in threads
        if name in (thread.owner, thread.requester) and is_open(thread)
    ]


def close_alerts(queries: Iterable[Alert], name: str, now: datetime) -> Sequence[Alert]:
    """The ends of the agency's alerts; nothing of what they asked is kept."""
    return [close_alert(query, now) for query in queries if query.agency == name and query.state is AlertState.ACTIVE]
