"""The levels of two name tokens, and the bits of each."""

from __future__ import annotations

import math
from typing import NamedTuple

from pipeline.matching.names.rarity import CEILING

SAME = "same"
FOLDED = "same after folding"
ALIGNED = "same in another script"
"""A word in Latin letters and one in a script with a learnt model, of which one is written from the other."""
VARIANT = "nickname or variant"
TRANSLATION = "translation"
"""The translation level: what the learnt table alone holds to mean the same (organisation_words.senses)."""
SOUND = "same romanisation"
EDIT = "one edit"
NEAR = "near"
FAINT = "faint"
"""The same, but it may well be chance: less than SURE speaks for it."""
ACRONYM = "acronym of"
INITIAL = "initial"
MISSING = "missing"
DIFFERENT = "different"

LEVELS = (SAME, FOLDED, ALIGNED, VARIANT, TRANSLATION, SOUND, EDIT, NEAR, FAINT, ACRONYM, INITIAL, MISSING, DIFFERENT)
"""Strongest first; a level never gives more bits than one before it, for the same tokens."""

COST = {SAME: 0, FOLDED: 20, VARIANT: 150, TRANSLATION: 165, SOUND: 170, EDIT: 350, NEAR: 550}
"""Hundredths of a bit that a level gives less than equality of the same tokens: log2(m_same / m_level)."""

LIMIT = {SAME: 9999, FOLDED: 9999, VARIANT: 1100, TRANSLATION: 1050, SOUND: 1050, EDIT: 800, NEAR: 400}
"""What a level gives at most: log2(m / u). u by random pairs of Wikidata tokens weighted by frequency: sounds agree in
3 of 100,000, one edit in 5, "near" in 60; less, as within a culture it is larger. m of spellings by agencies."""

SURE = 800
"""Hundredths of a bit of an alignment from which two words are ALIGNED. A choice: by corridor 3 to 13 of 100,000 random
pairs reach it, and 81 (Chinese) to 96 (Russian) of 100 true ones."""

COINED = frozenset((SAME, FOLDED, ALIGNED, VARIANT, TRANSLATION, SOUND))
"""Levels at which it counts by how much a coined word (rarity.coined_rarity) is rarer than rarity.CEILING, to which the
limits are: not where a letter differs, since whoever coins words coins them alike (Taesong, Daesong)."""

UNLEARNT = 150
"""Less for a script without a learnt model, of which there is but one plain romanisation."""


def level_bits(level: str, rarity: int) -> int:
    """The weight of two tokens at a level, in hundredths of a bit; `rarity` is that of the less rare one."""
    known = min(rarity, CEILING)
    bits = max(0, min(known - COST[level], LIMIT[level]))
    return bits + rarity - known if level in COINED else bits


def aligned_bits(aligned: int, rarity: int) -> int:
    """The weight of two words in two scripts, in hundredths of a bit.

    `aligned` is what their alignment says, log2(m / u) with u of words of two names; `rarity` is that of the less rare
    one. Two strangers may bear one name, or two names that are aligned so well: u is the sum of both.
    """
    least = min(aligned, rarity)
    return least - round(100 * math.log2(1 + 2 ** ((2 * least - aligned - rarity) / 100)))


MOST_KNOWN = {level: level_bits(level, CEILING) for level in COST} | {ALIGNED: CEILING}
"""The most that a word gives at each level unless it is coined."""


class Likeness(NamedTuple):
    """How two tokens are alike: the `level`, and what the alignment of ALIGNED and FAINT ones says (aligned_bits)."""

    level: str
    aligned: int = 0
