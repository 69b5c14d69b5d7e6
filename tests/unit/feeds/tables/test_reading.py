from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables import reading, row_store
from pipeline.feeds.tables.reading import SHOWN_CHARACTERS, TableReader, explain_lacking
from pipeline.feeds.tables.sources import ExtractRule, JoinedFileName, JoinSource, TableSource
from support.feeds.workbooks import write_workbook

ALT = JoinSource(JoinedFileName("sdn"), key="id", columns=("id", "name"))
JOINED = TableSource(columns=("id", "who"), null=("-0-",), join={"alt": ALT})


def written(folder: Path, **files: bytes) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    return folder / f"{next(iter(files))}.csv"


def test_a_file_of_unknown_kind_asks_for_its_format(tmp_path: Path) -> None:
    path = tmp_path / "t.dat"
    path.write_bytes(b"a\n1\n")
    with pytest.raises(LiaisonError, match=r"source\.format"):
        list(TableReader(path, TableSource()).read_rows())
    assert len(list(TableReader(path, TableSource(format="csv")).read_rows())) == 1


def test_null_texts_are_empty_and_rows_that_where_excludes_are_left_out(tmp_path: Path) -> None:
    source = TableSource(null=("-0-", "n/a"), where={"type": {"not": "plane"}})
    path = written(tmp_path, t=b"name,type\nA,-0- \nn/a,ship\nC,plane\n")
    assert [row.row for row in TableReader(path, source).read_rows()] == [
        {"name": "A", "type": ""},
        {"name": "", "type": "ship"},
    ]


def test_a_second_file_is_joined_by_key_with_none_one_or_many_rows(tmp_path: Path) -> None:
    path = written(tmp_path, sdn=b"1,A\n2,B\n3,C\n", alt=b"3,C2\n1,A2\n3,-0-\n9,Z\n")
    table = TableReader(path, JOINED)
    assert [row.row["alt"] for row in table.read_rows()] == [
        [{"id": "1", "name": "A2"}],
        [],
        [{"id": "3", "name": "C2"}, {"id": "3", "name": ""}],
    ]
    assert table.unjoined == {"alt": 1}
    assert table.read_columns() == {"id", "who", "alt.id", "alt.name"}


def test_the_joined_file_is_found_by_the_tables_own_name(tmp_path: Path) -> None:
    path = written(tmp_path, SDN_2019=b"1,A\n", ALT_2019=b"1,A2\n")
    assert next(TableReader(path, JOINED).read_rows()).row["alt"] == [{"id": "1", "name": "A2"}]
    with pytest.raises(LiaisonError, match=r"no file .*alt\.csv.*--join alt=FILE"):
        list(TableReader(written(tmp_path, sdn=b"1,A\n"), JOINED).read_rows())
    with pytest.raises(LiaisonError, match=r"list\.csv does not have sdn in its name.*--join alt=FILE"):
        TableReader(written(tmp_path, list=b"1,A\n"), JOINED)
    named = TableReader(tmp_path / "list.csv", JOINED, {"alt": tmp_path / "ALT_2019.csv"})
    assert next(named.read_rows()).row["alt"] == [{"id": "1", "name": "A2"}]


def test_a_joined_file_without_its_key_or_with_a_broken_row_is_told(tmp_path: Path) -> None:
    source = TableSource(columns=("id",), join={"alt": JoinSource("alt.csv", key="id", match="nr")})
    path = written(tmp_path, t=b"1\n", alt=b"number,name\n1,A\n")
    with pytest.raises(LiaisonError, match=r"alt\.csv lacks the column nr, its key; it has number, name"):
        list(TableReader(path, source).read_rows())
    written(tmp_path, alt=b"nr,name\n1,A\n2\n")
    with pytest.raises(LiaisonError, match=r"alt\.csv, line 3: the row has 1 columns"):
        list(TableReader(path, source).read_rows())


def test_each_match_of_a_pattern_is_a_row_of_a_group(tmp_path: Path) -> None:
    extract = {
        "parts": ExtractRule("remarks", "(?P<text>[^;]+)"),
        "births": ExtractRule("parts.text", "^ ?(?:alt )?DOB (?P<date>.+)$"),
        "digits": ExtractRule("date", "(?P<year>[0-9]{4})", group="births"),
    }
    table = TableReader(
        written(tmp_path, t=b"name,remarks\nA,DOB 1 May 1970; POB X; alt DOB 1971\nB,\n"), TableSource(extract=extract)
    )
    first, second = table.read_rows()
    assert first.row["births"] == [
        {"date": "1 May 1970", "digits": [{"year": "1970"}]},
        {"date": "1971", "digits": [{"year": "1971"}]},
    ]
    assert second.row["births"] == []
    assert table.read_columns() == {"name", "remarks", "parts.text", "births.date", "births.digits.year"}


def test_where_looks_at_what_stands_in_the_file_and_at_what_was_found_in_it(tmp_path: Path) -> None:
    source = TableSource(
        where={"status": "open", "births.year": {"not": ""}},
        extract={"births": ExtractRule("remarks", "DOB (?P<year>[0-9]{4})")},
    )
    path = written(tmp_path, t=b"id,status,remarks\n1,open,DOB 1970\n2,shut,DOB 1971\n3,open,\n4\n")
    assert [(row.number, bool(row.problem)) for row in TableReader(path, source).read_rows()] == [(2, False), (5, True)]


