"""What one agency answers to a person who asks what it holds of them: its records, and who was shown these. Pure.

Only that agency's own cases are looked at, and of each only the entities that the question meets: what other agencies
hold, and other people in the same case, are not the asker's to know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pipeline.access.disclosure_threads import Disclosure, thread_state
from pipeline.index.decisions import AuditDocument
from pipeline.index.documents import CaseDocument
from pipeline.index.searching import SearchResult
from pipeline.matching.bands import Band
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_score


class RecordAccess(msgspec.Struct, frozen=True):
    """An act in which the record was shown; `subject` is told of the agency's own people alone."""

    time: str
    kind: str
    agency: str
    country: str
    purpose: str
    form: str
    subject: str | None


class RecordDisclosure(msgspec.Struct, frozen=True):
    """Another agency's disclosure thread about the record, as it is now."""

    agency: str
    state: str
    since: str
    until: str | None


class SubjectRecord(msgspec.Struct, frozen=True):
    """A record that speaks of the person, by so much probability; `entities` are its parts that do, as sent."""

    case: str
    version: int
    status: str
    opened: str | None
    closed: str | None
    retain_until: str | None
    taken_in: str | None
    handling: Any
    probability: float
    band: Band
    entities: tuple[Any, ...]
    accesses: tuple[RecordAccess, ...]
    disclosures: tuple[RecordDisclosure, ...]


class SubjectReport(msgspec.Struct, frozen=True):
    """The likeliest record first; not `complete` where the question met more than are looked at: narrow it then."""

    agency: str
    time: str
    complete: bool
    records: tuple[SubjectRecord, ...]


def make_subject_record(
    result: SearchResult, case: CaseDocument, model: Model, acts: Iterable[AuditDocument],
    threads: Iterable[Disclosure], now: datetime,
) -> SubjectRecord:  # fmt: skip
    """One record with everything that became of it."""
    judged = judge_score(result.score + model.prior)
    return SubjectRecord(
        case=case.case,
        version=case.version,
        status=case.status,
        opened=case.opened,
        closed=case.closed,
        retain_until=case.retain_until,
        taken_in=case.provenance.ingested_at if case.provenance else None,
        handling=msgspec.to_builtins(case.handling),
        probability=judged.probability,
        band=judged.band,
        entities=tuple(find_matched_entities(result, case)),
        accesses=tuple(find_accesses(case, acts)),
        disclosures=tuple(find_disclosures(case, threads, now)),
    )


def find_matched_entities(result: SearchResult, case: CaseDocument) -> Sequence[Any]:
    """The entities, as the agency sent them, that something speaks for."""
    met = {evidence.entity_b for evidence in result.evidence if evidence.bits > 0}
    return [entity for entity in (case.data or {}).get("entities", ()) if entity["id"] in met]


def find_accesses(case: CaseDocument, acts: Iterable[AuditDocument]) -> Iterable[RecordAccess]:
    """The acts in which a case was shown, in the order given."""
    for act in acts:
        for shown in act.shown:
            if shown.case == case.case:
                subject = act.subject if act.agency == case.agency else None
                yield RecordAccess(act.time, act.kind, act.agency, act.country, act.purpose, shown.form, subject)


def find_disclosures(case: CaseDocument, threads: Iterable[Disclosure], now: datetime) -> Iterable[RecordDisclosure]:
    """The threads about a case, by what they are now."""
    for thread in threads:
        if thread.case == case.case and case.handling is not None:
            until = thread.last.until.isoformat() if thread.last.until else None
            yield RecordDisclosure(
                thread.requester, thread_state(thread, case.handling, now), thread.last.time.isoformat(), until
            )
