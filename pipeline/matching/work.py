"""The work of comparing: what two entities cost at most, by their sizes alone, and what of them is compared then.

What two entities cost at most is, in operations (matching.operations), a sum over their values two by two: so many of
one kind on one side, times so many on the other, times what a pair of such values takes at worst (COSTS). No clock and
no cache has a part in it, and the order of the two none either. So what is compared of two cases depends on them alone
(score.selection).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from pipeline.matching.fingerprint import WILDCARDS, EntityPrint
from pipeline.matching.names.prints import NamePrint, Names
from pipeline.matching.names.token_levels import is_latin
from pipeline.matching.operations import DONE

MOST_OF_NAMES: Final = 750_000
"""Operations that the names of two entities may take. 42 names of three words, half of them in another script, as the
longest entries of real lists have, take 600,000 with as many; 40 names of 40 words 2.5 million at least."""

MOST_OF_CASES: Final = 1_500_000
"""Operations that two cases may take. It is more than any two entities can: MOST_OF_NAMES and 50 values of each other
field (normalised.ENTITY_VALUES), so at least one pair of entities is always compared."""

SAME_LETTERS, SAME_SCRIPT, TWO_SCRIPTS = 10, 20, 50
"""Operations that two words take at worst: Latin ones, others, and one of each, for which a likelihood ratio is found.
Runs of words that may be written as one are in them. Measured with words made to be alike
(tests/benchmarks/scoring/costly_cases.py)."""

_ENTITY, _LATIN, _OTHER, _ADDRESS, _FOREIGN_ADDRESS, _NUMBER, _PARTIAL, _PHONE, _EMAIL, _DATE, _PLACE = range(11)
"""Kinds of values (partial plates apart from whole numbers), and each entity itself."""

Sizes = NDArray[np.int64]
"""How many values of each kind some entities have: shape (entities, kinds)."""


def _costs() -> NDArray[np.int64]:
    costs = np.zeros((11, 11), np.int64)
    alone = {_ENTITY: 8, _LATIN: SAME_LETTERS, _OTHER: SAME_SCRIPT, _ADDRESS: 20, _FOREIGN_ADDRESS: 20, _NUMBER: 8,
             _PARTIAL: 100, _PHONE: 2, _EMAIL: 4, _DATE: 6, _PLACE: 6}  # fmt: skip
    for kind, cost in alone.items():
        costs[kind, kind] = cost
    apart = (_LATIN, _OTHER, TWO_SCRIPTS), (_ADDRESS, _FOREIGN_ADDRESS, 200), (_NUMBER, _PARTIAL, 100)
    for one, other, cost in apart:
        costs[one, other] = costs[other, one] = cost
    return costs


COSTS: Final = _costs()
"""Operations that a pair of values of two kinds takes at worst."""

_FEW_NAMES: Final = MOST_OF_NAMES // (TWO_SCRIPTS * 40 * 40)
"""So many pairs of names never take MOST_OF_NAMES, as a name has 40 words at most (names.MAX_TOKENS)."""


def sizes_of(entities: Sequence[EntityPrint]) -> Sizes:
    """How many values of each kind each of some entities has."""
    return np.array([_size(entity) for entity in entities], np.int64).reshape(-1, len(COSTS))


def _size(entity: EntityPrint) -> tuple[int, ...]:
    latin, other = count_words(entity.names)
    partial = sum(not WILDCARDS.isdisjoint(one.value) for one in entity.identifiers)
    foreign = sum(not (one.street.isascii() and one.text.isascii()) for one in entity.addresses)
    return (
        1, latin, other, len(entity.addresses) - foreign, foreign, len(entity.identifiers) - partial,
        partial, len(entity.phones), len(entity.emails), len(entity.all_birth_dates), len(entity.all_birth_places),
    )  # fmt: skip


def count_words(names: Iterable[NamePrint]) -> tuple[int, int]:
    """How many words in Latin letters some names have, and how many in others."""
    latin = words = 0
    for name in names:
        words += len(name.tokens)
        latin += sum([is_latin(token.script) for token in name.tokens])
    return latin, words - latin


def cost_of_words(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Operations that so many words of each of two kinds (count_words) take at most with so many others."""
    same = SAME_LETTERS * one[0] * other[0] + SAME_SCRIPT * one[1] * other[1]
    return same + TWO_SCRIPTS * (one[0] * other[1] + one[1] * other[0])


