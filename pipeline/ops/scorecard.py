"""`liaison ops scorecard`: how good an agency's data is, by day.

That is, what intake rejected or doubted, and what its cases lack to be matched by.

Receipts are held for 30 days, so that the trend is as long. A rate is a share of the records, but for `missing` and
`crowded`: these are shares of the cases, since only the last version of each is held with its content.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, Final

import msgspec
import numpy as np
import typer
from aiokafka import TopicPartition
from rich.console import Console
from rich.table import Table

from pipeline.access.release import is_withheld
from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.index.searching import OPERATIONS
from pipeline.matching.fingerprint import Entities
from pipeline.matching.handling import Handling
from pipeline.ops.command_output import print_json
from pipeline.progress_bars import table_console
from pipeline.records.doubts import Doubt
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME, NUMBERED
from pipeline.records.messages import Outcome
from pipeline.records.normalised import GeoPoint, PartialDate, RecordWarning, TimeSpan
from pipeline.search.terms import crowd_terms
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import offsets_since, read_partitions
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import WITH_WEEKS, now, point_in_time

PLACEHOLDER: Final = frozenset({Doubt.PLACEHOLDER})
INVALID: Final = frozenset(
    {
        Doubt.CHECK_DIGIT,
        Doubt.FORM,
        Doubt.PHONE,
        Doubt.COUNTRY,
        Doubt.EMAIL,
        Doubt.GENDER,
        Doubt.PLACE,
        Doubt.SPAN,
        Doubt.MRZ,
        Doubt.MRZ_MISMATCH,
    }
)
"""Doubts about a value itself; the others are about how it is written."""


class CountedReceipt(msgspec.Struct, frozen=True):
    """The parts of a receipt that are counted."""

    outcome: Outcome
    time: str
    warnings: tuple[RecordWarning, ...] = ()


class EntityFields(msgspec.Struct, frozen=True):
    """The parts of an entity that say whether it can be matched; only whether they are there matters."""

    type: str
    names: tuple[msgspec.Raw, ...] = ()
    birth_date: PartialDate | None = None
    birth_dates: tuple[msgspec.Raw, ...] = ()
    identifiers: tuple[msgspec.Raw, ...] = ()
    phones: tuple[msgspec.Raw, ...] = ()
    addresses: tuple[msgspec.Raw, ...] = ()
    place: GeoPoint | None = None
    span: TimeSpan | None = None


class _Arrival(msgspec.Struct, frozen=True):
    ingested_at: str


class _Compared(msgspec.Struct, frozen=True):
    """The parts of a fingerprint that say by what a case is found; few have handling for which that is looked at."""

    handling: Handling = Handling()
    entities: msgspec.Raw = msgspec.Raw(b"[]")


class CountedVersion(msgspec.Struct, frozen=True):
    """The parts of an accepted version that are counted."""

    case: str
    provenance: _Arrival
    entities: tuple[EntityFields, ...] = ()
    fingerprint: _Compared | None = None


class QualityScore(msgspec.Struct):
    """Counts of one agency, of one day or of all."""

    records: int = 0
    rejected: int = 0
    duplicate: int = 0
    warning: int = 0
    placeholder: int = 0
    invalid: int = 0
    cases: int = 0
    missing: int = 0
    crowded: int = 0

    def rates(self) -> dict[str, float | None]:
        """Shares from 0 to 1; None where there is nothing to have a share of."""
        names = ("rejected", "duplicate", "warning", "placeholder", "invalid")
        found = {name: _share(getattr(self, name), self.records) for name in names}
        return found | {name: _share(getattr(self, name), self.cases) for name in ("missing", "crowded")}

    def __iadd__(self, other: QualityScore) -> QualityScore:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


class Scorecard:
    """Folds an agency's receipts and its cases' last versions, in any order, into counts by day (UTC, ISO 8601)."""

    def __init__(self) -> None:
        self.days: defaultdict[str, QualityScore] = defaultdict(QualityScore)
        self._crowds = _Crowds()

    def add_receipt(self, receipt: CountedReceipt) -> None:
        """Count a receipt."""
        day, codes = self.days[_day(receipt.time)], {warning.code for warning in receipt.warnings}
        day.records += 1
        day.rejected += receipt.outcome is Outcome.REJECTED
        day.duplicate += receipt.outcome is Outcome.DUPLICATE
        day.warning += bool(codes)
        day.placeholder += not codes.isdisjoint(PLACEHOLDER)
        day.invalid += not codes.isdisjoint(INVALID)

    def add_version(self, version: CountedVersion) -> None:
        """Count a case; a withdrawn or expired one has no content to judge."""
        if version.entities:
            day = self.days[_day(version.provenance.ingested_at)]
            day.cases += 1
            day.missing += any(is_incomplete(entity) for entity in version.entities)
            if version.fingerprint is not None and is_withheld(version.fingerprint.handling):
                self._crowds.add(day, _compared.decode(version.fingerprint.entities))

    def count_crowds(self) -> None:
        """Count, once all versions are there, what others may not find for the agency's own records."""
        for day in self._crowds.take():
            day.crowded += 1

    def by_day(self) -> dict[str, QualityScore]:
        """The days that anything was counted for, in order."""
        return dict(sorted(self.days.items()))

    def sum_days(self) -> QualityScore:
        """All days together."""
        return sum_scores(self.days.values())


