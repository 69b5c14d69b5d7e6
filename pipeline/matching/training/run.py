"""Training over all entity types: a model file with its facts, and a report of what could not be estimated."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from pipeline.matching.comparisons.name.comparison import NAME
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.model_file import COMPANION_PRIORS, ModelFile, Prior, WeightedComparison
from pipeline.matching.reference import reference_model
from pipeline.matching.training.learning import Learnt, learn_type
from pipeline.matching.training.pairs import Budget
from pipeline.matching.training.relatives import MIN_COMPANIONS, keep_contradictions
from pipeline.matching.training.weights import estimated, learnt_comparison, shared_values
from pipeline.records.entity_types import COMPANIONABLE, ENTITY_TYPES_BY_NAME

StartProgress = Callable[[str, int], Callable[[], None]]

LOWEST_PRIOR = -3000
HIGHEST_PRIOR = -300
"""Hundredths of a bit: at best one of eight pairs is true, whatever a small file suggests; at worst one of a
billion."""

KEY_MEETS = 3
"""Entities that share a blocking key by chance, at most: a case then meets tens of others, whatever the size."""

LOWEST_KEY_RARITY, HIGHEST_KEY_RARITY = 800, 2000
"""Below eight bits most pairs meet anyway. Beyond twenty too many true pairs share no key: of those of fake_1000 that
the shipped model would link .974 share one at 19 bits, .955 at 20, .903 at 22 and .833 at 24."""


FEWEST_COMPANIONS = 600
"""Hundredths of a bit: at least one pair of companions for 64 true pairs, even where a file shows none."""

MOST_COMPANIONS = -600
"""Hundredths of a bit: at most 64 pairs of companions for a true pair, as in a list of companies of few groups."""

FEWEST_NAMESAKES = 1000
"""Hundredths of a bit: at least one pair of people named after each other for 1,000 true pairs."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, and per entity type what was learnt of it."""

    file: ModelFile
    learnt: Mapping[str, Learnt]
    kept: tuple[str, ...]
    """Fields that data hold but could not estimate: they stay at their reference."""


