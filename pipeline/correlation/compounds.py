"""The distinctive part of compound names: Aziz of Abdulaziz, Nasir of Nasiruddin.

Names with "servant of", "of God" and "of the faith" are written as one word or as two, and the article may be spelt by
the sound that follows it: Abdul Aziz, Abdelaziz; Abd al-Razzaq, Abderrezak; Hidayat Ullah, Hidayatullah. Spellings in
one word and in two have the distinctive part in common.
"""

from __future__ import annotations

import re

from pipeline.matching.names import TokenPrint
from pipeline.matching.names.transliteration.model import latin_forms
from pipeline.records.name_words import ARABIC_ARTICLE, ARABIC_ENDINGS, ARABIC_SERVANTS

SHORTEST = 4
"""Letters of a Latin part that tells something."""

SHORTEST_ARABIC = 3
"""The same in Arabic letters, which leave short vowels out."""

_SERVANT = re.compile(r"abd[aeiou]{1,2}(?!ll?ah)(?:l|([^aeiou])(?=\1))?(.+)")
_ENDING = re.compile(r"(.+?)(?:[aeiou]+lla(?:h|kh|ch)i?|ulah|[aeiou]{1,2}d{2}h?[aei]{1,2}ne?|udh?[ei]{1,2}ne?)")
_ARABIC_SERVANTS = tuple(f"{servant}{ARABIC_ARTICLE}" for servant in sorted(ARABIC_SERVANTS))
_ARABIC_ENDINGS = tuple(sorted(ARABIC_ENDINGS))


def telling_forms(token: TokenPrint) -> tuple[str, ...]:
    """Latin forms of the distinctive part of a compound, the likeliest first; () for any other name."""
    if token.script == "Arabic":
        part = _part_arabic(token.text)
        return latin_forms(part, token.script) if len(part) >= SHORTEST_ARABIC else ()
    part = _part_latin(token.forms[0])
    return (part,) if len(part) >= SHORTEST else ()


def _part_latin(form: str) -> str:
    if found := _SERVANT.fullmatch(form):
        return found[2]
    found = _ENDING.fullmatch(form)
    return found[1] if found else ""


def _part_arabic(text: str) -> str:
    for servant in _ARABIC_SERVANTS:
        if text.startswith(servant) and len(text) >= len(servant) + SHORTEST_ARABIC:
            return text.removeprefix(servant)
    for ending in _ARABIC_ENDINGS:
        if text.endswith(ending):
            part = text.removesuffix(ending)
            return "" if part in ARABIC_SERVANTS else part
    return ""
