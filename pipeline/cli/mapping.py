"""`liaison feed map`: an agency's own table, or a public list, as case records."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import msgspec
import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.case_view import case_view, plain
from pipeline.errors import LiaisonError
from pipeline.feeds.kit import MappingKit, load_kit
from pipeline.feeds.mapping import MappedRow, Mapper
from pipeline.feeds.previewing import (
    ColumnSurvey,
    ColumnValues,
    Finding,
    Preview,
    PreviewedCase,
    preview_rows,
    suspected_nulls,
)
from pipeline.feeds.proposing import propose_kit
from pipeline.feeds.tables.sheet_process import open_sheet
from pipeline.feeds.tables.sources import table_format
from pipeline.locale import SOURCE
from pipeline.matching.handling import Contact, Handling
from pipeline.ops.command_output import FAILED
from pipeline.progress_bars import ReadingProgress, show_reading, table_console
from pipeline.records.caveats import find_translation

TableFile = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, help="CSV, JSON or XML, each also as .gz; Parquet or workbook."),
]

LOSSES = {"left out": "row", "mapped only in part": "row", "cut to what a record takes": "case"}
"""What makes `map` end with 1, and of what it is told how many."""


def map_table(
    table: TableFile,
    mapping: Annotated[str, typer.Option(help="Mapping kit: a .yml file, or the name of a shipped kit.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Output file for case records, one JSON per line.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Output file for the kit's truth column: case and label, one JSON per line.")
    ] = None,
    join: Annotated[
        list[str] | None, typer.Option(help="File of a join of the kit, as alt=FILE; by default the one beside TABLE.")
    ] = None,
    sheet: Annotated[
        str, typer.Option(help="Sheet of a workbook; by default the kit's or the first, with --init the fullest.")
    ] = "",
    version: Annotated[
        int | None, typer.Option(min=1, help="Version of every record, such as a list's date: 20261101.")
    ] = None,
    init: Annotated[
        bool, typer.Option("--init", help="Propose a kit for the table, every guess marked; to -o or standard output.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would be made of the table; write nothing.")
    ] = False,
) -> None:
    """Turn an agency's own table or a public list into case records; exit 1 if something of it is left out or cut.

    With --preview nothing is written: the first cases are shown, what the kit leaves unread, and what validation says.
    With --init a kit is proposed from the table's columns.
    """
    if init:
        _propose_kit(table, output, sheet)
        return
    if not mapping:
        raise typer.BadParameter("give a mapping kit with --mapping, or --init to have one proposed")
    if preview:
        _preview_table(table, _load_kit(mapping, table, sheet), parse_joins(join or []))
    elif output is None:
        raise typer.BadParameter("give an output file with -o, or --preview")
    else:
        _map_to_file(table, _load_kit(mapping, table, sheet), output, truth, parse_joins(join or []), version)


def _load_kit(mapping: str, table: Path, sheet: str) -> MappingKit:
    """The kit, for a workbook with the sheet that is read: where there are several and none is named, says which.

    Raises LiaisonError.
    """
    kit = load_kit(mapping)
    if table_format(table, kit.source) != "workbook":
        if sheet:
            raise LiaisonError(f"--sheet {sheet}: {table} is no workbook")
        return kit
    if not (sheet or kit.source.sheet) and len(names := open_sheet(table, "").names) > 1:
        said = f"the sheet {names[0]} is read, the first of {', '.join(names)}; --sheet takes another"
        typer.echo(f"{table}: {said}", err=True)
    return msgspec.structs.replace(kit, source=msgspec.structs.replace(kit.source, sheet=sheet or kit.source.sheet))


def _propose_kit(table: Path, output: Path | None, sheet: str) -> None:
    """Write the proposal, never over a file that is there: somebody may have worked on it."""
    text = propose_kit(table, sheet)
    if output is None:
        typer.echo(text, nl=False)
    elif output.exists():
        raise LiaisonError(f"{output} is there already; name another file")
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"A kit for {table.name} is proposed in {output}; look at each guess", err=True)


def _map_to_file(
    table: Path, kit: MappingKit, output: Path, truth: Path | None, joined: dict[str, Path], version: int | None
) -> None:
    mapper = Mapper(kit, lambda: datetime.now(UTC), version=version)
    with show_reading("Mapping", mapper.measure_file(table, joined)) as progress:
        rows = mapper.map_file(table, joined, progress.add_bytes)
        counts = _write_records(table, rows, output, truth, progress)
    for column, filled in sorted(mapper.unmapped.items()):
        typer.echo(f"{table}: column {column} is not mapped ({filled:,} filled)", err=True)
    _print_vain(table, mapper)
    typer.echo(f"{_count(counts['written'], 'case record')} written to {output}", err=True)
    lost = [(counts[outcome], what, outcome) for outcome, what in LOSSES.items() if counts[outcome]]
    for count, what, outcome in lost:
        typer.echo(f"{_count(count, what)} {outcome}", err=True)
    if lost:
        raise typer.Exit(FAILED)


def _preview_table(table: Path, kit: MappingKit, joined: dict[str, Path]) -> None:
    survey = ColumnSurvey()
    mapper = Mapper(kit, lambda: datetime.now(UTC), survey.observe)
    with show_reading("Looking", mapper.measure_file(table, joined)) as progress:
        rows = progress.count(mapper.map_file(table, joined, progress.add_bytes))
        found = preview_rows(rows, kit.agencies)
    unread = {column: survey.columns.get(column, ColumnValues()) for column in mapper.unmapped}
    print_preview(found, unread, {name: values for name, values in survey.columns.items() if name not in unread})
    _print_vain(table, mapper)


def parse_joins(joins: list[str]) -> dict[str, Path]:
    """The files of `--join name=FILE`, by name. Raises LiaisonError."""
    named = {}
    for text in joins:
        name, equals, file = text.partition("=")
        if not (equals and Path(file).is_file()):
            raise LiaisonError(f"--join {text}: write it as name=FILE, with a file that exists")
        named[name] = Path(file)
    return named


def _write_records(
    table: Path, rows: Iterable[MappedRow], output: Path, truth: Path | None, progress: ReadingProgress
) -> Counter[str]:
    """Write records and truth; counts the records written, and by LOSSES what was lost."""
    counts = Counter[str]()
    with ExitStack() as files:
        records = files.enter_context(_open_whole(output))
        labels = files.enter_context(_open_whole(truth or Path(os.devnull)))
        for row in progress.count(rows):
            _print_problems(table, row)
            if row.problems:
                counts["left out" if row.event is None else "mapped only in part"] += row.lines
            counts["cut to what a record takes"] += bool(row.notes)
            if row.event is not None:
                counts["written"] += 1
                records.write(orjson.dumps(row.event, option=orjson.OPT_APPEND_NEWLINE))
                labels.write(orjson.dumps({"case": row.case, "label": row.truth}, option=orjson.OPT_APPEND_NEWLINE))
    return counts


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@contextmanager
def _open_whole(path: Path) -> Iterator[IO[bytes]]:
    """The file, written whole or not at all: a table that ends in the middle leaves no half of its cases behind."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    draft = path.with_name(f"{path.name}.part")
    try:
        file = draft.open("wb")
    except OSError as error:
        raise LiaisonError(f"cannot write {path}: {error.strerror}") from error
    try:
        with file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _print_problems(table: Path, row: MappedRow) -> None:
    for problem in row.problems:
        place = f" column {problem.column}:" if problem.column else ""
        typer.echo(f"{table}:{row.line}:{place} {problem.message}", err=True)
    for note in row.notes:
        typer.echo(f"{table}:{row.line}: {note}", err=True)


