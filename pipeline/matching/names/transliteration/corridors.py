"""The corridors: which scripts have a learnt model, and how their words are cut into units."""

from __future__ import annotations

import msgspec


class Corridor(msgspec.Struct, frozen=True):
    """`sources` are the data files it learns from; an arc joins up to `source_span` units to `latin_span` letters.

    The likelihood ratio is computed only if a Latin word is at least as similar as `alike` (normalised Levenshtein) to
    one of the other word's likeliest spellings. At 0.4 that is so for 6 of 100 random pairs and 98 of 100 true ones.
    The likeliest spellings of Chinese and Korean are further off: there it takes 0.3, which 18 of 100 random pairs
    reach.
    """

    name: str
    scripts: tuple[str, ...]
    sources: tuple[str, ...]
    source_span: int
    latin_span: int
    alike: float = 0.4


CORRIDORS = (
    Corridor("arabic", ("Arabic",), ("arabic",), 1, 3),
    Corridor("chinese", ("Han",), ("chinese",), 2, 5, 0.3),
    Corridor("hebrew", ("Hebrew",), ("hebrew",), 1, 3),
    Corridor("japanese", ("Katakana", "Hiragana"), ("japanese", "katakana"), 2, 4),
    Corridor("korean", ("Hangul",), ("korean",), 2, 3, 0.3),
    Corridor("russian", ("Cyrillic",), ("russian",), 2, 4),
)
"""Spans by experiment on the development splits: half a Chinese syllable takes up to five letters, Arabic three."""

BY_SCRIPT = {script: corridor for corridor in CORRIDORS for script in corridor.scripts}
BY_NAME = {corridor.name: corridor for corridor in CORRIDORS}
