from __future__ import annotations

import unicodedata
from collections import Counter
from random import Random

import pytest

from pipeline.demo.naming import GENDERS, Culture, load_cultures


def scripts(text: str) -> set[str]:
    return {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}


@pytest.mark.parametrize("culture", load_cultures().values(), ids=lambda culture: culture.name)
def test_native_forms_keep_to_one_script_and_latin_spellings_to_latin(culture: Culture) -> None:
    spellings = [
        spelling for gender in GENDERS for pool in (culture.given, culture.family) for spelling in pool[gender].all
    ]
    assert len(set().union(*(scripts(spelling.native) for spelling in spellings))) == 1
    assert {script for spelling in spellings for latin in spelling.latin for script in scripts(latin)} == {"LATIN"}
    assert all(spelling.native and all(spelling.latin) for spelling in spellings)


def test_seven_scripts_are_written() -> None:
    written = set().union(*(scripts(culture.family["male"].listed[0].native) for culture in load_cultures().values()))
    assert written == {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "HEBREW", "HANGUL"}


def test_men_and_women_of_a_family_bear_its_name_in_their_own_form() -> None:
    family = load_cultures()["bulgarian"].family
    at = [spelling.native for spelling in family["male"].all].index("Иванов")
    assert family["female"].all[at].native == "Иванова"
    assert "Ivanova" in family["female"].all[at].latin
    assert all(
        len(culture.family["male"].all) == len(culture.family["female"].all) for culture in load_cultures().values()
    )


def test_composed_names_are_written_together_or_apart_as_their_culture_does() -> None:
    arabic = {spelling.native: spelling.latin for spelling in load_cultures()["arabic"].family["male"].rarer}
    assert {"Benmoussa", "Ben Moussa"} <= set(arabic["بن موسى"])
    korean = {spelling.native: spelling.latin for spelling in load_cultures()["korean"].given["male"].rarer}
    assert {"Min-ho", "Minho", "Min Ho"} <= set(korean["민호"])


def test_listed_names_are_drawn_by_their_share_and_the_first_most_often() -> None:
    rng, pool = Random(1), load_cultures()["french"].family["male"]
    drawn = Counter(pool.draw_name(rng).native for _ in range(4_000))
    listed = {spelling.native for spelling in pool.listed}
    share = sum(count for name, count in drawn.items() if name in listed) / 4_000
    assert abs(share - pool.share) < 0.03
    assert drawn["Martin"] == max(drawn.values())
    assert all(pool.draw_name(rng, listed=True).native in listed for _ in range(200))
