from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Requester
from pipeline.api.services.disclosures import request_disclosure
from pipeline.web.pages.access_requests import PAGE, elapsed_share
from pipeline.web.site import KnownPerson
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import NOW, Api
from support.index.documents import PureStages
from support.records.builder import record
from support.web.pages import opened

COLLEAGUE = make_requester("be-fp", subject="colleague")
KNOWN = {"bert": KnownPerson("Bert Claes", "+32 2 123 45 67"), "anna": KnownPerson("Anna Keller", "+33 1 23 45 67 89")}


async def asked(api: Api, within: timedelta) -> None:
    api.hold(record("fr-pj", code="H2"))
    session = api.session(BERT)
    await request_disclosure(
        session, session.make_reference("fr-pj:1"), DisclosureAsk("the same man", Urgency.URGENT, NOW + within)
    )


async def test_a_request_shows_the_time_that_is_left_then_by_how_much_it_is_late(api: Api) -> None:
    await asked(api, timedelta(days=3))
    assert "3 days left" in (await opened(api, PAGE, ANNA)).said()
    api.now += timedelta(days=5)
    assert "overdue by 2 days" in (await opened(api, PAGE, ANNA)).said()


async def test_who_decides_sees_the_askers_name_and_phone_to_call(api: Api) -> None:
    await asked(api, timedelta(days=3))
    page = await opened(api, PAGE, ANNA, "en", KNOWN)
    assert "Bert Claes (bert) · " in page.said()
    call = page.find("a", "+32 2 123 45 67")
    assert call.props["href"] == "tel:+3221234567"
    assert "nowrap" in call.classes
    assert f"for {api.session(BERT).grounds.case_reference}" not in page.said()
    assert "bert · " in (await opened(api, PAGE, ANNA)).said()


@pytest.mark.parametrize("who", [BERT, COLLEAGUE, DORA])
async def test_nobody_else_sees_the_askers_phone(api: Api, who: Requester) -> None:
    await asked(api, timedelta(days=3))
    for language in ("en", "fr", "es"):
        page = await opened(api, PAGE, who, language, KNOWN)
        assert "123 45 67" not in page.said()
        assert "tel:" not in str(page.drawn())
    assert ("the same man" in page.said()) is (who.agency == "be-fp")


async def test_the_owners_phone_is_not_told_to_who_asked(api: Api) -> None:
    await asked(api, timedelta(days=3))
    await (await opened(api, PAGE, ANNA, "en", KNOWN)).send(days="7", reason="for this case")
    for who in (ANNA, BERT):
        assert "+33 1 23 45 67 89" not in (await opened(api, PAGE, who, "en", KNOWN)).said()


async def test_who_decides_sees_for_which_case_where_the_installation_says_so(
    stages: PureStages, tmp_path: Path
) -> None:
    api = Api(stages, tmp_path, owners_see_references=True)
    await asked(api, timedelta(days=3))
    reference = api.session(BERT).grounds.case_reference
    assert f"for {reference}" in (await opened(api, PAGE, ANNA, "en", KNOWN)).said()


async def test_the_owner_grants_and_takes_back(api: Api) -> None:
    await asked(api, timedelta(days=3))
    page = await opened(api, PAGE, ANNA)
    await page.send(days="7", reason="for this case")
    assert "until 1 Dec 2026" in page.said()
    assert "for this case" in page.said()
    await page.send(reason="it is over")
    assert "Revoked" in page.said()
    theirs = (await opened(api, PAGE, BERT)).said()
    assert "it is over" in theirs
    assert "fr-pj:1" not in theirs


async def test_the_owner_refuses(api: Api) -> None:
    await asked(api, timedelta(days=3))
    page = await opened(api, PAGE, ANNA)
    await page.send(1, reason="ongoing")
    assert "Refused" in page.said()


@pytest.mark.parametrize(("hours", "share"), [(0, 0.0), (12, 0.5), (24, 1.0), (48, 1.0)])
def test_the_share_of_the_time_that_is_gone(hours: int, share: float) -> None:
    times = [(NOW - timedelta(days=1)).isoformat(), NOW.isoformat()]
    assert elapsed_share(times, (NOW + timedelta(days=1)).isoformat(), NOW + timedelta(hours=hours)) == share
