"""Comparison levels of name tokens, and the bits that each is worth."""

from __future__ import annotations

SAME = "same"
FOLDED = "same after folding"
VARIANT = "nickname or variant"
SOUND = "same romanisation"
EDIT = "one edit"
NEAR = "near"
INITIAL = "initial"
MISSING = "missing"
DIFFERENT = "different"

LEVELS = (SAME, FOLDED, VARIANT, SOUND, EDIT, NEAR, INITIAL, MISSING, DIFFERENT)
"""Strongest first; a level never gives more bits than one before it, for the same tokens."""

COSTS = {SAME: 0, FOLDED: 20, VARIANT: 150, SOUND: 150, EDIT: 300, NEAR: 550}
"""Hundredths of a bit that a level gives less than equality: log2(m_same / m_level), plus what u grows by."""
