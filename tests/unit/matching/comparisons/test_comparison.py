"""Several values of one field: the best pair counts, at a fee for what agrees with nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.comparisons.birth_date import BIRTH_DATE, BIRTH_DATE_PARTIAL
from pipeline.matching.comparisons.birth_place import BIRTH_PLACE
from pipeline.matching.comparisons.comparison import (
    CHOICE_FEES,
    Comparison,
    ComparisonResult,
    best_of_several,
    less_fee,
)
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explaining import explain
from pipeline.matching.model import Model
from support.matching.prints import case_of, print_of

DATE = "1980-05-03"


def compared(model: Model, comparison: Comparison, a: dict[str, Any], b: dict[str, Any]) -> ComparisonResult | None:
    one, other = print_of(type="person", **a), print_of(type="person", **b)
    found = comparison.compare(one, other, model.tables[comparison.name])
    mirrored = comparison.compare(other, one, model.tables[comparison.name])
    assert (found and found.bits) == (mirrored and mirrored.bits)
    return found


def of_dates(model: Model, a: list[str], b: list[str]) -> tuple[int, str]:
    """Bits against strangers, and the level shown, of two lists of dates."""
    fields: tuple[dict[str, Any], ...] = ({"birth_dates": a}, {"birth_dates": b})
    whole = compared(model, BIRTH_DATE, *fields)
    partial = compared(model, BIRTH_DATE_PARTIAL, *fields)
    assert whole is None or partial is None
    found, comparison = (whole, BIRTH_DATE) if whole else (partial, BIRTH_DATE_PARTIAL)
    return (found.weight, comparison.levels.at(found.level).key) if found else (0, "")


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        (["1980-05-03", "1970"], ["1980-05-03"], "same"),
        (["1970", "1980-05"], ["1980-05-03"], "same_year_month"),
        (["1979/1981"], ["1980-05-03"], "same_year"),
        (["1980-04/1980-06"], ["1980-05-03"], "same_year_month"),
        (["1980-06/1980-09"], ["1980-05-03"], "year_off_one"),
        (["1981~"], ["1980-05-03"], "same_year"),
        (["1982~"], ["1980-05-03"], "year_off_one"),
        (["1983~"], ["1980-05-03"], "years_apart"),
        (["1975/1979"], ["1980-05-03"], "year_off_one"),
        (["1970/1975"], ["1974/1990"], "same_year"),
        (["1985-01-02", "1986"], ["1970", "1955-11-30"], "different"),
    ],
)
def test_the_level_of_the_best_pair_is_shown(model: Model, a: list[str], b: list[str], level: str) -> None:
    assert of_dates(model, a, b)[1] == level


def test_a_date_that_agrees_too_costs_nothing(model: Model) -> None:
    same = of_dates(model, [DATE], [DATE])
    assert of_dates(model, [DATE, "1970-02-01"], [DATE, "1970-02-01"]) == same


def test_each_date_that_agrees_with_nothing_costs_what_chance_gains_by_it(model: Model) -> None:
    bits = [
        of_dates(model, [DATE, *(f"19{30 + 3 * k}-11-2{k}" for k in range(count))], [DATE])[0] for count in range(4)
    ]
    assert [bits[0] - one for one in bits] == [CHOICE_FEES[count] for count in range(4)] == [0, 100, 158, 200]


def test_a_wider_range_says_less(model: Model) -> None:
    widths = [of_dates(model, [f"1980/{1980 + width}"], [DATE])[0] for width in (1, 2, 5, 20)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0
    assert of_dates(model, ["1980/1981"], [DATE])[0] == of_dates(model, ["1980"], [DATE])[0] - 100
    assert of_dates(model, ["1901/2000"], [DATE])[0] == 0


def test_of_several_that_all_differ_no_fee_is_taken(model: Model) -> None:
    assert of_dates(model, ["1950-01-02", "1960-02-03"], [DATE]) == of_dates(model, ["1950-01-02"], [DATE])


def test_forty_dates_on_each_side_are_compared(model: Model) -> None:
    dates = [f"{1930 + k}-0{1 + k % 9}-1{k % 10}" for k in range(40)]
    assert of_dates(model, dates, dates)[1] == "same"
    assert of_dates(model, dates, [DATE])[0] < of_dates(model, [DATE], [DATE])[0]


def test_places(model: Model) -> None:
    same = compared(model, BIRTH_PLACE, {"birth_place": "Kazan"}, {"birth_place": "Kazan"})
    two = compared(model, BIRTH_PLACE, {"birth_places": ["Kazan", "Tver"]}, {"birth_place": "Kazan"})
    both = compared(model, BIRTH_PLACE, {"birth_places": ["Kazan", "Tver"]}, {"birth_places": ["Tver", "Kazan"]})
    other = compared(model, BIRTH_PLACE, {"birth_places": ["Kazan", "Tver"]}, {"birth_place": "Lyon"})
    assert same
    assert two
    assert both
    assert other
    assert same.weight - two.weight == 100
    assert both.weight == same.weight
    assert BIRTH_PLACE.levels.at(other.level).key == "different"


def test_each_alternative_has_its_own_best() -> None:
    grid = [[ComparisonResult((500, 100), 0, 0, 0), ComparisonResult((400, 300), 1, 0, 1)]]
    assert best_of_several(grid) == ComparisonResult((500, 300), 0, 0, 0)
    assert (less_fee(50, 100), less_fee(-50, 100), less_fee(150, 100)) == (0, -50, 50)


def test_the_explanation_shows_the_dates_that_agree(model: Model) -> None:
    names = [{"full": "Zbigniew Oczko"}]
    a = case_of({"type": "person", "names": names, "birth_dates": ["1955", "1980~"]})
    b = case_of({"type": "person", "names": names, "birth_dates": ["1980-05-03", "1991-01-01"]}, country="DE")
    [item] = [item for part in explain(a, b, model).entities for item in part.items if item.field == "birth_date"]
    assert (item.value_a, item.value_b) == ("1980~", "1980-05-03")
    assert "about 1980 ~ 1980-05-03" in text(explain(a, b, model), "en")
    assert "vers 1980 ~ 1980-05-03" in text(explain(a, b, model), "fr")


def test_persons_with_every_field_missing_are_nothing_to_each_other(model: Model) -> None:
    empty: dict[str, Any] = {"names": [], "birth_dates": [], "birth_places": [], "birth_date": None}
    assert compared(model, BIRTH_DATE, empty, empty) is None
    assert compared(model, BIRTH_PLACE, empty, {"birth_places": ["Kazan"]}) is None
