"""Unsupervised training of one entity type: u from random pairs, m by EM from pairs blocked by each rule in turn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.model_file import REFERENCE_PRIOR
from pipeline.matching.training.columns import (
    CENTRES,
    TrainingColumn,
    columns_of,
    find_conflicts,
    levels_of,
    normalise_shares,
)
from pipeline.matching.training.expectation import (
    MOST_IN_CONFLICT,
    UNBOUNDED,
    ClassSizes,
    ColumnKinds,
    CompanionShares,
    Fit,
    Levels,
    MetPairs,
    RulePairs,
    Shares,
    estimate_shares,
    expect_pairs,
    level_counts,
    likelihood_ratios,
    match_probability,
    shrink_shares,
    weigh_classes,
)
from pipeline.matching.training.pairs import (
    DATE_FIELDS,
    RULES,
    TWO_TOKENS,
    Budget,
    PairPopulation,
    RecordPair,
    blocked_pairs,
    merge_samples,
    random_pairs,
)
from pipeline.matching.training.relatives import (
    PARTNERS,
    PairSample,
    are_without_relatives,
    count_lent,
    count_partners,
    expect_companions,
    find_partners,
    lendable,
    reach_companions,
    share_met,
    tell_partners,
    tells_lent,
)

ROUNDS = 3
"""How often u is estimated from the random pairs, each weighted by the probability that it is of strangers. If a person
has many records, true pairs among random ones would otherwise make u of "same" too large."""

M_WEIGHT = 20.0
"""The weight of the reference m in each estimate, in pairs."""

SURELY_NO_STRANGERS = 0.1
"""Random pairs that are true with more than this probability do not count for u; a few would fill its rarest levels."""

SURELY_ONE = 0.9
"""Pairs that are of one thing with more than this probability make their records partners."""

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
    level. `sizes` are the expected numbers of true pairs, of companions and of namesakes; `possible` is the number of
    pairs in question. `lent` has the expected pairs of companions in each level
    of the columns of which h is learnt (relatives.py). `without_relatives` is whether there are no relatives among the
    people (relatives.py).
    """

    columns: tuple[TrainingColumn, ...]
    m: Shares
    u: Shares
    support: NDArray[np.float64]
    m_counts: Shares
    hits: Shares
    fits: dict[str, Fit]
    sizes: ClassSizes
    possible: int
    without_relatives: bool = False
    lent: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComparedPairs:
    """All pairs that were compared, by rows: their records (i < j) and levels, of which the last column is partners'.

    `strangers` are the rows of random pairs; `partners` are pairs of records known for one person's (relatives.py).
    """

    pairs: NDArray[np.int64]
    levels: Levels
    strangers: NDArray[np.intp]
    partners: NDArray[np.int64]

    def with_partners(self, partners: NDArray[np.int64], records: int) -> ComparedPairs:
        """The same where these are known as well."""
        known = np.unique(np.concatenate([self.partners, partners]), axis=0)
        levels = self.levels.copy()
        levels[:, -1] = count_partners(self.pairs, known, records)
        return replace(self, levels=levels)


def _array_of(pairs: Iterable[RecordPair]) -> NDArray[np.int64]:
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def learn_type(
    entity_type: str,
    prints: Sequence[EntityPrint],
    model: Model,
    budget: Budget,
    progress: Callable[[str, int], Callable[[], None]],
    countries: Sequence[str] = (),
) -> Learnt | None:
    """Learn the comparisons of one type; None if there are too few records, or no two meet.

    `countries` has that of each record where only pairs of two countries are to be judged (pairs.PairPopulation).

    `progress(what, total)` returns the function that is called once for each pair. Each pair is compared once. The
    result is the same for the same seed and order of records.
    """
    if len(prints) < MIN_RECORDS:
        return None
    columns = tuple(
        column
        for comparison in (*model.comparisons[entity_type], PARTNERS)
        for column in columns_of(comparison, entity_type)
    )
    chance = random.Random(budget.seed)  # noqa: S311 - draws pairs, no secrets
    population = PairPopulation(len(prints), countries)
    strangers = random_pairs(prints, budget, chance, population)
    met = [(rule, *blocked_pairs(prints, rule, budget, chance, population)) for rule in RULES]
    met = [(rule, pairs, scale) for rule, pairs, scale in met if pairs]
    if not met:
        return None
    distinct, (of_strangers, *of_rules) = merge_samples([strangers, *[pairs for _, pairs, _ in met]])
    levels = levels_of(distinct, prints, columns, model, progress(f"{entity_type}: pairs", len(distinct)))
    samples = [
        PairSample(rule, rows, levels[rows], scale) for (rule, _, scale), rows in zip(met, of_rules, strict=True)
    ]
    pairs = ComparedPairs(_array_of(distinct), levels, of_strangers, _array_of(find_partners(prints, population)))
    return _fit_samples(columns, pairs, samples, len(prints), population.possible)


