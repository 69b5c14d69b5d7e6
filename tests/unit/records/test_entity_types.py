"""ENTITY_TYPES is whole: what the table can't hold itself (structs, schema, words) goes with it.

Each message names the file to change next, so that a new type is added by following the failures.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from types import UnionType
from typing import Any, Final, get_args

import msgspec
import pytest

from pipeline.records import model, schemas
from pipeline.records.entity_types import (
    COMPANIONABLE,
    ENTITY_TYPES,
    ENTITY_TYPES_BY_NAME,
    OF_EVERY_TYPE,
    TYPES,
    EntityType,
)
from pipeline.records.normalised import NormalisedEntity

SCHEMA: Final = schemas.schema("case")["$defs"]
BRANCHES: Final = {branch["if"]["properties"]["type"]["const"]: branch["then"] for branch in SCHEMA["entity"]["allOf"]}

OF_ALL: Final = {"id", "type", "role", "names", "identifiers", "remark"}
"""Fields that entities of several types have, which no row need name."""

each_type = pytest.mark.parametrize("row", ENTITY_TYPES, ids=lambda row: str(row.name))


def _structs() -> dict[str, type[Any]]:
    """The structs of pipeline.records.model that are entities, by their tag."""
    found = (kind for _, kind in inspect.getmembers(model, inspect.isclass) if issubclass(kind, msgspec.Struct))
    return {str(kind.__struct_config__.tag): kind for kind in found if kind.__struct_config__.tag}


def _types_of_schema() -> list[str]:
    return list(SCHEMA["entity"]["properties"]["type"]["enum"])


def test_the_schema_says_the_same_of_a_type_in_all_four_places() -> None:
    listed = _types_of_schema()
    described = SCHEMA["entity"]["properties"]["type"]["description"]
    for name in [*listed, *(set(BRANCHES) - set(listed))]:
        advice = f"schemas/case.schema.json: `{name}` needs an entry of $defs, of the enum of entity.type, of its "
        advice += "description, and an if-then of entity.allOf"
        assert name in SCHEMA, advice
        assert name in listed, advice
        assert SCHEMA[name]["properties"]["type"] == {"const": name}, advice
        assert BRANCHES.get(name) == {"$ref": f"#/$defs/{name}"}, advice
    assert described == f"one of the entity types: {', '.join(listed)}", "schemas/case.schema.json: entity.type"


def test_every_type_of_the_schema_has_a_struct() -> None:
    structs = _structs()
    for name in _types_of_schema():
        assert name in structs, f'pipeline/records/model.py: `{name}` needs a struct with tag="{name}"'
        assert structs[name] in get_args(model.Entity), (
            f"pipeline/records/model.py: Entity lacks `{structs[name].__name__}`"
        )
    assert isinstance(model.Entity, UnionType)


def test_every_type_of_the_schema_has_a_row_and_no_other() -> None:
    for name in _types_of_schema():
        assert name in ENTITY_TYPES_BY_NAME, f"pipeline/records/entity_types.py: ENTITY_TYPES lacks a row for `{name}`"
    assert list(TYPES) == _types_of_schema(), "pipeline/records/entity_types.py: ENTITY_TYPES is in another order"


@each_type
def test_every_field_of_a_type_has_a_label(row: EntityType) -> None:
    labelled = {field for one in ENTITY_TYPES for field in one.fields}
    lacking = set(row.model.__struct_fields__) - OF_ALL - labelled
    assert not lacking, f"pipeline/records/entity_types.py: no row's `fields` has a label for {sorted(lacking)}"
    assert row.label


@each_type
def test_a_row_names_fields_that_there_are(row: EntityType) -> None:
    own, normalised = set(row.model.__struct_fields__), set(NormalisedEntity.__struct_fields__)
    assert set(row.fields) <= own
    assert all(set(schema.properties) | set(schema.only_with) <= own for schema in row.follow_the_money)
    assert {field for group in row.needs for field in group} <= normalised
    assert set(OF_EVERY_TYPE) <= set(row.comparisons)


def test_no_two_types_share_a_prefix() -> None:
    prefixes = [prefix for row in ENTITY_TYPES for prefix in row.prefixes]
    assert len(set(prefixes)) == len(prefixes)


HELD: Final = {
    "companions": "person organisation",
    "by name": "person organisation vessel",
    "bears numbers": "person document",
    "in STIX": "person organisation address",
    "in FollowTheMoney": "person organisation vehicle account vessel address",
}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("companions", COMPANIONABLE),
        ("by name", [row.name for row in ENTITY_TYPES if row.by_name]),
        ("bears numbers", [row.name for row in ENTITY_TYPES if row.bears_numbers]),
        ("in STIX", [row.name for row in ENTITY_TYPES if row.stix]),
        ("in FollowTheMoney", [row.name for row in ENTITY_TYPES if row.follow_the_money]),
    ],
)
def test_the_first_ten_types_are_what_they_were(what: str, names: Iterable[str]) -> None:
    first = ENTITY_TYPES[:10]
    assert [name for name in names if name in {row.name for row in first}] == HELD[what].split()


def test_the_tables_that_derive_from_the_first_ten_types_are_what_they_were() -> None:
    """Digests of the tables: what a change does to them must be meant."""
    first = ENTITY_TYPES[:10]
    shapes = {
        row.name: [schema.name, dict(schema.properties)]
        for row in first
        for schema in row.follow_the_money
        if schema.name != "CryptoWallet"
    }
    assert _digest(shapes) == "7d048813f583f4c0"
    assert _digest({row.name: row.label for row in first}) == "067d4e7d251213d5"


def _digest(table: object) -> str:
    plain = msgspec.json.encode(table, order="sorted")
    return hashlib.blake2b(msgspec.json.format(plain, indent=0), digest_size=8).hexdigest()
