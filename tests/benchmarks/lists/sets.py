"""The sets that are measured: real sanction lists with what they cite of each other, and the census-like collections.

Truth and false links are those of the scorer of `../shared`: of `reference` truth a link is false only if one of its
cases has its counterpart in the other list among the true pairs; of `number` truth only recall is known.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.accuracy.data_sets import DATA
from benchmarks.census.census import AGENCIES, CENSUSES, make_census
from benchmarks.lists.measures import JudgedLink

LISTS = ("un-sc", "uk-ofsi", "us-ofac")
FILES = {
    "lists": "cases.ndjson.gz",
    "lists-several-values": "cases.ndjson.gz",
    "lists-no-numbers": "cases.ndjson.gz",
    "lists-by-script": "cases-by-script.ndjson.gz",
}
SETS = (*FILES, *(f"census-{name}" for name in CENSUSES))
SCHEMA = Path(__file__).parents[3] / "schemas" / "case.schema.json"
REFERENCE, NUMBER = "reference", "number"

CasePair = tuple[str, str]


@dataclass(frozen=True)
class PairScore:
    """What a tool says of a pair of cases."""

    score: float
    is_emitted: bool
    band: str | None = None


@dataclass(frozen=True, order=True)
class MeasuredGroup:
    """One line of the table: two agencies, a type of entity, and how its truth is known."""

    agencies: tuple[str, str]
    type: str
    by: str

    def of(self, truth: Mapping[CasePair, tuple[str, str]]) -> list[CasePair]:
        """The true pairs that the line counts."""
        known = (self.type, self.by)
        return [pair for pair, by in truth.items() if by == known and tuple(map(agency_of, pair)) == self.agencies]


@dataclass(frozen=True)
class LinkSet:
    """Case records of several agencies, one entity each, and the true pairs among them."""

    name: str
    agencies: tuple[str, ...]
    events: list[dict[str, Any]]
    truth: dict[CasePair, tuple[str, str]]
    """`(type, by)` of each pair, the case of the agency that comes first in `agencies` first."""

    rows: list[dict[str, str]]
    """The flat table, where the set has one."""

    relation: Callable[[str, str], str] | None = None
    """How the people of two cases are related, where that is known."""

    @property
    def entities(self) -> dict[str, dict[str, Any]]:
        """The entity of each case key."""
        return {_key(event): event["data"]["entities"][0] for event in self.events}

    @property
    def is_one_country(self) -> bool:
        """Whether the agencies are of one country, whose cases are paired only on demand."""
        return len({event["data"]["country"] for event in self.events}) == 1

    def order(self, a: str, b: str) -> CasePair:
        """The pair as truth has it."""
        return (a, b) if self.agencies.index(agency_of(a)) <= self.agencies.index(agency_of(b)) else (b, a)

    def groups(self) -> list[MeasuredGroup]:
        """The lines that truth allows."""
        found = {MeasuredGroup((agency_of(a), agency_of(b)), *known) for (a, b), known in self.truth.items()}
        return sorted(
            found, key=lambda group: ([self.agencies.index(one) for one in group.agencies], group.type, group.by)
        )

    def in_half(self, half: str | None) -> LinkSet:
        """The set with the truth of one half: pairs whose first case falls into it."""
        if half is None:
            return self
        return replace(self, truth={pair: known for pair, known in self.truth.items() if in_half(pair[0], half)})


def agency_of(case: str) -> str:
    return case.partition(":")[0]


def _key(event: dict[str, Any]) -> str:
    return f"{event['data']['agency']}:{event['data']['case_id']}"


def in_half(case: str, half: str | None) -> bool:
    """Whether the case is in half a or b, by its key."""
    return half is None or (zlib.crc32(case.encode()) & 1) == (half == "b")


def load_list(name: str) -> LinkSet:
    """The lists with numbers, without them, or by original script.

    Raises FileNotFoundError where they are missing, ValueError where the case record can't hold what the set needs.
    """
    found = load_all_lists(name)
    truth = found.truth
    if name != "lists-no-numbers":
        truth = {pair: by for pair, by in truth.items() if by[1] == REFERENCE}
    known_of = {agency_of(case) for pair in truth for case in pair}
    return replace(found, events=[event for event in found.events if event["data"]["agency"] in known_of], truth=truth)


def load_all_lists(name: str) -> LinkSet:
    """The same with the entries of all lists, and all truth.

    Raises FileNotFoundError where they are missing, ValueError where the case record can't hold what the set needs.
    """
    folder = DATA / "lists"
    with gzip.open(folder / FILES[name], "rt", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    if name == "lists-no-numbers":
        for event in events:
            for entity in event["data"]["entities"]:
                entity.pop("identifiers", None)
    if name == "lists-several-values":
        _add_several_values(events)
    known = {_key(event) for event in events}
    with (folder / "truth.csv").open(encoding="utf-8") as rows:
        truth = {(row["case_a"], row["case_b"]): (row["type"], row["by"]) for row in csv.DictReader(rows)}
    empty = LinkSet(name, LISTS, events, {}, [])
    return replace(empty, truth={empty.order(*pair): by for pair, by in truth.items() if known >= set(pair)})


def _add_several_values(events: list[dict[str, Any]]) -> None:
    """Give entries all their birth dates and places; ValueError where the schema has no such field."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    if "birth_dates" not in schema["$defs"]["person"]["properties"]:
        raise ValueError("the case record holds one birth date")
    entities = {_key(event): event["data"]["entities"][0] for event in events}
    with gzip.open(DATA / "lists" / "several-values.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            entity = entities[values["case"]]
            for many, single in (("birth_dates", "birth_date"), ("birth_places", "birth_place")):
                if values[many]:
                    entity.pop(single, None)
                    entity[many] = values[many]


def load_census(name: str) -> LinkSet:
    """A census-like pair of collections."""
    census = make_census(name.removeprefix("census-"))
    truth = dict.fromkeys(census.truth(), ("person", REFERENCE))
    person = {row["unique_id"]: key for row, key in zip(census.rows, census.people, strict=True)}
    return LinkSet(
        name, AGENCIES, census.cases(), truth, census.rows, lambda a, b: census.kinship.relation(person[a], person[b])
    )


LOADERS: dict[str, Callable[[], LinkSet]] = {
    **{name: partial(load_list, name) for name in FILES},
    **{f"census-{name}": partial(load_census, f"census-{name}") for name in CENSUSES},
}


def judge(
    found: LinkSet, scores: Mapping[CasePair, PairScore], half: str | None
) -> dict[MeasuredGroup, tuple[list[JudgedLink], Counter[str]]]:
    """For each group its links and the true pairs of each entry; links that truth says nothing of are left out.

    A census knows every person, so there every link that is not true is false.
    """
    truth, entities = found.truth, found.entities
    is_complete = found.agencies == AGENCIES
    settled = set(_settled(truth))
    groups: dict[MeasuredGroup, tuple[list[JudgedLink], Counter[str]]] = {
        group: ([], Counter()) for group in found.groups()
    }
    for (a, b), (kind, by) in truth.items():
        groups[MeasuredGroup((agency_of(a), agency_of(b)), kind, by)][1][a] += 1
    for (a, b), one in scores.items():
        agencies = (agency_of(a), agency_of(b))
        known = truth.get((a, b))
        if known is None:
            is_one_type = entities[a]["type"] == entities[b]["type"]
            is_settled = (a, agencies[1]) in settled or (b, agencies[0]) in settled
            if not (is_one_type and in_half(a, half) and (is_settled or is_complete)):
                continue
        group = MeasuredGroup(agencies, *(known or (entities[a]["type"], REFERENCE)))
        if group in groups:
            groups[group][0].append(JudgedLink(a, b, one.score, one.is_emitted, one.band, known is not None))
    return groups


def _settled(truth: Mapping[CasePair, tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Cases with the agency in whose list their counterpart is known."""
    for (a, b), (_, by) in truth.items():
        if by == REFERENCE:
            yield a, agency_of(b)
            yield b, agency_of(a)
