from __future__ import annotations

from pipeline.matching.names.joined_words import spell
from pipeline.matching.names.name_sets import NameSet
from support.matching.prints import name_print


def test_a_word_of_several_names_is_held_once() -> None:
    names = NameSet([(name_print("Ivan Petrov"), name_print("Ivan Ivanov"))])
    assert [token.text for token in names.tokens] == ["ivan", "petrov", "ivanov"]
    assert (names.words.tolist(), names.owners.tolist()) == ([0, 1, 0, 2], [0, 0, 1, 1])


def test_a_term_is_a_word_of_one_entity() -> None:
    names = NameSet([(name_print("Ivan Petrov"), name_print("Ivan Day")), (name_print("Petrov Ivan"),)])
    assert (names.terms.tolist(), names.term_at.tolist()) == ([0, 1, 2, 1, 0], [0, 1, 0, 2, 3, 4])
    assert (names.termed.starts.tolist(), names.termed.counts.tolist()) == ([0, 3], [3, 2])
    spans, held = names.holders
    assert (spans.counts.tolist(), held.tolist()) == ([2, 1, 1, 1, 1], [0, 1, 0, 1, 2, 2])


def test_the_runs_of_an_entity_stand_side_by_side() -> None:
    names = NameSet([(name_print("Ivan Petrov Day"),), (name_print("Anna Day"), name_print("Anna van der Bilt"))])
    assert (names.ran.starts.tolist(), names.ran.counts.tolist()) == ([0, 3], [3, 3])
    texts = [names.run_at(number).texts for number in range(6)]
    assert (sorted(texts[:3]), sorted(texts[3:])) == (
        ["ivan petrov", "ivan petrov day", "petrov day"],
        ["anna bilt", "anna day", "bilt"],
    )


def test_runs_are_spelt_in_their_likeliest_latin_forms() -> None:
    names = NameSet([(name_print("Иван Петров Сидоров"), name_print("Ivan Day"))])
    runs = {names.run_at(number).texts: number for number in range(len(names.runs.starts))}
    wanted = [runs["петров сидоров"], runs["ivan day"]]
    assert [names.spell_run(number) for number in wanted] == [spell(names.run_at(number).tokens) for number in wanted]
    assert [names.run_names[number] for number in wanted] == [0, 1]
