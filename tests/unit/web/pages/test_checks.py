from __future__ import annotations

from pipeline.api.list_worker import run_round
from pipeline.api.services.list_checks import submit_list
from pipeline.web.pages import checks, list_found
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record
from support.web.pages import opened

LIST = b"id,name,born\nA-1,Ivan Petrov,1980-05-01\nA-2,Nobody Atall,1999-09-09\n"


async def test_a_list_is_followed_read_and_deleted(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    assert "0 of 2" in (await opened(api, checks.PAGE, ANNA)).said()
    assert "No row checked yet" in (await opened(api, list_found.PAGE, ANNA, name=name)).said()
    await run_round(api.runtime)
    found = (await opened(api, list_found.PAGE, ANNA, name=name)).said()
    assert "A-1" in found
    assert "Affair 1" in found
    assert "A record of be-fp" in found
    assert "A-2" not in found
    assert "1 row without a match" in found
    page = await opened(api, checks.PAGE, ANNA)
    await page.press("Delete")
    assert "No lists" in page.said()


async def test_a_list_is_its_senders_alone(api: Api) -> None:
    name = (await submit_list(api.session(ANNA), LIST, "csv")).list.id
    assert "Not found, or you do not have access" in (await opened(api, list_found.PAGE, BERT, name=name)).said()
