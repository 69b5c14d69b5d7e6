from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import load_kit, parse_kit
from pipeline.feeds.mapping import (
    FREE_TEXTS,
    LIST_LIMITS,
    TEXT_LIMIT,
    MappedRow,
    Mapper,
    MappingProblem,
    RowEvaluation,
    cut_to_limits,
)
from pipeline.feeds.rules import compile_fields

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


def evaluated(written: dict[str, Any], row: dict[str, Any]) -> tuple[dict[str, Any], list[MappingProblem]]:
    problems: list[MappingProblem] = []
    return RowEvaluation(row, problems).fill_object(compile_fields(written, "record")), problems


def test_constants_keep_their_types_and_empty_columns_leave_no_field() -> None:
    made, problems = evaluated({"a": 1, "b": True, "c": "word", "d": "{empty}", "e": "{full}"}, {"full": "x"})
    assert made == {"a": 1, "b": True, "c": "word", "e": "x"}
    assert problems == []


def test_an_object_whose_columns_are_all_empty_is_left_out() -> None:
    written = {"contact": {"unit": "{unit}", "phone": "{phone}"}, "entities": [{"id": "v1", "plate": "{plate}"}]}
    assert evaluated(written, {}) == ({}, [])
    assert evaluated(written, {"plate": "AB1"})[0] == {"entities": [{"id": "v1", "plate": "AB1"}]}


def test_an_object_of_constants_stays() -> None:
    assert evaluated({"handling": {"code": "H1", "releasable_to": ["*"]}}, {})[0] == {
        "handling": {"code": "H1", "releasable_to": ["*"]}
    }


def test_split_gives_a_list_and_each_repeats_the_object() -> None:
    written = {
        "phones": {"from": "phones", "split": ","},
        "names": [{"full": "{name}"}, {"full": {"from": "aliases", "each": "|"}, "kind": "alias"}],
        "entities": [{"id": "v{#}", "plate": {"from": "plates", "each": ","}}],
    }
    row = {"phones": "1, 2,,", "name": "A", "aliases": "B|C", "plates": "X,Y"}
    assert evaluated(written, row)[0] == {
        "phones": ["1", "2"],
        "names": [{"full": "A"}, {"full": "B", "kind": "alias"}, {"full": "C", "kind": "alias"}],
        "entities": [{"id": "v1", "plate": "X"}, {"id": "v2", "plate": "Y"}],
    }


def test_split_dates_are_read_each_in_the_formats() -> None:
    rule = {"from": "born", "split": ";", "dates": ["%d.%m.%Y", "%Y"]}
    assert evaluated({"birth_dates": rule}, {"born": "01.02.1980; 1981"}) == (
        {"birth_dates": ["1980-02-01", "1981"]},
        [],
    )
    made, problems = evaluated({"birth_dates": rule}, {"born": "1980; in spring"})
    assert made == {"birth_dates": ["1980"]}
    assert [problem.message for problem in problems] == ["'in spring' is a date in none of `dates`"]
    made, problems = evaluated({"birth_dates": {**rule, "or_text": "birth_date_text"}}, {"born": "1980; x; y"})
    assert made == {"birth_dates": ["1980"], "birth_date_text": "x"}
    assert [problem.message for problem in problems] == ["'y' is a date in none of `dates`"]


def test_a_count_of_days_that_no_format_reads_names_the_word_for_it() -> None:
    rule = {"from": "born", "dates": ["%d.%m.%Y"]}
    for text, is_told in (("29221", True), ("1980", False), ("9" * 5_000, False)):
        _, (problem,) = evaluated({"birth_date": rule}, {"born": text})
        assert ("add serial" in problem.message) == is_told
    assert evaluated({"birth_date": {**rule, "dates": ["serial"]}}, {"born": "29221"})[0] == {
        "birth_date": "1980-01-01"
    }


def test_dates_of_several_columns_make_a_list() -> None:
    written = {"birth_dates": [{"from": "a", "dates": ["%d.%m.%Y"]}, {"from": "b", "dates": ["%Y"]}]}
    assert evaluated(written, {"a": "01.02.1980", "b": "1981"}) == ({"birth_dates": ["1980-02-01", "1981"]}, [])
    assert evaluated(written, {"a": "", "b": ""}) == ({}, [])


