"""Case folders: shared, filled, ordered and looked at; what somebody can't open says nothing, whatever the reason."""

from __future__ import annotations

import asyncio
import string
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import ActKind, ShownForm
from pipeline.access.folders import (
    LASTS,
    MOST_ADDED,
    MOST_ITEMS,
    VISIT_LASTS,
    FolderRole,
    FolderState,
    ItemKind,
    KeptSearch,
    Reference,
)
from pipeline.access.requester import Requester, Role
from pipeline.access.text_limits import NOTE, TITLE
from pipeline.api.answers import FolderItemRow, FolderItemsAnswer
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RequestTooLargeError,
    UnprocessableError,
)
from pipeline.api.services import folders
from pipeline.api.services.folders import (
    MOST,
    add_items,
    close_folder,
    create_folder,
    export_folder,
    list_colleagues,
    list_folders,
    move_item,
    read_chart,
    read_folder,
    remove_item,
    rename_folder,
    renew_folder,
    save_chart,
    share_folder,
    take_folder_over,
    visit_folder,
    write_note,
)
from pipeline.streams.audit.decision_log import NewValue
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import handling, record

BEA = make_requester("be-fp", subject="bea")
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")
SEARCH = "search eyJxdWVzdGlvbiI6Iml2YW4gcGV0cm92IiwiY291bnRyeSI6IkJFIn0"


async def folder_of(api: Api, who: Requester = BERT, *items: str, title: str = "Kestrel") -> str:
    name: str = (await create_folder(api.session(who), title)).folder.id
    if items:
        await add_items(api.session(who), name, items)
    return name


async def read(api: Api, name: str, who: Requester = BERT) -> tuple[FolderItemRow, ...]:
    return (await read_folder(api.session(who), name)).items


async def texts(api: Api, name: str, who: Requester = BERT) -> list[str | None]:
    return [row.text for row in await read(api, name, who)]


async def share(api: Api, name: str, who: Requester, role: FolderRole | None, by: Requester = BERT) -> None:
    api.sign_in(who)
    await share_folder(api.session(by), name, who.subject, role)


# ── sharing ──


async def test_it_is_shared_with_those_alone_who_have_signed_in(api: Api) -> None:
    name = await folder_of(api)
    pieter = make_requester("fr-pj", subject="pieter")
    api.sign_in(pieter, CHIEF)
    for nobody in ("nobody@be-fp", "Marc Dubois", pieter.subject):
        with pytest.raises(UnprocessableError, match="nobody of your agency has signed in") as refused:
            await share_folder(api.session(BERT), name, nobody, FolderRole.READER)
        assert refused.value.fields == ["subject"]
    assert await list_colleagues(api.session(BERT)) == [CHIEF.subject]
    await share_folder(api.session(BERT), name, CHIEF.subject, FolderRole.READER)
    await share_folder(api.session(BERT), name, CHIEF.subject, FolderRole.MEMBER)


async def test_a_folder_is_for_those_with_whom_it_is_shared(api: Api) -> None:
    name = await folder_of(api)
    for stranger in (BEA, CHIEF, ANNA, make_requester("fr-pj", subject="bert")):
        with pytest.raises(NotFoundError):
            await read_folder(api.session(stranger), name)
    await share(api, name, BEA, FolderRole.READER)
    assert await read(api, name, BEA) == ()
    (row,) = (await list_folders(api.session(BEA))).folders
    assert (row.title, row.role, row.items, row.active) == ("Kestrel", FolderRole.READER, 0, True)
    assert (await list_folders(api.session(ANNA))).folders == ()
    assert api.audit.acts[-1].kind is ActKind.READ


