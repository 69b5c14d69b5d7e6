"""Says why a table has not the columns that a mapping kit names, and what to set in the kit."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from pipeline.feeds.tables.reading import TableReader
from pipeline.feeds.tables.sheet_process import open_sheet
from pipeline.feeds.tables.sources import DELIMITERS, TableSource, joined_source, table_format

SHOWN_CHARACTERS = 1_000
"""Of the columns that a file has: a header may be as long as a row."""


def explain_lacking(table: TableReader, required: AbstractSet[str], declared: AbstractSet[str]) -> str:
    """Which file lacks which of the required columns, what it has instead, and what may be the cause."""
    for name, path in table.joined.items():
        inner = _within(name, required)
        if inner - _within(name, declared):
            source = joined_source(table.source, table.source.join[name])
            return _explain_file(path, source, inner, _within(name, declared))
    made = {*table.source.join, *table.source.extract}
    own = {column for column in declared if column.partition(".")[0] not in made}
    return _explain_file(table.path, table.source, required - (declared - own), own)


def _within(group: str, columns: AbstractSet[str]) -> set[str]:
    """The columns of a group, by their names in it."""
    return {column.removeprefix(f"{group}.") for column in columns if column.startswith(f"{group}.")}


def _explain_file(path: Path, source: TableSource, required: AbstractSet[str], held: AbstractSet[str]) -> str:
    if not held:
        skipped = f" below the {source.skip:,} lines that `skip` passes over" if source.skip else ""
        return f"{path} is empty{skipped}: not even a header is there"
    lacking = sorted(required - held)
    columns = f"the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}"
    shown = ", ".join(sorted(held))
    shown = shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]} ..."
    cause = _guess_cause(path, source, required, held)
    return f"{path} lacks {columns}, which the mapping kit names; it has {shown}{cause}"


def _guess_cause(path: Path, source: TableSource, required: AbstractSet[str], held: AbstractSet[str]) -> str:
    """What to set in the kit, where the file has none of its columns: the likeliest cause that shows."""
    if required & held:
        return ""
    match table_format(path, source):
        case "csv" if found := [mark for mark in DELIMITERS if len(held) == 1 and mark in min(held)]:
            return f"; if {found[0]!r} stands between its columns, set `delimiter`"
        case "workbook" if len(names := open_sheet(path, source.sheet).names) > 1:
            return f"; if another sheet is meant, set `sheet` (it has {', '.join(names)})"
        case _:
            return "; if its header stands further down, set `skip`, if it has none, `columns`"
