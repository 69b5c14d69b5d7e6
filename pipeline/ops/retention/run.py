"""Reads what retention is decided by and does what it decides. Every step may be done twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.query_cipher import delete_month_key, months_in
from pipeline.access.reviews import Review
from pipeline.access.subscriptions import Subscription
from pipeline.ops.replay.resending import open_sender
from pipeline.ops.retention.policy import (
    RetentionFields,
    RetentionPlan,
    close_lapsed_subscriptions,
    ended_cases,
    find_outdated_months,
    forecast_expiries,
    make_expiry_notices,
    strip_reviews,
)
from pipeline.records.partitioning import partition_of
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.seals import sealed_expiry

_review: Final = msgspec.json.Decoder(Review)
_subscription: Final = msgspec.json.Decoder(Subscription)
_keeping: Final = msgspec.json.Decoder(RetentionFields)
_encoder: Final = msgspec.json.Encoder()


async def plan_retention(settings: Settings, now: datetime, until: datetime, query_months: int) -> RetentionPlan:
    """What is due now, and which cases expire by `until`."""
    reviewed = {case for review in await _read_reviews(settings) for case in (review.case_a, review.case_b)}
    ending, over = await _read_cases(settings, reviewed, now)
    subscriptions = (await read_table(settings, topics.topic_name(settings, topics.SUBSCRIPTIONS))).values()
    sent_ids = {key.decode() for key in await read_table(settings, topics.topic_name(settings, topics.NOTICES))}
    return RetentionPlan(
        expiries=forecast_expiries(ending, now, until),
        cases=ended_cases(ending, now),
        notices=make_expiry_notices(ending, sent_ids, now),
        subscriptions=close_lapsed_subscriptions(map(_subscription.decode, subscriptions), now),
        reviews=strip_reviews(await _read_reviews(settings), over),  # read late, so that what is replaced is the latest
        months=find_outdated_months(months_in(settings.audit_key_folder), now, query_months),
    )


async def apply_retention_plan(settings: Settings, plan: RetentionPlan) -> None:
    """Have cases ended, tell, end, bare and delete what the plan says. Raises LiaisonError; then run it again."""
    expiries, notices = (topics.topic_name(settings, topic) for topic in (topics.EXPIRIES, topics.NOTICES))
    ring = key_ring(settings)
    async with open_sender(settings) as send:
        for notice in plan.notices:
            await send(notices, 0, notice.id.encode(), _encoder.encode(notice))
        for case in plan.cases:
            key = case.case.encode()
            await send(
                expiries, partition_of(key, settings.case_partitions), key, _encoder.encode(sealed_expiry(case, ring))
            )
    async with DecisionLog(settings) as log:
        for subscription in plan.subscriptions:
            await log.write(topics.SUBSCRIPTIONS, subscription.id, subscription)
        for review in plan.reviews:
            await log.write(topics.REVIEWS, review.id, review)
    for month in plan.months:
        delete_month_key(settings.audit_key_folder, month)


async def _read_reviews(settings: Settings) -> list[Review]:
    held = await read_table(settings, topics.topic_name(settings, topics.REVIEWS))
    return [_review.decode(value) for value in held.values()]


async def _read_cases(
    settings: Settings, reviewed: Collection[str], now: datetime
) -> tuple[list[RetentionFields], set[str]]:
    """Every case that has an end, and the reviewed cases that are over."""
    ending: list[RetentionFields] = []
    over: set[str] = set()
    name = topics.topic_name(settings, topics.ACCEPTED)
    for partition in range(topics.partition_count(settings, topics.ACCEPTED)):
        last = await _read_last_versions(settings, TopicPartition(name, partition))
        ending += [fields for fields in last.values() if fields.expiry_date()]
        over |= {case for case, fields in last.items() if case in reviewed and fields.is_over(now)}
    return ending, over


async def _read_last_versions(settings: Settings, source: TopicPartition) -> dict[str, RetentionFields]:
    last: dict[str, RetentionFields] = {}
    async for records in read_partitions(settings, {source: 0}):
        last |= {r.key.decode(): _keeping.decode(r.value) for r in records if r.value is not None}
    return last
