from __future__ import annotations

from pipeline.access.requester import Role
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import person, record
from support.web.pages import opened


async def test_two_cases_are_linked_by_hand_and_that_is_taken_back(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp", entities=[]))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    await page.send(other=" be-fp:1 ", reason="the same handwriting")
    assert "the same handwriting" in page.said()
    await page.press("Undo")
    assert "the same handwriting" not in page.said()


async def test_codes_are_words_and_what_agencies_send_besides_stays(api: Api) -> None:
    man = person(
        "Иван Петров",
        id="p1",
        gender="male",
        nationalities=["RU"],
        role="suspect",
        identifiers=[{"type": "card_index", "value": "7", "country": "DE"}],
    )
    api.hold(record("fr-pj", entities=[man]))
    said = (await opened(api, PAGE, ANNA, "fr", key="fr-pj:1")).said()
    for word in ("masculin", "Russie", "p1 suspect", "card_index 7 (DE)"):
        assert word in said


async def test_a_case_that_may_not_be_read_and_one_that_is_not_there_look_the_same(api: Api) -> None:
    api.hold(record("be-fp", code="H3"))
    hidden = await opened(api, PAGE, ANNA, key="be-fp:1")
    missing = await opened(api, PAGE, ANNA, key="be-fp:2")
    assert hidden.said() == missing.said()
    assert "Not found, or you do not have access" in hidden.said()


async def test_other_roles_are_told_that_theirs_do_not_include_it(api: Api) -> None:
    page = await opened(api, PAGE, make_requester("fr-pj", Role.FEED), key="fr-pj:1")
    assert "Your role does not allow this" in page.said()


async def test_a_fault_of_ours_is_said_without_its_words(api: Api) -> None:
    api.hold(record("fr-pj"))
    api.runtime.reader = None  # type: ignore[assignment]
    page = await opened(api, PAGE, ANNA, key="fr-pj:1")
    assert "Temporarily unavailable" in page.said()
    assert "NoneType" not in page.said()
