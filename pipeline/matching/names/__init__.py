"""Comparison of names: a print is computed once for each name, and two prints are compared in hundredths of a bit.

    name = normalise_name("Иван Петров", "", "", "", "", "primary", "person")  # pipeline.records.names
    a = make_name_print(name, "person")   # NamePrint, once at intake
    comparison = compare(a, b)            # NameComparison(bits, level, pairs); symmetric, pure, integers only
    best_pair((a, a2), (b, b2))           # the best comparison of two entities' names, and the indices of both names
    sound_keys(a)                         # for each token, rarest first: TokenKeys(kind, rarity, sounds), for blocking
    name_decision(a, b)                   # (score 0..100, same?): whether the names are the same name
    bearer_decision(a, b)                 # (score 0..100, same?): whether they may be of one person or thing

`bits` is the match weight of the names: log2(m/u), with the rarity of their tokens. It is negative if they contradict
each other, and 0 if one of them says nothing (a placeholder, titles alone). `level` is one of LEVELS. `pairs` tells
which tokens were aligned, at which level, for how many bits; "" stands for no token.
"""

from __future__ import annotations

from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.decision import bearer_decision, name_decision
from pipeline.matching.names.levels import LEVELS
from pipeline.matching.names.name_pairs import best_pair
from pipeline.matching.names.prints import NamePrint, TokenKeys, TokenPrint, make_name_print, sound_keys, token_sounds
from pipeline.matching.names.token_pairs import TokenPair

__all__ = [
    "LEVELS",
    "NameComparison",
    "NamePrint",
    "TokenKeys",
    "TokenPair",
    "TokenPrint",
    "bearer_decision",
    "best_pair",
    "compare",
    "make_name_print",
    "name_decision",
    "sound_keys",
    "token_sounds",
]
