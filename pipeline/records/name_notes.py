"""Notes in names, which are no part of them: "(formerly …)", "born in Kandahar", "(PAD)" behind what it abbreviates."""

from __future__ import annotations

import re

from pipeline.records import name_words as words
from pipeline.records.countries import country_code
from pipeline.records.legal_forms import take_legal_forms
from pipeline.records.organisation_words import translations_of
from pipeline.records.scripts import script_of

_BRACKETED = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|（([^（）]*)）")
_BRACKETED_LAST = re.compile(r"\(([^()]+)\)[\s.,;\"'”»]*$")
_BORN = re.compile(rf"[,;]?\s*\b(?:{'|'.join(words.BORN)})\s+(?:(?:{'|'.join(words.BORN_BEFORE)})\s|\d).*")
_WORD = re.compile(r"\w+")
_LONGEST_ACRONYM = 8
"""The most letters of a word in brackets that is taken for an abbreviation of the name. A choice: a longer one stays in
the name."""

_SHORTEST_BRAND = 5
"""The fewest letters of a word in brackets that is taken for another name. A choice: shorter ones are abbreviations, by
which many bodies go."""


def remove_notes(folded: str) -> str:
    """A case-folded name without notes; the name as it is where nothing else would be left.

    Notes are: what follows "born in"; in brackets what begins with a word for a note, what repeats the name in
    another script, and what abbreviates it by its first letters. Other words in brackets stay ("(Somalia)").
    """
    text = _BORN.sub("", folded)
    if "(" in text or "[" in text or "（" in text:
        rest = _BRACKETED.sub(" ", text)
        text = _BRACKETED.sub(lambda found: " " if _is_note(_content(found), rest) else found[0], text)
    return text if any(char.isalnum() for char in text) else folded


def find_renderings(name: str) -> list[str]:
    """What stands in brackets behind a name in another script: the same name, in one spelling or several."""
    if name.isascii() or not any(bracket in name for bracket in "([（"):
        return []
    rest = script_of(_BRACKETED.sub(" ", name))
    found = (part.strip() for match in _BRACKETED.finditer(name) for part in _content(match).split(";"))
    return [text for text in found if rest and (script := script_of(text)) and script != rest]


def part_body_names(name: str) -> tuple[str, list[str]]:
    """An organisation's name without what it is also called, which stands in brackets behind it, and that.

    It is also called by a brand, which has capitals within ("KB Unmanned Helicopters (UAVHeli)"), and by a translation
    ("People's Union (Narodny Soyuz)"). A legal form, a country and other words ("(Overseas)") are no such name, and
    abbreviations are notes.
    """
    found = _BRACKETED_LAST.search(name)
    if found is None:
        return name, []
    rest, other = name[: found.start()], found[1].strip()
    return (rest, [other]) if _is_also_called(rest, other) else (name, [])


def _is_also_called(rest: str, other: str) -> bool:
    others, spelled = _WORD.findall(rest.casefold()), _WORD.findall(other.casefold())
    if not 0 < len(spelled) <= len(others) or not other[0].isalpha() or country_code(other):
        return False
    if len(spelled) > 1:
        return _translates(spelled, others)
    capitals = sum(map(str.isupper, other)) > 1 and not rest.isupper()
    return capitals and len(other) >= _SHORTEST_BRAND and bool(take_legal_forms(other.casefold())[0].strip())


def _translates(spelled: list[str], others: list[str]) -> bool:
    """Whether words say the same in another language: all but one of them."""
    senses = [translations_of(word) for word in others]
    common = sum(not known.isdisjoint(translations_of(word)) for word in spelled for known in senses)
    return set(spelled).isdisjoint(others) and common >= len(spelled) - 1


def _content(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3] or ""


def _is_note(content: str, rest: str) -> bool:
    spelled = _WORD.findall(content)
    if not spelled or spelled[0] in words.NOTE_WORDS or " ".join(spelled[:2]) in words.NOTE_WORDS:
        return True
    script, other = script_of(content), script_of(rest)
    return bool(script and other and script != other) or (len(spelled) == 1 and _abbreviates(spelled[0], rest))


def _abbreviates(word: str, rest: str) -> bool:
    """Whether a word is made of first letters of others, in their order; some may be left out."""
    if not 1 < len(word) <= _LONGEST_ACRONYM:
        return False
    initials = iter(other[0] for other in _WORD.findall(rest))
    return all(letter in initials for letter in word)
