"""Caches the comparisons of tokens, since the same names meet again and again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pipeline.matching.names import levels
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.spellings import begin_alike, far_apart, initials_of
from pipeline.matching.names.token_levels import is_learnt, token_level, token_levels

_REMEMBERED = 300_000
"""Pairs kept, about 60 MB; when there are more, all are forgotten, which is cheaper than keeping their order."""
INITIAL = "initial"
"""The kind of a token that is an initial."""
INITIAL_BITS = 250
"""log2 of one over the chance of two first letters to agree (about 1 in 13), less what an initial's error costs."""
SHORT_FORM_BITS = 50
"""A name has two or three such letters, and is seldom abbreviated by them: it contradicts nothing, and says little."""


class TokenPair(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Two aligned tokens ("" if one has no counterpart), their level, and their hundredths of a bit."""

    a: str
    b: str
    level: str
    bits: int


UNLIKE = TokenPair("", "", levels.DIFFERENT, 0)


class PairMemory:
    """Comparisons by the texts of both tokens. Tokens that are compared by other rules have a memory of their own."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, TokenPair]] = {}
        self._count = 0

    def judge(self, x: TokenPrint, y: TokenPrint) -> TokenPair:
        """The comparison of two tokens; the object UNLIKE if they differ.

        Tokens that outlines tell apart are not cached: most pairs never come again, and outlines are as cheap.
        """
        if (
            x.outline
            and y.outline
            and far_apart(x.outline, y.outline)
            and x.sound != y.sound
            and not begin_alike(x.forms[0], y.forms[0])
        ):
            return UNLIKE
        row = self._rows.get(x.text)
        if row is None:
            row = self._new_row(x.text)
        found = row.get(y.text)
        if found is None:
            found = row[y.text] = self._find_turned(x.text, y.text) or _judge(x, y)
            self._count += 1
        return found

    def judge_all(self, pairs: Sequence[tuple[TokenPrint, TokenPrint]]) -> list[TokenPair]:
        """The comparisons of many pairs (judge). Those in two scripts that were not made before are made together."""
        rows = self._rows
        found: list[TokenPair] = []
        new: dict[tuple[str, str], list[int]] = {}
        for at, (x, y) in enumerate(pairs):
            row = rows.get(x.text)
            known = None if row is None else row.get(y.text)
            if known is None:
                if x.script == y.script:
                    known = self.judge(x, y)
                elif (known := self._find_turned(x.text, y.text)) is None:
                    new.setdefault((x.text, y.text), []).append(at)
                    known = UNLIKE
            found.append(known)
        if new:
            judged = _judge_all([pairs[places[0]] for places in new.values()])
            for ((a, b), places), pair in zip(new.items(), judged, strict=True):
                self._remember(a, b, pair)
                for at in places:
                    found[at] = pair
        return found

    def find(self, a: str, b: str) -> TokenPair | None:
        """The cached comparison of two texts, or None."""
        row = self._rows.get(a)
        return None if row is None else row.get(b)

    def _find_turned(self, a: str, b: str) -> TokenPair | None:
        """The comparison that is cached with the two texts exchanged, turned round; it is symmetric."""
        row = self._rows.get(b)
        found = None if row is None else row.get(a)
        return found if found is None or found is UNLIKE else TokenPair(a, b, found.level, found.bits)

    def rule_out(self, a: str, b: str) -> None:
        """Note that two texts differ, for a word without a print."""
        self._remember(a, b, UNLIKE)

    def _remember(self, a: str, b: str, pair: TokenPair) -> None:
        row = self._rows.get(a)
        if row is None:
            row = self._new_row(a)
        row[b] = pair
        self._count += 1

    def _new_row(self, text: str) -> dict[str, TokenPair]:
        if self._count >= _REMEMBERED:
            self._rows, self._count = {}, 0
        row: dict[str, TokenPair] = {}
        self._rows[text] = row
        return row


def _judge(x: TokenPrint, y: TokenPrint) -> TokenPair:
    if x.kind == INITIAL or y.kind == INITIAL:
        return _judge_initial(x, y)
    return _weigh(x, y, token_level(*_in_order(x, y)))


def _judge_all(pairs: Sequence[tuple[TokenPrint, TokenPrint]]) -> list[TokenPair]:
    """The same of many pairs."""
    full = [_in_order(x, y) for x, y in pairs if x.kind != INITIAL and y.kind != INITIAL]
    told = iter(token_levels(full))
    return [
        _judge_initial(x, y) if x.kind == INITIAL or y.kind == INITIAL else _weigh(x, y, next(told)) for x, y in pairs
    ]


def _in_order(x: TokenPrint, y: TokenPrint) -> tuple[TokenPrint, TokenPrint]:
    """Two tokens in the order of their texts: their level does not depend on which side they are."""
    return (x, y) if x.text <= y.text else (y, x)


def _judge_initial(x: TokenPrint, y: TokenPrint) -> TokenPair:
    """The comparison of an initial and another token."""
    if any(form[:1] == other[:1] for form in x.forms for other in y.forms):
        return TokenPair(x.text, y.text, levels.INITIAL, INITIAL_BITS)
    # it may be that of a short form: B. and Robert
    initial, name = (x, y) if x.kind == INITIAL else (y, x)
    if name.kind != INITIAL and initial.forms[0][:1] in initials_of(name.forms[0]):
        return TokenPair(x.text, y.text, levels.INITIAL, SHORT_FORM_BITS)
    return UNLIKE


def _weigh(x: TokenPrint, y: TokenPrint, found: levels.Likeness) -> TokenPair:
    """The comparison of two tokens whose level is known."""
    level, aligned = found
    if level == levels.DIFFERENT:
        return UNLIKE
    rarity = min(x.rarity, y.rarity)
    if aligned:
        bits = levels.aligned_bits(aligned, rarity)
        return TokenPair(x.text, y.text, level, bits) if bits > 0 else UNLIKE
    bits = levels.level_bits(level, rarity)
    learnt = x.script == y.script or (is_learnt(x.script) and is_learnt(y.script))
    bits = bits if learnt else bits - levels.UNLEARNT
    return TokenPair(x.text, y.text, level, bits) if bits > 0 else UNLIKE


PERSONAL, OTHER = PairMemory(), PairMemory()
"""Names of people, and words of other names. A one-letter token is an initial among the former always."""
