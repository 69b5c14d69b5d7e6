from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import TableSource
from pipeline.feeds.rows import SourceRow, count_rows, read_header, read_rows


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_csv_is_read_in_its_own_delimiter_and_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "NOM;VILLE\nLefèvre ;\n".encode("cp1252"))
    source = TableSource(delimiter=";", encoding="cp1252")
    assert list(read_rows(path, source)) == [SourceRow(2, {"NOM": "Lefèvre", "VILLE": ""})]
    assert read_header(path, source) == ["NOM", "VILLE"]


def test_a_csv_row_of_another_width_is_a_problem_of_that_line_only(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", b"a,b\n1\n1,2,3\n1,2\n")
    lines = list(read_rows(path, TableSource()))
    assert [bool(line.problem) for line in lines] == [True, True, False]
    assert "2 columns" in lines[0].problem


def test_csv_lines_are_numbered_as_in_the_file_even_with_line_feeds_in_cells(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", b'a,b\n"x\ny",1\nz,2\n')
    assert [line.number for line in read_rows(path, TableSource())] == [3, 4]


def test_the_wrong_encoding_is_one_clear_error(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "NOM\nLefèvre\n".encode("cp1252"))
    with pytest.raises(LiaisonError, match="source"):
        list(read_rows(path, TableSource()))


def test_json_lines_become_flat_columns(tmp_path: Path) -> None:
    content = b'{"a": {"b": 1}, "list": ["x", null, "y"], "objects": [{"c": true}], "none": null}\n'
    (line,) = read_rows(written(tmp_path, "t.jsonl", content), TableSource())
    assert line.row == {"a.b": "1", "list": ("x", "y"), "objects.0.c": "true", "none": ""}


def test_a_line_that_is_not_a_json_object_is_a_problem_of_that_line_only(tmp_path: Path) -> None:
    path = written(tmp_path, "t.jsonl", b'{"a": 1}\nnonsense\n[1]\n\xff\n{"a": 2}\n')
    assert [bool(line.problem) for line in read_rows(path, TableSource())] == [False, True, True, True, False]
    assert read_header(path, TableSource()) is None


def test_parquet_types_become_text(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {"n": [7], "d": [datetime.date(1980, 5, 1)], "s": [" x "], "none": pyarrow.nulls(1), "l": [["a", "b"]]}
    parquet.write_table(pyarrow.table(columns), path)
    assert list(read_rows(path, TableSource())) == [
        SourceRow(1, {"n": "7", "d": "1980-05-01", "s": "x", "none": "", "l": ("a", "b")})
    ]
    assert count_rows(path, TableSource()) == 1
    assert read_header(path, TableSource()) == ["n", "d", "s", "none", "l"]


def test_a_file_of_unknown_kind_asks_for_its_format(tmp_path: Path) -> None:
    path = written(tmp_path, "t.dat", b"a\n1\n")
    with pytest.raises(LiaisonError, match=r"source\.format"):
        list(read_rows(path, TableSource()))
    assert len(list(read_rows(path, TableSource(format="csv")))) == 1
