"""What a list found, as its requester may see it now: rows by page and as files, each case compared with its row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec

from pipeline.access.audit import ActKind, NotAsked
from pipeline.access.redaction import HitRow
from pipeline.access.release import View
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import (
    FoundHit,
    ListComparison,
    ListMatch,
    ListMatchSubject,
    ListResultRow,
    ListResultsAnswer,
    told,
)
from pipeline.api.entity_rows import CLOSED, ENTITY_FIELDS, fill_row
from pipeline.api.hit_budget import FURTHER_LABELS, NOT_ASKED_LABELS
from pipeline.api.list_planning import ListRow
from pipeline.api.list_store import CaseFinding, CheckedRow, HitFinding, ListRowFindings, NoListError
from pipeline.api.paging import PageCursor
from pipeline.api.problems import ConflictError, NotFoundError, translate_error
from pipeline.api.result_files import name_results, tell_unchecked
from pipeline.api.sealed import SealedCase
from pipeline.api.services.cases import weigh_readable_parts
from pipeline.api.services.disclosures import read_hit_requests
from pipeline.api.services.export_words import SEVERAL, to_bits
from pipeline.api.services.exports import ENDINGS, encode_csv, encode_lines_in_turns, encode_table_head
from pipeline.api.services.follow_the_money import row_entities
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side
from pipeline.api.services.list_checks import require_job
from pipeline.api.session import Session, costly
from pipeline.errors import LiaisonError
from pipeline.index.documents import CaseDocument, CaseRecord, case_row
from pipeline.index.reading import FIRST_WHOLE, STATE_FIELDS
from pipeline.index.searching import judge_answer
from pipeline.locale import translate
from pipeline.loop_turns import LoopTurns
from pipeline.matching.bands import Band
from pipeline.matching.explain.explanation import Item
from pipeline.matching.explain.wording import compared_thing, finding, value
from pipeline.matching.score.scoring import judge_score
from pipeline.ops.row_file import DamagedRowsError
from pipeline.records.agencies import Registry, title_of
from pipeline.search.probes import QuestionProbe, make_probe
from pipeline.search.questions import parse_question, split_question
from pipeline.search.understanding import SearchHint, find_hints, list_unfound, tell_hint, translate_hint

T = TypeVar("T")

FoundFilter = Literal["", "match", "weak", "none", "not_asked", "problem"]
"""Rows with a match in a band, with weaker results alone, with nothing, or that could not be asked.

Rows that were not put to hit-only records are `not_asked` whatever else was found for them, and never `none`.
"""


class ListFilter(msgspec.Struct, frozen=True):
    """Which rows: by what was found for them, and by the best band of that."""

    found: FoundFilter = ""
    band: Band = Band.NONE

    def takes(self, row: ListResultRow) -> bool:
        """Whether a row, as the requester sees it now, is wanted."""
        best = best_band(row)
        is_found = bool(row.not_asked) if self.found == "not_asked" else self.found in ("", _classify(row, best))
        return self.band in (Band.NONE, best) and is_found


ALL_ROWS: Final = ListFilter()


def best_band(row: ListResultRow) -> Band:
    """The best band of what was found for a row; Band.NONE for nothing in one."""
    found: list[Band] = [*(match.band for match in row.matches), *(hit.band for hit in row.hits)]
    return min(found, key=lambda band: band.rank, default=Band.NONE)


def _classify(row: ListResultRow, best: Band) -> FoundFilter:
    if row.problem:
        return "problem"
    if best is not Band.NONE:
        return "match"
    if row.matches:
        return "weak"
    return "not_asked" if row.not_asked else "none"


MOST: Final = 200
"""Rows of one page, and of one part of a file."""

COMPARED: Final = 20
"""Rows whose cases are in memory and compared at once: some 200 cases, of which each names its entities."""

PART_BYTES: Final = 2_000_000
"""What a part of a file of whole records is to hold, by the one before it."""

MOST_SCANNED: Final = 2_000
"""Rows that one request looks at for those that a filter takes; where it ends, `next` goes on."""

RESULT_COLUMNS: Final = (
    "row", "line", "id", "query", "problem", "hint", "not_asked", "view", "case", "reference", "agency", "country",
    "title", "caveat", "band", "score", "found", "found_born", "name", "date_of_birth", "other", "values_that_differ",
    "caveat_translated", "agency_name",
)  # fmt: skip
"""The columns of a file, each for a person: words in the reader's language, `score` in bits.

