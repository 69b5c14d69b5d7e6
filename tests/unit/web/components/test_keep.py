from __future__ import annotations

from pipeline.access.folders import FolderRole, KeptSearch, parse_reference
from pipeline.api.services.folders import create_folder, list_folders, read_folder, share_folder
from pipeline.web.components import keep, rows
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened

CARL = make_requester("fr-pj", subject="carl")


def test_what_a_row_is_called_is_read_as_it_was_meant() -> None:
    link = "0c1f" * 8
    for text in (
        rows.record_mark("be-fp:1"), rows.link_mark(link), rows.entity_mark("be-fp:1", "p1"),
        keep.list_reference(link), keep.search_reference(KeptSearch("иван", "FR")),
    ):  # fmt: skip
        assert parse_reference(text).text == text


async def test_the_browser_asks_for_folders_and_adds_to_one(api: Api, told: list[str]) -> None:
    api.hold(record("fr-pj"))
    mine = (await create_folder(api.session(ANNA), "Mine")).folder.id
    theirs = (await create_folder(api.session(CARL), "Theirs")).folder.id
    api.sign_in(ANNA)
    await share_folder(api.session(CARL), theirs, "anna", FolderRole.READER)
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "'data-keep': 'record fr-pj:1'" in str(page.drawn())
    await page.happen(keep.ASKED, {})
    assert "Mine" in told[-1]
    assert "Theirs" not in told[-1], "one that one may only look at"
    await page.happen(keep.ADDED, {"folder": mine, "items": ["record fr-pj:1"]})
    assert "Added to Mine" in told[-1]
    assert len((await read_folder(api.session(ANNA), mine)).items) == 1
    await page.happen(keep.ADDED, {"title": "New", "items": ["record fr-pj:1", "record be-fp:1"]})
    assert "1 item can't be added" in told[-1]
    assert {row.title for row in (await list_folders(api.session(ANNA))).folders} == {"Mine", "New", "Theirs"}
    await page.happen(keep.ADDED, {"folder": theirs, "items": ["record fr-pj:1"]})
    assert "role" in told[-1]
