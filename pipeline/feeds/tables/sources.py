"""What a kit's `source` says: how to read the table, and what to make of its rows before they are mapped."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any, Literal

import msgspec

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import GROUPED
from pipeline.feeds.tables.conditions import compile_conditions, pattern_names
from pipeline.feeds.tables.files import refuse_unread

SourceFormat = Literal["csv", "jsonl", "json", "parquet", "workbook", "xml", ""]
Quoting = Literal["double", "none"]
SUFFIXES: dict[str, SourceFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xlsb": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
    ".xml": "xml",
}
COMPRESSED = ".gz"
DELIMITERS = (",", ";", "\t", "|")
"""What stands between columns in the files that there are."""


class ExtractRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "group": "in"}):
    """A pattern with named groups: each match in the column `source` becomes a row of a group, the names its columns.

    `group` is the group whose rows have the column; empty: the table's own.
    """

    source: str
    pattern: str
    group: str = ""


class JoinedFileName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file called as the table is, but for the name of the join in place of `replace`, in either case."""

    replace: str


class JoinSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A second file: its rows whose column `match` equals the table's column `key` become a group of the row.

    `match` is `key` if left out. What is not said here is as in the table's own `source`.
    """

    file: str | JoinedFileName
    key: str
    match: str = ""
    columns: tuple[str, ...] = ()
    skip: int | None = None
    null: tuple[str, ...] | None = None
    delimiter: str = ""
    quoting: Quoting | None = None
    encoding: str = ""
    where: dict[str, Any] = {}


class TableSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read the table; `format` is guessed from the file's suffix where it is left out.

    With `quoting` none a quote is text as any other sign.
    `columns` names the columns of a file without a header; `skip` lines stand before the header or the first row.
    `null` are the texts that stand for nothing. `items` are the paths of XML elements, or of a JSON document's lists,
    that are the rows. `where` leaves the other rows out. Rows with the same `group_by` make one; the first for
    which `lead` holds stands for all.
    """

    format: SourceFormat = ""
    delimiter: str = ","
    quoting: Quoting = "double"
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()
    skip: int = 0
    null: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    sheet: str = ""
    where: dict[str, Any] = {}
    extract: dict[str, ExtractRule] = {}
    join: dict[str, JoinSource] = {}
    group_by: str = ""
    lead: dict[str, Any] = {}


def check_source(source: TableSource) -> None:
    """Raise ValueError with the place of what can't be in a kit's `source`."""
    _check_encoding(source.encoding, "source.encoding")
    if len(source.delimiter) != 1:
        raise ValueError(f"`source.delimiter`: {source.delimiter!r} must be one character")
    if source.skip < 0:
        raise ValueError(f"`source.skip`: {source.skip} must be a number of lines")
    compile_conditions(source.where, "source.where")
    compile_conditions(source.lead, "source.lead")
    if source.lead and not source.group_by:
        raise ValueError("`source.lead` needs `group_by`")
    for name, rule in source.extract.items():
        _check_extract(name, rule)
    for name, joined in source.join.items():
        _check_join(name, joined, source)
    if "" in source.items or any(path.startswith("/") for path in source.items):
        raise ValueError("`source.items` must be paths below the root, such as PERSONS/PERSON")


def joined_source(source: TableSource, joined: JoinSource) -> TableSource:
    """How to read a joined file."""
    return TableSource(
        format=source.format,
        delimiter=joined.delimiter or source.delimiter,
        quoting=joined.quoting or source.quoting,
        encoding=joined.encoding or source.encoding,
        columns=joined.columns,
        skip=source.skip if joined.skip is None else joined.skip,
        null=source.null if joined.null is None else joined.null,
        where=joined.where,
    )


def table_format(path: Path, source: TableSource) -> SourceFormat:
    """The table's format, from the kit or from the file's suffix; raises LiaisonError where neither tells."""
    guessed = source.format or suffix_format(path)
    if guessed:
        return guessed
    if path.is_file():
        refuse_unread(path, "")
    raise LiaisonError(
        f"{path}: its name does not tell its format; set `source.format` in the mapping kit, or rename it so that it "
        f"ends in {', '.join(SUFFIXES)}"
    )


def suffix_format(path: Path) -> SourceFormat:
    """The format that the file's suffix tells, .gz aside; "" for none."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != COMPRESSED]
    return SUFFIXES.get(suffixes[-1] if suffixes else "", "")


def _check_encoding(encoding: str, place: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ValueError(f"`{place}`: no encoding {encoding!r}") from error


def _check_extract(name: str, rule: ExtractRule) -> None:
    try:
        names = pattern_names(rule.pattern)
    except ValueError as error:
        raise ValueError(f"`source.extract.{name}`: {error}") from error
    if not names:
        raise ValueError(f"`source.extract.{name}`: the pattern needs a named group, as in (?P<year>[0-9]{{4}})")


def _check_join(name: str, joined: JoinSource, source: TableSource) -> None:
    if name == GROUPED:
        raise ValueError(f"`source.join.{name}`: {GROUPED} is the name of the rows that `group_by` puts together")
    _check_encoding(joined.encoding or source.encoding, f"source.join.{name}.encoding")
    compile_conditions(joined.where, f"source.join.{name}.where")
    if len(joined.delimiter) > 1:
        raise ValueError(f"`source.join.{name}.delimiter`: {joined.delimiter!r} must be one character")
