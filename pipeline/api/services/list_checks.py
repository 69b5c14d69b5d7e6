"""List checks: up to 10,000 questions at once, asked in the background as searches, fetched for a day."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.policy import View
from pipeline.access.redaction import Row, hit_for
from pipeline.api.cursors import PageCursor
from pipeline.api.hit_budget import FURTHER_LABELS, NOT_ASKED_LABELS, NotAsked
from pipeline.api.languages import translate_error
from pipeline.api.list_filter import ALL_ROWS, ListFilter
from pipeline.api.list_rows import ListError, ListFormat, ListRow, parse_rows
from pipeline.api.list_store import ListJob, ListRowFindings, NoListError
from pipeline.api.problems import ConflictError, NotFoundError, UnprocessableError
from pipeline.api.services.export_formats import encode_csv, encode_lines
from pipeline.api.services.hit_requests import attach_requests, hits_among
from pipeline.api.services.search import summarise_case
from pipeline.api.session import Session, meta
from pipeline.errors import LiaisonError
from pipeline.index.case_reading import SHOWN
from pipeline.index.documents import CaseDocument
from pipeline.locale import translate
from pipeline.matching.explain.plain_words import lower_label
from pipeline.matching.explain.wording import label
from pipeline.matching.explain.words import FIELDS, IDENTIFIER_TYPES

MOST_LISTS: Final = 10
"""Lists that one subject has at a time."""

MOST: Final = 200
"""Rows of one page, and of one part of a file."""

MOST_SCANNED: Final = 2_000
"""Rows that one request looks at for those that a filter takes; where it ends, `next` goes on."""

CSV_COLUMNS: Final = (
    "row", "line", "id", "query", "problem", "not_asked", "view", "case", "reference", "agency", "country", "title",
    "caveat", "band", "score", "met", "agrees", "against",
)  # fmt: skip

MEDIA_TYPES: Final[dict[ListFormat, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


class ListCheck(msgspec.Struct, frozen=True):
    """A list: `state` is running or done, `done` of its `rows` have been asked; it is deleted when it expires.

    `title` is the name of its file, "" where nobody gave one. `not_asked` of the rows done were not put to hit-only
    records.
    """

    id: str
    title: str
    state: str
    rows: int
    done: int
    purpose: str
    case_reference: str
    created: str
    expires: str
    not_asked: int


class ListCheckAnswer(msgspec.Struct, frozen=True):
    """One list."""

    as_of: str
    list: ListCheck


class ListChecksAnswer(msgspec.Struct, frozen=True):
    """The requester's lists, the latest first."""

    as_of: str
    lists: tuple[ListCheck, ...]


class ListResultsAnswer(msgspec.Struct, frozen=True):
    """A page of rows in the list's order; `next` is where to go on, None behind the last row that has been asked."""

    as_of: str
    rows: tuple[Row, ...]
    next: str | None = None


async def submit_list(session: Session, raw: bytes, form: ListFormat, key: str = "") -> ListCheckAnswer:
    """Take in a list; it is kept when this returns. The same `key` again is the same list, sent once.

    Raises UnprocessableError for one that cannot be read, ConflictError where the subject has too many,
    UnavailableError.
    """
    session.require_reader()
    try:
        with session.hold_costly():
            rows = await asyncio.to_thread(parse_rows, raw, form)
    except ListError as error:
        raise UnprocessableError(error, "list") from error
    return await keep_list(session, make_list_id(session, key), rows)


async def keep_list(session: Session, name: str, rows: tuple[ListRow, ...], title: str = "") -> ListCheckAnswer:
    """Keep a list of rows; it is worked on from now on. One of this id that is there already stays as it is.

    Raises ConflictError where the subject has too many, UnavailableError.
    """
    lists = session.runtime.lists
    held = [job.id for job in await asyncio.to_thread(lists.list_jobs, session.requester)]
    if name not in held and len(held) >= MOST_LISTS:
        raise ConflictError(LiaisonError("you have {most} lists already; delete one first", most=MOST_LISTS))
    await session.audit(ActKind.READ, {"list_check": name, "rows": len(rows)}, about=name)
    job = ListJob(name, session.requester, session.grounds, session.language, session.now, len(rows), title)
    await asyncio.to_thread(lists.add, job, rows)
    return ListCheckAnswer(session.as_of, _describe_job(session, _require_job(session, name)))


