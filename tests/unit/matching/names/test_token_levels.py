"""Levels of single tokens."""

from __future__ import annotations

from itertools import product

import pytest

from pipeline.matching.names import levels
from pipeline.matching.names.prints import token_print
from pipeline.matching.names.token_levels import faint_bits, is_learnt, may_be_written, token_level, token_levels
from pipeline.matching.names.token_pairs import PERSONAL
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.records.organisation_words import use_translations


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
        ("edouard", "爱德华", levels.FAINT),
        ("blyth", "布萊斯", levels.SOUND),
    ],
)
def test_level_and_its_symmetry(one: str, other: str, level: str) -> None:
    x, y = token_print(one, "name"), token_print(other, "name")
    assert token_level(x, y) == token_level(y, x) == level


def test_a_faint_rendering_says_little_and_only_where_the_model_misses_many() -> None:
    bits = {script: faint_bits(script) for script in BY_SCRIPT}
    assert bits["Arabic"] < 0 < bits["Hangul"] < bits["Han"] < levels.LIMIT[levels.NEAR]
    pair = PERSONAL.judge(token_print("edouard", "name"), token_print("爱德华", "name"))
    assert (pair.level, pair.bits) == (levels.FAINT, bits["Han"])


def test_words_of_organisations_agree_by_meaning() -> None:
    assert token_level(token_print("intl", "core"), token_print("international", "core")) == levels.VARIANT


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
    assert token_level(x, y) == token_level(y, x) == level


def test_a_learnt_translation_is_told_from_a_known_meaning() -> None:
    use_translations({"zzgear": {"zzgyar": 3}})
    try:
        assert token_level(token_print("zzgear", "core"), token_print("zzgyar", "core")) == levels.TRANSLATION
        assert token_level(token_print("zzgear", "name"), token_print("zzgyar", "name")) != levels.TRANSLATION
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
        levels_of = [token_level(source, other) for other in latin]
        assert set(levels_of) > {levels.DIFFERENT}
        written_as = may_be_written([(text, source.script, other) for other in latin])
        assert all(may_be for may_be, level in zip(written_as, levels_of, strict=True) if level != levels.DIFFERENT)


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
    assert len(set(told)) > 3
