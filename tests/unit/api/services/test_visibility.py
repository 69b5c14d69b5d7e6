"""The owner asks who could see its case; to everybody else there is no such case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.break_glass import GlassReason
from pipeline.access.case_visibility import HandlingChange
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Role
from pipeline.api.problems import ForbiddenError, NotFoundError
from pipeline.api.services.break_glass import open_alone
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure
from pipeline.api.services.visibility import read_visibility
from pipeline.records.agencies import Agency
from support.access.requesters import ANNA, BERT, DORA, OPERATOR, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record

KEY = "fr-pj:1"
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")


@pytest.fixture
def hit(api: Api) -> str:
    """A hit-only case of Anna's agency; the reference by which Bert's agency knows it."""
    api.hold(record("fr-pj", code="H2", to=("BE",)), record("be-fp"))
    api.runtime.agencies |= {name: Agency(name, name[:2].upper()) for name in ("fr-pj", "be-fp", "de-bka")}  # type: ignore[operator]
    return api.session(BERT).make_reference(KEY)


async def rules(api: Api, agency: str, change: HandlingChange = HandlingChange()) -> list[tuple[str, str | None]]:  # noqa: B008
    found = await read_visibility(api.session(ANNA), KEY, change)
    return [(row.rule, row.changed_rule) for row in found.agencies if row.agency == agency]


async def test_the_owner_is_told_each_agencys_rule_and_it_is_on_record(api: Api, hit: str) -> None:
    assert (await rules(api, "be-fp"))[:2] == [("hit_only", None), ("purpose", None)]
    assert (await rules(api, "de-bka", HandlingChange("H1", ("*",))))[0] == ("not_released", "released")
    act = api.audit.acts[-1]
    assert (act.kind, act.shown) == (ActKind.READ, (ShownCase(KEY, ShownForm.FULL, "owner"),))


async def test_a_grant_and_a_break_glass_are_among_it_at_once(api: Api, hit: str) -> None:
    name = (
        await request_disclosure(api.session(BERT), hit, DisclosureAsk("why", Urgency.URGENT, NOW + timedelta(days=1)))
    ).disclosure["id"]
    await grant_disclosure(api.session(ANNA), name, NOW + timedelta(days=9))
    assert (await rules(api, "be-fp", HandlingChange("H3")))[0] == ("granted", "silent")


async def test_the_owner_is_told_the_agency_of_a_break_glass_and_not_the_person(api: Api, hit: str) -> None:
    await open_alone(api.session(CHIEF), hit, GlassReason("a child is in danger", 3))
    (person,) = (await read_visibility(api.session(ANNA), KEY)).people
    assert (person.agency, person.subject, person.purposes) == ("be-fp", None, ("investigation",))
    assert (await rules(api, "be-fp"))[0][0] == "hit_only"


async def test_to_all_others_there_is_no_such_case_and_nothing_is_looked_up(api: Api, hit: str) -> None:
    api.hold(record("fr-pj", "open"))
    api.index.calls.clear()
    for who in (BERT, DORA, CHIEF, OPERATOR):
        for key in (KEY, "fr-pj:open", "fr-pj:none"):
            with pytest.raises(NotFoundError):
                await read_visibility(api.session(who), key)
    assert api.index.calls == []
    assert {(act.rule, act.shown) for act in api.audit.acts} == {("not_shown", ())}
    with pytest.raises(ForbiddenError):
        await read_visibility(api.session(make_requester("fr-pj", Role.AUDITOR)), KEY)


async def test_over_http(api: Api, hit: str) -> None:
    answer = await api.get(f"/v1/visibility?case={KEY}&handling=H0&releasable_to=DE&releasable_to=BE&purposes=")
    assert answer.status_code == 200
    found = answer.json()
    assert found["changed_handling"] == {"code": "H0", "releasable_to": ["DE", "BE"], "purposes": []}
    assert {row["changed_view"] for row in found["agencies"] if row["agency"] == "be-fp"} == {"nothing"}
    assert (await api.get(f"/v1/visibility?case={KEY}", BERT)).status_code == 404
    for wrong in ("handling=H7", "releasable_to=France", "purposes=fun"):
        assert (await api.get(f"/v1/visibility?case={KEY}&{wrong}")).status_code == 422
