from __future__ import annotations

from pipeline.matching.names import NamePrint
from pipeline.matching.names.name_sets import NameSet, name_set
from support.matching.prints import name_print


def test_a_word_of_several_names_is_held_once() -> None:
    names = NameSet((name_print("Ivan Petrov"), name_print("Ivan Ivanov")))
    assert [token.text for token in names.tokens] == ["ivan", "petrov", "ivanov"]
    assert (names.words.tolist(), names.owners.tolist()) == ([0, 1, 0, 2], [0, 0, 1, 1])
    assert [names.holders(word).tolist() for word in range(3)] == [[0, 1], [0], [1]]


def test_the_set_of_one_entity_is_kept() -> None:
    names: tuple[NamePrint, ...] = (name_print("Ivan Petrov"), name_print("Vanya"))
    assert name_set(names) is name_set(names)
    assert name_set(names) is not name_set((*names,)[:1])