class _Crowds:
    """Cases that show as hits at most, with what a question finds several of them by, as 64 bits each."""

    def __init__(self) -> None:
        self._days: list[QualityScore] = []
        self._terms, self._cases = array("Q"), array("Q")

    def add(self, day: QualityScore, entities: Entities) -> None:
        """Take a case of a day."""
        for term in crowd_terms(entities):
            self._terms.append(int.from_bytes(blake2b(term.encode(), digest_size=8).digest()))
            self._cases.append(len(self._days))
        self._days.append(day)

    def take(self) -> list[QualityScore]:
        """The day of each case that shares a term with more cases than a search looks at of one owner."""
        terms, cases = np.array(self._terms, np.uint64), np.array(self._cases, np.uint64)
        _, places, counts = np.unique(terms, return_inverse=True, return_counts=True)
        crowded = np.unique(cases[counts[places] > OPERATIONS]) if len(terms) else cases
        return [self._days[at] for at in crowded.tolist()]


def sum_scores(scores: Iterable[QualityScore]) -> QualityScore:
    """The sum of some counts."""
    found = QualityScore()
    for score in scores:
        found += score
    return found


def is_incomplete(entity: EntityFields) -> bool:
    """Whether an entity has too little for a certain match."""
    row = ENTITY_TYPES_BY_NAME.get(entity.type)
    needs = NUMBERED if row is None else row.needs
    return not all(any(getattr(entity, field) for field in fields) for fields in needs)


def _day(time: str) -> str:
    return time[:10]


def _share(count: int, of: int) -> float | None:
    return count / of if of else None


_judged = msgspec.json.Decoder(CountedReceipt).decode
_compared = msgspec.json.Decoder(Entities)
_held = msgspec.json.Decoder(CountedVersion).decode


async def read_scorecards(settings: Settings, only: Collection[str], since: datetime) -> dict[str, Scorecard]:
    """The scorecards of registered agencies, of what came since a time. Raises LiaisonError for an unknown agency."""
    registered = list(await read_agencies(settings))
    if unknown := sorted(set(only) - set(registered)):
        raise LiaisonError(f"not registered: {', '.join(unknown)}")
    cards = {name: Scorecard() for name in only or registered}
    await _add_receipts(settings, cards, since)
    await _add_versions(settings, cards, since)
    for card in cards.values():
        card.count_crowds()
    return cards


async def _add_receipts(settings: Settings, cards: dict[str, Scorecard], since: datetime) -> None:
    sources = {
        partition: card
        for name, card in cards.items()
        for partition in _topic_partitions(settings, topics.RECEIPTS, agency=name)
    }
    async for records in read_partitions(settings, await offsets_since(settings, list(sources), since)):
        card = sources[TopicPartition(records[0].topic, records[0].partition)]
        for record in records:
            card.add_receipt(_judged(record.value))


async def _add_versions(settings: Settings, cards: dict[str, Scorecard], since: datetime) -> None:
    """A version that a later one has replaced may still be there: each partition's last ones are counted."""
    for partition in _topic_partitions(settings, topics.ACCEPTED):
        last: dict[bytes, CountedVersion] = {}
        async for records in read_partitions(settings, await offsets_since(settings, [partition], since)):
            for record in records:
                if record.value is not None and record.key.partition(b":")[0].decode() in cards:
                    last[record.key] = _held(record.value)
        for version in last.values():
            cards[version.case.partition(":")[0]].add_version(version)


def _topic_partitions(settings: Settings, topic: topics.Topic, *, agency: str = "") -> list[TopicPartition]:
    full = topics.topic_name(settings, topic, agency=agency)
    return [TopicPartition(full, p) for p in range(topics.partition_count(settings, topic))]


def show_scorecard(
    agency: Annotated[list[str] | None, typer.Option(help="Only this agency; repeatable.")] = None,
    since: Annotated[str, typer.Option(help="Since: 2026-11-24, or 7d (30d are kept).")] = "30d",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with counts.")] = False,
) -> None:
    """Show each agency's data quality by day: shares of records rejected, repeated or with warnings.

    `missing` is the share of cases with an entity that lacks what a match needs, such as a person without a date of
    birth.
    """
    with Console(stderr=True).status("Reading receipts and cases ..."):
        cards = asyncio.run(read_scorecards(from_environment(), agency or (), point_in_time(since, now(), WITH_WEEKS)))
    if as_json:
        print_json({name: scorecard_document(card) for name, card in cards.items()})
        return
    table_console().print(scorecard_table(cards))


def scorecard_document(card: Scorecard) -> dict[str, Any]:
    """A scorecard for scripts: all counts and rates, of the whole time and of each day."""
    return {
        "all": _score_numbers(card.sum_days()),
        "days": {day: _score_numbers(score) for day, score in card.by_day().items()},
    }


def _score_numbers(score: QualityScore) -> dict[str, Any]:
    return {**msgspec.to_builtins(score), "rates": score.rates()}


def scorecard_table(cards: dict[str, Scorecard]) -> Any:
    """Scorecards for a terminal: a line for each agency and, below it, one for each day."""
    shown = Table("Agency", "Day")
    for column in ("Records", "Cases", *(name.capitalize() for name in QualityScore().rates())):
        shown.add_column(column, justify="right")
    for name, card in cards.items():
        for label, day, score in [(name, "all", card.sum_days()), *(("", d, s) for d, s in card.by_day().items())]:
            rates = ("" if rate is None else f"{rate:.1%}" for rate in score.rates().values())
            shown.add_row(label, day, f"{score.records:,}", f"{score.cases:,}", *rates)
        shown.add_section()
    return shown
