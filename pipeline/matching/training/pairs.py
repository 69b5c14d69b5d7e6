"""Pairs to learn from: random ones (for u) and blocked ones (for m), each blocked by rules on a few fields only.

All names of one entity are held against all of the other's, which is most of the work, so that pairs of names are what
is limited where entities have many (Budget). A share that n pairs show is known to 1.44 / sqrt(n) bits (the standard
deviation of the log2 of a count). On the UN's, UK's and US lists the learnt weights vary by 0.11 bits from seed to seed
(mean standard deviation), by 0.10 with twice as many random pairs, and by 0.13 with half as many.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.fingerprint import TAIL_DIGITS, EntityPrint
from pipeline.matching.names import sound_keys

RANDOM_PAIRS = 400_000
RANDOM_NAMES = 400_000
"""Pairs of entities, and of their names, for u. What half and twice as many change is measured above."""

PAIRS_PER_RULE = 60_000
NAMES_PER_RULE = 240_000
"""The same for m, of each rule. Entities that share a key tend to have many names: on the lists 27 pairs of names a
pair of people, 16 of bodies."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pairs of entities to look at, how many pairs of names these may have, and the seed that draws them.

    A pair is drawn as long as those before it have not reached the limit, so one is drawn whatever it has.
    """

    random_pairs: int = RANDOM_PAIRS
    random_names: int = RANDOM_NAMES
    pairs_per_rule: int = PAIRS_PER_RULE
    names_per_rule: int = NAMES_PER_RULE
    seed: int = 1


RecordPair = tuple[int, int]
PairingKeys = Iterator[tuple[object, ...]]

MAX_BLOCK = 400
"""Records of one block; a larger one is thinned to so many at random: its value is common and brings few true pairs."""

MAX_PAIRS = 2_000_000
"""Pairs of one rule that are held at once, of which a sample is taken."""


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """A way to meet: records that share a key. No m is learnt of `fields` from pairs that met by it.

    All pairs of the file in the `census` levels of a field meet by this rule, so that counting those of them that the
    other fields tell to be strangers gives u where random pairs are too few.
    """

    name: str
    fields: frozenset[str]
    keys: Callable[[EntityPrint], PairingKeys]
    census: tuple[str, frozenset[str]] = ("", frozenset())


def _birth_date(entity: EntityPrint) -> PairingKeys:
    for date in entity.all_birth_dates:
        if date.exact and date.first.day:
            yield (date.first.year, date.first.month, date.first.day)


def _name(entity: EntityPrint) -> PairingKeys:
    for name in entity.names[:6]:
        sounds = sorted({token.sounds[0] for token in sound_keys(name)[:4]})
        yield from combinations(sounds, 2)
        if len(sounds) == 1 and entity.type != "person":
            yield (sounds[0],)


def _postcode(entity: EntityPrint) -> PairingKeys:
    yield from ((address.postcode,) for address in entity.addresses if len(address.postcode) >= 4)


def _birth(entity: EntityPrint) -> PairingKeys:
    yield from ((place, date.first.year) for place in entity.all_birth_places for date in entity.all_birth_dates)


def _identifier(entity: EntityPrint) -> PairingKeys:
    yield from ((identifier.type, identifier.value) for identifier in entity.identifiers)


def _phone(entity: EntityPrint) -> PairingKeys:
    yield from ((phone.national[-TAIL_DIGITS:],) for phone in entity.phones)


def _email(entity: EntityPrint) -> PairingKeys:
    yield from ((email,) for email in entity.emails)


def _appearance_keys(entity: EntityPrint) -> PairingKeys:
    if entity.make and entity.model:
        yield (entity.make, entity.model, entity.colour)


DATE_FIELDS = frozenset({"birth_date", "birth_date_partial", "birth_date_text"})

TWO_TOKENS = 1200
"""Hundredths of a bit: names with more agree in two tokens or more, and so in two sounds."""

RULES = (
    BlockingRule("birth date", DATE_FIELDS, _birth_date, ("birth_date", frozenset({"same", "same_first_january"}))),
    BlockingRule("two name sounds", frozenset({"name", "gender"}), _name, ("name", frozenset())),
    BlockingRule("postcode", frozenset({"address", "birth_place"}), _postcode),
    BlockingRule("birth place and year", DATE_FIELDS | {"birth_place", "address"}, _birth),
    BlockingRule("identifier", frozenset({"identifier", "vin", "plate"}), _identifier),
    BlockingRule("phone", frozenset({"phone"}), _phone, ("phone", frozenset({"same", "same_national", "same_tail"}))),
    BlockingRule("e-mail", frozenset({"email", "name"}), _email, ("email", frozenset({"same"}))),
    BlockingRule("make, model and colour", frozenset({"make", "model", "colour"}), _appearance_keys),
)
"""An e-mail address mostly holds its owner's name, a postcode lies near the birth place, a given name tells the gender:
what is tied to a rule's field is not learnt from it either."""


