"""Prints of names as an agency writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.matching.names import NameComparison, NamePrint, compare, prepare
from pipeline.records.names import normalise_name

PrintOf = Callable[..., NamePrint]
Hold = Callable[..., NameComparison]


@pytest.fixture(scope="session")
def name_print() -> PrintOf:
    """The print of a raw name: `name_print(full, type="person", given=..., family=...)`."""

    def build(full: str = "", entity_type: str = "person", **parts: str) -> NamePrint:
        given, middle, family, patronymic = (parts.get(key, "") for key in ("given", "middle", "family", "patronymic"))
        return prepare(normalise_name(full, given, middle, family, patronymic, "", entity_type), entity_type)

    return build


@pytest.fixture(scope="session")
def hold(name_print: PrintOf) -> Hold:
    """The comparison of two raw names: `hold(one, other, type="person")`."""

    def against(one: str, other: str, entity_type: str = "person") -> NameComparison:
        return compare(name_print(one, entity_type), name_print(other, entity_type))

    return against