async def test_no_folder_and_one_that_is_not_shared_are_one_answer(api: Api) -> None:
    name = await folder_of(api)
    answers = [await api.get(f"/v1/folders/{one}", BEA) for one in (name, "0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]


async def test_a_reader_looks_a_member_works_an_owner_may_do_all(api: Api) -> None:
    name = await folder_of(api)
    await share(api, name, BEA, FolderRole.READER)
    with pytest.raises(ForbiddenError):
        await write_note(api.session(BEA), name, "hello")
    await share(api, name, BEA, FolderRole.MEMBER)
    note = await write_note(api.session(BEA), name, "hello")
    await move_item(api.session(BEA), name, note.item)
    for denied in (
        rename_folder(api.session(BEA), name, "x"),
        close_folder(api.session(BEA), name),
        renew_folder(api.session(BEA), name),
        share_folder(api.session(BEA), name, "x", FolderRole.READER),
    ):
        with pytest.raises(ForbiddenError):
            await denied
    await share(api, name, BEA, None, by=BEA)
    with pytest.raises(NotFoundError):
        await read_folder(api.session(BEA), name)
    with pytest.raises(ConflictError, match="needs an owner"):
        await share(api, name, BERT, None)


async def test_a_supervisor_finds_all_folders_of_the_agency_and_takes_one_over(api: Api) -> None:
    name = await folder_of(api)
    with pytest.raises(ForbiddenError):
        await list_folders(api.session(BEA), whole_agency=True)
    (row,) = (await list_folders(api.session(CHIEF), whole_agency=True)).folders
    assert (row.id, row.role) == (name, None)
    for other in (make_requester("fr-pj", Role.SUPERVISOR),):
        assert (await list_folders(api.session(other), whole_agency=True)).folders == ()
        with pytest.raises(NotFoundError):
            await take_folder_over(api.session(other), name)
    with pytest.raises(ForbiddenError):
        await take_folder_over(api.session(BEA), name)
    taken = (await take_folder_over(api.session(CHIEF), name)).folder
    assert {member.subject: member.role for member in taken.members} == {
        "bert": FolderRole.MEMBER, "chief": FolderRole.OWNER,
    }  # fmt: skip
    assert api.audit.acts[-1].kind is ActKind.FOLDER


async def test_it_lasts_a_year_and_is_renewed_on_new_grounds(api: Api) -> None:
    name = await folder_of(api)
    api.now = NOW + LASTS
    (row,) = (await list_folders(api.session(BERT))).folders
    assert row.active is False
    with pytest.raises(ConflictError, match="run out"):
        await read_folder(api.session(BERT), name)
    again = (await renew_folder(api.session(BERT, purpose="prosecution"), name)).folder
    assert (again.active, again.purpose) == (True, "prosecution")


async def test_what_is_closed_leaves_marks_without_content(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)))
    name = await folder_of(api, BERT, "record fr-pj:1", SEARCH)
    note = await write_note(api.session(BERT), name, "canary")
    chart = await save_chart(api.session(BERT), name, "chart", '{"nodes":[]}')
    await visit_folder(api.session(BERT), name)
    await close_folder(api.session(BERT), name)
    with pytest.raises(NotFoundError):
        await read_folder(api.session(BERT), name)
    assert (await list_folders(api.session(BERT))).folders == ()
    held = (await api.runtime.decisions.folders_of([name]))[name]
    assert (held.state, held.title, held.members) == (FolderState.ENDED, "", ())
    items = await api.runtime.decisions.folder_items_of(name, [note.item, chart.item])
    assert all(item.removed and not item.text and not item.title for item in items.values())
    kept = await api.runtime.decisions.read_chart(name, chart.item)
    assert kept is not None
    assert kept.content == ""
    visit = await api.runtime.decisions.read_visit(name, "bert")
    assert visit is not None
    assert visit.seen == b""
    assert await api.runtime.decisions.list_folder_items(name, 10) == []


# ── what it keeps ──


