"""The kits that are measured, and the made-up tables that they are for: the same bytes for the same number of rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

HEAD = {"kit": 1, "name": "measured", "agencies": [{"name": "fr-pj", "country": "FR"}], "time": "2026-01-01T00:00:00Z"}
GIVEN = (
    "Anna",
    "Jean",
    "Mohamed",
    "Olena",
    "Ivan",
    "Maria",
    "Pierre",
    "Fatima",
    "John",
    "Lucy",
    "Andrzej",
    "Katarzyna",
)
FAMILY = ("Martin", "Durand", "Kowalski", "Ivanov", "Benali", "Smith", "Garcia", "Rossi", "Nowak", "Dubois", "Haddad")
COUNTRIES = ("FR", "BE", "ES", "DE", "PL", "UA")
ROWS_OF_A_CASE = 4
NAME = {"given": "{given}", "family": "{family}"}
BORN = {"from": "born", "dates": ["%d/%m/%Y"]}

Draw = random.Random
Line = Callable[[Draw, int, int], str]


class MeasuredKit(msgspec.Struct, frozen=True):
    """A kit's source and the fields of its person, and its tables: name to header and what makes a line."""

    source: Mapping[str, Any]
    person: Mapping[str, Any]
    tables: Mapping[str, tuple[str, Line]]
    case_id: str = "{id}"

    @property
    def written(self) -> dict[str, Any]:
        """The kit as its file has it."""
        entity = {"id": "p1", "type": "person", **self.person}
        return {**HEAD, "source": dict(self.source), "record": {"case_id": self.case_id, "entities": [entity]}}


def write_table(path: Path, header: str, line: Line, rows: int) -> None:
    """Write one table."""
    draw = random.Random(header)
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{header}\n")
        file.writelines(f"{line(draw, number, rows)}\n" for number in range(rows))


def _name(draw: Draw) -> str:
    return f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"


def _date(draw: Draw) -> str:
    return f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(1940, 2009)}"


def _register_line(draw: Draw, number: int, rows: int) -> str:
    phones = ";".join(f"+336{draw.randrange(10**8):08}" for _ in range(2))
    passport = f"Passport {draw.randrange(10**7):07} ({draw.choice(COUNTRIES)})"
    remarks = f'"DOB {_date(draw)}; {passport}; alias {_name(draw)}"'
    status = "closed" if draw.random() < 0.1 else "open"
    person = f"{_name(draw).replace(' ', ',')},{_date(draw)},{draw.choice(COUNTRIES)}"
    return f"{number:09},{person},{phones},{remarks},{status}"


def _keyed(value: Callable[[Draw], str]) -> Line:
    """A line whose key is any of the register's."""
    return lambda draw, number, rows: f"{draw.randrange(rows):09},{value(draw)}"


def _row_of_case(draw: Draw, number: int, rows: int) -> str:
    return f"{draw.randrange(max(1, rows // ROWS_OF_A_CASE)):09},{_name(draw)},{_date(draw)}"


REGISTER = {"register": ("id,given,family,born,nationality,phones,remarks,status", _register_line)}
ALIASES = {"aliases": ("id,alias", _keyed(_name))}
PAPERS = {"papers": ("id,number", _keyed(lambda draw: f"{draw.randrange(10**8):08}"))}
NATIONALITY = {"nationalities": {"from": "nationality", "list": True}}

KITS = {
    "plain": MeasuredKit({}, {"names": [NAME], "birth_date": BORN, **NATIONALITY}, REGISTER),
    "where, extract, lists": MeasuredKit(
        {
            "where": {"status": "open"},
            "extract": {
                "births": {"from": "remarks", "pattern": "DOB (?P<date>[^;]+)"},
                "passports": {"from": "remarks", "pattern": r"Passport (?P<number>[0-9]+) \((?P<country>[A-Z]+)\)"},
                "aliases": {"from": "remarks", "pattern": "alias (?P<name>[^;]+)"},
            },
        },
        {
            "names": [NAME, {"for": "aliases", "full": "{name}", "kind": "alias"}],
            "birth_date": {**BORN, "else": "births.date"},
            "identifiers": [{"for": "passports", "type": "passport", "value": "{number}", "country": "{country}"}],
            "phones": {"from": "phones", "split": ";"},
            **NATIONALITY,
        },
        REGISTER,
    ),
    "join of two files": MeasuredKit(
        {"join": {"aliases": {"file": "aliases.csv", "key": "id"}, "papers": {"file": "papers.csv", "key": "id"}}},
        {
            "names": [NAME, {"for": "aliases", "full": "{alias}", "kind": "alias"}],
            "birth_date": BORN,
            "identifiers": [{"for": "papers", "type": "passport", "value": "{number}"}],
        },
        {**REGISTER, **ALIASES, **PAPERS},
    ),
    "group_by": MeasuredKit(
        {"group_by": "case"},
        {
            "names": [{"for": "rows", "full": "{name}"}],
            "birth_dates": {"from": "rows.born", "dates": ["%d/%m/%Y"], "list": True},
        },
        {"rows": ("case,name,born", _row_of_case)},
        case_id="{case}",
    ),
}
"""By what they show."""
