from __future__ import annotations

import numpy as np
import pytest

from pipeline.matching.names.joined_words import BACK, BOTH_WAYS, FORTH, NOWHERE
from pipeline.matching.names.name_sets import NameSet
from pipeline.matching.names.pair_bounds import PairBound, Side, bound_pairs
from support.matching.prints import compare_names, name_print


def _bounds(*sides: tuple[str, ...], entity_type: str = "person") -> list[PairBound]:
    a, b = (tuple(name_print(name, entity_type) for name in names) for names in sides)
    return bound_pairs(a, b)


def test_names_without_a_word_in_common_have_no_bound() -> None:
    assert [(bound.a, bound.b) for bound in _bounds(("Ivan Petrov", "Anna Day"), ("Petrov Ivan",))] == [(0, 0)]


def test_equal_names_are_bounded_by_what_they_weigh() -> None:
    (bound,) = _bounds(("Zbigniew Oczko",), ("Oczko Zbigniew",))
    assert bound == PairBound(compare_names("Zbigniew Oczko", "Oczko Zbigniew").bits, 0, 0, 2, 0, NOWHERE)


def test_words_that_find_nothing_on_both_sides_contradict() -> None:
    (bound,) = _bounds(("Zbigniew Oczko",), ("Zbigniew Petrov",))
    assert bound.contradict
    assert bound.bits == compare_names("Zbigniew Oczko", "Zbigniew Petrov").bits


def test_words_written_together_leave_contradictions_open() -> None:
    (bound,) = _bounds(("Abdulrahman Oczko",), ("Abdul Rahman Petrov",))
    assert bound.joined == FORTH
    assert not bound.contradict


def test_bounds_tell_in_which_of_two_names_words_are_written_together() -> None:
    (bound,) = _bounds(("Abdul Rahman Petrov",), ("Abdulrahman Oczko",))
    assert bound.joined == BACK
    (both,) = _bounds(("Abdul Rahman Vanderbilt",), ("Abdulrahman van der Bilt",))
    assert both.joined == BOTH_WAYS


def test_other_numbers_count_in_the_bound() -> None:
    same, other = (
        _bounds(("Unit 221 Trading",), (name,), entity_type="organisation")[0].bits
        for name in ("Trading Unit 221", "Trading Unit 39")
    )
    assert same - other >= 800


def test_a_patronymic_contradicts_nothing_but_hides_no_contradiction() -> None:
    (missing,) = _bounds(("Zbigniew Petrovich Oczko",), ("Zbigniew Oczko Kowal",))
    assert not missing.contradict
    assert missing.bits >= compare_names("Zbigniew Petrovich Oczko", "Zbigniew Oczko Kowal").bits
    (other,) = _bounds(("Zbigniew Petrovich Oczko",), ("Zbigniew Kowal",))
    assert other.contradict
    assert other.bits >= compare_names("Zbigniew Petrovich Oczko", "Zbigniew Kowal").bits


def _runs(word: str, *names: str, entity_type: str = "person") -> dict[str, set[int]]:
    held = NameSet([[name_print(name, entity_type) for name in side] for side in ((word,), names)])
    found: dict[str, set[int]] = {}
    for one in Side(held, np.array([0]), np.array([1])).find_runs():
        found.setdefault(one.run.texts, set()).add(one.name - 1)
    return found


@pytest.mark.parametrize(
    ("word", "name", "run"),
    [
        ("Abdulrahman", "Abdul Rahman Ahmad", "abdul rahman"),
        ("Vanderbilt", "Anna van der Bilt", "bilt"),
        ("Абдулрахман", "Abdul Rahman Ahmad", "abdul rahman"),
        ("Abdulrahman", "Абдул Рахман Ахмад", "абдул рахман"),
    ],
)
def test_words_written_together_are_found(word: str, name: str, run: str) -> None:
    assert _runs(word, "Zbigniew Oczko", name)[run] == {1}


def test_a_run_is_found_in_each_name_that_has_it() -> None:
    assert _runs("Abdulrahman", "Abdul Rahman", "Zbigniew", "Oczko Abdul Rahman") == {"abdul rahman": {0, 2}}


def test_words_of_two_names_make_no_run() -> None:
    assert not _runs("Abdulrahman", "Abdul", "Rahman")


def test_an_acronym_finds_its_words() -> None:
    name = "National Standards Calibration Laboratory"
    assert _runs("NSCL", name, entity_type="organisation") == {name.lower(): {0}}


def test_runs_that_differ_in_most_letters_are_left_out() -> None:
    assert not _runs("Christophe", "Zbigniew Oczko Day")
