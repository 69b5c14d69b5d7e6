from __future__ import annotations

import pytest

from pipeline.matching.names import NamePrint
from pipeline.matching.names.name_sets import NameSet, name_set
from support.matching.prints import name_print


def _set_of(*names: str, entity_type: str = "person") -> NameSet:
    return NameSet(tuple(name_print(name, entity_type) for name in names))


def _runs(word: str, many: NameSet, entity_type: str = "person") -> set[str]:
    found = many.find_runs(_set_of(word, entity_type=entity_type))
    return {" ".join(token.text for token in held.run.tokens) for _, held in found}


def test_a_word_of_several_names_is_held_once() -> None:
    names = _set_of("Ivan Petrov", "Ivan Ivanov")
    assert [token.text for token in names.tokens] == ["ivan", "petrov", "ivanov"]
    assert (names.places, names.holders) == ([[0, 1], [0, 2]], [[0, 1], [0], [1]])


@pytest.mark.parametrize(
    ("word", "name", "run"),
    [("Abdulrahman", "Abdul Rahman Ahmad", "abdul rahman"), ("Vanderbilt", "Anna van der Bilt", "bilt")],
)
def test_words_written_together_are_found(word: str, name: str, run: str) -> None:
    assert run in _runs(word, _set_of(name, "Zbigniew Oczko"))


def test_an_acronym_finds_its_words() -> None:
    many = _set_of("National Standards Calibration Laboratory", entity_type="organisation")
    assert _runs("NSCL", many, "organisation") == {"national standards calibration laboratory"}


def test_runs_that_differ_in_most_letters_are_left_out() -> None:
    assert not _runs("Christophe", _set_of("Zbigniew Oczko Day"))


def test_the_set_of_one_entity_is_kept() -> None:
    names: tuple[NamePrint, ...] = (name_print("Ivan Petrov"), name_print("Vanya"))
    assert name_set(names) is name_set(names)
    assert name_set(names) is not name_set((*names,)[:1])
