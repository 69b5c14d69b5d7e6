from __future__ import annotations

from pipeline.matching.comparisons.name.comparison import NAME
from pipeline.matching.comparisons.name.groups import choice_fee
from pipeline.matching.model import Model
from support.matching.prints import case_of
from support.records.builder import RawEntity, person

ALIAS = "Zbigniew Oczko"


def level(model: Model, one: RawEntity, other: RawEntity) -> str:
    a, b = (case_of(some).entities[0] for some in (one, other))
    found = NAME.compare(a, b, model.tables["name"])
    assert found is not None
    return NAME.levels.at(found.level).key


def test_an_initial_and_a_second_family_name_do_not_contradict_each_other(model: Model) -> None:
    before = person(names=[{"given": "Halina", "middle": "J", "family": "Roganek"}])
    assert level(model, before, person(given="Halina", family="Liparz-Roganek")) == "longer"
    assert level(model, before, person(given="Teresa", family="Roganek")) == "conflict"


def weight(model: Model, names: tuple[str, ...], others: tuple[str, ...]) -> int:
    """Bits against strangers of two people's names."""
    a, b = (case_of(person(names=[{"full": name} for name in some])).entities[0] for some in (names, others))
    found = NAME.compare(a, b, model.tables["name"])
    assert found is not None
    return found.weight


def test_names_that_agree_with_nothing_pay_for_the_choice_among_them(model: Model) -> None:
    alone = weight(model, (ALIAS,), (ALIAS,))
    assert alone - weight(model, (ALIAS, "Aino Virtanen"), (ALIAS,)) == choice_fee(1)
    assert alone - weight(model, (ALIAS, "Aino Virtanen"), (ALIAS, "Marc Lefebvre")) == 2 * choice_fee(1)


def test_spellings_of_one_name_are_one_try(model: Model) -> None:
    spellings = (ALIAS, "Philip Maier", "Phillip Mayer", "Filip Maier")
    assert weight(model, spellings, (ALIAS,)) == weight(model, spellings[:2], (ALIAS,))


def test_one_more_name_that_agrees_costs_nothing(model: Model) -> None:
    names = (ALIAS, "Aino Virtanen")
    assert weight(model, names, names) >= weight(model, (ALIAS,), (ALIAS,))


def test_names_that_contradict_pay_nothing_more(model: Model) -> None:
    assert weight(model, ("Aino Virtanen", "Marc Lefebvre"), (ALIAS,)) == weight(model, ("Aino Virtanen",), (ALIAS,))
