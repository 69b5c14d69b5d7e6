from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.tables.cells import SourceRow
from pipeline.feeds.tables.files import MAX_ROW_BYTES
from pipeline.feeds.tables.sources import TableSource
from pipeline.feeds.tables.xml_rows import read_xml

PERSONS = TableSource(items=("PERSONS/PERSON", "FIRMS/FIRM"))
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<LIST xmlns="http://example.org/list"><PERSONS>
  <PERSON id="7"><NAME> Anna
     Maria </NAME><ALIAS><NAME>Ann</NAME><QUALITY>Good</QUALITY></ALIAS><ALIAS/><PLACE>Lyon</PLACE><PLACE>Bern</PLACE>
     <BORN circa="true" year="1970"/><EMPTY/></PERSON>
</PERSONS><NOTE>not a row</NOTE><FIRMS><FIRM><NAME>Firm</NAME></FIRM></FIRMS></LIST>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<LIST><PERSONS><PERSON><NAME>&b;</NAME></PERSON></PERSONS></LIST>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<LIST><PERSONS><PERSON><NAME>&f;</NAME></PERSON></PERSONS></LIST>"""


def read(folder: Path, content: str | bytes, source: TableSource = PERSONS) -> list[SourceRow]:
    path = folder / "t.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_xml(path, source))


def test_elements_at_the_paths_are_rows(tmp_path: Path) -> None:
    person, firm = read(tmp_path, LIST)
    assert person.row == {
        "@id": "7",
        "NAME": "Anna Maria",
        "ALIAS": [{"NAME": "Ann", "QUALITY": "Good"}],
        "PLACE": ("Lyon", "Bern"),
        "BORN": [{"@circa": "true", "@year": "1970"}],
        "EMPTY": "",
        "#element": "PERSON",
    }
    assert (firm.number, firm.row) == (2, {"NAME": "Firm", "#element": "FIRM"})


def test_text_beside_attributes_is_a_column_of_its_own(tmp_path: Path) -> None:
    (row,) = read(tmp_path, '<L><P><REMARK lang="en">said</REMARK></P></L>', TableSource(items=("P",)))
    assert row.row["REMARK"] == [{"@lang": "en", "#text": "said"}]


@pytest.mark.parametrize("content", [BOMB, OUTSIDE])
def test_entities_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(LiaisonError, match="declares entities or refers to other files"):
        read(tmp_path, content)


def test_a_list_cut_off_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"line 4, column \d+: not XML, or cut off here"):
        read(tmp_path, LIST[:200])


def test_paths_that_are_not_there_name_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"no element A/B.*it has .*PERSONS/PERSON"):
        read(tmp_path, LIST, TableSource(items=("A/B",)))
    with pytest.raises(LiaisonError, match=r"set `source\.items`"):
        read(tmp_path, LIST, TableSource())


def test_another_encoding_is_read_by_the_files_own_word_and_an_unknown_one_refused(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="{}"?><L><P><N>Lefèvre</N></P></L>'
    rows = read(tmp_path, head.format("iso-8859-1").encode("latin-1"), TableSource(items=("P",)))
    assert rows[0].row["N"] == "Lefèvre"
    with pytest.raises(LiaisonError, match=r"cannot read|not XML"):
        read(tmp_path, head.format("klingon").encode(), TableSource(items=("P",)))


def test_a_row_of_ten_megabytes_stops_the_reading_with_a_word(tmp_path: Path) -> None:
    big = b"<L><P><N>" + b"x" * (MAX_ROW_BYTES + 2_000_000) + b"</N></P></L>"
    with pytest.raises(LiaisonError, match="takes more than 8 MiB"):
        read(tmp_path, big, TableSource(items=("P",)))


def test_rows_are_let_go_once_they_are_read(tmp_path: Path) -> None:
    many = b"<L>" + b"<P><N>abc</N></P>" * 1_000_000 + b"</L>"
    path = tmp_path / "many.xml"
    path.write_bytes(many)
    assert sum(1 for _ in read_xml(path, TableSource(items=("P",)))) == 1_000_000


def test_what_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    deep = b"<L><P>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</P></L>"
    with pytest.raises(LiaisonError, match="nested more than 64 deep"):
        read(tmp_path, deep, TableSource(items=("P",)))
