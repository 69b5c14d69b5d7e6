"""The rules of a mapping kit: a tree shaped like the record whose leaves say which columns a value comes from.

A leaf is a constant, a template ("{street} {number}") or a rule (a mapping with `from`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

Cell: TypeAlias = str | tuple[str, ...]
"""One cell of the table: text ("" where empty), or several texts where the source holds a list."""
Row: TypeAlias = Mapping[str, Cell]
Scalar: TypeAlias = str | int | float | bool | None

NUMBER = "#"
"""`{#}` in an item repeated for each of several values: 1 for the first, 2 for the second ..."""


class Template(msgspec.Struct, frozen=True):
    """Literal text and columns in turn; `parts` holds (text, column or "")."""

    parts: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset(column for _, column in self.parts if column and column != NUMBER)

    def __str__(self) -> str:
        return "".join(text + (f"{{{column}}}" if column else "") for text, column in self.parts)

    def fill_texts(self, row: Row) -> list[str]:
        """The filled-in values: none where all columns are empty, several where the one column holds a list."""
        if len(self.parts) == 1 and not self.parts[0][0]:
            cell = row.get(self.parts[0][1], "")
            return [text for text in (cell if isinstance(cell, tuple) else (cell,)) if text]
        cells = {column: _join_cell(row.get(column, "")) for _, column in self.parts}
        named = self.columns
        if named and not any(cells[column] for column in named):
            return []
        return [_tidy_text("".join(text + cells[column] for text, column in self.parts))]


class ConstantRule(msgspec.Struct, frozen=True):
    """A leaf that is the same for every row."""

    value: Scalar


class MappingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "kind": "as"}):
    """A leaf with a rule.

    `split` cuts the text into a list of values; `each` cuts it too, and repeats the object around it for each of them.
    `values` translates a value (`default` stands for what it does not list). `dates` are the strptime formats it may be
    written in (`zone` for those with a time of day); a date that fits none of them, or fits two in different ways, goes
    as it stands to the neighbouring field `or_text`. `as` makes it a number, or a digest: an id that is the same on
    every run and gives nothing of the text away.
    """

    source: str
    split: str = ""
    each: str = ""
    values: dict[str, Scalar] = {}
    default: Scalar = None
    dates: tuple[str, ...] = ()
    or_text: str = ""
    zone: str = "UTC"
    kind: Literal["text", "integer", "number", "digest"] = "text"


class RuleNode(msgspec.Struct, frozen=True):
    """A compiled rule."""

    template: Template
    rule: MappingRule


class ObjectNode(msgspec.Struct, frozen=True):
    """An object: field name to node; `columns` are all that it names, known once for all rows."""

    fields: tuple[tuple[str, Node], ...]
    columns: frozenset[str]

    @classmethod
    def from_fields(cls, fields: tuple[tuple[str, Node], ...]) -> ObjectNode:
        """The object of these fields."""
        return cls(fields, frozenset[str]().union(*(columns_of(child) for _, child in fields)))


class ListRule(msgspec.Struct, frozen=True):
    """A list; an object in it that holds an `each` is repeated for each of its values."""

    items: tuple[Node, ...]


Node: TypeAlias = ConstantRule | RuleNode | ObjectNode | ListRule


def compile_template(text: str, place: str) -> Template:
    """Parse `{column}` placeholders ({{ and }} are braces); raises ValueError naming the place in the kit."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"`{place}`: {error} in {text!r}") from error
    if any(column == "" or spec or conversion for _, column, spec, conversion in parsed):
        raise ValueError(f"`{place}`: {text!r} must name columns plainly, as in {{column}}")
    return Template(tuple((literal, column or "") for literal, column, _, _ in parsed))


def compile_node(written: Any, place: str) -> Node:
    """Compile one node of a kit's `record` tree; raises ValueError naming the place in the kit."""
    if isinstance(written, Mapping):
        return _compile_rule(written, place) if "from" in written else compile_fields(written, place)
    if isinstance(written, list):
        return ListRule(tuple(compile_node(item, f"{place}[{number}]") for number, item in enumerate(written)))
    if isinstance(written, str):
        template = compile_template(written, place)
        return RuleNode(template, MappingRule(written)) if "{" in written else ConstantRule(written)
    if written is None or isinstance(written, int | float):
        return ConstantRule(written)
    raise ValueError(f"`{place}`: {written!r} must be quoted text, a number, a mapping or a list")


def compile_fields(written: Mapping[Any, Any], place: str) -> ObjectNode:
    """Compile an object of a kit's `record` tree; raises ValueError naming the place in the kit."""
    return ObjectNode.from_fields(
        tuple((str(name), compile_node(node, f"{place}.{name}")) for name, node in written.items())
    )


def _compile_rule(written: Mapping[str, Any], place: str) -> RuleNode:
    try:
        rule = msgspec.convert(written, MappingRule)
    except msgspec.ValidationError as error:
        raise ValueError(f"`{place}`: {error}") from error
    for format_ in rule.dates:
        _check_date_format(format_, place)
    _check_zone(rule.zone, place)
    if rule.split and rule.each:
        raise ValueError(f"`{place}`: `split` makes a list, `each` repeats the object; only one of them")
    if rule.or_text and not rule.dates:
        raise ValueError(f"`{place}.or_text` needs `dates`")
    text = rule.source if "{" in rule.source else f"{{{rule.source}}}"
    return RuleNode(compile_template(text, place), rule)


def _check_date_format(format_: str, place: str) -> None:
    if "%y" in format_:
        raise ValueError(f"`{place}.dates`: {format_!r} has a two-digit year, which does not state a date")
    if "%Y" not in format_:
        raise ValueError(f"`{place}.dates`: {format_!r} has no year (%Y)")


def _check_zone(zone: str, place: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"`{place}.zone`: no time zone {zone!r}") from error


def columns_of(node: Node) -> frozenset[str]:
    """Every column that a tree of rules names."""
    match node:
        case RuleNode():
            return node.template.columns
        case ObjectNode():
            return node.columns
        case ListRule():
            return frozenset[str]().union(*(columns_of(child) for child in node.items))
        case ConstantRule():
            return frozenset()


def _join_cell(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ", ".join(cell)


def _tidy_text(text: str) -> str:
    """Close the gaps that empty columns leave in a template: no doubled spaces or commas, none at the ends."""
    spaced = re.sub(r"\s+", " ", text)
    return re.sub(r"(\s*,)+", ",", spaced).strip(" ,;")
