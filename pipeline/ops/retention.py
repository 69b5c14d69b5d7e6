"""`liaison ops retention`: what it ends and tells, and when.

Cases, alerts, case folders, reasons of reviews, keys of query text, uploaded lists. What is due is decided without
reading anything (`RetentionPlan` and what makes its parts); every step of doing it may be done twice.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Sized
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
import typer
from aiokafka import TopicPartition
from rich.console import Console

from pipeline.access.alerts import Alert, AlertState, close_alert
from pipeline.access.folders import is_lapsed
from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.query_cipher import delete_month_key, months_in
from pipeline.access.reviews import Review
from pipeline.command_settings import from_environment
from pipeline.correlation.claims import is_expired
from pipeline.correlation.fingerprinting import CONTENT_FREE
from pipeline.ops.command_output import JsonObjectOption, print_json
from pipeline.ops.folder_erasure import FolderErasure, apply_erasure, read_erasure
from pipeline.ops.kept_lists import count_kept, find_ended
from pipeline.ops.operation import audit_operation
from pipeline.ops.replay.resending import open_sender
from pipeline.records.expiry import Expiry
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.seals import sealed_expiry
from pipeline.times import now

RENEWABLE: Final = timedelta(days=7)
"""An alert that ran out matches nothing, but can be renewed for so long before what it asked is erased."""

QUERY_MONTHS: Final = 36
"""Europol keeps its logs for three years (Regulation (EU) 2016/794, article 40)."""


TOLD_AHEAD: Final = timedelta(days=183)
"""Owners are told of a case's end half a year before, in time to extend it by a new version."""


class _Term(msgspec.Struct, frozen=True):
    retain_until: str | None = None


class _Origin(msgspec.Struct, frozen=True):
    content_hash: str


class RetentionFields(msgspec.Struct, frozen=True):
    """The parts of an accepted version that say how long it is kept."""

    case: str
    version: int
    status: str
    data: _Term
    provenance: _Origin

    @property
    def agency(self) -> str:
        """Whose case it is."""
        return self.case.partition(":")[0]

    def is_over(self, now: datetime) -> bool:
        """Whether the case is withdrawn or its time has passed."""
        return self.status in CONTENT_FREE or is_expired(self.data.retain_until or "", now)

    def expiry_date(self) -> str:
        """The date on which the case expires, ISO 8601; "" where it has no end or has had it."""
        return "" if self.status in CONTENT_FREE else self.data.retain_until or ""

    def make_expiry(self) -> Expiry:
        """What asks intake to end this version."""
        return Expiry(self.case, self.version, self.provenance.content_hash)


class Forecast(msgspec.Struct, frozen=True):
    """How many cases of an agency expire in a month (YYYY-MM); `past` if their date was before today."""

    agency: str
    month: str
    cases: int
    past: bool


class RetentionPlan(msgspec.Struct, frozen=True):
    """What a run does, but for `expiries`: those are only told."""

    expiries: tuple[Forecast, ...]
    cases: tuple[Expiry, ...]
    notices: tuple[Notice, ...]
    subscriptions: tuple[Alert, ...]
    reviews: tuple[Review, ...]
    months: tuple[str, ...]
    folders: FolderErasure = FolderErasure()
    lists: tuple[str, ...] = ()
    """The folders of uploaded lists whose time is over, of those that this machine holds."""
    kept_lists: int = 0
    """The lists there that are kept on."""


def forecast_expiries(cases: Iterable[RetentionFields], now: datetime, until: datetime) -> tuple[Forecast, ...]:
    """Count the cases that expire by `until`; the soonest first."""
    last = until.date().isoformat()
    dated = ((case.agency, case.expiry_date()) for case in cases)
    counted = Counter((date[:7], agency, is_expired(date, now)) for agency, date in dated if date and date <= last)
    return tuple(Forecast(agency, month, count, past) for (month, agency, past), count in sorted(counted.items()))


def ended_cases(cases: Iterable[RetentionFields], now: datetime) -> tuple[Expiry, ...]:
    """The versions whose retention is over, unless their content is gone already."""
    return tuple(case.make_expiry() for case in cases if is_expired(case.expiry_date(), now))


def make_expiry_notices(
    cases: Iterable[RetentionFields], sent_ids: Collection[str], now: datetime
) -> tuple[Notice, ...]:
    """What owners are told of cases that expire within TOLD_AHEAD; `sent_ids` has the ids of notices that they have.

    One for each case and date, so that a case extended is told of anew when that date comes near.
    """
    last = (now + TOLD_AHEAD).date().isoformat()
    dated = ((case, case.expiry_date()) for case in cases)
    coming = [(fields, date) for fields, date in dated if date and date <= last and not is_expired(date, now)]
    named = ((notice_id("expiry", fields.case, date), fields) for fields, date in coming)
    return tuple(
        Notice(name, fields.agency, NoticeKind.EXPIRY, now, case=fields.case)
        for name, fields in named
        if name not in sent_ids
    )


def close_lapsed_alerts(subscriptions: Iterable[Alert], now: datetime) -> tuple[Alert, ...]:
    """The ends of the alerts whose time, and the time to renew them, has passed."""
    return tuple(
        close_alert(alert, now)
        for alert in subscriptions
        if alert.state is AlertState.ACTIVE and alert.until is not None and alert.until + RENEWABLE <= now
    )


