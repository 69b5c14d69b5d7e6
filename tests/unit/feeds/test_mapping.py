from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import load_kit, parse_kit
from pipeline.feeds.mapping import MappedRow, Mapper

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

DEALT = """
kit: 1
name: dealt
agencies: [{name: a, country: FR}, {name: b, country: BE}, {name: c, country: DE}]
deal: "{id}"
truth: "{who}"
record: {case_id: "{id}", title: "{title}"}
"""

REGISTER = """ANNEE;NUMERO;VERSION;ETAT;DATE_OUVERTURE;OBJET;RESUME;SERVICE;COURRIEL_SERVICE;PRENOM;NOM;ALIAS;\
DATE_NAISSANCE;LIEU_NAISSANCE;SEXE;NATIONALITE;TELEPHONES;PASSEPORT;PASSEPORT_PAYS;ADRESSE;CODE_POSTAL;VILLE;PLAQUES;\
MARQUE;DATE_FAITS;LAT;LON;MODE_OPERATOIRE;SAISI_PAR;NOTE
2026;004711;2;EN COURS;28/10/2026;Vol aggravé;;PJ Lille;pj@example.org;Iwan;Petrow;Wanja|Johnny;05/1980;Sofia;M;BG;\
06 12 34 56 78,07 00 00 00 00;123456789;BG;1 rue Haute;59000;Lille;AB-123-CD,EF-456-GH;Renault;27/10/2026 23:30;50.63;\
3.06;bris de vitre;Durand;vu deux fois
2026;004712;1;CLOS;29/10/2026;Recel;;;;Jean;Dupont;;3l/12/1975;;X;;;;;;;;;;;;;;Durand;
"""


def mapped(tmp_path: Path, kit: str, name: str, content: bytes) -> tuple[list[MappedRow], Mapper]:
    path = tmp_path / name
    path.write_bytes(content)
    mapper = Mapper(parse_kit(kit, "kit") if "\n" in kit else load_kit(kit), lambda: NOON)
    return list(mapper.map_file(path)), mapper


def test_the_example_kit_makes_good_records_of_a_police_register(tmp_path: Path) -> None:
    rows, mapper = mapped(tmp_path, "police-csv", "register.csv", REGISTER.encode("cp1252"))
    first, second = (row.event["data"] for row in rows if row.event)
    assert [row.case for row in rows] == ["fr-pj:2026-004711", "fr-pj:2026-004712"]
    assert [entity["id"] for entity in first["entities"]] == ["p1", "v1", "v2", "e1"]
    assert first["entities"][0]["names"][1:] == [
        {"full": "Wanja", "kind": "alias"},
        {"full": "Johnny", "kind": "alias"},
    ]
    assert first["entities"][0]["birth_date"] == "1980-05"
    assert first["entities"][3]["start"] == "2026-10-27T23:30:00+01:00"
    assert first["version"] == 2
    assert second["entities"][0]["birth_date_text"] == "3l/12/1975"
    assert second["entities"][0]["gender"] == "unknown"
    assert len(second["entities"]) == 1
    assert mapper.unmapped == Counter({"NOTE": 1})
    lines = [(row.line, orjson.dumps(row.event)) for row in rows]
    assert [checked.problems for checked in Checker("fr-pj", "FR").check_lines(lines)] == [(), ()]


def test_rows_are_dealt_out_the_same_way_on_every_run_and_about_evenly(tmp_path: Path) -> None:
    content = b"id,who,title\n" + b"".join(b"%d,w,t\n" % number for number in range(600))
    once, _ = mapped(tmp_path, DEALT, "t.csv", content)
    again, _ = mapped(tmp_path, DEALT, "t.csv", content)
    assert once == again
    shares = Counter(row.case.split(":")[0] for row in once)
    assert set(shares) == {"a", "b", "c"}
    assert min(shares.values()) > 150


def test_the_truth_never_enters_a_record(tmp_path: Path) -> None:
    rows, _ = mapped(tmp_path, DEALT, "t.csv", b"id,who,title\n1,canary,t\n")
    assert rows[0].truth == "canary"
    assert b"canary" not in orjson.dumps(rows[0].event)


def test_a_missing_column_stops_the_mapping_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="lacks the column title"):
        mapped(tmp_path, DEALT, "t.csv", b"id,who\n1,w\n")