def _fit_samples(
    columns: tuple[TrainingColumn, ...], pairs: ComparedPairs, samples: list[PairSample], records: int, possible: int
) -> Learnt:
    kinds = _kinds_of(columns)
    m, u = [column.m.copy() for column in columns], [column.u for column in columns]
    rows, scales = _collect_met(samples)
    alone = are_without_relatives((one.levels for one in samples if not one.rule.fields & DATE_FIELDS), columns)
    reached = scales if alone else reach_companions(samples, pairs.levels[pairs.strangers], columns, scales)
    if records < ENOUGH_RECORDS:
        return _count_pairs_only(columns, kinds, MetPairs(pairs.levels[rows], scales, reached), possible)
    compared = pairs.with_partners(pairs.partners, records)
    free = alone or tell_partners(compared.levels[pairs.strangers, -1])
    fits: dict[str, Fit] = {}
    lent: dict[int, NDArray[np.float64]] = {}
    left = _weigh_strangers(compared.levels[pairs.strangers], kinds, m, u, 2 ** (REFERENCE_PRIOR / 100))
    for _ in range(ROUNDS):
        strangers, met = compared.levels[pairs.strangers], MetPairs(compared.levels[rows], scales, reached)
        hits = [level_counts(strangers[:, k], left, len(column.u)) for k, column in enumerate(columns)]
        u = [_estimate_u(counts, column.u) for counts, column in zip(hits, columns, strict=True)]
        for k in (k for k, column in enumerate(columns) if column.banded):
            _extend_bands(u[k], m[k], hits[k])
        if not fits:
            m[-1] = u[-1]
        h = expect_companions(columns, m, u, lent)
        if fits:
            _take_census(samples, fits, columns, u, h, hits, possible, of_names=False)
        sizes = expect_pairs(met, kinds, m, u, h, possible)
        shares = ClassSizes(*(size / possible for size in sizes))
        samples = [
            replace(
                one,
                levels=compared.levels[one.rows],
                shares=shares,
                most_in_conflict=UNBOUNDED if free else MOST_IN_CONFLICT,
            )
            for one in samples
        ]
        fits = {one.rule.name: estimate_shares(_rule_pairs(one, columns), m, u, h, M_WEIGHT) for one in samples}
        m, counts, support = _join_fits(columns, list(fits.values()))
        lent = {} if alone else _count_lent(samples, fits, columns, u, h)
        h = expect_companions(columns, m, u, lent)
        sizes = expect_pairs(met, kinds, m, u, h, possible)
        left = _weigh_strangers(strangers, kinds, m, u, sizes.matches / possible)
        sure = match_probability(met, kinds, m, u, h, sizes, possible) > SURELY_ONE
        compared = pairs.with_partners(pairs.pairs[rows[sure]], records)
    _take_census(samples, fits, columns, u, h, hits, possible, of_names=True)
    sizes = expect_pairs(met, kinds, m, u, h, possible)
    caught = share_met(samples, rows, match_probability(met, kinds, m, u, h, sizes, possible))
    sizes = sizes._replace(matches=sizes.matches / caught)
    return Learnt(columns, m, u, support, counts, hits, fits, sizes, possible, alone, lent)


def _kinds_of(columns: tuple[TrainingColumn, ...]) -> ColumnKinds:
    return ColumnKinds(
        [k for k, column in enumerate(columns) if column.tells_strangers],
        [k for k, column in enumerate(columns) if column.tells_companions],
        any(column.companions == "household" for column in columns),
    )


def _count_pairs_only(columns: tuple[TrainingColumn, ...], kinds: ColumnKinds, met: MetPairs, possible: int) -> Learnt:
    """What can be learnt from few records: how many pairs are true, by the reference weights."""
    m, u = [column.m for column in columns], [column.u for column in columns]
    nothing = [np.zeros(len(share)) for share in m]
    sizes = expect_pairs(met, kinds, m, u, expect_companions(columns, m, u, {}), possible)
    return Learnt(columns, m, u, np.zeros(len(columns)), nothing, nothing, {}, sizes, possible)


def _rule_pairs(sample: PairSample, columns: tuple[TrainingColumn, ...]) -> RulePairs:
    held = [k for k in range(len(columns)) if bool((sample.levels[:, k] >= 0).any())]
    return RulePairs(
        sample.levels,
        [k for k in held if columns[k].tells_strangers],
        [k for k in held if columns[k].tells_companions],
        [k for k in held if columns[k].comparison.name not in sample.rule.fields],
        sample.shares,
        find_conflicts(sample.levels, columns),
        sample.most_in_conflict,
    )