def strip_reviews(reviews: Iterable[Review], over: Collection[str]) -> tuple[Review, ...]:
    """The reviews about a case that is over, with keys and verdict only; without those that are so already."""
    return tuple(
        msgspec.structs.replace(review, reason="", evidence=())
        for review in reviews
        if (review.reason or review.evidence) and not {review.case_a, review.case_b}.isdisjoint(over)
    )


def find_outdated_months(months: Iterable[str], now: datetime, keep: int = QUERY_MONTHS) -> tuple[str, ...]:
    """The months (YYYY-MM) that ended at least `keep` months before this one began."""
    return tuple(sorted(month for month in months if _month_number(f"{now:%Y-%m}") - _month_number(month) > keep))


def _month_number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year)


_review: Final = msgspec.json.Decoder(Review)
_alert: Final = msgspec.json.Decoder(Alert)
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
        subscriptions=close_lapsed_alerts(map(_alert.decode, subscriptions), now),
        reviews=strip_reviews(await _read_reviews(settings), over),  # read late, so that what is replaced is the latest
        months=find_outdated_months(months_in(settings.audit_key_folder), now, query_months),
        folders=await read_erasure(settings, lambda folder: is_lapsed(folder, now), now),
        lists=tuple(place.name for place in find_ended(settings.list_folder, settings.namespace, now)),
        kept_lists=count_kept(settings.list_folder, settings.namespace, now),
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
        for alert in plan.subscriptions:
            await log.write(topics.SUBSCRIPTIONS, alert.id, alert)
        for review in plan.reviews:
            await log.write(topics.REVIEWS, review.id, review)
        await apply_erasure(log, plan.folders)
    for month in plan.months:
        delete_month_key(settings.audit_key_folder, month)
    for name in plan.lists:
        shutil.rmtree(settings.list_folder / name, ignore_errors=True)


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


def apply_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what is due; change nothing.")] = False,
    days: Annotated[int, typer.Option(min=0, help="Show cases that expire within this many days.")] = 183,
    query_months: Annotated[int, typer.Option(min=1, help="Full months that audited query text stays readable.")] = 36,
    as_json: JsonObjectOption = False,
) -> None:
    """End expired cases, and report which cases expire when; run it daily.

    Cases whose `retain_until` has passed are invisible at once; this has intake end them, so that their content leaves
    the index, and Kafka as it compacts. A version with a later date brings such a case back. Owners are notified half a
    year before. It also ends alerts a week and case folders 30 days after they expired, erases what ended folders keep,
    reduces reviews of withdrawn or expired cases to keys and decision, and deletes old keys of audited query text, and
    uploaded lists whose time is over; servers delete these as well.
    """
    settings = from_environment()

    async def done() -> RetentionPlan:
        plan = await plan_retention(settings, now(), now() + timedelta(days=days), query_months)
        if not dry_run:
            async with audit_operation(settings, "retention"):
                await apply_retention_plan(settings, plan)
        return plan

    with Console(stderr=True).status("Reading cases and decisions ..."):
        plan = asyncio.run(done())
    if as_json:
        print_json(plan_document(plan, dry_run))
    else:
        _print_plan(plan, dry_run)


def _print_plan(plan: RetentionPlan, dry_run: bool) -> None:
    for expiry in plan.expiries:
        typer.echo(
            f"{expiry.month}\t{expiry.agency}\t{expiry.cases:,} cases {'have expired' if expiry.past else 'expire'}"
        )
    if dry_run:
        for case in plan.cases:
            typer.echo(f"{case.case}\tversion {case.version} would end")
    _print_count("cases", "ended", plan.cases, dry_run)
    _print_count("notifications of cases that expire", "sent", plan.notices, dry_run)
    _print_count("alerts", "ended", plan.subscriptions, dry_run)
    _print_count("reviews", "reduced to keys and decision", plan.reviews, dry_run)
    _print_count("case folders", "ended", plan.folders.folders, dry_run)
    _print_count("items of ended case folders", "erased", plan.folders.items, dry_run)
    _print_count("monthly keys of query text", "deleted", plan.months, dry_run)
    _print_count("uploaded lists", "deleted", plan.lists, dry_run)
    typer.echo(f"{plan.kept_lists} uploaded lists are kept longer than a day")


def plan_document(plan: RetentionPlan, dry_run: bool) -> dict[str, Any]:
    """A plan for scripts: keys, ids and counts, nothing of what was asked or said."""
    return {
        "expiries": msgspec.to_builtins(plan.expiries),
        "cases": [case.case for case in plan.cases],
        "notices": [notice.case for notice in plan.notices],
        "subscriptions": [alert.id for alert in plan.subscriptions],
        "reviews": [review.id for review in plan.reviews],
        "months": list(plan.months),
        "folders": [folder.id for folder in plan.folders.folders],
        "folder_items": [item.key for item in plan.folders.items],
        "lists": list(plan.lists),
        "kept_lists": plan.kept_lists,
        "dry_run": dry_run,
    }


def _print_count(what: str, done: str, those: Sized, dry_run: bool) -> None:
    typer.echo(f"{len(those)} {what} {'would be ' if dry_run else ''}{done}")
