"""Cross-reference in a real browser: its progress, results by row and record, and entities that come in and go out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest
from playwright.sync_api import Browser, expect

from pipeline.api import list_worker
from pipeline.api.list_worker import run_round
from pipeline.api.services.folders import add_items, create_folder
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.browser import NARROW, BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

CLAIRE = "claire@fr-pj"
WHO = make_requester("fr-pj", subject=CLAIRE)
PETROV = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
MANY = [person(f"Anna Keller{number}", id=f"k{number}", birth_date="1975-02-03") for number in range(11)]
FTM = (
    b'{"id": "a-1", "schema": "Person", "properties": {"name": ["Ivan Petrov"], "birthDate": ["1980-05-01"]}}\n'
    b'{"id": "b-1", "schema": "Company", "properties": {"name": ["Nord Trade"]}}\n'
    b'{"id": "r-1", "schema": "Directorship", "properties": {"director": ["a-1"], "organization": ["b-1"]}}\n'
    b"{}\n"
)


def wait(made: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What comes of it, in a thread: the browser's own loop runs in this one."""
    kept: list[Any] = []
    thread = Thread(target=lambda: kept.append(asyncio.run(made())))
    thread.start()
    thread.join()
    return kept[0]


@pytest.fixture
def api(api: Api) -> Api:
    """A French record of twelve people, one of whom is in a Belgian one as well."""
    api.hold(record("fr-pj", "1", title="Vol", entities=[PETROV, *MANY]))
    api.hold(record("be-fp", "7", title="Import", to=("FR",), entities=[PETROV]))
    return api


def fold(api: Api) -> str:
    """A folder of Claire's with both records."""

    async def made() -> str:
        folder = (await create_folder(api.session(WHO), "Harbour")).folder.id
        await add_items(api.session(WHO), folder, ["record fr-pj:1", "record be-fp:7"])
        return folder

    return str(wait(made))


def test_its_progress_grows_and_results_lead_both_ways(
    opened: Browser, site: MemorySite, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = BrowserUser(opened, site.url)
    user.enter(CLAIRE, "2026/1", f"/folders/{fold(api)}")
    page = user.page
    page.get_by_role("button", name="Cross-reference").click()
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    expect(page.get_by_text("0 of 13")).to_be_visible()
    monkeypatch.setattr(list_worker, "STEPS_A_TURN", 1)
    wait(lambda: run_round(api.runtime))
    expect(page.get_by_text("8 of 13")).to_be_visible()
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("fr-pj:1 p1")
    expect(first).to_contain_text("Import")
    wait(lambda: run_round(api.runtime))
    expect(page.get_by_text("Done")).to_be_visible()
    user.holds("cross-reference", dark=True)
    page.get_by_role("link", name="By record").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    row = page.locator("tbody tr").filter(has_text="Import")
    expect(row).to_contain_text("fr-pj:1 p1")
    user.holds("records found", dark=True)
    page.get_by_label("Only records also in").select_option(label="Folder: Harbour")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    row.get_by_role("link", name="fr-pj:1 p1").click()
    expect(page.get_by_role("heading", name="Vol")).to_be_visible()
    assert user.faults == []


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_entities_come_in_and_go_out(
    opened: Browser, site: MemorySite, api: Api, tmp_path: Path, language: str
) -> None:
    user = BrowserUser(opened, site.url, language)
    user.enter(CLAIRE, "2026/1", "/checks")
    page = user.page
    page.set_input_files("#file-list", {"name": "entities.ftm.json", "mimeType": "application/json", "buffer": FTM})
    page.locator("form[action='/checks'] button.main").click()
    expect(page.get_by_role("heading", name="entities.ftm.json")).to_be_visible()

    async def work() -> None:
        while await run_round(api.runtime):
            pass

    wait(work)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("a-1")
    expect(rows.nth(2).locator(".warn").first).to_contain_text("FollowTheMoney")
    user.resize(NARROW)
    user.holds("entities")
    with page.expect_download() as saving:
        page.get_by_role("button", name="FollowTheMoney").click()
    saving.value.save_as(tmp_path / "found")
    sent = [orjson.loads(line) for line in (tmp_path / "found").read_bytes().splitlines()]
    assert [one["properties"]["subject"] for one in sent if one["schema"] == "UnknownLink"] == [["a-1"], ["a-1"]]
    assert saving.value.suggested_filename == "found.ftm.json"
    assert user.faults == []
