"""Reads what retention is decided by and does what it decides. Every step may be done twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.query_cipher import forget, months_in
from pipeline.access.reviews import Review
from pipeline.access.subscriptions import Subscription
from pipeline.ops.replay.resending import sender
from pipeline.ops.retention.policy import (
    Keeping,
    RetentionPlan,
    bared,
    ended_cases,
    forecast,
    notices,
    outdated,
    run_out,
)
from pipeline.records.partitioning import partition_of
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read, read_table
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.seals import sealed_expiry

_review: Final = msgspec.json.Decoder(Review)
_subscription: Final = msgspec.json.Decoder(Subscription)
_keeping: Final = msgspec.json.Decoder(Keeping)
_encoder: Final = msgspec.json.Encoder()


async def planned(settings: Settings, now: datetime, until: datetime, query_months: int) -> RetentionPlan:
    """What is due now, and which cases expire by `until`."""
    reviewed = {case for one in await _reviews(settings) for case in (one.case_a, one.case_b)}
    ending, over = await _cases(settings, reviewed, now)
    subscriptions = (await read_table(settings, topics.name(settings, topics.SUBSCRIPTIONS))).values()
    told = {key.decode() for key in await read_table(settings, topics.name(settings, topics.NOTICES))}
    return RetentionPlan(
        expiries=forecast(ending, now, until),
        cases=ended_cases(ending, now),
        notices=notices(ending, told, now),
        subscriptions=run_out(map(_subscription.decode, subscriptions), now),
        reviews=bared(await _reviews(settings), over),  # read late, so that what is replaced is the latest
        months=outdated(months_in(settings.audit_key_folder), now, query_months),
    )


async def carry_out(settings: Settings, plan: RetentionPlan) -> None:
    """Have cases ended, tell, end, bare and delete what the plan says. Raises LiaisonError; then run it again."""
    expiring, telling = (topics.name(settings, topic) for topic in (topics.EXPIRIES, topics.NOTICES))
    ring = key_ring(settings)
    async with sender(settings) as send:
        for notice in plan.notices:
            await send(telling, 0, notice.id.encode(), _encoder.encode(notice))
        for case in plan.cases:
            key = case.case.encode()
            await send(
                expiring, partition_of(key, settings.case_partitions), key, _encoder.encode(sealed_expiry(case, ring))
            )
    async with DecisionLog(settings) as log:
        for subscription in plan.subscriptions:
            await log.write(topics.SUBSCRIPTIONS, subscription.id, subscription)
        for review in plan.reviews:
            await log.write(topics.REVIEWS, review.id, review)
    for month in plan.months:
        forget(settings.audit_key_folder, month)


async def _reviews(settings: Settings) -> list[Review]:
    held = await read_table(settings, topics.name(settings, topics.REVIEWS))
    return [_review.decode(value) for value in held.values()]


async def _cases(settings: Settings, reviewed: Collection[str], now: datetime) -> tuple[list[Keeping], set[str]]:
    """Every case that has an end, and the reviewed cases that are over."""
    ending: list[Keeping] = []
    over: set[str] = set()
    name = topics.name(settings, topics.ACCEPTED)
    for partition in range(topics.partitions(settings, topics.ACCEPTED)):
        last = await _last(settings, TopicPartition(name, partition))
        ending += [one for one in last.values() if one.ends()]
        over |= {case for case, one in last.items() if case in reviewed and one.is_over(now)}
    return ending, over


async def _last(settings: Settings, source: TopicPartition) -> dict[str, Keeping]:
    last: dict[str, Keeping] = {}
    async for records in read(settings, {source: 0}):
        last |= {r.key.decode(): _keeping.decode(r.value) for r in records if r.value is not None}
    return last
