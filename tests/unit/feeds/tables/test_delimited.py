from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.delimited import read_delimited, read_delimited_columns
from pipeline.feeds.tables.files import MAX_ROW_BYTES
from pipeline.feeds.tables.sources import TableSource


def read(folder: Path, content: bytes, source: TableSource | None = None) -> list[SourceRow]:
    path = folder / "t.csv"
    path.write_bytes(content)
    return list(read_delimited(path, source or TableSource()))


def test_it_is_read_in_its_own_delimiter_and_encoding(tmp_path: Path) -> None:
    source = TableSource(delimiter=";", encoding="cp1252")
    assert read(tmp_path, "NOM;VILLE\nLefèvre ;\n".encode("cp1252"), source) == [
        SourceRow(2, {"NOM": "Lefèvre", "VILLE": ""})
    ]
    assert read_delimited_columns(tmp_path / "t.csv", source) == ["NOM", "VILLE"]


def test_a_file_without_a_header_has_the_kits_columns(tmp_path: Path) -> None:
    source = TableSource(columns=("id", "name"), skip=1)
    assert read(tmp_path, b"of 2019\n1,A\n2,B\n", source) == [
        SourceRow(2, {"id": "1", "name": "A"}),
        SourceRow(3, {"id": "2", "name": "B"}),
    ]


def test_a_row_of_another_width_is_a_problem_of_that_line_only(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1\n1,2,3\n\n1,2\n")
    assert [row.problem for row in rows] == [
        "the row has 1 columns, not 2",
        "the row has 3 columns, not 2",
        "",
    ]


def test_lines_are_numbered_as_in_the_file_even_with_line_feeds_in_cells(tmp_path: Path) -> None:
    assert [row.number for row in read(tmp_path, b'a,b\n"x\ny",1\nz,2\n')] == [3, 4]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, "NOM\nЛев\n".encode(encoding)) == [SourceRow(2, {"NOM": "Лев"})]


def test_utf_16_without_a_mark_is_named(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"byte 0x00 at offset 1 \(line 1\).*utf-16-le"):
        read(tmp_path, "NOM\nLev\n".encode("utf-16-le"))
    assert read(tmp_path, "NOM\nLev\n".encode("utf-16-le"), TableSource(encoding="utf-16-le"))[0].row == {"NOM": "Lev"}