`found` is who was found; `name`, `date_of_birth` and `other` say how well each agrees; `values_that_differ` has what
was asked and what the record has. `caveat_translated` is the owner's translation of the caveat, which itself binds.
"""

ListFileFormat = Literal["csv", "excel", "ndjson", "ftm"]
"""Of files of results. `ftm`: what was found as FollowTheMoney entities, each tied to the row that found it."""

MEDIA_TYPES: Final[dict[ListFileFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "excel": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "ftm": "application/x-ndjson",
}

COMPARED_FIELDS: Final = (*NAMING, "card", "entities")
"""What of a case's document names whom a row found, and is compared with what it asks."""

OWN_COLUMNS: Final[Mapping[str, str]] = {"name": "name", "birth_date": "date_of_birth"}
"""Comparisons with a column of their own."""


async def fill_rows(answer: RecordedAnswer, rows: Sequence[ListRow]) -> list[ListRow]:
    """The rows with what those of records ask, of the records as the requester may read them now."""
    places: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        if row.source:
            places.setdefault(row.source, []).append(at)
    filled = [fill_row(row, None) for row in rows]
    if places:
        async for part in weigh_readable_parts(answer, list(places), (*STATE_FIELDS, *ENTITY_FIELDS)):
            for case, document in part.items():
                for at in places[case]:
                    filled[at] = fill_row(rows[at], document)
    return filled


@costly
async def read_results(
    session: Session, name: str, limit: int = 50, cursor: str = "", wanted: ListFilter = ALL_ROWS
) -> ListResultsAnswer:
    """What was found for the rows behind a cursor, as the requester may see it now.

    Raises NotFoundError, TooManyRequestsError.
    """
    session.require_reader()
    pages = PageCursor(session, "list", session.grounds.purpose, name, wanted)
    (first,) = pages.open(cursor) or (0,)
    job, limit = require_job(session, name), min(limit, MOST)
    last = min(first + (limit if wanted == ALL_ROWS else MOST_SCANNED), session.runtime.lists.read_progress(job).done)
    rows = list[ListResultRow]()
    async with session.answer(ActKind.READ, {"list_check": name, "from": first}, about=name) as answer:
        async for part in _read_rows(answer, session.runtime.lists.read_checked(job, first, last), wanted):
            kept = [row for row in part.rows if wanted.takes(row)][: limit - len(rows)]
            answer.show(_cases_in(kept, part.hits))
            rows += kept
            if len(rows) == limit:
                break
    end = rows[-1].row if len(rows) == limit else max(first, last)
    more = first < end < session.runtime.lists.read_progress(job).done
    return ListResultsAnswer(*session.moment, tuple(rows), pages.seal([end]) if more else None)


def name_export(session: Session, name: str, form: ListFileFormat) -> str:
    """What a file of results is called, which says whether rows are still to be asked. Raises NotFoundError."""
    job = require_job(session, name)
    unchecked = tell_unchecked(session.runtime.lists.read_progress(job), session.language)
    return name_results("found", ENDINGS[form], unchecked, session.language)


