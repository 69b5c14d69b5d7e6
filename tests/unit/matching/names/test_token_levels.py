"""Levels of single tokens."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from pipeline.matching.names import levels
from pipeline.matching.names.levels import Likeness
from pipeline.matching.names.prints import token_print
from pipeline.matching.names.token_levels import (
    are_slips_apart,
    find_resembling,
    is_learnt,
    may_be_written,
    token_level,
    token_levels,
)
from pipeline.matching.names.token_pairs import PERSONAL
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.matching.names.transliteration.likelihood import LEAST, ratio_below, weigh_ratio
from pipeline.records.organisation_words import use_translations
from support.matching.prints import name_print

_WRITTEN = {
    "Arabic": ("محمد", "mohammed"),
    "Han": ("约翰逊", "johnson"),
    "Hebrew": ("נתניהו", "netanyahu"),
    "Katakana": ("アレクサンダー", "alexander"),
    "Hiragana": ("やまだ", "yamada"),
    "Hangul": ("알렉산더", "alexander"),
    "Cyrillic": ("петров", "petrov"),
}
_LOOSE = (levels.DIFFERENT, levels.FAINT)
"""Levels at which a joined word does not count."""


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("petrov", "petrov", levels.SAME),
        ("díaz", "diaz", levels.FOLDED),
        ("robert", "bob", levels.VARIANT),
        ("zhang", "cheung", levels.VARIANT),
        ("nuristani", "nooristani", levels.SOUND),
        ("makarov", "makaroff", levels.NEAR),
        ("lukashenko", "lukashneko", levels.EDIT),
        ("lindenberg", "lyndenburg", levels.NEAR),
        ("alexander", "alex", levels.VARIANT),
        ("nurs", "nursultanov", levels.NEAR),
        ("amy", "ami", levels.SOUND),
        ("un", "uun", levels.SOUND),
        ("li", "ly", levels.DIFFERENT),
        ("darla", "darlene", levels.DIFFERENT),
        ("peggie", "margaret", levels.VARIANT),
        ("mhd", "mohammed", levels.VARIANT),
        ("howie", "howard", levels.VARIANT),
        ("petrov", "virtanen", levels.DIFFERENT),
        ("ab1", "ab2", levels.DIFFERENT),
        ("bernstein", "בנימין", levels.DIFFERENT),
        ("约翰", "約翰", levels.FOLDED),
        ("渡邊", "渡辺", levels.FOLDED),
        ("近朋", "近平", levels.DIFFERENT),
        ("伟", "威", levels.NEAR),
        ("иван", "ایوان", levels.SOUND),
        ("иван", "ivan", levels.ALIGNED),
        ("习近平", "xijinping", levels.ALIGNED),
        ("иванов", "ivan", levels.DIFFERENT),
        ("николаев", "nikolajevitj", levels.DIFFERENT),
        ("edouard", "爱德华", levels.FAINT),
        ("blyth", "布萊斯", levels.ALIGNED),
    ],
)
def test_level_and_its_symmetry(one: str, other: str, level: str) -> None:
    x, y = token_print(one, "name"), token_print(other, "name")
    assert token_level(x, y) == token_level(y, x)
    assert token_level(x, y).level == level


@pytest.mark.parametrize("script", list(BY_SCRIPT))
def test_the_weight_of_an_alignment_rises_with_its_ratio_in_every_corridor(script: str) -> None:
    weights = [weigh_ratio(ratio) for ratio in range(LEAST, 12_000, 100)]
    assert weights == sorted(weights)
    assert 0 < weights[0] < 20
    steps = [two - one for one, two in pairwise(weights)]
    assert max(steps) <= 21
    for bits in (300, levels.SURE, 1500):
        below = ratio_below(bits)
        assert weigh_ratio(below) < bits <= weigh_ratio(below + 20)
    alike = token_level(token_print(_WRITTEN[script][0], "name"), token_print(_WRITTEN[script][1], "name"))
    other = token_level(token_print(_WRITTEN[script][0], "name"), token_print("wienerschnitzel", "name"))
    assert (alike.level, other) == (levels.ALIGNED, Likeness(levels.DIFFERENT))


def test_a_faint_rendering_says_little() -> None:
    pair = PERSONAL.judge(token_print("edouard", "name"), token_print("爱德华", "name"))
    assert pair.level == levels.FAINT
    assert 0 < pair.bits < 200


def test_two_scripts_say_no_more_than_either_source_of_chance_leaves() -> None:
    assert levels.aligned_bits(1600, 1600) == 1500
    for aligned in range(10, 3000, 70):
        bits = [levels.aligned_bits(aligned, rarity) for rarity in range(200, 2300, 100)]
        assert bits == sorted(bits)
        assert all(bit <= min(aligned, rarity) for bit, rarity in zip(bits, range(200, 2300, 100), strict=True))


def test_a_word_that_is_spelt_by_letter_says_more_than_one_that_may_be_read_so() -> None:
    by_letter = token_level(token_print("алроса", "core"), token_print("alrosa", "core")).aligned
    read = token_level(token_print("алроса", "core"), token_print("alroça", "core")).aligned
    assert by_letter > read + 500 > 500


def test_words_of_organisations_agree_by_meaning() -> None:
    assert token_level(token_print("intl", "core"), token_print("international", "core")).level == levels.VARIANT


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("promtechnologiya", "promtekhnologiya", levels.SOUND),
        ("promtechnologija", "promtehnologya", levels.SOUND),
        ("dzhabrailov", "jabrailov", levels.SOUND),
        ("nizhnevartovsk", "nijnevartovsk", levels.SOUND),
        ("tekhmash", "tekmash", levels.EDIT),
        ("chemin", "hemin", levels.EDIT),
        ("chem", "hem", levels.DIFFERENT),
    ],
)
def test_two_romanisations_of_one_word_are_one_word(one: str, other: str, level: str) -> None:
    x, y = token_print(one, "core"), token_print(other, "core")
    assert token_level(x, y) == token_level(y, x)
    assert token_level(x, y).level == level


def test_a_learnt_translation_is_told_from_a_known_meaning() -> None:
    use_translations({"zzgear": {"zzgyar": 3}})
    try:
        assert token_level(token_print("zzgear", "core"), token_print("zzgyar", "core")).level == levels.TRANSLATION
        assert token_level(token_print("zzgear", "name"), token_print("zzgyar", "name")).level != levels.TRANSLATION
    finally:
        use_translations(None)


def test_scripts_without_a_model_are_told() -> None:
    assert is_learnt("Latin")
    assert is_learnt("Arabic")
    assert not is_learnt("Georgian")


@pytest.mark.parametrize("kind", ["given", "core"])
def test_a_word_of_unknown_forms_may_be_written_as_all_that_it_is_compared_to(kind: str) -> None:
    written = ("иван", "محمد", "عبدالرحمن", "毛", "北京", "이영", "компания", "γεώργιος", "שלום", "イワン")
    for text in written:
        source = token_print(text, kind)
        latin = [token_print(form, kind) for form in (*source.forms, "ivan", "mao", "abdurrahman", "company", "x" * 99)]
        levels_of = [token_level(source, other).level for other in latin]
        assert set(levels_of) > {levels.DIFFERENT}
        written_as = may_be_written([(text, source.script, other) for other in latin])
        assert all(may_be for may_be, level in zip(written_as, levels_of, strict=True) if level not in _LOOSE)


def test_a_word_of_unknown_forms_is_not_written_as_any_other() -> None:
    assert may_be_written([("عبدالرحمن", "Arabic", token_print("vladimir", "given"))]) == [False]


@pytest.mark.parametrize("kind", ["given", "core"])
def test_levels_of_many_pairs_are_those_of_each(kind: str) -> None:
    texts = (
        "иван",
        "محمد",
        "محمود",
        "毛",
        "北京",
        "이영",
        "שלום",
        "イワン",
        "γεώργιος",
        "ivan",
        "mao",
        "muhammad",
        "lee",
    )
    tokens = [token_print(text, kind) for text in texts]
    pairs = list(product(tokens, tokens))
    told = [token_level(x, y) for x, y in pairs]
    assert token_levels(pairs) == told
    assert len({found.level for found in told}) > 3


def test_two_slips_in_a_word_leave_it_the_same_one() -> None:
    assert are_slips_apart("stanislav", "mstislav")


@pytest.mark.parametrize(
    ("one", "other"),
    [("stanislav", "stanislav"), ("stanislav", "stanizlav"), ("roman", "romanov"), ("ana", "eni"), ("petrov", "oczko")],
)
def test_equal_words_single_slips_beginnings_short_words_and_others_are_not_slips_apart(one: str, other: str) -> None:
    assert not are_slips_apart(one, other)
    assert not are_slips_apart(other, one)


def test_all_names_with_words_that_are_slips_apart_are_found() -> None:
    some = tuple(map(name_print, ("Stanislav Day", "Ivan Petrov", "Day Stanislav")))
    others = tuple(map(name_print, ("Marc Lefebvre", "Mstislav Oczko")))
    assert find_resembling(some, others) == {(0, 1), (2, 1)}
    assert find_resembling(others, some) == {(1, 0), (1, 2)}


def test_words_in_other_scripts_resemble_none() -> None:
    assert not find_resembling((name_print("Станислав Петров"),), (name_print("Mstislav Pjotrow"),))
