"""No crowd hides an equal record: however one agency fills the index, another's is found by what it is equal to.

Each way in which one is told is asked: searches, rows of lists, cross-references, facets, alerts. For records that show
as a hit and for those that may be read, by each key that a question has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.access import hit_ledger
from pipeline.access.alerts import make_alert
from pipeline.access.hit_gate import exact_match
from pipeline.access.hit_ledger import HitLedger, HitQuestion
from pipeline.access.notices import Notice
from pipeline.api import list_worker
from pipeline.api.list_worker import run_round
from pipeline.api.services.cross_reference import cross_reference_records
from pipeline.api.services.list_checks import delete_list, submit_list
from pipeline.api.services.list_results import read_results
from pipeline.api.services.search import Search, count_facets, search
from pipeline.correlation.lone_partition import LonePartition
from pipeline.index import searching
from pipeline.index.documents import order_key_of, place_equals
from pipeline.index.queries import OWNERS, Body, owned_body
from pipeline.index.searching import OPERATIONS
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.search.probes import fingerprint_of
from pipeline.streams.catalogues import topics
from pipeline.streams.stages.saved_searches import SavedSearchMatches
from support.access.requesters import ANNA
from support.api.runtime import NOW, Api
from support.correlation.key_rings import RING
from support.index.documents import PureStages
from support.records.builder import RawEntity, named, person, record
from support.temporary_folders import make_folder

STAGES = PureStages(load_model())
HOME = make_folder("liaison-no-crowd-")

CROWD = OPERATIONS + 10
WORDS = ("Ivan", "Sergeevich", "Petrov")
SPELT = (*WORDS, "Иван", "Сергеевич", "Петров", "John", "Petrova", "Sergej", "Oczko")
NUMBER = "C01X00T47"
EQUAL = person(
    " ".join(WORDS), id="p1", birth_date="1980-05-01", phones=["+33612345678"], emails=["ivan@example.org"],
    identifiers=[{"type": "passport", "value": NUMBER, "country": "DE"}],
)  # fmt: skip
two_words = st.permutations(SPELT).map(lambda words: " ".join(words[:2]))
KEYS = {
    "names": st.lists(two_words, min_size=1, max_size=6, unique=True)
    | st.just([" ".join(pair) for pair in permutations(WORDS, 2)])
    | st.just([" ".join(WORDS)]),
    "birth_date": st.sampled_from(["1980-05-01", "1980-01-05", "1981-05-01"]),
    "identifiers": st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["passport", "other", "file", "tax_id"]), "value": st.just(NUMBER)},
            optional={"country": st.sampled_from(["DE", "FR"])},
        ),
        max_size=3, unique_by=lambda one: one["type"],
    ),
    "phones": st.just(["+33612345678"]),
    "emails": st.just(["ivan@example.org"]),
}  # fmt: skip
people = st.fixed_dictionaries(
    {"names": KEYS["names"]}, optional={name: KEYS[name] for name in KEYS if name != "names"}
)
crowds = st.lists(people, min_size=1, max_size=3)
ASKED: Mapping[str, RawEntity] = {
    "ivan sergeevich petrov 1980-05-01": person("Ivan Sergeevich Petrov", birth_date="1980-05-01"),
    "Петров Иван 1980-05-01": person("Петров Иван", birth_date="1980-05-01"),
    "ivan petrov 1980-01-05": person("Ivan Petrov", birth_date="1980-01-05"),
    f"passport:{NUMBER}": person(identifiers=[{"type": "passport", "value": NUMBER}]),
    NUMBER: person(identifiers=[{"type": "other", "value": NUMBER}]),
    "+33612345678": person(phones=["+33612345678"]),
    "ivan@example.org": person(emails=["ivan@example.org"]),
    f"ivan petrov 1980-05-01 +33612345678 ivan@example.org {NUMBER}": person(
        "Ivan Petrov", birth_date="1980-05-01", phones=["+33612345678"], emails=["ivan@example.org"],
        identifiers=[{"type": "other", "value": NUMBER}],
    ),
}  # fmt: skip
"""Questions by each key that they have, and who asks the same in a record of the asker's own."""

