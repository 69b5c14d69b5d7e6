"""Tests of the keys of titles: usual words by what they mean, and many names in many scripts."""

from __future__ import annotations

import random

from pipeline.correlation.keys import MAX_KEYS, blocking_keys
from pipeline.correlation.title_keys import MAX_TITLES, _choose_titles
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedAddress, NormalisedEntity

RARITY = 1500


def organisation(*names: str, cities: tuple[str, ...] = ()) -> EntityPrint:
    found = tuple(normalise_name(name, "", "", "", "", "primary", "organisation") for name in names)
    addresses = tuple(NormalisedAddress(city=city) for city in cities)
    return entity_print(NormalisedEntity("o", "organisation", names=found, addresses=addresses))


def keys(entity: EntityPrint) -> set[int]:
    return set(blocking_keys((entity,), frozenset(), RARITY))


def test_usual_words_meet_by_what_they_mean() -> None:
    assert keys(organisation("شركة الاسلامية")) & keys(organisation("Islamic Company"))


def test_a_word_of_several_readings_takes_one_place_of_the_rarest() -> None:
    long = organisation("الكوثر للتوسط ببيع وشراء العملات الأجنبية")
    assert len(keys(long)) < 200


def test_names_of_each_script_yield_keys_where_there_are_many() -> None:
    latin = [f"Aa{chr(98 + at)}{chr(98 + at % 7)}rix Trading" for at in range(20)]
    assert keys(organisation(*latin, "Оджковский Транспорт")) & keys(organisation("Оджковский Транспорт"))
    chosen = _choose_titles(organisation(*latin, "Оджковский Транспорт").names)
    assert len(chosen) == MAX_TITLES
    assert {title[0].script for title in chosen} == {"Latin", "Cyrillic"}


def test_the_order_of_names_changes_no_key() -> None:
    names = [f"{word} Handelsgesellschaft {at}" for at, word in enumerate(("Oczko", "Nowak", "Zimmer", "Wrzos") * 5)]
    expected = keys(organisation(*names))
    random.Random(3).shuffle(names)
    assert keys(organisation(*names)) == expected


def test_many_names_and_places_stay_bounded() -> None:
    drawn = random.Random(2)
    names = ["".join(drawn.choices("bdfgklmnprstvz", k=9)) + " Transport Oczkowski" for _ in range(50)]
    cities = tuple("".join(drawn.choices("abcdefgh", k=8)) for _ in range(50))
    assert len(keys(organisation(*names, cities=cities))) <= MAX_KEYS
