"""Pairs to learn from: random ones (for u) and blocked ones (for m), each blocked by rules on a few fields only."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.fingerprint import TAIL_DIGITS, EntityPrint
from pipeline.matching.names import sound_keys

Pair = tuple[int, int]
Keys = Iterator[tuple[object, ...]]

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
    keys: Callable[[EntityPrint], Keys]
    census: tuple[str, frozenset[str]] = ("", frozenset())


def _birth_date(entity: EntityPrint) -> Keys:
    for date in entity.all_birth_dates:
        if date.exact and date.first.day:
            yield (date.first.year, date.first.month, date.first.day)


def _name(entity: EntityPrint) -> Keys:
    for name in entity.names[:6]:
        sounds = sorted({token.sounds[0] for token in sound_keys(name)[:4]})
        yield from combinations(sounds, 2)
        if len(sounds) == 1 and entity.type != "person":
            yield (sounds[0],)


def _postcode(entity: EntityPrint) -> Keys:
    yield from ((address.postcode,) for address in entity.addresses if len(address.postcode) >= 4)


def _birth(entity: EntityPrint) -> Keys:
    yield from ((place, date.first.year) for place in entity.all_birth_places for date in entity.all_birth_dates)


def _identifier(entity: EntityPrint) -> Keys:
    yield from ((identifier.type, identifier.value) for identifier in entity.identifiers)


def _phone(entity: EntityPrint) -> Keys:
    yield from ((phone.national[-TAIL_DIGITS:],) for phone in entity.phones)


def _email(entity: EntityPrint) -> Keys:
    yield from ((email,) for email in entity.emails)


def _look(entity: EntityPrint) -> Keys:
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
    BlockingRule("make, model and colour", frozenset({"make", "model", "colour"}), _look),
)
"""An e-mail address mostly holds its owner's name, a postcode lies near the birth place, a given name tells the gender:
what is tied to a rule's field is not learnt from it either."""


def random_pairs(count: int, wanted: int, chance: random.Random) -> list[Pair]:
    """At most `wanted` distinct pairs i < j of `count` records; all of them where there are no more."""
    possible = count * (count - 1) // 2
    if possible <= wanted:
        return list(combinations(range(count), 2))
    found: set[Pair] = set()
    while len(found) < wanted:
        i, j = chance.randrange(count), chance.randrange(count)
        if i != j:
            found.add((min(i, j), max(i, j)))
    return sorted(found)


def blocked_pairs(
    prints: Sequence[EntityPrint], rule: BlockingRule, wanted: int, chance: random.Random
) -> tuple[list[Pair], float]:
    """At most `wanted` distinct pairs i < j that share one of the rule's keys, and how many pairs each stands for.

    There are none where no two records share one.
    """
    pairs: set[Pair] = set()
    for members in _blocks(prints, rule).values():
        few = members if len(members) <= MAX_BLOCK else sorted(chance.sample(members, MAX_BLOCK))
        pairs.update(combinations(few, 2))
        if len(pairs) > MAX_PAIRS:
            break
    ordered = sorted(pairs)
    if len(ordered) <= wanted:
        return ordered, 1.0
    return sorted(chance.sample(ordered, wanted)), len(ordered) / wanted


def _blocks(prints: Sequence[EntityPrint], rule: BlockingRule) -> dict[tuple[object, ...], list[int]]:
    """Members of each key, in an order that does not depend on the file's (keys sorted by their hash-free text)."""
    blocks: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, entity in enumerate(prints):
        for key in set(rule.keys(entity)):
            blocks[key].append(index)
    return {key: blocks[key] for key in sorted(blocks, key=repr) if len(blocks[key]) > 1}


def merge_samples(samples: Iterable[Sequence[Pair]]) -> tuple[list[Pair], list[NDArray[np.intp]]]:
    """Each pair of several samples once, and for each sample where its pairs are among them."""
    held = list(samples)
    distinct = sorted({pair for sample in held for pair in sample})
    places = {pair: at for at, pair in enumerate(distinct)}
    return distinct, [np.array([places[pair] for pair in sample], np.intp) for sample in held]
