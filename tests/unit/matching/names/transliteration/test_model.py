"""The likeliest spellings of a word in another script."""

from __future__ import annotations

import pytest

from pipeline.matching.names.transliteration.corridors import BY_NAME, source_units
from pipeline.matching.names.transliteration.model import BEAM, END, START, best_arcs, rank_forms

WORDS = [
    ("arabic", "عبدالرحمن"),
    ("chinese", "约翰逊"),
    ("hebrew", "זוביזרטה"),
    ("japanese", "アレクサンダー"),
    ("korean", "알렉산더"),
    ("russian", "александрович"),
]

COUNTS = (1, 8, 24, 40)
"""Fewer, as many and more than are kept of a place anyway."""


def _rank_all(corridor: str, word: str, count: int) -> list[tuple[int, str]]:
    """The same search, which leaves out nothing before a place is ranked."""
    units = source_units(corridor, word)
    path = START + units + END * 2
    places: list[dict[str, int]] = [{"": 0}, *({} for _ in units)]
    for at in range(len(units)):
        ranked = sorted((loss, form) for form, loss in places[at].items())
        for loss, form in ranked[: max(count, BEAM)]:
            for arc_loss, width, letters in best_arcs(corridor, path[at : at + 3]):
                if at + width <= len(units):
                    ahead, total = places[at + width], loss + arc_loss
                    ahead[form + letters] = min(total, ahead.get(form + letters, total))
    return sorted((loss, form) for form, loss in places[-1].items())[:count]


@pytest.mark.parametrize(("corridor", "word"), WORDS)
@pytest.mark.parametrize("count", COUNTS)
def test_spellings_left_out_early_are_never_among_the_likeliest(corridor: str, word: str, count: int) -> None:
    expected = [(-loss, form) for loss, form in _rank_all(corridor, word, count) if form]
    assert rank_forms(word, BY_NAME[corridor].scripts[0], count) == expected
    assert len(expected) == count