async def export_results(
    session: Session, name: str, form: ListFileFormat, wanted: ListFilter = ALL_ROWS
) -> AsyncGenerator[bytes, None]:
    """All rows that have been asked, as a file in parts. Raises NotFoundError, UnavailableError.

    A table of a list that is still asked begins with a line that says so.
    """
    session.require_reader()
    job, first, written = require_job(session, name), 0, set[str]()
    progress = session.runtime.lists.read_progress(job)
    asked = session.runtime.lists.read_checked(job, 0, progress.done)
    said = tell_unchecked(progress, session.language)
    heads = [[said], RESULT_COLUMNS] if said else [RESULT_COLUMNS]
    size, turns = FIRST_WHOLE if form == "ftm" else MOST, LoopTurns()
    async with session.answer(ActKind.EXPORT, {"list_check": name, "form": form, "from": 0}, name, form=form) as answer:
        yield encode_table_head(form, heads[0]) + encode_csv(heads[1:]) if form in ("csv", "excel") else b""
        while some := await take_rows(asked, size):
            rows = list[ListResultRow]()
            async for part in _read_rows(answer, iter(some), wanted):
                kept = [row for row in part.rows if wanted.takes(row)]
                answer.show(_cases_in(kept, part.hits))
                rows += kept
            whole = await _read_whole(answer, rows, written) if form == "ftm" else {}
            answer.query = {"list_check": name, "form": form, "from": first}
            await answer.record_part()
            if form == "ftm":
                entities = (entity for row in rows for entity in row_entities(name, row, whole))
                content = await encode_lines_in_turns(entities, turns)
                size = max(1, min(2 * size, MOST, size * PART_BYTES // max(1, len(content))))
                yield content
            elif form == "ndjson":
                yield await encode_lines_in_turns(map(msgspec.to_builtins, rows), turns)
            else:
                yield _encode_csv_rows(rows, session.language, session.runtime.agencies)
            first += len(some)
        answer.query = {"list_check": name, "form": form, "from": first}
        await answer.record_part()


async def _read_whole(
    answer: RecordedAnswer, rows: Iterable[ListResultRow], written: set[str]
) -> dict[str, CaseRecord]:
    """The records that rows found and no part before has written, whole, as they are seen now."""
    wanted = {match.case for row in rows for match in row.matches} - written
    written |= wanted
    found: dict[str, CaseRecord] = {}
    reader = answer.session.runtime.reader
    async for part in answer.weigh_parts(reader.read_parts(sorted(wanted), None, readable=True)):
        answer.show(part)
        found |= {key: case_row(document) for key, document in part.items()}
    return found


async def take_rows(rows: Iterator[T], most: int | None = None) -> list[T]:
    """Up to so many more rows of a list, all of them where `most` is None.

    Raises NotFoundError, ConflictError where what was kept of the list is damaged.
    """
    try:
        return await asyncio.to_thread(list, islice(rows, most))
    except NoListError as error:
        raise NotFoundError(error) from error
    except DamagedRowsError as error:
        raise ConflictError(error) from error


async def fill_checked(answer: RecordedAnswer, rows: Sequence[CheckedRow]) -> list[CheckedRow]:
    """The rows with what those of records ask, as the requester may read them now."""
    filled = await fill_rows(answer, [row.asked for row in rows])
    return [row._replace(asked=asked) for row, asked in zip(rows, filled, strict=True)]


class _ComparedRows(NamedTuple):
    """Rows as the requester may see them now, and the cases of their hits by reference."""

    rows: list[ListResultRow]
    hits: dict[str, str]


async def _read_rows(
    answer: RecordedAnswer, rows: Iterator[CheckedRow], wanted: ListFilter
) -> AsyncIterator[_ComparedRows]:
    """Those of some rows that a filter might take, compared with their cases, COMPARED at a time."""
    kept = (row for row in rows if _might_take(wanted, row.asked, row.found))
    while some := await take_rows(kept, COMPARED):
        yield await _compare_rows(answer, some)


def _might_take(wanted: ListFilter, row: ListRow, found: ListRowFindings) -> bool:
    """Whether a filter might take a row, by what was found then: cases may have gone since, and none have come."""
    if wanted.band is not Band.NONE or wanted.found in ("match", "weak"):
        return bool(found.cases or found.hits)
    if wanted.found == "problem":
        return bool(found.problem or row.problem or row.source)  # a record may be closed to the requester now
    return wanted.found != "not_asked" or bool(found.not_asked)


async def _compare_rows(answer: RecordedAnswer, some: Sequence[CheckedRow]) -> _ComparedRows:
    session = answer.session
    filled = await fill_checked(answer, some)
    cases = await _read_cases(session, [row.found for row in filled])
    full = await answer.weigh(cases.values())
    seen = {name: sealed for name, sealed in cases.items() if answer.view_of(sealed.head.case) is View.HIT}
    hits = {name: answer.redact(sealed) for name, sealed in seen.items()}
    named = {name: full[sealed.head.case] for name, sealed in cases.items() if sealed.head.case in full}

    def make_rows() -> list[ListResultRow]:
        return [_make_row(session, row.at, row.asked, row.found, named, hits) for row in filled]

    rows = await session.compute(make_rows)  # 0.8 ms for each case
    requests = await read_hit_requests(answer, [hit for row in rows for hit in row.hits], cases.values())
    for at, row in enumerate(rows):
        told = tuple(msgspec.structs.replace(hit, request=requests.get(hit.reference)) for hit in row.hits)
        rows[at] = msgspec.structs.replace(row, hits=told)
    return _ComparedRows(rows, {hit.reference: seen[name].head.case for name, hit in hits.items()})


def _cases_in(rows: Iterable[ListResultRow], hits: Mapping[str, str]) -> list[str]:
    """The cases that rows show: those that they ask about, those found, and those of their hits."""
    shown = list(rows)
    return [
        *(row.source for row in shown if row.source),
        *(match.case for row in shown for match in row.matches),
        *(hits[hit.reference] for row in shown for hit in row.hits),
    ]


async def _read_cases(session: Session, found: Iterable[ListRowFindings]) -> dict[str, SealedCase]:
    """The cases that are named, by key, and those that stand behind a reference, by that."""
    some = list(found)
    who, opaque, reader = session.requester, session.runtime.opaque, session.runtime.reader
    named = await reader.read_cases((case.case for each in some for case in each.cases), COMPARED_FIELDS)
    digests = {hit.reference: opaque.digest_of(who.agency, hit.reference) for each in some for hit in each.hits}
    held = await reader.find_all_digested(
        [digest for digest in digests.values() if digest], who.country, session.grounds.purpose, COMPARED_FIELDS
    )
    return named | {name: held[digest] for name, digest in digests.items() if digest in held}


def _make_row(
    session: Session,
    at: int,
    asked: ListRow,
    found: ListRowFindings,
    full: Mapping[str, CaseDocument],
    hidden: Mapping[str, HitRow],
) -> ListResultRow:
    """A row with those of its cases that the requester still sees, in full or as hits, each compared as seen now.

    A row that found nothing has the hint that a search which finds nothing begins with.
    """
    matches: list[ListMatch] = []
    hits: list[FoundHit] = []
    if asked.problem:
        found = ListRowFindings(problem=asked.problem, values=asked.values)
    probe = make_probe(parse_question(asked.question), asked.country) if found.cases or found.hits else None
    met: list[CaseFinding | HitFinding] = [*found.cases, *found.hits]
    for match in met:
        name = match.case if isinstance(match, CaseFinding) else match.reference
        if name in full and probe is not None:
            matches.append(_make_match(session, full[name], match, probe))
        elif name in hidden and isinstance(match, HitFinding):
            hits.append(FoundHit(**msgspec.structs.asdict(hidden[name]), band=Band(match.band)))
    problem = translate_error(LiaisonError(found.problem, **found.values), session.language) if found.problem else None
    is_hinted = not (matches or hits or problem)
    return ListResultRow(
        row=at + 1,
        line=asked.line or at + 1,
        id=asked.own or None,
        query=asked.question,
        problem=problem,
        hint=_find_hint(asked, session.now.date(), session.language) if is_hinted else None,
        not_asked=found.not_asked,
        matches=tuple(matches),
        hits=tuple(hits),
        source=asked.source or None if asked.problem != CLOSED else None,
        schema=asked.schema or None,
        ties=asked.ties,
    )


def _find_hint(asked: ListRow, today: date, language: str) -> SearchHint | None:
    """What to try where nothing was found, and why; None where nothing is known to be wrong."""
    found = [*find_hints(asked.question, today, language=language), *list_unfound(asked.question, asked.country, ())]
    if not found:
        return None
    words, parts = found[0].words, split_question(found[0].words)
    if '"' in words and all(part.stated for part in parts):  # name:"Ivan Petrov", as a column makes it of a cell
        words = ", ".join(part.value for part in parts)
    return translate_hint(msgspec.structs.replace(found[0], words=words), language)


def _make_match(
    session: Session, document: CaseDocument, found: CaseFinding | HitFinding, probe: QuestionProbe
) -> ListMatch:
    """A case as a search would show it now: whom it found, its score and band, and comparison by comparison why."""
    model, granted = session.runtime.model, isinstance(found, HitFinding)
    met = found.met if isinstance(found, CaseFinding) else ()
    score, evidence = judge_answer(document, met, probe, model)
    best = max(evidence, key=lambda part: part.bits, default=None)
    side = name_side(document, LinkedThing(best.entity_b), session.language) if best else None
    about = ListMatchSubject(side.entity, side.type, side.name, side.born) if side else ListMatchSubject()
    items = sorted((item for part in evidence for item in part.items), key=lambda item: -abs(item.bits))
    return ListMatch(
        view=View.FULL.value,
        case=document.case,
        agency=document.agency,
        country=document.country,
        title=document.title,
        caveat=document.caveat,
        band=Band(found.band) if granted else judge_score(score + model.prior).band,
        score=None if granted else score,  # a hit that its owner has disclosed has a hit's band, and no score
        met=met,
        about=about,
        compared=tuple(_describe_comparison(item, session.language) for item in items),
        caveat_translation=document.translate_caveat(session.language),
    )


def _describe_comparison(item: Item, language: str) -> ListComparison:
    """One comparison in words: what is compared, how well it agrees, what was asked and what the record has."""
    return ListComparison(
        field=item.field,
        label=compared_thing(item, language),
        level=item.level,
        agreement=finding(item, language),
        asked=value(item.field, item.value_a, language),
        record=value(item.field, item.value_b, language),
        bits=item.bits,
    )


def format_not_asked(row: ListResultRow, language: str) -> str:
    """Why a row was not put to hit-only records, or to no more of them; "" where it was."""
    reason: NotAsked = row.not_asked
    return translate((FURTHER_LABELS if row.hits else NOT_ASKED_LABELS)[reason], language) if reason else ""


def _encode_csv_rows(rows: Iterable[ListResultRow], language: str, agencies: Registry) -> bytes:
    """A line for each case or hit of a row, and one for a row without: each row of the list is accounted for."""
    lines = []
    for row in rows:
        own = {name: getattr(row, name) for name in ("row", "line", "id", "query", "problem")} | {
            "hint": tell_hint(row.hint, language) if row.hint else "",
            "not_asked": format_not_asked(row, language),
        }
        cells = [*(_describe_match(match, language) for match in row.matches), *map(msgspec.structs.asdict, row.hits)]
        lines += [own | found | {"agency_name": title_of(agencies, found.get("agency", ""))} for found in cells or [{}]]
    return encode_csv([line.get(name) for name in RESULT_COLUMNS] for line in lines)


def _describe_match(found: ListMatch, language: str) -> dict[str, object]:
    """The cells of a case; a hit has no more than whose it is."""
    cells: dict[str, list[str]] = {name: [] for name in ("name", "date_of_birth", "other", "values_that_differ")}
    for one in found.compared:
        column = OWN_COLUMNS.get(one.field)
        said = {"field": one.label, "level": one.agreement}
        cells[column or "other"].append(one.agreement if column else translate("{field}: {level}", language, **said))
        if one.asked != one.record:
            cells["values_that_differ"].append(
                translate("{thing}: asked {asked}, record {record}", language,
                          thing=one.label, asked=one.asked, record=one.record)
            )  # fmt: skip
    joined = {name: SEVERAL.join(dict.fromkeys(said)) for name, said in cells.items()}
    translation = told(found.caveat_translation)
    about = {"found": found.about.name, "found_born": found.about.born, "score": to_bits(found.score),
             "caveat_translated": translation.text if translation else None}  # fmt: skip
    return msgspec.structs.asdict(found) | joined | about
