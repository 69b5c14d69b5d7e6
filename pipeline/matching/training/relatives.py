"""What training knows of relatives, who would otherwise teach that one person's names and dates conflict often.

- Partners are other records of one of a pair. Two brothers each have other records of their own; the two records of one
  person, of which one has a wrong given name, mostly have none besides. Only training uses this: what a pair scores
  depends on its two records alone.
- Whether there are relatives at all is told by the birth dates of pairs whose names conflict.
- How often members of a household, or companies of a group, have one number or date, lent or the wrong one's, is told
  by pairs of companions that did not meet by their numbers and whose names conflict, judged by all other fields.
- The shares of companions' levels, and how many pairs of them never met.
- What tells relatives apart is kept in learnt models: given names in conflict, and years between two births.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import COMPANION_KINDS, LEAST_SHARE
from pipeline.matching.comparisons.address import AddressLevel
from pipeline.matching.comparisons.birth_place import BirthPlaceLevel
from pipeline.matching.comparisons.catalogue import BY_NAME
from pipeline.matching.comparisons.comparison import Comparison, ComparisonLevel
from pipeline.matching.comparisons.email import EmailLevel
from pipeline.matching.comparisons.identifier import IdentifierLevel
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.comparisons.phone import PhoneLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model_file import ModelFile, Prior, WeightedComparison, WeightedLevel
from pipeline.matching.names import sound_keys
from pipeline.matching.reference import reference_comparison
from pipeline.matching.training.columns import TrainingColumn, find_conflicts
from pipeline.matching.training.expectation import (
    MOST_IN_CONFLICT,
    ClassSizes,
    CompanionShares,
    Fit,
    Levels,
    RulePairs,
    Shares,
    level_counts,
    weigh_classes,
)
from pipeline.matching.training.pairs import BlockingRule, PairPopulation, RecordPair

NO_SHARES = ClassSizes(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class PairSample:
    """The sampled pairs of one rule, with their levels.

    `rows` are the rows of these pairs in the matrix of all compared pairs. Each pair stands for `scale` pairs of the
    file. `shares` and `most_in_conflict` are those of expectation.RulePairs.
    """

    rule: BlockingRule
    rows: NDArray[np.intp]
    levels: Levels
    scale: float
    shares: ClassSizes = NO_SHARES
    most_in_conflict: float = MOST_IN_CONFLICT


MOST_PARTNERS = 20
"""Records that share two sounds and a date; where there are more, these say little of one person."""

MOST_WITHOUT = 0.97
"""Random pairs of whom neither has a partner, at most, for partners to tell whether names in conflict are one person's:
then one relative in 30 or more is known as such."""


class PartnersLevel(ComparisonLevel):
    """Of how many of two records a partner is known."""

    NONE = 0.6, 0.6, 0.6
    ONE = 0.3, 0.3, 0.3
    BOTH = 0.1, 0.1, 0.1


PARTNERS = Comparison(
    "partners",
    "",
    "",
    "",
    PartnersLevel,
    "not compared: counted over the records",
    lambda _a, _b, _table: None,
    lambda _entity, _index: "",
)


def find_partners(prints: Sequence[EntityPrint], population: PairPopulation) -> set[RecordPair]:
    """The pairs i < j in question that share two sounds of a name and a birth date."""
    blocks: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, entity in enumerate(prints):
        for key in set(_strong_keys(entity)):
            blocks[key].append(at)
    few = (members for members in blocks.values() if 1 < len(members) <= MOST_PARTNERS)
    return {pair for members in few for pair in combinations(members, 2) if pair in population}


def count_partners(pairs: NDArray[np.int64], partners: NDArray[np.int64], records: int) -> NDArray[np.int16]:
    """Of how many of each pair's two records a partner is known besides the other: both arrays have pairs i < j."""
    degree = np.bincount(partners.ravel(), minlength=records)
    own = np.isin(pairs[:, 0] * records + pairs[:, 1], partners[:, 0] * records + partners[:, 1])
    found: NDArray[np.int16] = (degree[pairs] > own[:, None]).sum(axis=1).astype(np.int16)
    return found


def _strong_keys(entity: EntityPrint) -> Iterator[tuple[object, ...]]:
    """Two sounds of a name with a whole birth date."""
    dates = [one.first for one in entity.all_birth_dates if one.exact and one.first.day]
    for name in entity.names[:6] if dates else ():
        sounds = sorted({token.sounds[0] for token in sound_keys(name)[:4]})
        for pair in combinations(sounds, 2):
            yield from ((*pair, date.year, date.month, date.day) for date in dates)


def tell_partners(strangers: NDArray[np.int16]) -> bool:
    """Whether so many people have partners that having one says something, by the levels of random pairs."""
    return float((strangers == 0).mean()) <= MOST_WITHOUT


SHARED = {
    "address": AddressLevel.SAME_UNIT_POSTCODE,
    "phone": PhoneLevel.SAME_TAIL,
    "email": EmailLevel.SAME_LOCAL_PART,
    "identifier": IdentifierLevel.SAME_INVALID,
    "birth_place": BirthPlaceLevel.WORD_IN_COMMON,
}
"""Comparisons of what a household shares, and of what one person's records share, each with its last level that is
taken for an agreement."""

