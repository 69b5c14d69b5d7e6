from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.api.services.disclosures import request_disclosure
from pipeline.web.pages.access_requests import PAGE, elapsed_share
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.records.builder import record
from support.web.pages import opened


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
