"""Reads an agency's table (CSV, JSON lines or Parquet) row by row; every cell becomes text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import TableSource
from pipeline.feeds.rules import Cell

SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
BATCH = 5_000
"""Rows read from a Parquet file at a time: a few megabytes."""


class SourceRow(msgspec.Struct, frozen=True):
    """One row; `number` counts lines from 1 (CSV: where the row ends); `problem` is why it can't be read, or ""."""

    number: int
    row: dict[str, Cell]
    problem: str = ""


def table_format(path: Path, source: TableSource) -> str:
    """`csv`, `jsonl` or `parquet`, from the kit or from the file's suffix; raises LiaisonError where neither tells."""
    guessed = source.format or SUFFIXES.get(path.suffix.lower(), "")
    if not guessed:
        raise LiaisonError(f"unknown file format: {path}; set `source.format` in the mapping kit")
    return guessed


def count_rows(path: Path, source: TableSource) -> int:
    """About how many rows the file holds: exact for Parquet, the number of lines otherwise."""
    if table_format(path, source) == "parquet":
        from pyarrow import parquet

        return int(parquet.read_metadata(path).num_rows)
    with path.open("rb") as file:
        return sum(1 for _ in file)


def read_header(path: Path, source: TableSource) -> list[str] | None:
    """The columns the file declares; None for JSON lines, where each line has its own."""
    match table_format(path, source):
        case "parquet":
            from pyarrow import parquet

            return list(parquet.read_schema(path).names)
        case "csv":
            with path.open(encoding=source.encoding, newline="") as file:
                return next(csv.reader(file, delimiter=source.delimiter), [])
        case _:
            return None


def read_rows(path: Path, source: TableSource) -> Iterator[SourceRow]:
    """Every row of the file in order; raises LiaisonError where the file as a whole cannot be read."""
    readers = {"csv": _read_csv, "jsonl": _read_json_lines, "parquet": _read_parquet}
    try:
        yield from readers[table_format(path, source)](path, source)
    except (UnicodeDecodeError, csv.Error) as error:
        raise LiaisonError(f"cannot read {path}: {error} (see `source` in the mapping kit)") from error


def _read_csv(path: Path, source: TableSource) -> Iterator[SourceRow]:
    with path.open(encoding=source.encoding, newline="") as file:
        reader = csv.DictReader(file, delimiter=source.delimiter)
        for row in reader:
            if None in row or None in row.values():
                yield SourceRow(reader.line_num, {}, f"the row does not have {len(reader.fieldnames or ())} columns")
            else:
                yield SourceRow(reader.line_num, {name: cell.strip() for name, cell in row.items()})


def _read_json_lines(path: Path, source: TableSource) -> Iterator[SourceRow]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                value = orjson.loads(raw.decode(source.encoding))
            except (ValueError, UnicodeDecodeError) as error:
                yield SourceRow(number, {}, f"not JSON: {error}")
                continue
            if isinstance(value, dict):
                yield SourceRow(number, dict(_flatten(value, "")))
            else:
                yield SourceRow(number, {}, "not a JSON object")


def _read_parquet(path: Path, source: TableSource) -> Iterator[SourceRow]:
    from pyarrow import parquet

    number = 0
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=BATCH):
        for row in batch.to_pylist():
            number += 1
            yield SourceRow(number, dict(_flatten(row, "")))


def _flatten(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Cell]]:
    """Nested objects become columns `outer.inner`; a list of plain values becomes several texts."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flatten(inner, f"{prefix}{name}.")
        elif isinstance(inner, list):
            yield from _flat_list(inner, f"{prefix}{name}")
        else:
            yield f"{prefix}{name}", _to_text(inner)


def _flat_list(values: list[Any], name: str) -> Iterator[tuple[str, Cell]]:
    """A list of plain values is one column; a list that holds objects gives `name.0.inner`, `name.1.inner` ..."""
    if any(isinstance(value, dict | list) for value in values):
        yield from _flatten({str(number): value for number, value in enumerate(values)}, f"{name}.")
    else:
        yield name, tuple(text for text in map(_to_text, values) if text)


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value).strip()
