"""Prints of entities, cases and names as an agency writes them, through the real normalisation."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.matching.fingerprint import EntityPrint, Fingerprint, entity_prints
from pipeline.matching.names import NameComparison, NamePrint, compare, make_name_print
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case
from pipeline.records.names import normalise_name
from support.records.builder import RawEntity, case_data


def case_of(*entities: RawEntity, country: str = "FR", case_id: str = "1") -> Fingerprint:
    """The fingerprint of a case that holds the raw entities, without keys."""
    agency = country.lower()
    case = msgspec.convert(case_data(agency, case_id, entities), Case)
    return Fingerprint(case.key, 1, "", agency, country, entities=entity_prints(normalise(case).entities))


def print_of(**entity: Any) -> EntityPrint:
    """Make the print of one raw entity, given by its fields (`type="person", names=[...]`)."""
    return case_of(entity).entities[0]


def name_print(full: str = "", entity_type: str = "person", **parts: str) -> NamePrint:
    """Make the print of a raw name, given in full or by its parts."""
    given, middle, family, patronymic = (parts.get(key, "") for key in ("given", "middle", "family", "patronymic"))
    return make_name_print(normalise_name(full, given, middle, family, patronymic, "", entity_type), entity_type)


def compare_names(one: str, other: str, entity_type: str = "person") -> NameComparison:
    """The comparison of two raw names."""
    return compare(name_print(one, entity_type), name_print(other, entity_type))
