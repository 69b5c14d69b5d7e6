"""An owner sees beside a request its own record and the links that it may read anyway, and nothing of the search."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from pipeline.access.audit import ShownForm
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.api.problems import NotFoundError
from pipeline.api.services.disclosures import request_disclosure
from pipeline.api.services.request_evidence import MOST_LINKS, read_request_evidence
from pipeline.matching.bands import HIT_BAND
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record


async def asked(api: Api) -> str:
    """Bert of be-fp asks fr-pj for a hit-only case."""
    api.hold(record("fr-pj", code="H2"))
    session = api.session(BERT)
    ask = DisclosureAsk("the same man", Urgency.URGENT, NOW + timedelta(days=1))
    answer = await request_disclosure(session, session.make_reference("fr-pj:1"), ask, "what bert searched")
    return str(answer.disclosure.id)


async def test_the_owner_sees_its_record_and_why_it_is_linked(api: Api) -> None:
    name = await asked(api)
    api.hold(record("be-fp"), record("nl-np"))
    api.link("be-fp:1", "fr-pj:1")
    api.link("fr-pj:1", "nl-np:1")
    found = await read_request_evidence(api.session(ANNA), name)
    assert (found.record.case, found.record.entities[0].name) == ("fr-pj:1", "Ivan Petrov")
    (row,) = found.links
    assert (row.case, row.band, row.agrees) == ("be-fp:1", "certain", ("name", "date of birth"))
    assert row.summary == "Same name and date of birth."
    assert {shown.case for shown in api.audit.acts[-1].shown} == {"fr-pj:1", "be-fp:1"}
    assert not found.more


async def test_a_silent_case_is_no_evidence(api: Api) -> None:
    name = await asked(api)
    bare = await read_request_evidence(api.session(ANNA), name)
    api.hold(record("be-fp", code="H3"))
    api.link("be-fp:1", "fr-pj:1")
    assert await read_request_evidence(api.session(ANNA), name) == bare
    assert (bare.links, bare.hits) == ((), ())


async def test_of_a_hit_only_case_the_owner_sees_the_band_that_the_gate_tells_and_no_more(api: Api) -> None:
    name = await asked(api)
    api.hold(record("be-fp", code="H2", title="Affair of Bert"))
    api.link("be-fp:1", "fr-pj:1")
    found = await read_request_evidence(api.session(ANNA), name)
    assert (found.links, [(row.agency, row.band) for row in found.hits]) == ((), [("be-fp", HIT_BAND)])
    told = msgspec.json.encode(found.hits)
    assert b"be-fp:1" not in told
    assert b"Affair" not in told
    assert [(shown.case, shown.form) for shown in api.audit.acts[-1].shown] == [
        ("fr-pj:1", ShownForm.FULL), ("be-fp:1", ShownForm.HIT)
    ]  # fmt: skip


async def test_nothing_is_told_of_the_search(api: Api) -> None:
    name = await asked(api)
    found = await read_request_evidence(api.session(ANNA), name)
    assert b"searched" not in msgspec.json.encode(found.record)


async def test_the_asking_agency_and_others_see_no_evidence(api: Api) -> None:
    name = await asked(api)
    for who in (BERT, make_requester("nl-np")):
        with pytest.raises(NotFoundError):
            await read_request_evidence(api.session(who), name)
    with pytest.raises(NotFoundError):
        await read_request_evidence(api.session(ANNA), "not-there")


async def test_the_strongest_links_are_shown_and_that_there_are_more(api: Api) -> None:
    name = await asked(api)
    for number in range(MOST_LINKS + 1):
        api.hold(record("be-fp", str(number)))
        api.link(f"be-fp:{number}", "fr-pj:1")
    found = await read_request_evidence(api.session(ANNA), name)
    assert (len(found.links), found.more) == (MOST_LINKS, True)
