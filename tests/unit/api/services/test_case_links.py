from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.access.audit import ActKind, ShownForm
from pipeline.access.reviews import Verdict
from pipeline.api.problems import NotFoundError
from pipeline.api.services.case_links import CaseLinkFilter, CaseLinksAnswer, list_case_links
from pipeline.api.services.reviews import LinkVerdict, review_link
from pipeline.matching.bands import Band
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
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
    told = {row["link_id"]: (row["entity"], row["other"]["name"], row["other"]["case"]) for row in found.links}
    assert told == {
        links["p1"]: ("p1", "Ivan Petrov", "be-fp:p1"),
        links["p2"]: ("p2", "Anna Keller", "de-bka:p2"),
        links["v1"]: ("v1", "1-ABC-234", "be-fp:v1"),
    }
    assert (found.kept, found.whole, found.countries) == (3, 3, ("BE", "DE"))
    assert found.entities == {"p1": 1, "p2": 1, "v1": 1}
    assert "passport" in next(row["agrees"] for row in found.links if row["entity"] == "p2")


async def test_links_are_narrowed_by_entity_country_band_and_review(api: Api) -> None:
    links = _hold(api)
    await review_link(api.session(ANNA), links["p2"], LinkVerdict(Verdict.DIFFERENT, "not her", False))

    async def entities(**wanted: object) -> list[str]:
        return sorted(row["entity"] for row in (await _list(api, **wanted)).links)

    assert await entities(entity="v1") == ["v1"]
    assert await entities(country="BE") == ["p1", "v1"]
    assert await entities(colour="green") == ["p2"]
    assert await entities(colour="yellow", country="BE", entity="p1") == ["p1"]
    assert await entities(entity="nobody") == []
    bands = [row["band"] for row in (await _list(api)).links]
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
        assert (row["entity"], row["other"]["name"]) == (entity, name)


@pytest.mark.parametrize("page", [-1, 1, 2, 999])
async def test_a_hit_is_the_last_of_no_entity_and_of_no_filter_but_its_band(api: Api, page: int) -> None:
    _hold(api)
    api.hold(record("nl-np", code="H2", entities=[IVAN]))
    api.link("fr-pj:1", "nl-np:1")
    found = await list_case_links(api.session(ANNA), "fr-pj:1", page=page)
    *full, hit = found.links
    assert not any(row["hit"] for row in full)
    assert hit["hit"]["agency"] == "nl-np"
    assert (hit["entity"], hit["other"], hit["agrees"], hit["evidence"]) == (None, None, (), None)
    assert found.entities == {"p1": 1, "p2": 1, "v1": 1}
    assert found.countries == ("BE", "DE")
    for wanted in ({"entity": "p1"}, {"country": "NL"}, {"colour": "yellow"}):
        assert not any(row["hit"] for row in (await _list(api, **wanted)).links)
    assert any(row["hit"] for row in (await _list(api, band=hit["band"])).links)


async def test_a_case_with_a_key_that_begins_like_the_other_is_the_own_side(api: Api) -> None:
    api.hold(record("fr-pj", "1"), record("fr-pj", "10"))
    api.link("fr-pj:1", "fr-pj:10")
    for own, other in (("fr-pj:1", "fr-pj:10"), ("fr-pj:10", "fr-pj:1")):
        (row,) = (await list_case_links(api.session(ANNA), own)).links
        assert row["other"]["case"] == other


async def test_a_side_that_is_closed_meanwhile_is_not_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    _hold(api)
    session = api.session(ANNA)
    decide, asked = session.decide_views, []

    async def close_between(cases: object) -> object:
        asked.append(cases)
        if len(asked) == 3:  # the case itself, its surroundings, then the sides that are named
            api.hold(record("de-bka", "p2", version=2, code="H3", entities=[ANNA_KELLER]))
            cases = await session.runtime.reader.read_cases(cases)  # type: ignore[arg-type]
        return await decide(cases)  # type: ignore[arg-type]

    monkeypatch.setattr(type(session), "decide_views", lambda _, cases: close_between(cases))
    found = await list_case_links(session, "fr-pj:1")
    assert sorted(row["entity"] for row in found.links) == ["p1", "v1"]


@pytest.mark.parametrize(("entities", "links"), [(100, 500), pytest.param(1, 1_000, marks=pytest.mark.rare)])
async def test_every_link_of_a_large_case_is_on_one_page(api: Api, entities: int, links: int) -> None:
    held = hold_large_case(api, entities, links)
    session = api.session(BERT)
    seen: list[str] = []
    groups: list[str] = []
    page, pages = 1, 1
    while page <= pages:
        found = await list_case_links(session, KEY, page=page)
        pages, page = found.pages, page + 1
        seen += [row["link_id"] for row in found.links]
        groups += [row["entity"] for row in found.links]
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