DATES = ("birth_date", "birth_date_partial")
SAME_DATE = {"same", "day_month_swapped", "same_first_january", "one_digit", "same_year_month", "same_year"}

ENOUGH_PAIRS = 25
"""Pairs from which the share of equal dates is no accident."""

FEWEST_EQUAL = 0.6
"""Of pairs of one person garbled beyond likeness four in five have one birth date, of brothers and sisters one in 50:
above this share three in four and more are of one person."""


def are_without_relatives(samples: Iterable[Levels], columns: Sequence[TrainingColumn]) -> bool:
    """Whether pairs whose names conflict, but which share something else, mostly have one birth date.

    `samples` are matrices of pairs that did not meet by their birth dates.
    """
    equal = compared = 0
    for levels in samples:
        shared = find_conflicts(levels, columns) & _share_something(levels, columns)
        for k, column in enumerate(columns):
            if column.comparison.name in DATES:
                dates = levels[shared & (levels[:, k] >= 0), k]
                agreeing = [level for level, name in enumerate(column.names) if name in SAME_DATE]
                compared += len(dates)
                equal += int(np.isin(dates, agreeing).sum())
    return compared >= ENOUGH_PAIRS and equal >= FEWEST_EQUAL * compared


def _share_something(levels: Levels, columns: Sequence[TrainingColumn]) -> NDArray[np.bool_]:
    found = np.zeros(len(levels), np.bool_)
    for k, column in enumerate(columns):
        if column.comparison.name in SHARED:
            found |= (levels[:, k] >= 0) & (levels[:, k] <= SHARED[column.comparison.name])
    return found


LENT = ("identifier", "birth_date")
"""Comparisons of which h is learnt. That of others stays at the reference: by them a household is known for one."""

MIN_COMPANIONS = 100.0
"""Expected pairs of companions with numbers of one kind from which h is learnt."""

H_WEIGHT = 100.0
"""Pairs' worth of the reference h in each estimate: a file of a few hundred pairs shows a lent number or none."""


def lendable(columns: Sequence[TrainingColumn]) -> list[int]:
    """The columns of which h is learnt, of a type that has a household or a group."""
    return [k for k, column in enumerate(columns) if column.comparison.name in LENT and column.companions]


def tells_lent(column: TrainingColumn, rule: BlockingRule) -> bool:
    """Whether companions that met by the rule tell how often they have one value of the column.

    Of dates only those who share a door or a phone: of people who met by their names, those of one date may be one.
    """
    fields = rule.fields | ({"birth_date"} if "name" in rule.fields else set())
    return column.comparison.name not in fields


def count_lent(
    pairs: RulePairs, fresh: NDArray[np.bool_], column: int, fit: Fit, u: Shares, h: CompanionShares
) -> NDArray[np.float64]:
    """The expected companions in each level of a column, among a rule's `fresh` pairs whose names conflict.

    The column itself says nothing of who they are.
    """
    blind = replace(
        pairs,
        from_strangers=[k for k in pairs.from_strangers if k != column],
        from_companions=[k for k in pairs.from_companions if k != column],
    )
    _, companion, _ = weigh_classes(blind, fit, u, h)
    return level_counts(pairs.levels[:, column], companion * (pairs.conflicting & fresh), len(u[column]))


def learn_companion_shares(
    comparison: Comparison, kind: str, counts: NDArray[np.float64] | None
) -> Mapping[str, tuple[float, ...]]:
    """For the kind of companions that data tell of, the share of their pairs in each level; empty where they do not."""
    if counts is None or counts.sum() < MIN_COMPANIONS:
        return {}
    at, total = COMPANION_KINDS.index(kind), float(counts.sum()) + H_WEIGHT
    pairs = zip(counts.tolist(), comparison.levels, strict=True)
    return {kind: tuple(max(LEAST_SHARE, (count + H_WEIGHT * level.h[at]) / total) for count, level in pairs)}


HOUSEHOLD = "household"

AT_HOME = ("address", "phone", "birth_place")
"""Comparisons of what a household shares as one person's records do: if these mostly have one door, so do brothers."""


def expect_companions(
    columns: Sequence[TrainingColumn], m: Shares, u: Shares, lent: Mapping[int, NDArray[np.float64]]
) -> CompanionShares:
    """The shares of companions' levels: the reference, but what is at home as in m, and what is lent as counted.

    Whether two people have partners is independent of their being companions.
    """
    shared, named_after = [], []
    for k, column in enumerate(columns):
        h, named = column.h, column.h_named_after
        if column.comparison is PARTNERS:
            h = named = u[k]
        elif column.companions == HOUSEHOLD and column.comparison.name in AT_HOME:
            h, named = (m[k] * part / column.m for part in (h, named))
        elif learnt := learn_companion_shares(column.comparison, column.companions, lent.get(k)):
            h = np.array(learnt[column.companions])
        shared.append(h)
        named_after.append(named)
    return CompanionShares(shared, named_after)


