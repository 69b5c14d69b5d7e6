"""The laws have teeth: a comparison that is loosened by one step without its bound makes its law fail.

Three ways: it allows one more edit (or a shorter value) than before; it gives each pair one level up; it speaks where a
side has no value. Of some fields a sketch only tells whether there is a value: their bound allows any level, so nothing
but the last can break it.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from pipeline.matching import comparisons
from pipeline.matching.comparisons import (
    address,
    birth_date,
    birth_place,
    email,
    identifier,
    phone,
    vehicle_numbers,
)
from pipeline.matching.comparisons.catalogue import BY_NAME, CATALOGUE
from pipeline.matching.comparisons.comparison import Compare, Comparison, ComparisonResult, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.names import joined_words, levels, token_levels, token_pairs
from pipeline.matching.names.levels import Likeness
from pipeline.matching.names.prints import TokenPrint
from support.matching.comparison_laws import edited_pairs, exceeding_its_bound

PAIRS = 2000
PORTION = 250
"""Of them at a time: most steps are told by the first few."""
PAIRS_OF = {"name": 12_000}
"""Of names few pairs are so far apart, and by no more, that one step matters."""


class Loosening(NamedTuple):
    """A step: `old` becomes `new` in the source of a function, or `function` names a constant and `new` its value."""

    comparison: str
    step: str
    module: ModuleType
    function: str
    old: str
    new: Any


EDITS = "score_cutoff=MOST_EDITS) <= MOST_EDITS", "score_cutoff=2) <= 2"

DEAR = "joined words less alike"
"""Shows itself in so few pairs that it takes as long as all others together."""

LOOSENINGS = (
    Loosening("name", "two edits for one", token_levels, "_spelling_level", "== 1 and shorter >", "<= 2 and shorter >"),
    Loosening("name", DEAR, joined_words, "ALIKE_SHARE", "", 2),
    Loosening("name", "three edits for near", token_levels, "_spelling_level", "distance == _FAR", "distance > _FAR"),
    Loosening("birth_date", "two digits for one", birth_date, "one_digit_off", "len(wrong) == 1", "len(wrong) <= 2"),
    Loosening("birth_date_partial", "two years for one", birth_date, "partial_level_of", "years == 1", "years <= 2"),
    Loosening("identifier", "two edits for one", identifier, "identifier_level", *EDITS),
    Loosening("identifier", "a number of four", identifier, "MIN_NEAR", "", 4),
    Loosening("phone", "two digits for one", phone, "phone_level", *EDITS),
    Loosening("phone", "a number of six", phone, "NEAR_DIGITS", "", 6),
    Loosening("vin", "two edits for one", vehicle_numbers, "vin_level", *EDITS),
    Loosening("plate", "two edits for one", vehicle_numbers, "plate_level", *EDITS),
    Loosening("plate", "a plate of four", vehicle_numbers, "SHORTEST", "", 4),
    Loosening("birth_place", "places less alike", birth_place, "are_near", ">= NEAR_PLACE", ">= 70"),
    Loosening("address", "two characters of a postcode", address, "_near", "True)) <= 1", "True)) <= 2"),
    Loosening("address", "cities less alike", address, "CITY_SIMILARITY", "", 70),
    Loosening(
        "address",
        "a house number a digit off",
        address,
        "_same_house",
        "x.main != y.main",
        "x.main[:1] != y.main[:1]",
    ),
)
HARMLESS = (Loosening("email", "four edits for three", email, "NEAR_EDITS", "", 4),)
"""E-mails may have any level."""

BOUNDED = tuple(comparison for comparison in CATALOGUE if comparison.bound is not None)
BY_PRESENCE = tuple(comparison for comparison in CATALOGUE if comparison.bound is None and comparison.sketched)

_OF_ONE_SCRIPT = [level for level in levels.LEVELS if level != levels.ALIGNED]
UP = dict(zip(_OF_ONE_SCRIPT[1:6], _OF_ONE_SCRIPT, strict=False))
"""Levels of name tokens up to EDIT, each with the one above it."""


@pytest.fixture
def loosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Loosening], None]]:
    def apply(step: Loosening) -> None:
        if not step.old:
            monkeypatch.setattr(step.module, step.function, step.new)
        else:
            source = textwrap.dedent(inspect.getsource(getattr(step.module, step.function)))
            assert step.old in source, "the step is of code that is gone"
            monkeypatch.setattr(step.module, step.function, _compiled(step, source.replace(step.old, step.new)))
        _forget()

    yield apply
    monkeypatch.undo()
    _forget()


def _compiled(step: Loosening, source: str) -> Any:
    namespace = dict(vars(step.module))
    exec(f"from __future__ import annotations\n{source}", namespace)
    return namespace[step.function]


def _forget() -> None:
    """What comparisons as they were have remembered of pairs, in whichever of their modules."""
    for name, module in list(sys.modules.items()):
        if name.startswith(comparisons.__name__):
            for remembering in vars(module).values():
                if isinstance(remembering, _lru_cache_wrapper):
                    remembering.cache_clear()
    token_pairs.PERSONAL._rows.clear()
    token_pairs.OTHER._rows.clear()


def one_level_up(comparison: Comparison) -> Compare:
    def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
        found = comparison.compare(a, b, table)
        return found if found is None or found.level == 0 else table.results[found.level - 1]

    return compare


def without_a_value(comparison: Comparison) -> Compare:
    def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
        return comparison.compare(a, b, table) or table.results[0]

    return compare


def fails(comparison: Comparison, model: Model, compare: Compare | None = None) -> bool:
    portions = range(PAIRS_OF.get(comparison.name, PAIRS) // PORTION)
    pairs = (edited_pairs(comparison.name, PORTION, at * PORTION) for at in portions)
    return any(exceeding_its_bound(comparison, some, model, compare) is not None for some in pairs)


@pytest.mark.parametrize(
    "step",
    [pytest.param(one, marks=[pytest.mark.rare] * (one.step == DEAR)) for one in LOOSENINGS],
    ids=lambda one: f"{one.comparison}: {one.step}",
)
def test_one_more_edit_breaks_the_law(step: Loosening, loosen: Callable[[Loosening], None], model: Model) -> None:
    loosen(step)
    assert fails(BY_NAME[step.comparison], model)


@pytest.mark.rare
@pytest.mark.parametrize("step", HARMLESS, ids=lambda one: f"{one.comparison}: {one.step}")
def test_one_more_edit_is_allowed_for(step: Loosening, loosen: Callable[[Loosening], None], model: Model) -> None:
    loosen(step)
    assert not fails(BY_NAME[step.comparison], model)


@pytest.mark.parametrize("comparison", [one for one in BOUNDED if one.name != "name"], ids=lambda one: one.name)
def test_one_level_up_breaks_the_law(comparison: Comparison, model: Model) -> None:
    assert fails(comparison, model, one_level_up(comparison))


def test_one_level_up_of_name_tokens_breaks_the_law(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    level = token_levels.token_level

    def one_up(x: TokenPrint, y: TokenPrint) -> Likeness:
        found = level(x, y)
        return found._replace(level=UP.get(found.level, found.level))

    monkeypatch.setattr(token_pairs, "token_level", one_up)
    _forget()
    try:
        assert fails(BY_NAME["name"], model)
    finally:
        monkeypatch.undo()
        _forget()


@pytest.mark.parametrize("comparison", BY_PRESENCE, ids=lambda one: one.name)
def test_one_level_up_is_allowed_for_where_any_level_is_open(comparison: Comparison, model: Model) -> None:
    assert not fails(comparison, model, one_level_up(comparison))


@pytest.mark.parametrize("comparison", [*BOUNDED, *BY_PRESENCE], ids=lambda one: one.name)
def test_a_comparison_that_speaks_without_a_value_breaks_the_law(comparison: Comparison, model: Model) -> None:
    assert fails(comparison, model, without_a_value(comparison))