def train(
    prints: Mapping[str, Sequence[EntityPrint]],
    version: str,
    budget: Budget,
    progress: StartProgress,
    *,
    general: bool = False,
    cases: int = 0,
    countries: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Trained:
    """Learn from entity prints by type. A field shared by types is learnt from the type with most true pairs.

    Names are not: companies' are no people's. Each type learns its own, or keeps the reference.
    `countries` has, by type, the country of each print's case, where only pairs of two countries are to be judged;
    by the other types all pairs are.
    `cases` is how many cases the model is to serve, 0 for as many as there are entities of a type.
    `general` is for a model that is to serve beyond these records: what is peculiar to them stays at the reference
    (the prior, what tells companions, the curve of names, how rare keys must be) or is left out (frequencies of their
    towns, shared values).
    """
    start = Model(reference_model(version))
    learnt = {
        kind: found
        for kind in sorted(prints)
        if (found := learn_type(kind, prints[kind], start, budget, progress, countries.get(kind, ()))) is not None
    }
    comparisons, kept = _comparisons(start, prints, learnt)
    own, kept_names = _own_names(start, prints, learnt)
    kept += kept_names
    file = ModelFile(
        version,
        comparisons,
        own=own,
        prior=start.file.prior,
        key_rarity=start.key_rarity,
        training=_facts(prints, learnt, kept, budget),
    )
    adapted = _generalise(file, start.file) if general else _localise(file, prints, learnt, cases)
    return Trained(adapted, learnt, kept)


def _generalise(file: ModelFile, reference: ModelFile) -> ModelFile:
    """The file without what holds for its own records alone."""
    comparisons = {
        name: _generalise_comparison(comparison, reference.comparisons[name])
        for name, comparison in file.comparisons.items()
    }
    return msgspec.structs.replace(file, comparisons=comparisons, own={})


def _localise(
    file: ModelFile, prints: Mapping[str, Sequence[EntityPrint]], learnt: Mapping[str, Learnt], cases: int
) -> ModelFile:
    """The file with what holds for its own records: prior, rarity of keys and shared values."""
    fitted = {kind: found for kind, found in learnt.items() if found.fits}
    named = [entity for kind in COMPANIONABLE for entity in prints.get(kind, ())]
    prior = _prior(fitted) if fitted else file.prior
    met = any(found.sizes.companions >= MIN_COMPANIONS for found in fitted.values())
    alone = bool(fitted) and all(found.without_relatives for found in fitted.values())
    return msgspec.structs.replace(
        file if alone else keep_contradictions(file, prior, companions_met=met),
        prior=prior,
        key_rarity=key_rarity(cases or max(map(len, prints.values()), default=0)),
        shared_phones=shared_values("phone", named),
        shared_emails=shared_values("email", named),
        shared_addresses=shared_values("address", named),
    )


def key_rarity(entities: int) -> int:
    """How rare a blocking key must be, in hundredths of a bit, where there are so many entities of a type."""
    bits = round(100 * math.log2(max(entities, 1) / KEY_MEETS))
    return max(LOWEST_KEY_RARITY, min(HIGHEST_KEY_RARITY, bits))


def _comparisons(
    start: Model, prints: Mapping[str, Sequence[EntityPrint]], learnt: Mapping[str, Learnt]
) -> tuple[dict[str, WeightedComparison], tuple[str, ...]]:
    comparisons, kept = dict(start.file.comparisons), []
    for name in (one for one in start.file.comparisons if one != NAME.name):
        teachers = [
            (found.support[k], kind, k) for kind, found in learnt.items() if (k := _column(found, name)) is not None
        ]
        teacher = max(teachers, default=None)
        if teacher is None:
            continue
        _, kind, k = teacher
        if estimated(learnt[kind], k):
            comparisons[name] = learnt_comparison(learnt[kind], k, comparisons[name], prints[kind])
        elif _has_values(learnt[kind], k):
            kept.append(name)
    return comparisons, tuple(kept)


def _own_names(
    start: Model, prints: Mapping[str, Sequence[EntityPrint]], learnt: Mapping[str, Learnt]
) -> tuple[dict[str, dict[str, WeightedComparison]], tuple[str, ...]]:
    """The names of each type whose own pairs taught them; of what could not be estimated, which it is."""
    own, kept, reference = {}, [], start.file.comparisons[NAME.name]
    for kind, found in learnt.items():
        k = _column(found, NAME.name)
        if k is not None and estimated(found, k):
            own[kind] = {NAME.name: learnt_comparison(found, k, reference, prints[kind])}
        elif k is not None and _has_values(found, k):
            kept.append(f"{NAME.name} ({kind})")
    return own, tuple(kept)


def _has_values(found: Learnt, k: int) -> bool:
    return bool(found.hits[k].sum() > 0 or found.support[k] > 0)


def _generalise_comparison(learnt: WeightedComparison, reference: WeightedComparison) -> WeightedComparison:
    """The learnt weights with the reference's companions, and nothing that holds for the file's own values only."""
    pairs = zip(learnt.levels, reference.levels, strict=True)
    return WeightedComparison(
        tuple(msgspec.structs.replace(level, companions=kept.companions) for level, kept in pairs)
    )


def _column(found: Learnt, name: str) -> int | None:
    return next((k for k, column in enumerate(found.columns) if column.comparison.name == name), None)


def _prior(learnt: Mapping[str, Learnt]) -> Prior:
    """log2 of the share of true pairs, from the type with most of them, and of their ratio to companions of each kind.

    Companions that are told are those of a household or a group, each by the types that have them.
    """
    found = max(learnt.values(), key=_true_pairs)
    matches, companions, namesakes = found.sizes
    share = matches / found.possible
    bits = round(100 * math.log2(share / (1 - min(share, 0.5))))
    told = {kind: _companion_bits(learnt, kind) for kind in ("household", "group")}
    return Prior(
        max(LOWEST_PRIOR, min(HIGHEST_PRIOR, bits)),
        {**told, "named_after": min(FEWEST_NAMESAKES, round(100 * math.log2(matches / namesakes)))},
        source=f"EM: {matches:.0f} true pairs, {companions:.0f} of companions, of {found.possible}",
    )


def _true_pairs(found: Learnt) -> float:
    return found.sizes.matches


def _companion_bits(learnt: Mapping[str, Learnt], kind: str) -> int:
    """log2 of the true pairs over the companions of a kind; the reference where no type that has them was fitted."""
    having = [found for name, found in learnt.items() if kind in ENTITY_TYPES_BY_NAME[name].companions]
    if not having:
        return COMPANION_PRIORS[kind]
    found = max(having, key=_true_pairs)
    ratio = round(100 * math.log2(found.sizes.matches / max(found.sizes.companions, 1e-9)))
    return max(MOST_COMPANIONS, min(FEWEST_COMPANIONS, ratio))


def _facts(
    prints: Mapping[str, Sequence[EntityPrint]], learnt: Mapping[str, Learnt], kept: tuple[str, ...], budget: Budget
) -> dict[str, msgspec.Raw]:
    facts = {
        "seed": budget.seed,
        "records": {kind: len(some) for kind, some in sorted(prints.items())},
        "expected_true_pairs": {kind: round(found.sizes.matches) for kind, found in learnt.items()},
        "rules": {
            kind: {
                name: {"share": round(fit.share, 4), "rounds": len(fit.log_likelihoods)}
                for name, fit in found.fits.items()
            }
            for kind, found in learnt.items()
        },
        "not_estimated": list(kept),
    }
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in facts.items()}
