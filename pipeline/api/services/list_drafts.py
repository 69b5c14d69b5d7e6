"""List drafts: a table is uploaded, its columns are mapped before the first rows as they would be asked, then checked.

A draft reads no case. It becomes a list (pipeline/api/services/list_checks.py) of the same id, so that checking it
twice is once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Final, ParamSpec, TypeVar

import msgspec
from msgspec import Meta

from pipeline.access.audit import ActKind
from pipeline.api.answers import (
    ListCheckAnswer,
    ListDraftAnswer,
    ListDraftsAnswer,
    ListDraftSummary,
    ListDraftView,
    PreviewRow,
)
from pipeline.api.list_planning import (
    MAX_TITLE_CHARS,
    MOST_BYTES,
    MOST_ROWS,
    TARGETS,
    PlanningError,
    plan_draft,
    plan_list,
)
from pipeline.api.list_store import ListDraft, NoListError
from pipeline.api.problems import ConflictError, NotFoundError, UnprocessableError
from pipeline.api.services.list_checks import keep_list, make_list_id, read_list_check
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.feeds.tables.grids import Fault, GridHead, GridOptions, read_bounded
from pipeline.locale import N_

MOST_DRAFTS: Final = 5
"""Drafts that one subject has at a time."""

MAX_COLUMNS: Final = 200
"""A table with more is refused: nobody maps so many by hand."""

ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1256")
"""What a text may be read in, where the guess is wrong."""

ENCODINGS_SAID: Final = f"Of a text: {', '.join(ENCODINGS)}."
TARGETS_SAID: Final = f"Of each column one of {', '.join(filter(None, TARGETS))}, or empty to leave it out."

FAULT_MESSAGES: Final[dict[Fault, str]] = {
    "empty": N_("the file is empty"),
    "form": N_("the file can't be read as a table; send XLSX, XLS, XLSB, ODS, or CSV in UTF-8"),
    "long": N_("the list has more than {most} rows; split it"),
    "large": N_("the file unpacks to too much to be a list, or is damaged; save the sheet as CSV, or split it"),
    "cells": N_(
        "the workbook has more cells or merged cells than a list may have; delete what is outside the table and undo"
        " merged cells, or save the sheet as CSV"
    ),
    "locked": N_("the workbook is protected by a password; save it without one"),
    "formulas": N_("the workbook has formulas without results; open it in a spreadsheet program and save it"),
}


Given = ParamSpec("Given")
Made = TypeVar("Made")


class ListDraftChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change: what columns are asked as, one for each in their order, or how the file is read.

    Where the file is read anew the columns are guessed anew.
    """

    targets: Annotated[
        tuple[str, ...], Meta(max_length=MAX_COLUMNS, description=TARGETS_SAID, examples=[["id", "given", "family"]])
    ] = ()
    sheet: Annotated[str, Meta(max_length=255, description="The sheet of a workbook.")] = ""
    encoding: Annotated[str, Meta(max_length=20, description=ENCODINGS_SAID)] = ""
    header: Annotated[bool | None, Meta(description="Whether the first row names the columns.")] = None


async def submit_draft(session: Session, raw: bytes, title: str = "", key: str = "") -> ListDraftAnswer:
    """Take in a table; it is kept when this returns. The same `key` again is the same draft, sent once.

    Raises UnprocessableError for what can't be read, ConflictError where the subject has too many, and
    TooManyRequestsError where too much of theirs is under way.
    """
    session.require_reader()
    if len(raw) > MOST_BYTES:
        raise UnprocessableError(LiaisonError("the list is larger than {most} bytes; split it", most=MOST_BYTES))
    store, name = session.runtime.lists, make_list_id(session, key)
    held = [draft.id for draft in await asyncio.to_thread(store.list_drafts, session.requester)]
    if name in held:
        return await read_draft(session, name)
    if len(held) >= MOST_DRAFTS:
        raise ConflictError(
            LiaisonError("you have {most} unfinished lists; check or delete one first", most=MOST_DRAFTS)
        )
    with session.hold_costly():
        head, grid = await _read_grid(session, raw, GridOptions())
        plan = await _plan(plan_draft, grid)
    draft = ListDraft(name, title[:MAX_TITLE_CHARS], session.now, GridOptions(), head, plan)
    await session.record(ActKind.READ, {"list_draft": name, "rows": head.rows}, about=name)
    await asyncio.to_thread(store.add_draft, session.requester, draft, grid, raw)
    return _answer(session, draft)


async def read_draft(session: Session, name: str) -> ListDraftAnswer:
    """A draft as it is now. Raises NotFoundError."""
    session.require_reader()
    draft = await _require_draft(session, name)
    await session.record(ActKind.READ, {"list_draft": name}, about=name)
    return _answer(session, draft)


async def read_drafts(session: Session) -> ListDraftsAnswer:
    """The requester's drafts."""
    session.require_reader()
    drafts = await asyncio.to_thread(session.runtime.lists.list_drafts, session.requester)
    kept = [draft for draft in drafts if session.now < draft.expires]
    await session.record(ActKind.READ, {"list_drafts": len(kept)})
    return ListDraftsAnswer(*session.moment, tuple(map(_summarise, kept)))


