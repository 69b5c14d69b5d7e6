"""`liaison ops subject-report`: what an agency answers to a person who asks what it holds of them.

Its records, who was shown these, and which rows of its people's uploaded lists ask about the person.

Only that agency's own cases are looked at, and of each only the entities that the question meets: what other agencies
hold, and other people in the same case, are not the asker's to know.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from pipeline.access.audit import Act, ActKind, RequestRule, ShownCase, ShownForm
from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Disclosure, thread_state
from pipeline.access.folders import FolderState
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.release import Rule
from pipeline.command_settings import from_environment
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.errors import LiaisonError
from pipeline.index.decisions import AuditDocument, DecisionReader
from pipeline.index.documents import CaseDocument
from pipeline.index.engine import PAGE, call_engine, connect
from pipeline.index.filters import filter_clauses
from pipeline.index.mappings import Indices
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import IndexReader
from pipeline.index.searching import SearchResult, search_cases
from pipeline.matching.bands import Band
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_score
from pipeline.ops.kept_lists import KeptRow, find_rows_about
from pipeline.ops.operation import operator_name
from pipeline.search.questions import parse_question
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import Clock, now


class RecordAccess(msgspec.Struct, frozen=True):
    """A request in which the record was shown, `times` of them; `subject` is told of the agency's own people alone.

    An export or a list shows a record with each link, and is in the audit in parts: `time` is that of the last.
    """

    time: str
    kind: str
    agency: str
    country: str
    purpose: str
    form: str
    subject: str | None
    times: int = 1


class RecordDisclosure(msgspec.Struct, frozen=True):
    """Another agency's disclosure thread about the record, as it is now."""

    agency: str
    state: str
    since: str
    until: str | None


class KeepingFolder(msgspec.Struct, frozen=True):
    """A case folder of the agency that keeps the record, or a link or entity of it."""

    folder: str
    title: str
    purpose: str
    case_reference: str
    since: str


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
    folders: tuple[KeepingFolder, ...] = ()


class SubjectReport(msgspec.Struct, frozen=True):
    """The likeliest record first; not `complete` where the question met more than are looked at: narrow it then."""

    agency: str
    time: str
    complete: bool
    records: tuple[SubjectRecord, ...]
    lists: tuple[KeptRow, ...] = ()
    """Rows of the agency's uploaded lists on this machine that ask exactly about the person, the latest list first."""


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
    return [entity for entity in case.sent_entities if entity["id"] in met]


def find_accesses(case: CaseDocument, acts: Iterable[AuditDocument]) -> Iterable[RecordAccess]:
    """The requests in which a case was shown, by day, in the order in which their acts are given.

    Who asks names the request, so one name makes one line of a day and no more.
    """
    found: dict[tuple[str, ...], RecordAccess] = {}
    for act in acts:
        # An entry's request is in what it was written as alone; an act without one, as a command's, stands by itself.
        request = (act.entry or {}).get("request") or act.id
        for shown in act.shown:
            if shown.case == case.case:
                subject = act.subject if act.agency == case.agency else None
                one = RecordAccess(act.time, act.kind, act.agency, act.country, act.purpose, shown.form, subject)
                day = act.time[: len("2026-11-24")]
                key = (request, day, act.agency, act.subject, act.kind, act.purpose, shown.form)
                held = found.setdefault(key, msgspec.structs.replace(one, times=0))
                found[key] = msgspec.structs.replace(held, times=held.times + 1)
    return found.values()


def find_disclosures(case: CaseDocument, threads: Iterable[Disclosure], now: datetime) -> Iterable[RecordDisclosure]:
    """The threads about a case, by what they are now."""
    for thread in threads:
        if thread.case == case.case and case.handling is not None:
            until = thread.last.until.isoformat() if thread.last.until else None
            yield RecordDisclosure(
                thread.requester, thread_state(thread, case.handling, now), thread.last.time.isoformat(), until
            )


MOST: Final = 2000
"""Candidates looked at: a whole name and a birth date meet a few."""


