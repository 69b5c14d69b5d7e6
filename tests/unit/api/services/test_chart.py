"""The link chart: expansion, paths and hubs over what the requester reads, and what the audit has of it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.release import Rule
from pipeline.api.answers import ChartNode, ChartPlace
from pipeline.api.problems import NotFoundError
from pipeline.api.services.chart import (
    ChartExpansion,
    ChartHubQuestion,
    ChartPathQuestion,
    expand,
    find_paths,
    rank_chart_hubs,
)
from pipeline.matching.bands import Band
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import RawEntity, person, record, vehicle

PHONE = "+33612345678"


def place(case: str, entity: str = "") -> tuple[ChartPlace]:
    return (ChartPlace(case, entity),)


def named(nodes: tuple[ChartNode, ...]) -> dict[str, str]:
    return {node.id: node.name for node in nodes}


def holder(name: str, born: str, **fields: Any) -> RawEntity:
    """Somebody with the phone that five cases share."""
    return person(name, id="p1", birth_date=born, phones=[PHONE], **fields)


FIVE = (
    ("fr-pj", "Ivan Petrov", "1980-05-01"),
    ("be-fp", "Anna Keller", "1991-02-03"),
    ("de-bka", "Karim Haddad", "1975-11-30"),
    ("nl-np", "Ewa Nowak", "1969-07-07"),
    ("es-cnp", "Bruno Silva", "1988-12-12"),
)


def hold_five(api: Api) -> None:
    """Five cases about five people with one phone."""
    api.hold(*(record(agency, entities=[holder(name, born)]) for agency, name, born in FIVE))
    for at, (a, *_) in enumerate(FIVE):
        for b, *_ in FIVE[at + 1 :]:
            api.link(f"{a}:1", f"{b}:1")


async def test_a_case_is_expanded_to_the_things_that_tie_it_and_the_cases_behind(api: Api) -> None:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(record("fr-pj", entities=[man]), record("be-fp", entities=[man]), record("nl-np", code="H2"))
    link, hit = api.link("be-fp:1", "fr-pj:1"), api.link("fr-pj:1", "nl-np:1")
    session = api.session(ANNA)
    found = await expand(session, ChartExpansion(place("fr-pj:1")))
    reference = session.make_reference("nl-np:1")
    assert named(found.nodes) == {
        "case be-fp:1": "Affair 1", "case fr-pj:1": "Affair 1", "entity be-fp:1 p1": "Ivan Petrov",
        f"hit {reference}": "",
    }  # fmt: skip
    edges = {(edge.a, edge.b): edge for edge in found.edges}
    assert [name.link for name in edges["case fr-pj:1", "entity be-fp:1 p1"].links] == [link]
    assert edges["case be-fp:1", "entity be-fp:1 p1"].band is Band.CERTAIN
    assert edges["case fr-pj:1", f"hit {reference}"].kind == "hit"
    assert hit not in str(found)
    assert (found.all, found.shown, found.matching) == (2, 2, 2)
    assert [(count.value, count.count) for count in found.types] == [("hit", 1), ("person", 1)]
    assert [(count.value, count.count) for count in found.countries] == [("BE", 1)]
    shown = {case.case: case.rule for case in api.audit.acts[-1].shown}
    assert shown == {"fr-pj:1": Rule.OWNER, "be-fp:1": Rule.RELEASED, "nl-np:1": Rule.HIT_ONLY}


async def test_what_is_left_out_is_counted_and_narrowed_by_country_type_and_band(api: Api) -> None:
    man, car = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), vehicle("1-ABC-234", "BE", id="v1")
    api.hold(record("fr-pj", entities=[man, car]))
    for agency, count, held in (("be-fp", 3, man), ("de-bka", 2, car)):
        for number in range(count):
            api.hold(record(agency, str(number), entities=[held]))
            api.link(f"{agency}:{number}", "fr-pj:1")
    session = api.session(ANNA)
    found = await expand(session, ChartExpansion(place("fr-pj:1"), more=2))
    assert (found.all, found.shown, found.matching) == (5, 2, 5)
    assert {count.value: count.count for count in found.types} == {"person": 3, "vehicle": 2}
    assert {count.value: count.count for count in found.countries} == {"BE": 3, "DE": 2}
    known = tuple(node.id.removeprefix("case ") for node in found.nodes if node.kind == "case")
    more = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:1"), country="DE", known=known, more=2))
    assert (more.all, more.shown, more.matching) == (5, 4, 2)
    added = {node.id for node in more.nodes if node.kind == "case"} - {node.id for node in found.nodes}
    assert len(added) == 2
    assert all("de-bka" in name for name in added)
    cars = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:1"), type="vehicle"))
    assert {node.agency for node in cars.nodes if node.kind == "case"} == {"fr-pj", "de-bka"}
    counted = [case.form for case in api.audit.acts[-1].shown if case.case.startswith("be-fp")]
    assert set(counted) == {"counted"}


async def test_a_thing_is_expanded_by_what_it_ties_alone(api: Api) -> None:
    man, car = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), vehicle("1-ABC-234", "BE", id="v1")
    api.hold(record("fr-pj", entities=[man, car]), record("be-fp", entities=[man]), record("de-bka", entities=[car]))
    api.link("be-fp:1", "fr-pj:1"), api.link("de-bka:1", "fr-pj:1")
    found = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:1", "v1")))
    assert {node.id for node in found.nodes} == {"case de-bka:1", "case fr-pj:1", "entity de-bka:1 v1"}
    assert found.all == 1


async def test_people_and_things_of_a_record_are_drawn_with_their_relations(api: Api) -> None:
    man, car = person("Ivan Petrov", id="p1"), vehicle("1-ABC-234", "BE", id="v1")
    owned = [{"from": "p1", "to": "v1", "type": "owner"}]
    api.hold(record("fr-pj", entities=[man, car], relations=owned))
    found = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:1"), entities=True))
    assert (found.entities, found.entities_shown) == (2, 2)
    (relation,) = [edge for edge in found.edges if edge.kind == "relation"]
    assert (relation.a, relation.b, relation.word) == ("entity fr-pj:1 p1", "entity fr-pj:1 v1", "owner")


async def test_a_possible_link_joins_nobody(api: Api) -> None:
    api.hold(
        record("fr-pj", entities=[person("Ivan Petrov", id="p1", birth_date="1980-05-01")]),
        record("be-fp", entities=[person("Ivan Petrov", id="p1", nationalities=["RU"])]),
    )
    api.link("be-fp:1", "fr-pj:1")
    found = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:1")))
    bands = {edge.band for edge in found.edges if edge.kind == "link"}
    things = [node for node in found.nodes if node.kind == "thing"]
    assert len(things) == (2 if bands == {Band.POSSIBLE} else 1)


async def test_the_phone_of_five_cases_is_the_first_hub(api: Api) -> None:
    hold_five(api)
    found = await rank_chart_hubs(api.session(ANNA), ChartHubQuestion(("fr-pj:1",)))
    first = found.hubs[0]
    assert (first.node, first.cases) == (f"number phone {PHONE}", 5)
    assert first.countries == ("BE", "DE", "ES", "FR", "NL")
    assert {edge.b for edge in found.edges if edge.a == "case be-fp:1"} >= {first.node}
    assert {case.case for case in api.audit.acts[-1].shown} == {f"{agency}:1" for agency, *_ in FIVE}


async def test_a_number_is_expanded_to_the_cases_that_bear_it(api: Api) -> None:
    hold_five(api)
    asked = ChartExpansion(place("fr-pj:1", "p1"), number=f"number phone {PHONE}")
    found = await expand(api.session(ANNA), asked)
    assert found.all == 4
    assert len([node for node in found.nodes if node.kind == "case"]) == 5


async def test_a_path_is_told_in_words(api: Api) -> None:
    api.hold(
        record("fr-pj", entities=[holder("Ivan Petrov", "1980-05-01")]),
        record("be-fp", entities=[holder("Anna Keller", "1991-02-03"), vehicle("1-ABC-234", "BE", id="v1")]),
        record("de-bka", entities=[vehicle("1-ABC-234", "BE", id="v1")]),
    )
    api.link("be-fp:1", "fr-pj:1"), api.link("be-fp:1", "de-bka:1")
    found = await find_paths(api.session(ANNA), ChartPathQuestion(place("fr-pj:1"), place("de-bka:1")))
    (path,) = found.paths
    assert path.words == f"fr-pj:1, Phone {PHONE}, be-fp:1, Vehicle 1-ABC-234, de-bka:1"
    assert path.nodes[1] == f"number phone {PHONE}"
    assert set(path.nodes) <= {node.id for node in found.nodes}
    assert (found.links, found.complete) == (2, True)
    french = await find_paths(api.session(ANNA, "fr"), ChartPathQuestion(place("fr-pj:1"), place("de-bka:1")))
    assert french.paths[0].words == f"fr-pj:1, Téléphone {PHONE}, be-fp:1, Véhicule 1-ABC-234, de-bka:1"


async def test_a_path_begins_at_a_thing(api: Api) -> None:
    man, car = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), vehicle("1-ABC-234", "BE", id="v1")
    api.hold(record("fr-pj", entities=[man, car]), record("be-fp", entities=[man]))
    api.link("be-fp:1", "fr-pj:1")
    found = await find_paths(api.session(ANNA), ChartPathQuestion(place("fr-pj:1", "v1"), place("be-fp:1")))
    assert found.paths[0].words == "Vehicle 1-ABC-234, fr-pj:1, Person Ivan Petrov, be-fp:1"


async def test_no_path_leads_through_a_hit_but_one_may_end_at_it(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"), record("de-bka"))
    api.link("fr-pj:1", "nl-np:1"), api.link("de-bka:1", "nl-np:1")
    session = api.session(ANNA)
    none = await find_paths(session, ChartPathQuestion(place("fr-pj:1"), place("de-bka:1")))
    assert (none.paths, none.complete, none.nodes) == ((), True, ())
    reference = session.make_reference("nl-np:1")
    for middle in ("es-cnp", "be-fp"):
        api.hold(record(middle))
    api.link("es-cnp:1", "fr-pj:1"), api.link("be-fp:1", "es-cnp:1"), api.link("be-fp:1", "de-bka:1")
    around = await find_paths(api.session(ANNA), ChartPathQuestion(place("fr-pj:1"), place("de-bka:1")))
    assert around.links == 3, "the way around a hit is found although the one through it is shorter"
    found = await find_paths(api.session(ANNA), ChartPathQuestion(place("fr-pj:1"), hit=reference))
    assert found.paths[0].nodes == ("case fr-pj:1", f"hit {reference}")
    assert found.paths[0].words == "fr-pj:1, restricted match of nl-np"


async def test_of_what_may_not_be_read_nothing_is_told(api: Api) -> None:
    api.hold(record("be-fp", code="H3"), record("fr-pj"))
    for name in ("be-fp:1", "be-fp:2"):
        with pytest.raises(NotFoundError):
            await expand(api.session(ANNA), ChartExpansion(place(name)))
        with pytest.raises(NotFoundError):
            await find_paths(api.session(ANNA), ChartPathQuestion(place("fr-pj:1"), place(name)))
        with pytest.raises(NotFoundError):
            await rank_chart_hubs(api.session(ANNA), ChartHubQuestion((name,)))
    found = await rank_chart_hubs(api.session(ANNA), ChartHubQuestion(("be-fp:1", "fr-pj:1")))
    assert (found.looked_at, found.linked) == (1, 1)


async def test_a_circle_of_relations_and_links_ends(api: Api) -> None:
    one, two = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), person("Anna Keller", id="p2")
    circle = [{"from": "p1", "to": "p2", "type": "associate"}, {"from": "p2", "to": "p1", "type": "associate"},
              {"from": "p1", "to": "p1", "type": "associate"}]  # fmt: skip
    api.hold(*(record(agency, entities=[one, two], relations=circle) for agency in ("fr-pj", "be-fp", "de-bka")))
    for a, b in (("be-fp", "fr-pj"), ("be-fp", "de-bka"), ("de-bka", "fr-pj")):
        api.link(f"{a}:1", f"{b}:1")
    found = await expand(api.session(BERT), ChartExpansion(place("be-fp:1"), entities=True))
    relations = [(edge.a, edge.b) for edge in found.edges if edge.kind == "relation"]
    assert len(relations) == 2
    assert all(a != b for a, b in relations)
    paths = await find_paths(api.session(BERT), ChartPathQuestion(place("fr-pj:1"), place("de-bka:1")))
    assert paths.links == 1


@pytest.mark.parametrize(
    ("entities", "named"),
    [
        ([person("Ana", id="p1"), person("Бор", id="p2", role="suspect"), person("Cy", role="suspect")], "Бор"),
        ([vehicle("1-ABC-234", "BE", id="v1"), person("Ana", id="p1", role="victim")], "Ana"),
        ([person(id="p1", role="suspect", birth_date="1980-05-01"), person("Ana", id="p2")], "Ana"),
        ([vehicle("1-ABC-234", "BE", id="v1")], ""),
    ],
)
async def test_a_record_is_told_by_its_first_suspect_or_else_its_first_person(
    api: Api, entities: list[RawEntity], named: str
) -> None:
    api.hold(record("fr-pj", "main", entities=entities, title="Affair"))
    found = await expand(api.session(ANNA), ChartExpansion(place("fr-pj:main")))
    assert [node.person for node in found.nodes if node.kind == "case"] == [named]
