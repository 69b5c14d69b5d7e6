from __future__ import annotations

from itertools import permutations

import pytest

from pipeline.matching.alternatives import GROUP, STRANGERS
from pipeline.matching.comparisons.other_names import OTHER_NAMES
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import weigh_entities
from support.matching.prints import print_of


def bearer(*names: str, kind: str = "person", aliases: str = "alias", **fields: str) -> EntityPrint:
    kinds = ("primary", *[aliases] * len(names))
    return print_of(type=kind, names=[{"full": n, "kind": k} for n, k in zip(names, kinds, strict=False)], **fields)


def level_of(one: EntityPrint, other: EntityPrint, model: Model) -> str | None:
    table = model.tables[OTHER_NAMES.name]
    found, mirrored = OTHER_NAMES.compare(one, other, table), OTHER_NAMES.compare(other, one, table)
    assert (found and (found.level, found.bits)) == (mirrored and (mirrored.level, mirrored.bits))
    return None if found is None else OTHER_NAMES.levels.at(found.level).key


FIRST, SECOND, THIRD = "Zbigniew Oczko", "Efstratios Papadakis", "Tancred Villeneuve"

LEVELS = {
    "one name each": ((FIRST,), (FIRST,), None),
    "one side has one name": ((FIRST, SECOND), (FIRST,), None),
    "one in common": ((FIRST, SECOND), (FIRST, THIRD), None),
    "two in common": ((FIRST, SECOND), (SECOND, FIRST), "one_more"),
    "two in common of more": ((FIRST, SECOND, "Per Hansen"), ("Ada Brink", FIRST, SECOND), "one_more"),
    "three in common": ((FIRST, SECOND, THIRD), (THIRD, SECOND, FIRST), "several_more"),
    "in another order of words": ((FIRST, SECOND), ("Oczko Zbigniew", "Papadakis Efstratios"), "one_more"),
    "in another script": (("Ivan Savin", "Boris Kuzmin"), ("Иван Савин", "Борис Кузьмин"), "one_more"),
    "a name in two scripts": (("김 정은", "Rocket Man"), ("Rocket Man", "김 정은"), None),
    "renderings beside another name": (
        ("Ivan Savin", "Иван Савин", "Борис Кузьмин"),
        ("Борис Кузьмин", "Иван Савин"),
        "one_more",
    ),
    "spellings of one name": ((FIRST, "Zbigniev Otchko"), (FIRST, "Zbigniev Otchko"), None),
    "two names that share a word": ((FIRST, "Zbigniew Papadakis"), (FIRST, "Zbigniew Papadakis"), None),
    "single names": (("Zbigniew", "Efstratios"), ("Zbigniew", "Efstratios"), None),
    "common names": (("Jose Li", "Maria Lee"), ("Maria Lee", "Jose Li"), None),
}


@pytest.mark.parametrize("case", LEVELS)
def test_names_in_common_are_counted(case: str, model: Model) -> None:
    one, other, level = LEVELS[case]
    assert level_of(bearer(*one), bearer(*other), model) == level


def test_a_nickname_counts_for_nothing(model: Model) -> None:
    weak = bearer(FIRST, SECOND, aliases="nickname")
    assert level_of(weak, bearer(FIRST, SECOND), model) is None


def test_names_of_bodies_may_be_of_one_word(model: Model) -> None:
    names = ("Mourabitoun", "Les Sentinelles")
    assert level_of(bearer(*names, kind="organisation"), bearer(*names, kind="organisation"), model) == "one_more"


def test_of_several_names_one_more_adds_whatever_their_order(model: Model) -> None:
    namesakes = [
        weigh_entities(
            bearer(*names, birth_date="1973-09-28"), bearer(*reversed(names), birth_date="1979-12-31"), model
        )
        for names in ((FIRST,), (FIRST, SECOND), (FIRST, SECOND, THIRD))
    ]
    assert namesakes == sorted(namesakes)
    assert namesakes[1] - namesakes[0] > 300
    assert namesakes[2] - namesakes[1] > 200
    bits = {
        weigh_entities(bearer(*some), bearer(FIRST, SECOND, THIRD), model)
        for some in permutations((FIRST, SECOND, THIRD))
    }
    assert len(bits) == 1


def test_a_body_that_bears_all_names_of_its_group_may_be_another_of_it(model: Model) -> None:
    names = ("Mourabitoun", "Les Sentinelles")
    body, other = (bearer(*names, kind="organisation") for _ in range(2))
    found = OTHER_NAMES.compare(body, other, model.tables[OTHER_NAMES.name])
    assert found is not None
    assert 0 < found.bits[GROUP] <= 100 < found.bits[STRANGERS]


def test_fifty_names_alike_are_one(model: Model) -> None:
    names = [f"Zbigniew{chr(97 + at % 26)}{chr(97 + at // 26)} Oczko{chr(97 + at % 26)}" for at in range(50)]
    assert level_of(bearer(*names), bearer(*names), model) is None
