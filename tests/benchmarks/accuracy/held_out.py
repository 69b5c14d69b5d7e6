"""Whether weights, or a calibration, learnt from other data sets would serve better than the shipped model's.

    LIAISON_BENCH_PYTHON=~/bench/bin/python PYTHONPATH=tests:tools python tests/benchmarks/accuracy/held_out.py

Each data set is judged with the shipped model; with weights that `train(general=True)` learns from the sets of other
origins; and with the shipped weights and a calibration by those sets. What is calibrated is the evidence: a set's own
share of true pairs is an offset of its fit, and the prior stays the shipped one. People in two scripts
(probabilities.py) are judged with a calibration by all sets.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np
from model_building.transliteration_training import read_pairs, split_pairs
from numpy.typing import NDArray

from benchmarks.accuracy.corridors import DATA
from benchmarks.accuracy.data_sets import LOADERS, DataSet, Pair, in_blocks
from benchmarks.accuracy.ours import against, candidate_codes, prints, scored, trained
from benchmarks.accuracy.probabilities import judged
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model, load_model
from pipeline.matching.model_file import Calibration
from pipeline.matching.names.transliteration.corridors import CORRIDORS
from pipeline.matching.score.scoring import judge_score
from pipeline.matching.training.calibration import brier_score
from pipeline.matching.training.pairs import MAX_BLOCK, RULES

ORIGINS = {"febrl3": "febrl", "febrl4": "febrl", "fake_1000": "fake", "historical_50k": "historical"}
TEACHERS = ("febrl3", "fake_1000", "historical_50k")
"""One set of each origin; the Senzing truth set holds too few records to learn from, and is looked at by run.py."""

KNOTS = (0.0, 4.0, 30.0)
"""Bits of evidence: none is worth nothing, and a shift stays beyond 30."""

TRUE_PAIRS = 100.0
"""What the true pairs of each set weigh together."""

ROUNDS = 50
PAIRS = 400_000

Bits = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """A data set with the shipped model's scores: of its candidate pairs, and of pairs that meet in training."""

    data: DataSet
    entities: list[EntityPrint]
    true: set[Pair]
    scores: dict[Pair, int]
    met: dict[Pair, int]

    def prior(self) -> float:
        """log2 odds of a random pair."""
        pairs = sum(self.data.side) * self.data.side.count(0) or math.comb(len(self.entities), 2)
        return math.log2(len(self.true) / (pairs - len(self.true)))


def main() -> None:
    """Print a table of the sets, and a line of the people in two scripts."""
    shipped = load_model()
    answers = {name: _answers(LOADERS[name](), shipped) for name in ORIGINS}
    print("| held out | shipped: F1, Brier | learnt weights: F1, Brier | calibrated: F1, Brier |\n|---|---|---|---|")
    for name, one in answers.items():
        teachers = [answers[other] for other in TEACHERS if ORIGINS[other] != ORIGINS[name]]
        learnt = trained([entity for teacher in teachers for entity in teacher.entities], general=True)
        bent = calibrated(shipped, teachers)
        relearnt = scored(one.entities, learnt, candidate_codes(one.data, one.entities, learnt))
        cells = (_cell(one, one.scores, shipped), _cell(one, relearnt, learnt), _cell(one, one.scores, bent))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    bent = calibrated(shipped, [answers[name] for name in TEACHERS])
    for source in (source for corridor in CORRIDORS for source in corridor.sources):
        test = split_pairs(read_pairs(DATA / f"{source}.tsv")).test
        before, after = (brier_score(judged(test, random.Random(1), model)) for model in (shipped, bent))
        print(f"{source}: Brier {before:.4f} shipped, {after:.4f} calibrated", flush=True)


def _answers(data: DataSet, model: Model) -> Answers:
    entities = prints(data)
    candidates, met = candidate_codes(data, entities, model), _meeting(data, entities)
    return Answers(data, entities, data.truth(), scored(entities, model, candidates), scored(entities, model, met))


def _meeting(data: DataSet, entities: Sequence[EntityPrint]) -> Bits:
    """Pairs that share a key of a training rule, drawn where there are more than PAIRS: most of them strangers."""
    found: set[Pair] = set()
    for rule in RULES:
        for members in in_blocks(set(rule.keys(entity)) for entity in entities):
            found.update(combinations(members, 2) if len(members) <= MAX_BLOCK else ())
    pairs = sorted(pair for pair in found if data.allowed(pair))
    drawn = random.Random(1).sample(pairs, min(PAIRS, len(pairs)))
    return np.array([i * len(entities) + j for i, j in sorted(drawn)])


def _cell(answers: Answers, scores: dict[Pair, int], model: Model) -> str:
    """F1 over all true pairs, and the Brier score of the candidate pairs."""
    said = {pair: judge_score(bits).probability for pair, bits in scores.items()}
    f1 = against(answers.data, answers.true, {pair for pair, probability in said.items() if probability >= 0.5}).f1
    return f"{f1:.4f}, {brier_score([(probability, pair in answers.true) for pair, probability in said.items()]):.4f}"


def calibrated(model: Model, teachers: Sequence[Answers]) -> Model:
    """The model with its evidence calibrated on the teachers' candidate pairs."""
    worth = fitted(teachers, model.prior)
    bent = zip(100 * np.array(KNOTS), 100 * worth, strict=True)
    knots = tuple((round(x), round(y)) for x, y in bent)
    return Model(msgspec.structs.replace(model.file, calibrations={"person": Calibration(knots)}))


def fitted(teachers: Sequence[Answers], prior: int) -> Bits:
    """What evidence of KNOTS bits is worth: logistic regression on hat functions by Newton's method, rising."""
    worth = np.array(KNOTS)
    for _ in range(ROUNDS):
        gradient, curvature = 0.1 * (np.array(KNOTS) - worth), 0.1 * np.eye(len(KNOTS))
        for teacher in teachers:
            hats, beyond = _hats((np.array(list(teacher.met.values())) - prior) / 100)
            is_true = np.array([pair in teacher.true for pair in teacher.met], dtype=float)
            chance = 1 / (1 + np.exp2(-np.clip(teacher.prior() + hats @ worth + beyond, -500, 500)))
            weight = TRUE_PAIRS / is_true.sum()
            gradient += weight * hats.T @ (is_true - chance)
            curvature += weight * math.log(2) * (hats * (chance * (1 - chance))[:, None]).T @ hats
        step = np.append(0.0, np.linalg.solve(curvature[1:, 1:], gradient[1:]))
        worth = np.maximum.accumulate(worth + np.clip(step, -2, 2))
    return worth


def _hats(bits: Bits) -> tuple[Bits, Bits]:
    """How much each knot counts for each evidence, and what lies beyond the last."""
    within = np.clip(bits, KNOTS[0], KNOTS[-1])
    return np.stack([np.interp(within, KNOTS, row) for row in np.eye(len(KNOTS))], axis=1), bits - within


if __name__ == "__main__":
    main()
