from __future__ import annotations

import pytest

from pipeline.index.probes import QuestionProbe, adapt_probe, make_candidate_query, make_probe
from pipeline.index.questions import parse_question
from pipeline.matching.fingerprint import EntityPrint, IdentifierPrint, PhonePrint, entity_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity
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
