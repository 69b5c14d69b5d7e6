"""Whether two names are one name, where there is nothing but the names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
_USUAL = 690
"""Hundredths of a bit: a word that more than one company in 120 bears."""

Resemblance = Callable[[TokenPair, dict[str, TokenPrint]], float]


def name_decision(a: NamePrint, b: NamePrint, entity_type: str) -> tuple[int, bool]:
    """Share (0 to 100) of the names' weight that agrees, and whether it is enough to call them one name.

    Where bits ask how much an agreement says, this asks how much of the names agrees: rarity counts as the weight of
    a token within its name only, so that common names are the same name as well.
    """
    return _verdict(_share(a, b, compare(a, b).pairs, _resemblance))


def bearer_decision(a: NamePrint, b: NamePrint) -> tuple[int, bool]:
    """Share (0 to 100) and whether two things known by nothing but these names may be taken for one.

    Stricter than name_decision: names that are merely alike (two edits and more) belong to two bearers, and so do names
    with other numbers (sister ships, a fund's vintages), with initials that differ, and with given and family name
    stated the other way round.
    """
    if tell_apart(a, b):
        return 0, False
    pairs = compare(a, b).pairs
    if not a.person and _only_usual_words_agree(a, pairs):
        return 0, False
    share = _share(a, b, pairs, _resemblance_of_bearers)
    initials = any(pair.level == levels.DIFFERENT and len(pair.a) == len(pair.b) == 1 for pair in pairs)
    return _verdict(share - _VETO if initials else share)


def tell_apart(a: NamePrint, b: NamePrint) -> bool:
    """Whether what the names state beside their words is another: numbers of things; given and family name crossed."""
    if not a.person:
        return a.numbers != b.numbers
    given_a, family_a, given_b, family_b = (_of_kind(name, kind) for name in (a, b) for kind in ("given", "family"))
    return bool(given_a and family_a and given_a <= family_b and family_a <= given_b and given_a != given_b)


def _only_usual_words_agree(a: NamePrint, pairs: Iterable[TokenPair]) -> bool:
    """Whether one name says more than the other, and they have only words in common that many companies bear."""
    rarity = {token.text: token.rarity for token in a.tokens}
    agreeing = [pair for pair in pairs if pair.level not in (levels.MISSING, levels.DIFFERENT)]
    rare = any(rarity.get(pair.a, _USUAL) >= _USUAL for pair in agreeing)
    return not rare and any(pair.level == levels.MISSING for pair in pairs)


def _of_kind(name: NamePrint, kind: str) -> set[str]:
    return {token.text for token in name.tokens if token.kind == kind}


def _verdict(share: float) -> tuple[int, bool]:
    score = round(100 * max(0.0, share))
    return score, score >= _THRESHOLD


def _share(a: NamePrint, b: NamePrint, pairs: Iterable[TokenPair], resemblance: Resemblance) -> float:
    tokens = {token.text: token for token in (*a.tokens, *b.tokens)}
    total = agreed = veto = 0.0
    for pair in pairs:
        weight, agreement = _weigh(pair, tokens, resemblance)
        total += weight
        agreed += weight * agreement
        veto = max(veto, _VETO if pair.level == levels.DIFFERENT and agreement == 0.0 else 0.0)
    return agreed / total - veto if total else 0.0


def _weigh(pair: TokenPair, tokens: dict[str, TokenPrint], resemblance: Resemblance) -> tuple[float, float]:
    weight = sum(tokens[text].rarity if text in tokens else 300 for text in pair.a.split() + pair.b.split()) / 2
    if pair.level == levels.MISSING:
        return weight * _MISSING_SHARE, 0.0
    agreement = _AGREEMENT.get(pair.level)
    return weight, resemblance(pair, tokens) if agreement is None else agreement


def _resemblance_of_bearers(pair: TokenPair, tokens: dict[str, TokenPrint]) -> float:
    token, other = tokens.get(pair.a), tokens.get(pair.b)
    across_scripts = token is not None and other is not None and token.script != other.script
    return _resemblance(pair, tokens) if pair.level == levels.EDIT or across_scripts else 0.0


def _resemblance(pair: TokenPair, tokens: dict[str, TokenPrint]) -> float:
    if pair.a not in tokens or pair.b not in tokens:
        return 0.9 if pair.level == levels.EDIT else 0.0
    token, other = tokens[pair.a], tokens[pair.b]
    if token.script == other.script == "Han":
        similar = OSA.normalized_similarity(token.text, other.text)
    else:
        similar = max(OSA.normalized_similarity(x, y) for x in token.forms for y in other.forms)
    return similar if similar >= _RESEMBLANCE else 0.0
