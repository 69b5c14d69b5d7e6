"""Which true pairs share a blocking key, and what that costs: recall, keys and candidates of each set in one table.

    PYTHONPATH=tests python tests/benchmarks/lists/blocking.py [--half a] [--only SET] [--rarity BITS]

Recall is given of all true pairs, and of those that the shipped model would link if they met. "respelt" are the lists'
entries with up to 20 more names, which are theirs as other languages spell them (respelling.py), and nothing else but
half of the birth dates. Candidates are cases of other agencies that share a key; "made-up" are 20,000 of
tests/benchmarks/stream, to be carried on in proportion.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, islice
from statistics import fmean

import msgspec
from rich.console import Console

from benchmarks.accuracy import data_sets, ours
from benchmarks.lists.respelling import respell_lists
from benchmarks.lists.sets import LOADERS, SETS, CasePair, LinkSet, agency_of
from benchmarks.stream.population import Population
from pipeline.correlation.keys import blocking_keys
from pipeline.matching.fingerprint import Entities, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case

MADE_UP, RESPELT = "made-up", "respelt"
MADE = 20_000
TENTH = 10
"""One in so many of the historical figures' clusters is read."""

FLAT = ("senzing", "fake_1000", "historical_50k")
ALL_SETS = (*SETS, RESPELT, *FLAT, MADE_UP)

Cases = Mapping[str, Entities]
Truth = Mapping[CasePair, str]
"""The type of each true pair."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("a", "b"), help="of the lists: true pairs whose first case is in that half")
    parser.add_argument(
        "--only", action="append", choices=ALL_SETS, help="measure this set; may be given several times"
    )
    parser.add_argument("--rarity", type=float, help="bits that a key must be rare; else the shipped model's")
    options = parser.parse_args()
    model = load_model()
    rarity = round(100 * options.rarity) if options.rarity else model.key_rarity
    print("| set | type | true pairs | share a key | of linkable | keys | most | candidates | µs |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.only or ALL_SETS:
        try:
            cases, truth, group = _load(name, options.half)
        except (FileNotFoundError, ValueError) as error:
            Console(stderr=True).print(f"{name} left out: {error}")
            continue
        for line in _measure_set(name, cases, truth, group, model, rarity):
            print(line)


def _load(name: str, half: str | None) -> tuple[Cases, Truth, Callable[[str], str]]:
    """Cases, true pairs, and whose cases are not candidates of each other: those of one agency, country or record."""
    if name == MADE_UP:
        made = islice(Population(5).fingerprints(), MADE)
        return {fingerprint.case: fingerprint.entities for fingerprint in made}, {}, agency_of
    if name in FLAT:
        return _load_flat(name)
    found = respell_lists(LOADERS["lists"]()) if name == RESPELT else LOADERS[name]()
    truth = (found.in_half(half) if name == RESPELT or name.startswith("lists") else found).truth
    return dict(_print_cases(found)), {pair: kind for pair, (kind, _) in truth.items()}, agency_of


def _print_cases(found: LinkSet) -> Iterator[tuple[str, Entities]]:
    for event in found.events:
        case = msgspec.convert(event["data"], Case, strict=False)
        yield case.key, tuple(map(entity_print, normalise(case).entities))


def _load_flat(name: str) -> tuple[Cases, Truth, Callable[[str], str]]:
    data = data_sets.LOADERS[name]()
    if name == "historical_50k":
        kept = [at for at, cluster in enumerate(data.clusters) if sum(cluster.encode()) % TENTH == 0]
        data = replace(
            data,
            entities=[data.entities[at] for at in kept],
            clusters=[data.clusters[at] for at in kept],
            table=[data.table[at] for at in kept],
        )
    entities = ours.prints(data)
    truth = {(str(i), str(j)): entities[i].type for i, j in data.truth()}
    return {str(at): (entity,) for at, entity in enumerate(entities)}, truth, lambda case: case


def _measure_set(
    name: str, cases: Cases, truth: Truth, group: Callable[[str], str], model: Model, rarity: int
) -> Iterator[str]:
    _make_all_keys(cases, model, rarity)
    started = time.process_time()
    keys = _make_all_keys(cases, model, rarity)
    spent = (time.process_time() - started) / len(cases)
    sizes = [len(some) for some in keys.values()]
    cost = f"{fmean(sizes):.1f} | {max(sizes)} | {_count_candidates(keys, group):.1f} | {1e6 * spent:.0f}"
    for kind in sorted(set(truth.values())):
        pairs = [pair for pair, known in truth.items() if known == kind]
        met = [not keys[a].isdisjoint(keys[b]) for a, b in pairs]
        linkable = [
            share
            for (a, b), share in zip(pairs, met, strict=True)
            if judge_score(score_cases(cases[a], cases[b], model)).band
        ]
        yield f"| {name} | {kind} | {len(pairs)} | {fmean(met):.3f} | {fmean(linkable or [0]):.3f} | {cost} |"
    if not truth:
        yield f"| {name} | | | | | {cost} |"


def _make_all_keys(cases: Cases, model: Model, rarity: int) -> dict[str, frozenset[int]]:
    return {case: frozenset(blocking_keys(entities, model.stop_keys, rarity)) for case, entities in cases.items()}


def _count_candidates(keys: Mapping[str, Iterable[int]], group: Callable[[str], str]) -> float:
    """Of an average case where all others are known."""
    blocks: dict[int, list[str]] = defaultdict(list)
    for case, some in keys.items():
        for key in some:
            blocks[key].append(case)
    pairs = {(a, b) for some in blocks.values() for a, b in combinations(some, 2) if group(a) != group(b)}
    return 2 * len(pairs) / len(keys)


if __name__ == "__main__":
    main()
