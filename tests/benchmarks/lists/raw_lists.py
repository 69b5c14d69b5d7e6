"""The lists as published, through the shipped kits, beside the cases prepared from them: which links differ, and why.

For each link that only one side has, the fields of the kits' records are put into the prepared ones, one field at a
time: a field that alone turns the answer is why.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.accuracy.data_sets import DATA
from pipeline.correlation.batch import LineReader, find_links, make_fingerprints
from pipeline.feeds.kit import survey_folder
from pipeline.feeds.mapping import Mapper
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases

FIELDS = {
    "names": ("names",),
    "dates of birth": ("birth_date", "birth_dates"),
    "places of birth": ("birth_place", "birth_places", "birth_country"),
    "nationalities": ("nationalities",),
    "numbers": ("identifiers", "imo", "mmsi", "call_sign"),
    "addresses": ("addresses",),
    "type of entry": ("type",),
    "rest": ("gender", "occupation", "phones", "emails", "flag", "category"),
}

Events = Mapping[str, dict[str, Any]]
CasePair = tuple[str, str]


def main() -> None:
    """Print the comparison as Markdown; with --each a line for every link that differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="name the two cases of each link that differs, and why")
    options, model = parser.parse_args(), load_model(None)
    prepared = {_key(event): event for event in _read_prepared(DATA / "lists" / "cases.ndjson.gz")}
    mapped = {_key(event): event for event in _map_lists(DATA / "lists" / "raw")}
    before, after = _link(prepared.values(), model), _link(mapped.values(), model)
    gained, lost = after - before, before - after
    print(
        f"{len(mapped):,} cases through the kits, {len(prepared):,} prepared; {len(mapped.keys() & prepared):,} of both"
    )
    print(f"{len(before & after):,} links of both, {len(gained)} only through the kits, {len(lost)} only prepared\n")
    why = {pair: _find_cause(pair, prepared, mapped, model) for pair in sorted(gained | lost)}
    for pair, cause in why.items() if options.each else ():
        print(f"{'kits' if pair in gained else 'prepared'}: {' '.join(pair)}: {cause}")
    causes = [Counter(why[pair] for pair in pairs) for pairs in (gained, lost)]
    print("| why | only through the kits | only prepared |\n|---|---|---|")
    for cause in sorted(set().union(*causes), key=lambda cause: -causes[0][cause]):
        print(f"| {cause} | {causes[0][cause]} | {causes[1][cause]} |")


def _read_prepared(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _map_lists(folder: Path) -> Iterator[dict[str, Any]]:
    for table in survey_folder(folder).tables:
        rows = Mapper(table.kit, lambda: datetime(2026, 11, 1, tzinfo=UTC)).map_file(table.path)
        yield from (row.event for row in rows if row.event is not None)


def _link(events: Iterable[dict[str, Any]], model: Model) -> set[CasePair]:
    found = find_links(_fingerprint(events, model), ModelMatcher(model))
    return {(link.case_a, link.case_b) for link in found if link.basis is Basis.SAME}


def _fingerprint(events: Iterable[dict[str, Any]], model: Model) -> list[Fingerprint]:
    return list(make_fingerprints(LineReader().read_cases(json.dumps(event).encode() for event in events), model))


def _find_cause(pair: CasePair, prepared: Events, mapped: Events, model: Model) -> str:
    """The fields that turn the answer by themselves; "together" where none does."""
    wanted = _is_link([mapped[case] for case in pair], model)
    turning = [
        name
        for name, fields in FIELDS.items()
        if _is_link([_with_fields(prepared[case], mapped[case], fields) for case in pair], model) == wanted
    ]
    if wanted == _is_link([prepared[case] for case in pair], model):
        return "the same score: met by other blocking keys"
    return " or ".join(turning) or "several together"


def _is_link(events: list[dict[str, Any]], model: Model) -> bool:
    """Whether the two are linked; a mixture that is no record of any type is not."""
    both = _fingerprint(events, model)
    return len(both) == len(events) and bool(judge_cases(both[0], both[1], model).band)


def _with_fields(event: dict[str, Any], other: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The event with these fields of the other's first entity in place of its own."""
    own, theirs = event["data"]["entities"][0], other["data"]["entities"][0]
    entity = {name: value for name, value in own.items() if name not in fields}
    entity |= {name: theirs[name] for name in fields if name in theirs}
    return {**event, "data": {**event["data"], "entities": [entity]}}


def _key(event: dict[str, Any]) -> str:
    return f"{event['data']['agency']}:{event['data']['case_id']}"


if __name__ == "__main__":
    main()