async def test_records_links_entities_searches_notes_and_charts_stand_in_their_order(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp"))
    link = api.link("be-fp:1", "fr-pj:1")
    wanted = ("record fr-pj:1", f"link {link}", "entity be-fp:1 p1", SEARCH)
    name = await folder_of(api, BERT, *wanted)
    await write_note(api.session(BERT), name, "the same man")
    await save_chart(api.session(BERT), name, "Ring", '{"nodes":[]}')
    rows = await read(api, name)
    assert [row.kind for row in rows] == [
        ItemKind.RECORD, ItemKind.LINK, ItemKind.ENTITY, ItemKind.SEARCH, ItemKind.NOTE, ItemKind.CHART,
    ]  # fmt: skip
    assert [row.reference for row in rows[:4]] == list(wanted)
    assert rows[0].record is not None
    assert (rows[0].record.case, rows[0].record.name, rows[0].by) == ("fr-pj:1", "Ivan Petrov", "bert")
    assert rows[1].link is not None
    assert {rows[1].link.a.name, rows[1].link.b.name} == {"Ivan Petrov"}
    assert rows[3].search is not None
    assert (rows[3].search.question, rows[3].search.country) == ("ivan petrov", "BE")
    assert (rows[4].text, rows[5].title) == ("the same man", "Ring")
    shown = {case.case: case.form for case in api.audit.acts[-1].shown}
    assert shown == {"fr-pj:1": ShownForm.FULL, "be-fp:1": ShownForm.FULL}


@pytest.mark.parametrize(
    "why", ["never there", "silent", "not released", "hit only", "withdrawn", "expired", "purpose"]
)
async def test_what_cannot_be_opened_is_one_line_whatever_the_reason(api: Api, why: str) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("fr-pj", "2", to=("BE",)))
    name = await folder_of(api, BERT, "record fr-pj:1", "record fr-pj:2")
    before = await read(api, name)
    match why:
        case "never there":
            api.index.forget_documents("cases")
            api.hold(record("fr-pj", "2", to=("BE",)))
        case "silent" | "hit only":
            api.hold(record("fr-pj", code={"silent": "H3", "hit only": "H2"}[why], to=("BE",), version=2))
        case "not released":
            api.hold(record("fr-pj", to=("NL",), version=2))
        case "purpose":
            api.hold(record("fr-pj", handling=handling("H0", ("BE",), ("correlation",)), version=2))
        case "withdrawn":
            api.hold(record("fr-pj", status="withdrawn", version=2))
        case "expired":
            api.hold(record("fr-pj", to=("BE",), retain_until="2026-11-24", version=2))
    rows = await read(api, name)
    assert rows[0] == FolderItemRow(id=before[0].id)
    assert rows[1] == before[1]
    assert (await read_folder(api.session(BERT), name)).folder.items == 2
    assert [case.case for case in api.audit.acts[-1].shown] == ["fr-pj:2"]


async def test_each_viewer_sees_what_they_may_and_what_they_may_not_stands_in_the_same_place(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("nl-np", handling=handling("H0", ("BE",), ("prosecution",))))
    name = (await create_folder(api.session(BERT, purpose="prosecution"), "Kestrel")).folder.id
    both = ["record nl-np:1", "record fr-pj:1"]
    await add_items(api.session(BERT), name, both[1:])
    await add_items(api.session(BERT, purpose="prosecution"), name, both[:1])
    rows = await read(api, name)
    assert [row.reference for row in rows] == ["record fr-pj:1", None]


async def test_what_its_sender_cannot_open_is_not_kept_whether_or_not_it_is_there(api: Api) -> None:
    api.hold(record("fr-pj", code="H3", to=("BE",)), record("be-fp"))
    name = await folder_of(api)
    wanted = ["record fr-pj:1", "record fr-pj:2", "link " + "0" * 32, "entity be-fp:1 p99", "list " + "0" * 32]
    added = (await add_items(api.session(BERT), name, [*wanted, "record be-fp:1"])).added
    assert [one.item is None for one in added] == [True] * 5 + [False]
    assert len(await read(api, name)) == 1


async def test_the_same_stands_in_a_folder_once(api: Api) -> None:
    api.hold(record("be-fp"), record("be-fp", "2"))
    name = await folder_of(api, BERT, "record be-fp:1", "record be-fp:2")
    again = (await add_items(api.session(BERT), name, ["record be-fp:1", SEARCH, SEARCH])).added
    rows = await read(api, name)
    assert [row.reference for row in rows] == ["record be-fp:1", "record be-fp:2", SEARCH]
    assert again[0].item == rows[0].id
    await remove_item(api.session(BERT), name, rows[0].id)
    await add_items(api.session(BERT), name, ["record be-fp:1"])
    assert [row.reference for row in await read(api, name)] == ["record be-fp:2", SEARCH, "record be-fp:1"]


@pytest.mark.parametrize("text", ["record x", "note hello", "search e30", "search " + "a" * 70_000])
async def test_what_names_nothing_is_refused(api: Api, text: str) -> None:
    name = await folder_of(api)
    with pytest.raises(UnprocessableError):
        await add_items(api.session(BERT), name, [text])
    with pytest.raises(UnprocessableError, match="at most"):
        await add_items(api.session(BERT), name, ["record be-fp:1"] * (MOST_ADDED + 1))


async def test_a_full_folder_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_ITEMS", 2)
    name = await folder_of(api)
    for text in "ab":
        await write_note(api.session(BERT), name, text)
    with pytest.raises(ConflictError, match="start another"):
        await write_note(api.session(BERT), name, "c")
    with pytest.raises(ConflictError, match="start another"):
        await save_chart(api.session(BERT), name, "Ring", "{}")


