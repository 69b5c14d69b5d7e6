from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.files import MAX_ROW_BYTES
from pipeline.feeds.tables.json_rows import read_json_document, read_json_lines
from pipeline.feeds.tables.sources import TableSource

NOTICES = TableSource(items=("_embedded.notices",))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "t.json"
    path.write_bytes(content)
    return path


def test_json_lines_become_flat_columns(tmp_path: Path) -> None:
    content = b'{"a": {"b": 1}, "list": ["x", null, "y"], "objects": [{"c": true}], "none": null}\n'
    (line,) = read_json_lines(written(tmp_path, content), TableSource())
    assert line.row == {"a.b": "1", "list": ("x", "y"), "objects": [{"c": "true"}], "none": ""}


def test_a_line_that_is_not_a_json_object_is_a_problem_of_that_line_only(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": 1}\nnonsense\n[1]\n\xff\n{"a": 2}\n{"a"')
    assert [bool(line.problem) for line in read_json_lines(path, TableSource())] == [
        False,
        True,
        True,
        True,
        False,
        True,
    ]


def test_a_line_of_ten_megabytes_is_a_problem_of_that_line_only(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": "' + b"x" * (MAX_ROW_BYTES + 2_000_000) + b'"}\n{"a": 2}\n')
    rows = list(read_json_lines(path, TableSource()))
    assert [row.problem for row in rows] == ["the line is longer than 8 MiB: it is left out", ""]


def test_an_object_of_ten_megabytes_in_a_document_is_left_out_alone(tmp_path: Path) -> None:
    path = written(tmp_path, b'[{"a": 1}, {"a": "' + "é".encode() * (MAX_ROW_BYTES // 2) + b'"}, {"a": 2}]')
    rows = list(read_json_document(path, TableSource()))
    assert [row.problem for row in rows] == ["", "the object is longer than 8 MiB: it is left out", ""]
    assert [row.row.get("a") for row in rows] == ["1", None, "2"]


def test_a_line_that_is_no_json_says_at_which_place(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": \n{"a": "Zo\xe9"}\n{"a": 1}\n')
    assert [row.problem for row in read_json_lines(path, TableSource())] == [
        "not JSON: unexpected end of data, at character 8 of the line",
        "not utf-8: byte 0xe9 at place 10 of the line; set `source.encoding` in the mapping kit",
        "",
    ]


@pytest.mark.parametrize(
    ("document", "source"),
    [
        ({"total": 2, "_embedded": {"notices": [{"n": 1}, {"n": 2}]}}, NOTICES),
        ([{"n": 1}, {"n": 2}], NOTICES),
        ([{"n": 1}, {"n": 2}], TableSource()),
    ],
)
def test_the_rows_of_a_document_are_its_list(tmp_path: Path, document: object, source: TableSource) -> None:
    rows = list(read_json_document(written(tmp_path, orjson.dumps(document)), source))
    assert rows == [SourceRow(1, {"n": "1"}), SourceRow(2, {"n": "2"})]


def test_a_document_without_the_list_names_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"no list _embedded\.notices.*it has total, error"):
        list(read_json_document(written(tmp_path, b'{"total": 0, "error": "x"}'), NOTICES))
    assert list(read_json_document(written(tmp_path, b'{"_embedded": {"notices": []}}'), NOTICES)) == []


def test_a_document_cut_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"not JSON.*cut off"):
        list(read_json_document(written(tmp_path, b'[{"a": 1}, {"b"'), TableSource()))


def test_what_is_nested_without_end_is_a_problem_of_its_row_only(tmp_path: Path) -> None:
    deep = b'{"a": ' * 900 + b"1" + b"}" * 900
    lists = b'{"a": [' * 400 + b"1" + b"]}" * 400
    lines = list(read_json_lines(written(tmp_path, deep + b"\n" + lists + b'\n{"a": 2}\n'), TableSource()))
    assert [row.problem for row in lines] == ["nested more than 64 deep", "nested more than 64 deep", ""]
    rows = list(read_json_document(written(tmp_path, b"[" + deep + b', {"a": 2}]'), TableSource()))
    assert [row.problem for row in rows] == ["nested more than 64 deep", ""]


def test_json_lines_in_utf_16_are_named(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="is UTF-16"):
        list(read_json_lines(written(tmp_path, '{"a": 1}\n'.encode("utf-16")), TableSource()))
