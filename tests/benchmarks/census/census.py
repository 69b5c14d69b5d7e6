"""Two collections of one region, five years apart, with the truth by person.

    PYTHONPATH=tests python -m benchmarks.census.census english-light census.ndjson truth.csv

`make_census` is deterministic: the same name gives the same bytes on every machine. Its description stands in
tests/benchmarks/lists/README.md.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.census.households import FIRST_DAY, Household, Region
from benchmarks.census.kinship import Kinship
from benchmarks.census.name_stocks import load_stock
from benchmarks.census.parameters import HEAVY, LIGHT, SOCIETY, RecordingParameters, SocietyParameters
from benchmarks.census.recording import Recorder, Row, make_entity
from benchmarks.census.slips import strip_marks
from benchmarks.census.years import SECOND_DAY, pass_years

REGIONS = ("english", "greek", "polish")
NOISES: dict[str, RecordingParameters] = {"light": LIGHT, "heavy": HEAVY}
CENSUSES = tuple(f"{region}-{noise}" for region in REGIONS for noise in NOISES)
AGENCIES = ("census-a", "census-b")
DAYS = (FIRST_DAY, SECOND_DAY)
SHOUTED = ("given", "middle", "family", "street", "city", "birth_place")
"""What the second agency writes in capitals without marks, as old systems do."""


@dataclass(frozen=True)
class Census:
    """Rows of both collections in the order of their case keys, and the person whom each is about."""

    name: str
    country: str
    rows: list[Row]
    """The flat table, with `unique_id` (the case key) and `source` (the agency)."""

    people: list[int]
    slips: Counter[str]
    kinship: Kinship

    def truth(self) -> set[tuple[str, str]]:
        """Case keys of one person, the first agency's first."""
        found: dict[str, dict[int, str]] = {agency: {} for agency in AGENCIES}
        for row, person in zip(self.rows, self.people, strict=True):
            found[row["source"]][person] = row["unique_id"]
        first, second = (found[agency] for agency in AGENCIES)
        return {(key, second[person]) for person, key in first.items() if person in second}

    def cases(self) -> list[dict[str, Any]]:
        """CloudEvents as agencies send them, one person a case."""
        return [_make_event(row, self.country) for row in self.rows]


def make_census(name: str, society: SocietyParameters = SOCIETY, seed: int = 1) -> Census:
    """The census of a region at a noise, as CENSUSES names it."""
    region_name, _, noise = name.partition("-")
    stock = load_stock(region_name)
    region = Region(stock, society, Random(f"{region_name} {seed}"))
    before = [household for _ in range(society.families) for household in region.make_family()]
    collections = (before, pass_years(before, region))
    entries: list[tuple[Row, int]] = []
    slips: Counter[str] = Counter()
    kinship = Kinship()
    for agency, day, households in zip(AGENCIES, DAYS, collections, strict=True):
        recorder = Recorder(stock, NOISES[noise], day, Random(f"{name} {agency} {seed}"))
        entries += _collect(agency, households, society.covered, recorder)
        slips.update(recorder.slips)
        kinship.add_households(households)
    rows, people = [row for row, _ in entries], [person for _, person in entries]
    return Census(name, stock.country, rows, people, slips, kinship)


def _collect(agency: str, households: list[Household], covered: float, recorder: Recorder) -> list[tuple[Row, int]]:
    """The people whom an agency has, in an order and with keys that say nothing."""
    rng = recorder.rng
    found = [
        (recorder.record(person, household), person.key)
        for household in households
        for person in household.members
        if rng.random() < covered
    ]
    rng.shuffle(found)
    head = [{"unique_id": f"{agency}:{at:05d}", "source": agency} for at in range(1, len(found) + 1)]
    if agency == AGENCIES[1]:
        found = [(_shout(row), person) for row, person in found]
    return [({**known, **row}, person) for known, (row, person) in zip(head, found, strict=True)]


def _shout(row: Row) -> Row:
    return {key: strip_marks(value).upper() if key in SHOUTED else value for key, value in row.items()}


def _make_event(row: Row, country: str) -> dict[str, Any]:
    agency, _, case_id = row["unique_id"].partition(":")
    case = {
        "case_id": case_id, "agency": agency, "country": country, "version": 1, "status": "active",
        "opened": "2026-08-01", "handling": {"code": "H0", "releasable_to": ["*"], "purposes": ["investigation"]},
        "retain_until": "2036-01-01", "entities": [{"id": "p1", **make_entity(row, country)}],
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"{agency}:{case_id}:1", "source": f"/agencies/{agency}",
        "type": "org.liaison.case.v1", "time": "2026-08-01T00:00:00Z", "datacontenttype": "application/json",
        "data": case,
    }  # fmt: skip


def main(name: str, cases: str, truth: str) -> None:
    """Write a census as case records, one a line, and its true pairs."""
    census = make_census(name)
    with Path(cases).open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in census.cases())
    with Path(truth).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("case_a", "case_b"))
        writer.writerows(sorted(census.truth()))


if __name__ == "__main__":
    main(*sys.argv[1:])
