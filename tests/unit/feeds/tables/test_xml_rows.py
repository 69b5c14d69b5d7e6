from __future__ import annotations

import tracemalloc
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


BY_P = TableSource(items=("P",))


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
    with pytest.raises(LiaisonError, match=r"line 4, column \d+: the file is cut off here"):
        read(tmp_path, LIST[:200])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"t\.xml is empty$"),
        (b"hello", r"line 1, column 1: not XML \(syntax error\)"),
        (
            b"<L>\n<P><N>Zo\xe9</N></P></L>",
            "line 2, column 9: not XML, or not in the encoding that its first line states",
        ),
    ],
)
def test_what_is_no_xml_says_what_and_where(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(LiaisonError, match=said):
        read(tmp_path, content, TableSource(items=("P",)))


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


LONG = 1_200_000


@pytest.fixture
def one_mebibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much is the longest row."""
    monkeypatch.setattr("pipeline.feeds.tables.xml_rows.MAX_ROW_BYTES", 1 << 20)


def test_the_longest_row_has_eight_mebibytes(tmp_path: Path) -> None:
    long = b"<L><P><N>" + b"x" * (MAX_ROW_BYTES + 100_000) + b"</N></P></L>"
    (row,) = read(tmp_path, long, BY_P)
    assert row.problem == "the element is longer than 8 MiB: it is left out"


@pytest.mark.usefixtures("one_mebibyte")
@pytest.mark.parametrize(
    "long",
    [
        b"<N>" + b"x" * LONG + b"</N>",
        b"<N>a</N>" * (LONG // 8),
        b"<A>" + b"<B><C d='e'>f</C></B>" * (LONG // 20) + b"</A>" + b"x" * LONG,
        b"<A><![CDATA[" + b"x" * LONG + b"]]></A><N>last</N>",
    ],
    ids=["text", "children", "nested", "cdata"],
)
def test_a_longer_row_is_left_out_and_those_around_it_read(tmp_path: Path, long: bytes) -> None:
    around = b"<P><N>%d</N></P>"
    rows = read(tmp_path, b"<L>" + around % 1 + b"<P>" + long + b"</P>" + around % 3 + around % 4 + b"</L>", BY_P)
    assert [(row.number, row.row.get("N"), row.problem) for row in rows] == [
        (1, "1", ""),
        (2, None, "the element is longer than 1 MiB: it is left out"),
        (3, "3", ""),
        (4, "4", ""),
    ]


@pytest.mark.usefixtures("one_mebibyte")
def test_a_row_that_is_left_out_fills_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.xml"
    path.write_bytes(b"<L><P>" + b"<N>abcdefgh</N>" * (4 * LONG // 15) + b"x" * 4 * LONG + b"</P></L>")
    tracemalloc.start()
    try:
        assert [bool(row.problem) for row in read_xml(path, BY_P)] == [True]
        assert tracemalloc.get_traced_memory()[1] < 20 << 20, "about what the first MiB takes"
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("one_mebibyte")
@pytest.mark.parametrize(
    ("long", "place"),
    [
        (b"<P a='" + b"x" * LONG + b"'/>", "line 2, byte 5: a tag begins here"),
        (b"<P>\n <!--" + b"x" * 2 * LONG + b"--></P>", "line 3, byte 10: a comment begins here"),
        (b"<!--" + b"x" * LONG + b"--><P/>", "line 2, byte 5: a comment begins here"),
        (b"<?x " + b"x" * LONG + b"?><P/>", "line 2, byte 5: a processing instruction begins here"),
        (b"<O/>\n" * (LONG // 40) + b"<P b='" + b"x" * LONG + b"'/>", "line 30,002, byte 150,005: a tag begins here"),
    ],
    ids=["tag", "comment in a row", "comment", "instruction", "tag behind others"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_longer_tag_or_comment_stops_the_reading_where_it_begins(
    tmp_path: Path, long: bytes, place: str, encoding: str
) -> None:
    raw = (b"<L>\n" + long + b"</L>").decode().encode(encoding)
    said = place if encoding == "utf-8" else place.partition(", byte")[0] + ", byte"
    with pytest.raises(LiaisonError, match=f"{said}.* that does not end within the 1 MiB of a row; take it out"):
        read(tmp_path, raw, BY_P)


@pytest.mark.usefixtures("one_mebibyte")
def test_as_much_without_a_row_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"line \d+,?\d*, row 1: more than 1 MiB come before it"):
        read(tmp_path, b"<L>" + b"<O>x</O>\n" * (LONG // 9) + b"</L>", BY_P)


@pytest.mark.usefixtures("one_mebibyte")
def test_rows_are_let_go_once_they_are_read(tmp_path: Path) -> None:
    many = b"<L>" + b"<P><N>abc</N></P>" * 100_000 + b"</L>"
    path = tmp_path / "many.xml"
    path.write_bytes(many)
    assert sum(1 for _ in read_xml(path, TableSource(items=("P",)))) == 100_000


def test_what_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    deep = b"<L><P>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</P></L>"
    with pytest.raises(LiaisonError, match="nested more than 64 deep"):
        read(tmp_path, deep, TableSource(items=("P",)))
