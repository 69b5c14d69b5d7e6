from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import load_kit, parse_kit, shipped_kits

SMALL = """
kit: 1
name: small
agencies: [{name: fr-pj, country: FR}]
record: {case_id: "{id}"}
"""


def test_every_shipped_kit_loads_by_its_name() -> None:
    names = shipped_kits()
    assert {"police-csv", "historical-figures"} <= set(names)
    assert all(load_kit(name).name == name for name in names)


def test_a_kit_loads_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(SMALL)
    assert load_kit(str(path)).name == "small"


def test_an_unknown_kit_is_answered_with_those_there_are() -> None:
    with pytest.raises(LiaisonError, match="historical-figures, interpol-notices"):
        load_kit("nonesuch")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("kit: 1", "kit: 2"), "kit"),
        (("name: small\n", ""), "name"),
        (("agencies: [{name: fr-pj, country: FR}]", "agencies: []"), "at least one agency"),
        (("country: FR}]", "country: FR}, {name: b, country: BE}]"), "deal"),
        (("{case_id:", "{agency: fr-pj, case_id:"), r"record\.agency.*agencies"),
        (("case_id:", "title:"), r"record\.case_id.*missing"),
        (("record:", "colour: red\nrecord:"), "colour"),
        (("record:", "source: {format: pdf}\nrecord:"), "pdf"),
        (("record:", "source: {encoding: latin-99}\nrecord:"), r"source\.encoding.*latin-99"),
        (("record:", "source: {delimiter: '||'}\nrecord:"), r"source\.delimiter"),
        (("record:", "source: {where: {id: 1}}\nrecord:"), r"source\.where\.id"),
        (("record:", "source: {extract: {x: {from: id, pattern: '[0-9]+'}}}\nrecord:"), "named group"),
        (("record:", "source: {extract: {x: {from: id, pattern: '(?P<y>a)(?P=y)'}}}\nrecord:"), r"extract\.x"),
        (("record:", "source: {items: [/a]}\nrecord:"), r"source\.items"),
        (("record:", "source: {skip: -1}\nrecord:"), r"source\.skip"),
        (("record:", "source: {null: ['-']}\nrecord:"), "`source`: quote the word `null`"),
        (("record:", "source: {join: {a: {file: a, key: b, null: [x]}}}\nrecord:"), r"`source\.join\.a`: quote"),
        (('"{id}"', '"{id"'), r"record\.case_id"),
        (("kit: 1", "kit: [1"), "not YAML"),
    ],
)
def test_a_mistake_in_a_kit_is_one_line_that_names_it(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(LiaisonError, match=complaint) as raised:
        parse_kit(SMALL.replace(*change), "mine.yml")
    assert str(raised.value).startswith("mine.yml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "hello", "[1, 2]"])
def test_a_file_that_is_no_kit_says_so(text: str) -> None:
    with pytest.raises(LiaisonError, match=r"mine\.yml: it is no mapping kit"):
        parse_kit(text, "mine.yml")


def test_a_kit_that_is_not_there_or_no_text_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"cannot read the mapping kit .*: No such file or directory$"):
        load_kit(str(tmp_path / "none.yml"))
    (tmp_path / "odd.yml").write_bytes(b"\xff")
    with pytest.raises(LiaisonError, match="no mapping kit: it is not utf-8"):
        load_kit(str(tmp_path / "odd.yml"))


def test_ignored_columns_count_as_mentioned_but_need_not_be_there() -> None:
    kit = parse_kit(SMALL + 'ignore: [typed_by]\ntruth: "{cluster}"\n', "mine.yml")
    assert kit.columns == {"id", "cluster", "typed_by"}
    assert kit.required == {"id", "cluster"}
