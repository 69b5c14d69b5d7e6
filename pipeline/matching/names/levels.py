"""The levels of two name tokens, and the bits of each."""

from __future__ import annotations

from pipeline.matching.names.rarity import CEILING

SAME = "same"
FOLDED = "same after folding"
VARIANT = "nickname or variant"
TRANSLATION = "translation"
"""The translation level: what the learnt table alone holds to mean the same (organisation_words.senses)."""
SOUND = "same romanisation"
EDIT = "one edit"
NEAR = "near"
FAINT = "faint"
ACRONYM = "acronym of"
INITIAL = "initial"
MISSING = "missing"
DIFFERENT = "different"

LEVELS = (SAME, FOLDED, VARIANT, TRANSLATION, SOUND, EDIT, NEAR, FAINT, ACRONYM, INITIAL, MISSING, DIFFERENT)
"""Strongest first; a level never gives more bits than one before it, for the same tokens."""

COST = {SAME: 0, FOLDED: 20, VARIANT: 150, TRANSLATION: 165, SOUND: 170, EDIT: 350, NEAR: 550, FAINT: 550}
"""Hundredths of a bit that a level gives less than equality of the same tokens: log2(m_same / m_level)."""

LIMIT = {SAME: 9999, FOLDED: 9999, VARIANT: 1100, TRANSLATION: 1050, SOUND: 1050, EDIT: 800, NEAR: 400, FAINT: 400}
"""What a level gives at most: log2(m / u). u by random pairs of Wikidata tokens weighted by frequency: sounds agree in
3 of 100,000, one edit in 5, "near" in 60; less, as within a culture it is larger. m of spellings by agencies. What a
faint rendering in another script gives at most, each corridor's model says (token_levels.faint_bits)."""

COINED = frozenset((SAME, FOLDED, VARIANT, TRANSLATION, SOUND))
"""Levels at which it counts by how much a coined word (letter_model) is rarer than rarity.CEILING, to which the limits
are: not where a letter differs, since whoever coins words coins them alike (Taesong, Daesong)."""

UNLEARNT = 150
"""Less for a script without a learnt model, of which there is but one plain romanisation."""


def level_bits(level: str, rarity: int) -> int:
    """The weight of two tokens at a level, in hundredths of a bit; `rarity` is that of the less rare one."""
    known = min(rarity, CEILING)
    bits = max(0, min(known - COST[level], LIMIT[level]))
    return bits + rarity - known if level in COINED else bits


MOST_KNOWN = {level: level_bits(level, CEILING) for level in COST}
"""The most that a word gives at each level unless it is coined."""
