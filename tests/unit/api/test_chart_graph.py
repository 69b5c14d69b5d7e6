from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.chart_graph import (
    ChartEntity,
    ChartLink,
    ChartRecord,
    ChartRelation,
    PathSearch,
    ThingNumber,
    case_node,
    make_id,
    rank_hubs,
    weave,
)
from pipeline.matching.bands import Band, Basis

PHONE = ThingNumber("phone", "+33612345678")


def case(key: str, *, country: str = "FR", **entities: ChartEntity) -> ChartRecord:
    return ChartRecord(key, key.partition(":")[0], country, entities=entities)


def held(*records: ChartRecord) -> dict[str, ChartRecord]:
    return {record.case: record for record in records}


def man(*numbers: ThingNumber) -> ChartEntity:
    return ChartEntity("person", "Ivan", numbers)


def link(a: str, b: str, band: Band = Band.CERTAIN, basis: Basis = Basis.SAME) -> ChartLink:
    return ChartLink(f"{a}{b}", a, b, band, basis, (("p1", "p1"),))


def test_one_person_of_three_records_is_one_thing() -> None:
    records = held(*(case(key, p1=man()) for key in ("a:1", "b:1", "c:1")))
    web = weave(records, [link("a:1", "b:1"), link("b:1", "c:1")])
    (thing,) = web.things
    assert thing.members == (("a:1", "p1"), ("b:1", "p1"), ("c:1", "p1"))
    assert {(tie.a, tie.b) for tie in web.ties} == {(case_node(key), thing.id) for key in records}
    (middle,) = [tie for tie in web.ties if tie.a == case_node("b:1")]
    assert len(middle.links) == 2


def test_a_possible_link_stands_between_two_things() -> None:
    records = held(case("a:1", p1=man()), case("b:1", p1=man()))
    web = weave(records, [link("a:1", "b:1", Band.POSSIBLE)])
    assert len(web.things) == 2
    assert sorted(tie.kind for tie in web.ties) == ["holds", "holds", "link"]


def test_a_number_of_two_people_is_a_thing_and_one_of_the_same_person_is_not() -> None:
    records = held(case("a:1", p1=man(PHONE)), case("b:1", p1=man(PHONE)))
    (thing,) = weave(records, ()).things
    assert (thing.id, thing.members) == (make_id("number", *PHONE), ())
    assert thing.bearers == (("a:1", "p1"), ("b:1", "p1"))
    (person,) = weave(records, [link("a:1", "b:1")]).things
    assert person.type == "person"


def test_a_phone_s_record_and_its_bearer_meet_at_the_number() -> None:
    phone = ChartEntity("phone", "+33 6 12 34 56 78", (PHONE,))
    web = weave(held(case("a:1", x1=phone), case("b:1", p1=man(PHONE))), (), {("a:1", "x1"), ("b:1", "p1")})
    assert [thing.type for thing in web.things] == ["person", "phone"]
    assert ("entity b:1 p1", make_id("number", *PHONE), "holds") in [tie[:3] for tie in web.ties]


def test_a_circle_of_relations_ends_and_one_of_a_thing_with_itself_is_left_out() -> None:
    relations = tuple(ChartRelation(*pair, "associate") for pair in (("p1", "p2"), ("p2", "p1"), ("p1", "p1")))
    record = case("a:1", p1=man(), p2=man())._replace(relations=relations)
    web = weave(held(record), (), {("a:1", "p1"), ("a:1", "p2")})
    assert [tie[:2] for tie in web.ties if tie.kind == "relation"] == [
        ("entity a:1 p1", "entity a:1 p2"), ("entity a:1 p2", "entity a:1 p1"),
    ]  # fmt: skip


def test_hubs_are_ranked_by_records_then_by_countries() -> None:
    other = ThingNumber("iban", "BE68539007547034")
    records = held(
        case("a:1", p1=man(PHONE, other)), case("b:1", country="BE", p1=man(PHONE)),
        case("c:1", p1=man(PHONE)), case("d:1", p1=man(other)),
    )  # fmt: skip
    hubs, count = rank_hubs(records, weave(records, ()), 1)
    assert (hubs[0].thing.name, hubs[0].countries, count) == (PHONE.value, ("BE", "FR"), 2)


def search(links: Mapping[str, list[str]], a: str, b: str, longest: int = 6, closed: str = "") -> list[tuple[str, ...]]:
    looking = PathSearch([a], [b], longest, {closed})
    while ring := looking.next_ring():
        looking.add_ring({name: links.get(name, []) for name in ring})
    return looking.list_paths(3)


def test_paths_never_lead_through_what_is_closed() -> None:
    links = {"a": ["h"], "h": ["a", "b"], "b": ["h"]}
    assert search(links, "a", "b") == [("a", "h", "b")]
    assert search(links, "a", "b", closed="h") == []
    assert search(links, "a", "h", closed="h") == [("a", "h")]
    assert search(links, "a", "a") == [("a",)]


graphs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14)


@given(graphs, st.integers(1, 5))
def test_paths_are_the_shortest_there_are(pairs: list[tuple[int, int]], longest: int) -> None:
    links: dict[str, list[str]] = {str(name): [] for name in range(8)}
    for a, b in pairs:
        links[str(a)].append(str(b))
        links[str(b)].append(str(a))
    walks: list[tuple[str, ...]] = [("0",)]
    for _ in range(longest + 1):
        if reached := sorted({walk for walk in walks if walk[-1] == "7"}):
            break
        walks = [(*walk, end) for walk in dict.fromkeys(walks) for end in dict.fromkeys(links[walk[-1]])]
    expected = reached if len(reached[:1] and reached[0]) <= longest + 1 else []
    assert search(links, "0", "7", longest) == expected[:3]