@pytest.mark.rare
@pytest.mark.timeout(600)
async def test_a_folder_of_as_many_items_as_there_may_be_is_filled_read_and_ordered(api: Api) -> None:
    name = await folder_of(api)
    every = [Reference(ItemKind.SEARCH, search=KeptSearch(f"person {at}")).text for at in range(MOST_ITEMS)]
    for at in range(0, MOST_ITEMS, MOST_ADDED):
        await add_items(api.session(BERT), name, every[at : at + MOST_ADDED])
    with pytest.raises(ConflictError, match="at most"):
        await write_note(api.session(BERT), name, "one more")
    seen: list[FolderItemRow] = []
    cursor: str | None = ""
    while cursor is not None:
        page: FolderItemsAnswer = await read_folder(api.session(BERT), name, MOST, cursor)
        assert (len(page.items), page.folder.items) == (MOST, MOST_ITEMS)
        seen += page.items
        cursor = page.next
    assert [row.reference for row in seen] == every
    await move_item(api.session(BERT), name, seen[-1].id)
    assert (await read(api, name))[0].reference == every[-1]


async def test_a_large_folder_is_read_in_pages_and_nothing_is_left_out(api: Api) -> None:
    name = await folder_of(api)
    for text in "abcde":
        await write_note(api.session(BERT), name, text)
    seen: list[str | None] = []
    cursor: str | None = ""
    while cursor is not None:
        page: FolderItemsAnswer = await read_folder(api.session(BERT), name, 2, cursor)
        seen += [row.text for row in page.items]
        cursor = page.next
    assert seen == list("abcde")


async def test_notes_are_plain_text_within_a_limit_and_nobody_overwrites_what_they_have_not_seen(api: Api) -> None:
    name = await folder_of(api)
    await share(api, name, BEA, FolderRole.MEMBER)
    note = await write_note(api.session(BERT), name, " <script>alert(1)</script>\r\nnext ")
    assert await texts(api, name) == ["<script>alert(1)</script>\nnext"]
    edited = await write_note(api.session(BEA), name, "by bea", note.item, note.version)
    with pytest.raises(ConflictError, match="bea changed this meanwhile"):
        await write_note(api.session(BERT), name, "by bert", note.item, note.version)
    assert await texts(api, name) == ["by bea"]
    assert (await read(api, name))[0].edited_by == "bea"
    await write_note(api.session(BERT), name, "by bert", note.item, edited.version)
    for bad, item in (("", None), (" ", note.item), ("<b>" * (1 << 18), None), ("x" * (NOTE.most + 1), note.item)):
        with pytest.raises(UnprocessableError):
            await write_note(api.session(BERT), name, bad, item, edited.version + 1)
    large = await api.post(f"/v1/folders/{name}/notes", {"text": "<b>" * (1 << 18)}, BERT)
    assert (large.status_code, large.json()["detail"]) == (
        422, "the note has more than 20000 characters; shorten it or part it in two",
    )  # fmt: skip


async def test_names_are_needed_and_bounded(api: Api) -> None:
    for title in ("", "  ", "x" * (TITLE.most + 1)):
        with pytest.raises(UnprocessableError):
            await create_folder(api.session(BERT), title)
    name = await folder_of(api, title=" two\n words ")
    assert (await rename_folder(api.session(BERT), name, "other")).folder.title == "other"


async def test_items_move_behind_another_one_or_first(api: Api) -> None:
    name = await folder_of(api)
    a, b, c = [(await write_note(api.session(BERT), name, text)).item for text in "abc"]
    await move_item(api.session(BERT), name, c)
    assert await texts(api, name) == ["c", "a", "b"]
    await move_item(api.session(BERT), name, c, after=a)
    assert await texts(api, name) == ["a", "c", "b"]
    await move_item(api.session(BERT), name, a, after=b)
    assert await texts(api, name) == ["c", "b", "a"]
    with pytest.raises(UnprocessableError):
        await move_item(api.session(BERT), name, a, after=a)
    with pytest.raises(NotFoundError):
        await move_item(api.session(BERT), name, a, after="0" * 16)
    with pytest.raises(NotFoundError):
        await remove_item(api.session(BERT), name, "0" * 16)


