"""Calibration from labelled pairs: Platt scaling (1999) of few labels, isotonic regression (Zadrozny 2002) of many.

`calibrate_model` applies labelled pairs of cases to a trained model.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import msgspec

from pipeline.errors import LiaisonError
from pipeline.matching.model import Model
from pipeline.matching.model_file import Calibration, ModelFile
from pipeline.matching.reference import rising
from pipeline.matching.score.scoring import counted_bits, tie_fee, weigh_entities
from pipeline.matching.score.selection import pairs_of_one_type
from pipeline.matching.training.pairs import MAX_BLOCK, RULES
from pipeline.matching.training.reading import Cases, read_labels


def calibrate_model(file: ModelFile, cases: Cases, rows: Iterable[Mapping[str, str]]) -> ModelFile:
    """The model with a calibration from labels, for each type of which there are enough.

    Where no label is false, the pairs that meet but are not listed are. Raises LiaisonError where no type has enough.
    """
    labels = read_labels(rows)
    known = {pair: is_true for pair, is_true in labels.items() if set(pair) <= cases.prints.keys()}
    if all(known.values()):
        known = {**dict.fromkeys(_find_meeting(cases), False), **known}
    by_type = _label_evidence(cases, known, Model(msgspec.structs.replace(file, calibrations={})))
    found = {kind: calibration for kind in sorted(by_type) if (calibration := _calibrate(by_type[kind], file))}
    if not found:
        raise LiaisonError("too few labels, matching or not, refer to cases in these files")
    return msgspec.structs.replace(file, calibrations=found)


def _label_evidence(
    cases: Cases, known: Mapping[tuple[str, str], bool], model: Model
) -> Mapping[str, list[tuple[int, bool]]]:
    """By entity type: the evidence of each pair of cases that one pair of entities decides, and its label."""
    found: defaultdict[str, list[tuple[int, bool]]] = defaultdict(list)
    for (a, b), is_true in sorted(known.items()):
        entities_a, entities_b = cases.prints[a], cases.prints[b]
        weights = sorted(
            (weigh_entities(entities_a[i], entities_b[j], model), entities_a[i].type)
            for i, j in pairs_of_one_type(entities_a, entities_b)
        )
        if weights and not any(counted_bits(bits, tie_fee(len(weights))) for bits, _ in weights[:-1]):
            bits, kind = weights[-1]
            found[kind].append((bits, is_true))
    return found


def _calibrate(labelled: Labelled, file: ModelFile) -> Calibration | None:
    """What evidence is worth on top of the prior, which the model keeps."""
    prior = file.prior.bits
    found = learn_calibration([(prior + bits, is_true) for bits, is_true in labelled])
    if found is None:
        return None
    return Calibration(tuple((at - prior, worth - prior) for at, worth in found.knots), found.source)


def _find_meeting(cases: Cases) -> set[tuple[str, str]]:
    """Case pairs that share a key of any training rule."""
    blocks: dict[tuple[object, ...], set[str]] = {}
    for case, prints in cases.prints.items():
        for entity in prints:
            for rule in RULES:
                for key in rule.keys(entity):
                    blocks.setdefault((entity.type, rule.name, *key), set()).add(case)
    return {
        pair for members in blocks.values() if len(members) <= MAX_BLOCK for pair in combinations(sorted(members), 2)
    }


Labelled = Sequence[tuple[int, bool]]
"""(score in hundredths of a bit, whether the pair is true)."""

ISOTONIC_FROM = 1000
"""Labels of the rarer kind from which isotonic regression is steadier than two numbers (Niculescu-Mizil 2005)."""

MIN_LABELS = 20
"""Labels of the rarer kind below which nothing can be told."""

STEPS = 100
"""Newton's steps at most; the fit ends when one moves both numbers by less than a millionth."""

REACH = 4000
"""Hundredths of a bit: knots lie within this of nothing."""

MAX_KNOTS = 200
"""Of twice as many knots or more every second one is kept, of three times as many every third: a curve stays a few
kilobytes of the model file. A choice; between knots the curve is interpolated."""


def learn_calibration(labelled: Labelled) -> Calibration | None:
    """The curve from scores to calibrated scores; None where there are too few labels of either kind."""
    true = sum(is_true for _, is_true in labelled)
    rarer = min(true, len(labelled) - true)
    if rarer < MIN_LABELS:
        return None
    source = f"{true} true and {len(labelled) - true} false labels"
    if rarer < ISOTONIC_FROM:
        return Calibration(fit_platt(labelled), f"Platt, {source}")
    return Calibration(fit_isotonic(labelled), f"isotonic, {source}")


def fit_platt(labelled: Labelled) -> tuple[tuple[int, int], ...]:
    """Two knots of the line slope * score + shift that fits best (Newton's method on Platt's smoothed targets)."""
    true = sum(is_true for _, is_true in labelled)
    high, low = (true + 1) / (true + 2), 1 / (len(labelled) - true + 2)
    slope, shift = 1.0, 0.0
    for _ in range(STEPS):
        gradient, curvature = [0.0, 0.0], [1e-9, 0.0, 1e-9]
        for score, is_true in labelled:
            bits = score / 100
            p = 1 / (1 + 2 ** -max(-500.0, min(500.0, slope * bits + shift)))
            error, weight = (high if is_true else low) - p, p * (1 - p) * math.log(2)
            gradient[0] += error * bits
            gradient[1] += error
            curvature[0] += weight * bits * bits
            curvature[1] += weight * bits
            curvature[2] += weight
        determinant = curvature[0] * curvature[2] - curvature[1] ** 2
        if determinant <= 0:
            break
        step = (
            (gradient[0] * curvature[2] - gradient[1] * curvature[1]) / determinant,
            (gradient[1] * curvature[0] - gradient[0] * curvature[1]) / determinant,
        )
        slope, shift = slope + max(-0.5, min(0.5, step[0])), shift + max(-2.0, min(2.0, step[1]))
        if abs(step[0]) + abs(step[1]) < 1e-6:
            break
    slope = max(slope, 0.05)
    return tuple((at, round(slope * at + 100 * shift)) for at in (-REACH, REACH))


def fit_isotonic(labelled: Labelled) -> tuple[tuple[int, int], ...]:
    """Knots at the middle of each pool of the rising fit; a pool of n labels is never surer than 1 in n + 1."""
    ordered = sorted(labelled)
    fitted = rising([float(is_true) for _, is_true in ordered], [1.0] * len(ordered))
    knots: dict[int, int] = {}
    start = 0
    for end in range(1, len(ordered) + 1):
        if end == len(ordered) or fitted[end] != fitted[start]:
            size = end - start
            share = (fitted[start] * size + 0.5) / (size + 1)
            knots[(ordered[start][0] + ordered[end - 1][0]) // 2] = round(100 * math.log2(share / (1 - share)))
            start = end
    values = rising([float(bits) for bits in knots.values()], [1.0] * len(knots))
    thinned = list(zip(knots, values, strict=True))[:: max(1, len(knots) // MAX_KNOTS)]
    return tuple((at, round(bits)) for at, bits in thinned)


def brier_score(labelled: Sequence[tuple[float, bool]]) -> float:
    """Mean squared error of probabilities against labels (Brier 1950): 0 is perfect."""
    return sum((probability - is_true) ** 2 for probability, is_true in labelled) / len(labelled)