def _print_vain(table: Path, mapper: Mapper) -> None:
    """Say what the kit names in vain, and what was joined to nothing."""
    for column in sorted(mapper.unmet):
        typer.echo(f"{table}: no row has {column}, which the kit names", err=True)
    for name, count in sorted(mapper.unjoined.items()):
        if count:
            typer.echo(f"{table}: {count:,} rows of {name} belong to no row of it", err=True)


MAX_ROWS = 40
"""Columns and findings shown of each kind: a screen or two."""


Columns = Mapping[str, ColumnValues]
"""Columns by name, with their values."""


def show_preview(preview: Preview, unread: Columns, read: Columns) -> RenderableType:
    """First cases, columns left unread, words that look like nothing, and what would be said of the records."""
    parts: list[RenderableType] = [Group(previewed_case(case), "") for case in preview.first]
    if unread:
        parts += [_heading("Columns left unread"), _columns(unread)]
    if suspected := {column: values for column, values in read.items() if suspected_nulls(values)}:
        parts += [_heading("Values that look like nothing: add them to `null` in the kit's source"), _nulls(suspected)]
    for title, findings in (
        ("Values that could not be mapped", preview.unfit),
        ("Cut to what a record takes", preview.cut),
        ("Records that intake would reject", preview.rejected),
        ("Warnings on receipts", preview.doubted),
    ):
        if findings:
            parts += [_heading(title), _findings(findings)]
    parts.append(Text(f"{preview.rows:,} rows would make {preview.cases:,} cases. Nothing was written."))
    return Group(*parts)


def previewed_case(case: PreviewedCase) -> RenderableType:
    """One case as `liaison case` shows it."""
    data = case.event["data"]
    handling = msgspec.convert(data.get("handling") or {}, Handling)
    translations = (data.get("handling") or {}).get("caveat_translations") or {}
    return case_view(
        data,
        head=(f"{data['agency']}:{data['case_id']}", f"  version {data['version']}, {data['status']}"),
        owner=f"{data['agency']} ({data['country']})",
        handling=handling,
        translation=find_translation(translations, SOURCE, handling.caveat, data.get("language") or ""),
        contact=msgspec.convert(data.get("contact") or {}, Contact),
        kept_until=data.get("retain_until"),
        warnings=case.warnings,
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _columns(columns: Columns) -> Table:
    table = _table("Column", "Filled", "Such as")
    for name, values in sorted(columns.items(), key=lambda column: (-column[1].filled, column[0]))[:MAX_ROWS]:
        table.add_row(plain(name), f"{values.filled:,}", plain("; ".join(values.examples)))
    return table


def _nulls(columns: Columns) -> Table:
    table = _table("Column", "Times", "Value")
    for name, values in sorted(columns.items())[:MAX_ROWS]:
        for text in suspected_nulls(values):
            table.add_row(plain(name), f"{values.nulls[text]:,}", plain(text))
    return table


def _findings(findings: Sequence[Finding]) -> Table:
    table = _table("Where", "Times", "First")
    for found in findings[:MAX_ROWS]:
        said = ": ".join(filter(None, (found.kind, found.message)))
        table.add_row(plain(found.place or "/"), f"{found.count:,}", plain(f"line {found.line:,}: {said}"))
    return table


def _table(*headings: str) -> Table:
    table = Table(*headings, box=SIMPLE_HEAD, pad_edge=False)
    table.columns[0].overflow = "fold"  # a path cut short leads nowhere
    table.columns[1].justify = "right"
    return table


def print_preview(preview: Preview, unread: Columns, read: Columns) -> None:
    """Print it to standard output."""
    table_console().print(show_preview(preview, unread, read))
