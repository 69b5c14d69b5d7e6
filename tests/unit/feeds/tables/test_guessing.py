from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.guessing import guess_format, guess_source
from pipeline.feeds.tables.sources import TableSource
from support.feeds.workbooks import Value, write_workbook


def guessed(folder: Path, content: bytes, name: str = "t.csv") -> TableSource:
    path = folder / name
    path.write_bytes(content)
    return guess_source(path).source


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_regular_lines(tmp_path: Path, delimiter: str) -> None:
    lines = [["ID", "NAME, FIRST"], ["1", 'Petrow; "Iwan", jun.'], ["2", "Dupont"]]
    text = "".join(delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line) + "\n" for line in lines)
    assert guessed(tmp_path, text.encode()) == TableSource(format="csv", delimiter=delimiter)


def test_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    assert guessed(tmp_path, b"Last Updated,2026,,\nID,NAME,BORN,NOTE\n1,A,1970,x\n2,B,1971,\n").skip == 1


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    assert guessed(tmp_path, b'36,"A","x"\n37,"B","x"\n').columns == ("column_1", "column_2", "column_3")


def test_what_is_not_utf_8_is_taken_for_windows_and_a_mark_for_itself(tmp_path: Path) -> None:
    text = "ID;NOM\n1;Lefèvre\n"
    assert guessed(tmp_path, text.encode("cp1252")).encoding == "cp1252"
    assert guessed(tmp_path, text.encode("utf-16")) == TableSource(format="csv", delimiter=";")
    assert guessed(tmp_path, gzip.compress(text.encode())) == TableSource(format="csv", delimiter=";")


def test_a_character_cut_in_two_where_the_look_ends_is_still_utf_8(tmp_path: Path) -> None:
    assert guessed(tmp_path, b"ID;NOM\n" + "1;é\n".encode() * 20_000).encoding == "utf-8"


def test_the_rows_of_xml_are_the_outermost_elements_that_repeat(tmp_path: Path) -> None:
    person = "<PERSON><NAME>A</NAME><ALIAS><NAME>B</NAME></ALIAS><ALIAS><NAME>C</NAME></ALIAS></PERSON>"
    content = f"<LIST><NOTE/><NOTE/><PERSONS>{person * 2}</PERSONS><SHIPS><SHIP imo='1'/><SHIP imo='2'/></SHIPS></LIST>"
    assert guessed(tmp_path, content.encode(), "t.dat").items == ("PERSONS/PERSON", "SHIPS/SHIP")
    with pytest.raises(LiaisonError, match="no element that comes several times"):
        guessed(tmp_path, b"<LIST><A/></LIST>", "t.xml")
    with pytest.raises(LiaisonError, match="as XML"):
        guessed(tmp_path, b"<LIST><A>", "t.xml")


@pytest.mark.parametrize(
    ("document", "items"),
    [
        ({"total": 1, "_embedded": {"notices": [{"a": 1}]}}, ("_embedded.notices",)),
        ({"links": [{"a": 1}], "cases": [{"a": 1, "people": [{}, {}, {}]}, {"a": 2}]}, ("cases",)),
        ([{"a": 1}], ()),
        ({"a": 1}, ()),
    ],
)
def test_the_rows_of_json_are_the_longest_of_its_outermost_lists_of_objects(
    tmp_path: Path, document: object, items: tuple[str, ...]
) -> None:
    assert guessed(tmp_path, orjson.dumps(document), "t.json").items == items


@pytest.mark.parametrize(
    ("content", "format_"),
    [(b'{"a": 1}\n', "jsonl"), (b"[1]", "json"), (b"PAR1", "parquet"), (b"PK\x03\x04", "workbook")],
)
def test_the_format_is_known_by_its_beginning(tmp_path: Path, content: bytes, format_: str) -> None:
    (tmp_path / "t.dat").write_bytes(content)
    assert guess_format(tmp_path / "t.dat") == format_


def test_the_sheet_of_a_workbook_is_the_fullest_and_its_titles_are_passed_over(tmp_path: Path) -> None:
    cover: list[Sequence[Value]] = [["Customs office"], ["Seizures of 2026"]]
    body: list[Sequence[Value]] = [
        ["Seizures of 2026", None, None],
        [],
        ["NO", "NAME", "BORN"],
        *([str(at), "A", "1970"] for at in range(9)),
    ]
    path = write_workbook(tmp_path / "t.xlsx", {"Cover": cover, "Seizures": body})
    guess = guess_source(path)
    assert guess.source == TableSource(format="workbook", sheet="Seizures", skip=2)
    assert guess.reasons["sheet"] == "of Cover, Seizures it has the most in its first rows; --sheet takes another"
    assert guess_source(path, "Cover").source.sheet == "Cover"


def test_a_title_across_merged_cells_is_no_header(tmp_path: Path) -> None:
    body: list[Sequence[Value]] = [
        ["Seizures", None, None],
        ["NO", "NAME", "BORN"],
        *([str(at), "A", "1970"] for at in range(9)),
    ]
    path = write_workbook(tmp_path / "t.xlsx", {"Seizures": body}, merged="A1:C1")
    assert guess_source(path).source == TableSource(format="workbook", skip=1)


@pytest.mark.parametrize("name", ["cut.json", "cut.xml", "cut.csv"])
def test_what_ends_within_its_packing_is_refused_with_a_word(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for whole in (gzip.compress(b"[{}]"), gzip.compress(b"<a><b c='1'/><b c='2'/></a>")):
        for end in (3, 9, len(whole) - 4):
            path.write_bytes(whole[:end])
            with pytest.raises(LiaisonError):
                guess_source(path)
