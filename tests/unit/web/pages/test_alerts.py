from __future__ import annotations

from datetime import timedelta

from pipeline.access.alerts import LASTS
from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.requester import Role
from pipeline.api.services.alerts import create_alert, list_alerts
from pipeline.streams.catalogues import topics
from pipeline.web.pages.alerts import PAGE
from pipeline.web.site import KnownPerson
from support.access.requesters import ANNA, make_requester
from support.api.runtime import NOW, Api
from support.web.pages import opened

QUESTION = "ivan petrov born:1980-05-01"


async def test_one_is_asked_on_the_grounds_of_the_session_renewed_and_ended(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    assert "No alerts" in page.said()
    assert "Purpose: Investigation; your case: 2026/1" in page.said()
    await page.send(question=QUESTION)
    assert QUESTION in page.said()
    assert "/search#q=ivan+petrov+born%3A1980-05-01" in str(page.drawn())
    api.now = NOW + LASTS + timedelta(days=1)
    page = await opened(api, PAGE, ANNA)
    assert "Expired" in page.said()
    await page.press("Renew")
    assert "Expired" not in page.said()
    await page.press("Stop")
    assert "No alerts" in page.said()


async def test_it_says_by_its_owners_name_whose_it_is_and_until_which_minute(api: Api) -> None:
    await create_alert(api.session(ANNA), QUESTION)
    page = await opened(api, PAGE, ANNA, "en", {"anna": KnownPerson("Anna Keller")})
    assert "Anna Keller (anna)" in page.said()
    assert page.find("time", "22 Feb 2027 12:00").props["datetime"] == (NOW + LASTS).isoformat()


async def test_one_has_a_name_of_its_own(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    await page.send(question=QUESTION, label="<b>Tver")
    (row,) = (await list_alerts(api.session(ANNA))).subscriptions
    assert row.label == "<b>Tver"
    assert f"<b>Tver {QUESTION}" in " ".join(page.said().split()), "as text"
    await page.send(1, label="Kazan")
    assert f"Kazan {QUESTION}" in " ".join(page.said().split())
    await page.send(1, label="")
    assert "Kazan" not in page.said()


async def test_what_makes_no_sense_is_not_kept(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    await page.send(question="born:nonsense")
    assert "No alerts" in page.said()
    assert api.decided.values == []


async def test_only_readers_see_it(api: Api) -> None:
    assert "Your role does not allow this" in (await opened(api, PAGE, make_requester("fr-pj", Role.OPS))).said()


async def test_an_alert_says_how_many_matches_it_has_and_since_when(api: Api) -> None:
    page = await opened(api, PAGE, ANNA)
    await page.send(question=QUESTION)
    name = (await list_alerts(api.session(ANNA))).subscriptions[0].id
    for at in range(2):
        time = NOW + timedelta(hours=at)
        told = Notice(f"n{at}", "fr-pj", NoticeKind.SHARED_INTEREST, time, subscription=name, other_agency="be-fp")
        await api.decided.write(topics.NOTICES, told.id, told)
    said = " ".join((await opened(api, PAGE, ANNA)).said().split())
    assert f"{QUESTION} 2 24 Nov 2026 13:00 New since your last look" in said
