"""What a reader is shown of a case's signature, also of one that somebody wrote behind intake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from pipeline.access.audit import ActKind, ShownCase, ShownForm
from pipeline.access.break_glass import GlassReason
from pipeline.access.case_visibility import HandlingChange
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Role
from pipeline.api.problems import ForbiddenError, NotFoundError
from pipeline.api.services.break_glass import open_alone
from pipeline.api.services.cases import read_visibility
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure
from pipeline.index.documents import case_document
from pipeline.records import signatures
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord
from pipeline.web.pages.case import PAGE
from support.access.requesters import ANNA, BERT, DORA, OPERATOR, make_requester
from support.api.runtime import NOW, Api
from support.records.builder import record
from support.records.signing import ARRIVED_MS, KEY, KID, SIGNED, STRANGE_KEY, public, signing_agency
from support.web.pages import opened


def held(api: Api, key: Any = KEY, forge: bytes = b"", **fields: Any) -> None:
    """Index fr-pj:1, signed with a key (None: not at all), and then with words of its data changed."""
    value = api.stages.accepted(record("fr-pj", **fields))
    data = msgspec.json.decode(value.data)
    signature = signatures.sign(signatures.signed_data(data), key, KID, SIGNED) if key else ""
    provenance = msgspec.structs.replace(value.provenance, arrived_ms=ARRIVED_MS, signature=signature)
    raw = bytes(value.data).replace(b"Affair", forge) if forge else bytes(value.data)
    written = msgspec.structs.replace(value, provenance=provenance, data=msgspec.Raw(raw))
    api.index.write([case_document(msgspec.convert(written, AcceptedRecord))])


async def seen(api: Api, who: Any = ANNA) -> tuple[Any, Any]:
    """The case's signature and what the server finds of it."""
    case = (await api.get("/v1/cases/fr-pj:1", who)).json()["case"]
    assert "signature" not in case["provenance"]
    return case["signature"], case["signature_verdict"]


@pytest.mark.parametrize("who", [ANNA, BERT])
async def test_a_reader_gets_the_signature_and_what_it_comes_to(api: Api, who: Any) -> None:
    api.agencies["fr-pj"] = signing_agency()
    held(api)
    signature, verdict = await seen(api, who)
    case = (await api.get("/v1/cases/fr-pj:1", who)).json()["case"]
    assert verdict == "good"
    assert signatures.verify(signature, signatures.signed_data(case["data"]), signing_agency().signing.key)
    assert "valid, by its agency" in (await opened(api, PAGE, who, key="fr-pj:1", tab="records")).said()


async def test_an_agency_that_does_not_sign_is_not_doubted(api: Api) -> None:
    api.agencies["fr-pj"] = Agency("fr-pj", "FR")
    held(api, None)
    assert await seen(api) == (None, None)
    assert "not signed" not in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()


async def test_a_case_that_was_written_behind_intake_shows(api: Api) -> None:
    api.agencies["fr-pj"] = signing_agency()
    held(api, None)
    assert await seen(api) == (None, "unsigned")
    assert "This version is not signed" in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()
    held(api, STRANGE_KEY, version=2)
    assert (await seen(api))[1] == "bad_signature"
    held(api, KEY, b"Other", version=3)
    assert (await seen(api))[1] == "bad_signature"
    assert "The signature is not its agency's" in (await opened(api, PAGE, ANNA, key="fr-pj:1")).said()


async def test_a_case_that_came_after_its_key_was_stolen_is_doubted(api: Api) -> None:
    api.agencies["fr-pj"] = signing_agency(public(revoked_at=SIGNED))
    held(api)
    assert (await seen(api))[1] == "bad_signature"


OWN_KEY = "fr-pj:1"
CHIEF = make_requester("be-fp", Role.SUPERVISOR, subject="chief")


@pytest.fixture
def hit(api: Api) -> str:
    """A hit-only case of Anna's agency; the reference by which Bert's agency knows it."""
    api.hold(record("fr-pj", code="H2", to=("BE",)), record("be-fp"))
    api.runtime.agencies |= {name: Agency(name, name[:2].upper()) for name in ("fr-pj", "be-fp", "de-bka")}  # type: ignore[operator]
    return api.session(BERT).make_reference(OWN_KEY)


async def rules(api: Api, agency: str, change: HandlingChange = HandlingChange()) -> list[tuple[str, str | None]]:  # noqa: B008
    found = await read_visibility(api.session(ANNA), OWN_KEY, change)
    return [(row.rule, row.changed_rule) for row in found.agencies if row.agency == agency]


async def test_the_owner_is_told_each_agencys_rule_and_it_is_on_record(api: Api, hit: str) -> None:
    assert (await rules(api, "be-fp"))[:2] == [("hit_only", None), ("purpose", None)]
    assert (await rules(api, "de-bka", HandlingChange("H1", ("*",))))[0] == ("not_released", "released")
    act = api.audit.acts[-1]
    assert (act.kind, act.shown) == (ActKind.READ, (ShownCase(OWN_KEY, ShownForm.FULL, "owner"),))


async def test_a_grant_and_a_break_glass_are_among_it_at_once(api: Api, hit: str) -> None:
    name = (
        await request_disclosure(api.session(BERT), hit, DisclosureAsk("why", Urgency.URGENT, NOW + timedelta(days=1)))
    ).disclosure.id
    await grant_disclosure(api.session(ANNA), name, NOW + timedelta(days=9))
    assert (await rules(api, "be-fp", HandlingChange("H3")))[0] == ("granted", "silent")


async def test_the_owner_is_told_the_agency_of_a_break_glass_and_not_the_person(api: Api, hit: str) -> None:
    await open_alone(api.session(CHIEF), hit, GlassReason("a child is in danger", 3))
    (person,) = (await read_visibility(api.session(ANNA), OWN_KEY)).people
    assert (person.agency, person.subject, person.purposes) == ("be-fp", None, ("investigation",))
    assert (await rules(api, "be-fp"))[0][0] == "hit_only"


async def test_to_all_others_there_is_no_such_case_and_nothing_is_looked_up(api: Api, hit: str) -> None:
    api.hold(record("fr-pj", "open"))
    api.index.calls.clear()
    for who in (BERT, DORA, CHIEF, OPERATOR):
        for key in (OWN_KEY, "fr-pj:open", "fr-pj:none"):
            with pytest.raises(NotFoundError):
                await read_visibility(api.session(who), key)
    assert api.index.calls == []
    assert {(act.rule, act.shown) for act in api.audit.acts} == {("not_shown", ())}
    with pytest.raises(ForbiddenError):
        await read_visibility(api.session(make_requester("fr-pj", Role.AUDITOR)), OWN_KEY)


async def test_over_http(api: Api, hit: str) -> None:
    answer = await api.get(f"/v1/visibility?case={OWN_KEY}&handling=H0&releasable_to=DE&releasable_to=BE&purposes=")
    assert answer.status_code == 200
    found = answer.json()
    assert found["changed_handling"] == {"code": "H0", "releasable_to": ["DE", "BE"], "purposes": []}
    assert {row["changed_view"] for row in found["agencies"] if row["agency"] == "be-fp"} == {"nothing"}
    assert (await api.get(f"/v1/visibility?case={OWN_KEY}", BERT)).status_code == 404
    for wrong in ("handling=H7", "releasable_to=France", "purposes=fun"):
        assert (await api.get(f"/v1/visibility?case={OWN_KEY}&{wrong}")).status_code == 422
