"""The list of all comparisons, in the order in which an explanation shows them."""

from __future__ import annotations

from pipeline.matching.comparisons.address import ADDRESS
from pipeline.matching.comparisons.birth_date import BIRTH_DATE, BIRTH_DATE_PARTIAL
from pipeline.matching.comparisons.birth_date_text import BIRTH_DATE_TEXT
from pipeline.matching.comparisons.birth_place import BIRTH_PLACE
from pipeline.matching.comparisons.calibre import CALIBRE
from pipeline.matching.comparisons.colour import COLOUR
from pipeline.matching.comparisons.coordinates import COORDINATES
from pipeline.matching.comparisons.email import EMAIL
from pipeline.matching.comparisons.gender import GENDER
from pipeline.matching.comparisons.identifier import IDENTIFIER
from pipeline.matching.comparisons.levels import Comparison
from pipeline.matching.comparisons.make import MAKE
from pipeline.matching.comparisons.method import METHOD
from pipeline.matching.comparisons.model import MODEL
from pipeline.matching.comparisons.name.comparison import NAME
from pipeline.matching.comparisons.nationality import NATIONALITY
from pipeline.matching.comparisons.phone import PHONE
from pipeline.matching.comparisons.plate import PLATE
from pipeline.matching.comparisons.vin import VIN
from pipeline.matching.comparisons.when_where import WHEN_WHERE

CATALOGUE: tuple[Comparison, ...] = (
    NAME,
    BIRTH_DATE, BIRTH_DATE_PARTIAL, BIRTH_DATE_TEXT,
    IDENTIFIER,
    PHONE, EMAIL,
    ADDRESS,
    GENDER, NATIONALITY, BIRTH_PLACE,
    VIN, PLATE, MAKE, MODEL, COLOUR, CALIBRE,
    WHEN_WHERE, METHOD, COORDINATES,
)  # fmt: skip
"""The order also numbers the comparisons without room in a sketch (sketches.without_room): append new ones."""

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons that apply to two entities of one type."""
    return tuple(comparison for comparison in CATALOGUE if entity_type in comparison.types)
