from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import check_shape, load_kit, parse_kit, shipped_kits, suggest_word, survey_folder
from pipeline.feeds.rules import compile_fields

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


PERSON = {"id": "p1", "type": "person", "names": [{"full": "{NAME}"}]}


def check(**fields: Any) -> None:
    check_shape(compile_fields({"case_id": "{NO}", **fields}, "record"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"entites": [PERSON]}, "`record.entites`: a record has no such field here; did you mean entities?"),
        (
            {"entities": [PERSON | {"type": "persn"}]},
            "`record.entities[0].type`: 'persn' is none of person, organisation, vehicle, phone, account, document, ",
        ),
        (
            {"entities": [PERSON | {"birthdate": "{B}"}]},
            "`record.entities[0].birthdate`: a record has no such field here; did you mean birth_date?",
        ),
        (
            {"entities": [PERSON | {"names": [{"for": "rows", "ful": "{N}"}]}]},
            "`record.entities[0].names[0].ful`: a record has no such field here; did you mean full?",
        ),
        (
            {"handling": {"code": "H9"}},
            "`record.handling.code`: 'H9' is none of H0, H1, H2, H3",
        ),
        (
            {"handling": {"releasable_to": ["FRA"]}},
            "`record.handling.releasable_to[0]`: 'FRA' is not an ISO 3166-1 alpha-2 code in capitals, or * for ",
        ),
        (
            {"status": {"from": "S", "values": {"X": "withdrawn"}, "default": "activ"}},
            "`record.status`: 'activ' is none of active, corrected, withdrawn; did you mean active?",
        ),
        (
            {"entities": [{"id": "x", "type": {"from": "T", "values": {"P": "person", "A": "plane"}}}]},
            "`record.entities[0].type`: 'plane' is none of",
        ),
        ({"entities": PERSON}, "`record.entities` is a list: begin each of its items with `-`"),
        ({"handling": [{"code": "H1"}]}, "`record.handling` is one object, not a list of them"),
        (
            {"handling": {"caveat_translations": {"English": "{C}"}}},
            "`record.handling.caveat_translations.English`: must be texts that are each under a BCP 47 language tag",
        ),
        (
            {"handling": {"caveat_translations": {"en": " "}}},
            "`record.handling.caveat_translations.en`: ' ' is not a text of 1 to 4,000 characters that is not blank",
        ),
        ({"retain_until": "2030"}, "`record.retain_until`: '2030' is not a date of the calendar"),
    ],
)
def test_what_no_record_has_is_refused_by_name(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        check(**fields)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(("written", "meant"), [("persn", "person"), ("vehicl", "vehicle"), ("zzz", ""), ("ih", "")])
def test_the_word_that_was_meant_is_told_where_one_is_alike(written: str, meant: str) -> None:
    assert suggest_word(written, ("person", "vehicle", "id")) == (f"; did you mean {meant}?" if meant else "")


@pytest.mark.parametrize(
    "fields",
    [
        {"entities": [PERSON]},
        {"entities": [{"id": "x", "type": "{T}", "plate": "{P}", "names": [{"full": "{N}"}]}]},
        {"entities": [{"id": "x", "type": {"from": "T", "values": {"P": "person", "V": "vehicle"}}, "plate": "{P}"}]},
        {"extensions": {"whatever": {"is": ["{HERE}"]}}},
        {"handling": {"caveat": "{C}", "caveat_translations": {"en": "{C_EN}", "pt-BR": "Ligar antes"}}},
        {"version": {"from": "V", "as": "integer"}, "status": "corrected", "retain_until": "2030-01-01"},
    ],
)
def test_what_a_record_may_hold_passes(fields: dict[str, Any]) -> None:
    check(**fields)


OWN = """
kit: 1
name: ours
files: ["un*.xml", "Register*.csv"]
agencies: [{name: a, country: FR}]
record: {case_id: "{id}"}
"""


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"x\n")
    return folder


def found(folder: Path) -> dict[str, str]:
    return {table.path.name: table.kit.name for table in survey_folder(folder).tables}


def test_lists_are_known_by_their_published_names(tmp_path: Path) -> None:
    fill(tmp_path, "consolidated.xml", "SDN.CSV", "sanctionsconlist.csv.gz", "20261101-FULL-1_1(xsd)eu.xml")
    fill(tmp_path, "xmlFullSanctionsList_1_1.xml", "interpol-red.json")
    assert found(tmp_path) == {
        "consolidated.xml": "un-list",
        "SDN.CSV": "ofac-list",
        "sanctionsconlist.csv.gz": "uk-list",
        "xmlFullSanctionsList_1_1.xml": "eu-list",
        "interpol-red.json": "interpol-notices",
    }


def test_joined_files_belong_to_their_table_and_others_are_named(tmp_path: Path) -> None:
    survey = survey_folder(fill(tmp_path, "sdn.csv", "alt.csv", "add.csv", "README.md", ".hidden"))
    assert [table.path.name for table in survey.tables] == ["sdn.csv"]
    assert [path.name for path in survey.unknown] == ["README.md"]


def test_a_folders_own_kits_come_first(tmp_path: Path) -> None:
    (tmp_path / "ours.yml").write_text(OWN)
    assert found(fill(tmp_path, "un.xml", "register-2026.csv")) == {"un.xml": "ours", "register-2026.csv": "ours"}


def test_a_folder_without_a_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match=r"no file that a mapping kit is for.*\*sdn\*\.csv"):
        survey_folder(fill(tmp_path, "README.md"))
