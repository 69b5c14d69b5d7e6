"""Lists to check: up to 10,000 questions at once, asked in the background as searches.

What was found (list_results.py) is fetched for a day, or until the date to which the list is kept for its case
reference.
"""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import Final

import msgspec

from pipeline.access.audit import ActKind
from pipeline.api.answers import ListCheck, ListCheckAnswer, ListChecksAnswer
from pipeline.api.entity_rows import is_follow_the_money, parse_entities
from pipeline.api.list_planning import MAX_TITLE_CHARS, ListError, ListFormat, ListRow, parse_rows
from pipeline.api.list_store import LONGEST, ListJob, NoListError
from pipeline.api.problems import ConflictError, NotFoundError, UnprocessableError
from pipeline.api.session import Session
from pipeline.errors import LiaisonError

MOST_LISTS: Final = 10
"""Lists that one subject has at a time, but for those that are kept longer than a day."""

MOST_KEPT: Final = 20
"""Lists that one subject keeps longer than a day."""


async def submit_list(
    session: Session, raw: bytes, form: ListFormat, key: str = "", title: str = ""
) -> ListCheckAnswer:
    """Take in a list; it is kept when this returns. The same `key` again is the same list, sent once.

    JSON lines that are FollowTheMoney entities are taken as such. `title` is the name of the file.

    Raises UnprocessableError for one that cannot be read, ConflictError where the subject has too many,
    UnavailableError.
    """
    session.require_reader()
    try:
        with session.hold_costly():
            rows = await asyncio.to_thread(_parse_list, raw, form)
    except ListError as error:
        raise UnprocessableError(error, "list") from error
    return await keep_list(session, make_list_id(session, key), rows, title[:MAX_TITLE_CHARS])


def _parse_list(raw: bytes, form: ListFormat) -> tuple[ListRow, ...]:
    return parse_entities(raw) if form == "ndjson" and is_follow_the_money(raw) else parse_rows(raw, form)


async def keep_list(session: Session, name: str, rows: tuple[ListRow, ...], title: str = "") -> ListCheckAnswer:
    """Keep a list of rows; it is worked on from now on. One of this id that is there already stays as it is.

    Raises ConflictError where the subject has too many, UnavailableError.
    """
    lists = session.runtime.lists
    held = {job.id: job for job in await asyncio.to_thread(lists.list_jobs, session.requester)}
    if name not in held and sum(job.until is None for job in held.values()) >= MOST_LISTS:
        raise ConflictError(LiaisonError("you have {most} lists already; delete one first", most=MOST_LISTS))
    await session.record(ActKind.READ, {"list_check": name, "rows": len(rows)}, about=name)
    job = ListJob(name, session.requester, session.grounds, session.language, session.now, len(rows), title)
    await asyncio.to_thread(lists.add, job, rows)
    return ListCheckAnswer(*session.moment, _describe_job(session, require_job(session, name)))


async def read_list_check(session: Session, name: str) -> ListCheckAnswer:
    """How far a list of the requester's has come. Raises NotFoundError."""
    session.require_reader()
    await session.record(ActKind.READ, {"list_check": name})
    return ListCheckAnswer(*session.moment, _describe_job(session, require_job(session, name)))


async def read_list_checks(session: Session) -> ListChecksAnswer:
    """The requester's lists."""
    session.require_reader()
    lists = await describe_lists(session)
    await session.record(ActKind.READ, {"list_checks": len(lists)})
    return ListChecksAnswer(*session.moment, lists)


async def describe_lists(session: Session) -> tuple[ListCheck, ...]:
    """The requester's lists, the latest first; whoever shows them records it."""

    def describe() -> tuple[ListCheck, ...]:
        jobs = session.runtime.lists.list_jobs(session.requester)
        return tuple(_describe_job(session, job) for job in jobs if session.now < job.expires)

    return await asyncio.to_thread(describe)


async def extend_list(session: Session, name: str, until: datetime) -> ListCheckAnswer:
    """Keep a list until a time from now on; before it ends it may be given another end, earlier or later.

    It is kept for the case reference that it was made for: the request must state the same. Raises NotFoundError,
    UnprocessableError for another reference or a time that is past or too far, ConflictError where the subject keeps
    too many, UnavailableError.
    """
    session.require_reader()
    job, lists = require_job(session, name), session.runtime.lists
    if session.grounds.case_reference != job.grounds.case_reference:
        raise UnprocessableError(
            LiaisonError(
                "the list is for {reference}; state that case reference to keep it",
                reference=job.grounds.case_reference,
            ),
            "case_reference",
        )
    if not session.now < until <= session.now + LONGEST:
        raise UnprocessableError(
            LiaisonError("the list can be kept until a time in the next {days} days", days=LONGEST.days), "until"
        )
    others = [one for one in await asyncio.to_thread(lists.list_jobs, session.requester) if one.id != name]
    if sum(one.until is not None for one in others) >= MOST_KEPT:
        raise ConflictError(LiaisonError("you keep {most} lists already; delete one first", most=MOST_KEPT))
    await session.record(ActKind.READ, {"list_check": name, "kept_until": until.isoformat()}, about=name)
    try:
        await asyncio.to_thread(lists.keep, job, until)
    except NoListError as error:
        raise NotFoundError(error) from error
    return ListCheckAnswer(*session.moment, _describe_job(session, require_job(session, name)))


async def delete_list(session: Session, name: str) -> ListCheckAnswer:
    """Delete a list with its results, whether or not it is done. Raises NotFoundError."""
    session.require_reader()
    job = require_job(session, name)
    described = _describe_job(session, job)
    await session.record(ActKind.READ, {"list_check": name, "deleted": True}, about=name)
    await asyncio.to_thread(session.runtime.lists.delete, job)
    return ListCheckAnswer(*session.moment, described)


def make_list_id(session: Session, key: str) -> str:
    """A new list's id; the same for the same key of a subject."""
    if not key:
        return uuid.uuid4().hex
    who = session.requester
    identity = msgspec.json.encode((who.agency, who.subject, key))
    return session.runtime.opaque.list_id(identity)


def require_job(session: Session, name: str) -> ListJob:
    """A list of the requester's that is still there. Raises NotFoundError."""
    try:
        job = session.runtime.lists.read_job(session.requester, name)
    except NoListError as error:
        raise NotFoundError(error) from error
    if session.now >= job.expires:
        raise NotFoundError("list not found, or not yours")
    return job


def _describe_job(session: Session, job: ListJob) -> ListCheck:
    """A list as its requester is told of it."""
    progress = session.runtime.lists.read_progress(job)
    return ListCheck(
        id=job.id,
        title=job.title,
        state="done" if progress.is_done else "running",
        rows=progress.rows,
        done=progress.done,
        purpose=job.grounds.purpose.value,
        case_reference=job.grounds.case_reference,
        created=job.created.isoformat(),
        expires=job.expires.isoformat(),
        not_asked=progress.not_asked,
    )
