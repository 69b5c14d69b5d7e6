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
from pipeline.ops.retention import Keeping, Plan, bared, expiries, outdated, run_out
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.decision_log import DecisionLog
from pipeline.streams.reading import read, read_table

_review: Final = msgspec.json.Decoder(Review)
_subscription: Final = msgspec.json.Decoder(Subscription)
_keeping: Final = msgspec.json.Decoder(Keeping)


async def planned(settings: Settings, now: datetime, until: datetime, query_months: int) -> Plan:
    """What is due now, and which cases expire by `until`."""
    reviewed = {case for one in await _reviews(settings) for case in (one.case_a, one.case_b)}
    terms, over = await _cases(settings, reviewed, now)
    subscriptions = (await read_table(settings, topics.name(settings, topics.SUBSCRIPTIONS))).values()
    return Plan(
        expiries=expiries(terms, now, until),
        subscriptions=run_out(map(_subscription.decode, subscriptions), now),
        reviews=bared(await _reviews(settings), over),  # read late, so that what is replaced is the latest
        months=outdated(months_in(settings.audit_key_folder), now, query_months),
    )


async def carry_out(settings: Settings, plan: Plan) -> None:
    """End, bare and delete what the plan says. Raises LiaisonError; then run it again."""
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


async def _cases(
    settings: Settings, reviewed: Collection[str], now: datetime
) -> tuple[list[tuple[str, str]], set[str]]:
    """Agency and date of every case that has an end, and the reviewed cases that are over."""
    terms: list[tuple[str, str]] = []
    over: set[str] = set()
    name = topics.name(settings, topics.ACCEPTED)
    for partition in range(topics.partitions(settings, topics.ACCEPTED)):
        last = await _last(settings, TopicPartition(name, partition))
        terms += [(case.partition(":")[0], one.ends()) for case, one in last.items() if one.ends()]
        over |= {case for case, one in last.items() if case in reviewed and one.is_over(now)}
    return terms, over


async def _last(settings: Settings, source: TopicPartition) -> dict[str, Keeping]:
    last: dict[str, Keeping] = {}
    async for records in read(settings, {source: 0}):
        last |= {r.key.decode(): _keeping.decode(r.value) for r in records if r.value is not None}
    return last
