"""All comparisons: what modules beside this one declare, each with its levels and their probabilities.

Rows of pipeline.records.entity_types name those that a type has, in the order in which an explanation shows them.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from pipeline.matching import comparisons
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.records.entity_types import ENTITY_TYPES, ENTITY_TYPES_BY_NAME


def _declared() -> dict[str, Comparison]:
    modules = [found.name for found in walk_packages(comparisons.__path__, f"{comparisons.__name__}.")]
    values = [value for module in modules if module != __name__ for value in vars(import_module(module)).values()]
    return {value.name: value for value in values if isinstance(value, Comparison)}


COMPARISONS = _declared()
"""By name."""


def _catalogue() -> tuple[Comparison, ...]:
    named = dict.fromkeys(name for row in ENTITY_TYPES for name in row.comparisons)
    if lacking := sorted(named.keys() - COMPARISONS.keys()):
        raise LookupError(f"{', '.join(lacking)}: no module of pipeline/matching/comparisons declares it")
    return tuple(COMPARISONS[name] for name in named)


CATALOGUE = _catalogue()
"""Those that a type of entity has."""

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons of two entities of one type, in its row's order.

    The order numbers those without room in a sketch (sketches.without_room), so that a new one goes to the end.
    """
    return tuple(BY_NAME[name] for name in ENTITY_TYPES_BY_NAME[entity_type].comparisons)
