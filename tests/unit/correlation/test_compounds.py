"""Tests of the telling part of compound names."""

from __future__ import annotations

import pytest

from pipeline.correlation.compounds import telling_forms
from pipeline.correlation.keys import blocking_keys
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.names.prints import token_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("abdulaziz", "aziz"),
        ("abdelaziz", "aziz"),
        ("abderrezak", "rezak"),
        ("abdirahman", "rahman"),
        ("abdullatif", "latif"),
        ("nasiruddin", "nasir"),
        ("nasreddine", "nasr"),
        ("sirajudin", "siraj"),
        ("hidayatullah", "hidayat"),
        ("сайфуллах", "saif"),
    ],
)
def test_a_compound_tells_by_one_part(name: str, part: str) -> None:
    assert telling_forms(token_print(name, "name")) == (part,)


@pytest.mark.parametrize(
    "name",
    [
        "abdullah",
        "abdallah",
        "abdul",
        "abdou",
        "aladdin",
        "claudine",
        "bernardine",
        "borodin",
        "deborah",
        "عبدالله",
        "محمد",
    ],
)
def test_other_names_are_whole(name: str) -> None:
    assert telling_forms(token_print(name, "name")) == ()


@pytest.mark.parametrize(("name", "part"), [("عبدالعزيز", "aziz"), ("نصیرالدین", "nsir")])
def test_arabic_compounds_are_read_by_their_part(name: str, part: str) -> None:
    assert part in telling_forms(token_print(name, "name"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Abdulaziz Zimmermann", "Abdul Aziz Zimmermann"),
        ("Hidayatullah Haqqani", "Hidayat Ullah Haqqani"),
        ("عبدالخالق الحوثي", "Abd al-Khaliq al-Huthi"),
    ],
)
def test_one_word_meets_two(one: str, two: str) -> None:
    found, others = (blocking_keys((_person(name),), frozenset(), 1500) for name in (one, two))
    assert set(found) & set(others)


def _person(name: str) -> EntityPrint:
    named = normalise_name(name, "", "", "", "", "primary", "person")
    return entity_print(NormalisedEntity("p", "person", names=(named,)))
