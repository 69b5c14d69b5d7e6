"""Reads what a subject report is made of; it is in the audit trail before anybody is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from pipeline.access.audit import Act, ActKind, ShownCase, ShownForm
from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Disclosure
from pipeline.access.policy import Rule
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.request_rules import RequestRule
from pipeline.errors import LiaisonError
from pipeline.index.decisions import AuditDocument, DecisionReader
from pipeline.index.engine import PAGE, call_engine, connect
from pipeline.index.filters import filter_clauses
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.matching.model import Model
from pipeline.ops.operation import operator_name
from pipeline.ops.subject_report.policy import SubjectRecord, SubjectReport, make_subject_record
from pipeline.search.questions import parse_question
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.kafka.connection import elasticsearch_url
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import Clock

MOST: Final = 2000
"""Candidates looked at: a whole name and a birth date meet a few."""


async def subject_report(settings: Settings, agency: str, question: str, clock: Clock) -> SubjectReport:
    """What the agency holds of the person that a question describes, and who was shown it.

    Raises LiaisonError for an agency that is not registered, a question that makes no sense, or where the report cannot
    be recorded.
    """
    registered = (await read_agencies(settings)).get(agency)
    if registered is None:
        raise LiaisonError(f"agency {agency} is not registered; see `liaison ops agency list`")
    now, model = clock(), (await read_control(settings)).find_generation().compile_model()
    async with connect(settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})) as client:
        indices = Indices(settings.namespace, "")
        read = [indices.read_alias(kind) for kind in ("cases", "disclosures", "audit")]
        await call_engine(client.indices.refresh, index=read)  # what was written a moment ago belongs to the answer
        decisions = DecisionReader(client, indices, key_ring(settings))
        records, complete = await _find_records(
            IndexReader(client, indices, clock), decisions, agency, registered.country, question, model, now
        )
    await _audit_report(settings, agency, question, records, now)
    return SubjectReport(agency, now.isoformat(), complete, tuple(records))


async def _find_records(
    reader: IndexReader,
    decisions: DecisionReader,
    agency: str,
    country: str,
    question: str,
    model: Model,
    now: datetime,
) -> tuple[list[SubjectRecord], bool]:
    limits = QueryLimits(now.date(), filters=filter_clauses(Filters(agencies=(agency,))))
    found = await search_cases(reader, parse_question(question), model, limits, country, limit=MOST, among=MOST)
    cases = await reader.read_cases((result.case.case for result in found), fields=None)
    acts = [act async for act in _read_acts(decisions, agency, set(cases))]
    threads = [disclosure async for disclosure in _read_threads(decisions, agency) if disclosure.case in cases]
    reported = [result for result in found if result.case.case in cases]
    return [
        make_subject_record(result, cases[result.case.case], model, acts, threads, now) for result in reported
    ], len(found) < MOST


async def _read_acts(decisions: DecisionReader, agency: str, cases: set[str]) -> AsyncIterator[AuditDocument]:
    """Every act in which one of the cases was shown, the latest first."""
    after: Any = None
    while page := await decisions.list_accesses(agency, PAGE, after):
        for act, after in page:  # noqa: B007 - the last place is where the next page begins
            if any(shown.case in cases for shown in act.shown):
                yield act


async def _read_threads(decisions: DecisionReader, agency: str) -> AsyncIterator[Disclosure]:
    after: Any = None
    point = decisions.open_point("disclosures", "")
    try:
        while page := await decisions.list_disclosures(agency, "owner", PAGE, after, point):
            for disclosure, after in page:  # noqa: B007 - as above
                if disclosure is not None:
                    yield disclosure
    finally:
        await point.close()


async def _audit_report(
    settings: Settings, agency: str, question: str, records: list[SubjectRecord], now: datetime
) -> None:
    """What was asked is encrypted, as that of a search."""
    sealed = QueryCipher(keys_in(settings.audit_key_folder)).encrypt(question, now)
    shown = tuple(ShownCase(record.case, ShownForm.FULL, Rule.OPERATOR) for record in records)
    act = Act(
        ActKind.OPERATION, subject=operator_name(), agency=agency, object=f"subject-report {agency}", query=sealed,
        shown=shown, rule=RequestRule.COMMAND,
    )  # fmt: skip
    async with audit_log(settings, lambda: now) as log:
        await log.write(act)
