"""Tests of the choice of words: spellings folded, every name's share, bounds, and no word of chance."""

from __future__ import annotations

import random

import pytest

from pipeline.correlation.keys import MAX_KEYS, blocking_keys
from pipeline.correlation.name_words import (
    MAX_OF_EACH,
    MAX_OF_ONE,
    MAX_PARTS,
    MAX_WORDS,
    NameWord,
    choose_words,
    telling_forms,
)
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.names import NamePrint, make_name_print
from pipeline.matching.names.prints import token_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity

RARITY = 1500

SPELT_BY_LANGUAGES = (
    "Moammar Kaddafi", "Muammar Gaddafi", "Mu'ammar al-Qadhafi", "Moamer Gadafi", "Muammer Kaddafi", "Mouammar Kadhafi",
    "Moammer Gheddafi", "Muamar el Gadafi", "Muammaras Kadafis", "Muamars Kadafi", "Муаммар Каддафи", "معمر القذافي",
)  # fmt: skip


def name_print(full: str) -> NamePrint:
    return make_name_print(normalise_name(full, "", "", "", "", "primary", "person"), "person")


def person(*names: str) -> EntityPrint:
    found = tuple(normalise_name(name, "", "", "", "", "primary", "person") for name in names)
    return entity_print(NormalisedEntity("p", "person", names=found))


def choose(*names: str) -> list[NameWord]:
    return choose_words([name_print(name) for name in names], RARITY)


def meet(a: EntityPrint, b: EntityPrint) -> bool:
    found, others = (blocking_keys((entity,), frozenset(), RARITY) for entity in (a, b))
    return not set(found).isdisjoint(others)


def test_spellings_of_one_name_take_the_place_of_one_word_each() -> None:
    assert len(choose("Mohammed Zawahiri", "Muhammad al-Zawahiri", "Mohamed Zawaheri", "Mahomet Zawahiry")) == 2


def test_neighbours_in_a_name_stay_two_words_however_alike() -> None:
    assert len(choose("Hasan Hassan Oczko", "Hasan Hassan Wrzesniewski", "Hasan Hassan Nowak")) == 5


def test_rare_spellings_leave_room_for_the_names_that_others_know() -> None:
    spelt = person(*SPELT_BY_LANGUAGES, "Zbigniew Wrzesniewski", "Grzegorz Brzeczyszczykiewicz", "Xqwzv Jkrtplm")
    assert meet(spelt, person("Moamar Kadafi"))


@pytest.mark.parametrize("other", ["Zbigniew Wrzesniewski", "Grzegorz Oczko", "Djamel Mostafa"])
def test_every_name_is_found_by_itself(other: str) -> None:
    names = ("Zbigniew Wrzesniewski", "Grzegorz Oczko", "Jamal Mustafa", "Balkassam Kalad", "Damel Mostefa")
    assert meet(person(*names), person(other))


def test_words_of_different_names_are_not_put_together() -> None:
    words = choose("Zbigniew Wrzesniewski", "Grzegorz Oczko", "Tadeusz Kosciuszko")
    masks = [word.names for word in words]
    assert len(words) == 6
    assert sorted(masks.count(one & -one) for one in masks) == [2] * 6


def test_few_tokens_are_put_together_across_names() -> None:
    assert meet(person("Zbigniew Oczko", "Zdzislaw Nowak"), person("Zbigniew Nowak"))


def test_long_names_and_many_stay_within_their_bounds() -> None:
    drawn = random.Random(1)
    syllables = ("ba", "ko", "tri", "mul", "zen", "sha", "dor", "qua", "vil", "nep", "hus", "gre")
    names = [" ".join("".join(drawn.choices(syllables, k=4)) for _ in range(9)) for _ in range(50)]
    words = choose(*names)
    assert len(words) <= MAX_WORDS
    for name in range(50):
        assert sum(bool(word.names >> name & 1) for word in words) <= MAX_OF_EACH
    assert len(choose(names[0])) == MAX_OF_ONE
    assert len(blocking_keys((person(*names),), frozenset(), RARITY)) <= MAX_KEYS


def test_a_folded_word_keeps_few_parts_of_each_letter() -> None:
    for word in choose(*SPELT_BY_LANGUAGES):
        if word.names.bit_count() > 1:
            letters = [part.letter for part in word.parts]
            assert all(letters.count(letter) <= most for letter, most in MAX_PARTS.items())


def test_the_order_of_names_changes_no_key() -> None:
    names = [*SPELT_BY_LANGUAGES, "Zbigniew Wrzesniewski", "Grzegorz Oczko"]
    expected = blocking_keys((person(*names),), frozenset(), RARITY)
    for seed in range(5):
        random.Random(seed).shuffle(names)
        assert blocking_keys((person(*names),), frozenset(), RARITY) == expected


def test_a_name_that_comes_again_changes_no_key() -> None:
    once, again = person("Zbigniew Oczko"), person(*["Zbigniew Oczko"] * 50)
    assert blocking_keys((once,), frozenset(), RARITY) == blocking_keys((again,), frozenset(), RARITY)


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
