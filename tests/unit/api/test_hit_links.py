"""A pushed case is a question: links to hit-only cases show only where it asks exactly, and in every list alike."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from pipeline.api.problems import NotFoundError
from pipeline.api.services.exports import export_records
from pipeline.api.services.graph import read_graph
from pipeline.api.services.inbox import list_inbox
from pipeline.api.services.links import list_case_links, list_links, read_evidence
from pipeline.api.services.statistics import count_statistics
from pipeline.matching.bands import Basis
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import person, record

GUESS = person("Ivan Petrov", id="p1", birth_date="1980-05", identifiers=[{"type": "passport", "value": "X0000001"}])
EXACT = GUESS | {"birth_date": "1980-05-01"}


def linked(api: Api, person: dict[str, Any]) -> str:
    """Anna's case about a person and a hit-only case of another agency about Ivan Petrov, linked by the matcher."""
    api.hold(record("fr-pj", entities=[person]), record("nl-np", code="H2"))
    return api.link("fr-pj:1", "nl-np:1")


async def ways_out(api: Api, who: Any = ANNA) -> list[int]:
    """How many links or nodes beyond one's own case each list shows."""
    session = api.session(who)
    drawn = await read_graph(session, "fr-pj:1", 3)
    parts = [part async for part in export_records(session, "links", "ndjson")]
    return [
        len((await list_links(session, "fr-pj:1")).links),
        len(drawn.nodes) - 1,
        len(drawn.edges),
        len([orjson.loads(line) for line in b"".join(parts).splitlines()]),
    ]


@pytest.mark.parametrize(("person", "shown"), [(EXACT, 1), (GUESS, 0)])
async def test_a_pushed_guess_shows_no_link_to_a_hit_only_case(api: Api, person: dict[str, Any], shown: int) -> None:
    linked(api, person)
    assert await ways_out(api) == [shown] * 4
    assert await ways_out(api, BERT) == [shown] * 4


async def test_a_link_shows_only_once_the_gate_has_answered(api: Api) -> None:
    """Beyond the budget it waits; a case that was rewritten has asked nothing yet."""
    api.hold(record("fr-pj", entities=[EXACT]), record("nl-np", code="H2"))
    api.link("fr-pj:1", "nl-np:1", admitted=False)
    assert await ways_out(api) == [0] * 4
    api.link("fr-pj:1", "nl-np:1")
    assert await ways_out(api) == [1] * 4
    api.hold(record("fr-pj", version=2, entities=[EXACT | {"phones": ["+33612345678"]}]))
    api.link("fr-pj:1", "nl-np:1", admitted=False)
    assert await ways_out(api) == [0] * 4


async def test_the_owner_of_the_hit_only_case_sees_the_guess_in_full(api: Api) -> None:
    linked(api, GUESS)
    owner = api.session(ANNA.__class__("owner", "nl-np", "NL", ANNA.roles))
    (row,) = (await list_links(owner, "nl-np:1")).links
    assert (row.case_a, row.case_b) == ("fr-pj:1", "nl-np:1")


async def test_a_hits_band_is_that_of_exact_parts_however_much_more_agrees(api: Api) -> None:
    address = {"street": "Nieuwe Gracht", "house": "7", "postcode": "9000", "city": "Gent", "country": "BE"}
    bands = []
    for addresses in ([], [address]):
        hidden = EXACT | {"identifiers": [], "addresses": [address]}
        asking = EXACT | {"addresses": addresses}
        api.hold(record("fr-pj", entities=[asking]), record("nl-np", code="H2", entities=[hidden]))
        api.link("fr-pj:1", "nl-np:1")
        bands.append([row.band for row in (await list_links(api.session(ANNA), "fr-pj:1")).links])
    assert bands[0] == bands[1] != []


async def test_that_a_number_is_shared_is_not_told_with_a_hit_only_side(api: Api) -> None:
    """Whoever holds the number of a hit-only record must not learn by it whether the record has their name too."""
    number = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    told = []
    for name in ("Ivan Petrov", "Anna Keller"):
        hidden = person(name, id="p1", birth_date="1980-05-01", identifiers=number)
        api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1", identifiers=number)]))
        api.hold(record("nl-np", code="H2", entities=[hidden]))
        link = api.link("fr-pj:1", "nl-np:1")
        session = api.session(ANNA)
        drawn = await read_graph(session, "fr-pj:1")
        parts = [part async for part in export_records(session, "links", "ndjson")]
        told.append(((await list_links(session, "fr-pj:1")).links, drawn.edges, b"".join(parts)))
        held = await api.runtime.unsealed.read_link(link)
        assert held is not None
        assert held.basis is (Basis.SAME if name == "Ivan Petrov" else Basis.SHARED)
    assert told[0] == told[1]
    assert len(told[0][0]) == 1


SMITH = person("John Smith", id="p1", birth_date="1980-05-01")
TORONTO = [{"street": "Queen Street", "house": "12", "city": "Toronto", "country": "CA"}]
LISBOA = [{"street": "Avenida Grande", "house": "3", "city": "Lisboa", "country": "PT"}]
HELD = SMITH | {
    "gender": "male", "nationalities": ["CA"], "birth_place": "Toronto", "addresses": TORONTO,
    "identifiers": [{"type": "passport", "value": "12AB34567", "country": "FR"}],
}  # fmt: skip
CONTRADICTED = SMITH | {
    "gender": "female", "nationalities": ["PT"], "birth_place": "Lisboa", "addresses": LISBOA,
    "identifiers": [{"type": "passport", "value": "99ZZ00001", "country": "FR"}],
}  # fmt: skip


def met(api: Api, asking: dict[str, Any]) -> str:
    """Anna's case about a person and a hit-only case about one of the same name and birth date."""
    api.hold(record("fr-pj", entities=[asking]), record("nl-np", code="H2", entities=[HELD]))
    return api.link("fr-pj:1", "nl-np:1")


async def test_what_contradicts_a_hit_only_case_takes_no_hit_away(api: Api) -> None:
    """Every list answers as it does where nothing contradicts."""
    answers = []
    for asking in (SMITH, CONTRADICTED):
        link = met(api, asking)
        for who in (ANNA, BERT):
            session = api.session(who)
            drawn = await read_graph(session, "fr-pj:1", 3)
            parts = [part async for part in export_records(session, "links", "ndjson")]
            listed = (await list_links(session, "fr-pj:1")).links
            by_case = await list_case_links(session, "fr-pj:1")
            cases = (by_case.links, by_case.kept, by_case.whole)
            answers.append((listed, *cases, drawn.nodes, drawn.edges, b"".join(parts)))
            assert len(listed) == 1
    assert answers[:2] == answers[2:]
    assert await api.runtime.unsealed.read_link(link) is None, "it is no link"


async def test_the_owner_of_a_hit_only_case_sees_no_link_where_there_is_none(api: Api) -> None:
    """Nor does anybody else who reads both sides, and so what contradicts."""
    link = met(api, CONTRADICTED)
    owner = api.session(ANNA.__class__("owner", "nl-np", "NL", ANNA.roles))
    assert (await list_links(owner, "nl-np:1")).links == ()
    assert (await list_inbox(owner)).links == ()
    assert (await count_statistics(owner)).links == 0
    assert b"".join([part async for part in export_records(owner, "links", "ndjson")]) == b""
    with pytest.raises(NotFoundError):
        await read_evidence(owner, link)
