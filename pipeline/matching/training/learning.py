"""Unsupervised training of one entity type: u from random pairs, m by EM from pairs blocked by each rule in turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.training.budget import Budget
from pipeline.matching.training.class_sizes import expect_pairs
from pipeline.matching.training.columns import CENTRES, TrainingColumn, columns_of, find_conflicts, levels_of
from pipeline.matching.training.expectation import (
    MOST_IN_CONFLICT,
    UNBOUNDED,
    CompanionShares,
    Fit,
    Levels,
    RulePairs,
    Shares,
    estimate_shares,
    level_counts,
    likelihood_ratios,
    shrink_shares,
    weigh_classes,
)
from pipeline.matching.training.lending import count_lent, lendable
from pipeline.matching.training.pairs import (
    DATE_FIELDS,
    RULES,
    TWO_TOKENS,
    BlockingRule,
    blocked_pairs,
    merge_samples,
    random_pairs,
)
from pipeline.matching.training.relatives import are_without_relatives

ROUNDS = 3
"""How often u is estimated from the random pairs, each weighted by the probability that it is of strangers. If a person
has many records, true pairs among random ones would otherwise make u of "same" too large."""

M_WEIGHT = 20.0
"""The weight of the reference m in each estimate, in pairs."""

SURELY_NO_STRANGERS = 0.1
"""Random pairs that are true with more than this probability do not count for u; a few would fill its rarest levels."""

MIN_HITS = 5.0
"""A level keeps its reference u if it has fewer random pairs."""

MIN_SUPPORT = 25.0
"""A field's m counts as estimated if there are so many expected true pairs."""

MIN_RECORDS = 20
"""Records of a type that are needed to tell the share of true pairs."""

ENOUGH_RECORDS = 400
"""Records of a type that are needed to learn m and u. Fewer have too few strangers in a level, and a single office or
family among them would pass for the rule."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt from one entity type.

    `support` is the expected number of true pairs behind each column's m, `hits` the number of random pairs in each
    level. `matches` and `companions` are the expected numbers of true pairs and of pairs of companions among all pairs
    that met; `possible` is the number of all pairs. `lent` has the expected pairs of companions in each level of the
    columns of which h is learnt (lending.py). `without_relatives` is whether there are no relatives among the people
    (relatives.py).
    """

    columns: tuple[TrainingColumn, ...]
    m: Shares
    u: Shares
    support: NDArray[np.float64]
    m_counts: Shares
    hits: Shares
    fits: dict[str, Fit]
    matches: float
    companions: float
    possible: int
    without_relatives: bool = False
    lent: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PairSample:
    """The sampled pairs of one rule, with their levels.

    `rows` are the rows of these pairs in the matrix of all compared pairs. Each pair stands for `scale` pairs of the
    file. `most_in_conflict` limits how much a pair with conflicting names counts as true (expectation.RulePairs).
    """

    rule: BlockingRule
    rows: NDArray[np.intp]
    levels: Levels
    scale: float
    most_in_conflict: float = MOST_IN_CONFLICT


def learn_type(
    entity_type: str,
    prints: Sequence[EntityPrint],
    model: Model,
    budget: Budget,
    progress: Callable[[str, int], Callable[[], None]],
) -> Learnt | None:
    """Learn the comparisons of one type; None if there are too few records, or no two meet.

    `progress(what, total)` returns the function that is called once for each pair. Each pair is compared once. The
    result is the same for the same seed and order of records.
    """
    if len(prints) < MIN_RECORDS:
        return None
    columns = tuple(
        column for comparison in model.comparisons[entity_type] for column in columns_of(comparison, entity_type)
    )
    chance = random.Random(budget.seed)  # noqa: S311 - draws pairs, no secrets
    strangers = random_pairs(prints, budget, chance)
    met = [(rule, *blocked_pairs(prints, rule, budget, chance)) for rule in RULES]
    met = [(rule, pairs, scale) for rule, pairs, scale in met if pairs]
    if not met:
        return None
    distinct, (of_strangers, *of_rules) = merge_samples([strangers, *[pairs for _, pairs, _ in met]])
    levels = levels_of(distinct, prints, columns, model, progress(f"{entity_type}: pairs", len(distinct)))
    samples = [
        PairSample(rule, rows, levels[rows], scale) for (rule, _, scale), rows in zip(met, of_rules, strict=True)
    ]
    return _fit_samples(columns, levels[of_strangers], samples, len(prints))