VICTIM, CROWDING = "nl-np", "de-lka"
BUDGET = CROWD // 2
"""Of alerts' hits a day: fewer than the crowd has."""


async def told_by_search(api: Api, question: str) -> list[Any]:
    """What a search tells of the other agency's record, on whichever page."""
    asked = Search(question, limit=100)
    answer = await search(api.session(ANNA), asked)
    found: list[Any] = [*answer.hits, *answer.results]
    while answer.next:
        answer = await search(api.session(ANNA), msgspec.structs.replace(asked, cursor=answer.next))
        found += answer.results
    return [row for row in found if row.agency == VICTIM]


async def told_by_facets(api: Api, question: str) -> list[Any]:
    """What the counts of a search say of the other agency."""
    answer = await count_facets(api.session(ANNA), Search(question))
    return [one for one in answer.facets.agencies if one.value == VICTIM]


async def _rows_told(api: Api, name: str) -> list[Any]:
    while await run_round(api.runtime):
        pass
    rows = (await read_results(api.session(ANNA), name)).rows
    await delete_list(api.session(ANNA), name)  # a person has few at a time
    found: list[Any] = [one for row in rows for one in (*row.hits, *row.matches)]
    return [one for one in found if one.agency == VICTIM]


async def told_by_list(api: Api, question: str) -> list[Any]:
    """What the row of a list tells of it."""
    made = await submit_list(api.session(ANNA), f"question\n{question}\n".encode(), "csv")
    return await _rows_told(api, made.list.id)


async def told_by_cross_reference(api: Api, question: str) -> list[Any]:
    """What the row of a cross-reference tells of it, in which a record of the asker's own asks the same."""
    api.hold(record("fr-pj", "own", entities=[{**ASKED[question], "id": "p1"}]))
    made = await cross_reference_records(api.session(ANNA), ["fr-pj:own"])
    return await _rows_told(api, made.list.id)


async def told_by_alert(api: Api, question: str) -> list[Any]:
    """What an alert that begins now tells of it, and its owner, on the first day."""
    alert = make_alert("s1", question, "", ANNA, api.session(ANNA).grounds, NOW)
    partition = LonePartition.in_memory(ModelMatcher(STAGES.model, find_exact_match=exact_match))
    matches = SavedSearchMatches(api.settings, RING, STAGES.model, active=True, clock=api.clock)
    prints = [msgspec.json.decode(one.fingerprint, type=Fingerprint) for one in api.held.values()]
    alerts = [fingerprint_of(alert, STAGES.model)]
    judged = [one for some in (prints, alerts) for one in partition.take(some) if matches.concerns(one.claim)]
    outputs = [output for one in judged for output in matches.match_outputs(one)]
    hits = topics.topic_name(api.settings, topics.HIT_QUESTIONS)
    questions = [msgspec.json.decode(one.value, type=HitQuestion) for one in outputs if one.topic == hits]
    notices = [msgspec.json.decode(one.value, type=Notice) for one in outputs if one.topic != hits]
    ledger = HitLedger(BUDGET)
    for one in sorted(questions, key=lambda asked: asked.owner == VICTIM):  # the crowd's first
        notices += ledger.submit_question(one, NOW).notices
    return [one for one in notices if VICTIM in (one.agency, one.other_agency)]


Way = Callable[[Api, str], Coroutine[Any, Any, list[Any]]]
WAYS: Mapping[str, Way] = {
    "search": told_by_search, "list row": told_by_list, "cross-reference": told_by_cross_reference,
    "facets": told_by_facets, "alert": told_by_alert,
}  # fmt: skip


def is_told(way: str, question: str, code: str) -> bool:
    """Whether the other agency's record is told of where no crowd is."""
    if code == "H2":  # which facets never count, and no phone or e-mail alone tells of
        return way != "facets" and question not in ("+33612345678", "ivan@example.org")
    return way != "alert" or question not in (NUMBER, "ivan@example.org")  # too little for a link


