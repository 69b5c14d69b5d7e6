"""Finds the spellings of legal forms that a table has in a name, exactly as rigour does (its names/matcher.rs).

A spelling counts where neither a word character stands before it nor one behind it. Of those that overlap the first
counts, of those that begin together the longest. Spellings are found by their first word: a name costs one look-up a
word, however many the table has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from pipeline.records.vendored import read_table

_ASCII_WORD = re.compile("[0-9a-z_]+")
_LOWERED = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""ASCII letters alone are compared whatever their case: names are case-folded before, and lengths must not change."""
_CAPITAL = re.compile("[A-Z]")
_LAST_OF_PLANE = 0xFFFF
_BEYOND_PLANE = re.compile("[\U00010000-\U0010ffff]")


class FormTable:
    """Spellings of legal forms, each with what stands for it ("gmbh", "llc"), ready to be found in names."""

    def __init__(self, forms: Mapping[str, str]) -> None:
        """`forms` are case-folded spellings, not empty."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for spelled in sorted(forms, key=len, reverse=True):
            first = _words_in(spelled).match(spelled)
            found[first[0] if first else spelled[0]].append(spelled)
        self._forms = forms
        self._by_word = {first: tuple(several) for first, several in found.items() if _words_in(first).match(first)}
        self._by_mark = {first: tuple(several) for first, several in found.items() if first not in self._by_word}
        self._marks = re.compile("|".join(map(re.escape, self._by_mark)) or "(?!)")

    def find(self, text: str) -> list[tuple[str, str]]:
        """The spellings in a case-folded text, as they stand in it, each with what stands for it; in their order."""
        spans = self._spans(text)
        return [(text[start:end], form) for start, end, form in spans] if spans else []

    def replace(self, text: str) -> str:
        """The text with what stands for each spelling in its place; as it is where nothing would be left."""
        parts, copied = [], 0
        for start, end, form in self._spans(text):
            parts += [text[copied:start], form]
            copied = end
        return "".join([*parts, text[copied:]]) or text

    def _spans(self, text: str) -> Sequence[tuple[int, int, str]]:
        if text.isascii():
            plain, words = text.lower(), _ASCII_WORD
        else:
            plain, words = text.translate(_LOWERED) if _CAPITAL.search(text) else text, _words_in(text)
        marked = self._marks.search(plain)
        if not marked and self._by_word.keys().isdisjoint(words.findall(plain)):
            return ()
        begun = [(at.start(), self._by_word[at[0]]) for at in words.finditer(plain) if at[0] in self._by_word]
        if marked:
            begun += [(at.start(), self._by_mark[at[0]]) for at in self._marks.finditer(plain)]
            begun.sort()
        found, behind = [], 0
        for start, several in begun:
            if start < behind or (start and words.match(plain, start - 1)):
                continue
            for spelled in several:
                end = start + len(spelled)
                if plain.startswith(spelled, start) and not words.match(plain, end):
                    found.append((start, end, self._forms[spelled]))
                    behind = end
                    break
        return found


def _words_in(text: str) -> re.Pattern[str]:
    """What matches a word of the text: the class of all planes is slow, and hardly ever needed."""
    if text.isascii():
        return _ASCII_WORD
    return _word_pattern(not _BEYOND_PLANE.search(text))


@cache
def _word_pattern(one_plane: bool) -> re.Pattern[str]:
    ranges = read_table("characters", dict[str, list[tuple[int, int]]])["word"]
    return re.compile(f"{as_class(ranges, _LAST_OF_PLANE if one_plane else None)}+")


def as_class(ranges: Sequence[tuple[int, int]], most: int | None = None) -> str:
    """A regular expression's class of the characters in ranges of code points, of those up to `most` if it is given."""
    held = [(first, last) for first, last in ranges if most is None or first <= most]
    return "[{}]".format("".join([f"\\U{first:08x}-\\U{last:08x}" for first, last in held]))