def test_an_unmapped_column_is_reported_even_when_it_is_empty(tmp_path: Path) -> None:
    _, mapper = mapped(tmp_path, DEALT, "t.csv", b"id,who,title,extra\n1,w,t,\n")
    assert dict(mapper.unmapped) == {"extra": 0}


def test_a_row_without_a_case_id_and_a_repeated_case_are_named(tmp_path: Path) -> None:
    rows, _ = mapped(tmp_path, DEALT, "t.csv", b"id,who,title\n,w,t\n1,w,t\n1,w,u\n")
    assert rows[0].event is None
    assert "no case_id" in rows[0].problems[0].message
    assert rows[1].problems == ()
    assert "line 3 already" in rows[2].problems[0].message


def test_events_are_dated_by_the_kit_or_by_the_clock(tmp_path: Path) -> None:
    rows, _ = mapped(tmp_path, DEALT, "t.csv", b"id,who,title\n1,w,t\n")
    dated, _ = mapped(tmp_path, DEALT + 'time: "{title}T00:00:00Z"\n', "t.csv", b"id,who,title\n1,w,2026-01-01\n")
    assert rows[0].event is not None
    assert dated[0].event is not None
    assert rows[0].event["time"] == "2026-11-24T12:00:00+00:00"
    assert dated[0].event["time"] == "2026-01-01T00:00:00Z"


PEOPLE = """
kit: 1
name: people
source: {group_by: case}
agencies: [{name: a, country: FR}]
record:
  case_id: "{case}"
  title: "{title}"
  entities:
    - {for: rows, by: "{person}", id: "p{#}", type: person, names: [{for: rows, full: "{name}"}]}
"""


def test_several_rows_are_one_case_with_several_people(tmp_path: Path) -> None:
    content = b"case,title,person,name\n7,theft,1,Ann\n8,fraud,1,Bob\n7,theft,2,Cy\n7,theft,1,Anna\n"
    rows, mapper = mapped(tmp_path, PEOPLE, "t.csv", content)
    first, second = (row.event["data"] for row in rows if row.event)
    assert [(entity["id"], [name["full"] for name in entity["names"]]) for entity in first["entities"]] == [
        ("p1", ["Ann", "Anna"]),
        ("p2", ["Cy"]),
    ]
    assert [row.case for row in rows] == ["a:7", "a:8"]
    assert len(second["entities"]) == 1
    assert not mapper.unmapped


def test_columns_of_groups_that_are_not_read_are_counted_by_their_path(tmp_path: Path) -> None:
    kit = DEALT.replace("record:", 'ignore: ["left.*"]\nrecord:')
    line = {"id": "1", "who": "w", "title": "t", "alias": [{"n": "A", "q": ""}, {"n": "B"}], "left": [{"x": "y"}]}
    _, mapper = mapped(tmp_path, kit, "t.jsonl", orjson.dumps(line))
    assert mapper.unmapped == Counter({"alias.n": 2})


def test_what_the_kit_names_and_no_row_has_is_told_where_no_header_could_tell(tmp_path: Path) -> None:
    _, mapper = mapped(tmp_path, DEALT, "t.jsonl", b'{"id": "1", "who": "w"}\n')
    assert mapper.unmet == {"title"}


def test_a_case_with_five_hundred_aliases_keeps_the_first_and_says_so(tmp_path: Path) -> None:
    kit = """
kit: 1
name: aliases
agencies: [{name: a, country: FR}]
record: {case_id: "{id}", entities: [{id: p1, type: person, names: [{full: {from: n, each: "|"}}]}]}
"""
    content = b"id,n\n1," + b"|".join(b"N%d" % number for number in range(500)) + b"\n"
    rows, _ = mapped(tmp_path, kit, "t.csv", content)
    assert rows[0].problems == ()
    assert rows[0].notes == ("p1.names: 500 values, of which the first 50 are kept",)
    assert [checked.problems for checked in Checker("a", "FR").check_lines([(1, orjson.dumps(rows[0].event))])] == [()]


def test_a_list_may_have_one_version_for_all_its_records(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,who,title\n1,w,t\n")
    (row,) = Mapper(parse_kit(DEALT, "kit"), lambda: NOON, version=20261101).map_file(path)
    assert row.event is not None
    assert row.event["data"]["version"] == 20261101
    assert row.event["id"].endswith(":1:20261101")
