"""Explanations in words: what is said of companions, in brief and in sentences."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.locale import LANGUAGES, translate
from pipeline.matching.explain.breakdown import SENTENCES, describe_companions
from pipeline.matching.explain.explaining import explain, explain_shared_number
from pipeline.matching.explain.explanation import EntityEvidence, Item
from pipeline.matching.explain.wording import (
    agreeing_things,
    agreement,
    companions_called,
    plain_summary,
    reasons,
    strongest_pair,
)
from pipeline.matching.explain.words import COMPANIONS
from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case
from support.records.builder import RawEntity, case_data, person, vehicle

KINDS = [(kind, companions) for kind, sentences in COMPANIONS.items() for companions in sentences]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "companions"), KINDS)
def test_a_brief_reason_says_whom_two_may_be_and_leaves_the_rest_to_the_bits(
    kind: str, companions: str, language: str
) -> None:
    part = EntityEvidence(kind, kind, "a", "b", (), 100, 0, -130, companions)
    [line] = reasons([part], language)
    said = line.partition("  ")[2]
    assert said == companions_called(part, language) == translate(COMPANIONS[kind][companions], language)
    assert ":" not in said


@pytest.mark.parametrize(
    ("a", "b", "english", "french"),
    [
        ("48.85000, 2.35000 @ 2026-03-01T10:00:00Z", "48.85117, 2.35000 @ 2026-03-01T10:08:00Z",
         "130 m and 8 minutes apart", "à 130 m et 8 minutes l'un de l'autre"),
        ("48.85000, 2.35000", "48.88000, 2.35000", "3.3 km apart", "à 3,3 km l'un de l'autre"),
        ("48.85000, 2.35000", "48.85000, 2.35000", "", ""),
        ("48.85000, 2.35000 @ 2026-03-01T10:00:00Z", " @ 2026-03-01T10:00:00Z", "", ""),
    ],
)  # fmt: skip
def test_places_say_how_far_apart_they_are(a: str, b: str, english: str, french: str) -> None:
    for language, gap in (("en", english), ("fr", french)):
        item = Item("when_where", "same_spot_and_hour", a, b, 100)
        assert agreement(item, language).endswith(gap)
        assert ("apart" in agreement(item, "en")) is bool(gap)


@pytest.mark.parametrize(
    ("companions", "english", "french"),
    [
        (
            ("person", "household"),
            "If these were relatives, they could share a borrowed passport, a family name or an address.",
            (
                "S'il s'agissait de proches, ils pourraient avoir en commun "
                "un numéro emprunté (passeport), un nom de famille ou une adresse."
            ),
        ),
        (
            ("person", "named_after"),
            "If these were relatives, they could share a borrowed passport, the same name or an address.",
            (
                "S'il s'agissait de proches, ils pourraient avoir en commun "
                "un numéro emprunté (passeport), le même nom ou une adresse."
            ),
        ),
        (
            ("organisation", "named_after"),
            (
                "If these were two branches or bodies, they could share "
                "the same legal entity identifier, the same name or an address."
            ),
            (
                "S'il s'agissait de deux branches ou entités, elles pourraient avoir en commun "
                "le même numéro (identifiant d'entité juridique), le même nom ou une adresse."
            ),
        ),
        (
            ("organisation", "group"),
            (
                "If these were companies of one group, they could share "
                "the same legal entity identifier, the group's name or an address."
            ),
            (
                "S'il s'agissait de sociétés d'un même groupe, elles pourraient avoir en commun "
                "le même numéro (identifiant d'entité juridique), le nom du groupe ou une adresse."
            ),
        ),
    ],
    ids=["household", "named after", "branches", "group"],
)
def test_companions_share_what_such_companions_have(companions: tuple[str, str], english: str, french: str) -> None:
    kind, whom = companions
    number = {"person": "passport 12AB34567", "organisation": "lei 969500T6FEWUB4O4UE40"}[kind]
    items = (
        Item("identifier", "same", number, number, 2000, companions=300),
        Item("name", "same", "severin", "severin", 1500, companions=0),
        Item("address", "same_door", "1 quai", "1 quai", 900, companions=0),
    )
    part = EntityEvidence(kind, kind, "a", "b", items, 100, 0, -130, whom)
    for language, said in (("en", english), ("fr", french)):
        assert describe_companions(part, None, language)[0] == said


def test_every_kind_of_companions_has_its_sentences() -> None:
    assert set(SENTENCES) == set(KINDS)


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
            "Mêmes passeport et date de naissance\u202f; le nom est le même mot lu depuis l'arabe.",
        ),
        (
            person("Ivan Petrov", birth_date="1976-03-04", phones=["+33612345678"]),
            person("Иван Петров", birth_date="1976-04-03", phones=["+33612345678"]),
            (
                "Same phone number; the names are the same words read from Cyrillic;"
                " date of birth (day and month swapped)."
            ),
            (
                "Même numéro de téléphone\u202f; les noms sont les mêmes mots lus depuis le cyrillique\u202f; "
                "date de naissance (jour et mois inversés)."
            ),
        ),
        (
            person("Jean Dupont", birth_date="1976-03-04", gender="male"),
            person("Jean Dupond", birth_date="1976-03-04", gender="female"),
            "Same date of birth; the name is spelled slightly differently; against it: gender.",
            "Même date de naissance\u202f; le nom s'écrit un peu différemment\u202f; en sens contraire\xa0: sexe.",
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
    assert plain_summary(found, "fr") == "Mêmes nom et date de naissance\u202f; aussi en commun\xa0: véhicule."
