"""The rules of a mapping kit: a tree shaped like the record whose leaves say which columns a value comes from.

A leaf is a constant, a template ("{street} {number}") or a rule (a mapping with `from`). An item of a list may say
`for` which rows of a group it is repeated, and any item or field `where` it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pipeline.feeds.dates import SERIAL, DateReading
from pipeline.feeds.tables.cells import GROUPED, OUTER, TableRow, cell_texts, find_cell
from pipeline.feeds.tables.conditions import Conditions, compile_conditions

NUMBER = "#"
"""`{#}` in an item repeated for each of several values: 1 for the first, 2 for the second ..."""


class Template(msgspec.Struct, frozen=True):
    """Literal text and columns in turn; `parts` holds (text, column or ""), `columns` are those that it names."""

    parts: tuple[tuple[str, str], ...] = ()
    columns: frozenset[str] = frozenset()

    @classmethod
    def from_parts(cls, parts: tuple[tuple[str, str], ...]) -> Template:
        """The template of these parts; its columns are known once for all rows."""
        return cls(parts, frozenset(column for _, column in parts if column and column != NUMBER))

    def __str__(self) -> str:
        return "".join(text + (f"{{{column}}}" if column else "") for text, column in self.parts)

    def fill_texts(self, row: TableRow) -> list[str]:
        """The filled-in values: none where all columns are empty, several where the one column holds a list."""
        if len(self.parts) == 1 and not self.parts[0][0]:
            cell = row.get(self.parts[0][1])
            if isinstance(cell, str):  # nine of ten: without the two calls
                return [cell] if cell else []
            return cell_texts(find_cell(row, self.parts[0][1]))
        cells = {column: ", ".join(cell_texts(find_cell(row, column))) for _, column in self.parts}
        if self.columns and not any(cells[column] for column in self.columns):
            return []
        return [_tidy_text("".join(text + cells[column] for text, column in self.parts))]


def compile_template(text: str, place: str) -> Template:
    """Parse `{column}` placeholders ({{ and }} are braces); raises ValueError naming the place in the kit."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"`{place}`: {error} in {text!r}") from error
    if any(column == "" or spec or conversion for _, column, spec, conversion in parsed):
        raise ValueError(f"`{place}`: {text!r} must name columns plainly, as in {{column}}")
    return Template.from_parts(tuple((literal, column or "") for literal, column, _, _ in parsed))


def _tidy_text(text: str) -> str:
    """Close the gaps that empty columns leave in a template: no doubled spaces or commas, none at the ends."""
    spaced = " ".join(text.split())
    return (_COMMAS.sub(",", spaced) if "," in spaced else spaced).strip(" ,;")


_COMMAS = re.compile(r"( *,)+")


Scalar: TypeAlias = str | int | float | bool | None


class ConstantRule(msgspec.Struct, frozen=True):
    """A leaf that is the same for every row."""

    value: Scalar


class MappingRule(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"source": "from", "fallback": "else", "kind": "as", "keeps_all": "list"},
):
    """A leaf with a rule.

    `fallback` is the template where `source` is empty. `split` cuts the text into a list of values; `each` cuts it too,
    and repeats the object around it for each of them (true: for each value of a column that holds several);
    `keeps_all` takes all values of such a column, `join` makes them one text. `replace` puts other texts in the place
    of some within the value. `values` translates a value (`default` stands for what it does not list). `dates` are the
    strptime formats it may be written in (`zone` for those with a time of day, `about` the words before a date that is
    not exact, `between` those between two dates); a date that fits none of them, or fits two in different ways, goes
    as it stands to the neighbouring field `or_text`. `as` makes it a number, or a digest: an id that is the same on
    every run and gives nothing of the text away.
    """

    source: str
    fallback: str = ""
    split: str = ""
    each: str | bool = ""
    join: str = ""
    keeps_all: bool = False
    replace: dict[str, str] = {}
    values: dict[str, Scalar] = {}
    default: Scalar = None
    dates: tuple[str, ...] = ()
    or_text: str = ""
    zone: str = "UTC"
    about: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    kind: Literal["text", "integer", "number", "digest"] = "text"

    @property
    def is_list(self) -> bool:
        """Whether the field takes a list."""
        return bool(self.split) or self.keeps_all

    @property
    def is_plain(self) -> bool:
        """Whether its values are the texts as they stand."""
        return self.kind == "text" and not self.values


