from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.headers import SHOWN_CHARACTERS, explain_lacking
from pipeline.feeds.tables.reading import TableReader
from pipeline.feeds.tables.sources import ExtractRule, JoinSource, TableSource
from support.feeds.workbooks import write_workbook


def explained(path: Path, source: TableSource, *required: str) -> str:
    table = TableReader(path, source)
    return explain_lacking(table, set(required), table.read_columns() or set())


def written(folder: Path, content: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_what_a_file_lacks_stands_beside_what_it_has(tmp_path: Path) -> None:
    source = TableSource(extract={"years": ExtractRule("born", "(?P<year>[0-9]{4})")})
    told = explained(written(tmp_path, "id,born\n"), source, "id", "name", "years.year")
    assert told == f"{tmp_path}/t.csv lacks the column name, which the mapping kit names; it has born, id"


def test_the_joined_file_is_named_where_that_lacks_a_column(tmp_path: Path) -> None:
    written(tmp_path, "ident,alias\n", "alt.csv")
    source = TableSource(join={"alt": JoinSource("alt.csv", key="id")})
    told = explained(written(tmp_path, "id\n"), source, "id", "alt.id", "alt.alias")
    assert told == f"{tmp_path}/alt.csv lacks the column id, which the mapping kit names; it has alias, ident"


@pytest.mark.parametrize(
    ("content", "skip", "said"),
    [("", 0, "t.csv is empty"), ("\n \n", 0, "t.csv lacks"), ("a\nb\n", 2, "is empty below the 2 lines that `skip`")],
)
def test_a_file_without_a_header_says_so(tmp_path: Path, content: str, skip: int, said: str) -> None:
    assert said in explained(written(tmp_path, content), TableSource(skip=skip), "id")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("id;name\n", "if ';' stands between its columns, set `delimiter`"),
        ("id\tname\n", r"if '\t' stands between its columns, set `delimiter`"),
        ("List of 2026\nid,name\n", "if its header stands further down, set `skip`, if it has none, `columns`"),
    ],
)
def test_a_file_that_has_none_of_the_columns_names_the_likely_cause(tmp_path: Path, content: str, cause: str) -> None:
    assert explained(written(tmp_path, content), TableSource(), "id", "name").endswith(f"; {cause}")


def test_a_workbook_names_its_other_sheets(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"Cover": [["Register"]], "People": [["id"]]})
    assert explained(path, TableSource(), "id").endswith(
        "if another sheet is meant, set `sheet` (it has Cover, People)"
    )
    assert "`sheet`" not in explained(path, TableSource(sheet="People"), "id", "name")


def test_a_header_as_long_as_a_row_is_cut(tmp_path: Path) -> None:
    told = explained(written(tmp_path, ",".join(f"column{number}" for number in range(10_000))), TableSource(), "id")
    assert len(told) < SHOWN_CHARACTERS + 500


def test_a_file_for_a_join_that_the_kit_has_not_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "id\n")
    with pytest.raises(LiaisonError, match=r"--join atl=\.\.\.: .* it joins no file"):
        TableReader(path, TableSource(), {"atl": path})