async def read_list_check(session: Session, name: str) -> ListCheckAnswer:
    """How far a list of the requester's has come. Raises NotFoundError."""
    session.require_reader()
    await session.audit(ActKind.READ, {"list_check": name})
    return ListCheckAnswer(session.as_of, _describe_job(session, _require_job(session, name)))


async def read_list_checks(session: Session) -> ListChecksAnswer:
    """The requester's lists."""
    session.require_reader()
    jobs = await asyncio.to_thread(session.runtime.lists.list_jobs, session.requester)
    kept = [job for job in jobs if session.now < job.expires]
    await session.audit(ActKind.READ, {"list_checks": len(kept)})
    return ListChecksAnswer(session.as_of, tuple(_describe_job(session, job) for job in kept))


async def read_results(
    session: Session, name: str, limit: int = 50, cursor: str = "", wanted: ListFilter = ALL_ROWS
) -> ListResultsAnswer:
    """What was found for the rows behind a cursor, as the requester may see it now. Raises NotFoundError."""
    session.require_reader()
    pages = PageCursor(session, "list", session.grounds.purpose, name, wanted)
    (first,) = pages.open(cursor) or (0,)
    job, limit = _require_job(session, name), min(limit, MOST)
    end, last, rows, seen = first, first + MOST_SCANNED, list[Row](), dict[str, View]()
    while len(rows) < limit and end < last:
        step = limit - len(rows) if wanted == ALL_ROWS else MOST
        read, found = await _read_rows(session, job, end, end + step)
        kept = [row for row in read if wanted.takes(row)][: limit - len(rows)]
        end = kept[-1]["row"] if len(rows) + len(kept) == limit else end + len(read)
        rows += kept
        seen |= _shown_in(session, kept, found)
        if len(read) < step:
            break
    await session.audit(ActKind.READ, {"list_check": name, "from": first}, session.make_shown(seen), about=name)
    more = end > first and end < session.runtime.lists.count_done(job)
    return ListResultsAnswer(session.as_of, tuple(rows), pages.seal([end]) if more else None)


async def export_results(
    session: Session, name: str, form: ListFormat, wanted: ListFilter = ALL_ROWS
) -> AsyncGenerator[bytes, None]:
    """All rows that have been asked, as a file in parts. Raises NotFoundError, UnavailableError."""
    session.require_reader()
    job, first = _require_job(session, name), 0
    yield encode_csv([CSV_COLUMNS]) if form == "csv" else b""
    while True:
        rows, found = await _read_rows(session, job, first, first + MOST)
        kept = [row for row in rows if wanted.takes(row)]
        what = {"list_check": name, "form": form, "from": first}
        await session.audit(ActKind.EXPORT, what, session.make_shown(_shown_in(session, kept, found)), about=name)
        if not rows:
            return
        yield _encode_csv_rows(kept, session.language) if form == "csv" else encode_lines(kept)
        first += len(rows)


async def delete_list(session: Session, name: str) -> ListCheckAnswer:
    """Delete a list with its results, whether or not it is done. Raises NotFoundError."""
    session.require_reader()
    job = _require_job(session, name)
    described = _describe_job(session, job)
    await session.audit(ActKind.READ, {"list_check": name, "deleted": True}, about=name)
    await asyncio.to_thread(session.runtime.lists.delete, job)
    return ListCheckAnswer(session.as_of, described)


def make_list_id(session: Session, key: str) -> str:
    """A new list's id; the same for the same key of a subject."""
    if not key:
        return uuid.uuid4().hex
    who = session.requester
    identity = msgspec.json.encode((who.agency, who.subject, key))
    return session.runtime.opaque.list_id(identity)


def _require_job(session: Session, name: str) -> ListJob:
    try:
        job = session.runtime.lists.read_job(session.requester, name)
    except NoListError as error:
        raise NotFoundError(error) from error
    if session.now >= job.expires:
        raise NotFoundError("list not found, or not yours")
    return job


def _describe_job(session: Session, job: ListJob) -> ListCheck:
    done = session.runtime.lists.count_done(job)
    return ListCheck(
        id=job.id,
        title=job.title,
        state="done" if done == job.rows else "running",
        rows=job.rows,
        done=done,
        purpose=job.grounds.purpose.value,
        case_reference=job.grounds.case_reference,
        created=job.created.isoformat(),
        expires=job.expires.isoformat(),
        not_asked=session.runtime.lists.count_not_asked(job),
    )