def _fit_samples(
    columns: tuple[TrainingColumn, ...], strangers: Levels, samples: list[PairSample], records: int
) -> Learnt:
    possible = records * (records - 1) // 2
    stranger_columns = [k for k, column in enumerate(columns) if column.tells_strangers]
    m = [column.m.copy() for column in columns]
    matches, companions = 0.0, 0.0
    fits: dict[str, Fit] = {}
    left = np.ones(len(strangers))
    if records < ENOUGH_RECORDS:
        return _count_pairs_only(columns, samples, possible)
    alone = are_without_relatives((one.levels for one in samples if not one.rule.fields & DATE_FIELDS), columns)
    samples = [replace(one, most_in_conflict=UNBOUNDED if alone else MOST_IN_CONFLICT) for one in samples]
    for _ in range(ROUNDS):
        hits = [level_counts(strangers[:, k], left, len(column.u)) for k, column in enumerate(columns)]
        u = [_estimate_u(counts, column.u) for counts, column in zip(hits, columns, strict=True)]
        if fits:
            _take_census(samples, fits, columns, u, hits, possible)
        fits = {sample.rule.name: _fit(sample, columns, m, u) for sample in samples}
        m, counts, support = _join_fits(columns, list(fits.values()))
        matches, companions = expect_pairs(*_collect_met(samples), columns, m, u, possible)
        chance_match = _match_probability(likelihood_ratios(strangers, m, u, stranger_columns), matches / possible)
        left = np.where(chance_match > SURELY_NO_STRANGERS, 0.0, 1 - chance_match)
    lent = {} if alone else _count_lent(samples, fits, columns, u)
    return Learnt(columns, m, u, support, counts, hits, fits, matches, companions, possible, alone, lent)


def _count_pairs_only(columns: tuple[TrainingColumn, ...], samples: list[PairSample], possible: int) -> Learnt:
    """What can be learnt from few records: how many pairs are true, by the reference weights."""
    m, u = [column.m for column in columns], [column.u for column in columns]
    nothing = [np.zeros(len(share)) for share in m]
    matches, companions = expect_pairs(*_collect_met(samples), columns, m, u, possible)
    return Learnt(columns, m, u, np.zeros(len(columns)), nothing, nothing, {}, matches, companions, possible)


def _fit(sample: PairSample, columns: tuple[TrainingColumn, ...], m: Shares, u: Shares) -> Fit:
    return estimate_shares(_rule_pairs(sample, columns), m, u, _companion_shares(columns), M_WEIGHT)


def _companion_shares(columns: tuple[TrainingColumn, ...]) -> CompanionShares:
    return CompanionShares([column.h for column in columns], [column.h_named_after for column in columns])


def _rule_pairs(sample: PairSample, columns: tuple[TrainingColumn, ...]) -> RulePairs:
    learnable = _learnable_columns(sample, columns)
    return RulePairs(
        sample.levels,
        [k for k in learnable if columns[k].tells_strangers],
        [k for k in learnable if columns[k].tells_companions],
        find_conflicts(sample.levels, columns),
        sample.most_in_conflict,
    )


