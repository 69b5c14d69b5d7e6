"""Words whose letters don't tell how they are spelt: the likeliest by the learnt model and by what names are known.

Arabic and Hebrew leave vowels out; katakana writes foreign names by their sound. Of 2,000 Arabic test words, weighed by
how often they occur, 72% become a spelling that bearers of the name have, where the likeliest by the letters alone is
one for 51% and anyascii for under 1%; of Hebrew 46%, 36% and 0%, of katakana 50%, 39% and 9%
(tests/benchmarks/accuracy/romanisation.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.matching.names.rarity import CEILING, known_rarities
from pipeline.matching.names.romanisation.letter_tables import HEBREW_NAMES
from pipeline.matching.names.transliteration.forms import rank_forms
from pipeline.matching.names.variants import classes_of

_CANDIDATES = 48
"""Spellings that are weighed: mohamed is the 12th of what the letters of محمد alone make likely."""

_VARIANT_GAIN_CB = 300
"""What a spelling gains that the name data know at all; a frequent name gains by how frequent it is besides."""

_CLUSTERS = re.compile("{0}{{3,}}|^{0}{0}".format("(?:[cdgkstz]h|[bcdfghjklmnpqrstvwxz])"))
_CLUSTER_LOSS_CB = 150
"""What a run of consonants that nobody can speak costs: Belhaj before Blhaj. Chosen on development words."""

_FRENCH_SPEAKING = frozenset(("DJ", "DZ", "KM", "LB", "MA", "MR", "TD", "TN"))
"""Countries whose documents spell Arabic names for readers of French: Ouarzazi, Cherif, Youssef."""

_FRENCH_SPELLINGS = ((re.compile("sch|sh"), "ch"), (re.compile("w|oo"), "ou"), (re.compile("(?<![aeoq])u"), "ou"),
                     (re.compile("ee"), "i"), (re.compile("^j"), "dj"))  # fmt: skip
"""How they write the sounds of sh, w, u, ee and j."""

_ARTICLE = "ال"
_SERVANT = "عبدال"
_DIVINE = "الله"


def romanise_consonants(word: str, script: str, country: str = "") -> str:
    """A word in Arabic or Hebrew letters, case-folded and without vowel points; `country` as of name_language."""
    if script == "Hebrew":
        return HEBREW_NAMES.get(word) or _find_likeliest(word, script, french=False)
    french = country in _FRENCH_SPEAKING
    if word.endswith(_DIVINE):
        return _find_likeliest(word, script, french=french)
    if word.startswith(_SERVANT) and len(word) > len(_SERVANT) + 1:
        return f"abd {_join_article(word.removeprefix(_SERVANT), script, french=french)}"
    if word.startswith(_ARTICLE) and len(word) > len(_ARTICLE) + 1:
        return _join_article(word.removeprefix(_ARTICLE), script, french=french)
    return _find_likeliest(word, script, french=french)


def find_foreign_name(kana: str) -> str:
    """The Latin name that a word in katakana most likely stands for; "" unless the likeliest is a known name."""
    ranked = [(bits + _weigh_spelling(form), form) for bits, form in rank_forms(kana, "Katakana", _CANDIDATES)]
    best = max(ranked)[1]
    return best if _weigh_spelling(best) > 0 else ""


def _join_article(rest: str, script: str, *, french: bool) -> str:
    return ("el " if french else "al-") + _find_likeliest(rest, script, french=french)


@lru_cache(maxsize=16384)
def _find_likeliest(word: str, script: str, *, french: bool) -> str:
    ranked = rank_forms(word, script, _CANDIDATES)
    if french:
        ranked = [(bits, _spell_for_french(form)) for bits, form in ranked]
    return max(ranked, key=lambda item: (item[0] + _weigh_spelling(item[1]), item[1]))[1]


def _spell_for_french(form: str) -> str:
    for english, letters in _FRENCH_SPELLINGS:
        form = english.sub(letters, form)
    return form


def _weigh_spelling(form: str) -> int:
    """Hundredths of a bit for a spelling that is a name as people write it."""
    rarity = known_rarities().get(form)
    if rarity is not None:
        return CEILING - rarity + _VARIANT_GAIN_CB
    return _VARIANT_GAIN_CB if classes_of(form) else -_CLUSTER_LOSS_CB * len(_CLUSTERS.findall(form))