async def test_items_of_one_place_can_be_parted(api: Api) -> None:
    name = await folder_of(api)
    ids = [(await write_note(api.session(BERT), name, text)).item for text in "abcd"]
    held = await api.runtime.decisions.folder_items_of(name, ids)
    place = held[ids[0]].place
    for one in ids[:3]:
        await api.decided.write_all([
            NewValue(topics.FOLDER_ITEMS, held[one].key, msgspec.structs.replace(held[one], place=place))
        ])  # fmt: skip
    first, second, third, last = await texts(api, name)
    (moved,) = [row.id for row in await read(api, name) if row.text == "d"]
    (front,) = [row.id for row in await read(api, name) if row.text == first]
    await move_item(api.session(BERT), name, moved, after=front)
    assert await texts(api, name) == [first, last, second, third]


# ── charts ──


async def test_a_chart_is_kept_and_shows_each_reader_what_they_may_open(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp"))
    name = await folder_of(api)
    content = '{"nodes":[{"ref":"record fr-pj:1","x":1,"y":2},{"ref":"record be-fp:1","x":3,"y":4}]}'
    chart = await save_chart(api.session(BERT), name, "Ring", content)
    read_back = await read_chart(api.session(BERT), name, chart.item)
    assert msgspec.json.decode(read_back.content) == msgspec.json.decode(content)
    assert {case.case for case in api.audit.acts[-1].shown} == {"fr-pj:1", "be-fp:1"}
    api.hold(record("fr-pj", code="H3", version=2))
    closed = msgspec.json.decode((await read_chart(api.session(BERT), name, chart.item)).content)
    assert closed["nodes"] == [{"closed": True, "x": 1, "y": 2}, {"ref": "record be-fp:1", "x": 3, "y": 4}]
    saved = await save_chart(api.session(BERT), name, "Ring 2", "{}", chart.item, chart.version)
    with pytest.raises(ConflictError):
        await save_chart(api.session(BERT), name, "Ring 3", "{}", chart.item, chart.version)
    assert (await read(api, name))[0].title == "Ring 2"
    with pytest.raises(NotFoundError):
        await write_note(api.session(BERT), name, "x", chart.item, saved.version)
    for bad, error in (
        ("{", UnprocessableError),
        ('{"ref":"x"}', UnprocessableError),
        ('"' + "x" * (2 << 20) + '"', RequestTooLargeError),
        (msgspec.json.encode([{"ref": "record a:1"}] * 20_001).decode(), RequestTooLargeError),
    ):
        with pytest.raises(error):
            await save_chart(api.session(BERT), name, "Ring", bad)


# ── what is new ──


async def test_new_links_and_changes_are_marked_since_the_viewers_own_last_visit(api: Api) -> None:
    api.hold(record("be-fp"), record("fr-pj", to=("BE",)))
    name = await folder_of(api, BERT, "record be-fp:1")
    await share(api, name, BEA, FolderRole.READER)
    first = await visit_folder(api.session(BERT), name)
    assert (first.since, first.items[0].new_links, first.items[0].is_new) == (None, 0, False)
    api.now = NOW + timedelta(hours=1)
    api.link("be-fp:1", "fr-pj:1")
    (row,) = await read(api, name)
    assert (row.new_links, row.is_changed) == (1, False)
    (other,) = (await visit_folder(api.session(BEA), name)).items
    assert (other.new_links, other.is_new) == (0, False), "who was never here has seen nothing else"
    api.hold(record("be-fp", version=2))
    marked = await visit_folder(api.session(BERT), name)
    assert (marked.items[0].new_links, marked.items[0].is_changed, marked.since) == (1, True, NOW.isoformat())
    api.now += VISIT_LASTS
    (row,) = (await visit_folder(api.session(BERT), name)).items
    assert (row.new_links, row.is_changed) == (0, False)


async def test_who_adds_and_edits_is_told_nothing_of_it_and_others_are(api: Api) -> None:
    name = await folder_of(api)
    await share(api, name, BEA, FolderRole.MEMBER)
    await visit_folder(api.session(BEA), name)
    note = await write_note(api.session(BERT), name, "one")
    await visit_folder(api.session(BERT), name)
    api.now = NOW + timedelta(hours=1)
    (seen,) = (await visit_folder(api.session(BEA), name)).items
    assert not seen.is_new, "in the same moment as the visit"
    api.now += timedelta(minutes=1)
    await write_note(api.session(BERT), name, "two", note.item, note.version)
    await write_note(api.session(BERT), name, "another")
    api.now += timedelta(hours=1)
    rows = (await visit_folder(api.session(BEA), name)).items
    assert [(row.is_new, row.is_changed) for row in rows] == [(False, True), (True, False)]
    assert not any(row.is_new or row.is_changed for row in (await visit_folder(api.session(BERT), name)).items)


async def test_few_new_links_of_others_are_in_the_audit(api: Api) -> None:
    api.hold(record("be-fp"), record("fr-pj", to=("BE",)))
    name = await folder_of(api, BERT, "record be-fp:1")
    await visit_folder(api.session(BERT), name)
    api.link("be-fp:1", "fr-pj:1")
    api.now = NOW + timedelta(hours=1)
    await read_folder(api.session(BERT), name)
    assert {case.case: case.form for case in api.audit.acts[-1].shown} == {
        "be-fp:1": ShownForm.FULL, "fr-pj:1": ShownForm.COUNTED,
    }  # fmt: skip


# ── two at once ──


async def test_two_who_change_one_folder_at_once_lose_nothing(api: Api) -> None:
    name = await folder_of(api)
    await share(api, name, BEA, FolderRole.MEMBER)
    ids = [(await write_note(api.session(BERT), name, text)).item for text in "abcd"]
    held = api.decided.write_all

    async def late(values: Any) -> list[int]:
        await asyncio.sleep(0)  # so that the other decides on what holds now
        return await held(values)

    api.decided.write_all = late  # type: ignore[method-assign]
    await asyncio.gather(
        move_item(api.session(BERT), name, ids[0], after=ids[3]),
        write_note(api.session(BEA), name, "edited", ids[1], 1),
        move_item(api.session(BEA), name, ids[0], after=ids[2]),
        write_note(api.session(BEA), name, "e"),
        write_note(api.session(BERT), name, "f"),
        remove_item(api.session(BERT), name, ids[3]),
        return_exceptions=True,
    )
    assert sorted(filter(None, await texts(api, name))) == ["a", "c", "e", "edited", "f"]


# ── files ──


async def test_a_folder_leaves_as_a_file(api: Api, tmp_path: Path) -> None:
    api.hold(record("be-fp"), record("fr-pj", to=("BE",)))
    name = await folder_of(api, BERT, "record be-fp:1", "record fr-pj:1", SEARCH)
    await write_note(api.session(BERT), name, "=cmd")
    api.hold(record("fr-pj", code="H3", version=2))
    parts = [part async for part in export_folder(api.session(BERT), name)]
    head, own, closed, searched, note = b"".join(parts).decode().splitlines()
    assert head.startswith("number,kind,reference,title,name")
    assert "Ivan Petrov" in own
    assert closed == "2,,,An item that you can't open,,,,,,,,,,"
    assert "ivan petrov" in searched
    assert "'=cmd" in note
    assert api.audit.acts[-1].kind is ActKind.EXPORT
    lines = b"".join([part async for part in export_folder(api.session(BERT), name, "ndjson")]).splitlines()
    assert len(lines) == 4
    empty = await folder_of(api, title="Empty")
    assert len(b"".join([part async for part in export_folder(api.session(BERT), empty)]).splitlines()) == 1


async def test_moves_into_one_gap_without_end_are_spaced_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever moves last into a gap finds room, in one that grows shut from either side, and the order holds."""
    monkeypatch.setattr(folders, "LONG_PLACE", 10)
    monkeypatch.setattr(folders, "MOST_SPACED", 20)
    name = await folder_of(api)
    ids = [(await write_note(api.session(BERT), name, text)).item for text in string.ascii_lowercase]
    order = list(ids)
    for turn in range(400):
        moved, after = order[-1 if turn % 3 else 2], order[0] if turn % 2 else order[1]
        if moved in order[: order.index(after) + 1]:
            continue
        await move_item(api.session(BERT), name, moved, after)
        order.remove(moved)
        order.insert(order.index(after) + 1, moved)
        held = await api.runtime.decisions.list_folder_items(name, 100)
        assert [item.id for item in held] == order
        assert max(len(item.place) for item in held) <= 14


async def test_a_visit_is_written_again_where_it_saw_something_else_or_a_moment_has_passed(api: Api) -> None:
    name = await folder_of(api)

    async def written() -> int:
        await visit_folder(api.session(BERT), name)
        return sum(topic == topics.FOLDER_VISITS.pattern for topic, _ in api.decided.values)

    assert [await written(), await written()] == [1, 1]
    await write_note(api.session(BERT), name, "a")
    assert [await written(), await written()] == [2, 2]
    api.now += folders.MOMENT
    assert await written() == 3
