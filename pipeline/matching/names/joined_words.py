"""Words written together or abbreviated: Abdul Rahman and Abdulrahman, van der Bilt and Vanderbilt, PLA, JC."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

from pipeline.matching.names import levels
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, TokenPrint, may_be_acronym, token_print
from pipeline.matching.names.token_pairs import NOTHING, PairMemory, TokenPair

_MAX_JOINED = 3
_MIN_JOINED = 5
_SLACK = 2
"""Letters that a joined word may have more or fewer than its parts."""
_ACRONYM_LETTER = 250
_LEVELS = frozenset((levels.SAME, levels.FOLDED, levels.VARIANT, levels.SOUND, levels.EDIT))
"""Levels at which a joined word counts: a merely similar one would be chance, as there are many ways to join."""


def may_join(one: NamePrint, many: NamePrint) -> bool:
    """Whether any token of `one` may be several neighbouring tokens of `many`, by their numbers of letters."""
    longest, _, shortest_acronym = one.letters
    return longest + _SLACK >= many.letters[1] or shortest_acronym <= len(many.tokens)


def join_words(
    one: NamePrint, many: NamePrint, rest_one: list[int], rest_many: list[int], memory: PairMemory
) -> list[TokenPair]:
    """Pairs of a token of `one` and neighbouring tokens of `many`; takes their indices out of both rests."""
    found: list[TokenPair] = []
    lengths = [len(token.forms[0]) for token in many.tokens]
    if many.glue:
        lengths = [length + len(glue) for length, glue in zip(lengths, many.glue, strict=True)]
    for i in rest_one[:]:
        for run in _runs(rest_many, lengths, len(one.tokens[i].forms[0]), bool(many.glue)):
            pair = _judge_run(one.tokens[i], many, run, memory)
            if pair is not NOTHING:
                found.append(pair)
                rest_one.remove(i)
                rest_many[:] = [j for j in rest_many if j not in run]
                break
    return found


def _runs(rest: list[int], lengths: list[int], wanted: int, glued: bool) -> list[range]:
    """Neighbouring tokens that may be one word of `wanted` letters, or an acronym of as many: the longest first."""
    runs = []
    for at, start in enumerate(rest):
        letters = 0
        for size in range(1, min(MAX_ACRONYM, len(rest) - at) + 1):
            last = start + size - 1
            if rest[at + size - 1] != last:
                break
            letters += lengths[last]
            joined = size <= _MAX_JOINED and -_SLACK <= letters - wanted <= _SLACK
            if (joined or size == wanted) and (size > 1 or glued):
                runs.append(range(start, last + 1))
    return sorted(runs, key=len, reverse=True) if len(runs) > 1 else runs


def _judge_run(x: TokenPrint, many: NamePrint, run: range, memory: PairMemory) -> TokenPair:
    tokens = [many.tokens[j] for j in run]
    texts = " ".join(token.text for token in tokens)
    if _is_acronym(x, tokens):
        return TokenPair(x.text, texts, levels.ACRONYM, _ACRONYM_LETTER * len(run))
    joined = "".join((many.glue[j] if many.glue else "") + many.tokens[j].text for j in run)
    if joined == texts or not _may_be(x, joined, tokens[0].script):
        return NOTHING
    pair = memory.judge(x, token_print(joined, x.kind))
    if pair.level not in _LEVELS:
        return NOTHING
    return TokenPair(x.text, texts, pair.level, min(pair.bits, sum(token.rarity for token in tokens)))


def _may_be(x: TokenPrint, joined: str, script: str) -> bool:
    if x.text == joined or x.script != script:
        return True
    return len(joined) >= _MIN_JOINED and Levenshtein.normalized_similarity(x.text, joined) >= 0.75


def _is_acronym(x: TokenPrint, tokens: list[TokenPrint]) -> bool:
    initials = "".join(token.forms[0][:1] for token in tokens if token.kind != "initial")
    return initials == x.forms[0] and may_be_acronym(x)
