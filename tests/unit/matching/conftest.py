"""Entities as an agency sends them, through the real normalisation, and the shipped model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pipeline.matching.fingerprint import EntityPrint, Fingerprint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.records.model import Case
from pipeline.records.normalisation import normalise

CaseOf = Callable[..., Fingerprint]
PrintOf = Callable[..., EntityPrint]


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="session")
def case_of() -> CaseOf:
    """The fingerprint of a case that holds the raw entities, without keys: `case_of(entity, ..., country="FR")`."""

    def build(*entities: dict[str, Any], country: str = "FR", case_id: str = "1") -> Fingerprint:
        agency = country.lower()
        numbered = [{"id": f"e{at}", **entity} for at, entity in enumerate(entities)]
        document = {"case_id": case_id, "agency": agency, "country": country, "version": 1, "status": "active"}
        case = msgspec.convert({**document, "entities": numbered}, Case)
        prints = tuple(entity_print(entity) for entity in normalise(case).entities)
        return Fingerprint(case.key, 1, "", agency, country, entities=prints)

    return build


@pytest.fixture(scope="session")
def print_of(case_of: CaseOf) -> PrintOf:
    """The print of one raw entity: `print_of(type="person", ...)`."""

    def build(**entity: Any) -> EntityPrint:
        return case_of(entity).entities[0]

    return build
