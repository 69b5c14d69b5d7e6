from __future__ import annotations

from random import Random

import pytest

from pipeline.matching.comparisons.vehicle_numbers import fits, plate_level, vin_level
from pipeline.matching.fingerprint import IdentifierPrint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import weigh_entities
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (("1HGCM82633A004352", 1), ("1HGCM82633A004352", 1), "same"),
        (("1HGCM82633A004352", 1), ("1HGCM82633A0O4352", -1), "confusable"),
        (("1HGCM82633A004352", 1), ("1HGCM82633A004353", 0), "one_edit_checked"),
        (("WVWZZZ1JZXW000001", -1), ("WVWZZZ1JZXW000007", -1), "one_edit"),
        (("1HGCM82633A004352", 1), ("WVWZZZ1JZXW000001", -1), "different"),
    ],
)
def test_vin_levels(p: tuple[str, int], q: tuple[str, int], expected: str) -> None:
    a, b = (IdentifierPrint("vin", value, "", valid) for value, valid in (p, q))
    assert vin_level(a, b).key == expected


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (("AB123CD", "FR"), ("AB123CD", "FR"), "same"),
        (("AB123CD", "FR"), ("AB123CD", ""), "same"),
        (("AB123CD", "FR"), ("AB123CD", "IT"), "same_other_country"),
        (("AB123CD", "FR"), ("A8123CD", "FR"), "confusable"),
        (("AB123CD", "FR"), ("AB124CD", "FR"), "one_edit"),
        (("AB123CD", "FR"), ("AB12*", "FR"), "partial_long"),
        (("AB123CD", "FR"), ("*123CD", ""), "partial_long"),
        (("AB123CD", "FR"), ("AB?????", "FR"), "partial_short"),
        (("AB123CD", "FR"), ("BA12*", "FR"), "different"),
        (("AB123CD", "FR"), ("ZZ999ZZ", "FR"), "different"),
    ],
)
def test_plate_levels(p: tuple[str, str], q: tuple[str, str], expected: str) -> None:
    a, b = (IdentifierPrint("plate", *one) for one in (p, q))
    assert plate_level(a, b).key == expected
    assert plate_level(b, a).key == expected


@pytest.mark.parametrize(
    ("p", "q", "fit"),
    [
        ("AB?23*", "AB123CD", True), ("AB?23*", "AB12", False), ("*", "X", True), ("A*C", "ABBC", True),
        ("A*C", "ABBD", False), ("A?*", "?BC", True), ("", "*", True), ("12*", "2*", False),
    ],
)  # fmt: skip
def test_wildcards_keep_the_order(p: str, q: str, fit: bool) -> None:
    assert fits(p, q) is fit
    assert fits(q, p) is fit


def fits_step_by_step(p: str, q: str) -> bool:
    """The same from every place that both can be read to, one character after the other."""
    reach = seen = {(0, 0)}
    while reach:
        reach = {step for i, j in reach for step in _steps(p[i : i + 1], q[j : j + 1], i, j)} - seen
        seen = seen | reach
    return (len(p), len(q)) in seen


def _steps(left: str, right: str, i: int, j: int) -> list[tuple[int, int]]:
    steps = []
    if left and right and (left == right or "?" in (left, right)) and "*" not in (left, right):
        steps.append((i + 1, j + 1))
    if left == "*":
        steps += [(i + 1, j)] + ([(i, j + 1)] if right else [])
    if right == "*":
        steps += [(i, j + 1)] + ([(i + 1, j)] if left else [])
    return steps


def test_two_plates_fit_as_they_do_step_by_step() -> None:
    random = Random(1)
    kinds = ("AB", "AB?", "AB?*", "A*")
    for _ in range(20_000):
        p, q = ("".join(random.choice(random.choice(kinds)) for _ in range(random.randrange(9))) for _ in "pq")
        assert fits(p, q) is fits(q, p) is fits_step_by_step(p, q), (p, q)


def test_make_model_and_colour_support_or_contradict_a_partial_plate(model: Model) -> None:
    seen = print_of(type="vehicle", plate="AB?23*", make="Renault", model="Clio", colour="red")
    same = print_of(type="vehicle", plate="AB-123-CD", make="Renault", model="Clio", colour="red")
    bare = print_of(type="vehicle", plate="AB-123-CD")
    other = print_of(type="vehicle", plate="AB-123-CD", make="Volvo", model="V70", colour="grey")
    assert weigh_entities(seen, same, model) > weigh_entities(seen, bare, model) > weigh_entities(seen, other, model)


def test_a_weapon_needs_its_maker_for_its_serial(model: Model) -> None:
    entity = print_of(type="weapon", serial="K4711", make="Walther", calibre="9 mm")
    other = print_of(type="weapon", serial="K4711", make="Beretta", calibre="7.65 mm")
    assert weigh_entities(entity, entity, model) > weigh_entities(entity, other, model)
