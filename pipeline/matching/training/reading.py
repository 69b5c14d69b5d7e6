"""Entity prints of case records in files, for training: the last version of each case; invalid lines are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import EntityPrint, entity_prints
from pipeline.records.entity_types import normalise
from pipeline.records.validation import RefusedError, read


class Cases(msgspec.Struct):
    """Entity prints and country by case key, and how many lines were no valid record."""

    prints: dict[str, tuple[EntityPrint, ...]]
    invalid: int = 0
    countries: dict[str, str] = {}

    def by_type(self) -> Mapping[str, list[EntityPrint]]:
        """All entities by type, in the order of the cases' keys."""
        found: defaultdict[str, list[EntityPrint]] = defaultdict(list)
        for case in sorted(self.prints):
            for entity in self.prints[case]:
                found[entity.type].append(entity)
        return found

    def countries_by_type(self) -> Mapping[str, list[str]]:
        """The country of the case of each entity, in the order of `by_type`."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for case in sorted(self.prints):
            for entity in self.prints[case]:
                found[entity.type].append(self.countries[case])
        return found


def read_cases(lines: Iterable[bytes]) -> Cases:
    """Read case records, one JSON a line."""
    cases, versions = Cases({}), dict[str, int]()
    for line in lines:
        try:
            case = read(line.strip()).case
        except RefusedError:
            cases.invalid += 1
            continue
        if case.version > versions.get(case.key, 0):
            versions[case.key] = case.version
            entities = () if case.withdrawn else normalise(case).entities
            cases.countries[case.key] = case.country
            cases.prints[case.key] = entity_prints(entities)
    return cases


def read_labels(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], bool]:
    """Labelled case pairs from rows with case_a, case_b and, if not all are true, match (1/0, true/false)."""
    labels = {}
    for row in rows:
        if not row.get("case_a") or not row.get("case_b"):
            raise LiaisonError("labels need the columns case_a and case_b")
        pair = min(row["case_a"], row["case_b"]), max(row["case_a"], row["case_b"])
        labels[pair] = (row.get("match") or "1").strip().casefold() in ("1", "true", "yes", "y", "match")
    return labels
