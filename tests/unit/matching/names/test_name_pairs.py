from __future__ import annotations

import gc

import pytest

from pipeline.matching.names import NamePrint, compare, name_pairs
from pipeline.matching.names.name_pairs import compare_only, meet_names, pairs_of
from pipeline.matching.names.pair_bounds import bound_pairs
from support.matching.prints import name_print

Names = tuple[NamePrint, ...]


def _names(*texts: str) -> Names:
    return tuple(name_print(text) for text in texts)


def test_two_names_are_compared_once() -> None:
    pairs = pairs_of(_names("Ali Hassan"), _names("Hassan Alim"))
    assert pairs.compare(0, 0) is pairs.compare(0, 0)
    assert pairs.compare(0, 0) == compare(pairs.a[0], pairs.b[0])


def test_what_names_say_is_found_once_for_the_same_objects() -> None:
    pairs = pairs_of(_names("Ali Hassan"), _names("Hassan Alim"))
    one, other = ["model"], ["model"]
    assert pairs.recall((one,), lambda: 1) == 1
    assert pairs.recall((one,), lambda: 2) == 1
    assert pairs.recall((other,), lambda: 3) == 3
    assert pairs.recall((one,), lambda: 4) == 4


def test_pairs_are_found_as_long_as_somebody_holds_them() -> None:
    a, b = _names("Ali Hassan"), _names("Hassan Alim")
    held = meet_names([(a, b)])
    assert pairs_of(a, b) is held[0]
    assert compare_only(a, b) is held[0].compare(0, 0)
    del held
    gc.collect()
    assert pairs_of(a, b) is not pairs_of(a, b)


@pytest.mark.parametrize("most", [1, 20, 200_000])
def test_many_are_bounded_as_each_by_itself(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_pairs, "_MOST_CELLS", most)
    a = _names("Zbigniew Oczko", "Abdulrahman Ali", "Иван Петров")
    others = [_names("Oczko Zbigniew", "Z. Oczko"), _names("Anna Day"), _names("Ivan Petrov", "Abdul Rahman")]
    met = meet_names([(a, other) for other in others])
    assert [pairs.bounds for pairs in met] == [pairs_of((*a,), (*b,)).bounds for b in others]
    assert [pairs.agree for pairs in met] == [True, False, True]
    assert meet_names([]) == []


def test_names_of_many_words_are_bounded_in_parts() -> None:
    """More than the 200 words that are bounded as one, between those that have something in common."""
    more = [f"Qu{at}xa Vo{at}ri Ze{at}nu" for at in range(80)]
    a = _names("Zbigniew Oczko", "Abdulrahman Ali", "Иван")
    b = _names("Ivan Petrov", *more[:40], "Abdul Rahman", *more[40:], "Z. Oczko")
    whole = bound_pairs(a, b)
    assert pairs_of(a, b).bounds == whole
    assert {(0, 82), (1, 41), (2, 0)} <= {(bound.a, bound.b) for bound in whole}
