"""Large cases: links that comparing only pairs with a mark would lose, by size of case, and what all pairs cost.

    PYTHONPATH=tests python tests/benchmarks/accuracy/large_cases.py [--set lists] [--cases 200]

Two cases of so many persons each. One pair of persons is a true one of the set: people whom the UN's and the UK's lists
both have, or made-up ones (`--set census-english-light`). All others are strangers, drawn from the set's two sides.

"marked": of the true pairs those that share a mark (scoring.all_marks). "all pairs": of the case pairs those that are
links where every pair of persons is compared; "marked pairs": where only those that share a mark are, as scoring does
where there are more than ALL_PAIRS, and pay for as many. "strangers": of case pairs without the true pair those that
are links, likewise. CPU in milliseconds, of a pair of cases of strangers whose names were compared before.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from random import Random
from unittest import mock

from benchmarks.lists.sets import LOADERS, agency_of
from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.matching.fingerprint import Entities
from pipeline.matching.model import load_model
from pipeline.matching.score import scoring
from pipeline.matching.score.scoring import all_marks, least_score, score_cases

SIZES = (2, 5, 10, 20)
SEED = 5


def all_cells(a: Entities, b: Entities) -> list[tuple[int, int]]:
    """Every pair of entities."""
    return [(i, j) for i in range(len(a)) for j in range(len(b))]


def marked_cells(a: Entities, b: Entities) -> list[tuple[int, int]]:
    """The pairs of entities that share a mark."""
    marks = [[all_marks(entity) for entity in side] for side in (a, b)]
    return [(i, j) for i, j in all_cells(a, b) if not marks[0][i].isdisjoint(marks[1][j])]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", default="lists", choices=LOADERS)
    parser.add_argument("--cases", type=int, default=200)
    asked = parser.parse_args()
    found, model, random = LOADERS[asked.set](), load_model(), Random(SEED)
    lines = (json.dumps(event).encode() for event in found.events)
    prints = {one.case: one.entities[0] for one in make_fingerprints(LineReader().read_cases(lines), model)}
    persons = {case: entity for case, entity in prints.items() if entity.type == "person"}
    true = sorted(pair for pair in found.truth if all(case in persons for case in pair))
    drawn = random.sample(true, min(asked.cases, len(true)))
    linked = {case for pair in found.truth for case in pair}
    sides = [[case for case in persons if agency_of(case) == one and case not in linked] for one in found.agencies[:2]]
    least = least_score(0.5)
    marked = sum(not all_marks(persons[a]).isdisjoint(all_marks(persons[b])) for a, b in drawn) / len(drawn)
    print(f"{len(drawn)} true pairs of {asked.set}; marked {marked:.3f}\n")
    print("| persons a case | all pairs | marked pairs | strangers, all | strangers, marked | ms, all | ms, marked |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        others = [[[persons[case] for case in random.sample(side, size)] for side in sides] for _ in drawn]
        with_true = [
            ((persons[a], *left[1:]), (persons[b], *right[1:]))
            for (a, b), (left, right) in zip(drawn, others, strict=True)
        ]
        strangers = [(tuple(left), tuple(right)) for left, right in others]
        columns = [
            _measure(pairs, cells, lambda a, b: score_cases(a, b, model) >= least)
            for pairs in (with_true, strangers)
            for cells in (all_cells, marked_cells)
        ]
        shares = " | ".join(f"{share:.3f}" for share, _ in columns)
        print(f"| {size} | {shares} | {columns[2][1]:.2f} | {columns[3][1]:.2f} |", flush=True)


def _measure(
    pairs: Sequence[tuple[Entities, Entities]],
    cells: Callable[[Entities, Entities], list[tuple[int, int]]],
    is_link: Callable[[Entities, Entities], bool],
) -> tuple[float, float]:
    """The share of links, and the milliseconds of CPU of a pair."""
    with mock.patch.object(scoring, "pairs_of_one_type", cells):
        links = sum(is_link(a, b) for a, b in pairs)
        again = pairs[:40]
        start = time.process_time()
        for a, b in again:
            is_link(a, b)
        return links / len(pairs), 1000 * (time.process_time() - start) / len(again)


if __name__ == "__main__":
    main()
