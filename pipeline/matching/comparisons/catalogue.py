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


_OF_OTHERS = sorted((name, comparison) for name, comparison in COMPARISONS.items() if comparison.also_of)


def _catalogue() -> tuple[Comparison, ...]:
    named = dict.fromkeys(name for row in ENTITY_TYPES for name in row.comparisons)
    if lacking := sorted(named.keys() - COMPARISONS.keys()):
        raise LookupError(f"{', '.join(lacking)}: no module of pipeline/matching/comparisons declares it")
    return (*(COMPARISONS[name] for name in named), *(one for name, one in _OF_OTHERS if name not in named))


CATALOGUE = _catalogue()
"""Those that a type of entity has."""

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons of two entities of one type, in its row's order, and then those that name the type themselves.

    The order numbers those without room in a sketch (sketches.without_room), so that a new one goes to the end.
    """
    names = ENTITY_TYPES_BY_NAME[entity_type].comparisons
    own = [one for name, one in _OF_OTHERS if entity_type in one.also_of and name not in names]
    return (*(BY_NAME[name] for name in names), *own)
