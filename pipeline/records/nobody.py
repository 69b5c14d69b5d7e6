"""Names of nobody: "daughter of", "baby boy", "no last name", "care of". They are missing values."""

from __future__ import annotations

import re

from pipeline.records import name_words as words

_MISSING = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words.MISSING_PHRASES))})(?!\w)")
_WORD = re.compile(r"\w+")


def is_of_another(folded: str) -> bool:
    """Whether a case-folded name is that of another, at whose address mail is sent."""
    return folded.startswith(words.CARE_OF)


def drop_missing(folded: str) -> str:
    """A case-folded name without phrases for a part that is missing; as it is where nothing else would be left."""
    text = _MISSING.sub(" ", folded)
    return text if any(char.isalnum() for char in text) else folded


def names_nobody(folded: str) -> bool:
    """Whether a case-folded name tells only what somebody is to another: "husband", "daughter of Maria"."""
    if words.OF_ANOTHER.isdisjoint(spelled := _WORD.findall(folded)):
        return False
    if len(spelled) > 1 and spelled[0] in words.OF_ANOTHER and spelled[1] in words.NOBODY_LINKS:
        return True
    return all(word in words.NOBODY_WORDS or word in words.NOBODY_LINKS for word in spelled)
