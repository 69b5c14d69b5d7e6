from __future__ import annotations

import pytest

from pipeline.matching.names.name_runs import find_runs
from pipeline.matching.names.name_sets import NameSet
from support.matching.prints import name_print


def _runs(word: str, *names: str, entity_type: str = "person") -> dict[str, set[int]]:
    one, many = (NameSet([name_print(name, entity_type) for name in side]) for side in ((word,), names))
    found: dict[str, set[int]] = {}
    for held in find_runs(one, many):
        found.setdefault(held.run.texts, set()).add(held.name)
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