class PairPopulation:
    """The pairs of records that are in question: all of them, or those of two countries.

    What is learnt of them is the share of true pairs, so they must be those that will be judged: where each of two
    countries holds a person once, one in so many pairs of both is true, and of all pairs half as many.
    """

    def __init__(self, size: int, countries: Sequence[str] = ()) -> None:
        """`countries` has that of each record; all pairs are in question where it is empty, or all are of one."""
        self._size = size
        self._countries = countries if len(set(countries)) > 1 else ()
        self._order = sorted(range(size), key=lambda at: countries[at]) if self._countries else []
        bounds: dict[str, tuple[int, int]] = {}
        for place, at in enumerate(self._order):
            bounds[countries[at]] = bounds.get(countries[at], (place, 0))[0], place + 1
        self._bounds = bounds
        self._partners = list(accumulate(size - bounds[one][1] + bounds[one][0] for one in self._countries))
        self.possible = self._partners[-1] // 2 if self._partners else size * (size - 1) // 2

    def __contains__(self, pair: RecordPair) -> bool:
        return not self._countries or self._countries[pair[0]] != self._countries[pair[1]]

    def __iter__(self) -> Iterator[RecordPair]:
        return (pair for pair in combinations(range(self._size), 2) if pair in self)

    def draw(self, chance: random.Random) -> RecordPair | None:
        """A pair i < j, each as likely as any other; None where one record was drawn twice."""
        if not self._countries:
            i, j = chance.randrange(self._size), chance.randrange(self._size)
        else:
            i = bisect_right(self._partners, chance.randrange(self._partners[-1]))
            start, end = self._bounds[self._countries[i]]
            place = chance.randrange(self._size - end + start)
            j = self._order[place if place < start else place + end - start]
        return (min(i, j), max(i, j)) if i != j else None


def random_pairs(
    prints: Sequence[EntityPrint], budget: Budget, chance: random.Random, within: PairPopulation | None = None
) -> list[RecordPair]:
    """Distinct pairs i < j of those in question (of all by default), as many as the budget allows."""
    population = within or PairPopulation(len(prints))
    names, possible = _count_names(prints).tolist(), population.possible
    if possible <= budget.random_pairs and sum(names) ** 2 <= 2 * budget.random_names:
        return list(population)
    found: set[RecordPair] = set()
    spent = 0
    while len(found) < min(possible, budget.random_pairs) and spent < budget.random_names:
        pair = population.draw(chance)
        if pair is not None and pair not in found:
            found.add(pair)
            spent += names[pair[0]] * names[pair[1]]
    return sorted(found)


def blocked_pairs(
    prints: Sequence[EntityPrint],
    rule: BlockingRule,
    budget: Budget,
    chance: random.Random,
    within: PairPopulation | None = None,
) -> tuple[list[RecordPair], float]:
    """Distinct pairs i < j in question that share one of the rule's keys, and how many pairs each stands for.

    They are as many as the budget allows; there are none where no two records share a key.
    """
    population = within or PairPopulation(len(prints))
    pairs: set[RecordPair] = set()
    for members in _blocks(prints, rule).values():
        few = members if len(members) <= MAX_BLOCK else sorted(chance.sample(members, MAX_BLOCK))
        pairs.update(pair for pair in combinations(few, 2) if pair in population)
        if len(pairs) > MAX_PAIRS:
            break
    if not pairs:
        return [], 1.0
    ordered = sorted(pairs)
    kept = _draw(np.array(ordered, np.uint64), _count_names(prints), budget)
    return [ordered[at] for at in kept], len(ordered) / len(kept)


def _draw(pairs: NDArray[np.uint64], names: NDArray[np.int64], budget: Budget) -> list[int]:
    """The places of the pairs that are drawn, ascending: those of the lowest numbers, which a pair has for good.

    So a pair that one rule draws is drawn by each other that it meets by and that leaves out no more (permanent random
    numbers, Ohlsson 1995), and stands for as many pairs as that one's do.
    """
    order = np.argsort(_number_pairs(pairs, budget.seed), kind="stable")[: budget.pairs_per_rule]
    costs = names[pairs[order]].prod(axis=1)
    found: list[int] = np.sort(order[np.cumsum(costs) - costs < budget.names_per_rule]).tolist()
    return found


def _number_pairs(pairs: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A random number for each pair, from its records' numbers and the seed (SplitMix64, Steele 2014)."""
    mixed = (pairs[:, 0] << np.uint64(32) | pairs[:, 1]) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    found: NDArray[np.uint64] = mixed ^ mixed >> np.uint64(31)
    return found


def _count_names(prints: Sequence[EntityPrint]) -> NDArray[np.int64]:
    """How many names each has to compare; what has none costs no less than what has one."""
    return np.array([max(len(entity.names), 1) for entity in prints], np.int64)


def _blocks(prints: Sequence[EntityPrint], rule: BlockingRule) -> dict[tuple[object, ...], list[int]]:
    """Members of each key, in an order that does not depend on the file's (keys sorted by their hash-free text)."""
    blocks: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, entity in enumerate(prints):
        for key in set(rule.keys(entity)):
            blocks[key].append(index)
    return {key: blocks[key] for key in sorted(blocks, key=repr) if len(blocks[key]) > 1}


def merge_samples(samples: Iterable[Sequence[RecordPair]]) -> tuple[list[RecordPair], list[NDArray[np.intp]]]:
    """Each pair of several samples once, and for each sample where its pairs are among them."""
    held = list(samples)
    distinct = sorted({pair for sample in held for pair in sample})
    places = {pair: at for at, pair in enumerate(distinct)}
    return distinct, [np.array([places[pair] for pair in sample], np.intp) for sample in held]
