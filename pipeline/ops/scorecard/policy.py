"""How good an agency's data is, by day: what intake rejected or doubted, and what its cases lack to be matched by.

Receipts are held for 30 days, so that the trend is as long. A rate is a share of the records, but for `missing`: that
is a share of the cases, since only the last version of each is held with its content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from pipeline.records.doubts import Doubt
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME, NUMBERED
from pipeline.records.messages import Outcome
from pipeline.records.normalised import GeoPoint, PartialDate, RecordWarning, TimeSpan

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


class CountedVersion(msgspec.Struct, frozen=True):
    """The parts of an accepted version that are counted."""

    case: str
    provenance: _Arrival
    entities: tuple[EntityFields, ...] = ()


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

    def rates(self) -> dict[str, float | None]:
        """Shares from 0 to 1; None where there is nothing to have a share of."""
        names = ("rejected", "duplicate", "warning", "placeholder", "invalid")
        found = {name: _share(getattr(self, name), self.records) for name in names}
        return found | {"missing": _share(self.missing, self.cases)}

    def __iadd__(self, other: QualityScore) -> QualityScore:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


class Scorecard:
    """Folds an agency's receipts and its cases' last versions, in any order, into counts by day (UTC, ISO 8601)."""

    def __init__(self) -> None:
        self.days: defaultdict[str, QualityScore] = defaultdict(QualityScore)

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

    def by_day(self) -> dict[str, QualityScore]:
        """The days that anything was counted for, in order."""
        return dict(sorted(self.days.items()))

    def sum_days(self) -> QualityScore:
        """All days together."""
        return sum_scores(self.days.values())


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