def _take_census(
    samples: list[PairSample],
    fits: dict[str, Fit],
    columns: tuple[TrainingColumn, ...],
    u: Shares,
    h: CompanionShares,
    hits: Shares,
    possible: int,
    *,
    of_names: bool,
) -> None:
    """Replace u and hits by the census of strangers (BlockingRule.census) in levels with too few random pairs.

    That of names comes last, and no m is learnt by it: a strong name beside another date is of a namesake or of one
    person, and what was once taken for the former would pass for it ever more.
    """
    for sample in samples:
        counted_field, levels = sample.rule.census
        for k, column in enumerate(columns):
            if column.comparison.name == counted_field and column.tells_strangers and column.banded == of_names:
                match, companion, _ = weigh_classes(_rule_pairs(sample, columns), fits[sample.rule.name], u, h)
                strangers = np.maximum(1 - match - companion, 0.0)
                counted = level_counts(sample.levels[:, k], strangers, len(u[k]))
                for level, name in enumerate(column.names):
                    complete = CENTRES[level] >= TWO_TOKENS if column.banded else name in levels
                    if complete and hits[k][level] < MIN_HITS <= counted[level]:
                        u[k][level] = counted[level] * sample.scale / possible
                        hits[k][level] = counted[level]


def _count_lent(
    samples: list[PairSample],
    fits: dict[str, Fit],
    columns: tuple[TrainingColumn, ...],
    u: Shares,
    h: CompanionShares,
) -> dict[int, NDArray[np.float64]]:
    """For each column of which h is learnt, the expected pairs of companions in each level; a pair counts once."""
    found = {}
    for k in lendable(columns):
        seen = np.zeros(0, np.intp)
        found[k] = np.zeros(len(columns[k].u))
        for sample in samples:
            if tells_lent(columns[k], sample.rule):
                fresh = ~np.isin(sample.rows, seen)
                found[k] += count_lent(_rule_pairs(sample, columns), fresh, k, fits[sample.rule.name], u, h)
                seen = np.union1d(seen, sample.rows)
    return found


def _estimate_u(hits: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of the random pairs in each level; a level with too few keeps its reference share."""
    if hits.sum() < MIN_HITS:
        return reference
    shares = np.where(hits >= MIN_HITS, hits / max(hits.sum(), 1.0), np.minimum(reference, MIN_HITS / hits.sum()))
    return normalise_shares(shares)


def _extend_bands(u: NDArray[np.float64], m: NDArray[np.float64], hits: NDArray[np.float64]) -> None:
    """Set u of the bands above those that random pairs show, as the curve of names goes on (weights.name_curve).

    Each bit that a name weighs more makes a stranger's rarer by a bit, from the strongest band that was told. The
    reference shares of bands would have it rarer by six bits at once: pairs with such names would count as true
    whatever their dates say, and teach that one person's dates differ often.
    """
    positive = [band for band, centre in enumerate(CENTRES) if centre > 0]
    shown = list(takewhile(lambda band: hits[band] >= MIN_HITS, reversed(positive)))
    if shown:
        top = shown[-1]
        rise = (np.array(CENTRES[:top]) - CENTRES[top]) / 100
        u[:top] = m[:top] * (u[top] / m[top]) * 2.0**-rise


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


def _weigh_strangers(pairs: Levels, kinds: ColumnKinds, m: Shares, u: Shares, share: float) -> NDArray[np.float64]:
    """How much each random pair counts for u, where a share of all pairs is true."""
    ratio = likelihood_ratios(pairs, m, u, kinds.from_strangers)
    bounded = min(max(share, 1e-12), 1 - 1e-12)
    match = 1 / (1 + np.exp(-np.clip(ratio + np.log(bounded / (1 - bounded)), -700, 700)))
    found: NDArray[np.float64] = np.where(match > SURELY_NO_STRANGERS, 0.0, 1 - match)
    return found


def _collect_met(samples: list[PairSample]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The rows of all pairs that met by any rule, ascending, and how many pairs of the file each stands for.

    A pair that met by several rules has the smallest of their scales (pairs.blocked_pairs).
    """
    rows = np.concatenate([sample.rows for sample in samples])
    scales = np.concatenate([np.full(len(sample.rows), sample.scale) for sample in samples])
    order = np.lexsort((scales, rows))
    once, first = np.unique(rows[order], return_index=True)
    return once, scales[order[first]]
