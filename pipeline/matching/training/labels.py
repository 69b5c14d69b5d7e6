"""Labelled case pairs applied to a trained model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

import msgspec

from pipeline.errors import LiaisonError
from pipeline.matching.model import Model
from pipeline.matching.model_file import Calibration, ModelFile
from pipeline.matching.score.scoring import counted_bits, same_type_cells, weigh_entities
from pipeline.matching.training.calibration import Labelled, learn_calibration
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
            for i, j in same_type_cells(entities_a, entities_b)
        )
        if weights and not any(counted_bits(bits) for bits, _ in weights[:-1]):
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
