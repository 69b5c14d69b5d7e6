from __future__ import annotations

from pipeline.access.folders import LASTS, FolderRole
from pipeline.access.requester import Role
from pipeline.api.services.folders import create_folder, list_folders, share_folder
from pipeline.web.pages.folders import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import NOW, Api
from support.web.pages import opened

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")


async def test_a_folder_is_made_on_the_grounds_of_the_session_and_listed_with_its_count(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    assert "No folders yet" in page.said()
    assert "Purpose: Investigation; your case: 2026/1" in page.said()
    await page.send(title="<b>Kestrel")
    (row,) = (await list_folders(api.session(ANNA))).folders
    assert "<b>Kestrel" in page.said()
    assert f"/folders/{row.id}" in str(page.drawn())
    api.now = NOW + LASTS
    assert "Expired" in (await opened(api, PAGE, ANNA)).said()


async def test_a_supervisor_sees_those_of_the_agency_and_takes_one_over(api: Api) -> None:
    name = (await create_folder(api.session(ANNA), "Kestrel")).folder.id
    api.sign_in(make_requester("fr-pj", subject="carl"))
    await share_folder(api.session(ANNA), name, "carl", FolderRole.READER)
    assert "Whole agency" not in (await opened(api, PAGE, ANNA)).said()
    assert "Kestrel" not in (await opened(api, PAGE, CHIEF)).said()
    page = await opened(api, PAGE, CHIEF, list="agency")
    assert "2 people" in page.said()
    await page.press("Take over")
    assert (await list_folders(api.session(CHIEF))).folders[0].role is FolderRole.OWNER
    assert "Take over" not in page.said()


async def test_only_readers_see_it(api: Api) -> None:
    assert "Your role does not allow this" in (await opened(api, PAGE, make_requester("fr-pj", Role.OPS))).said()