def test_a_stray_zero_is_no_utf_16(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n1,x\0y\n" + b"2,z\n" * 10)[0].row == {"a": "1", "b": "x\0y"}


def test_the_wrong_encoding_names_byte_and_line(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"not utf-8: byte 0xe8 at offset 7 \(line 2\).*source\.encoding"):
        read(tmp_path, "NOM\nLefèvre\n".encode("cp1252"))


def test_what_comes_twice_in_the_header_is_numbered(tmp_path: Path) -> None:
    assert read(tmp_path, b"NOTE,NOTE\na,b\n")[0].row == {"NOTE": "a", "NOTE (2)": "b"}


def test_a_row_of_ten_megabytes_is_a_problem_of_that_row_only(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1,2\n" + b"x," * (MAX_ROW_BYTES // 2 + 1_000_000) + b"\n3,4\n")
    assert [row.row for row in rows] == [{"a": "1", "b": "2"}, {}, {"a": "3", "b": "4"}]
    assert (rows[1].number, rows[1].problem) == (3, "the line is longer than 8 MiB: it is left out")


def test_each_row_of_ten_megabytes_is_told_also_at_the_end(tmp_path: Path) -> None:
    long = b"x," * (MAX_ROW_BYTES // 2 + 1_000_000) + b"\n"
    rows = read(tmp_path, b"of 2026\na,b\n" + long + b"1,2\n" + long + long, TableSource(skip=1))
    assert [(row.number, bool(row.problem)) for row in rows] == [(3, True), (4, False), (5, True), (6, True)]


def test_a_cell_that_never_ends_is_a_problem_and_the_rows_behind_it_are_read(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a,b\n1,"open\n' + b"2,3\n" * 40_000)
    assert "a cell of the row that begins in line 2 has more than 131,072 characters" in rows[0].problem
    assert rows[-1].row == {"a": "2", "b": "3"}


@pytest.mark.parametrize(
    ("end", "lost"), [(b'3,"op', "the line is"), (b'3,"op\nen', "lines 3 to 4 are"), (b'3,"op""en', "the line is")]
)
def test_a_file_cut_off_in_the_middle_of_a_cell_says_so(tmp_path: Path, end: bytes, lost: str) -> None:
    rows = read(tmp_path, b"a,b\n1,2\n" + end)
    cut = f"a quote in the row that begins in line 3 is not closed; {lost} left out; is the file cut off?"
    assert [row.problem for row in rows] == ["", cut]


REGISTER = b"id,name,born,place\n" + b"".join(b"%d,Name %d,1970,Lyon\n" % (at, at) for at in range(2, 401))
"""Its line N has the id N."""


def ids_and_problems(rows: list[SourceRow]) -> tuple[list[int], list[tuple[int, int]]]:
    return [int(str(row.row["id"])) for row in rows if not row.problem], [
        (row.number, row.lines) for row in rows if row.problem
    ]


@pytest.mark.parametrize(
    ("line", "behind"),
    [
        pytest.param(b'152,"Name 152,1970,Lyon', (b"", b""), id="no other quote"),
        pytest.param(b'152,"Name 152,1970,Lyon', (b"160,Name 160", b'160,"Name, 160"'), id="a cell in quotes behind"),
        pytest.param(b'152,"Name 152,1970,Lyon', (b"160,Name 160", b'160,5"'), id="a cell behind ends in one"),
        pytest.param(b'152,Name 152,1970,"', (b"", b""), id="in the last cell"),
        pytest.param(b'"152,Name 152,1970,Lyon', (b"160,Name 160", b'160,""'), id="in the first cell"),
    ],
)
def test_a_stray_quote_costs_its_own_line(tmp_path: Path, line: bytes, behind: tuple[bytes, bytes]) -> None:
    content = REGISTER.replace(b"152,Name 152,1970,Lyon", line).replace(*behind)
    read_ids, problems = ids_and_problems(read(tmp_path, content))
    assert (read_ids, problems) == ([at for at in range(2, 401) if at != 152], [(152, 1)])


def test_a_stray_quote_names_the_lines_up_to_the_next_that_fits(tmp_path: Path) -> None:
    content = REGISTER.replace(b"152,Name 152,1970,Lyon", b'152,"Name 152,1970,Lyon\ntorn\nin two,x')
    (problem,) = (row for row in read(tmp_path, content) if row.problem)
    assert (problem.number, problem.lines) == (152, 3)
    assert problem.problem == (
        "a quote in the row that begins in line 152 is not closed; lines 152 to 154 are left out, and reading goes "
        "on behind. If quotes are plain text here, set `source.quoting: none` in the kit"
    )


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(b'"12, rue X\nLyon, Rh\xc3\xb4ne"', id="an address"),
        pytest.param(b'"a\nb,c\n\nd"', id="an empty line in it"),
        pytest.param(b'"said ""no""\n,,"', id="quotes and delimiters in it"),
    ],
)
def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path, cell: bytes) -> None:
    read_ids, problems = ids_and_problems(read(tmp_path, REGISTER.replace(b"Name 152", cell)))
    assert (read_ids, problems) == ([*range(2, 401)], [])


def test_a_row_of_several_lines_and_another_width_is_left_out_whole(tmp_path: Path) -> None:
    content = REGISTER.replace(b"152,Name 152,1970,Lyon", b'152,"Name\n152",1970,,Lyon')
    read_ids, problems = ids_and_problems(read(tmp_path, content))
    assert (152 in read_ids, len(read_ids), problems) == (False, 398, [(152, 2)])


def test_quotes_are_plain_text_where_the_kit_says_so(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a,b\n1,"open\n2,"5"" pipe"\n', TableSource(quoting="none"))
    assert [row.row["b"] for row in rows] == ['"open', '"5"" pipe"']


def test_a_quote_left_open_in_the_header_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"t\.csv: a quote in the header, line 1, is not closed"):
        read(tmp_path, b'a,"b\n1,2\n')


def test_a_header_that_never_ends_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"t\.csv: a cell of the row that begins in line 1 has more than 131,072"):
        read(tmp_path, b'"a,b\n' + b"2,3\n" * 40_000)


def test_empty_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, b"\n\na,b\n1,2\n") == [SourceRow(4, {"a": "1", "b": "2"})]
    assert read_delimited_columns(tmp_path / "t.csv", TableSource()) == ["a", "b"]


def test_a_stray_quote_is_not_taken_for_a_cut(tmp_path: Path) -> None:
    assert [row.row["b"] for row in read(tmp_path, b'a,b\n1,5" pipe\n2,6" pipe')] == ['5" pipe', '6" pipe']


def test_the_end_mark_of_dos_is_no_row(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"a,b\n1,2\n\x1a\n")) == 1
    assert len(read(tmp_path, b"a,b\n1,2\n\x1a")) == 1


def test_an_empty_file_has_no_row(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []
