"""Holds the record of a mapping kit against the case record's schema, before a row is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import jsonschema_rs

from pipeline.feeds.rules import ConstantRule, ListRule, Node, ObjectNode, RuleNode, ScopedNode
from pipeline.records import schemas

SchemaPart = Mapping[str, Any]

ENTITY = "#/$defs/entity"
LIKENESS_LETTERS = 3
"""A word has to have, to be like another: handling codes have two, and each is as like as the next."""


def check_shape(record: ObjectNode) -> None:
    """Raise ValueError with the place of the first field that no record has, or constant that no record holds."""
    _check_node(record, _definitions()["case"], "record")


def suggest_word(written: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the known word that is most like it, or "" where none is."""
    near = {word.casefold(): word for word in known}
    found = get_close_matches(written.casefold(), near, n=1) if len(written) >= LIKENESS_LETTERS else []
    return f"; did you mean {near[found[0]]}?" if found else ""


def _check_node(node: Node, written: SchemaPart, place: str) -> None:
    part = _resolve_part(written)
    match node:
        case ScopedNode():
            _check_node(node.node, written, place)
        case ConstantRule():
            _check_value(node.value, part, place)
        case RuleNode():
            held = part.get("items", part) if node.rule.is_list else part
            for value in (*node.rule.values.values(), node.rule.default):
                if value is not None:
                    _check_value(value, _resolve_part(held), place)
        case ListRule():
            if "items" not in part and "properties" in part:
                raise ValueError(f"`{place}` is one object, not a list of them")
            for number, item in enumerate(node.items):
                _check_node(item, part.get("items", {}), f"{place}[{number}]")
        case ObjectNode():
            _check_object(node, written, place)


def _check_object(node: ObjectNode, written: SchemaPart, place: str) -> None:
    if "items" in _resolve_part(written):
        raise ValueError(f"`{place}` is a list: begin each of its items with `-`")
    known = _entity_fields(node, place) if written.get("$ref") == ENTITY else _resolve_part(written).get("properties")
    for name, child in node.fields:
        if known is not None and name not in known:
            raise ValueError(f"`{place}.{name}`: a record has no such field here{suggest_word(name, known)}")
        _check_node(child, (known or {}).get(name, {}), f"{place}.{name}")


def _entity_fields(node: ObjectNode, place: str) -> dict[str, SchemaPart]:
    """The fields of an entity of the types that the kit gives it; of any type where a column tells it."""
    types = _definitions()["entity"]["properties"]["type"]
    match dict(node.fields).get("type"):
        case ConstantRule(value=value):
            possible = {value}
        case RuleNode(rule=rule) if rule.values:
            possible = {*rule.values.values(), *([] if rule.default is None else [rule.default])}
        case _:
            possible = set(types["enum"])
    for value in possible:
        _check_value(value, types, f"{place}.type")
    fields: dict[str, SchemaPart] = {}
    for value in possible:
        fields |= _definitions()[str(value)]["properties"]
    return {**fields, "type": types}


def _check_value(value: Any, part: SchemaPart, place: str) -> None:
    """Raise ValueError for a constant that the schema does not take."""
    if value is None or "properties" in part or "items" in part or jsonschema_rs.is_valid(dict(part), value):
        return
    if "enum" in part:
        known = [str(word) for word in part["enum"] if word is not None]
        raise ValueError(f"`{place}`: {value!r} is none of {', '.join(known)}{suggest_word(str(value), known)}")
    raise ValueError(f"`{place}`: {value!r} is not {part.get('description', 'what the record takes here')}")


def _resolve_part(part: SchemaPart) -> SchemaPart:
    """What a reference stands for; what is said beside it counts less, as it only describes."""
    while (name := str(part.get("$ref", ""))) and name.startswith("#/$defs/"):
        part = _definitions()[name.removeprefix("#/$defs/")]
    return part


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = schemas.schema("case")["$defs"]
    return definitions
