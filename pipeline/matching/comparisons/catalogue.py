"""All comparisons: whatever the modules of this package define and a type of entity names.

A comparison is a module here and its name in the rows of pipeline.records.entity_types, which also say in which order
an explanation shows them.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from pipeline.matching import comparisons
from pipeline.matching.comparisons.levels import Comparison
from pipeline.records.entity_types import ENTITY_TYPES, ENTITY_TYPES_BY_NAME


def defined() -> dict[str, Comparison]:
    """The comparisons that modules of this package define, by name; of a package within it, `comparison` defines."""
    found: dict[str, Comparison] = {}
    for module in iter_modules(comparisons.__path__, f"{comparisons.__name__}."):
        loaded = import_module(f"{module.name}.comparison" if module.ispkg else module.name)
        found |= {one.name: one for one in vars(loaded).values() if isinstance(one, Comparison)}
    return found


def _catalogue() -> tuple[Comparison, ...]:
    known = defined()
    named = dict.fromkeys(name for row in ENTITY_TYPES for name in row.comparisons)
    if lacking := sorted(named.keys() - known.keys()):
        raise LookupError(f"no module of pipeline/matching/comparisons/ defines {', '.join(lacking)}")
    return tuple(known[name] for name in named)


CATALOGUE = _catalogue()

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons of two entities of one type, in its row's order.

    The order numbers those without room in a sketch (sketches.without_room), so that a new one goes to the end.
    """
    return tuple(BY_NAME[name] for name in ENTITY_TYPES_BY_NAME[entity_type].comparisons)