class RuleNode(msgspec.Struct, frozen=True):
    """A compiled rule."""

    template: Template
    rule: MappingRule
    fallback: Template = Template()
    reading: DateReading = DateReading(())
    """How its dates are written."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return self.template.columns | self.fallback.columns

    def fill_texts(self, row: TableRow) -> list[str]:
        """The filled-in values of its template, of its fallback where that gives none."""
        texts = self.template.fill_texts(row)
        return texts or (self.fallback.fill_texts(row) if self.fallback.parts else [])


class ObjectNode(msgspec.Struct, frozen=True):
    """An object: field name to node; `columns` are all that it names, known once for all rows.

    `each` is the field for whose values it is repeated in a list, "" for none, and `rest` the object without it.
    """

    fields: tuple[tuple[str, Node], ...]
    columns: frozenset[str]
    each: str = ""
    rest: ObjectNode | None = None

    @classmethod
    def from_fields(cls, fields: tuple[tuple[str, Node], ...]) -> ObjectNode:
        """The object of these fields."""
        columns = frozenset[str]().union(*(columns_of(child) for _, child in fields))
        each = next((name for name, child in fields if isinstance(child, RuleNode) and child.rule.each), "")
        rest = cls.from_fields(tuple(field for field in fields if field[0] != each)) if each else None
        return cls(fields, columns, each, rest)


class ListRule(msgspec.Struct, frozen=True):
    """A list; an object in it that holds an `each` is repeated for each of its values."""

    items: tuple[Node, ...]


class ScopedNode(msgspec.Struct, frozen=True):
    """A node that stands only `where` its conditions hold; in a list, once for each row of the group (`for`).

    `by`: rows of the group with the same text are one, with all of them in its group `rows`.
    """

    node: Node
    group: str = ""
    by: Template | None = None
    where: Conditions = ()


Node: TypeAlias = ConstantRule | RuleNode | ObjectNode | ListRule | ScopedNode


def compile_node(written: Any, place: str) -> Node:
    """Compile one node of a kit's `record` tree; raises ValueError naming the place in the kit."""
    if isinstance(written, Mapping):
        return _compile_mapping(written, place)
    if isinstance(written, list):
        return ListRule(tuple(_compile_item(item, f"{place}[{number}]") for number, item in enumerate(written)))
    if isinstance(written, str):
        template = compile_template(written, place)
        return RuleNode(template, MappingRule(written)) if "{" in written else ConstantRule(written)
    if written is None or isinstance(written, int | float):
        return ConstantRule(written)
    raise ValueError(f"`{place}`: {written!r} must be quoted text, a number, a mapping or a list")


def _compile_mapping(written: Mapping[Any, Any], place: str) -> Node:
    if "for" in written or "by" in written:
        raise ValueError(f"`{place}`: only an item of a list is repeated by `for`")
    if "where" in written:
        rest = {name: node for name, node in written.items() if name != "where"}
        return ScopedNode(_compile_mapping(rest, place), where=compile_conditions(written["where"], f"{place}.where"))
    if "from" in written and "to" not in written:  # with both it is a relation of a record
        return _compile_rule(written, place)
    return compile_fields(written, place)


def _compile_item(written: Any, place: str) -> Node:
    """An item of a list: it may be repeated `for` a group's rows, those with the same `by` put together."""
    if not isinstance(written, Mapping) or "for" not in written:
        return compile_node(written, place)
    rest = {name: node for name, node in written.items() if name not in ("for", "by", "where")}
    return ScopedNode(
        _compile_mapping(rest, place),
        group=str(written["for"]),
        by=compile_template(str(written["by"]), f"{place}.by") if "by" in written else None,
        where=compile_conditions(written.get("where", {}), f"{place}.where"),
    )


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
    if rule.is_list and rule.each:
        raise ValueError(f"`{place}`: `split` and `list` make a list, `each` repeats the object; only one of them")
    for option in ("or_text", "about", "between"):
        if getattr(rule, option) and not rule.dates:
            raise ValueError(f"`{place}.{option}` needs `dates`")
    if "" in rule.replace:
        raise ValueError(f"`{place}.replace`: an empty text stands nowhere")
    if "" in (*rule.about, *rule.between):
        raise ValueError(f"`{place}`: `about` and `between` are words, none of them empty")
    return RuleNode(
        _compile_source(rule.source, place),
        rule,
        _compile_source(rule.fallback, f"{place}.else"),
        DateReading(rule.dates, rule.zone, rule.about, rule.between),
    )


def _compile_source(source: str, place: str) -> Template:
    """A column by its name, or a template."""
    return compile_template(source if "{" in source or not source else f"{{{source}}}", place)


def _check_date_format(format_: str, place: str) -> None:
    if "%y" in format_:
        raise ValueError(f"`{place}.dates`: {format_!r} has a two-digit year, which does not state a date")
    if "%Y" not in format_ and format_ != SERIAL:
        raise ValueError(f"`{place}.dates`: {format_!r} has no year (%Y)")


def _check_zone(zone: str, place: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"`{place}.zone`: no time zone {zone!r}") from error


def columns_of(node: Node) -> frozenset[str]:
    """Every column that a tree of rules takes values from, those of groups as `group.column`."""
    match node:
        case RuleNode():
            return node.columns
        case ObjectNode():
            return node.columns
        case ListRule():
            return frozenset[str]().union(*(columns_of(child) for child in node.items))
        case ScopedNode():
            return _outside_columns(node.group, columns_of(node.node))
        case ConstantRule():
            return frozenset()


def condition_columns(node: Node) -> frozenset[str]:
    """Every column that decides what stands in the record (`where`, `by`), named as columns_of names them."""
    match node:
        case ObjectNode():
            return frozenset[str]().union(*(condition_columns(child) for _, child in node.fields))
        case ListRule():
            return frozenset[str]().union(*(condition_columns(child) for child in node.items))
        case ScopedNode():
            tested = frozenset(condition.column for condition in node.where)
            by = node.by.columns if node.by else frozenset[str]()
            return _outside_columns(node.group, tested | by | condition_columns(node.node))
        case RuleNode() | ConstantRule():
            return frozenset()


def _outside_columns(group: str, columns: frozenset[str]) -> frozenset[str]:
    """The names that columns have outside the group's rows; the table's own rows, grouped, have its own columns."""
    if not group:
        return columns
    inside = "" if group == GROUPED else f"{group}."
    return frozenset(
        column.removeprefix(OUTER) if column.startswith(OUTER) else f"{inside}{column}" for column in columns
    )