def test_a_list_inside_a_repeated_object_stays_a_list() -> None:
    written = {
        "entities": [{"plate": {"from": "plates", "each": ","}, "phones": {"from": "phones", "split": ","}}],
    }
    assert evaluated(written, {"plates": "X,Y", "phones": "1,2"})[0] == {
        "entities": [{"plate": "X", "phones": ["1", "2"]}, {"plate": "Y", "phones": ["1", "2"]}]
    }


def test_an_object_without_its_repeated_value_stays_if_it_says_something_else() -> None:
    written = {"entities": [{"id": "v{#}", "make": "{make}", "plate": {"from": "plates", "each": ","}}]}
    assert evaluated(written, {"make": "Seat"})[0] == {"entities": [{"id": "v1", "make": "Seat"}]}


def test_a_cell_that_holds_a_list_is_several_values() -> None:
    row = {"names": ("A", "B")}
    assert evaluated({"names": [{"full": {"from": "names", "each": "|"}}]}, row)[0] == {
        "names": [{"full": "A"}, {"full": "B"}]
    }
    made, problems = evaluated({"title": "{names}"}, row)
    assert made == {"title": "A"}
    assert "2 values" in problems[0].message


def test_values_are_translated_and_unknown_ones_reported_or_defaulted() -> None:
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}}}, {"s": "M"}) == ({"g": "male"}, [])
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}, "default": "unknown"}}, {"s": "?"}) == (
        {"g": "unknown"},
        [],
    )
    assert evaluated({"g": {"from": "s", "values": {"M": "male"}}}, {"s": "X"}) == (
        {},
        [MappingProblem("s", "'X' is not in `values`")],
    )


def test_a_value_may_be_translated_to_nothing_on_purpose() -> None:
    assert evaluated({"g": {"from": "s", "values": {"-": None}}}, {"s": "-"}) == ({}, [])


@pytest.mark.parametrize("text", ["19?0-04-3l", "30/02/1980", "03/04/80"])
def test_a_date_that_cannot_be_stated_goes_to_the_text_field_as_it_stands(text: str) -> None:
    written = {"birth_date": {"from": "d", "dates": ["%d/%m/%Y"], "or_text": "birth_date_text"}}
    assert evaluated(written, {"d": text}) == ({"birth_date_text": text}, [])


def test_an_ambiguous_date_is_not_guessed() -> None:
    rule: dict[str, Any] = {"from": "d", "dates": ["%d/%m/%Y", "%m/%d/%Y"]}
    assert evaluated({"opened": rule}, {"d": "03/04/1980"}) == ({}, [MappingProblem("d", "'03/04/1980' is ambiguous")])
    with_text = {"birth_date": rule | {"or_text": "birth_date_text"}}
    assert evaluated(with_text, {"d": "03/04/1980"})[0] == {"birth_date_text": "03/04/1980"}


def test_numbers_are_numbers_or_reported() -> None:
    written = {"version": {"from": "v", "as": "integer"}, "latitude": {"from": "l", "as": "number"}}
    assert evaluated(written, {"v": "3", "l": "48.5"}) == ({"version": 3, "latitude": 48.5}, [])
    assert evaluated(written, {"v": "3a", "l": "48,5"}) == (
        {},
        [MappingProblem("v", "'3a' is not an integer"), MappingProblem("l", "'48,5' is not a number")],
    )


def test_a_digest_is_stable_and_gives_nothing_away() -> None:
    written = {"case_id": {"from": "id", "as": "digest"}}
    made = evaluated(written, {"id": "Q2296770-4"})[0]["case_id"]
    assert made == evaluated(written, {"id": "Q2296770-4"})[0]["case_id"]
    assert len(made) == 16
    assert "2296770" not in made


ENTRY: dict[str, Any] = {
    "type": "person",
    "name": "A",
    "titles": ("Dr", "Prof"),
    "alias": [
        {"name": "B", "quality": "Good", "years": ("1970", "1971")},
        {"name": "C", "quality": "Low", "years": ()},
        {"name": "B", "quality": "Good", "years": ()},
        {"name": "", "quality": "", "years": ()},
    ],
}


