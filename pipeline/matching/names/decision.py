"""Decides whether two names are the same name, if nothing but the names is known.

The constants were chosen by hand with the 826 pairs of name_bench and the 228 checks of entity_bench in view, so
neither is a held-out test of them (tests/benchmarks/accuracy). On name_bench they have an F1 of .887; the docstring of
a constant says what other values give there.
"""

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
    levels.ALIGNED: 0.95,
    levels.SOUND: 0.95,
    levels.VARIANT: 0.9,
    levels.TRANSLATION: 0.9,
    levels.ACRONYM: 0.8,
    levels.INITIAL: 0.8,
}
"""The share of a token's weight that agrees at a level; at any other it is the similarity of the spellings. A tenth
more or less, for a level below SAME, changes F1 by .001 at most."""
_MISSING_SHARE = 0.3
"""The share of its weight that a token counts which the other name lacks. F1 is .887 to .890 from .2 to .4."""
_VETO = 0.2
"""Subtracted from the share if two aligned tokens do not even resemble each other, as names of one family differ in a
single token. F1: 0 gives .834, .1 .864, .15 .888, .25 .872."""
_RESEMBLANCE = 0.6
"""The least similarity (normalised OSA) at which two spellings agree in part. F1: .5 gives .868, .65 .898, .7 .888."""
_THRESHOLD = 70
"""The least share, of 100, of the same name. F1 is .887 to .889 from 65 to 70; 60 gives .865, 75 .878."""
_UNKNOWN_RARITY = 300
"""Hundredths of a bit of a word that is no token of its own, such as a part of joined words."""
_UNKNOWN_EDIT = 0.9
"""The similarity of such words at the level EDIT, whose spellings are not compared again."""
_USUAL = 690
"""Hundredths of a bit of a word that one company in 120 bears: a rarer word in common tells a company apart."""

Resemblance = Callable[[TokenPair, dict[str, TokenPrint]], float]


def name_decision(a: NamePrint, b: NamePrint) -> tuple[int, bool]:
    """Decide whether two names are the same name; returns the share (0 to 100) of their weight that agrees, too.

    A match weight in bits says how telling an agreement is. The share says how much of the names agrees: rarity only
    weighs the tokens of a name against each other, so common names can be the same name as well as rare ones.
    """
    return _verdict(_share(a, b, compare(a, b).pairs, _resemblance))


def bearer_decision(a: NamePrint, b: NamePrint) -> tuple[int, bool]:
    """Decide whether two things known only by these names may be the same; returns the share (0 to 100), too.

    This is stricter than name_decision. Names that are two edits or more apart belong to two things. So do names with
    different numbers (sister ships, a fund's vintages), with different initials, or with given and family name
    exchanged.
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
    """Whether two things have different numbers, or two persons have given and family name exchanged."""
    if not a.person:
        return a.numbers != b.numbers
    given_a, family_a, given_b, family_b = (
        {token.text for token in name.tokens if token.kind == kind} for name in (a, b) for kind in ("given", "family")
    )
    return bool(given_a and family_a and given_a <= family_b and family_a <= given_b and given_a != given_b)


def _only_usual_words_agree(a: NamePrint, pairs: Iterable[TokenPair]) -> bool:
    """Whether one company's name has further words, and all words in common are ones that many companies bear."""
    rarity = {token.text: token.rarity for token in a.tokens}
    agreeing = [pair for pair in pairs if pair.level not in (levels.MISSING, levels.DIFFERENT)]
    rare = any(rarity.get(pair.a, _USUAL) >= _USUAL for pair in agreeing)
    return not rare and any(pair.level == levels.MISSING for pair in pairs)


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
    words = pair.a.split() + pair.b.split()
    weight = sum(tokens[word].rarity if word in tokens else _UNKNOWN_RARITY for word in words) / 2
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
        return _UNKNOWN_EDIT if pair.level == levels.EDIT else 0.0
    token, other = tokens[pair.a], tokens[pair.b]
    if token.script == other.script == "Han":
        similar = OSA.normalized_similarity(token.text, other.text)
    else:
        similar = max(OSA.normalized_similarity(x, y) for x in token.forms for y in other.forms)
    return similar if similar >= _RESEMBLANCE else 0.0
