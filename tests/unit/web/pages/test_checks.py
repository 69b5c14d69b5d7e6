from __future__ import annotations

import asyncio

import pytest

from pipeline.api.answers import ListDraftAnswer
from pipeline.api.list_worker import run_round
from pipeline.api.services.list_checks import submit_list
from pipeline.api.services.list_drafts import ListDraftChange, change_draft, read_draft, submit_draft
from pipeline.api.session import Session
from pipeline.web.pages import checks, list_columns
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened

LIST = b"id,name,born\nA-1,Ivan Petrov,1980-05-01\nA-2,Nobody Atall,1999-09-09\n"


async def test_a_list_is_followed_read_and_deleted(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    assert "0 of 2" in (await opened(api, checks.PAGE, ANNA)).said()
    assert "No row checked yet" in (await opened(api, checks.RESULTS_PAGE, ANNA, name=name)).said()
    await run_round(api.runtime)
    found = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name)).said()
    assert "A-1" in found
    assert "Affair 1" in found
    assert "A record of be-fp" in found
    told = " ".join(found.split())
    assert [said for said in ("Ivan Petrov", "name all words agree", "date of birth same") if said not in told] == []
    assert "A-2" in found
    assert "Date of birth: 1 May 1980" in told
    title = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name)).find("time", "List of 24 Nov 2026 12:00")
    assert title.props["datetime"].startswith("2026-11-24T12:00")
    matched = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name, found="match")).said()
    assert "A-1" in matched
    assert "A-2" not in matched
    none = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name, band="possible", found="nonsense")).said()
    assert "No such row" in none
    page = await opened(api, checks.PAGE, ANNA)
    await page.press("Delete")
    assert "No lists" in page.said()


async def test_a_list_whose_hits_ran_out_says_so_in_its_rows_its_count_and_its_filter(api: Api) -> None:
    api.runtime.hits.spend(ANNA, api.now, api.settings.hit_budget)
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    await run_round(api.runtime)
    rows = (await opened(api, checks.RESULTS_PAGE, ANNA, name=name)).said()
    assert rows.count("Hit-only records not asked: today's hits are used up") == 2
    assert "hit-only records not asked for 2 rows" in rows
    assert "hit-only records not asked for 2 rows" in (await opened(api, checks.PAGE, ANNA)).said()
    assert "No such row" in (await opened(api, checks.RESULTS_PAGE, ANNA, name=name, found="none")).said()
    assert "A-2" in (await opened(api, checks.RESULTS_PAGE, ANNA, name=name, found="not_asked")).said()


async def test_what_is_found_meanwhile_comes_behind_what_is_there_and_redraws_nothing_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may be filling in a request of an early row."""
    api.hold(record("be-fp", code="H2"))
    for place in (
        "api.list_worker.STEP",
        "api.list_worker.STEPS_A_TURN",
        "api.list_store.STEP",
        "ops.row_file.BLOCK_ROWS",
    ):
        monkeypatch.setattr(f"pipeline.{place}", 1)
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    await run_round(api.runtime)
    page = await opened(api, checks.RESULTS_PAGE, ANNA, name=name)
    assert "1 of 2" in page.said()
    begun = page.find("textarea")
    await page.happen(checks.AGAIN)
    assert page.find("textarea") is begun
    await run_round(api.runtime)
    await page.happen(checks.AGAIN)
    assert page.find("textarea") is begun
    said = page.said()
    assert [word for word in ("A-1", "A-2", "2 rows", "Done") if word not in said] == []
    assert all("data-again" not in attributes for _, _, attributes in page.drawn())


async def test_a_list_is_its_senders_alone(api: Api) -> None:
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    assert "Not found, or you do not have access" in (await opened(api, checks.RESULTS_PAGE, BERT, name=name)).said()


TABLE = "Nom;Né le;Siège\nIvan Petrov;01/05/1980;12A\nIvan Petrov;vers 60;\n".encode("cp1252")


async def test_columns_are_mapped_before_a_preview(api: Api) -> None:
    name = (await submit_draft(api.session(ANNA), TABLE, "people.csv")).draft.id
    assert "people.csv" in (await opened(api, checks.PAGE, ANNA)).said()
    page = await opened(api, list_columns.PAGE, ANNA, name=name)
    for said in ("people.csv", "1 May 1980", "Siège: not searched", "can't be read", "vers 60", "Windows-1252"):
        assert said in page.said()
    await page.fill("target-2", **{"target-0": "name", "target-1": "", "target-2": "text"})
    assert "Words in the title or summary: 12A" in page.said().replace("  ", " ")
    assert "1980-05-01" not in page.said()


async def test_of_two_choices_made_soon_after_each_other_the_last_one_holds(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = (await submit_draft(api.session(ANNA), TABLE, "people.csv")).draft.id
    page = await opened(api, list_columns.PAGE, ANNA, name=name)
    first = asyncio.Event()

    async def change_slowly(session: Session, name: str, change: ListDraftChange) -> ListDraftAnswer:
        if change.targets[2] == "plate":
            await first.wait()
        return await change_draft(session, name, change)

    monkeypatch.setattr(list_columns, "change_draft", change_slowly)
    changes = [
        asyncio.create_task(page.fill("target-2", **{"target-0": "name", "target-1": "", "target-2": target}))
        for target in ("plate", "text")
    ]
    await asyncio.wait(changes[1:], timeout=0.2)  # where the second waits for the first, it never ends before
    first.set()
    await asyncio.gather(*changes)
    assert "Words in the title or summary: 12A" in page.said().replace("  ", " ")
    kept = (await read_draft(api.session(ANNA), name)).draft
    assert [column.target for column in kept.columns] == ["name", "", "text"]


async def test_a_draft_is_read_anew_and_deleted(api: Api) -> None:
    name = (await submit_draft(api.session(ANNA), TABLE, "people.csv")).draft.id
    page = await opened(api, list_columns.PAGE, ANNA, name=name)
    await page.fill("encoding", encoding="cp1250")
    assert "Column 1" in page.said()
    assert "Not found" in (await opened(api, list_columns.PAGE, BERT, name=name)).said()
    drafts = await opened(api, checks.PAGE, ANNA)
    await drafts.press("Delete")
    assert "people.csv" not in drafts.said()