def _take_census(
    samples: list[PairSample],
    fits: dict[str, Fit],
    columns: tuple[TrainingColumn, ...],
    u: Shares,
    hits: Shares,
    possible: int,
) -> None:
    """Replace u and hits by the census of strangers (BlockingRule.census) in levels with too few random pairs."""
    for sample in samples:
        counted_field, levels = sample.rule.census
        for k, column in enumerate(columns):
            if column.comparison.name == counted_field and column.tells_strangers:
                counted = _count_strangers(sample, fits[sample.rule.name], columns, u, k)
                for level, name in enumerate(column.names):
                    complete = CENTRES[level] >= TWO_TOKENS if column.banded else name in levels
                    if complete and hits[k][level] < MIN_HITS <= counted[level]:
                        u[k][level] = counted[level] * sample.scale / possible
                        hits[k][level] = counted[level]


def _count_strangers(
    sample: PairSample, fit: Fit, columns: tuple[TrainingColumn, ...], u: Shares, column: int
) -> NDArray[np.float64]:
    """The expected number of strangers among a rule's pairs in each level of a column, by the rule's fit."""
    match, companion, _ = weigh_classes(_rule_pairs(sample, columns), fit, u, _companion_shares(columns))
    return level_counts(sample.levels[:, column], np.maximum(1 - match - companion, 0.0), len(u[column]))


def _count_lent(
    samples: list[PairSample], fits: dict[str, Fit], columns: tuple[TrainingColumn, ...], u: Shares
) -> dict[int, NDArray[np.float64]]:
    """For each column of which h is learnt, the expected pairs of companions in each level; a pair counts once."""
    found = {}
    for k in lendable(columns):
        seen = np.zeros(0, np.intp)
        found[k] = np.zeros(len(columns[k].u))
        for sample in samples:
            if columns[k].comparison.name not in sample.rule.fields:
                fresh = ~np.isin(sample.rows, seen)
                pairs, fit, h = _rule_pairs(sample, columns), fits[sample.rule.name], _companion_shares(columns)
                found[k] += count_lent(pairs, fresh, k, fit, u, h)
                seen = np.union1d(seen, sample.rows)
    return found


def _learnable_columns(sample: PairSample, columns: tuple[TrainingColumn, ...]) -> list[int]:
    """The columns on which the rule does not block, and that some pair has values for."""
    return [
        k
        for k, column in enumerate(columns)
        if column.comparison.name not in sample.rule.fields and bool((sample.levels[:, k] >= 0).any())
    ]


def _estimate_u(hits: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of the random pairs in each level; a level with too few keeps its reference share."""
    if hits.sum() < MIN_HITS:
        return reference
    shares = np.where(hits >= MIN_HITS, hits / max(hits.sum(), 1.0), np.minimum(reference, MIN_HITS / hits.sum()))
    found: NDArray[np.float64] = shares / shares.sum()
    return found


def _join_fits(columns: tuple[TrainingColumn, ...], fits: list[Fit]) -> tuple[Shares, Shares, NDArray[np.float64]]:
    """The m of each column over all rules, each weighted by its true pairs; with the counts and their sums."""
    m, counts, support = [], [], np.zeros(len(columns))
    for k, column in enumerate(columns):
        seen = np.zeros(len(column.m))
        for fit in fits:
            seen += fit.m[k] * fit.support[k]
        support[k] = sum(fit.support[k] for fit in fits)
        counts.append(seen)
        m.append(shrink_shares(seen, column.m, M_WEIGHT))
    return m, counts, support


def _match_probability(ratio: NDArray[np.float64], prior: float) -> NDArray[np.float64]:
    bounded = min(max(prior, 1e-12), 1 - 1e-12)
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(ratio + np.log(bounded / (1 - bounded)), -700, 700)))
    return found


def _collect_met(samples: list[PairSample]) -> tuple[Levels, NDArray[np.float64]]:
    """The levels of all pairs that met by any rule, each once, and how many pairs of the file each stands for.

    A pair that met by several rules has the smallest of their scales (pairs.blocked_pairs).
    """
    rows = np.concatenate([sample.rows for sample in samples])
    scales = np.concatenate([np.full(len(sample.rows), sample.scale) for sample in samples])
    order = np.lexsort((scales, rows))
    _, first = np.unique(rows[order], return_index=True)
    once = order[first]
    return np.concatenate([sample.levels for sample in samples])[once], scales[once]
