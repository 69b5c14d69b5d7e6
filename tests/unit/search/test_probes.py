from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from pipeline.matching.fingerprint import EntityPrint, IdentifierPrint, PhonePrint, entity_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity
from pipeline.search.probes import (
    MOST_VARIANTS,
    QuestionProbe,
    adapt_probe,
    are_near,
    as_record_has_it,
    list_near_numbers,
    make_candidate_query,
    make_probe,
)
from pipeline.search.questions import parse_question
from pipeline.web.pages.search import GUIDE

RARITY = 1500
"""Hundredths of a bit, as the shipped model asks of a key."""


def ask(text: str, country: str = "") -> QuestionProbe:
    return make_probe(parse_question(text), country)


def clauses(text: str) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for clause in make_candidate_query(parse_question(text), ask(text), (), RARITY).clauses:
        found.setdefault(clause.name, []).append(clause.terms)
    return found


@pytest.mark.parametrize("example", [example for _, example in GUIDE])
def test_each_example_of_the_search_page_selects_cases(example: str) -> None:
    question = parse_question(example)
    selection = make_candidate_query(question, ask(example, "FR"), (), RARITY)
    assert selection.clauses or selection.text or question.narrows_alone


def test_a_name_may_be_of_a_person_an_organisation_or_a_vessel() -> None:
    assert [entity.type for entity in ask("nord trade").entities] == ["person", "organisation", "vessel"]


def test_the_names_forms_are_those_of_a_record() -> None:
    name = normalise_name("Иван Петров", "", "", "", "", "", "person")
    record = entity_print(NormalisedEntity("p1", "person", names=(name,)))
    assert ask("Иван Петров").entities[0].names == record.names


def test_a_city_alone_asks_for_whoever_is_there() -> None:
    assert [entity.type for entity in ask("city:Lyon").entities] == ["person", "organisation"]
    assert clauses("city:Lyon")["place"] == [("city:lyon",)]
    assert ask("city:Lyon").places_alone
    assert not ask("ivan city:Lyon").places_alone


def test_a_number_may_be_that_of_a_case() -> None:
    assert clauses("fr-pj:2026-0417")["case"] == [("case:FRPJ20260417",)]
    assert clauses("DOS-417")["case"] == [("case:DOS417",)]
    assert "case" not in clauses("ivan 1980")


def test_a_phone_is_also_asked_for_by_itself() -> None:
    assert [
        (entity.type, len(entity.phones)) for entity in ask('name:"x" phone:+33612345678').entities if entity.phones
    ] == [
        ("person", 1),
        ("phone", 1),
    ]


def test_a_number_takes_the_type_under_which_the_record_holds_it() -> None:
    passport = IdentifierPrint("passport", "C01X00T47", "DE")
    record = (EntityPrint("d1", "document", identifiers=(passport, IdentifierPrint("passport", "OTHER"))),)
    assert adapt_probe(ask("c01x00t47"), record) == (EntityPrint("document", "document", identifiers=(passport,)),)


def test_a_number_joins_the_entity_that_the_question_names() -> None:
    passport = IdentifierPrint("passport", "C01X00T47", "DE")
    person, *_ = adapt_probe(ask("ivan petrov c01x00t47"), (EntityPrint("p1", "person", identifiers=(passport,)),))
    assert person.identifiers == (passport,)
    assert person.names


def test_a_phone_without_country_takes_that_of_the_record() -> None:
    line = PhonePrint("+33612345678", "612345678")
    record = (EntityPrint("n1", "phone", phones=(line,)),)
    assert adapt_probe(ask("06 12 34 56 78"), record) == (EntityPrint("phone", "phone", phones=(line,)),)


def test_each_token_counts_once_however_it_is_spelt_or_heard() -> None:
    found = clauses("ivan petrov")
    assert len(found["name"]) == 2
    assert len(found["sound"]) == 2


def test_keys_are_those_under_which_cases_meet() -> None:
    assert clauses("ivan petrov 1980-05-01")["key"]
    assert all(len(terms) == 1 and terms[0].isdigit() for terms in clauses("ivan petrov 1980-05-01")["key"])


def test_a_plate_selects_by_its_known_pieces() -> None:
    assert clauses("plate:AB?12*")["piece"] == [("piece:AB",), ("piece:12",)]


def test_stop_keys_select_nothing() -> None:
    keys = [int(terms[0]) for terms in clauses("ivan petrov")["key"]]
    question = parse_question("ivan petrov")
    assert all(
        clause.name != "key"
        for clause in make_candidate_query(question, make_probe(question, ""), frozenset(keys), RARITY).clauses
    )


numbers = st.text("0123456789AB", min_size=6, max_size=12)


@given(numbers)
def test_all_that_is_listed_is_near(number: str) -> None:
    near = list_near_numbers([number]).get(number, ())
    assert len(near) == len(set(near))
    assert all(are_near(number, one) for one in near)


@given(st.text("0123456789", min_size=7, max_size=12), st.data())
def test_one_slip_of_the_hand_is_listed(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(number) - 2))
    digit = data.draw(st.sampled_from("0123456789"))
    slips = {
        number[:at] + digit + number[at + 1 :],
        number[:at] + number[at + 1] + number[at] + number[at + 2 :],
        number[:at] + number[at + 1 :],
        number[:at] + digit + number[at:],
    }
    assert all(OSA.distance(number, slip) <= 1 for slip in slips)
    assert slips - {number} <= {*list_near_numbers([number])[number]}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("52N043308", "52NO43308"), ("52NO43308", "52N043308"), ("WBA3A5C5CF256651", "WBA3A5C50CF256651"),
     ("WA3A5C50CF256651", "WBA3A5C50CF256651"), ("AB1234S6", "AB123456")],
)  # fmt: skip
def test_letters_that_look_like_digits_and_letters_left_out_are_listed(typed: str, meant: str) -> None:
    assert meant in list_near_numbers([typed])[typed]


@pytest.mark.parametrize("number", ["12345", "ABCDEFG", "１２３４５６７", "1" * 35])
def test_short_long_and_wordlike_numbers_have_none(number: str) -> None:
    assert list_near_numbers([number]) == {}


def test_a_question_costs_no_more_than_so_many_lookups() -> None:
    found = list_near_numbers([f"{number:09}" for number in range(40)])
    assert 5 < len(found) < 40
    assert sum(map(len, found.values())) <= MOST_VARIANTS


def test_a_typed_number_is_checked_as_one_of_the_records_type() -> None:
    held = IdentifierPrint("iban", "FR7630006000011234567890189", "FR", 1)
    assert as_record_has_it(held.value, held) == held
    assert as_record_has_it("FR7630006000011234567890198", held).valid == 0
    assert as_record_has_it("12AB34567", IdentifierPrint("passport", "12AB34568", "FR")).valid == -1