def test_an_item_is_repeated_for_each_row_of_a_group_and_equal_ones_are_one() -> None:
    kind = {"from": "quality", "values": {"Good": "alias", "Low": "nickname"}}
    written = {"names": [{"full": "{name}"}, {"for": "alias", "full": "{name}", "kind": kind}]}
    assert evaluated(written, ENTRY)[0]["names"] == [
        {"full": "A"},
        {"full": "B", "kind": "alias"},
        {"full": "C", "kind": "nickname"},
    ]


def test_items_are_numbered_through_the_rows_that_where_lets_in() -> None:
    written = {
        "entities": [{"for": "alias", "where": {"name": {"not": ""}}, "id": "p{#}", "name": "{name} of {..name}"}]
    }
    assert evaluated(written, ENTRY)[0]["entities"] == [
        {"id": "p1", "name": "B of A"},
        {"id": "p2", "name": "C of A"},
        {"id": "p3", "name": "B of A"},
    ]


def test_fields_and_items_stand_where_their_condition_holds() -> None:
    written = {
        "gender": {"from": "name", "where": {"type": "ship"}},
        "entities": [
            {"where": {"type": "person"}, "id": "p1", "name": "{name}"},
            {"where": {"type": "ship"}, "id": "s1", "name": "{name}"},
        ],
    }
    assert evaluated(written, ENTRY)[0] == {"entities": [{"id": "p1", "name": "A"}]}


def test_rows_with_the_same_text_by_which_they_go_are_one_person() -> None:
    row: dict[str, Any] = {
        "rows": [{"who": "7", "alias": "A"}, {"who": "8", "alias": "B"}, {"who": "7", "alias": "C"}],
    }
    names = [{"for": "rows", "full": "{alias}"}]
    written = {"entities": [{"for": "rows", "by": "{who}", "id": "p{who}", "names": names}]}
    assert evaluated(written, row)[0]["entities"] == [
        {"id": "p7", "names": [{"full": "A"}, {"full": "C"}]},
        {"id": "p8", "names": [{"full": "B"}]},
    ]


def test_several_values_are_a_list_one_text_or_objects_of_their_own() -> None:
    written = {
        "all": {"from": "titles", "list": True},
        "one": {"from": "titles", "join": "; "},
        "names": [{"full": {"from": "titles", "each": True}}],
        "dates": [{"for": "alias", "from": "years", "dates": ["%Y"], "list": True}],
        "first": "{titles.0}",
    }
    assert evaluated(written, ENTRY) == (
        {
            "all": ["Dr", "Prof"],
            "one": "Dr; Prof",
            "names": [{"full": "Dr"}, {"full": "Prof"}],
            "dates": ["1970", "1971"],
            "first": "Dr",
        },
        [],
    )


def test_another_column_serves_where_the_first_is_empty() -> None:
    written = {"country": {"from": "issuer", "else": "place"}}
    assert evaluated(written, {"issuer": "", "place": "Peru"})[0] == {"country": "Peru"}
    assert evaluated(written, {"issuer": "Chad", "place": "Peru"})[0] == {"country": "Chad"}
    assert evaluated(written, {"issuer": "", "place": ""})[0] == {}


SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "case.schema.json").read_text(encoding="utf-8"))["$defs"]


def test_the_limits_are_those_of_the_schema() -> None:
    fields = SCHEMA["person"]["properties"]
    names = SCHEMA["names"]["maxItems"]
    assert {field: fields[field].get("maxItems", names) for field in LIST_LIMITS} == LIST_LIMITS
    assert SCHEMA["text"]["maxLength"] == TEXT_LIMIT


def test_five_hundred_aliases_and_an_endless_text_are_cut_and_told() -> None:
    data: dict[str, Any] = {
        "summary": "x" * 5_000,
        "entities": [
            {
                "id": "p1",
                "names": [{"full": str(n)} for n in range(500)],
                "birth_dates": ["1970"],
                "remark": "y" * 4_001,
            },
            {"id": "p2", "names": [{"full": "A"}]},
        ],
    }
    assert cut_to_limits(data) == [
        "summary: 5,000 characters, of which the first 4,000 are kept",
        "p1.remark: 4,001 characters, of which the first 4,000 are kept",
        "p1.names: 500 values, of which the first 50 are kept",
    ]
    assert data["entities"][0]["names"][-1] == {"full": "49"}
    assert all(len(data.get(field, "")) <= TEXT_LIMIT for field in FREE_TEXTS)
    assert cut_to_limits(data) == []
