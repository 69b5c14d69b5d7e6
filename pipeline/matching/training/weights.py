"""From learnt shares to a model: monotone weights, the name curve, term frequencies, values that many share, facts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from pipeline.matching.comparisons.address import address_key
from pipeline.matching.comparisons.comparison import Comparison, log2_cb
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model_file import WeightedComparison, WeightedLevel
from pipeline.matching.names import sound_keys
from pipeline.matching.reference import falling, reference_comparison, weigh_companions
from pipeline.matching.training.columns import BAND, CENTRES
from pipeline.matching.training.learning import MIN_HITS, MIN_SUPPORT, Learnt
from pipeline.matching.training.relatives import learn_companion_shares

CAP = 2600
"""Hundredths of a bit: no level weighs more; 1 in 67 million is more than any data here show."""

MAX_TERMS = 400
"""Common values listed with their own frequency; all rarer ones share one."""

MIN_VALUES = 200
"""Values of a field from which its frequencies are told apart."""

FLOOR = 3
"""Occurrences below which a value's frequency cannot be told from a rarer one's."""

TERM_VALUES: dict[str, Callable[[EntityPrint], Iterable[str]]] = {
    "birth_place": lambda entity: entity.all_birth_places,
    "nationality": lambda entity: entity.nationalities,
    "address": lambda entity: [address.city for address in entity.addresses if address.city],
}
"""Values of which agreeing says more the rarer they are."""


def estimated(learnt: Learnt, k: int) -> bool:
    """Whether the data told the field's m and u."""
    return bool(learnt.support[k] >= MIN_SUPPORT and learnt.hits[k].sum() >= MIN_HITS)


def learnt_comparison(
    learnt: Learnt, k: int, reference: WeightedComparison, prints: Sequence[EntityPrint]
) -> WeightedComparison:
    """The model's numbers for column k, from the data as far as they tell."""
    column = learnt.columns[k]
    if column.banded:
        source = f"EM, {learnt.support[k]:.0f} true pairs"
        return WeightedComparison(_name_levels(learnt, k + 1), curve=name_curve(learnt, k), curve_source=source)
    levels = learnt_levels(learnt, k, column.comparison, reference)
    terms, rare = term_bits(column.comparison.name, prints)
    source = f"{len(prints)} records" if terms else ""
    return WeightedComparison(levels, terms=terms, rare=rare, terms_source=source)


def _name_levels(learnt: Learnt, k: int) -> tuple[WeightedLevel, ...]:
    """The levels of names: what is learnt is their weight against companions; against strangers the bits count."""
    levels = tuple(learnt.columns[k].comparison.levels)
    bits = [level.weight for level in levels]
    return tuple(
        WeightedLevel(level.key, level.weight, found, _source(learnt, k, i, True))
        for i, (level, found) in enumerate(zip(levels, _companions(learnt, k, bits), strict=True))
    )


def _companions(learnt: Learnt, k: int, bits: Sequence[int]) -> list[dict[str, int]]:
    """log2 of the learnt m over h, which is the reference, or learnt too (relatives.py).

    Against the reference h an agreement says no more than in the reference: where true pairs share a door more often
    than the reference has it, so do the members of a household, of which the data tell little.
    """
    comparison = learnt.columns[k].comparison
    m = _m_against_companions(learnt, k)
    h = learn_companion_shares(comparison, learnt.columns[k].companions, learnt.lent.get(k))
    raw = weigh_companions(comparison, bits, m, [float(count) + 1 for count in learnt.m_counts[k]], h)
    if comparison.name == "name":
        return raw
    held = reference_comparison(comparison).levels
    return [
        {kind: value if kind in h else min(value, max(level.companions[kind], 0)) for kind, value in found.items()}
        for found, level in zip(raw, held, strict=True)
    ]


def _m_against_companions(learnt: Learnt, k: int) -> list[float]:
    """The learnt m, but where there are relatives the reference m of conflicting names.

    Twins of one door stay two people in every model: a file in which one person's names conflict often would have it
    that nothing which a household shares tells them apart. One of several given names may differ as often as the file
    shows, if it shows any.
    """
    m = [float(share) for share in learnt.m[k]]
    comparison = learnt.columns[k].comparison
    if comparison.name == "name":
        held = range(NameLevel.CONFLICT, len(m)) if not learnt.without_relatives else range(0)
        unseen = [NameLevel.GIVEN_DIFFERS] if learnt.m_counts[k][NameLevel.GIVEN_DIFFERS] < MIN_HITS else []
        for level in (*held, *unseen):
            m[level] = NameLevel.at(level).m
    return m


