"""Who was shown an agency's records: to the agency itself alone."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.access.audit import Act, ActKind, Chain, ShownCase, ShownForm
from pipeline.access.requester import Requester, Role
from pipeline.api.answers import AccessedRecord
from pipeline.api.problems import ForbiddenError
from pipeline.api.services.accesses import list_accesses
from pipeline.api.services.search import Search, search
from pipeline.index.decisions import audit_document
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import person, record

KEY = "fr-pj:1"


def shown_to(who: Requester, sequence: int, *cases: ShownCase) -> bytes:
    act = Act(
        ActKind.READ, who.subject, who.agency, who.country, purpose="investigation", case_reference="x", shown=cases
    )
    return msgspec.json.encode(Chain("host", sequence).make_entry(act, NOW))


async def test_the_owner_sees_who_was_shown_its_records_and_of_others_the_agency_alone(api: Api) -> None:
    for at, who in enumerate((BERT, ANNA)):
        entry = shown_to(who, at, ShownCase(KEY, ShownForm.HIT), ShownCase("be-fp:1", ShownForm.FULL))
        api.index.write([audit_document(entry, at)])
    rows = (await list_accesses(api.session(ANNA))).accesses
    assert [(row.agency, row.subject, row.case_reference) for row in rows] == [
        ("fr-pj", "anna", "x"),
        ("be-fp", None, None),
    ]
    assert rows[0].shown == (AccessedRecord(KEY, "hit", None),)
    assert (await list_accesses(api.session(DORA))).accesses == ()


@pytest.mark.parametrize("role", [Role.OPS, Role.FEED, Role.AUDITOR])
async def test_who_may_not_read_cases_may_not(api: Api, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        await list_accesses(api.session(make_requester("fr-pj", role)))


async def test_a_search_for_a_silent_record_is_no_access_to_it(api: Api) -> None:
    """Its time and place among the others would tell the owner what the notice, a day later, leaves out."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(record("fr-pj", code="H3", entities=[man]))
    api.hold(record("nl-np", code="H0", to=("BE",), entities=[man]))
    found = await search(api.session(BERT), Search("ivan petrov born:1980-05-01"))
    assert [row["case"] for row in found.results] == ["nl-np:1"]
    entries = (Chain("host", at).make_entry(act, NOW) for at, act in enumerate(api.audit.acts))
    api.index.write([audit_document(msgspec.json.encode(entry), at) for at, entry in enumerate(entries)])
    assert (await list_accesses(api.session(ANNA))).accesses == ()
    assert len((await list_accesses(api.session(make_requester("nl-np")))).accesses) == 1
