"""One link's evidence: the sentence, the sides, and who else could be meant."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.audit import ActKind
from pipeline.api.problems import NotFoundError
from pipeline.api.services.link_evidence import read_evidence
from pipeline.api.services.reviews import link_manually
from support.access.requesters import ANNA, BERT, DORA
from support.api.runtime import Api
from support.records.builder import RawEntity, person, record

PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
BORN = "1976-03-04"


def _hold(api: Api, agency: str, *people: RawEntity, **how: Any) -> None:
    api.hold(record(agency, entities=list(people), **how))


@pytest.fixture
def link(api: Api) -> str:
    """Anna's case of a woman and Bert's of the same."""
    _hold(api, "fr-pj", person("Anastasia Ouarzazi", id="own", birth_date=BORN, identifiers=PASSPORT))
    _hold(api, "be-fp", person("Anastasia Warzazi", id="w1", birth_date=BORN, identifiers=PASSPORT))
    return api.link("fr-pj:1", "be-fp:1")


async def test_sides_are_named_as_their_agencies_sent_them(api: Api, link: str) -> None:
    told = await read_evidence(api.session(ANNA), link)
    assert [(side["case"], side["name"], side["born"]) for side in told.sides] == [
        ("be-fp:1", "Anastasia Warzazi", BORN),
        ("fr-pj:1", "Anastasia Ouarzazi", BORN),
    ]
    assert told.own == "fr-pj:1"
    assert told.link["summary"].startswith("Same passport and date of birth; the name is")
    assert told.next_best is None
    assert (await read_evidence(api.session(BERT), link)).own == "be-fp:1"


async def test_the_next_best_is_the_strongest_other_link_of_the_same_entity(api: Api, link: str) -> None:
    _hold(api, "nl-np", person("Anastasia Ouarzazi", id="x", birth_date="1978-03-04"))
    _hold(api, "de-bka", person("Anastasia Ouarzazi", id="y", birth_date=BORN), person("Otto Brandt", id="z"))
    other, nearest = api.link("fr-pj:1", "nl-np:1"), api.link("fr-pj:1", "de-bka:1")
    told = (await read_evidence(api.session(ANNA), link)).next_best
    assert told is not None
    assert (told["case"], told["name"], told["entity"], told["link_id"]) == (
        "de-bka:1", "Anastasia Ouarzazi", "y", nearest,
    )  # fmt: skip
    assert told["bits"] < 0
    assert told["same"], "the matcher takes Warzazi and Ouarzazi of one day for one"
    seen_from_it = (await read_evidence(api.session(ANNA), nearest)).next_best
    assert seen_from_it is not None
    assert (seen_from_it["link_id"], seen_from_it["bits"]) == (link, -told["bits"])
    assert other != nearest
    act = api.audit.acts[0]
    assert act.kind is ActKind.READ
    assert {case.case for case in act.shown} == {"be-fp:1", "fr-pj:1", "de-bka:1"}


async def test_a_next_best_of_another_day_is_another_person(api: Api, link: str) -> None:
    _hold(api, "nl-np", person("Anastasia Ouarzazi", id="x", birth_date="1951-12-24"))
    api.link("fr-pj:1", "nl-np:1")
    told = (await read_evidence(api.session(ANNA), link)).next_best
    assert told is None or not told["same"]


async def test_another_person_of_the_case_is_no_candidate(api: Api) -> None:
    ivan, anna = person("Ivan Petrov", id="i", birth_date=BORN), person("Anna Keller", id="a", birth_date="1990-01-02")
    _hold(api, "fr-pj", ivan, anna)
    _hold(api, "be-fp", ivan)
    _hold(api, "nl-np", anna)
    link, other = api.link("fr-pj:1", "be-fp:1"), api.link("fr-pj:1", "nl-np:1")
    assert (await read_evidence(api.session(ANNA), link)).next_best is None
    assert (await read_evidence(api.session(ANNA), other)).next_best is None


@pytest.mark.parametrize(("code", "to"), [("H2", ("FR",)), ("H3", ("FR",)), ("H0", ("PL",))])
async def test_a_candidate_that_is_not_read_in_full_is_passed_over(
    api: Api, link: str, code: str, to: tuple[str, ...]
) -> None:
    before = await read_evidence(api.session(ANNA), link)
    _hold(api, "de-bka", person("Anastasia Ouarzazi", id="y", birth_date=BORN), code=code, to=to)
    api.link("fr-pj:1", "de-bka:1")
    assert await read_evidence(api.session(ANNA), link) == before


async def test_it_is_for_those_who_see_both_sides(api: Api) -> None:
    api.hold(record("fr-pj", to=("BE",)), record("be-fp", to=("FR",)))
    link = api.link("fr-pj:1", "be-fp:1")
    with pytest.raises(NotFoundError):
        await read_evidence(api.session(DORA), link)
    answer = await api.get(f"/v1/links/{link}")
    assert answer.status_code == 200
    assert answer.json()["link"]["link_id"] == link
    assert (await api.get("/v1/links/" + "0" * 32)).status_code == 404


async def test_a_link_by_hand_has_no_evidence(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    made = (await link_manually(api.session(ANNA), "fr-pj:1", "be-fp:1", "seen together")).judged
    with pytest.raises(NotFoundError):
        await read_evidence(api.session(ANNA), made.link)


@pytest.mark.parametrize("come_from", ["fr-pj:1", "fr-pj:2", "be-fp:1", ""])
async def test_the_own_side_is_the_agencys_else_the_one_come_from(api: Api, link: str, come_from: str) -> None:
    api.hold(record("fr-pj", "2", entities=[person("Anastasia Ouarzazi", id="w2", birth_date=BORN)]))
    both = api.link("fr-pj:1", "fr-pj:2")
    assert (await read_evidence(api.session(ANNA), link, come_from)).own == "fr-pj:1"
    of_both = (await read_evidence(api.session(ANNA), both, come_from)).own
    assert of_both == (come_from if come_from in ("fr-pj:1", "fr-pj:2") else "fr-pj:1")
    of_neither = (await read_evidence(api.session(DORA), link, come_from)).own
    assert of_neither == (come_from if come_from in ("fr-pj:1", "be-fp:1") else "be-fp:1")
