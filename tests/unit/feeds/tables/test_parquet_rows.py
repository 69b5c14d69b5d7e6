from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from pipeline.errors import LiaisonError, MissingExtraError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.parquet_rows import read_parquet, read_parquet_columns
from pipeline.feeds.tables.sources import TableSource


def test_parquet_types_become_text(tmp_path: Path) -> None:
    path, told = tmp_path / "t.parquet", list[int]()
    columns = {"n": [7], "d": [datetime.date(1980, 5, 1)], "s": [" x "], "none": pyarrow.nulls(1), "l": [["a", "b"]]}
    parquet.write_table(pyarrow.table(columns), path)
    assert list(read_parquet(path, TableSource(), told.append)) == [
        SourceRow(1, {"n": "7", "d": "1980-05-01", "s": "x", "none": "", "l": ("a", "b")})
    ]
    assert sum(told) == path.stat().st_size
    assert read_parquet_columns(path, TableSource()) == ["n", "d", "s", "none", "l"]


def test_a_file_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"n": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-100])
    for read in (lambda: list(read_parquet(path, TableSource())), lambda: read_parquet_columns(path, TableSource())):
        with pytest.raises(LiaisonError, match="as Parquet"):
            read()


def test_without_its_library_it_says_which_extra_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"n": [1]}), path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for read in (lambda: list(read_parquet(path, TableSource())), lambda: read_parquet_columns(path, TableSource())):
        with pytest.raises(MissingExtraError, match=r"pip install 'liaison-pipeline\[parquet\]'"):
            read()
