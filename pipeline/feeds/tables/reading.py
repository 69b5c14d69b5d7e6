"""The one way to read a table: its rows in order, joined, taken apart, filtered and grouped as the source says.

Where a table has not the columns that a mapping kit names, `explain_lacking` says why, and what to set in the kit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import GROUPED, SourceRow, TableCell, cell_texts, find_cell
from pipeline.feeds.tables.conditions import Conditions, all_hold, compile_conditions, find_named, pattern_names
from pipeline.feeds.tables.delimited import read_delimited, read_delimited_columns
from pipeline.feeds.tables.files import ReportBytesRead
from pipeline.feeds.tables.json_rows import read_json_document, read_json_lines
from pipeline.feeds.tables.parquet_rows import read_parquet, read_parquet_columns
from pipeline.feeds.tables.row_store import MOST_OF_KEY, RowStore
from pipeline.feeds.tables.sheet_process import open_sheet
from pipeline.feeds.tables.sources import (
    DELIMITERS,
    JoinedFileName,
    JoinSource,
    SourceFormat,
    TableSource,
    joined_source,
    table_format,
)
from pipeline.feeds.tables.workbooks import read_workbook, read_workbook_columns
from pipeline.feeds.tables.xml_rows import read_xml

READERS: Mapping[SourceFormat, Callable[[Path, TableSource, ReportBytesRead | None], Iterator[SourceRow]]] = {
    "csv": read_delimited,
    "json": read_json_document,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
    "workbook": read_workbook,
    "xml": read_xml,
}
HEADER_READERS: Mapping[SourceFormat, Callable[[Path, TableSource], list[str]]] = {
    "csv": read_delimited_columns,
    "parquet": read_parquet_columns,
    "workbook": read_workbook_columns,
}

JoinedFiles = Mapping[str, Path]
"""The file of each join, by the join's name, where it is not the one that the kit tells."""


