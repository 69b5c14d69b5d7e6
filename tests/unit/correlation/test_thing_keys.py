"""Tests of the keys of titles: usual words by what they mean, and many names in many scripts."""

from __future__ import annotations

import random

from pipeline.correlation.keys import MAX_KEYS, blocking_keys
from pipeline.correlation.thing_keys import MAX_TITLES, choose_titles
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


def test_a_coined_word_meets_its_plain_romanisation() -> None:
    assert keys(organisation("Беларуськалий")) & keys(organisation("Belaruskali"))
    assert keys(organisation("华为技术有限公司")) & keys(organisation("Huawei Technologies Co., Ltd."))


def test_a_word_of_several_readings_takes_one_place_of_the_rarest() -> None:
    long = organisation("الكوثر للتوسط ببيع وشراء العملات الأجنبية")
    assert len(keys(long)) < 200


def test_each_of_several_names_yields_keys_however_often_one_is_respelt() -> None:
    spelt = [
        f"Oczkowski{ending} Transport" for ending in ("", "s", "as", "is", "a", "o", "e", "u", "y", "ego", "emu", "im")
    ]
    names = [*spelt, "Rahat Hawala", "Новый Торговый Дом Чагай"]
    for name in ("Oczkowski Transport", "Rahat Hawala", "Новый Торговый Дом Чагай"):
        assert keys(organisation(*names)) & keys(organisation(name))
    assert len(choose_titles(organisation(*names).names)) == MAX_TITLES


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
