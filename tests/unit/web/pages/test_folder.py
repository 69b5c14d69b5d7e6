from __future__ import annotations

from datetime import timedelta
from typing import Any

from pipeline.access.folders import FolderRole
from pipeline.access.text_limits import NOTE
from pipeline.api.services.folders import add_items, create_folder, read_folder, share_folder, visit_folder, write_note
from pipeline.web.pages.folder import EDITED, MOVED, PAGE, REMOVED
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record
from support.web.pages import RenderedPage, opened

CARL = make_requester("fr-pj", subject="carl")


async def filled(api: Api) -> str:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np"))
    name = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    api.sign_in(CARL)
    await share_folder(api.session(ANNA), name, "carl", FolderRole.READER)
    await add_items(api.session(ANNA), name, ["record be-fp:1", "record nl-np:1", "entity fr-pj:1 p1"])
    await write_note(api.session(ANNA), name, "<script>alert(1)</script>")
    return name


async def shown(api: Api, name: str, who: Any = ANNA) -> RenderedPage:
    return await opened(api, PAGE, who, folder=name)


async def kept(api: Api, name: str) -> list[tuple[str, str | None]]:
    return [(row.id, row.text or row.reference) for row in (await read_folder(api.session(ANNA), name)).items]


async def test_it_shows_each_kind_and_what_cannot_be_opened_in_its_place(api: Api) -> None:
    name = await filled(api)
    api.hold(record("nl-np", code="H3", version=2))
    page = await shown(api, name)
    said = " ".join(page.said().split())
    assert "Kestrel" in said
    assert said.index("be-fp:1") < said.index("An item that you can't open") < said.index("fr-pj:1")
    assert "nl-np" not in str(page.drawn())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.markup("data-item")


async def test_a_reader_only_looks(api: Api) -> None:
    name = await filled(api)
    page = await shown(api, name, CARL)
    assert "New note" not in page.said()
    assert "data-step" not in page.markup("data-item")
    assert "Kestrel" not in (await shown(api, name, BERT)).said()


async def test_marks_say_what_is_new_to_this_reader(api: Api) -> None:
    name = await filled(api)
    await visit_folder(api.session(CARL), name)
    api.hold(record("be-fp", version=2))
    api.link("fr-pj:1", "be-fp:1")
    api.now = NOW + timedelta(hours=1)
    await write_note(api.session(ANNA), name, "later")
    said = (await shown(api, name, CARL)).said()
    assert "Changed" in said
    assert "1 new link" in said
    assert "New" in said
    assert "marks since your last visit" in said


async def test_rows_are_moved_and_removed_by_what_the_browser_tells(api: Api, told: list[str]) -> None:
    name = await filled(api)
    page = await shown(api, name)
    first, second, third, note = [item for item, _ in await kept(api, name)]
    await page.happen(MOVED, {"item": note, "after": first})
    assert [item for item, _ in await kept(api, name)] == [first, note, second, third]
    await page.happen(REMOVED, {"item": second})
    assert [item for item, _ in await kept(api, name)] == [first, note, third]
    await page.happen(MOVED, {"item": second, "after": ""})
    assert "item not found in this folder" in told[-1]


async def test_a_note_is_edited_in_place_and_never_overwrites_what_was_not_seen(api: Api, told: list[str]) -> None:
    name = await filled(api)
    page = await shown(api, name)
    (item, _), version = (await kept(api, name))[3], 1
    await page.happen(EDITED, {"item": item, "text": "called", "seen": version})
    assert (await kept(api, name))[3][1] == "called"
    await page.happen(EDITED, {"item": item, "text": "other", "seen": version})
    assert "anna changed this meanwhile" in told[-2]
    assert "'anna wrote meanwhile; saving again replaces it:', 'called', 2" in told[-1]
    assert (await kept(api, name))[3][1] == "called"
    await page.send(3, text="x" * (NOTE.most + 1))
    assert "shorten it or part it in two" in told[-1]


async def test_its_owner_shares_renames_renews_and_closes_it(api: Api) -> None:
    name = await filled(api)
    page = await shown(api, name)
    await page.send(4, subject="dora", role="member")
    assert "dora" not in page.said()
    api.sign_in(make_requester("fr-pj", subject="dora"))
    await page.send(4, subject="dora", role="member")
    assert "dora" in page.said()
    await page.press("Stop sharing")
    await page.send(5, title="Falcon")
    assert "Falcon" in page.said()
    await page.press("Renew")
    await page.send(6)
    assert "Falcon" not in (await shown(api, name)).said()
