"""An owner allows an agency more hit-only answers a day, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.api.answers import RefusedGuesses
from pipeline.api.problems import ForbiddenError, UnavailableError, UnprocessableError
from pipeline.api.services.hit_allowances import LONGEST, allow_hits, list_hit_allowances
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api

CHIEF = make_requester("fr-pj", Role.SUPERVISOR, subject="chief")
UNTIL = NOW + timedelta(days=7)


async def test_a_supervisor_allows_and_the_agency_sees_it(api: Api) -> None:
    made = (await allow_hits(api.session(CHIEF), "be-fp", 5000, UNTIL)).allowance
    assert (made.agency, made.daily, made.active) == ("be-fp", 5000, True)
    assert api.audit.kinds() == [ActKind.DISCLOSURE]
    api.now = UNTIL
    listed = await list_hit_allowances(api.session(ANNA))
    assert [(row.agency, row.active) for row in listed.allowances] == [("be-fp", False)]
    assert listed.daily == 200
    assert (await list_hit_allowances(api.session(BERT))).allowances == ()


async def test_owners_see_who_guesses_too_much_by_day_and_nobody_sees_their_own(api: Api) -> None:
    for born in range(6):
        await search(api.session(BERT), Search(f"ivan petrov 197{born}-01-20"))
    refused = (await list_hit_allowances(api.session(ANNA))).refused
    assert refused == (RefusedGuesses("be-fp", NOW.date().isoformat(), 3, 0),)
    assert (await list_hit_allowances(api.session(BERT))).refused == ()


async def test_who_may_not_and_what_makes_no_sense(api: Api) -> None:
    with pytest.raises(ForbiddenError):
        await allow_hits(api.session(ANNA), "be-fp", 5000, UNTIL)
    for until in (NOW, NOW + LONGEST + timedelta(seconds=1)):
        with pytest.raises(UnprocessableError):
            await allow_hits(api.session(CHIEF), "be-fp", 5000, until)
    api.audit.away = True
    with pytest.raises(UnavailableError):
        await allow_hits(api.session(CHIEF), "be-fp", 5000, UNTIL)
    assert api.decided.values == []


@pytest.mark.parametrize("body", [{"daily": 0}, {"daily": 10**6}, {"daily": "5"}, {"until": "2026-12-01"}, {}])
async def test_over_http(api: Api, body: dict[str, object]) -> None:
    given = {"daily": 500, "until": UNTIL.isoformat()} | body
    answer = await api.request("PUT", "/v1/hit-allowances/be-fp", CHIEF, json=given)
    assert answer.status_code == (422 if body else 200)
    assert (await api.get("/v1/hit-allowances", CHIEF)).status_code == 200
