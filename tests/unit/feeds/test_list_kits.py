"""The kits of public lists: made-up entries in each list's form, and the lists themselves where they are at hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.feeds.checking import Checker
from pipeline.feeds.kit import SHIPPED, load_kit
from pipeline.feeds.mapping import MappedRow, Mapper
from support.absences import BESIDE, need_beside

SAMPLES = Path(str(SHIPPED)) / "samples"
RAW = "data/lists/raw"
LISTS = {
    "un-list": ("un-list.xml", "un-2018.xml.gz", 1_098),
    "uk-list": ("uk-list.csv", "uk-2018.csv.gz", 2_106),
    "ofac-list": ("ofac-list/sdn.csv", "ofac-2019-sdn.csv.gz", 7_162),
    "eu-list": ("eu-list.xml", "", 0),
    "interpol-notices": ("interpol-notices.json", "", 0),
}


def mapped(kit: str, table: Path) -> tuple[list[MappedRow], Mapper]:
    mapper = Mapper(load_kit(kit), lambda: datetime(2026, 11, 24, tzinfo=UTC))
    return list(mapper.map_file(table)), mapper


def cases_of(kit: str) -> list[Any]:
    rows, _ = mapped(kit, SAMPLES / LISTS[kit][0])
    return [row.event["data"] for row in rows if row.event]


@pytest.mark.parametrize("kit", LISTS)
def test_a_sample_becomes_records_that_intake_takes(kit: str) -> None:
    rows, mapper = mapped(kit, SAMPLES / LISTS[kit][0])
    assert [(row.problems, row.notes) for row in rows] == [((), ())] * len(rows)
    assert not mapper.unmapped
    agency = load_kit(kit).agencies[0]
    lines = enumerate((orjson.dumps(row.event) for row in rows), start=1)
    checked = list(Checker(agency.name, agency.country, warn=True).check_lines(lines))
    assert [(line.problems, line.warnings) for line in checked] == [((), ())] * len(rows)


@pytest.mark.parametrize("kit", [kit for kit, (_, raw, _) in LISTS.items() if raw])
def test_a_list_as_published_is_read_in_full(kit: str) -> None:
    _, raw, entries = LISTS[kit]
    need_beside(f"{RAW}/{raw}")
    rows, mapper = mapped(kit, BESIDE / RAW / raw)
    assert len(rows) == entries
    assert [row.problems for row in rows if row.problems] == []
    assert not mapper.unmapped
    assert not mapper.unmet
    assert not any(mapper.unjoined.values())
    agency = load_kit(kit).agencies[0]
    lines = enumerate((orjson.dumps(row.event) for row in rows), start=1)
    assert not any(line.problems for line in Checker(agency.name, agency.country).check_lines(lines))


def test_the_uns_names_dates_and_documents_go_where_a_record_has_them() -> None:
    person, firm = (case["entities"][0] for case in cases_of("un-list"))
    assert person["names"] == [
        {"full": "OREN MAHMUD SALIHI"},
        {"full": "اورن محمود صالحي"},
        {"full": "Oran Mahmoud Salehi", "kind": "alias"},
        {"full": "Uren Salihi (اورن صالحي; formerly listed)", "kind": "alias"},
        {"full": "Abu Test", "kind": "nickname"},
    ]
    assert person["birth_dates"] == ["1971-02-03", "1972", "1975~", "1970/1973"]
    assert person["birth_places"] == ["Taiz, Taiz Governorate"]
    assert person["identifiers"] == [
        {"type": "passport", "value": "00123456", "country": "Yemen", "issued": "2001-09-08"}
    ]
    assert person["occupation"] == "Treasurer; Driver"
    assert [name.get("kind") for name in firm["names"]] == [None, "alias", "former"]
    assert cases_of("un-list")[0]["opened"] == "2020-03-01"


def test_the_uks_rows_of_a_group_are_one_case_led_by_the_primary_name() -> None:
    person, firm, ship = (case["entities"][0] for case in cases_of("uk-list"))
    assert cases_of("uk-list")[0]["title"] == "Oren Mahmud SALIHI"
    assert person["names"] == [
        {"given": "Oren Mahmud", "family": "SALIHI"},
        {"given": "Oran Mahmoud", "family": "SALEHI", "kind": "alias"},
    ]
    assert person["birth_dates"] == ["1971-02-03", "1972"]
    assert person["birth_places"] == ["Taiz (old town)", "Aden"]
    assert person["nationalities"] == ["Yemen", "Oman"]
    assert [(one["type"], one["value"], one.get("country")) for one in person["identifiers"]] == [
        ("passport", "A-123456", "Yemeni"),
        ("national_id", "5420250161", "Yemen"),
        ("national_id", "44103-52517-5", None),
    ]
    assert person["addresses"] == [{"full": "1 Harbour Road, Aden", "postcode": "12345", "country": "Yemen"}]
    assert "–" in person["remark"]
    assert [name["full"] for name in firm["names"]] == ["EXAMPLE RELIEF COMMITTEE", "EXAMPLE AID OFFICE"]
    assert (ship["type"], ship["imo"], ship["mmsi"]) == ("vessel", "9074729", "473000001")


def test_ofacs_remarks_are_taken_apart_and_its_other_files_joined() -> None:
    person, firm, ship = (case["entities"][0] for case in cases_of("ofac-list"))
    assert person["names"] == [
        {"given": "Oren Mahmud", "family": "SALIHI"},
        {"given": "Oran Mahmoud", "family": "SALEHI", "kind": "alias"},
        {"family": "SALIHI", "kind": "former"},
        {"full": "ABU TEST", "kind": "nickname"},
        {"given": "Abu", "family": "OREN", "kind": "nickname"},
    ]
    assert person["birth_dates"] == ["1971-02-03", "1975~", "1970/1973"]
    assert person["nationalities"] == ["Yemen", "Oman"]
    assert person["identifiers"] == [
        {"type": "passport", "value": "A123456", "country": "Yemen", "issued": "2001-09-08", "expires": "2011-09-07"},
        {"type": "national_id", "value": "44103-52517-5", "country": "Yemen"},
    ]
    assert person["addresses"] == [{"street": "1 Harbour Road", "city": "Aden", "country": "Yemen"}]
    assert person["phones"] == ["+967 1 234567"]
    assert [name["full"] for name in firm["names"]] == ["EXAMPLE RELIEF COMMITTEE", "EXAMPLE AID OFFICE", "ERC"]
    assert (ship["imo"], ship["mmsi"], ship["call_sign"], ship["flag"]) == ("9074729", "473000001", "7OEX", "Yemen")


def test_the_eus_attributes_are_read_and_false_documents_left_out() -> None:
    person, firm = (case["entities"][0] for case in cases_of("eu-list"))
    assert [(name["full"], name["kind"]) for name in person["names"]] == [
        ("Oren Mahmud Salihi", "alias"),
        ("Abu Test", "nickname"),
    ]
    assert person["birth_dates"] == ["1971-02-03", "1973-04", "1975~", "1970/1973"]
    assert [one["value"] for one in person["identifiers"]] == ["A123456"]
    assert person["nationalities"] == ["YE"]
    assert firm["type"] == "organisation"
    assert "country" not in firm["identifiers"][0]


def test_interpols_search_and_single_notices_are_read_alike(tmp_path: Path) -> None:
    first, second, third = cases_of("interpol-notices")
    assert first["entities"][0]["birth_dates"] == ["1971-02-03"]
    assert first["extensions"] == {"charges": ["Fraud"], "wanted_by": ["FR"]}
    assert second["entities"][0]["birth_dates"] == ["1985-03"]
    assert third["entities"] == [{"id": "o1", "type": "organisation", "names": [{"full": "EXAMPLE RELIEF COMMITTEE"}]}]
    page = orjson.loads((SAMPLES / "interpol-notices.json").read_bytes())
    (tmp_path / "list.json").write_bytes(orjson.dumps(page["_embedded"]["notices"]))
    rows, _ = mapped("interpol-notices", tmp_path / "list.json")
    assert [row.event["data"] for row in rows if row.event] == [first, second, third]
