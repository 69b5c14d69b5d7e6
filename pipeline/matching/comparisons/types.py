"""Types of entities for whose fields sketches have room (Comparison.bounded)."""

from __future__ import annotations

from pipeline.records.entity_types import PERSON as PERSON_ROW
from pipeline.records.entity_types import TYPES
from pipeline.records.entity_types import VEHICLE as VEHICLE_ROW

ALL = frozenset(TYPES)
PERSON = frozenset({PERSON_ROW.name})
VEHICLE = frozenset({VEHICLE_ROW.name})
