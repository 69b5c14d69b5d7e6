"""Cross-reference: people and things of records, or of a folder, asked as a list; and the records that a list found.

What is asked goes the way of every list: the same worker, gate, budgets and audit. The other way round a record leads
back to the rows that found it; with another list, or a folder, to what both have. Nothing is compared anew for that:
two lists meet in the records that both found, and a list and a folder in those that the folder keeps.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import FoundEntry, FoundRecord, FoundRecordsAnswer, ListCheckAnswer
from pipeline.api.entity_rows import CLOSED, ENTITY_FIELDS, rows_of_record
from pipeline.api.list_planning import MAX_TITLE_CHARS, MOST_ROWS, ListRow
from pipeline.api.list_store import ListJob, RecordFinding, gather_records
from pipeline.api.paging import PageCursor, SortValues, fill_page
from pipeline.api.problems import NotFoundError, UnprocessableError
from pipeline.api.services.cases import weigh_readable, weigh_readable_parts
from pipeline.api.services.exports import encode_lines_in_turns
from pipeline.api.services.folders import list_kept_entities
from pipeline.api.services.follow_the_money import case_entities
from pipeline.api.services.list_checks import keep_list, make_list_id, require_job
from pipeline.api.services.list_results import MOST, fill_checked, fill_rows, take_rows
from pipeline.api.session import Session, costly
from pipeline.errors import LiaisonError
from pipeline.index.documents import CaseDocument, CaseRecord, case_row
from pipeline.index.reading import SHOWN, STATE_FIELDS
from pipeline.locale import N_
from pipeline.loop_turns import LoopTurns

MOST_RECORDS: Final = 500
"""Records whose people and things are asked at once."""

NO_RECORDS: Final = N_("nothing here has people or things that you can open and search")


@costly
async def cross_reference_records(
    session: Session, cases: Sequence[str], title: str = "", key: str = ""
) -> ListCheckAnswer:
    """Ask everybody and everything of some records, as a list: a row each, which names record and entity.

    Records that the requester can't open are left out, as if nobody had named them. What a row asks is read from its
    record whenever it is asked or shown, so nothing of a record is kept. Raises NotFoundError where nothing is left,
    UnprocessableError for more than a list may have, ConflictError as for any list, UnavailableError.
    """
    session.require_reader()
    return await _ask_entities(session, [(case, "") for case in cases[:MOST_RECORDS]], title, key)


@costly
async def cross_reference_folder(session: Session, name: str, key: str = "") -> ListCheckAnswer:
    """The same for what a folder keeps: its records whole, of its links both records, its entities by themselves."""
    session.require_reader()
    kept = await list_kept_entities(session, name, MOST_RECORDS)
    return await _ask_entities(session, kept.entities, kept.title, key)


async def _ask_entities(session: Session, kept: Sequence[tuple[str, str]], title: str, key: str) -> ListCheckAnswer:
    """Ask some entities, each a case key and an id; an id of "" is all entities of the case."""
    name = make_list_id(session, key)
    wanted = dict.fromkeys(kept)
    found: dict[str, list[ListRow]] = {}
    async with session.answer(ActKind.READ, {"cross_reference": len(wanted)}, about=name) as answer:
        keys = [case for case, _ in kept]
        async for part in weigh_readable_parts(answer, keys, (*STATE_FIELDS, *ENTITY_FIELDS)):
            found |= {case: list(rows_of_record(document)) for case, document in part.items()}
        rows = {
            (row.source, row.entity): row
            for case, entity in wanted
            for row in found.get(case, ())
            if entity in ("", row.entity)
        }
        if not rows:
            await answer.refuse(NotFoundError(NO_RECORDS), answer.query, about=name)
        answer.show(found)
    if len(rows) > MOST_ROWS:
        raise UnprocessableError(LiaisonError("the list has more than {most} rows; split it", most=MOST_ROWS), "cases")
    return await keep_list(session, name, tuple(rows.values()), title[:MAX_TITLE_CHARS])


async def export_folder_entities(session: Session, name: str) -> AsyncGenerator[bytes, None]:
    """What a folder keeps as FollowTheMoney entities: records whole, of links both, entities with their record.

    Raises NotFoundError, ConflictError, UnavailableError.
    """
    session.require_reader()
    kept = await list_kept_entities(session, name, MOST_ROWS)
    wanted: dict[str, set[str]] = {}
    for case, entity in kept.entities:
        wanted.setdefault(case, set()).add(entity)
    written, turns = 0, LoopTurns()
    async with session.answer(ActKind.EXPORT, {"folder": name, "form": "ftm", "from": 0}, name, form="ftm") as answer:
        async for found in weigh_readable_parts(answer, list(wanted), None):
            answer.show(found)
            answer.query = {"folder": name, "form": "ftm", "from": written}
            await answer.record_part()
            written += len(found)
            narrowed = (_narrow(document, wanted[case]) for case, document in found.items())
            yield await encode_lines_in_turns((entity for row in narrowed for entity in case_entities(row)), turns)


def _narrow(document: CaseDocument, wanted: set[str]) -> CaseRecord:
    """A record with the entities that are wanted, "" for all of them."""
    record = case_row(document)
    if "" in wanted:
        return record
    entities = [one for one in document.sent_entities if str(one["id"]) in wanted]
    return msgspec.structs.replace(record, data={**(record.data or {}), "entities": entities})


# ── from a record back to the rows ──


@costly
async def list_found_records(
    session: Session, name: str, limit: int = 50, cursor: str = "", other: str = "", folder: str = ""
) -> FoundRecordsAnswer:
    """The records that a list found, with the rows that did, as the requester may see both now.

    Those found by most rows come first, then by key. With `other`, another list of theirs, or a `folder`, the records
    that both have. Raises NotFoundError, ConflictError for a folder that has run out, UnprocessableError for a cursor
    of another list, TooManyRequestsError.
    """
    session.require_reader()
    pages = PageCursor(session, "found records", session.grounds.purpose, name, other, folder)
    after = pages.open(cursor)
    job, beside = require_job(session, name), require_job(session, other) if other else None
    limit = min(limit, MOST)
    kept = {case for case, _ in (await list_kept_entities(session, folder, MOST_ROWS)).entities} if folder else None
    asked = {"list_check": name, "by": "record", "other": other, "folder": folder}
    async with session.answer(ActKind.READ, asked, about=name) as answer:
        read_found = await _open_records(answer, job)
        also: dict[str, RecordFinding] = {}
        if beside:
            also = {one.case: one for one in await take_rows((await _open_records(answer, beside))(None))}

        async def fetch(behind: SortValues | None) -> list[tuple[RecordFinding, SortValues]]:
            common = (
                one
                for one in read_found(behind)
                if (not beside or one.case in also) and (kept is None or one.case in kept)
            )
            return [(one, list(one.place)) for one in await take_rows(common, limit + 1)]

        async def show(found: list[RecordFinding]) -> list[FoundRecord | None]:
            held = await weigh_readable(answer, [one.case for one in found], SHOWN)
            readable = [one for one in found if one.case in held]
            entries = await _read_entries(answer, job, readable)
            others = await _read_entries(answer, beside, [also[one.case] for one in readable]) if beside else {}
            return [
                _make_record(held[one.case], one, entries, also.get(one.case), others, session.language)
                if one.case in held
                else None
                for one in found
            ]

        rows, place = await fill_page(fetch, show, limit, limit + 1, after)
        sources = (one.source for row in rows for one in (*row.entries, *row.also) if one.source)
        answer.show((*(row.case for row in rows), *sources))
    return FoundRecordsAnswer(*session.moment, tuple(rows), pages.seal(place) if place else None)


async def _open_records(answer: RecordedAnswer, job: ListJob) -> Callable[[SortValues | None], Iterator[RecordFinding]]:
    """What reads the records that a list found from behind a place.

    A row whose own record the requester can't open any more found nothing. So all rows of a list that asks about
    records are read first.
    """
    session, lists = answer.session, answer.session.runtime.lists
    if not any(row.source for row in await take_rows(lists.read_rows(job, 0, 1))):
        return lambda behind: lists.read_records(job, (behind[0], behind[1]) if behind else None)
    hit = [row for row in await take_rows(lists.read_checked(job)) if row.found.cases]
    opened = [row for row in await fill_checked(answer, hit) if row.asked.problem != CLOSED]
    records = await session.compute(lambda: gather_records((row.at, row.found) for row in opened))
    return lambda behind: (one for one in records if behind is None or list(one.place) > behind)


async def _read_entries(answer: RecordedAnswer, job: ListJob, records: Sequence[RecordFinding]) -> dict[int, ListRow]:
    """The rows that are told of some records, by their numbers from 0, as the requester may read them now."""
    numbers = sorted({at for one in records for at, _ in one.rows})
    rows = await take_rows(answer.session.runtime.lists.pick_rows(job, numbers))
    return dict(zip(numbers, await fill_rows(answer, rows), strict=True))


def _make_record(
    case: CaseDocument,
    found: RecordFinding,
    rows: Mapping[int, ListRow],
    also: RecordFinding | None,
    other_rows: Mapping[int, ListRow],
    language: str,
) -> FoundRecord:
    return FoundRecord(
        case=case.case,
        agency=case.agency,
        country=case.country,
        title=case.title,
        caveat=case.caveat,
        band=found.band,
        count=found.count,
        entries=_make_entries(found, rows),
        count_also=also.count if also else 0,
        also=_make_entries(also, other_rows) if also else (),
        caveat_translation=case.translate_caveat(language),
    )


def _make_entries(found: RecordFinding, rows: Mapping[int, ListRow]) -> tuple[FoundEntry, ...]:
    told = ((at, rows[at], band) for at, band in found.rows)
    return tuple(
        FoundEntry(at + 1, row.line or at + 1, row.own or None, row.question, band, row.source or None)
        for at, row, band in told
    )
