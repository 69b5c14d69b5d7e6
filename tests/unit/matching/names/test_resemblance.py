from __future__ import annotations

import pytest

from pipeline.matching.names.resemblance import are_slips_apart, find_resembling
from support.matching.prints import name_print


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