MEETING = {
    "birth date": ("birth_date", ("same", "same_first_january")),
    "postcode": ("address", ("same_door", "same_street", "same_unit_postcode", "same_postcode")),
    "phone": ("phone", ("same", "same_national", "same_tail")),
}
"""For rules by which all pairs meet that have certain levels of a comparison: which."""


def reach_companions(
    samples: Sequence[PairSample],
    strangers: Levels,
    columns: Sequence[TrainingColumn],
    scales: NDArray[np.float64],
) -> NDArray[np.float64]:
    """How many pairs of companions each pair that met stands for; `scales` where nothing tells.

    The pairs of a household that meet by a rule are a known share of all: those of the reference h that have the levels
    by which it lets meet, where both records have the field. Of brothers without a door or a phone one pair in a
    hundred meets, by a date that is held for the other's, and stands for all.
    """
    rows = np.unique(np.concatenate([sample.rows for sample in samples]))
    weights, reach = np.zeros(len(rows)), 0.0
    for sample in samples:
        name, levels = MEETING.get(sample.rule.name, ("", ()))
        for k, column in enumerate(columns):
            if column.comparison.name == name and column.companions == HOUSEHOLD:
                held = float((strangers[:, k] >= 0).mean())
                reach += held * sum(float(column.h[at]) for at, level in enumerate(column.names) if level in levels)
                weights[np.searchsorted(rows, sample.rows)] += sample.scale
    return weights / reach if reach > 0 else scales


def share_met(samples: Sequence[PairSample], rows: NDArray[np.intp], match: NDArray[np.float64]) -> float:
    """The share of true pairs that met by any rule, if rules are independent of each other (Petersen 1896).

    `rows` are those of all pairs that met, ascending, `match` how likely each is true. A rule lets meet as many of all
    true pairs as of those that met by others. Of a rule that drew fewer pairs a pair that it shares stands for more
    (pairs.blocked_pairs).
    """
    missed = 1.0
    for sample in samples:
        others = np.full(len(rows), np.inf)
        for other in samples:
            if other is not sample:
                at = np.searchsorted(rows, other.rows)
                others[at] = np.minimum(others[at], other.scale)
        by_others, by_both = np.isfinite(others), np.zeros(len(rows), np.bool_)
        by_both[np.searchsorted(rows, sample.rows)] = True
        by_both &= by_others
        all_of_others = float((match * np.where(by_others, others, 0.0))[by_others].sum())
        if all_of_others > 0:
            shared = float((match[by_both] * np.maximum(others[by_both], sample.scale)).sum())
            missed *= 1 - min(shared / all_of_others, 1.0)
    return 1 - missed if missed < 1 else 1.0


NAMES = "name"
HEAVIEST = 1 << 16
"""Hundredths of a bit that no level takes."""


def keep_contradictions(file: ModelFile, prior: Prior, *, companions_met: bool) -> ModelFile:
    """The file, with contradictions of names and birth dates no weaker against companions than the reference.

    Where companions were met, their records show how far birth dates lie apart, and how often one of several given
    names differs; of two people without a name in common a household shows too little.
    Names weigh more by what `prior` makes companions rarer than the reference has them: two people of one door, phone
    and birth date with two given names are twins, not one person, however few twins the records show.
    """
    reference, same = Prior(), dict.fromkeys(prior.companions, 0)
    learnt = {NameLevel.GIVEN_DIFFERS.key} if companions_met else set()
    rarer = {kind: bits - reference.companions[kind] for kind, bits in prior.companions.items()}

    def keep(comparisons: Mapping[str, WeightedComparison]) -> dict[str, WeightedComparison]:
        held = (name for name in ((NAMES,) if companions_met else (NAMES, *DATES)) if name in comparisons)
        kept = {name: _keep(comparisons[name], name, rarer if name == NAMES else same, learnt) for name in held}
        return {**comparisons, **kept}

    own = {kind: keep(comparisons) for kind, comparisons in file.own.items()}
    return msgspec.structs.replace(file, comparisons=keep(file.comparisons), own=own)


def _keep(learnt: WeightedComparison, name: str, rarer: Mapping[str, int], free: Set[str]) -> WeightedComparison:
    """The comparison with contradictions bounded, but those in `free`; no level falls below a weaker one."""
    held = reference_comparison(BY_NAME[name]).levels
    levels, least = [], dict.fromkeys(rarer, -HEAVIEST)
    for level, reference in reversed(list(zip(learnt.levels, held, strict=True))):
        bounded = _no_weaker(level, reference, rarer) if reference.bits <= 0 and level.level not in free else level
        least = {kind: max(bits, least[kind]) for kind, bits in bounded.companions.items()}
        levels.append(msgspec.structs.replace(bounded, companions=least))
    return msgspec.structs.replace(learnt, levels=tuple(reversed(levels)))


def _no_weaker(learnt: WeightedLevel, reference: WeightedLevel, rarer: Mapping[str, int]) -> WeightedLevel:
    bounds = {kind: bits - rarer[kind] for kind, bits in reference.companions.items()}
    return msgspec.structs.replace(
        learnt, companions={kind: min(bits, bounds[kind]) for kind, bits in learnt.companions.items()}
    )