ASKS = [
    (way, question, code)
    for way in WAYS
    for question in ASKED
    for code in ("H2", "H0")
    if is_told(way, question, code)
]  # fmt: skip


def fill(api: Api, crowd: Sequence[Mapping[str, Any]], victim: str, code: str) -> None:
    """The index with as many cases of the crowd, each of which comes before the other agency's among equals."""
    key = order_key_of(api.runtime.opaque.ring)
    entities: list[RawEntity] = [
        named(*one["names"], **{k: v for k, v in one.items() if k != "names"}, id=f"p{at}")
        for at, one in enumerate(crowd)
    ]
    last, held, at = place_equals(victim, key), 0, 0
    while held < CROWD:
        at += 1
        if place_equals(f"{CROWDING}:c{at}", key) < last:
            api.hold(record(CROWDING, f"c{at}", code=code, entities=entities))
            held += 1


def hides(crowd: Sequence[Mapping[str, Any]], way: str, question: str, code: str) -> bool:
    """Whether something else is told of the other agency's record once the crowd's are there."""
    key = order_key_of(Api(STAGES, HOME).runtime.opaque.ring)
    victim = max((f"{VICTIM}:{at}" for at in range(100)), key=lambda case: place_equals(case, key))
    told: list[list[Any]] = []
    for there in ((), crowd):
        api = Api(STAGES, HOME)
        api.hold(record(VICTIM, victim.partition(":")[2], code=code, entities=[EQUAL]))
        if there:
            fill(api, there, victim, code)
        told.append(asyncio.run(WAYS[way](api, question)))
    assert told[0]
    return told[0] != told[1]


@settings(max_examples=max(settings().max_examples // 25, 1))
@given(crowds, st.sampled_from(ASKS))
def test_no_crowd_of_one_agency_hides_anothers_equal_record(
    crowd: list[dict[str, Any]], asked: tuple[str, str, str]
) -> None:
    assert not hides(crowd, *asked)


@pytest.mark.rare
@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=max(settings().max_examples // 10, 1))
@given(crowd=crowds, data=st.data())
def test_no_crowd_hides_an_equal_record_wherever_one_looks(
    way: str, crowd: list[dict[str, Any]], data: st.DataObject
) -> None:
    assert not hides(crowd, *data.draw(st.sampled_from([one for one in ASKS if one[0] == way])))


TWINS = [
    {
        "names": [" ".join(WORDS)], "birth_date": "1980-05-01", "phones": ["+33612345678"],
        "emails": ["ivan@example.org"], "identifiers": [{"type": "passport", "value": NUMBER, "country": "DE"}],
    }
]  # fmt: skip
"""A crowd that says all that the other agency's record does."""

TWINS_ASKED = ("ivan sergeevich petrov 1980-05-01", f"passport:{NUMBER}")


@pytest.mark.parametrize("way", WAYS)
def test_no_crowd_of_twins_hides_the_record_that_they_are_like(way: str) -> None:
    for code in sorted({code for one, _, code in ASKS if one == way}):
        assert [hides(TWINS, way, question, code) for question in TWINS_ASKED] == [False, False]


def _owned_together(*asked: Any) -> Body:
    """What all owners' cases meet of a question, as if they were one owner's."""
    body = owned_body(*asked)
    body["aggs"][OWNERS]["terms"]["field"] = "status"
    return body


@pytest.mark.rare
@pytest.mark.parametrize(("way", "code"), sorted({(way, code) for way, _, code in ASKS}))
def test_the_law_finds_a_crowd_where_owners_are_not_told_apart(
    way: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "owned_body", _owned_together)
    monkeypatch.setattr(list_worker, "take_turns", list)
    monkeypatch.setattr(hit_ledger, "_pair_of", lambda question: (question.asker, ""))
    # Of cases that may be read an alert tells without a gate, however many it meets.
    expected = (way, code) != ("alert", "H0")
    assert [hides(TWINS, way, question, code) for question in TWINS_ASKED] == [expected, expected]
