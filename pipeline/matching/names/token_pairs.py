"""Bits of token pairs, remembered: the same names meet again and again."""

from __future__ import annotations

import msgspec

from pipeline.matching.names import levels
from pipeline.matching.names.outlines import begin_alike, far_apart
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.token_levels import faint_bits, is_latin, is_learnt, token_level
from pipeline.matching.names.variants import initials_of

_REMEMBERED = 300_000
"""Pairs kept, about 60 MB; when there are more, all are forgotten, which is cheaper than keeping their order."""
INITIAL = "initial"
"""The kind of a token that is an initial."""
INITIAL_BITS = 250
"""log2 of one over the chance of two first letters to agree (about 1 in 13), less what an initial's error costs."""
SHORT_FORM_BITS = 50
"""A name has two or three such letters, and is seldom abbreviated by them: it contradicts nothing, and says little."""


class TokenPair(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tokens held against each other ("" where one has no counterpart), the level, hundredths of a bit."""

    a: str
    b: str
    level: str
    bits: int


NOTHING = TokenPair("", "", levels.DIFFERENT, 0)


class PairMemory:
    """Judgements by the texts of both tokens; tokens that are compared by other rules have their own memory."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, TokenPair]] = {}
        self._count = 0

    def judge(self, x: TokenPrint, y: TokenPrint) -> TokenPair:
        """Level and hundredths of a bit; NOTHING, the one object, where the tokens differ.

        What outlines tell apart is not remembered: most pairs never come again, and telling is as cheap.
        """
        if _far_apart(x, y):
            return NOTHING
        row = self._rows.get(x.text)
        if row is None:
            row = self._new_row(x.text)
        found = row.get(y.text)
        if found is None:
            found = row[y.text] = _judge(x, y)
            self._count += 1
        return found

    def _new_row(self, text: str) -> dict[str, TokenPair]:
        if self._count >= _REMEMBERED:
            self._rows, self._count = {}, 0
        row: dict[str, TokenPair] = {}
        self._rows[text] = row
        return row


def _far_apart(x: TokenPrint, y: TokenPrint) -> bool:
    if not x.outline or not y.outline or not far_apart(x.outline, y.outline):
        return False
    return x.sound != y.sound and not begin_alike(x.forms[0], y.forms[0])


def _judge(x: TokenPrint, y: TokenPrint) -> TokenPair:
    if x.kind == "initial" or y.kind == "initial":
        bits = INITIAL_BITS if _share_initial(x, y) else SHORT_FORM_BITS if _may_be_short(x, y) else 0
        return TokenPair(x.text, y.text, levels.INITIAL, bits) if bits else NOTHING
    level = token_level(x, y) if x.text <= y.text else token_level(y, x)
    if level == levels.DIFFERENT:
        return NOTHING
    bits = levels.level_bits(level, min(x.rarity, y.rarity))
    if level == levels.FAINT:
        bits = min(bits, faint_bits(y.script if is_latin(x.script) else x.script))
    learnt = x.script == y.script or (is_learnt(x.script) and is_learnt(y.script))
    bits = bits if learnt else bits - levels.UNLEARNT
    return TokenPair(x.text, y.text, level, bits) if bits > 0 else NOTHING


def _share_initial(x: TokenPrint, y: TokenPrint) -> bool:
    return any(form[:1] == other[:1] for form in x.forms for other in y.forms)


def _may_be_short(x: TokenPrint, y: TokenPrint) -> bool:
    """Whether the initial is that of a short form: B. and Robert."""
    initial, name = (x, y) if x.kind == "initial" else (y, x)
    return name.kind != "initial" and initial.forms[0][:1] in initials_of(name.forms[0])


PERSONAL, OTHER = PairMemory(), PairMemory()
"""Names of people, and words of other names. A one-letter token is an initial among the former always."""