async def _read_rows(session: Session, job: ListJob, first: int, last: int) -> tuple[list[Row], dict[str, View]]:
    """Rows from `first` to before `last`, as far as they have been asked, and how each of their cases is seen."""
    lists = session.runtime.lists
    asked = await asyncio.to_thread(lists.read_rows, job)
    found = await asyncio.to_thread(lambda: dict(lists.read_results(job, first, last)))
    documents = await _read_documents(session, found.values())
    views = await session.decide_views({document.case: document for document in documents.values()})
    rows = [_make_row(session, at, asked[at], findings, documents, views) for at, findings in sorted(found.items())]
    held = hits_among(session, documents.values(), views)
    await attach_requests(session, (hit for row in rows for hit in row["hits"]), held)
    return rows, views


def _shown_in(session: Session, rows: Iterable[Row], views: Mapping[str, View]) -> dict[str, View]:
    """Of the cases that were decided on, those that these rows show."""
    shown = list(rows)
    matched = {match["case"] for row in shown for match in row["matches"]}
    references = {hit["reference"] for row in shown for hit in row["hits"]}
    return {case: how for case, how in views.items() if case in matched or session.make_reference(case) in references}


async def _read_documents(session: Session, found: Iterable[ListRowFindings]) -> dict[str, CaseDocument]:
    """The cases that are named, by key, and those that stand behind a reference, by that."""
    some = list(found)
    who, opaque, reader = session.requester, session.runtime.opaque, session.runtime.reader
    named = await reader.read_cases((case["case"] for each in some for case in each.cases), SHOWN)
    digests = {hit["reference"]: opaque.digest_of(who.agency, hit["reference"]) for each in some for hit in each.hits}
    held = await reader.find_all_digested(
        [digest for digest in digests.values() if digest], who.country, session.grounds.purpose
    )
    return named | {name: held[digest] for name, digest in digests.items() if digest in held}


def _make_row(
    session: Session,
    at: int,
    asked: ListRow,
    found: ListRowFindings,
    documents: Mapping[str, CaseDocument],
    views: Mapping[str, View],
) -> Row:
    """A row with those of its cases that the requester still sees, each as seen now."""
    matches, hits = [], []
    for match in (*found.cases, *found.hits):
        document = documents.get(match.get("case") or match["reference"])
        seen = View.NOTHING if document is None else views[document.case]
        if document is not None and seen is View.FULL:
            matches.append(_make_match(document, match, session.language))
        elif document is not None and seen is View.HIT and "reference" in match:
            hits.append({**hit_for(meta(document), session.make_reference), "band": match["band"]})
    problem = translate_error(LiaisonError(found.problem, **found.values), session.language) if found.problem else None
    return {
        "row": at + 1,
        "line": asked.line or at + 1,
        "id": asked.own or None,
        "query": asked.question,
        "problem": problem,
        "not_asked": found.not_asked,
        "matches": matches,
        "hits": hits,
    }


def _make_match(document: CaseDocument, found: Mapping[str, Any], language: str) -> Row:
    return {
        **summarise_case(document),
        "band": found["band"],
        "score": found.get("score"),
        "met": list(found.get("met", ())),
        "agrees": [_label_comparison(name, language) for name in found.get("agrees", ())],
        "against": [_label_comparison(name, language) for name in found.get("against", ())],
    }


def _label_comparison(name: str, language: str) -> str:
    field, _, number = name.partition(":")
    return label(IDENTIFIER_TYPES, number, language) if number else lower_label(label(FIELDS, field, language))


def format_not_asked(row: Row, language: str) -> str:
    """Why a row was not put to hit-only records, or to no more of them; "" where it was."""
    reason: NotAsked = row["not_asked"]
    return translate((FURTHER_LABELS if row["hits"] else NOT_ASKED_LABELS)[reason], language) if reason else ""


def _encode_csv_rows(rows: Iterable[Row], language: str) -> bytes:
    """A line for each case or hit of a row, and one for a row without: each row of the list is accounted for."""
    pairs = ((row, found) for row in rows for found in [*row["matches"], *row["hits"]] or [{}])
    joined = (
        {name: row[name] for name in ("row", "line", "id", "query", "problem")}
        | {"not_asked": format_not_asked(row, language)}
        | found
        for row, found in pairs
    )
    return encode_csv([line.get(name) for name in CSV_COLUMNS] for line in joined)