def learnt_levels(
    learnt: Learnt, k: int, comparison: Comparison, reference: WeightedComparison
) -> tuple[WeightedLevel, ...]:
    """Monotone weights; a level that no pair showed is moved as its neighbours were, and marked."""
    raw = [log2_cb(m, u) for m, u in zip(learnt.m[k], learnt.u[k], strict=True)]
    seen = [_is_seen(learnt, k, i) for i in range(len(raw))]
    known = [i for i, is_seen in enumerate(seen) if is_seen]
    shifts = np.interp(range(len(raw)), known, [raw[i] - reference.levels[i].bits for i in known])
    moved = [_same_sign(level.bits + float(shifts[i]), level.bits) for i, level in enumerate(reference.levels)]
    wanted = [raw[i] if seen[i] else moved[i] for i in range(len(raw))]
    mass = [float(learnt.m_counts[k][i]) + 1 for i in range(len(raw))]
    bits = [min(CAP, round(value)) for value in falling(wanted, mass)]
    companions = _companions(learnt, k, bits)
    return tuple(
        WeightedLevel(level.key, bits[i], companions[i], _source(learnt, k, i, seen[i]))
        for i, level in enumerate(comparison.levels)
    )


def _is_seen(learnt: Learnt, k: int, level: int) -> bool:
    """Random pairs show the level, or true pairs do and that no random pair does agrees with its reference u."""
    hits = learnt.hits[k]
    if hits[level] >= MIN_HITS:
        return True
    expected = learnt.columns[k].u[level] * hits.sum()
    return bool(learnt.m_counts[k][level] >= 1 and expected <= 2 * MIN_HITS)


def _same_sign(bits: float, reference: int) -> float:
    """What the data do not tell keeps at least half of its reference: its neighbours' shift is but a hint."""
    return max(bits, reference / 2) if reference > 0 else min(bits, reference / 2)


def _source(learnt: Learnt, k: int, level: int, seen: bool) -> str:
    if not seen:
        return "interpolated: the data do not tell"
    m = f"m: EM, {learnt.m_counts[k][level]:.0f} true pairs"
    hits = learnt.hits[k][level]
    return f"{m}; u: {hits:.0f} random pairs" if hits >= MIN_HITS else f"{m}; u: reference"


def name_curve(learnt: Learnt, k: int) -> tuple[tuple[int, int], ...]:
    """Knots (bits of the names package, learnt bits) at the bands that data showed; elsewhere the shift stays."""
    m, u, counts, hits = learnt.m[k], learnt.u[k], learnt.m_counts[k], learnt.hits[k]
    shown = [i for i in range(len(CENTRES)) if counts[i] >= MIN_HITS and hits[i] >= MIN_HITS]
    if len(shown) < 2:
        return ()
    values = falling([100 * math.log2(m[i] / u[i]) for i in shown], [counts[i] for i in shown])
    knots = [(CENTRES[i], round(value)) for i, value in zip(shown, values, strict=True)]
    top = knots[0]
    return tuple(sorted({*knots, (top[0] + BAND, top[1] + BAND)}))


def term_bits(field: str, prints: Sequence[EntityPrint]) -> tuple[dict[str, int], int]:
    """For each common value, log2(mean u / its frequency) in hundredths; for all others that of the floor frequency."""
    if field not in TERM_VALUES:
        return {}, 0
    counts = Counter(value for entity in prints for value in TERM_VALUES[field](entity))
    size = sum(counts.values())
    if size < MIN_VALUES:
        return {}, 0
    mean = sum((count / size) ** 2 for count in counts.values())
    common = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))[:MAX_TERMS]
    terms = {value: log2_cb(mean, count / size) for value, count in common if count > FLOOR}
    return terms, log2_cb(mean, FLOOR / size) if terms else 0


MIN_HOLDERS = 6
"""Holders with different names from which a value is more than a household's; a large family shares one family name."""

SHARED_VALUES: dict[str, Callable[[EntityPrint], Iterable[str]]] = {
    "phone": lambda entity: [phone.e164 for phone in entity.phones],
    "email": lambda entity: entity.emails,
    "address": lambda entity: [
        address_key(address) for address in entity.addresses if address.house and address.street
    ],
}


def shared_values(field: str, prints: Sequence[EntityPrint]) -> tuple[str, ...]:
    """Values of persons and organisations with at least MIN_HOLDERS holders whose rarest name tokens all differ."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for entity in prints:
        rarest = next((token.sounds[0] for name in entity.names for token in sound_keys(name)), "")
        if rarest:
            for value in SHARED_VALUES[field](entity):
                holders[value].add(rarest)
    return tuple(sorted(value for value, names in holders.items() if len(names) >= MIN_HOLDERS))
