from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from pipeline.access.audit import ActKind, RequestRule, ShownForm
from pipeline.access.requester import Role
from pipeline.access.reviews import Verdict
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import CaseLinksAnswer
from pipeline.api.problems import ForbiddenError, NotFoundError
from pipeline.api.sealed import SealedCase
from pipeline.api.services.links import CaseLinkFilter, find_links_of, list_case_links, preview_case, read_evidence
from pipeline.api.services.reviews import LinkReview, link_manually, review_link
from pipeline.matching.bands import Band
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import Api, look
from support.records.builder import RawEntity, person, record, vehicle
from support.web.large_case import KEY, hold_large_case

PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
IVAN = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
ANNA_KELLER = person("Anna Keller", id="p2", birth_date="1976-03-04", identifiers=PASSPORT)
CAR = vehicle("1-ABC-234", "BE", id="v1", vin="WVWZZZ1JZXW000017")


def _hold(api: Api) -> dict[str, str]:
    """A case of three entities, and of each a case of another agency that it is linked to; ids by entity."""
    api.hold(record("fr-pj", entities=[IVAN, ANNA_KELLER, CAR]))
    found = {}
    for agency, entity in (("be-fp", IVAN), ("de-bka", ANNA_KELLER), ("be-fp", CAR)):
        number = entity["id"]
        api.hold(record(agency, number, entities=[entity | {"id": "other"}]))
        found[number] = api.link(f"{agency}:{number}", "fr-pj:1")
    return found


async def _list(api: Api, **wanted: object) -> CaseLinksAnswer:
    return await list_case_links(api.session(ANNA), "fr-pj:1", CaseLinkFilter(**wanted))  # type: ignore[arg-type]


async def test_each_link_names_the_own_entity_and_the_other_side(api: Api) -> None:
    links = _hold(api)
    found = await _list(api)
    told = {
        row.link_id: (row.entity, row.other and row.other.name, row.other and row.other.case) for row in found.links
    }
    assert told == {
        links["p1"]: ("p1", "Ivan Petrov", "be-fp:p1"),
        links["p2"]: ("p2", "Anna Keller", "de-bka:p2"),
        links["v1"]: ("v1", "1-ABC-234", "be-fp:v1"),
    }
    assert (found.kept, found.whole, found.countries) == (3, 3, ("BE", "DE"))
    assert found.entities == {"p1": 1, "p2": 1, "v1": 1}
    assert "passport" in next(row.agrees for row in found.links if row.entity == "p2")