async def change_draft(session: Session, name: str, change: ListDraftChange) -> ListDraftAnswer:
    """Map the columns, or read the file in another way.

    Raises NotFoundError, UnprocessableError, and TooManyRequestsError where too much of theirs is under way.
    """
    session.require_reader()
    store = session.runtime.lists
    with session.hold_costly():
        draft, grid = await _require_whole(session, name)
        options = GridOptions(
            change.sheet or draft.options.sheet,
            change.encoding or draft.options.encoding,
            draft.options.header if change.header is None else change.header,
        )
        _require_encoding(options.encoding)
        if options != draft.options:
            raw = await asyncio.to_thread(store.read_upload, session.requester, draft)
            head, grid = await _read_grid(session, raw, options)
            plan = await _plan(plan_draft, grid)
            draft = msgspec.structs.replace(draft, options=options, head=head, plan=plan)
        if change.targets and change.targets != draft.plan.targets:
            _require_targets(draft.head, change.targets)
            plan = await _plan(plan_draft, grid, change.targets)
            draft = msgspec.structs.replace(draft, plan=plan)
    await session.record(ActKind.READ, {"list_draft": name, "changed": True}, about=name)
    try:
        await asyncio.to_thread(store.replace_draft, session.requester, draft, grid)
    except NoListError as error:
        raise NotFoundError(error) from error
    return _answer(session, draft)


async def check_draft(session: Session, name: str, targets: Sequence[str] = ()) -> ListCheckAnswer:
    """Take in a draft as a list of the same id, then delete it. Once more is harmless: it is the same list.

    `targets` are what its columns are asked as, where that is not what is kept.

    Raises NotFoundError, UnprocessableError while no column is asked, ConflictError as for a list, and
    TooManyRequestsError where too much of theirs is under way.
    """
    session.require_reader()
    store = session.runtime.lists
    with session.hold_costly():
        try:
            draft, grid = await _require_whole(session, name)
        except NotFoundError:
            return await read_list_check(session, name)  # raises the same where there is no list either
        targets = targets or draft.plan.targets
        _require_targets(draft.head, targets)
        if not set(targets) - {"", "id", "country"}:
            raise UnprocessableError("choose what at least one column is searched as", "targets")
        plan = await _plan(plan_list, grid, tuple(targets))
    answer = await keep_list(session, name, plan.rows, draft.title)
    await asyncio.to_thread(store.delete_draft, session.requester, name)
    return answer


async def delete_draft(session: Session, name: str) -> ListDraftAnswer:
    """Delete a draft. Raises NotFoundError."""
    session.require_reader()
    draft = await _require_draft(session, name)
    await session.record(ActKind.READ, {"list_draft": name, "deleted": True}, about=name)
    answer = _answer(session, draft)
    await asyncio.to_thread(session.runtime.lists.delete_draft, session.requester, name)
    return answer


async def _read_grid(session: Session, raw: bytes, options: GridOptions) -> tuple[GridHead, msgspec.Raw]:
    """Read a table in a process of its own, and leave it encoded.

    Raises UnprocessableError that says what is wrong with it.
    """
    async with session.runtime.processes:
        answer = await asyncio.to_thread(read_bounded, raw, options, MOST_ROWS)
    head = answer.head
    if answer.fault or head is None:
        raise UnprocessableError(LiaisonError(FAULT_MESSAGES[answer.fault or "form"], most=MOST_ROWS), "list")
    if not head.rows:
        raise UnprocessableError("the list is empty", "list")
    if len(head.columns) > MAX_COLUMNS:
        raise UnprocessableError(LiaisonError("the list has more than {most} columns", most=MAX_COLUMNS), "list")
    return head, answer.grid


async def _plan(make: Callable[Given, Made], *given: Given.args, **more: Given.kwargs) -> Made:
    """A plan, made in a process of its own where it takes long. Raises UnprocessableError where it takes too long."""
    try:
        return await asyncio.to_thread(make, *given, **more)
    except PlanningError as error:
        raise UnprocessableError(error, "list") from error


async def _require_draft(session: Session, name: str) -> ListDraft:
    try:
        draft = await asyncio.to_thread(session.runtime.lists.read_draft, session.requester, name)
    except NoListError as error:
        raise NotFoundError(error) from error
    return _require_lasting(session, draft)


async def _require_whole(session: Session, name: str) -> tuple[ListDraft, msgspec.Raw]:
    """A draft with its rows, for who plans them."""
    try:
        draft, grid = await asyncio.to_thread(session.runtime.lists.read_whole_draft, session.requester, name)
    except NoListError as error:
        raise NotFoundError(error) from error
    return _require_lasting(session, draft), grid


def _require_lasting(session: Session, draft: ListDraft) -> ListDraft:
    if session.now >= draft.expires:
        raise NotFoundError("list not found, or not yours")
    return draft


def _require_encoding(encoding: str) -> None:
    if encoding and encoding not in ENCODINGS:
        raise UnprocessableError(
            LiaisonError("unknown encoding; use one of {encodings}", encodings=", ".join(ENCODINGS)), "encoding"
        )


def _require_targets(head: GridHead, targets: Sequence[str]) -> None:
    if len(targets) != len(head.columns):
        raise UnprocessableError(
            LiaisonError("name a target for each of the {count} columns", count=len(head.columns)), "targets"
        )
    if not set(targets) <= set(TARGETS):
        raise UnprocessableError(
            LiaisonError("unknown target; use one of {targets}", targets=", ".join(filter(None, TARGETS))), "targets"
        )


def _answer(session: Session, draft: ListDraft) -> ListDraftAnswer:
    preview = tuple(PreviewRow(row.line, row.own, row.question) for row in draft.plan.preview)
    summary, head = _summarise(draft), draft.head
    view = ListDraftView(
        id=summary.id,
        title=summary.title,
        rows=summary.rows,
        columns=draft.plan.columns,
        preview=preview,
        hints=draft.plan.hints,
        header=head.header,
        encoding=head.encoding,
        sheet=head.sheet,
        sheets=head.sheets,
        created=summary.created,
        expires=summary.expires,
    )
    return ListDraftAnswer(*session.moment, view)


def _summarise(draft: ListDraft) -> ListDraftSummary:
    return ListDraftSummary(
        draft.id, draft.title, draft.head.rows, draft.created.isoformat(), draft.expires.isoformat()
    )
