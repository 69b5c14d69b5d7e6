"""The shipped models: what they know, and that training them gives the same again."""

from __future__ import annotations

import msgspec
import pytest
from model_building.transliteration_alignment import WordPair, align_pairs
from model_building.transliteration_training import NamePairs, fold_latin, split_pairs, train_corridor

from pipeline.matching.names.levels import SURE
from pipeline.matching.names.transliteration.corridors import BY_NAME, BY_SCRIPT, CORRIDORS, latin_letters, source_units
from pipeline.matching.names.transliteration.likelihood import LEAST, likelihood_of, ratio_below
from pipeline.matching.names.transliteration.model import FORMS, latin_forms, shipped_model

WORDS = [
    ("arabic", "هشام", "hichem"),
    ("chinese", "约翰逊", "johnson"),
    ("hebrew", "זוביזרטה", "zubizarreta"),
    ("japanese", "アレクサンダー", "alexander"),
    ("korean", "알렉산더", "alexander"),
    ("russian", "петров", "petrov"),
]


@pytest.mark.parametrize(("corridor", "word", "latin"), WORDS)
def test_a_transliteration_is_likelier_than_another_name(corridor: str, word: str, latin: str) -> None:
    ratio = likelihood_of(corridor).ratio
    assert ratio(word, latin) > ratio_below(SURE) > LEAST > ratio(word, "wienerschnitzel")


@pytest.mark.parametrize(("corridor", "word", "latin"), WORDS)
def test_what_exceeds_the_least_is_told_the_same_and_nothing_else_exceeds_it(
    corridor: str, word: str, latin: str
) -> None:
    ratio = likelihood_of(corridor).ratio
    cut = [latin[:at] + "s" + latin[at + 1 :] for at in range(len(latin))]
    for least in (LEAST, 0, ratio_below(SURE)):
        for other in (latin, *cut, *(one for _, _, one in WORDS)):
            whole, found = ratio(word, other), ratio(word, other, least)
            assert found == whole if whole > least else found <= least


@pytest.mark.parametrize("corridor", [corridor.name for corridor in CORRIDORS])
def test_models_say_where_they_come_from(corridor: str) -> None:
    counts = shipped_model(corridor).counts
    assert "CC0" in str(counts.facts["source"])


@pytest.mark.parametrize(("corridor", "word", "latin"), WORDS)
def test_forms_are_few_distinct_and_near(corridor: str, word: str, latin: str) -> None:
    forms = latin_forms(word, BY_NAME[corridor].scripts[0])
    assert 1 <= len(forms) <= FORMS
    assert len(set(forms)) == len(forms)
    assert all(form.isascii() and form.isalpha() for form in forms)


def test_scripts_without_a_model_have_one_plain_form() -> None:
    assert latin_forms("სააკაშვილი", "Georgian") == ("saakashvili",)


@pytest.mark.parametrize("script", list(BY_SCRIPT))
def test_words_that_no_model_knows_do_not_crash(script: str) -> None:
    for word in ("", "?", "🙂", "a" * 30, "漢" * 30):
        assert isinstance(latin_forms(word, script), tuple)
    assert isinstance(likelihood_of(BY_SCRIPT[script].name).ratio("漢🙂", ""), int)


def test_units_are_what_is_written_by_sound() -> None:
    assert len(source_units("korean", "김")) == 3
    assert len(source_units("chinese", "王")) == 2
    assert source_units("chinese", "吕") == source_units("chinese", "呂")
    assert source_units("japanese", "やまだ") == source_units("japanese", "ヤマダ")
    assert source_units("arabic", "مُحَمَّد") == source_units("arabic", "محمد")
    assert latin_letters("Núñez-O'Neil") == "nunezoneil"


def test_held_out_names_are_in_no_training_pair() -> None:
    pairs = [(f"name{at % 6000}", f"слово{at}", 1) for at in range(9000)]
    found = split_pairs(pairs)
    held = {fold_latin(latin) for latin, _, _ in (*found.dev, *found.test)}
    assert not held & {fold_latin(latin) for latin, _, _ in found.train}
    assert split_pairs(pairs) == found


def _toy_pairs(count: int) -> list[tuple[str, str, int]]:
    letters = dict(zip("abdeiklmnoprstuvz", "абдеиклмнопрстувз", strict=True))
    syllables = [one + vowel for one in "bdklmnprstvz" for vowel in "aeiou"]
    places = ((at % 60, (at * 7 + 3) % 60, (at * 13 + at // 60) % 60) for at in range(count))
    words = ["".join(syllables[place] for place in three) for three in places]
    return [(word, "".join(letters[letter] for letter in word), 1) for word in words]


def test_alignment_finds_which_letter_stands_for_which() -> None:
    pairs = [WordPair(source, latin, 1) for latin, source, _ in _toy_pairs(300)]
    noise = WordPair("затозато", "pumileru", 1)
    aligned = {pair.latin: arcs for pair, arcs in align_pairs([*pairs, noise], BY_NAME["arabic"])}
    assert noise.latin not in aligned
    assert len(aligned) > 290
    assert all(arcs == [(1, 1)] * 6 for arcs in aligned.values())


@pytest.mark.rare
def test_training_is_deterministic() -> None:
    pairs = _toy_pairs(300)
    split = NamePairs(tuple(pairs[:220]), tuple(pairs[220:260]), tuple(pairs[260:]))
    first, second = (train_corridor(BY_NAME["arabic"], [split]) for _ in range(2))
    assert msgspec.json.encode(first, order="deterministic") == msgspec.json.encode(second, order="deterministic")
