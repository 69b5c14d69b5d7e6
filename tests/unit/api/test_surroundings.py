"""Graph, timeline, entities and exports: nothing beyond a hit-only case, nothing of it but that it is there."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
import pytest

from pipeline.api.answers import EntityFact
from pipeline.api.problems import NotFoundError
from pipeline.api.services import graph as service
from pipeline.api.services.entities import resolve_entity
from pipeline.api.services.exports import export_records
from pipeline.api.services.links import list_links
from pipeline.api.session import Session
from support.access.requesters import ANNA, DORA
from support.api.runtime import Api
from support.records.builder import person, record


@pytest.fixture
def chain(api: Api) -> Api:
    """A chain: fr - be - de in full, fr - nl as a hit, nl - es behind it."""
    event = {"id": "e1", "type": "event", "start": "2026-01-05T22:00:00Z"}
    api.hold(record("fr-pj", opened="2026-02-01"), record("nl-np", code="H2"), record("es-cnp"), record("de-bka"))
    man = record("be-fp")["entities"][0]
    api.hold(record("be-fp", title="=2+2", opened="2026-01-01", entities=[man, event]))
    for a, b in (("be-fp:1", "fr-pj:1"), ("be-fp:1", "de-bka:1"), ("fr-pj:1", "nl-np:1"), ("es-cnp:1", "nl-np:1")):
        api.link(a, b)
    return api


async def test_the_way_never_leads_through_a_hit(chain: Api) -> None:
    session = chain.session(ANNA)
    nodes = {
        depth: [node.id for node in (await service.read_graph(session, "fr-pj:1", depth)).nodes] for depth in (1, 2, 3)
    }
    hit = session.make_reference("nl-np:1")
    assert nodes[1] == ["be-fp:1", "fr-pj:1", hit]
    assert nodes[2] == nodes[3] == ["be-fp:1", "de-bka:1", "fr-pj:1", hit]
    drawn = await service.read_graph(session, "fr-pj:1", 3)
    assert {(edge.a, edge.b) for edge in drawn.edges} >= {("fr-pj:1", hit), ("fr-pj:1", "be-fp:1")}
    assert drawn.complete
    assert {case.case for case in chain.audit.acts[-1].shown} == {"be-fp:1", "de-bka:1", "fr-pj:1", "nl-np:1"}


async def test_what_happened_is_told_in_order(chain: Api) -> None:
    events = (await service.read_timeline(chain.session(ANNA), "fr-pj:1")).events
    assert [(event.case, event.what) for event in events] == [
        ("be-fp:1", "opened"), ("be-fp:1", "event"), ("fr-pj:1", "opened"),
    ]  # fmt: skip


async def test_an_entity_is_followed_where_evidence_holds_it_for_the_same(chain: Api) -> None:
    told = await resolve_entity(chain.session(ANNA), "fr-pj:1", "p1")
    assert [row.case for row in told.appearances] == ["fr-pj:1", "be-fp:1", "de-bka:1"]
    assert EntityFact("birth_date", "1980-05-01", ("fr-pj:1", "be-fp:1", "de-bka:1")) in told.facts
    assert (told.type, told.complete) == ("person", True)
    assert {case.case for case in chain.audit.acts[-1].shown} == {"fr-pj:1", "be-fp:1", "de-bka:1"}
    with pytest.raises(NotFoundError):
        await resolve_entity(chain.session(ANNA), "fr-pj:1", "p9")


async def test_namesakes_of_another_age_are_not_one_thing(api: Api) -> None:
    """Father and son have a common friend in the middle; one without a birth date is neither."""
    young, old, nameless = (person("Ivan Petrov", id="p1") for _ in range(3))
    young["birth_date"], old["birth_date"] = "1980-05-01", "1955-11-30"
    api.hold(record("fr-pj", entities=[young]), record("be-fp", entities=[nameless]), record("de-bka", entities=[old]))
    for a, b in (("be-fp:1", "fr-pj:1"), ("be-fp:1", "de-bka:1")):
        api.link(a, b)
    told = await resolve_entity(api.session(ANNA), "fr-pj:1", "p1")
    assert [row.case for row in told.appearances] == ["fr-pj:1"]


PASSPORT = {"type": "passport", "value": "12AB34567", "country": "FR"}


@pytest.fixture
def lent(api: Api) -> Api:
    """One passport in the hands of a man and a woman, and of a woman of whom there is a hit only."""
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01", identifiers=[PASSPORT])
    woman = person("Anna Keller", id="p1", gender="female", identifiers=[PASSPORT])
    api.hold(
        record("fr-pj", entities=[man]), record("be-fp", entities=[woman]), record("nl-np", entities=[woman], code="H2")
    )
    api.link("be-fp:1", "fr-pj:1")
    api.link("fr-pj:1", "nl-np:1")
    return api


async def test_a_shared_number_never_makes_two_people_one(lent: Api) -> None:
    told = await resolve_entity(lent.session(ANNA), "fr-pj:1", "p1")
    assert [row.case for row in told.appearances] == ["fr-pj:1"]


async def test_a_shared_number_leads_on_and_is_named(lent: Api) -> None:
    drawn = await service.read_graph(lent.session(ANNA), "fr-pj:1")
    bases = {edge.view: edge.basis for edge in drawn.edges}
    assert bases["full"] == "shared"
    assert bases.get("hit") is None
    (row,) = [row for row in (await list_links(lent.session(ANNA), "fr-pj:1")).links if not row.hit]
    assert row.basis == "shared"
    assert (row.explanation or "").startswith("Same passport, two people. Probable link")


async def test_exports_say_on_what_a_link_rests_and_nothing_of_it_with_a_hit(lent: Api) -> None:
    session = lent.session(ANNA)
    rows = [orjson.loads(line) for line in (await exported(session, "links", "ndjson")).splitlines()]
    assert {(row["case_b"] is None, row["basis"]) for row in rows} <= {(False, "shared"), (True, None)}
    assert rows[0]["basis"] == "shared"
    table = list(csv.DictReader(io.StringIO(await exported(session, "links", "csv"))))
    assert table[0]["basis"] == "shared"
    money = [orjson.loads(line) for line in (await exported(session, "links", "ftm")).splitlines()]
    roles = [entity["properties"]["role"] for entity in money if entity["schema"] == "UnknownLink"]
    assert roles[0] == ["probable, shared number"]
    bundle = orjson.loads(await exported(session, "links", "stix"))
    said = [made["description"] for made in bundle["objects"] if made["type"] == "relationship"]
    assert said[0] == "probable, shared number"
    assert all(", shared" not in one for one in said[1:])


async def exported(session: Session, *what: Any) -> str:
    return b"".join([part async for part in export_records(session, *what)]).decode()


async def test_an_export_holds_what_is_seen_and_null_where_a_side_is_a_hit(chain: Api) -> None:
    rows = [orjson.loads(line) for line in (await exported(chain.session(ANNA), "links", "ndjson")).splitlines()]
    full, hits = [row for row in rows if row["case_b"]], [row for row in rows if not row["case_b"]]
    assert {(row["case_a"], row["case_b"]) for row in full} == {("be-fp:1", "fr-pj:1"), ("be-fp:1", "de-bka:1")}
    assert sorted(row["case_a"] for row in hits) == ["es-cnp:1", "fr-pj:1"]
    assert all(row[name] is None for row in hits for name in ("score", "probability", "evidence", "version_a"))
    assert rows.index(hits[0]) == len(full)
    assert {act.kind for act in chain.audit.acts} == {"export"}


async def test_a_table_has_no_formulas(chain: Api) -> None:
    chain.hold(record("be-fp", "=1+1"))
    table = list(csv.DictReader(io.StringIO(await exported(chain.session(DORA), "cases", "csv"))))
    assert [row["case"] for row in table] == ["be-fp:1", "be-fp:=1+1", "de-bka:1", "es-cnp:1", "fr-pj:1"]
    assert table[0]["title"] == "'=2+2"


async def test_an_export_that_cannot_be_recorded_sends_nothing(chain: Api) -> None:
    chain.audit.away = True
    answer = await chain.get("/v1/export/links")
    assert (answer.status_code, b"fr-pj" in answer.content) == (503, False)
    chain.audit.away = False
    assert (await chain.get("/v1/export/links")).headers["content-type"] == "application/x-ndjson"
