"""Words in Latin letters that may be one with several slips: they contradict, but less than others do."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.token_levels import is_latin

RESEMBLANCE = 0.6
"""Share of letters without a slip (OSA) from which a word that contradicts may be the same one with two or three slips:
m of one person's given names, 1 or 2 in 100 in careless records, against the share of brothers whose names are so."""

SHORTEST_ALIKE = 4
"""Letters: of shorter words most that are so alike are others."""

_ROUNDING = 0.01
"""How much less than RESEMBLANCE is let pass: cdist counts in single precision."""

NameIndices = tuple[int, int]
"""A name of each of two entities, by their numbers."""


def are_slips_apart(x: str, y: str) -> bool:
    """Whether two spellings differ in two slips and more, but are one word's by their other letters.

    A single slip would have made them agree, unless a rule of this package holds them apart (Kyong and Yong), as it
    does where one begins with the other (Roman, Romanov).
    """
    if min(len(x), len(y)) < SHORTEST_ALIKE or x.startswith(y) or y.startswith(x):
        return False
    longer = max(len(x), len(y))
    slips = OSA.distance(x, y, score_cutoff=longer // 2)
    return slips > 1 and 1 - slips / longer >= RESEMBLANCE


def find_resembling(a: tuple[NamePrint, ...], b: tuple[NamePrint, ...]) -> frozenset[NameIndices]:
    """The pairs of names with words that are slips apart, at the cost of aligning two or three pairs."""
    some, others = _latin_words(a), _latin_words(b)
    if not some or not others:
        return frozenset()
    alike = cdist(list(some), list(others), scorer=OSA.normalized_similarity, score_cutoff=RESEMBLANCE - _ROUNDING)
    words, held = list(some.items()), list(others.items())
    found: set[NameIndices] = set()
    for s, t in zip(*[places.tolist() for places in alike.nonzero()], strict=True):
        (x, rows), (y, columns) = words[s], held[t]
        if are_slips_apart(x, y):
            found.update(product(rows, columns))
    return frozenset(found)


def _latin_words(names: tuple[NamePrint, ...]) -> dict[str, list[int]]:
    """The names, by number, in which each spelling is; words too short to resemble others are left out."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        for token in name.tokens:
            form = token.forms[0]
            if len(form) >= SHORTEST_ALIKE and is_latin(token.script):
                found.setdefault(form, []).append(at)
    return found