class TableReader:
    """Reads one table by its source; raises LiaisonError where a joined file is missing, or one given is not joined.

    Afterwards `unjoined` counts, by join, the rows whose key no row of the table has.
    `files` are the joins' files where they are not those that the kit tells. `advance` learns of the bytes read.
    """

    def __init__(
        self, path: Path, source: TableSource, files: JoinedFiles | None = None, advance: ReportBytesRead | None = None
    ) -> None:
        self.path = path
        self.source = source
        self._advance = advance
        for name in (files or {}).keys() - source.join.keys():
            made = f"it joins {', '.join(source.join)}" if source.join else "it joins no file"
            raise LiaisonError(f"--join {name}=...: the mapping kit has no join of that name; {made}")
        self.joined = {
            name: _find_joined(path, name, joined, (files or {}).get(name)) for name, joined in source.join.items()
        }
        self.unjoined: dict[str, int] = {}

    @property
    def work_bytes(self) -> int:
        """All that `advance` is told of: the bytes of every file, and again of a table whose rows are grouped."""
        times = 2 if self.source.group_by else 1
        return times * self.path.stat().st_size + sum(path.stat().st_size for path in self.joined.values())

    def read_columns(self) -> set[str] | None:
        """Every column that the files declare and the source makes; None where the files declare none."""
        declared = _read_header(self.path, self.source)
        if declared is None:
            return None
        for name, joined in self.source.join.items():
            inner = _read_header(self.joined[name], joined_source(self.source, joined))
            if inner is None:
                return None
            declared |= {f"{name}.{column}" for column in inner}
        for name, rule in self.source.extract.items():
            prefix = f"{rule.group}.{name}" if rule.group else name
            declared |= {f"{prefix}.{part}" for part in pattern_names(rule.pattern)}
        return declared

    def read_rows(self) -> Iterator[SourceRow]:
        """Every row in order; of rows that make one, the number of the first. Raises LiaisonError."""
        rows = self._join(self._clean(self.path, self.source, self._advance))
        early, late = self._split_conditions()
        rows = _keep(rows, early)
        if self.source.extract:
            rows = _keep(map(self._extract, rows), late)
        return self._group(rows) if self.source.group_by else rows

    def _split_conditions(self) -> tuple[Conditions, Conditions]:
        """The conditions of `where`: those on what stands in the files, and those on what `extract` finds."""
        wanted, found = compile_conditions(self.source.where, "source.where"), self.source.extract.keys()
        late = tuple(condition for condition in wanted if not found.isdisjoint(condition.column.split(".")))
        return tuple(condition for condition in wanted if condition not in late), late

    def _clean(self, path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
        """The rows as the file has them, with `null` texts emptied."""
        null = frozenset(source.null)
        for row in READERS[table_format(path, source)](path, source, advance):
            if null and not row.problem:
                yield SourceRow(row.number, {name: _empty_nulls(cell, null) for name, cell in row.row.items()})
            else:
                yield row

    def _join(self, rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
        if not self.source.join:
            yield from rows
            return
        stores = {name: self._read_joined(name, joined) for name, joined in self.source.join.items()}
        for row in rows:
            yield self._find_all(row, stores)
        self.unjoined = {name: store.count_unfound() for name, store in stores.items()}

    def _find_all(self, row: SourceRow, stores: Mapping[str, RowStore]) -> SourceRow:
        """The row with those of every join as groups."""
        for name, store in stores.items():
            column = self.source.join[name].key
            key = _key_of(row, column)
            found = row.row[name] = store.find(key) if key else []
            if len(found) > MOST_OF_KEY:
                problem = f"more than {MOST_OF_KEY:,} rows of {name} have its {column} ({key:.40}): it is left out"
                return SourceRow(row.number, {}, problem)
        return row

    def _read_joined(self, name: str, joined: JoinSource) -> RowStore:
        source, path = joined_source(self.source, joined), self.joined[name]
        store, wanted = RowStore(), compile_conditions(joined.where, f"source.join.{name}.where")
        for row in self._clean(path, source, self._advance):
            if row.problem:
                raise LiaisonError(f"{path}, line {row.number:,}: {row.problem}")
            match = joined.match or joined.key
            if match not in row.row:
                raise LiaisonError(f"{path} lacks the column {match}, its key; it has {', '.join(row.row)}")
            if all_hold(wanted, row.row):
                store.add(_key_of(row, match), row)
        return store

    def _extract(self, row: SourceRow) -> SourceRow:
        for name, rule in self.source.extract.items():
            for holder in _holders(row.row, rule.group):
                texts = cell_texts(find_cell(holder, rule.source))
                holder[name] = [
                    {part: said.strip(" \t\n,;") for part, said in found.items()}
                    for text in texts
                    for found in find_named(rule.pattern, text)
                ]
        return row

    def _group(self, rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
        """One row for all of a key: the columns of the one that leads, and all of them as the group `rows`."""
        store, lead = RowStore(), compile_conditions(self.source.lead, "source.lead")
        for row in rows:
            key = "" if row.problem else _key_of(row, self.source.group_by)
            if key:
                store.add(key, row)
            else:
                problem = row.problem or f"no {self.source.group_by}, by which rows are grouped"
                yield msgspec.structs.replace(row, problem=problem)
        made = 0
        for group in store.groups():
            made += len(group)
            if self._advance is not None:  # of the table's bytes, as many as of its rows
                size, before = self.path.stat().st_size, made - len(group)
                self._advance(size * made // len(store) - size * before // len(store))
            if len(group) > MOST_OF_KEY:
                many = f"more than {MOST_OF_KEY:,} rows have its {self.source.group_by}, by which rows are grouped"
                yield SourceRow(group[0].number, {}, f"{many}: they are left out")
                continue
            first = next((row for row in group if all_hold(lead, row.row)), group[0])
            yield SourceRow(first.number, {**first.row, GROUPED: [row.row for row in group]})


def _keep(rows: Iterator[SourceRow], wanted: Conditions) -> Iterator[SourceRow]:
    return (row for row in rows if row.problem or all_hold(wanted, row.row)) if wanted else rows


def _find_joined(table: Path, name: str, joined: JoinSource, given: Path | None) -> Path:
    """The file given, or the one beside the table. Raises LiaisonError if it is not there."""
    path = given or joined_path(table, name, joined)
    if not path.is_file():
        raise LiaisonError(
            f"no file {path}, which the mapping kit joins; put it there, or --join {name}=FILE in `feed map`"
        )
    return path


def joined_path(table: Path, name: str, joined: JoinSource) -> Path:
    """The joined file beside the table."""
    if isinstance(joined.file, JoinedFileName):
        return table.with_name(_rename(table.name, joined.file.replace, name))
    return table.with_name(joined.file)


def _rename(file: str, old: str, new: str) -> str:
    """The file's name with `old` replaced by `new`, in capitals where `old` is: SDN.CSV, ALT.CSV."""
    for before, after in ((old, new), (old.upper(), new.upper()), (old.title(), new.title())):
        if before in file:
            return file.replace(before, after)
    raise LiaisonError(f"{file} does not have {old} in its name, to find {new} beside it; give --join {new}=FILE")


def _read_header(path: Path, source: TableSource) -> set[str] | None:
    reader = HEADER_READERS.get(table_format(path, source))
    return set(reader(path, source)) if reader else None


def _empty_nulls(cell: TableCell, null: frozenset[str]) -> TableCell:
    match cell:
        case str():
            return "" if cell in null else cell
        case tuple():
            return tuple(text for text in cell if text not in null)
        case _:
            return [{name: _empty_nulls(inner, null) for name, inner in row.items()} for row in cell]


def _key_of(row: SourceRow, column: str) -> str:
    return "".join(cell_texts(find_cell(row.row, column))[:1])


def _holders(row: dict[str, TableCell], group: str) -> list[dict[str, TableCell]]:
    """The rows of a group as they stand, to put something into: the row itself for none."""
    holders = [row]
    for name in group.split(".") if group else ():
        cells = [holder.get(name) for holder in holders]
        holders = [inner for cell in cells if isinstance(cell, list) for inner in cell]
    return holders


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
