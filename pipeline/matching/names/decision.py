"""Whether two names are one name, where there is nothing but the names."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from pipeline.matching.names import levels
from pipeline.matching.names.comparison import compare
from pipeline.matching.names.prints import NamePrint, TokenPrint
from pipeline.matching.names.token_pairs import TokenPair

_AGREEMENT = {
    levels.SAME: 1.0,
    levels.FOLDED: 1.0,
    levels.SOUND: 0.95,
    levels.VARIANT: 0.9,
    levels.ACRONYM: 0.8,
    levels.INITIAL: 0.8,
}
"""How much of a token's weight a level upholds; for edits it is the similarity of the spellings."""
_MISSING_SHARE = 0.3
_VETO = 0.2
"""Taken off for tokens on both sides that do not even resemble each other: names of one family differ in just one."""
_RESEMBLANCE = 0.6
_THRESHOLD = 70


def name_decision(a: NamePrint, b: NamePrint, entity_type: str) -> tuple[int, bool]:
    """Share (0 to 100) of the names' weight that agrees, and whether it is enough to call them one name.

    Where bits ask how much an agreement says, this asks how much of the names agrees: rarity counts as the weight of
    a token within its name only, so that common names are the same name as well.
    """
    tokens = {token.text: token for token in (*a.tokens, *b.tokens)}
    comparison = compare(a, b)
    total = agreed = veto = 0.0
    for pair in comparison.pairs:
        weight, agreement = _weigh(pair, tokens)
        total += weight
        agreed += weight * agreement
        veto = max(veto, _VETO if pair.level == levels.DIFFERENT and agreement == 0.0 else 0.0)
    score = round(100 * max(0.0, agreed / total - veto)) if total else 0
    return score, score >= _THRESHOLD


def _weigh(pair: TokenPair, tokens: dict[str, TokenPrint]) -> tuple[float, float]:
    weight = sum(tokens[text].rarity if text in tokens else 300 for text in pair.a.split() + pair.b.split()) / 2
    if pair.level == levels.MISSING:
        return weight * _MISSING_SHARE, 0.0
    agreement = _AGREEMENT.get(pair.level)
    return weight, _resemblance(pair, tokens) if agreement is None else agreement


def _resemblance(pair: TokenPair, tokens: dict[str, TokenPrint]) -> float:
    if pair.a not in tokens or pair.b not in tokens:
        return 0.9 if pair.level == levels.EDIT else 0.0
    one, other = tokens[pair.a], tokens[pair.b]
    if one.script == other.script == "Han":
        similar = OSA.normalized_similarity(one.text, other.text)
    else:
        similar = max(OSA.normalized_similarity(x, y) for x in one.forms for y in other.forms)
    return similar if similar >= _RESEMBLANCE else 0.0
