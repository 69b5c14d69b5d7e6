from __future__ import annotations

from pipeline.access.requester import Role
from pipeline.web.pages.inbox import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.pages import opened

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")


def held(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    api.link("fr-pj:1", "be-fp:1")


async def test_an_investigator_takes_a_link_and_gives_it_back(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, ANNA)
    assert "Assign to someone else" not in page.said()
    await page.press("Assign to me")
    assert "anna Unassign" in page.said()
    await page.press("Unassign")
    assert "– Assign to me" in page.said()


async def test_a_link_by_a_shared_number_says_so(api: Api) -> None:
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    man = person("Ivan Petrov", birth_date="1980-05-01", identifiers=passport)
    woman = person("Anna Keller", identifiers=passport)
    api.hold(record("fr-pj", to=("BE",), entities=[man]), record("be-fp", to=("FR",), entities=[woman]))
    api.link("fr-pj:1", "be-fp:1")
    assert "Shared number" in (await opened(api, PAGE, ANNA)).said()


async def test_a_supervisor_assigns_it_to_another(api: Api) -> None:
    held(api)
    page = await opened(api, PAGE, CHIEF)
    await page.send(assignee=" anna ")
    assert "anna Assign to me" in page.said()
