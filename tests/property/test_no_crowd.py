"""No crowd hides an equal record: however one agency fills the index, another's is found by what it is equal to."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.api.services.search import Search, search
from pipeline.index.documents import order_key_of, place_equals
from pipeline.index.searching import OPERATIONS
from pipeline.matching.model import load_model
from support.access.requesters import ANNA
from support.api.runtime import Api
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
QUESTIONS = (
    "ivan sergeevich petrov 1980-05-01", "Петров Иван 1980-05-01", "ivan petrov 1980-01-05", f"passport:{NUMBER}",
    NUMBER, f"ivan petrov 1980-05-01 +33612345678 ivan@example.org {NUMBER}",
)  # fmt: skip


def fill(api: Api, crowd: list[dict[str, Any]], victim: str) -> None:
    """The index with as many cases of the crowd, each of which comes before the other agency's among equals."""
    key = order_key_of(api.runtime.opaque.ring)
    entities: list[RawEntity] = [
        named(*one["names"], **{k: v for k, v in one.items() if k != "names"}, id=f"p{at}")
        for at, one in enumerate(crowd)
    ]
    last, held, at = place_equals(victim, key), 0, 0
    while held < CROWD:
        at += 1
        if place_equals(f"de-lka:c{at}", key) < last:
            api.hold(record("de-lka", f"c{at}", code="H2", entities=entities))
            held += 1


def check(crowd: list[dict[str, Any]], question: str) -> None:
    api = Api(STAGES, HOME)
    key = order_key_of(api.runtime.opaque.ring)
    victim = max((f"nl-np:{at}" for at in range(100)), key=lambda case: place_equals(case, key))
    api.hold(record("nl-np", victim.partition(":")[2], code="H2", entities=[EQUAL]))
    alone = asyncio.run(search(api.session(ANNA), Search(question))).hits
    assert [row.agency for row in alone] == ["nl-np"]
    fill(api, crowd, victim)
    rows = asyncio.run(search(api.session(ANNA), Search(question))).hits
    assert [row for row in rows if row.agency == "nl-np"] == list(alone)


@settings(max_examples=max(settings().max_examples // 25, 1))
@given(crowds, st.sampled_from(QUESTIONS))
def test_no_crowd_of_one_agency_hides_anothers_equal_record(crowd: list[dict[str, Any]], question: str) -> None:
    check(crowd, question)


@pytest.mark.rare
@settings(max_examples=max(settings().max_examples // 2, 1))
@given(crowds, st.sampled_from(QUESTIONS))
def test_no_crowd_hides_an_equal_record_wherever_one_looks(crowd: list[dict[str, Any]], question: str) -> None:
    check(crowd, question)
