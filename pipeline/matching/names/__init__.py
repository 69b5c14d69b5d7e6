"""Comparison of names: prints computed once per name, and comparisons of two prints in hundredths of a bit.

    name = normalise_name("Иван Петров", "", "", "", "", "primary", "person")       # pipeline.records.names
    a = prepare(name, "person")                                                       # NamePrint, once at intake
    comparison = compare(a, b)            # NameComparison(bits, level, pairs); symmetric, pure, integers only
    best = compare_all((a, a2), (b, b2))  # best of several names of two entities
    sound_keys(a)                         # per token, rarest first: TokenKeys(kind, rarity, sounds) for blocking keys
    rare_tokens(a, 1200)                  # folded tokens of at least 12.00 bits
    name_decision(a, b, "person")         # (score 0..100, same name?) whether names are alike
    bearer_decision(a, b)                 # (score 0..100, same?) whether they may be of one, where names are all

`bits` is the match weight of the names (log2 of m over u with the rarity of the tokens in hand): negative where they
contradict each other, 0 where one of them says nothing (placeholder, titles only). `level` names the comparison's
level (LEVELS), `pairs` tells which token was held against which, at which level, for how much: "" stands for none.
"""

from __future__ import annotations

from pipeline.matching.names.best_pair import best_pair
from pipeline.matching.names.comparison import NameComparison, compare
from pipeline.matching.names.decision import bearer_decision, name_decision
from pipeline.matching.names.levels import LEVELS
from pipeline.matching.names.prints import NamePrint, TokenKeys, TokenPrint, make_name_print, sound_keys
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
]
