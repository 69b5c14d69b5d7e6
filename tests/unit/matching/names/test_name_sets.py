from __future__ import annotations

import numpy as np

from pipeline.matching.names import NamePrint
from pipeline.matching.names.joined_words import spell
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


def test_runs_are_spelt_in_their_likeliest_latin_forms() -> None:
    names = NameSet((name_print("Иван Петров Сидоров"), name_print("Ivan Day")))
    runs = {names.run_at(number).texts: number for number in range(len(names.runs.starts))}
    wanted = [runs["петров сидоров"], runs["ivan day"]]
    assert names.spell_runs(np.array(wanted)) == [spell(names.run_at(number).tokens) for number in wanted]
    assert [names.run_owner(number) for number in wanted] == [0, 1]
