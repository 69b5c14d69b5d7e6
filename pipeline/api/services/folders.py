"""Case folders: made, shared, filled, ordered and looked at. Every act is audited.

An item is decided on for who looks, each time. What they can't open, whatever the reason, is one row that says nothing,
and costs the index what anything else would. Marks of what is new follow from what the same person saw, and sees.
It is one module, since each act asks first for the folder and one's role in it, and all show items in one way.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from pipeline.access import folders
from pipeline.access.audit import ActKind, RequestRule
from pipeline.access.folders import (
    CHART_BYTES,
    MOST_ADDED,
    MOST_FOLDERS,
    MOST_ITEMS,
    BadReferenceError,
    Baseline,
    DeepChartError,
    Folder,
    FolderChart,
    FolderItem,
    FolderRole,
    FolderState,
    FolderVisit,
    ItemKind,
    LastOwnerError,
    Reference,
    Sight,
    TooManyMembersError,
    parse_reference,
)
from pipeline.access.item_places import places_between
from pipeline.access.requester import Role
from pipeline.access.text_limits import NOTE, SUBJECT, TITLE
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import (
    AddedItem,
    FolderAnswer,
    FolderChartAnswer,
    FolderItemAnswer,
    FolderItemRow,
    FolderItemsAnswer,
    FolderMemberRow,
    FolderRow,
    FoldersAnswer,
    ItemsAddedAnswer,
    KeptLink,
    LinkSide,
    ListCheck,
    told,
)
from pipeline.api.paging import LONG_CURSOR_BYTES, PageCursor
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RequestTooLargeError,
    UnprocessableError,
)
from pipeline.api.services.cases import weigh_readable
from pipeline.api.services.exports import TableFormat, encode_csv, encode_lines, encode_table_head
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side, pair_of, things_of
from pipeline.api.services.links import find_links_of
from pipeline.api.services.list_checks import describe_lists
from pipeline.api.services.reviews import read_colours
from pipeline.api.services.search import require_bounded
from pipeline.api.session import Session, record_decision, record_decisions, require_short
from pipeline.errors import LiaisonError
from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.locale import N_, translate
from pipeline.records.agencies import title_of
from pipeline.search.questions import MAX_QUESTION_CHARS
from pipeline.streams.audit.decision_log import NewValue
from pipeline.streams.catalogues import topics

MOST: Final = 100
"""Items of one page."""

TRIES: Final = 4
"""Of what is done to an item, where somebody else has just changed it."""

NO_FOLDER: Final = N_("folder not found, or not shared with you")
NO_ITEM: Final = N_("item not found in this folder")
CLOSED_ITEM: Final = N_("An item that you can't open")
"""What stands for an item in its place, whatever the reason."""

LOOK: Final = (FolderRole.OWNER, FolderRole.MEMBER, FolderRole.READER)
WORK: Final = (FolderRole.OWNER, FolderRole.MEMBER)
OWN: Final = (FolderRole.OWNER,)

LONGEST_PLACE: Final = 1_200
"""Characters of a place, which a cursor holds."""

LONG_PLACE: Final = LONGEST_PLACE // 2
"""A longer one, after some 3,500 moves between the same two items, has what stands behind it spaced anew."""

MOST_SPACED: Final = 500
"""Items that are spaced anew at once, in one transaction: those behind them bound their places."""

MOST_CHARTED: Final = 20_000
"""References of one chart, each of which is decided on whenever it is opened."""

EXPORTED: Final = (
    "number", "kind", "reference", "title", "name", "agency", "country", "caveat", "band", "text", "by", "added",
    "caveat_translated", "agency_name",
)  # fmt: skip
"""The columns of a file."""


# ── folders ──


async def list_folders(session: Session, *, whole_agency: bool = False) -> FoldersAnswer:
    """The folders that are shared with the requester; of their whole agency for a supervisor.

    Raises ForbiddenError.
    """
    session.require_reader()
    who = session.requester
    if whole_agency and Role.SUPERVISOR not in who.roles:
        raise ForbiddenError()
    found = await session.runtime.decisions.list_folders(who.agency, None if whole_agency else who.subject)
    counts = await session.runtime.decisions.count_folder_items([folder.id for folder in found])
    await session.record(ActKind.READ, {"folders": len(found)})
    return FoldersAnswer(*session.moment, tuple(_make_row(session, one, counts.get(one.id, 0)) for one in found))


async def create_folder(session: Session, title: str) -> FolderAnswer:
    """A folder on the request's purpose and case reference, owned by the requester.

    Raises UnprocessableError, ConflictError, UnavailableError.
    """
    session.require_reader()
    title = _plain_title(title)
    who = session.requester
    held = await session.runtime.decisions.list_folders(who.agency, who.subject)
    if sum(folder.role_of(who) is FolderRole.OWNER for folder in held) >= MOST_FOLDERS:
        raise ConflictError(LiaisonError("you have {most} folders already; close one first", most=MOST_FOLDERS))
    made = folders.make_folder(uuid.uuid4().hex, title, session.requester, session.grounds, session.now)
    return await _record_folder(session, None, made)


async def rename_folder(session: Session, name: str, title: str) -> FolderAnswer:
    """Call it something else. Raises NotFoundError, ForbiddenError, UnprocessableError, ConflictError."""
    title = _plain_title(title)
    held = await require_folder(session, name, OWN)
    return await _record_folder(session, held, folders.rename_folder(held, title, session.now))


async def renew_folder(session: Session, name: str) -> FolderAnswer:
    """Another year from now, on this request's purpose and case reference. Raises as rename_folder does."""
    held = await require_folder(session, name, OWN, lapsed=True)
    return await _record_folder(session, held, folders.renew_folder(held, session.grounds, session.now))


