"""Comparison of two name prints: tokens aligned one to one, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import permutations

import msgspec
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from pipeline.matching.names import levels
from pipeline.matching.names.prints import NamePrint, TokenPrint

_CONFLICT = {"family": -800, "name": -600, "given": -500, "patronymic": -300, "core": -600, "initial": -500}
_MISSING = {"family": -150, "name": -70, "given": -70, "patronymic": -20, "core": -200, "initial": -20}
_INITIAL_BITS = 200
_NUMBERS_DIFFER = -800
_FORMS_DIFFER = -200
_EXACT = 5


class TokenPair(msgspec.Struct, frozen=True, array_like=True):
    """Two tokens held against each other ("" where one has no counterpart), the level, hundredths of a bit."""

    a: str
    b: str
    level: str
    bits: int


class NameComparison(msgspec.Struct, frozen=True, array_like=True):
    """Match weight of two names in hundredths of a bit, its weakest level, and the pairs it is made of."""

    bits: int
    level: str
    pairs: tuple[TokenPair, ...]


NOTHING = NameComparison(0, "none", ())


def compare(a: NamePrint, b: NamePrint) -> NameComparison:
    """Hold two names of entities of one type against each other."""
    if not a.tokens or not b.tokens:
        return NOTHING
    if _order(b) < _order(a):
        found = _compare(b, a)
        return NameComparison(found.bits, found.level, tuple(TokenPair(p.b, p.a, p.level, p.bits) for p in found.pairs))
    return _compare(a, b)


def compare_all(a: Iterable[NamePrint], b: Iterable[NamePrint]) -> NameComparison:
    """The best comparison of any name of one entity with any of the other."""
    second = tuple(b)
    found = [compare(x, y) for x in a for y in second if x.tokens and y.tokens]
    return max(found, key=lambda comparison: comparison.bits, default=NOTHING)


def _order(print_: NamePrint) -> tuple[int, list[str]]:
    return len(print_.tokens), sorted(token.text for token in print_.tokens)


def _compare(a: NamePrint, b: NamePrint) -> NameComparison:
    pairs = [*_aligned(a.tokens, b.tokens)]
    if a.numbers and b.numbers and a.numbers != b.numbers:
        pairs.append(TokenPair(" ".join(a.numbers), " ".join(b.numbers), levels.DIFFERENT, _NUMBERS_DIFFER))
    if a.legal_forms and b.legal_forms and not set(a.legal_forms) & set(b.legal_forms):
        pairs.append(TokenPair(" ".join(a.legal_forms), " ".join(b.legal_forms), levels.DIFFERENT, _FORMS_DIFFER))
    weakest = max((pair.level for pair in pairs), key=levels.LEVELS.index)
    return NameComparison(sum(pair.bits for pair in pairs), weakest, tuple(pairs))


def _aligned(a: tuple[TokenPrint, ...], b: tuple[TokenPrint, ...]) -> list[TokenPair]:
    chosen = _best_assignment([[token_bits(x, y)[1] for y in b] for x in a])
    pairs = [TokenPair(a[i].text, b[j].text, *token_bits(a[i], b[j])) for i, j in chosen]
    rest_a = [x for i, x in enumerate(a) if i not in {i for i, _ in chosen}]
    rest_b = [y for j, y in enumerate(b) if j not in {j for _, j in chosen}]
    pairs += [TokenPair(x.text, "", levels.MISSING, _MISSING[x.kind]) for x in rest_a]
    return pairs + [TokenPair("", y.text, levels.MISSING, _MISSING[y.kind]) for y in rest_b]


def _best_assignment(bits: list[list[int]]) -> list[tuple[int, int]]:
    """Pairs of the best total; `bits` has no more rows than columns. Greedy beyond a few tokens."""
    rows, columns = len(bits), len(bits[0])
    if columns > _EXACT:
        return _greedy(bits)
    best = max(permutations(range(columns), rows), key=lambda order: sum(bits[i][j] for i, j in enumerate(order)))
    return list(enumerate(best))


def _greedy(bits: list[list[int]]) -> list[tuple[int, int]]:
    ranked = sorted((-value, i, j) for i, row in enumerate(bits) for j, value in enumerate(row))
    chosen: dict[int, int] = {}
    for _, i, j in ranked:
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    return sorted(chosen.items())


def token_bits(x: TokenPrint, y: TokenPrint) -> tuple[str, int]:
    """Level and hundredths of a bit of two tokens."""
    if "initial" in (x.kind, y.kind):
        alike = x.forms[0][:1] == y.forms[0][:1]
        return (levels.INITIAL, _INITIAL_BITS) if alike else (levels.DIFFERENT, _CONFLICT["initial"])
    level = _level(x.text, y.text, x.forms[0], y.forms[0], x.sound, y.sound)
    if level == levels.DIFFERENT:
        return level, max(_CONFLICT[x.kind], _CONFLICT[y.kind])
    return level, max(0, min(x.rarity, y.rarity) - levels.COSTS[level])


@lru_cache(maxsize=262144)
def _level(text_a: str, text_b: str, a: str, b: str, sound_a: str, sound_b: str) -> str:
    if text_a == text_b:
        return levels.SAME
    if a == b:
        return levels.FOLDED
    if sound_a == sound_b:
        return levels.SOUND
    if min(len(a), len(b)) > 3 and DamerauLevenshtein.distance(a, b) == 1:
        return levels.EDIT
    return levels.NEAR if JaroWinkler.similarity(sound_a, sound_b) > 0.9 else levels.DIFFERENT
