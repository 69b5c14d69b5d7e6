from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.kit import SHIPPED, parse_kit
from pipeline.feeds.mapping import Mapper
from pipeline.feeds.proposing import propose_kit

SAMPLES = Path(str(SHIPPED)) / "samples"
REGISTER = """Register of 2026;;;;;;;
NO;FIRST_NAME;SURNAME;BORN;NATIONALITY;PHONES;PLATE;NOTE
1;Ann;Example;31/12/1980;FR;+33 6 12 34 56 78;AB-123-CD;seen twice
2;Bob;Sample;-;Germany,Poland;+33 6 12 34 56 79, +33 6 12 34 56 80;-;
3;Cy;Nobody;1975;-;-;-;{x}
"""


def mapped(folder: Path, content: str, name: str = "register.csv") -> tuple[str, list[Any]]:
    """The proposal, and what it makes of its own table without a problem."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    text = propose_kit(path)
    rows = list(Mapper(parse_kit(text, "proposed"), lambda: datetime(2026, 11, 24, tzinfo=UTC)).map_file(path))
    assert [row.problems for row in rows] == [()] * len(rows)
    return text, [row.event["data"] for row in rows if row.event]


def test_a_proposed_kit_maps_its_own_table(tmp_path: Path) -> None:
    text, cases = mapped(tmp_path, REGISTER)
    person, car = cases[0]["entities"]
    assert [case["case_id"] for case in cases] == ["1", "2", "3"]
    assert person["names"] == [{"given": "Ann", "family": "Example"}]
    assert [case["entities"][0].get("birth_date") for case in cases] == ["1980-12-31", None, "1975"]
    assert cases[1]["entities"][0]["nationalities"] == ["Germany", "Poland"]
    assert cases[1]["entities"][0]["phones"] == ["+33 6 12 34 56 79", "+33 6 12 34 56 80"]
    assert car == {"id": "v1", "type": "vehicle", "plate": "AB-123-CD"}
    assert '"null": ["-"]' in text
    assert "#   NOTE: 2, such as seen twice; {x}" in text


@pytest.mark.parametrize(
    ("header", "full"),
    [
        ("ID,Name 6,Name 1,Name 2,Title", "B C A"),
        ("ID,SURNAME,FIRST_NAME,SECOND_NAME,NOTE", "B C A"),
        ("ID,THIRD_NAME,FIRST_NAME,SECOND_NAME,NOTE", "B C A"),
        ("ID,Whole name,Name 1,Name 2,NOTE", "A"),
    ],
)
def test_numbered_names_are_one_name_in_the_order_of_their_numbers(tmp_path: Path, header: str, full: str) -> None:
    _, (case, _) = mapped(tmp_path, f"{header}\n1,A,B,C,x\n2,D,E,F,y\n")
    assert case["entities"][0]["names"] == [{"full": full}]


def test_what_is_called_a_date_of_birth_is_one_also_where_many_days_are_unknown(tmp_path: Path) -> None:
    text, cases = mapped(tmp_path, "ID,NAME,DOB\n1,A,00/00/1980\n2,B,23/04/1981\n3,C,00/05/1990\n")
    assert "guess: by its name, and dates in 1 of 3 values" in text
    assert [case["entities"][0].get("birth_date_text") for case in cases] == ["00/00/1980", None, "00/05/1990"]
    text, _ = mapped(tmp_path, "ID,NAME,DOB\n1,A,spring\n2,B,autumn\n")
    assert "#   DOB: 2" in text


def test_a_shipped_kit_for_files_called_so_is_named(tmp_path: Path) -> None:
    table = tmp_path / "sdn.csv"
    table.write_text("ID,NAME\n1,A\n")
    assert "--mapping ofac-list" in propose_kit(table)
    assert "is shipped" not in mapped(tmp_path, REGISTER)[0]


def test_every_guess_is_marked(tmp_path: Path) -> None:
    text, _ = mapped(tmp_path, REGISTER)
    rules = [line for line in text.splitlines() if "{" in line and not line.lstrip().startswith(("#", "- {name:"))]
    assert len(rules) >= 6
    assert all("# guess: " in line for line in rules)


def test_rows_that_share_what_is_called_an_id_are_proposed_as_one_case(tmp_path: Path) -> None:
    text, cases = mapped(tmp_path, "Group ID,Name\n7,Ann\n8,Bob\n7,Anna\n")
    assert 'group_by: "Group ID"' in text
    assert [case["case_id"] for case in cases] == ["7", "8"]
    assert [name["full"] for name in cases[0]["entities"][0]["names"]] == ["Ann", "Anna"]


BURGLARIES = [
    ("AZ-1/26", "01.02.2026", "Muster", "+49 30 1234567"),
    ("AZ-2/26", "02.02.2026", "Beispiel", "unbekannt"),
    ("AZ-3/26", "03.02.2026", "Klein", "+49 30 1234568"),
    ("AZ-4/26", "04.02.2026", "Gross", "030/1234569"),
    ("AZ-5/26", "05.02.2026", "Lang", "+49 30 1234570"),
]
BURGLARY_COLUMNS = ("Tatzeit", "Aktenzeichen", "Name", "Telefon")


def burglaries(rows: Sequence[Sequence[str]]) -> str:
    lines = [BURGLARY_COLUMNS, *((day, number, *rest) for number, day, *rest in rows)]
    return "\n".join(";".join(line) for line in lines) + "\n"


def without(at: int, **cells: str) -> list[tuple[str, ...]]:
    """The rows, of which one has other cells."""
    names = ("number", "day", "name", "phone")
    changed = tuple(cells.get(name, cell) for name, cell in zip(names, BURGLARIES[at], strict=True))
    return [*BURGLARIES[:at], changed, *BURGLARIES[at + 1 :]]


def proposed(folder: Path, content: str) -> str:
    path = folder / "register.csv"
    path.write_text(content, encoding="utf-8")
    return propose_kit(path)


@pytest.mark.parametrize(
    "content",
    [
        burglaries(BURGLARIES),
        burglaries(without(3, number="")),
        burglaries(without(3, number="", day="")),
        burglaries(without(0, name="")),
        burglaries(BURGLARIES) + "06.02.2026;AZ-6/26;Neu;+49 30 1234571;;too;many\n",
        burglaries(BURGLARIES) + '06.02.2026;"AZ-6/26;Neu;+49 30 1234571\n',
    ],
    ids=["clean", "no id", "neither", "no name", "too many cells", "open quote"],
)
def test_what_is_called_an_id_is_one_where_a_row_is_broken(tmp_path: Path, content: str) -> None:
    text = proposed(tmp_path, content)
    assert 'case_id: "{Aktenzeichen}"' in text
    assert "group_by" not in text


def test_an_id_that_one_row_repeats_makes_these_rows_one_case(tmp_path: Path) -> None:
    rows = [(f"AZ-{number}/26", f"{number:02}.02.2026", "Muster", "-") for number in range(1, 20)]
    text, cases = mapped(tmp_path, burglaries([*rows, ("AZ-7/26", "21.02.2026", "Klein", "-")]))
    assert 'group_by: "Aktenzeichen"' in text
    assert len(cases) == 19


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Tatzeit", [f"{day:02}.02.2026" for day in range(1, 6)]),
        ("Baujahr", ["1980", "1995", "2003", "2011", "2019"]),
        ("AZ", [f"2026-02-{day:02}" for day in range(1, 6)]),
    ],
)
def test_dates_are_no_case_id(tmp_path: Path, header: str, values: Sequence[str]) -> None:
    content = f"{header};Name\n" + "".join(f"{value};Muster\n" for value in values)
    assert 'case_id: ""' in proposed(tmp_path, content)


def test_numbers_that_could_be_years_are_ids_where_they_are_called_so(tmp_path: Path) -> None:
    content = "Vorgang Nr;Name\n" + "".join(f"{number};Muster\n" for number in (1980, 1995, 2003))
    assert 'case_id: "{Vorgang Nr}"' in proposed(tmp_path, content)


def test_a_word_for_nothing_unplaces_no_column(tmp_path: Path) -> None:
    for phone in ("unbekannt", "Unbekannt", "k.A.", "inconnu", "неизвестно"):
        text, cases = mapped(tmp_path, burglaries(without(1, phone=phone)[:4]))
        assert 'phones: {from: "Telefon"' in text
        assert f'"null": ["{phone}"]' in text
        assert "phones" not in cases[1]["entities"][0]


def test_days_and_months_that_no_value_tells_apart_are_said_to_be_a_guess(tmp_path: Path) -> None:
    text, _ = mapped(tmp_path, "ID,NAME,DOB\n1,A,01/02/1980\n2,B,03/04/1981\n")
    assert "day before month is one too" in text
    told, _ = mapped(tmp_path, "ID,NAME,DOB\n1,A,01/02/1980\n2,B,23/04/1981\n")
    assert "day before month" not in told


@pytest.mark.parametrize("sample", ["police-csv.csv", "border-csv.csv", "customs-csv.csv", "fiu-jsonl.jsonl"])
def test_a_proposal_for_each_agencys_sample_loads_and_gives_every_row_a_case(sample: str) -> None:
    kit = parse_kit(propose_kit(SAMPLES / sample), "proposed")
    rows = list(Mapper(kit, lambda: datetime(2026, 11, 24, tzinfo=UTC)).map_file(SAMPLES / sample))
    assert len({row.case for row in rows if row.event}) == len(rows) == 2


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="no row to propose a kit from"):
        mapped(tmp_path, "ID,NAME\n")


def test_blanks_in_case_ids_have_a_rule_ready(tmp_path: Path) -> None:
    text, cases = mapped(tmp_path, "AZ;NAME\n12 Js 4/26;A\n12 Js 5#26;B\n")
    assert 'case_id: {from: "AZ", replace: {" ": "_", "#": "_"}}' in text
    assert [case["case_id"] for case in cases] == ["12_Js_4/26", "12_Js_5_26"]


SEIZURES = [
    {
        "file": {"number": "2026/1 A"},
        "people": [
            {
                "role": "driver",
                "surname": "Müller",
                "given": "Jo",
                "dob": "01.02.1970",
                "papers": [{"type": "passport", "no": "C1"}],
            },
            {
                "role": "owner",
                "surname": "Nowak",
                "given": "Ida",
                "dob": "03.04.1980",
                "phones": ["+48 600 100 200", "+48 600 100 201"],
            },
        ],
        "vehicles": [{"plate": "B-AB 12"}, {"plate": "B-CD 34"}],
    },
    {"file": {"number": "2026/2 A"}, "people": [{"surname": "Roux", "given": "Ann"}], "vehicles": []},
]


def test_people_and_things_nested_in_json_are_proposed_one_for_each(tmp_path: Path) -> None:
    text, cases = mapped(tmp_path, json.dumps({"seizures": SEIZURES}), "seizures.json")
    assert "Not placed" not in text
    assert [case["case_id"] for case in cases] == ["2026/1_A", "2026/2_A"]
    driver, owner, *cars = cases[0]["entities"]
    assert driver == {
        "id": "p1",
        "type": "person",
        "role": "driver",
        "names": [{"given": "Jo", "family": "Müller"}],
        "birth_date": "1970-02-01",
        "identifiers": [{"type": "passport", "value": "C1"}],
    }
    assert (owner["id"], owner["phones"], "identifiers" in owner) == (
        "p2",
        ["+48 600 100 200", "+48 600 100 201"],
        False,
    )
    assert cars == [
        {"id": "v1", "type": "vehicle", "plate": "B-AB 12"},
        {"id": "v2", "type": "vehicle", "plate": "B-CD 34"},
    ]
    assert [one["id"] for one in cases[1]["entities"]] == ["p1"]


def test_two_people_in_objects_of_their_own_are_two(tmp_path: Path) -> None:
    row = {"no": 1, "driver": {"name": "A", "dob": "1970-01-02"}, "owner": {"name": "B", "dob": "1971-01-02"}}
    _, (case, _) = mapped(tmp_path, json.dumps([row, row | {"no": 2}]), "t.json")
    assert [(one["id"], one["names"], one["birth_date"]) for one in case["entities"]] == [
        ("p1", [{"full": "A"}], "1970-01-02"),
        ("p2", [{"full": "B"}], "1971-01-02"),
    ]


def test_names_in_a_list_of_their_own_are_all_that_persons(tmp_path: Path) -> None:
    people = [{"names": [{"full_name": "A"}, {"full_name": "B"}]}]
    _, cases = mapped(tmp_path, json.dumps([{"no": at, "people": people} for at in (1, 2)]), "t.json")
    assert cases[0]["entities"] == [{"id": "p1", "type": "person", "names": [{"full": "A"}, {"full": "B"}]}]