def work(a: Sequence[EntityPrint], b: Sequence[EntityPrint]) -> int:
    """Operations that two cases take at most, if all of one is compared with all of the other; symmetric."""
    return int(sizes_of(a).sum(0) @ COSTS @ sizes_of(b).sum(0))


def is_light(a: Sequence[EntityPrint], b: Sequence[EntityPrint]) -> bool:
    """Whether two cases take so little (MOST_OF_NAMES) that all of them is compared, as nearly all do.

    What most cases have is counted roughly first: their words and other values, as if each pair took most.
    """
    if len(a) == len(b) == 1 and len(a[0].names) * len(b[0].names) <= _FEW_NAMES:
        return True
    words, values = _count_roughly(a)
    other_words, other_values = _count_roughly(b)
    if TWO_SCRIPTS * words * other_words + _DEAREST * values * other_values <= MOST_OF_NAMES:
        return True
    return work(a, b) <= MOST_OF_NAMES


_DEAREST: Final = int(COSTS[_ENTITY:, _ADDRESS:].max())


def _count_roughly(entities: Sequence[EntityPrint]) -> tuple[int, int]:
    words = values = 0
    for one in entities:
        words += sum([len(name.tokens) for name in one.names])
        values += 1 + len(one.addresses) + len(one.identifiers) + len(one.phones) + len(one.emails)
        values += len(one.birth_dates) + len(one.birth_places)
    return words, values


def compared_names(a: Names, b: Names) -> tuple[Names, Names]:
    """The names of two entities that are compared with each other: all, unless they take more than MOST_OF_NAMES.

    Then those come first that share the rarest words with names of the other side, and as many of each side are taken
    as that allows. A pure function of both, which gives the same names of each if the two are exchanged.
    """
    if len(a) * len(b) <= _FEW_NAMES:
        return a, b
    words = sum([len(name.tokens) for name in a]) * sum([len(name.tokens) for name in b])
    if TWO_SCRIPTS * words <= MOST_OF_NAMES or cost_of_words(count_words(a), count_words(b)) <= MOST_OF_NAMES:
        return a, b
    ranked = _rank_names(a, b), _rank_names(b, a)
    counts = [(0, 0), (0, 0)]
    kept: tuple[list[int], list[int]] = [], []
    for nth in range(max(len(a), len(b))):
        more = list(counts)
        for at, (names, order) in enumerate(zip((a, b), ranked, strict=True)):
            if nth < len(names):
                latin, other = count_words([names[order[nth]]])
                more[at] = counts[at][0] + latin, counts[at][1] + other
        if nth and cost_of_words(more[0], more[1]) > MOST_OF_NAMES:
            break
        counts = more
        for places, order in zip(kept, ranked, strict=True):
            places += order[nth : nth + 1]
    first, second = (tuple(names[at] for at in sorted(places)) for names, places in zip((a, b), kept, strict=True))
    return first, second


def compared_entities(a: EntityPrint, b: EntityPrint) -> tuple[EntityPrint, EntityPrint]:
    """Two entities with the names that are compared (compared_names)."""
    names, others = compared_names(a.names, b.names)
    if names is a.names and others is b.names:
        return a, b
    return structs.replace(a, names=names), structs.replace(b, names=others)


def _rank_names(names: Names, others: Names) -> list[int]:
    """The names by how rare what they share with others is, the rarest first: equal words, and words that sound alike.

    Of equals the first: names ascend in an entity, so their order says nothing of who wrote them first.
    """
    texts = {token.text for name in others for token in name.tokens}
    sounds = {token.sound for name in others for token in name.tokens}

    def shared(at: int) -> tuple[int, int, int]:
        tokens = {token.text: token for token in names[at].tokens}.values()
        equal = sum([token.rarity for token in tokens if token.text in texts])
        return -equal, -sum([token.rarity for token in tokens if token.sound in sounds]), at

    DONE.operations += len(names) + len(others)
    return sorted(range(len(names)), key=shared)
