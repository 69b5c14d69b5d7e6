"""Likelihood ratios of many pairs at once are those of single pairs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from pipeline.matching.names.levels import SURE
from pipeline.matching.names.transliteration import likelihood
from pipeline.matching.names.transliteration.corridors import BY_NAME, CORRIDORS
from pipeline.matching.names.transliteration.likelihood import (
    FEW,
    IMPOSSIBLE,
    LEAST,
    PairedLikelihood,
    find_ratios,
    likelihood_of,
    ratio_below,
)
from pipeline.matching.names.transliteration.model import latin_forms, shipped_model

WORDS = {
    "arabic": ("هشام", "محمد", "عبدالرحمن", "ال", "ا"),
    "chinese": ("约翰逊", "毛", "北京", "漢🙂"),
    "hebrew": ("זוביזרטה", "שלום", "כהן"),
    "japanese": ("アレクサンダー", "イワン", "さくら"),
    "korean": ("알렉산더", "김", "이영"),
    "russian": ("петров", "щ", "александрович", "ёлкин"),
}
LATIN = ("", "a", "petrov", "hichem", "muhammad", "johnson", "wienerschnitzel", "alexander", "sakura", "x" * 24)

each_corridor = pytest.mark.parametrize("corridor", [corridor.name for corridor in CORRIDORS])


def _make_pairs(corridor: str) -> list[tuple[str, str]]:
    script = BY_NAME[corridor].scripts[0]
    spelt = {form for word in WORDS[corridor] for form in latin_forms(word, script)}
    return list(product((*WORDS[corridor], "", "z?"), (*sorted(spelt), *LATIN)))


@each_corridor
def test_ratios_of_many_pairs_are_those_of_each(corridor: str) -> None:
    pairs = _make_pairs(corridor)
    ratio = likelihood_of(corridor).ratio
    told = [ratio(word, latin) for word, latin in pairs]
    found = PairedLikelihood(BY_NAME[corridor], shipped_model(corridor)).ratios(pairs)
    reached = [(a, b) for a, b in zip(told, found, strict=True) if a > IMPOSSIBLE / 2 or b > IMPOSSIBLE / 2]
    assert len(reached) > len(pairs) / 2
    assert [a for a, _ in reached] == [b for _, b in reached]


@each_corridor
def test_what_is_forgotten_is_found_again(corridor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = _make_pairs(corridor)
    kept = PairedLikelihood(BY_NAME[corridor], shipped_model(corridor)).ratios(pairs)
    monkeypatch.setattr(likelihood, "_MOST_BYTES", 0)
    forgetful = PairedLikelihood(BY_NAME[corridor], shipped_model(corridor))
    parts = [pairs[at : at + 7] for at in range(0, len(pairs), 7)]
    assert [ratio for part in parts for ratio in forgetful.ratios(part)] == kept


@each_corridor
@pytest.mark.parametrize("least", [LEAST, ratio_below(SURE)])
@pytest.mark.parametrize("count", [0, 1, *FEW.values(), 1 + max(FEW.values())])
def test_few_pairs_and_many_exceed_the_least_by_the_same(corridor: str, count: int, least: int) -> None:
    pairs = sorted(_make_pairs(corridor), key=lambda pair: len(pair[0] + pair[1]))[-count:] if count else []
    ratio = likelihood_of(corridor).ratio
    found = find_ratios(corridor, pairs, least)
    assert [max(one, least) for one in found] == [max(ratio(*pair), least) for pair in pairs]


def test_threads_that_score_at_once_do_not_mix_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "_MOST_BYTES", 0)
    corridor, model = BY_NAME["arabic"], shipped_model("arabic")
    pairs = _make_pairs("arabic")
    parts = [pairs[at : at + 5] for at in range(0, len(pairs), 5)]
    alone = [PairedLikelihood(corridor, model).ratios(part) for part in parts]
    shared = PairedLikelihood(corridor, model)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shared.ratios, parts * 3)) == alone * 3
