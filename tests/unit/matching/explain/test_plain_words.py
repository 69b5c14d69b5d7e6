"""A link in one sentence."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.matching.explain.explaining import explain
from pipeline.matching.explain.plain_words import agreeing_things, plain_summary, strongest_pair
from pipeline.matching.explain.shared_number import explain_shared_number
from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.records.model import Case
from pipeline.records.normalisation import normalise
from support.records.builder import RawEntity, case_data, person, vehicle

PASSPORT = [{"type": "passport", "value": "12AB34567", "country": "FR"}]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def _print(agency: str, *entities: RawEntity) -> Fingerprint:
    case = msgspec.convert(case_data(agency, "1", entities), Case)
    return Fingerprint(
        case.key, 1, "", agency, case.country, entities=tuple(map(entity_print, normalise(case).entities))
    )


@pytest.mark.parametrize(
    ("a", "b", "english", "french"),
    [
        (
            person("Anastasia Ouarzazi", birth_date="1976-03-04", identifiers=PASSPORT),
            person("Anastasia وارزازي", birth_date="1976-03-04", identifiers=PASSPORT),
            "Same passport and date of birth; the name is the same word read from Arabic.",
            "Mêmes passeport et date de naissance ; le nom est le même mot lu depuis l'arabe.",
        ),
        (
            person("Ivan Petrov", birth_date="1976-03-04", phones=["+33612345678"]),
            person("Иван Петров", birth_date="1976-04-03", phones=["+33612345678"]),
            (
                "Same phone number; the names are the same words read from Cyrillic;"
                " date of birth (day and month swapped)."
            ),
            (
                "Même numéro de téléphone ; les noms sont les mêmes mots lus depuis le cyrillique ; date de naissance"
                " (jour et mois inversés)."
            ),
        ),
        (
            person("Jean Dupont", birth_date="1976-03-04", gender="male"),
            person("Jean Dupond", birth_date="1976-03-04", gender="female"),
            "Same date of birth; the name is spelled slightly differently; against it: gender.",
            "Même date de naissance ; le nom s'écrit un peu différemment ; en sens contraire : sexe.",
        ),
        (
            person("Ivan Petrov", emails=["ivan@example.org"]),
            person("Ivan Petrov", emails=["ivan@example.org"]),
            "Same e-mail address and name.",
            "Mêmes adresse électronique et nom.",
        ),
        (
            person("Ivan Petrov", birth_date="1976-03-04"),
            person("Ivan Petrov", birth_date="1976-03-04"),
            "Same name and date of birth.",
            "Mêmes nom et date de naissance.",
        ),
    ],
    ids=["one-word-of-another-script", "all-of-another-script", "against", "e-mail", "the-same"],
)
def test_what_is_the_same_is_said_in_a_sentence(
    a: RawEntity, b: RawEntity, english: str, french: str, model: Model
) -> None:
    found = explain(_print("fr-pj", a), _print("be-fp", b), model)
    assert plain_summary(found, "en") == english
    assert plain_summary(found, "fr") == french


def test_a_shared_number_is_called_one(model: Model) -> None:
    a = _print("fr-pj", person("Ivan Petrov", birth_date="1980-05-01", identifiers=PASSPORT))
    b = _print("be-fp", person("Anna Keller", identifiers=PASSPORT))
    assert plain_summary(explain_shared_number(a, b, model), "en") == "Same passport, two people."


def test_what_agrees_comes_strongest_first_and_each_once(model: Model) -> None:
    a = person("Ivan Petrov", birth_date="1976-03-04", identifiers=PASSPORT, gender="male")
    b = person("Ivan Petrov", birth_date="1976-03-04", identifiers=PASSPORT, gender="female")
    part = strongest_pair(explain(_print("fr-pj", a), _print("be-fp", b), model))
    assert part is not None
    assert agreeing_things(part, "en") == ("passport", "name", "date of birth")


def test_what_else_both_cases_have_is_named_by_its_type(model: Model) -> None:
    man, car = person("Ivan Petrov", birth_date="1976-03-04"), vehicle("AB-123-CD", "FR")
    found = explain(_print("fr-pj", man, car), _print("be-fp", man, car), model)
    assert plain_summary(found, "en") == "Same name and date of birth; also in common: vehicle."
    assert plain_summary(found, "fr") == "Mêmes nom et date de naissance ; aussi en commun : véhicule."
