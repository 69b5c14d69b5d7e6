"""From raw entities to normalised ones: the forms that matching compares, and warnings about what is doubtful."""

from __future__ import annotations

from pipeline.records import model
from pipeline.records.doubts import Doubts
from pipeline.records.entity_types import ENTITY_TYPES_BY_MODEL
from pipeline.records.fields import FieldReader
from pipeline.records.normalised import NormalisedCase


def normalise(case: model.Case) -> NormalisedCase:
    """All entities of a case in order; pure, and the same for equal entities in any case of the same country."""
    doubts = Doubts()
    entities = tuple(
        ENTITY_TYPES_BY_MODEL[type(entity)].normalise(entity, FieldReader(f"/data/entities/{at}", case.country, doubts))
        for at, entity in enumerate(case.entities)
    )
    return NormalisedCase(entities, doubts.warnings())
