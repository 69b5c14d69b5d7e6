"""The list of all comparisons, in the order in which an explanation shows them."""

from __future__ import annotations

from pipeline.matching.comparisons.addresses import ADDRESSES
from pipeline.matching.comparisons.attributes import ATTRIBUTES
from pipeline.matching.comparisons.contacts import CONTACTS
from pipeline.matching.comparisons.dates import DATES
from pipeline.matching.comparisons.events import EVENTS
from pipeline.matching.comparisons.identifiers import IDENTIFIERS
from pipeline.matching.comparisons.levels import Comparison
from pipeline.matching.comparisons.names import NAMES
from pipeline.matching.comparisons.things import THINGS

CATALOGUE: tuple[Comparison, ...] = (
    *NAMES, *DATES, *IDENTIFIERS, *CONTACTS, *ADDRESSES, *ATTRIBUTES, *THINGS, *EVENTS
)  # fmt: skip

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

TYPES = ("person", "organisation", "vehicle", "phone", "account", "document", "vessel", "weapon", "address", "event")

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons that apply to two entities of one type."""
    return tuple(comparison for comparison in CATALOGUE if entity_type in comparison.types)
