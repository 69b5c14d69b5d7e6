"""Reads Parquet, some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import LiaisonError, MissingExtraError
from pipeline.feeds.tables.cells import SourceRow, flatten_object
from pipeline.feeds.tables.files import ReportBytesRead, refuse_unread
from pipeline.feeds.tables.sources import TableSource

BATCH = 5_000
"""Rows read at a time: a few megabytes."""


def read_parquet(path: Path, source: TableSource, advance: ReportBytesRead | None = None) -> Iterator[SourceRow]:
    """Every row, numbered from 1; raises LiaisonError."""
    refuse_unread(path, "parquet")
    parquet, broken = _open_library()
    number, size = 0, path.stat().st_size
    try:
        file = parquet.ParquetFile(path)
        total = max(1, file.metadata.num_rows)
        for batch in file.iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                number += 1
                yield SourceRow(number, dict(flatten_object(row)))
            if advance is not None:
                advance(size * number // total - size * (number - batch.num_rows) // total)
    except (broken, OSError) as error:
        raise LiaisonError(f"cannot read {path} as Parquet: {error}") from error


def read_parquet_columns(path: Path, source: TableSource) -> list[str]:
    """The columns of the file's schema; raises LiaisonError."""
    refuse_unread(path, "parquet")
    parquet, broken = _open_library()
    try:
        return list(parquet.read_schema(path).names)
    except (broken, OSError) as error:
        raise LiaisonError(f"cannot read {path} as Parquet: {error}") from error


def _open_library() -> tuple[Any, type[Exception]]:
    """Pyarrow's Parquet module, which takes half a second to import, and what it raises. Raises MissingExtraError."""
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError as error:
        raise MissingExtraError("Reading Parquet", "parquet") from error
    return parquet, ArrowException