async def read_subject_report(settings: Settings, agency: str, question: str, clock: Clock) -> SubjectReport:
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
        read = [indices.read_alias(kind) for kind in ("cases", "disclosures", "audit", "folders", "folder_items")]
        await call_engine(client.indices.refresh, index=read)  # what was written a moment ago belongs to the answer
        decisions = DecisionReader(client, indices, key_ring(settings))
        records, complete = await _find_records(
            IndexReader(client, indices, clock), decisions, agency, registered.country, question, model, now
        )
    cipher = QueryCipher(keys_in(settings.audit_key_folder))
    rows = find_rows_about(settings.list_folder, settings.namespace, cipher, model, agency, question, now)
    await _audit_report(settings, agency, question, records, now)
    return SubjectReport(agency, now.isoformat(), complete, tuple(records), tuple(rows))


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
    kept = await _find_folders(decisions, agency, list(cases))
    records = [make_subject_record(result, cases[result.case.case], model, acts, threads, now) for result in reported]
    return [msgspec.structs.replace(one, folders=tuple(kept.get(one.case, ()))) for one in records], len(found) < MOST


async def _find_folders(decisions: DecisionReader, agency: str, cases: Sequence[str]) -> dict[str, list[KeepingFolder]]:
    """By case the agency's folders that keep it."""
    items = [item async for item in decisions.items_about(agency, cases)] if cases else []
    folders = await decisions.folders_of(item.folder for item in items)
    found: dict[str, dict[str, KeepingFolder]] = {}
    for item in items:
        folder = folders.get(item.folder)
        if folder is not None and folder.state is FolderState.OPEN:
            since = (item.added or item.time).isoformat()
            kept = KeepingFolder(folder.id, folder.title, folder.purpose, folder.case_reference, since)
            for case in item.cases:
                found.setdefault(case, {}).setdefault(folder.id, kept)
    return {case: list(kept.values()) for case, kept in found.items()}


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


def subject_report(
    question: Annotated[str, typer.Argument(help="The person, as in a search: name, date of birth, numbers.")],
    agency: Annotated[str, typer.Option(help="The agency that received the request.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with the records' parts.")] = False,
) -> None:
    """Prepare an agency's answer to a person's access request: its own records of the person, and who saw them.

    Only the parts of each record that match the search are given; someone at the agency decides whether they are about
    this person. Where the command can read the servers' folder of uploaded lists, it adds their rows with the same
    number, or the same name and date of birth. National topics and rejected messages, which are kept for 7 days, are
    not searched.
    """
    with Console(stderr=True).status("Reading records and the audit trail ..."):
        report = asyncio.run(read_subject_report(from_environment(), agency, question, now))
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
        return
    for record in report.records:
        _print_record(record)
    for row in report.lists:
        _print_row(row)
    typer.echo(
        f"{len(report.records)} records of {agency}{'' if report.complete else ', and more; add details to the search'}"
    )


def _print_row(row: KeptRow) -> None:
    typer.echo(
        f"list\t{row.title or row.list}\trow {row.line}\t{row.subject}\tfor {row.case_reference}"
        f"\tkept until {row.kept_until}\n  {row.question}"
    )


def _print_record(record: SubjectRecord) -> None:
    typer.echo(
        f"{record.case}\tversion {record.version}\t{record.status}\t{record.band}"
        f"\tkept until {record.retain_until or '-'}"
    )
    for entity in record.entities:
        typer.echo(f"  {json.dumps(entity, ensure_ascii=False)}")
    for access in record.accesses:
        who = f"{access.agency} {access.subject or ''}".strip()
        times = f"\t{access.times} times" if access.times > 1 else ""
        typer.echo(f"  shown\t{access.time}\t{who}\t{access.kind}\t{access.purpose or '-'}\t{access.form}{times}")
    for kept in record.folders:
        typer.echo(f"  folder\t{kept.since}\t{kept.title}\t{kept.purpose}\tfor {kept.case_reference}")
    for thread in record.disclosures:
        typer.echo(f"  disclosure\t{thread.since}\t{thread.agency}\t{thread.state}\tuntil {thread.until or '-'}")