async def share_folder(session: Session, name: str, subject: str, role: FolderRole | None) -> FolderAnswer:
    """Give somebody of the agency a role in it, or none; anybody may leave it.

    Raises NotFoundError, ForbiddenError; UnprocessableError for a name under which nobody of the agency has signed in;
    ConflictError where nobody would own it.
    """
    subject = subject.strip()
    if not subject:
        raise UnprocessableError("enter the colleague's sign-in name", "subject")
    require_short(SUBJECT, subject)
    leaves = role is None and subject == session.requester.subject
    held = await require_folder(session, name, LOOK if leaves else OWN)
    known = any(member.subject == subject for member in held.members)
    if not known and not await session.runtime.decisions.has_acted(held.agency, subject):
        raise UnprocessableError(
            "nobody of your agency has signed in under this name; check it, or ask your colleague to sign in once",
            "subject",
        )
    try:
        shared = folders.share_folder(held, subject, role, session.now)
    except (LastOwnerError, TooManyMembersError) as error:
        raise ConflictError(error) from error
    return await _record_folder(session, held, shared)


async def list_colleagues(session: Session) -> list[str]:
    """Who of the requester's agency signed in lately, without the requester: whom a folder is shared with."""
    session.require_reader()
    found = await session.runtime.decisions.list_colleagues(session.requester.agency)
    return [subject for subject in found if subject != session.requester.subject]


async def take_folder_over(session: Session, name: str) -> FolderAnswer:
    """A supervisor becomes the owner of a folder of their agency; who owned it stays a member.

    Raises ForbiddenError, NotFoundError, ConflictError, UnavailableError.
    """
    session.require_reader()
    if Role.SUPERVISOR not in session.requester.roles:
        raise ForbiddenError()
    held = (await session.runtime.decisions.folders_of([name])).get(name)
    if held is None or not folders.may_take_over(held, session.requester):
        await _refuse(session, name)
    try:
        taken = folders.take_folder_over(held, session.requester, session.now)
    except TooManyMembersError as error:
        raise ConflictError(error) from error
    return await _record_folder(session, held, taken)


async def close_folder(session: Session, name: str) -> FolderAnswer:
    """End it: what it was called and kept is kept no longer. Raises as rename_folder does."""
    held = await require_folder(session, name, OWN, lapsed=True)
    ended = await _record_folder(session, held, folders.close_folder(held, session.now))
    await _erase_content(session, name)
    return ended


