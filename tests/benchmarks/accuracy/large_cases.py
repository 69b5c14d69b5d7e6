"""Large cases: how many links are found and how many strangers are linked, by size of case, and what a pair costs.

    PYTHONPATH=tests python tests/benchmarks/accuracy/large_cases.py [--set census-english-light] [--pairs 200]

Two cases of so many persons each. One pair of persons is a true one of the set: people whom the UN's and the UK's lists
both have, or made-up ones (`--set census-english-light`). All others are strangers, drawn from the set's two sides; of
the lists', 61 in 59,536 pairs were one person of whom no reference says so, and those with a whole name that the other
side has are left out.

"true": of the case pairs with the true pair those that are links; "strangers": of those without it. "ms": CPU in
milliseconds of a pair of cases of strangers, as a judge meets them (ModelMatcher.meet, then find_link). It asks
the matcher alone, so that it runs with other versions of the code as well.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from random import Random

import msgspec

from benchmarks.lists.sets import LOADERS, agency_of
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model

SIZES = (4, 5, 10, 20, 50, 200)
SEED = 5

PERSONS = 1200
"""Persons a side over all pairs of a size, at most: so few pairs of large cases as cost no more than those of small
ones."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", default="lists", choices=LOADERS)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    asked = parser.parse_args()
    found, model, random = LOADERS[asked.set](), load_model(), Random(SEED)
    lines = (json.dumps(event).encode() for event in found.events)
    prints = {one.case: one.entities[0] for one in make_fingerprints(LineReader().read_cases(lines), model)}
    persons = {case: entity for case, entity in prints.items() if entity.type == "person"}
    true = sorted(pair for pair in found.truth if all(case in persons for case in pair))
    drawn = random.sample(true, min(asked.pairs, len(true)))
    linked = {case for pair in found.truth for case in pair}
    sides = [[case for case in persons if agency_of(case) == one and case not in linked] for one in found.agencies[:2]]
    known = {name for case in sides[0] for name in _names(persons[case])}
    sides[1] = [case for case in sides[1] if known.isdisjoint(_names(persons[case]))]
    matcher = ModelMatcher(model)
    print(f"{asked.set}: {len(drawn)} true pairs, strangers of {' and '.join(str(len(side)) for side in sides)}\n")
    print("| persons a case | case pairs | true | strangers | ms |")
    print("|---|---|---|---|---|")
    for size in asked.sizes:
        some = drawn[: max(4, PERSONS // size)]
        others = [[[persons[case] for case in random.sample(side, size)] for side in sides] for _ in some]
        with_true = [
            ([persons[a], *left[1:]], [persons[b], *right[1:]])
            for (a, b), (left, right) in zip(some, others, strict=True)
        ]
        ties, _ = _measure(with_true, matcher)
        chance, milliseconds = _measure([(left, right) for left, right in others], matcher)
        print(f"| {size} | {len(some)} | {ties:.3f} | {chance:.3f} | {milliseconds:.2f} |", flush=True)


def _measure(
    pairs: Sequence[tuple[list[EntityPrint], list[EntityPrint]]], matcher: ModelMatcher
) -> tuple[float, float]:
    """The share of links, and the milliseconds of CPU of a pair."""
    links, start = 0, time.process_time()
    for left, right in pairs:
        a, b = _case("fr", left), _case("de", right)
        matcher.meet([(a, b)])
        links += matcher.find_link(a, b) is not None
    return links / len(pairs), 1000 * (time.process_time() - start) / len(pairs)


def _names(entity: EntityPrint) -> set[frozenset[str]]:
    return {frozenset(token.text for token in name.tokens) for name in entity.names}


def _case(country: str, entities: list[EntityPrint]) -> Fingerprint:
    # copies, so that nothing is kept of persons that another case has too
    copies = msgspec.convert(msgspec.to_builtins(entities), list[EntityPrint])
    return Fingerprint(f"{country}:1", 1, "", country, country.upper(), entities=tuple(copies))


if __name__ == "__main__":
    main()