def test_progress_is_told_of_all_files_and_of_rows_put_together(tmp_path: Path) -> None:
    path = written(tmp_path, sdn=b"1,A\n2,B\n1,C\n", alt=b"3,C2\n1,A2\n")
    told = list[int]()
    grouped = msgspec.structs.replace(JOINED, group_by="id")
    table = TableReader(path, grouped, advance=told.append)
    rows = table.read_rows()
    first = next(rows)
    assert (first.row["id"], sum(told)) == ("1", 12 + 10 + 8)
    assert len(list(rows)) == 1
    assert sum(told) == table.work_bytes == 12 + 10 + 12


def test_rows_of_one_key_are_one_row_wherever_they_stand(tmp_path: Path) -> None:
    source = TableSource(group_by="case", lead={"main": "yes"})
    path = written(tmp_path, t=b"case,name,main\n1,A,\n2,B,\n1,C,yes\n,D,\n1\n")
    rows = list(TableReader(path, source).read_rows())
    assert [(row.number, row.problem) for row in rows] == [
        (5, "no case, by which rows are grouped"),
        (6, "the row has 1 columns, not 3"),
        (4, ""),
        (3, ""),
    ]
    assert rows[2].row["name"] == "C"
    assert [row["name"] for row in rows[2].row["rows"] if isinstance(row, dict)] == ["A", "C"]


def test_a_key_that_too_many_rows_have_is_told_and_leaves_its_row_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (reading, row_store):
        monkeypatch.setattr(module, "MOST_OF_KEY", 3)
    path = written(tmp_path, sdn=b"1,A\n2,B\n3,C\n", alt=b"1,A\n" * 3 + b"2,B\n" * 9)
    rows = list(TableReader(path, JOINED).read_rows())
    assert [len(row.row.get("alt", [])) for row in rows] == [3, 0, 0]
    assert [row.problem for row in rows] == ["", "more than 3 rows of alt have its id (2): it is left out", ""]
    grouped = TableSource(columns=("id", "who"), group_by="id")
    assert [(row.number, row.problem) for row in TableReader(tmp_path / "alt.csv", grouped).read_rows()] == [
        (1, ""),
        (4, "more than 3 rows have its id, by which rows are grouped: they are left out"),
    ]


def explained(path: Path, source: TableSource, *required: str) -> str:
    table = TableReader(path, source)
    return explain_lacking(table, set(required), table.read_columns() or set())


def write_table(folder: Path, content: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_what_a_file_lacks_stands_beside_what_it_has(tmp_path: Path) -> None:
    source = TableSource(extract={"years": ExtractRule("born", "(?P<year>[0-9]{4})")})
    told = explained(write_table(tmp_path, "id,born\n"), source, "id", "name", "years.year")
    assert told == f"{tmp_path}/t.csv lacks the column name, which the mapping kit names; it has born, id"


def test_the_joined_file_is_named_where_that_lacks_a_column(tmp_path: Path) -> None:
    write_table(tmp_path, "ident,alias\n", "alt.csv")
    source = TableSource(join={"alt": JoinSource("alt.csv", key="id")})
    told = explained(write_table(tmp_path, "id\n"), source, "id", "alt.id", "alt.alias")
    assert told == f"{tmp_path}/alt.csv lacks the column id, which the mapping kit names; it has alias, ident"


@pytest.mark.parametrize(
    ("content", "skip", "said"),
    [("", 0, "t.csv is empty"), ("\n \n", 0, "t.csv lacks"), ("a\nb\n", 2, "is empty below the 2 lines that `skip`")],
)
def test_a_file_without_a_header_says_so(tmp_path: Path, content: str, skip: int, said: str) -> None:
    assert said in explained(write_table(tmp_path, content), TableSource(skip=skip), "id")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("id;name\n", "if ';' stands between its columns, set `delimiter`"),
        ("id\tname\n", r"if '\t' stands between its columns, set `delimiter`"),
        ("List of 2026\nid,name\n", "if its header stands further down, set `skip`, if it has none, `columns`"),
    ],
)
def test_a_file_that_has_none_of_the_columns_names_the_likely_cause(tmp_path: Path, content: str, cause: str) -> None:
    assert explained(write_table(tmp_path, content), TableSource(), "id", "name").endswith(f"; {cause}")


def test_a_workbook_names_its_other_sheets(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Cover": [["Register"]], "People": [["id"]]})
    assert explained(path, TableSource(), "id").endswith(
        "if another sheet is meant, set `sheet` (it has Cover, People)"
    )
    assert "`sheet`" not in explained(path, TableSource(sheet="People"), "id", "name")


def test_a_header_as_long_as_a_row_is_cut(tmp_path: Path) -> None:
    told = explained(
        write_table(tmp_path, ",".join(f"column{number}" for number in range(10_000))), TableSource(), "id"
    )
    assert len(told) < SHOWN_CHARACTERS + 500


def test_a_file_for_a_join_that_the_kit_has_not_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, "id\n")
    with pytest.raises(LiaisonError, match=r"--join atl=\.\.\.: .* it joins no file"):
        TableReader(path, TableSource(), {"atl": path})
