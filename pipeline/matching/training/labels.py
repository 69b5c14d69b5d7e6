"""Labelled case pairs applied to a trained model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import msgspec

from pipeline.errors import LiaisonError
from pipeline.matching.model import Model, ModelFile
from pipeline.matching.score.scoring import score_cases
from pipeline.matching.training.calibration import learn_calibration
from pipeline.matching.training.pairs import MAX_BLOCK, RULES
from pipeline.matching.training.reading import Cases, read_labels


def calibrate_model(file: ModelFile, cases: Cases, rows: Iterable[Mapping[str, str]]) -> ModelFile:
    """The model with a calibration from labels; where none is false, the pairs that meet but are not listed are."""
    labels = read_labels(rows)
    known = {pair: is_true for pair, is_true in labels.items() if set(pair) <= cases.prints.keys()}
    if all(known.values()):
        known = {**dict.fromkeys(_find_meeting(cases), False), **known}
    model = Model(file)
    scored = [
        (score_cases(cases.prints[a], cases.prints[b], model), is_true) for (a, b), is_true in sorted(known.items())
    ]
    found = learn_calibration(scored)
    if found is None:
        raise LiaisonError("too few labels, matching or not, refer to cases in these files")
    return msgspec.structs.replace(file, calibration=found)


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