async def test_of_a_case_with_many_links_no_more_are_read_than_tell_that(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others' links are all found, those with it as well."""
    monkeypatch.setattr("pipeline.index.reading.PAGE", 2)
    _hold(api)
    for number in range(12):
        api.hold(record("be-fp", f"c{number}", entities=[IVAN]))
        api.link(f"be-fp:c{number}", "fr-pj:1")
    keys = ["fr-pj:1", "de-bka:p2", "be-fp:p1"]
    whole = await look(api.session(ANNA), find_links_of, keys, 15)
    assert [len(whole[key] or ()) for key in keys] == [15, 1, 1]
    api.engine.calls.clear()
    found = await look(api.session(ANNA), find_links_of, keys, 3)
    assert found == whole | {"fr-pj:1": None}
    assert sum(len(call.ids) for call in api.engine.calls if call[:2] == ("search", "links")) <= 6
    hidden = await look(api.session(DORA), find_links_of, ["de-bka:p2"], 1)
    assert hidden == {"de-bka:p2": whole["de-bka:p2"]}, "at most: not yet too many"


async def test_links_are_narrowed_by_entity_country_band_and_review(api: Api) -> None:
    links = _hold(api)
    await review_link(api.session(ANNA), links["p2"], LinkReview(Verdict.DIFFERENT, "not her", False))

    async def entities(**wanted: object) -> list[str]:
        return sorted(str(row.entity) for row in (await _list(api, **wanted)).links)

    assert await entities(entity="v1") == ["v1"]
    assert await entities(country="BE") == ["p1", "v1"]
    assert await entities(colour="green") == ["p2"]
    assert await entities(colour="yellow", country="BE", entity="p1") == ["p1"]
    assert await entities(entity="nobody") == []
    bands = [row.band for row in (await _list(api)).links]
    assert len(await entities(band=Band.CERTAIN)) == bands.count(Band.CERTAIN)


async def test_a_link_of_two_entities_is_listed_once_and_found_under_each(api: Api) -> None:
    both: list[RawEntity] = [IVAN, CAR]
    api.hold(record("fr-pj", entities=both), record("be-fp", entities=both))
    api.link("be-fp:1", "fr-pj:1")
    whole = await _list(api)
    assert len(whole.links) == 1
    assert whole.entities == {"p1": 1, "v1": 1}
    for entity, name in (("p1", "Ivan Petrov"), ("v1", "1-ABC-234")):
        (row,) = (await _list(api, entity=entity)).links
        assert row.other
        assert (row.entity, row.other.name) == (entity, name)


@pytest.mark.parametrize("page", [-1, 1, 2, 999])
async def test_a_hit_is_the_last_of_no_entity_and_of_no_filter_but_its_band(api: Api, page: int) -> None:
    _hold(api)
    api.hold(record("nl-np", code="H2", entities=[IVAN]))
    api.link("fr-pj:1", "nl-np:1")
    found = await list_case_links(api.session(ANNA), "fr-pj:1", page=page)
    *full, hit = found.links
    assert not any(row.hit for row in full)
    assert hit.hit
    assert hit.hit.agency == "nl-np"
    assert (hit.entity, hit.other, hit.agrees, hit.evidence) == (None, None, (), None)
    assert found.entities == {"p1": 1, "p2": 1, "v1": 1}
    assert found.countries == ("BE", "DE")
    for wanted in ({"entity": "p1"}, {"country": "NL"}, {"colour": "yellow"}):
        assert not any(row.hit for row in (await _list(api, **wanted)).links)
    assert any(row.hit for row in (await _list(api, band=hit.band)).links)


async def test_a_case_with_a_key_that_begins_like_the_other_is_the_own_side(api: Api) -> None:
    api.hold(record("fr-pj", "1"), record("fr-pj", "10"))
    api.link("fr-pj:1", "fr-pj:10")
    for own, other in (("fr-pj:1", "fr-pj:10"), ("fr-pj:10", "fr-pj:1")):
        (row,) = (await list_case_links(api.session(ANNA), own)).links
        assert row.other
        assert row.other.case == other


async def test_a_side_that_is_closed_meanwhile_is_not_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    _hold(api)
    session = api.session(ANNA)
    decide, asked = RecordedAnswer.decide, []

    async def close_between(answer: RecordedAnswer, cases: Iterable[SealedCase]) -> object:
        held = [*cases]
        asked.append(held)
        if len(asked) == 3:  # the case itself, its surroundings, then the sides that are named
            api.hold(record("de-bka", "p2", version=2, code="H3", entities=[ANNA_KELLER]))
            held = [*(await session.runtime.reader.read_cases(one.head.case for one in held)).values()]
        return await decide(answer, held)

    monkeypatch.setattr(RecordedAnswer, "decide", close_between)
    found = await list_case_links(session, "fr-pj:1")
    assert sorted(str(row.entity) for row in found.links) == ["p1", "v1"]


@pytest.mark.parametrize(
    ("entities", "links"),
    [(40, 200), *(pytest.param(*many, marks=pytest.mark.rare) for many in ((100, 500), (1, 1_000)))],
)
async def test_every_link_of_a_large_case_is_on_one_page(api: Api, entities: int, links: int) -> None:
    held = hold_large_case(api, entities, links)
    session = api.session(BERT)
    seen: list[str] = []
    groups: list[str] = []
    page, pages = 1, 1
    while page <= pages:
        found = await list_case_links(session, KEY, page=page)
        pages, page = found.pages, page + 1
        seen += [row.link_id for row in found.links]
        groups += [str(row.entity) for row in found.links]
    assert sorted(seen) == sorted(held)
    assert len(list(dict.fromkeys(groups))) == entities
    changes = sum(a != b for a, b in pairwise(groups))
    assert changes == entities - 1, "the links of an entity stand together"
    assert found.kept == found.whole == links


async def test_a_case_that_may_not_be_read_has_no_links(api: Api) -> None:
    api.hold(record("be-fp", code="H3"))
    with pytest.raises(NotFoundError):
        await list_case_links(api.session(ANNA), "be-fp:1")


async def test_the_audit_says_what_was_asked_and_shown(api: Api) -> None:
    _hold(api)
    await _list(api, country="DE")
    act = api.audit.acts[-1]
    assert act.kind is ActKind.READ
    assert {one.case for one in act.shown if one.form is ShownForm.FULL} == {"fr-pj:1", "de-bka:p2"}


async def test_records_that_are_counted_and_not_listed_are_on_record_where_they_are_few(api: Api) -> None:
    """A filter that keeps none still tells from which countries and on which entities the case's links are."""
    _hold(api)
    found = await _list(api, country="PL")
    assert (found.links, found.countries, found.whole) == ((), ("BE", "DE"), 3)
    forms = {one.case: one.form for one in api.audit.acts[-1].shown}
    counted = dict.fromkeys(("be-fp:p1", "de-bka:p2", "be-fp:v1"), ShownForm.COUNTED)
    assert forms == {"fr-pj:1": ShownForm.FULL} | counted
    await _list(api)
    assert {one.form for one in api.audit.acts[-1].shown} == {ShownForm.FULL}


SHARED_PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
BORN = "1976-03-04"


def _hold_rivals(api: Api, agency: str, *people: RawEntity, **how: Any) -> None:
    api.hold(record(agency, entities=list(people), **how))


@pytest.fixture
def link(api: Api) -> str:
    """Anna's case of a woman and Bert's of the same."""
    _hold_rivals(api, "fr-pj", person("Anastasia Ouarzazi", id="own", birth_date=BORN, identifiers=SHARED_PASSPORT))
    _hold_rivals(api, "be-fp", person("Anastasia Warzazi", id="w1", birth_date=BORN, identifiers=SHARED_PASSPORT))
    return api.link("fr-pj:1", "be-fp:1")


async def test_sides_are_named_as_their_agencies_sent_them(api: Api, link: str) -> None:
    told = await read_evidence(api.session(ANNA), link)
    assert [(side.case, side.name, side.born) for side in told.sides] == [
        ("be-fp:1", "Anastasia Warzazi", BORN),
        ("fr-pj:1", "Anastasia Ouarzazi", BORN),
    ]
    assert told.own == "fr-pj:1"
    assert told.link.summary.startswith("Same passport and date of birth; the name is")
    assert told.next_best is None
    assert (await read_evidence(api.session(BERT), link)).own == "be-fp:1"


async def test_the_next_best_is_the_strongest_other_link_of_the_same_entity(api: Api, link: str) -> None:
    _hold_rivals(api, "nl-np", person("Anastasia Ouarzazi", id="x", birth_date="1978-03-04"))
    _hold_rivals(api, "de-bka", person("Anastasia Ouarzazi", id="y", birth_date=BORN), person("Otto Brandt", id="z"))
    other, nearest = api.link("fr-pj:1", "nl-np:1"), api.link("fr-pj:1", "de-bka:1")
    told = (await read_evidence(api.session(ANNA), link)).next_best
    assert told is not None
    assert (told.case, told.name, told.entity, told.link_id) == (
        "de-bka:1", "Anastasia Ouarzazi", "y", nearest,
    )  # fmt: skip
    assert told.bits < 0
    assert told.same, "the matcher takes Warzazi and Ouarzazi of one day for one"
    seen_from_it = (await read_evidence(api.session(ANNA), nearest)).next_best
    assert seen_from_it is not None
    assert (seen_from_it.link_id, seen_from_it.bits) == (link, -told.bits)
    assert other != nearest
    act = api.audit.acts[0]
    assert act.kind is ActKind.READ
    assert {case.case for case in act.shown} == {"be-fp:1", "fr-pj:1", "de-bka:1"}


async def test_a_next_best_of_another_day_is_another_person(api: Api, link: str) -> None:
    _hold_rivals(api, "nl-np", person("Anastasia Ouarzazi", id="x", birth_date="1951-12-24"))
    api.link("fr-pj:1", "nl-np:1")
    told = (await read_evidence(api.session(ANNA), link)).next_best
    assert told is None or not told.same


async def test_another_person_of_the_case_is_no_candidate(api: Api) -> None:
    ivan, anna = person("Ivan Petrov", id="i", birth_date=BORN), person("Anna Keller", id="a", birth_date="1990-01-02")
    _hold_rivals(api, "fr-pj", ivan, anna)
    _hold_rivals(api, "be-fp", ivan)
    _hold_rivals(api, "nl-np", anna)
    link, other = api.link("fr-pj:1", "be-fp:1"), api.link("fr-pj:1", "nl-np:1")
    assert (await read_evidence(api.session(ANNA), link)).next_best is None
    assert (await read_evidence(api.session(ANNA), other)).next_best is None


@pytest.mark.parametrize(("code", "to"), [("H2", ("FR",)), ("H3", ("FR",)), ("H0", ("PL",))])
async def test_a_candidate_that_is_not_read_in_full_is_passed_over(
    api: Api, link: str, code: str, to: tuple[str, ...]
) -> None:
    before = await read_evidence(api.session(ANNA), link)
    _hold_rivals(api, "de-bka", person("Anastasia Ouarzazi", id="y", birth_date=BORN), code=code, to=to)
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


async def test_of_a_preview_links_are_counted_as_their_reader_sees_them_and_the_view_is_recorded(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H3"), record("de-bka", code="H2"))
    for other in ("be-fp:1", "nl-np:1", "de-bka:1"):
        api.link("fr-pj:1", other)
    found = await preview_case(api.session(ANNA), "fr-pj:1")
    assert (found.case.case, found.links) == ("fr-pj:1", 2)
    (act,) = api.audit.acts
    assert act.kind is ActKind.READ
    shown = {(one.case, one.form) for one in act.shown}
    assert ("fr-pj:1", ShownForm.FULL) in shown
    assert {case for case, form in shown if form is ShownForm.COUNTED} == {"be-fp:1", "de-bka:1"}


@pytest.mark.parametrize("code", ["H2", "H3", None])
async def test_of_a_case_that_may_not_be_read_there_is_no_preview_and_the_attempt_is_recorded(
    api: Api, code: str | None
) -> None:
    if code:
        api.hold(record("be-fp", code=code))
    with pytest.raises(NotFoundError):
        await preview_case(api.session(ANNA), "be-fp:1")
    assert [act.rule for act in api.audit.acts] == [RequestRule.NOT_SHOWN]


async def test_other_roles_have_no_preview(api: Api) -> None:
    api.hold(record("fr-pj"))
    with pytest.raises(ForbiddenError):
        await preview_case(api.session(make_requester("fr-pj", Role.FEED)), "fr-pj:1")
