"""Cells and rows: the one shape that every kind of table is read into.

A cell is text ("" where empty), several texts, or a group: rows of its own, such as the aliases of one entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

TableCell: TypeAlias = "str | tuple[str, ...] | list[dict[str, Any]]"
TableRow: TypeAlias = Mapping[str, TableCell]

OUTER = ".."
"""The key under which a group's row holds the row around it; `{..column}` is a column of that."""
GROUPED = "rows"
"""The group that holds the table's own rows where several make one case."""
MAX_NESTING = 64
"""As deep as a record may be; what is deeper is damage, or meant to exhaust the stack."""
ELEMENT = "#element"
"""The column that tells the element of an XML file which the row was."""


class SourceRow(msgspec.Struct, frozen=True):
    """One row; `number` counts lines from 1 (CSV: where the row ends); `problem` is why it can't be read, or "".

    Of a problem `number` is the first of its `lines`.
    """

    number: int
    row: dict[str, TableCell]
    problem: str = ""
    lines: int = 1


def find_cell(row: TableRow, column: str) -> TableCell:
    """The cell of a column, "" where the row has none.

    `group.column` holds the values of all the group's rows, `group.0.column` those of the first.
    """
    cell = row.get(column)
    if cell is not None:
        return cell
    if column.startswith(OUTER):
        return find_cell(_outer_row(row), column.removeprefix(OUTER))
    return _find_inner_cell(row, column) if "." in column else ""


def find_rows(row: TableRow, group: str) -> list[dict[str, TableCell]]:
    """The rows of a group, each with the row around it under OUTER; of a group in a group (`outer.inner`) all."""
    if group.startswith(OUTER):
        return find_rows(_outer_row(row), group.removeprefix(OUTER))
    cell = row.get(group)
    if isinstance(cell, list):
        return [{**inner, OUTER: row} for inner in cell]  # type: ignore[dict-item] # a row, for find_cell alone
    first, dot, rest = group.partition(".")
    if not dot:
        return []
    return [found for inner in find_rows(row, first) for found in find_rows(inner, rest)]


def cell_texts(cell: TableCell) -> list[str]:
    """The texts of a cell that are not empty; none of a group."""
    if isinstance(cell, str):
        return [cell] if cell else []
    return [text for text in cell if isinstance(text, str) and text]


def leaf_cells(row: TableRow, prefix: str = "") -> Iterator[tuple[str, TableCell]]:
    """Every column that holds text, those in groups as `group.column`, once for each of the group's rows."""
    for column, cell in row.items():
        if isinstance(cell, list):
            inner = "" if column == GROUPED else f"{prefix}{column}."
            for one in cell:
                yield from leaf_cells(one, inner)
        else:
            yield f"{prefix}{column}", cell


def flatten_object(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, TableCell]]:
    """Nested objects become columns `outer.inner`, a list of plain values several texts, one of objects a group.

    Raises ValueError for more than MAX_NESTING objects in each other.
    """
    if depth > MAX_NESTING:
        raise ValueError(f"nested more than {MAX_NESTING} deep")
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from flatten_object(inner, f"{prefix}{name}.", depth + 1)
        elif isinstance(inner, list):
            yield f"{prefix}{name}", _flatten_list(inner, depth + 1)
        else:
            yield f"{prefix}{name}", value_text(inner)


def value_text(value: Any) -> str:
    """A plain value as text: dates as ISO 8601, whole numbers without a fraction."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()


def _flatten_list(values: list[Any], depth: int) -> TableCell:
    if not any(isinstance(value, dict | list) for value in values):
        return tuple(text for text in map(value_text, values) if text)
    rows = [value if isinstance(value, dict) else {"value": value} for value in values]
    return [dict(flatten_object(row, depth=depth)) for row in rows]


def _outer_row(row: TableRow) -> TableRow:
    outer: Any = row.get(OUTER)
    return outer if isinstance(outer, Mapping) else {}


def _find_inner_cell(row: TableRow, column: str) -> TableCell:
    parts = column.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        group = row.get(".".join(parts[:cut]))
        if isinstance(group, list):
            return _group_texts(group, parts[cut:])
        if isinstance(group, tuple) and parts[cut:][0].isdigit():
            return "".join(group[int(parts[cut]) : int(parts[cut]) + 1])
    return ""


def _group_texts(group: list[dict[str, TableCell]], rest: list[str]) -> TableCell:
    if rest[0].isdigit() and len(rest) > 1:
        chosen = group[int(rest[0]) : int(rest[0]) + 1]
        return find_cell(chosen[0], ".".join(rest[1:])) if chosen else ""
    return tuple(text for inner in group for text in cell_texts(find_cell(inner, ".".join(rest))))
