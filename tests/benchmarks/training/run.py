"""Print whether models that training learns without labels promise what they hold.

    PYTHONPATH=tests python tests/benchmarks/training/run.py --records 2000 --markdown

For each collection: P, R and F1 of the links as emitted, the best F1 of any threshold and where it lies, and for each
band what its links say and how many are right. README.md says what the collections are.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.data_sets import DATA, Pair, in_blocks
from benchmarks.census.collections import NOISES, SHARES, CollectionShape, make_collection
from pipeline.correlation.keys import blocking_keys
from pipeline.matching.bands import LINK_BANDS, Band
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.matching.training.pairs import Budget
from pipeline.matching.training.reading import read_cases
from pipeline.matching.training.run import train
from support.matching.prints import print_of

CENSUS = {"c20_ssa_def": "census, light", "c20_ssa_hvy": "census, heavy"}
HEADINGS = ("collection", "true", "P", "R", "F1", "best F1", "at", *LINK_BANDS)


@dataclass(frozen=True)
class Population:
    """The records of a collection, their countries where only pairs of two are judged, and the true pairs (i < j)."""

    prints: Sequence[EntityPrint]
    countries: Sequence[str]
    truth: set[Pair]

    @classmethod
    def of_shape(cls, shape: CollectionShape) -> Self:
        """A made-up collection."""
        made = make_collection(shape)
        countries = made.countries if shape.files > 1 else []
        return cls([print_of(**entity) for entity in made.entities], countries, made.truth)

    @classmethod
    def of_census(cls, name: str) -> Self:
        """A linkage of `../shared/data/census`; raises FileNotFoundError where it is missing."""
        with gzip.open(DATA / "census" / f"{name}.ndjson.gz") as lines:
            cases = read_cases(lines)
        place = {case: at for at, case in enumerate(sorted(cases.prints))}
        with gzip.open(DATA / "census" / f"{name}-truth.csv.gz", "rt", encoding="utf-8", newline="") as rows:
            pairs = [(place[row["case_a"]], place[row["case_b"]]) for row in csv.DictReader(rows)]
        countries = cases.countries_by_type()["person"]
        return cls(cases.by_type()["person"], countries, {(min(pair), max(pair)) for pair in pairs})

    def learn(self, seed: int = 1) -> Model:
        """The model that `batch train` makes of it, without labels."""
        found = train(
            {"person": self.prints},
            "bench",
            Budget(seed=seed),
            lambda _what, _total: lambda: None,
            countries={"person": self.countries},
        )
        return Model(found.file)

    def candidates(self, model: Model) -> Iterator[Pair]:
        """The pairs in question that share one of the model's blocking keys, each once."""
        size, codes = len(self.prints), set[int]()
        for members in in_blocks(blocking_keys((one,), model.stop_keys, model.key_rarity) for one in self.prints):
            first, second = np.triu_indices(len(members), 1)
            at = np.sort(np.array(members, np.int64))
            codes.update((at[first] * size + at[second]).tolist())
        for code in sorted(codes):
            i, j = divmod(code, size)
            if not self.countries or self.countries[i] != self.countries[j]:
                yield i, j

    def judge(self, model: Model) -> PromiseFigures:
        """What a model's links hold: of all true pairs, also of those that no key brings together."""
        scored = [
            (score_cases((self.prints[i],), (self.prints[j],), model), (i, j) in self.truth)
            for i, j in self.candidates(model)
        ]
        scores, right = (np.array(part) for part in zip(*scored, strict=True))
        return measure_promises(scores, right.astype(np.bool_), len(self.truth))


@dataclass(frozen=True)
class PromiseFigures:
    """Figures of the links as emitted, of the best threshold (in bits), and by band what it says, holds and has."""

    true: int
    precision: float
    recall: float
    f1: float
    best_f1: float
    best_at: float
    bands: dict[Band, tuple[float, float, int]]

    def cells(self) -> list[str]:
        """Texts in the order of HEADINGS, but the first."""
        shares = [f"{one:.3f}" for one in (self.precision, self.recall, self.f1, self.best_f1)]
        bands = [
            f"{said:.3f} {held:.3f} of {links}"
            for said, held, links in (self.bands.get(band, (0.0, 0.0, 0)) for band in LINK_BANDS)
        ]
        return [str(self.true), *shares, f"{self.best_at:.1f}", *bands]


def measure_promises(scores: NDArray[np.int64], right: NDArray[np.bool_], true: int) -> PromiseFigures:
    """The figures of scored pairs, links of one score coming in together; `true` counts the missing pairs too."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(right[order])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    f1 = 2 * hits[ends] / (ends + 1 + true)
    best = int(np.argmax(f1))
    said = 1 / (1 + 2.0 ** (-scores / 100))
    band = np.array([judge_score(int(one)).band or "" for one in scores])
    emitted = band != ""
    linked, held = int(emitted.sum()), int((right & emitted).sum())
    bands = {
        one: (float(said[band == one].mean()), float(right[band == one].mean()), int((band == one).sum()))
        for one in LINK_BANDS
        if (band == one).any()
    }
    found = held / max(linked, 1), held / true, 2 * held / (linked + true)
    return PromiseFigures(true, *found, float(f1[best]), float(ranked[ends[best]]) / 100, bands)


def main() -> int:
    """Print the table; 1 if nothing could be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=2000, help="records of each made-up collection")
    parser.add_argument("--share", type=int, action="append", choices=SHARES, help="true pairs for a hundred records")
    parser.add_argument("--noise", action="append", choices=sorted(NOISES))
    parser.add_argument("--only", choices=("made-up", "census"))
    parser.add_argument("--seed", type=int, default=1, help="seed of the collections and of training")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options = parser.parse_args()
    lines: list[list[str]] = []
    for label, load in _collections(options):
        started = time.monotonic()
        try:
            found = load()
        except FileNotFoundError as error:
            Console(stderr=True).print(f"{label} left out: {error.filename} is missing")
            continue
        lines.append([label, *found.judge(found.learn(options.seed)).cells()])
        Console(stderr=True).print(*lines[-1], f"{time.monotonic() - started:.0f} s", sep=" | ")
    if options.markdown:
        print("\n".join(f"| {' | '.join(row)} |" for row in [list(HEADINGS), ["---"] * len(HEADINGS), *lines]))
    else:
        table = Table(*HEADINGS)
        for row in lines:
            table.add_row(*row)
        Console(width=180).print(table)
    return 0 if lines else 1


def _collections(options: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Population]]]:
    if options.only != "census":
        wanted = options.share or SHARES, options.noise or sorted(NOISES, reverse=True), (True, False), (1, 2)
        for share, noise, is_full, files in product(*wanted):
            shape = CollectionShape(options.records, share, noise, is_full, is_full, files, options.seed)
            yield str(shape), partial(Population.of_shape, shape)
    if options.only != "made-up":
        for name, label in CENSUS.items():
            yield label, partial(Population.of_census, name)


if __name__ == "__main__":
    sys.exit(main())