async def _erase_content(session: Session, name: str) -> None:
    """Replace all that a folder kept by marks; what a crash leaves, `liaison ops retention` erases."""
    decisions = session.runtime.decisions
    while items := await decisions.list_folder_items(name, MOST_ADDED // 2):
        await record_decisions(session, [value for item in items for value in make_removal(item, session)])
    await _erase_visits(session, await decisions.visits_to(name))


async def _erase_visits(session: Session, visits: Iterable[FolderVisit]) -> None:
    """Replace what people saw by marks."""
    marks = [
        NewValue(topics.FOLDER_VISITS, visit.key, folders.close_visit(visit, session.now))
        for visit in visits
        if visit.seen or visit.before
    ]
    for at in range(0, len(marks), MOST_ADDED):
        await record_decisions(session, marks[at : at + MOST_ADDED])


VISITS_TOGETHER: Final = 5
"""Visits that are written anew at once: each has up to 1.2 MB."""


async def _forget_item(session: Session, visits: Sequence[FolderVisit], item: str) -> None:
    """Let nobody's visit hold what was seen of an item that was removed: else it would grow with each that comes."""
    found = await session.compute(lambda: [folders.forget_item(visit, item) for visit in visits])
    left = [NewValue(topics.FOLDER_VISITS, visit.key, visit) for visit in found if visit is not None]
    for at in range(0, len(left), VISITS_TOGETHER):
        await record_decisions(session, left[at : at + VISITS_TOGETHER], waits=False)


def make_removal(item: FolderItem, session: Session) -> list[NewValue]:
    """The marks that take an item out of its folder, with the content of a chart."""
    marks = [NewValue(topics.FOLDER_ITEMS, item.key, folders.drop_item(item, session.now))]
    if item.kind is ItemKind.CHART:
        marks.append(NewValue(topics.FOLDER_CHARTS, item.key, folders.drop_chart(item, session.now)))
    return marks


def _plain_title(title: str) -> str:
    """A name in one line. Raises UnprocessableError for none, or one that is too long."""
    plain = " ".join(title.split())
    if not plain:
        raise UnprocessableError("enter a name", "title")
    require_short(TITLE, plain)
    return plain


async def require_folder(session: Session, name: str, roles: Sequence[FolderRole], *, lapsed: bool = False) -> Folder:
    """A folder in which the requester has one of these roles; `lapsed`: also one that has run out.

    Raises NotFoundError, the same for none and for one that is not shared with them; ForbiddenError for another role.
    """
    session.require_reader()
    held = (await session.runtime.decisions.folders_of([name])).get(name)
    role = held.role_of(session.requester) if held else None
    if held is None or role is None or held.state is not FolderState.OPEN:
        await _refuse(session, name)
    if role not in roles:
        raise ForbiddenError("your role in this folder does not allow that")
    if not lapsed and not folders.is_current(held, session.now):
        raise ConflictError("this folder has run out; its owner can renew it")
    return held


async def _refuse(session: Session, name: str) -> NoReturn:
    await session.record(ActKind.FOLDER, {"folder": name}, rule=RequestRule.NOT_SHOWN)
    raise NotFoundError(NO_FOLDER)


async def _record_folder(session: Session, held: Folder | None, folder: Folder) -> FolderAnswer:
    asked: dict[str, object] = {
        "title": folder.title,
        "state": folder.state,
        "members": {member.subject: member.role for member in folder.members},
    }
    await session.record(ActKind.FOLDER, asked, about=folder.id)
    await record_decision(session, topics.FOLDERS, folder.id, folder, held)
    return FolderAnswer(*session.moment, await _describe_folder(session, folder))


async def _describe_folder(session: Session, folder: Folder) -> FolderRow:
    counts = await session.runtime.decisions.count_folder_items([folder.id])
    return _make_row(session, folder, counts.get(folder.id, 0))


def _make_row(session: Session, folder: Folder, items: int) -> FolderRow:
    return FolderRow(
        id=folder.id,
        title=folder.title,
        purpose=folder.purpose,
        case_reference=folder.case_reference,
        active=folders.is_current(folder, session.now),
        role=folder.role_of(session.requester),
        members=tuple(FolderMemberRow(member.subject, member.role) for member in folder.members),
        items=items,
        made=(folder.made or folder.time).isoformat(),
        until=(folder.until or folder.time).isoformat(),
    )


# ── what a folder keeps, as somebody sees it ──


class _OpenedItem(NamedTuple):
    """An item that a viewer can open: its row without marks, and what is held against the last visit."""

    row: FolderItemRow
    said: tuple[str, ...]


async def read_folder(session: Session, name: str, limit: int = MOST, cursor: str = "") -> FolderItemsAnswer:
    """A page of what a folder keeps, as the requester may see it now. Raises NotFoundError, ConflictError."""
    return await _read_page(session, name, limit, cursor, visits=False)


async def visit_folder(session: Session, name: str, limit: int = MOST, cursor: str = "") -> FolderItemsAnswer:
    """The same, and what the page shows counts as seen from now on: half an hour later it is marked no more."""
    return await _read_page(session, name, limit, cursor, visits=True)


async def _read_page(session: Session, name: str, limit: int, cursor: str, *, visits: bool) -> FolderItemsAnswer:
    pages = PageCursor(session, "folder", name, size=LONG_CURSOR_BYTES)
    after = pages.open(cursor)
    folder = await require_folder(session, name, LOOK)
    limit = min(limit, MOST)
    found = await session.runtime.decisions.list_folder_items(name, limit + 1, after)
    page = found[:limit]
    visit = await session.runtime.decisions.read_visit(name, session.requester.subject)
    known = folders.find_baseline(visit, session.now)
    async with session.answer(ActKind.READ, {"folder": name, "items": len(page)}, about=name) as answer:
        opened = await _open_items(answer, page)
        linked = await find_links_of(answer, _records_among(page, opened), folders.MOST_LINKS)
        sights = _make_sights(session, folder, page, opened, linked)
        new = _find_new_links(session, folder, page, linked, known)
        rows = [_mark_row(session, item, opened, sights, known, len(new[item.id])) for item in page]
        answer.show(_cases_among(page, opened))
        answer.count(other for item in page for other in new[item.id].values())
    if visits:
        seen = folders.add_visit(visit, folder, session.requester, sights, session.now)
        await keep_visit(session, visit, seen)
    end = pages.seal([page[-1].place, page[-1].id]) if len(found) > limit else None
    since = None if known.since is None else known.since.isoformat()
    return FolderItemsAnswer(*session.moment, await _describe_folder(session, folder), tuple(rows), since, end)


async def keep_visit(session: Session, before: FolderVisit | None, seen: FolderVisit) -> None:
    """Remember what somebody saw, unless it is what was remembered a moment ago. Raises UnavailableError.

    Nobody waits until the index has it: who looks again by then is still on the visit, and sees the same marks.
    """
    if before is None or (seen.seen, seen.before) != (before.seen, before.before) or seen.time - before.time >= MOMENT:
        await record_decisions(session, [NewValue(topics.FOLDER_VISITS, seen.key, seen)], waits=False)


MOMENT: Final = timedelta(minutes=1)
"""By as much a visit may be taken to end too early."""


async def _open_items(answer: RecordedAnswer, items: Sequence[FolderItem]) -> dict[str, _OpenedItem]:
    """Those of some items that the requester can open now, by id.

    Cases are asked for together, and nothing is read of one that is not to be read; links only once both sides are.
    """
    session = answer.session
    cases = await weigh_readable(answer, [key for item in items for key in item.cases], NAMING)
    kept = [item for item in items if all(key in cases for key in item.cases)]
    ids = [item.reference.link for item in kept if item.reference and item.kind is ItemKind.LINK]
    sealed = await session.runtime.reader.read_links(ids) if ids else {}
    links = {link.link: link for link in answer.weigh_links(sealed.values())}
    judged = await read_colours(session, list(links))
    lists = await _read_lists(session, kept)
    opened: dict[str, _OpenedItem] = {}
    said: tuple[str, ...]
    for item in kept:
        reference = item.reference
        if reference is None:
            continue
        if reference.kind is ItemKind.LINK:
            if (link := links.get(reference.link)) is not None:
                colour = judged[link.link]
                row = _name_link(session, link, cases, colour.colour.value, disputed=colour.disputed)
                said = (row.band, row.colour, str(row.disputed), link.a.hash, link.b.hash)
                opened[item.id] = _OpenedItem(_make_item_row(item, link=row), said)
        elif reference.kind in (ItemKind.RECORD, ItemKind.ENTITY):
            case = cases[reference.case]
            side = name_side(case, LinkedThing(reference.entity or _first_entity(case)), session.language)
            if not reference.entity or side.entity is not None:
                said = (str(case.version), case.hash)
                opened[item.id] = _OpenedItem(_make_item_row(item, record=side), said)
        elif reference.kind is ItemKind.LIST:
            if (listed := lists.get(reference.list)) is not None:
                opened[item.id] = _OpenedItem(_make_item_row(item, list=listed), (listed.state,))
        else:
            said = (item.edited.isoformat(),) if item.edited else ()
            opened[item.id] = _OpenedItem(_make_item_row(item, search=reference.search), said)
    return opened


def _first_entity(case: CaseDocument) -> str:
    """The entity that a record is named by: the first that its agency sent."""
    return next((str(entity.get("id")) for entity in case.sent_entities), "")


def _name_link(
    session: Session, link: LinkDocument, cases: Mapping[str, CaseDocument], colour: str, *, disputed: bool
) -> KeptLink:
    things = zip(link.cases, things_of(pair_of(link)), strict=True)
    a, b = (name_side(cases[key], thing, session.language) for key, thing in things)
    return KeptLink(a, b, link.band, colour, disputed)


def _make_item_row(item: FolderItem, **content: Any) -> FolderItemRow:
    reference = item.reference
    named = reference is not None and reference.kind not in (ItemKind.NOTE, ItemKind.CHART)
    return FolderItemRow(
        id=item.id,
        kind=item.kind,
        reference=reference.text if reference and named else None,
        text=item.text if item.kind is ItemKind.NOTE else None,
        title=item.title if item.kind is ItemKind.CHART else None,
        by=item.by,
        added=None if item.added is None else item.added.isoformat(),
        edited_by=item.edited_by or None,
        version=item.edition,
        **content,
    )


async def _read_lists(session: Session, items: Iterable[FolderItem]) -> dict[str, ListCheck]:
    """The lists among some items that are the requester's own and still there."""
    names = {item.reference.list for item in items if item.reference and item.reference.list}
    return {one.id: one for one in await describe_lists(session) if one.id in names} if names else {}


def _records_among(items: Iterable[FolderItem], opened: Mapping[str, _OpenedItem]) -> list[str]:
    """The cases of the records that can be opened."""
    records = [item.reference.case for item in items if item.id in opened and item.reference and _is_record(item)]
    return list(dict.fromkeys(records))


def _is_record(item: FolderItem) -> bool:
    return item.kind is ItemKind.RECORD


def _make_sights(
    session: Session,
    folder: Folder,
    items: Iterable[FolderItem],
    opened: Mapping[str, _OpenedItem],
    linked: Mapping[str, Mapping[str, str] | None],
) -> dict[str, Sight]:
    ring, who = session.runtime.opaque.ring, session.requester
    return {
        item.id: folders.make_sight(
            ring, folder.id, who, opened[item.id].said, linked.get(item.cases[0], ()) if _is_record(item) else ()
        )
        for item in items
        if item.id in opened
    }


def _find_new_links(
    session: Session,
    folder: Folder,
    items: Iterable[FolderItem],
    linked: Mapping[str, Mapping[str, str] | None],
    known: Baseline,
) -> dict[str, dict[str, str]]:
    """By item the links of a record that the requester did not see on the last visit, each with its other case."""
    ring, who = session.runtime.opaque.ring, session.requester
    links = {item.id: (linked.get(item.cases[0]) or {}) if _is_record(item) else {} for item in items}
    return {
        name: {link: seen[link] for link in folders.find_new_links(ring, folder.id, who, seen, known.sights.get(name))}
        for name, seen in links.items()
    }


def _mark_row(
    session: Session,
    item: FolderItem,
    opened: Mapping[str, _OpenedItem],
    sights: Mapping[str, Sight],
    known: Baseline,
    new_links: int,
) -> FolderItemRow:
    """The row with marks of what is new; one that can't be opened is the same whatever it is."""
    if item.id not in opened:
        return FolderItemRow(id=item.id)
    own, since = session.requester.subject, known.since
    changed = folders.is_changed(sights[item.id], known.sights.get(item.id))
    return msgspec.structs.replace(
        opened[item.id].row,
        is_new=since is not None and item.added is not None and item.added > since and item.by != own,
        is_changed=changed and item.edited_by != own,
        new_links=new_links,
    )


def _cases_among(items: Iterable[FolderItem], opened: Mapping[str, _OpenedItem]) -> list[str]:
    """The cases of the items that can be opened."""
    return [case for item in items if item.id in opened for case in item.cases]


# ── what is done to it ──


async def add_items(session: Session, name: str, items: Sequence[str]) -> ItemsAddedAnswer:
    """Keep what texts refer to (`parse_reference`), at the end and in their order; what is there stays where it is.

    What the requester can't open is not kept, whether or not it is there. Raises NotFoundError, ForbiddenError,
    UnprocessableError for a text that names nothing, ConflictError where the folder is full, UnavailableError, and
    TooManyRequestsError: many count as costly.
    """
    if len(items) > MOST_ADDED:
        raise UnprocessableError(LiaisonError("at most {most} items are added at once", most=MOST_ADDED), "items")
    with session.hold_costly() if len(items) > ADDED_TOGETHER else nullcontext():
        return await _add_items(session, name, items)


async def _add_items(session: Session, name: str, items: Sequence[str]) -> ItemsAddedAnswer:
    folder = await require_folder(session, name, WORK)
    asked = {text: _parse_reference(text) for text in items}
    made = await _make_items(session, folder, asked.values())
    async with session.answer(ActKind.FOLDER, about=name) as answer:
        opened = await _open_items(answer, list(made.values()))
        added = [item for item in made.values() if item.id in opened]
        answer.show(_cases_among(added, opened))
        answer.query = _bounded({"folder": name, "added": [item.reference.text for item in added if item.reference]})
    named = {text: made[reference.text].id for text, reference in asked.items() if reference.text in made}
    await _append(session, folder, added)
    rows = tuple(AddedItem(text, named.get(text) if named.get(text) in opened else None) for text in asked)
    return ItemsAddedAnswer(*session.moment, await _describe_folder(session, folder), rows)


MOST_NAMED: Final = 40_000
"""Bytes of references that one entry of the audit has in words; of more it has how many."""


def _bounded(asked: dict[str, Any]) -> dict[str, Any]:
    size = sum(len(text) for text in asked["added"])
    return asked if size <= MOST_NAMED else asked | {"added": len(asked["added"])}


def _parse_reference(text: str) -> Reference:
    try:
        reference = parse_reference(text)
    except BadReferenceError as error:
        raise UnprocessableError(error, "items") from error
    if reference.search is not None:
        require_bounded(reference.search.filters)
        if len(reference.search.question) > MAX_QUESTION_CHARS:
            raise UnprocessableError("the search is too long", "items")
    return reference


async def _make_items(session: Session, folder: Folder, references: Iterable[Reference]) -> dict[str, FolderItem]:
    """An item for each reference, by its text; a link's has its sides, so that one that is not there is left out."""
    wanted = {reference.text: reference for reference in references}
    ids = [reference.link for reference in wanted.values() if reference.link]
    links = await session.runtime.reader.read_named_links(ids) if ids else {}
    ring, who, now = session.runtime.opaque.ring, session.requester, session.now
    made: dict[str, FolderItem] = {}
    for text, reference in wanted.items():
        link = links.get(reference.link)
        if reference.link and link is None:
            continue
        sides = link.head.cases if link else ()
        name = folders.item_id(ring, folder.id, reference)
        made[text] = folders.make_item(name, folder, reference, who, now, sides=sides)
    return made


async def _append(
    session: Session, folder: Folder, items: Sequence[FolderItem], beside: Sequence[NewValue] = ()
) -> None:
    """Keep items that are not there yet at the end, and `beside` in the same transaction, as a chart's content.

    Many are kept in several transactions, each once the one before has taken effect: what others write meanwhile goes
    between them. Raises ConflictError where the folder would be too full.
    """
    if len(items) > ADDED_TOGETHER:
        await _find_new(session, folder, items)
    for at in range(0, len(items), ADDED_TOGETHER):
        await _append_together(session, folder, items[at : at + ADDED_TOGETHER], beside)


ADDED_TOGETHER: Final = 50
"""Items of one transaction, which others' decisions wait for until it is indexed. To add more counts as costly."""


async def _append_together(
    session: Session, folder: Folder, items: Sequence[FolderItem], beside: Sequence[NewValue]
) -> None:
    async def decide() -> list[NewValue]:
        held, new = await _find_new(session, folder, items)
        last = await session.runtime.decisions.list_folder_items(folder.id, 1, last=True) if new else []
        places = places_between(last[0].place if last else "", "", len(new))
        placed = [_place_value(item, place, held.get(item.id)) for item, place in zip(new, places, strict=True)]
        return [*placed, *beside] if placed else []

    await _record_items(session, decide)


async def _find_new(
    session: Session, folder: Folder, items: Sequence[FolderItem]
) -> tuple[dict[str, FolderItem], list[FolderItem]]:
    """What the folder has or had of some items, and those that it does not keep.

    Raises ConflictError where it has no room for them.
    """
    decisions = session.runtime.decisions
    held = await decisions.folder_items_of(folder.id, [item.id for item in items])
    new = [item for item in items if item.id not in held or held[item.id].removed]
    counts = await decisions.count_folder_items([folder.id]) if new else {}
    if counts.get(folder.id, 0) + len(new) > MOST_ITEMS:
        raise ConflictError(LiaisonError("a folder keeps at most {most} items; start another", most=MOST_ITEMS))
    return held, new


def _place_value(item: FolderItem, place: str, held: FolderItem | None) -> NewValue:
    version = held.version + 1 if held else 1
    placed = msgspec.structs.replace(item, place=place, version=version)
    return NewValue(topics.FOLDER_ITEMS, item.key, placed, held)


async def _record_items(session: Session, decide: Callable[[], Awaitable[list[NewValue]]]) -> None:
    """Write what is decided on the present items; where somebody changed one of them meanwhile, decide again.

    Raises ConflictError where that happens every time, UnavailableError.
    """
    for left in reversed(range(TRIES)):
        values = await decide()
        if not values:
            break
        try:
            await record_decisions(session, values)
            break
        except ConflictError:
            if not left:
                raise


async def require_item(session: Session, name: str, item: str) -> FolderItem:
    """An item that a folder keeps. Raises NotFoundError."""
    held = (await session.runtime.decisions.folder_items_of(name, [item])).get(item)
    if held is None or held.removed:
        raise NotFoundError(NO_ITEM)
    return held


async def move_item(session: Session, name: str, item: str, after: str = "") -> FolderItemAnswer:
    """Put an item behind another one, or first. Raises NotFoundError, ForbiddenError, ConflictError."""
    folder = await require_folder(session, name, WORK)
    await require_item(session, name, item)
    await session.record(ActKind.FOLDER, {"folder": name, "moved": item, "after": after}, about=name)

    async def decide() -> list[NewValue]:
        moved = await require_item(session, name, item)
        before = await require_item(session, name, after) if after else None
        following = await _find_following(session, folder, before, item)
        ties = [one for one in following if before is not None and one.place == before.place]
        high = next((one.place for one in following if one not in ties), "")
        low = before.place if before else ""
        placed = [moved, *ties]
        places = places_between(low, high, len(placed))
        if max(map(len, places)) > LONG_PLACE:
            after_it = None if before is None else [*before.rank]
            behind = await session.runtime.decisions.list_folder_items(name, MOST_SPACED, after_it)
            last = behind[-1].place if len(behind) == MOST_SPACED else ""
            placed = [moved, *(one for one in behind if one.id != item and one.place != last)]
            places = places_between(low, last, len(placed))
            if max(map(len, places)) > LONGEST_PLACE:
                raise ConflictError("too much was moved to this place; move it elsewhere first")
        return [
            NewValue(topics.FOLDER_ITEMS, one.key, folders.move_to(one, place, session.now), one)
            for one, place in zip(placed, places, strict=True)
        ]

    if item == after:
        raise UnprocessableError("an item can't be moved behind itself", "after")
    await _record_items(session, decide)
    return await _describe_item(session, name, item)


async def _find_following(session: Session, folder: Folder, before: FolderItem | None, but: str) -> list[FolderItem]:
    """The items behind one, or the first ones: those of its own place, and at least one behind these.

    Two people who put something into one place at once leave two items of one place, in the order of their ids.
    """
    found: list[FolderItem] = []
    after: list[str] | None = None if before is None else [*before.rank]
    while True:
        page = await session.runtime.decisions.list_folder_items(folder.id, MOST, after)
        found += [one for one in page if one.id != but]
        if len(page) < MOST or before is None or page[-1].place != before.place:
            return found
        after = [*page[-1].rank]


async def _describe_item(session: Session, name: str, item: str) -> FolderItemAnswer:
    return FolderItemAnswer(*session.moment, item, (await require_item(session, name, item)).edition)


async def remove_item(session: Session, name: str, item: str) -> FolderItemAnswer:
    """Take an item out; a note or chart is kept no longer. Raises NotFoundError, ForbiddenError, UnavailableError."""
    await require_folder(session, name, WORK)
    held = await require_item(session, name, item)
    await session.record(ActKind.FOLDER, {"folder": name, "removed": item}, about=name)

    async def decide() -> list[NewValue]:
        now = await require_item(session, name, item)
        mark, *others = make_removal(now, session)
        return [mark._replace(replaces=now), *others]

    await _record_items(session, decide)
    visits = await session.runtime.decisions.visits_to(name)
    await _erase_visits(session, [visit for visit in visits if held.kind is ItemKind.CHART and visit.item == item])
    await _forget_item(session, [visit for visit in visits if visit.item != item], item)
    return FolderItemAnswer(*session.moment, item, 0)


async def find_latest_change(session: Session, name: str) -> int:
    """What grows whenever an item of a folder is added, changed or removed. Raises NotFoundError.

    It tells of no item, so nothing is recorded.
    """
    await require_folder(session, name, LOOK)
    return await session.runtime.decisions.latest_item(name)


class WrittenNote(NamedTuple):
    """A note as it is now: its text, the version of it, and who wrote it last."""

    text: str
    version: int
    by: str


async def read_note(session: Session, name: str, item: str) -> WrittenNote:
    """Raises NotFoundError."""
    await require_folder(session, name, LOOK)
    held = await require_item(session, name, item)
    if held.kind is not ItemKind.NOTE:
        raise NotFoundError(NO_ITEM)
    await session.record(ActKind.READ, {"folder": name, "note": item}, about=name)
    return WrittenNote(held.text, held.edition, held.edited_by or held.by)


async def write_note(
    session: Session, name: str, text: str, item: str | None = None, seen: int = 0
) -> FolderItemAnswer:
    """A note, new at the end, or `item` in other words. It is plain text: markup stands in it as it was typed.

    Raises NotFoundError, ForbiddenError, UnprocessableError for none or one that is too long; ConflictError where it
    is not the version that was `seen`.
    """
    folder = await require_folder(session, name, WORK)
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise UnprocessableError("enter a note", "text")
    require_short(NOTE, text)
    if item is None:
        note = folders.make_item(_new_item_id(), folder, Reference(ItemKind.NOTE), session.requester, session.now)
        note = msgspec.structs.replace(note, text=text)
        await session.record(ActKind.FOLDER, {"folder": name, "note": note.id}, about=name)
        await _append(session, folder, [note])
        return FolderItemAnswer(*session.moment, note.id, note.edition)
    held = await _require_seen(session, name, item, ItemKind.NOTE, seen)
    edited = folders.edit_item(held, session.requester, session.now, text=text)
    await session.record(ActKind.FOLDER, {"folder": name, "note": item}, about=name)
    await record_decision(session, topics.FOLDER_ITEMS, held.key, edited, held)
    return FolderItemAnswer(*session.moment, item, edited.edition)


def _new_item_id() -> str:
    return uuid.uuid4().hex[16:]


async def _require_seen(session: Session, name: str, item: str, kind: ItemKind, seen: int) -> FolderItem:
    """An item that is as its writer saw it. One that was only moved since is. Raises NotFoundError, ConflictError."""
    held = await require_item(session, name, item)
    if held.kind is not kind:
        raise NotFoundError(NO_ITEM)
    if held.edition != seen:
        who = held.edited_by or held.by
        raise ConflictError(LiaisonError("{who} changed this meanwhile; look at it again", who=who))
    return held


async def save_chart(
    session: Session, name: str, title: str, content: str, item: str | None = None, seen: int = 0
) -> FolderItemAnswer:
    """Keep a chart, new at the end, or `item` as it is now; `content` is JSON as text.

    Raises as write_note does, and RequestTooLargeError.
    """
    folder = await require_folder(session, name, WORK)
    title = _plain_title(title)
    _require_chart(content)
    if item is None:
        chart = folders.make_item(_new_item_id(), folder, Reference(ItemKind.CHART), session.requester, session.now)
        held, chart = None, msgspec.structs.replace(chart, title=title)
    else:
        held = await _require_seen(session, name, item, ItemKind.CHART, seen)
        chart = folders.edit_item(held, session.requester, session.now, title=title)
    drawn = FolderChart(name, chart.id, folder.agency, session.now, content)
    saved = NewValue(topics.FOLDER_CHARTS, chart.key, drawn)
    await session.record(ActKind.FOLDER, {"folder": name, "chart": chart.id, "bytes": len(content)}, about=name)
    if held is None:
        await _append(session, folder, [chart], [saved])
    else:
        await record_decisions(session, [NewValue(topics.FOLDER_ITEMS, chart.key, chart, held), saved])
    return FolderItemAnswer(*session.moment, chart.id, chart.edition)


def _require_chart(content: str) -> None:
    if len(content.encode()) > CHART_BYTES:
        raise RequestTooLargeError(
            LiaisonError("the chart has more than {most} MB; hide or remove nodes first", most=CHART_BYTES >> 20)
        )
    try:
        named = sum(1 for _ in folders.find_references(folders.read_content(content)))
    except msgspec.DecodeError as error:
        raise UnprocessableError("the chart is not valid JSON", "content") from error
    except (BadReferenceError, DeepChartError) as error:
        raise UnprocessableError(error, "content") from error
    if named > MOST_CHARTED:
        raise RequestTooLargeError(
            LiaisonError("the chart has more than {most} nodes and links; hide some first", most=MOST_CHARTED)
        )


async def read_chart(session: Session, name: str, item: str) -> FolderChartAnswer:
    """A chart that a folder keeps; what of it the requester can't open says where something stands, and no more.

    Raises NotFoundError.
    """
    folder = await require_folder(session, name, LOOK)
    held = await require_item(session, name, item)
    chart = await session.runtime.decisions.read_chart(name, item)
    if held.kind is not ItemKind.CHART or chart is None:
        raise NotFoundError(NO_ITEM)
    try:
        content = folders.read_content(chart.content)
    except DeepChartError as error:  # versions before 0.4.0 kept it
        raise UnprocessableError(error) from error
    items = await _make_items(session, folder, folders.find_references(content))
    async with session.answer(ActKind.READ, {"folder": name, "chart": item}, about=name) as answer:
        opened = await _open_items(answer, list(items.values()))
        answer.show(_cases_among(items.values(), opened))
    readable = {text for text, one in items.items() if one.id in opened}
    seen = msgspec.json.encode(folders.close_references(content, readable)).decode()
    return FolderChartAnswer(*session.moment, item, held.title, held.edition, seen)


class KeptEntities(NamedTuple):
    """What a folder is called, and records and entities that it keeps, in its order.

    Each is a case key and the id of an entity, "" for the whole record; a link is both of its records.
    """

    title: str
    entities: list[tuple[str, str]]


async def list_kept_entities(session: Session, name: str, most: int) -> KeptEntities:
    """The first `most` records and entities of a folder that the requester can open.

    Raises NotFoundError, ConflictError, UnavailableError.
    """
    folder = await require_folder(session, name, LOOK)
    found: dict[tuple[str, str], None] = {}
    after: list[str] | None = None
    async with session.answer(ActKind.READ, {"folder": name}, about=name) as answer:
        while len(found) < most and (page := await session.runtime.decisions.list_folder_items(name, MOST, after)):
            opened = await _open_items(answer, page)
            for item in page:
                if item.id in opened and item.reference:
                    found |= dict.fromkeys((case, item.reference.entity) for case in item.cases)
            answer.show(_cases_among(page, opened))
            await answer.record_part()
            after = [*page[-1].rank]
    return KeptEntities(folder.title, list(found)[:most])


async def export_folder(session: Session, name: str, form: TableFormat = "csv") -> AsyncGenerator[bytes, None]:
    """All that a folder keeps as a file, in its order. Raises NotFoundError, UnavailableError."""
    await require_folder(session, name, LOOK)
    async with session.answer(ActKind.EXPORT, {"folder": name, "form": form}, name, form=form) as answer:
        yield b"" if form == "ndjson" else encode_table_head(form, EXPORTED)
        after: list[str] | None = None
        number = 0
        while page := await session.runtime.decisions.list_folder_items(name, MOST, after):
            opened = await _open_items(answer, page)
            rows = [_make_cells(session, number + at, item, opened) for at, item in enumerate(page, 1)]
            answer.show(_cases_among(page, opened))
            answer.query = {"folder": name, "from": number, "form": form}
            await answer.record_part()
            yield encode_lines(rows) if form == "ndjson" else encode_csv(_list_cells(rows))
            number += len(page)
            after = [*page[-1].rank]


def _list_cells(rows: Iterable[Mapping[str, object]]) -> Iterator[list[object]]:
    return ([row[name] for name in EXPORTED] for row in rows)


def _make_cells(
    session: Session, number: int, item: FolderItem, opened: Mapping[str, _OpenedItem]
) -> dict[str, object]:
    cells: dict[str, object] = dict.fromkeys(EXPORTED)
    cells["number"] = number
    if item.id not in opened:
        return cells | {"title": translate(CLOSED_ITEM, session.language)}
    row = opened[item.id].row
    side: LinkSide | None = row.record or (row.link.a if row.link else None)
    title = row.title or (row.search.question if row.search else None) or (row.list.title if row.list else None)
    cells |= {"kind": row.kind, "reference": row.reference, "title": title, "text": row.text, "by": row.by}
    cells |= {"added": row.added, "band": row.link.band if row.link else None}
    if side is not None:
        cells |= {"name": side.name, "agency": side.agency, "country": side.country}
        cells |= _owner_cells(session, side)
        cells["title"] = side.title
    if row.link is not None:
        both = (row.link.a, row.link.b)
        cells["name"] = " – ".join(side.name or side.case for side in both)
        cells |= _owner_cells(session, *both)
        cells["agency"] = " – ".join(side.agency for side in both)
        cells["country"] = " – ".join(side.country for side in both)
    return cells


def _owner_cells(session: Session, *sides: LinkSide) -> dict[str, object]:
    """Owners by name, their caveats, and their own translations of these."""
    translations = [one.text for side in sides if (one := told(side.caveat_translation))]
    names = [title_of(session.runtime.agencies, side.agency) or side.agency for side in sides]
    return {
        "caveat": " | ".join(side.caveat for side in sides if side.caveat) or None,
        "caveat_translated": " | ".join(translations) or None,
        "agency_name": " – ".join(names) if names != [side.agency for side in sides] else None,
    }
