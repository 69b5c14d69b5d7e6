"""Legal forms of organisations in their names, in all languages of the lists: found, taken out and named by kind.

The forms are those of legal_forms.toml and of rigour's table. Phrases are found by their first word, so that a name
costs one look-up a word however many phrases there are.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from pipeline.records.form_phrases import FormTable
from pipeline.records.scripts import MARKS, romanise_cyrillic, script_of
from pipeline.records.vendored import read_table

COMPANY = "co"
"""The form of words for a company or a group ("concern", "holding"), which go with any legal form and with none."""
_WORD = re.compile(rf"[\w{MARKS}]+(?:['’‘ʼ`´][\w{MARKS}]+)*")
_ASCII_WORD = re.compile("[a-z0-9]+(?:['`][a-z0-9]+)*")
_NO_LETTERS = re.compile(r"[\W_]")
_APOSTROPHES = re.compile(r"['’‘ʼ`´_]")
_OPENING, _CLOSING = "\"'“”„«»‹›‘’‚‛,(（「『", "\"'“”„«»‹›‘’‚‛,)）」』"
"""Marks within which a name stands: a short form before or behind one is at an end of a name."""
_SHORT_FORM, _SHORT_PHRASE = 2, 3
_EXACT = 4
"""Letters up to which a word's accents count ("año" is no ANO)."""
_STEM = 3
"""Letters by which a phrase with an open first word is found."""
_NUMERALS = frozenset(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"))
_UNMARKED = str.maketrans("łøđıſ", "lodis")
MAX_FORMS = 8
"""Legal forms that are taken out of a name at most: no body has more, and a text of nothing else stays cheap."""


class _Node(msgspec.Struct, gc=False):
    """A place in the tree of phrases: the next words, stems of the next words, and the kind of a phrase that ends."""

    words: dict[str, _Node] = {}
    stems: dict[str, _Node] = {}
    form: str = ""
    short: bool = False


def take_legal_forms(text: str) -> tuple[str, list[str]]:
    """A case-folded name without its legal forms, and these, sorted, each once.

    A form is the usual abbreviation where rigour's table knows one ("ag", "ooo"), otherwise its kind of
    legal_forms.toml ("jsc", "llc", "soe", "co"). The text's other characters stay as they are.
    """
    found: list[str] = []
    if not text.isascii():
        strings, forms = _strings()
        for spelled in dict.fromkeys(strings.findall(text)):
            found.append(forms[spelled])
            text = text.replace(spelled, " ")
    text = _take_phrases(text, found)
    for spelled, form in _abbreviations().find(text)[:MAX_FORMS]:
        if spelled in _NUMERALS:
            continue
        whole = _whole_word(spelled).search(text)
        start, end = whole.span() if whole else (0, 0)
        if len(spelled) > _SHORT_FORM or _is_at_an_end(text, start, end):
            text = f"{text[:start]} {text[end:]}"
            found.append(_name_form(spelled, form))
    return text, sorted(set(found))


def fold_word(word: str) -> str:
    """A case-folded word without accents and apostrophes, as phrases are compared; short words keep their accents."""
    return word if word.isascii() and word.isalnum() else _fold_marked(word)


@lru_cache(maxsize=16384)
def _fold_marked(word: str) -> str:
    plain = _APOSTROPHES.sub("", word)
    if len(plain) <= _EXACT:
        return plain
    parts = unicodedata.normalize("NFD", plain.translate(_UNMARKED))
    return unicodedata.normalize("NFC", "".join([part for part in parts if not unicodedata.combining(part)]))


def _take_phrases(text: str, found: list[str]) -> str:
    root, plain = _phrases(), text.isascii()
    first, stems = root.words, root.stems
    pattern = _ASCII_WORD if plain else _WORD
    folded = pattern.findall(text)
    if not plain or "'" in text or "`" in text:
        folded = [fold_word(word) for word in folded]
    likely = [at for at, word in enumerate(folded) if word in first or word[:_STEM] in stems]
    if not likely:
        return text
    words = [(bare, *match.span()) for bare, match in zip(folded, pattern.finditer(text), strict=True)]
    kept, copied, behind = [], 0, 0
    for at in likely:
        if at < behind or len(found) >= MAX_FORMS:
            continue
        length, form = _longest_phrase(root, words, at, text)
        if length:
            kept.append(text[copied : words[at][1]])
            behind = at + length
            copied = words[behind - 1][2]
            found.append(form)
    return " ".join([*kept, text[copied:]]) if kept else text


def _longest_phrase(root: _Node, words: list[tuple[str, int, int]], at: int, text: str) -> tuple[int, str]:
    """The number of words of the longest phrase that begins at a word, and its form; 0 if there is none."""
    best, form = 0, ""
    open_nodes, length = [root], 0
    while open_nodes and at + length < len(words):
        word = words[at + length][0]
        open_nodes = [follower for node in open_nodes for follower in _follow(node, word, length == 0)]
        length += 1
        for node in open_nodes:
            if node.form and (not node.short or _is_at_an_end(text, words[at][1], words[at + length - 1][2])):
                best, form = length, node.form
    return best, form


def _follow(node: _Node, word: str, first: bool) -> Iterator[_Node]:
    if exact := node.words.get(word):
        yield exact
    if first:
        node = node.stems.get(word[:_STEM], _NOWHERE)
    for stem, follower in node.stems.items():
        if word.startswith(stem):
            yield follower


@lru_cache(maxsize=4096)
def _whole_word(spelled: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(spelled)}(?!\w)")


def _is_at_an_end(text: str, start: int, end: int) -> bool:
    """Two letters are a legal form before or after a name ("AS", "PT"), but words within it ("in", "at")."""
    before, after = text[:start].rstrip(" .-_"), text[end:].lstrip(" .-_")
    if not before or not after or before[-1] in _CLOSING or after[0] in _OPENING:
        return True
    return not any(map(str.isalnum, before)) or not any(map(str.isalnum, after))


@lru_cache(maxsize=4096)
def _name_form(spelled: str, form: str) -> str:
    """The abbreviation of a form of rigour's table, or its kind if that can't be told from the abbreviation alone."""
    short = _NO_LETTERS.sub("", form)
    kinds = {kind for _, kind in _kinds().find(spelled)}
    return short if generic_form(short) in kinds or len(kinds) != 1 else kinds.pop()


def _abbreviate(phrase: str, kind: str) -> str:
    """The abbreviation by which rigour's table has a phrase, if it is known there to be of the kind; else the kind."""
    for spelled, form in _abbreviations().find(phrase):
        short = _name_form(spelled, form)
        if spelled == phrase and generic_form(short) == generic_form(kind):
            return short
    return kind


@lru_cache(maxsize=4096)
def generic_form(form: str) -> str:
    """The kind of a legal form across countries ("ag" and "ao" are "jsc"), the form itself if unknown."""
    return _kinds().replace(form)


@cache
def _abbreviations() -> FormTable:
    return FormTable(read_table("legal_forms", dict[str, dict[str, str]])["compare"])


@cache
def _kinds() -> FormTable:
    return FormTable(read_table("legal_forms", dict[str, dict[str, str]])["generic"])


@cache
def _table() -> dict[str, dict[str, str]]:
    text = files("pipeline.records").joinpath("legal_forms.toml").read_text("utf-8")
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    return table


@cache
def _phrases() -> _Node:
    """The tree of all phrases; stems of first words are found by their first letters.

    Cyrillic phrases of several words are in it in Latin letters too, but where the table has these itself.
    """
    stated: list[tuple[Sequence[str], str, str]] = []
    romanised: list[tuple[Sequence[str], str, str]] = []
    for kind, phrases in _table()["phrases"].items():
        for phrase in map(str.strip, phrases.replace("\n", "|").split("|")):
            if words := [word for word in re.split(r"[\s.\-/]+", phrase.casefold()) if word]:
                stated.append(([fold_word(word) for word in words], kind, phrase))
                if len(words) > 1 and script_of(phrase) == "Cyrillic":
                    romanised += [(spelt, kind, phrase) for spelt in dict.fromkeys(_romanise(words))]
    root = _Node({}, {})
    for spelt, kind, phrase in (*romanised, *stated):  # the last one of equal ones counts
        _plant(root, spelt, kind, phrase)
    return root


def _romanise(words: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """A phrase as each system spells it: no writer mixes them."""
    return zip(*map(romanise_cyrillic, words), strict=True)


def _plant(root: _Node, words: Sequence[str], kind: str, phrase: str) -> None:
    node = root
    for at, word in enumerate(words):
        stem = word.endswith("*")
        branches = node.stems if stem else node.words
        text = word.rstrip("*")
        if stem and at == 0:
            branches = branches.setdefault(text[:_STEM], _Node({}, {})).stems
        node = branches.setdefault(text, _Node({}, {}))
    node.form = kind if kind == COMPANY else _abbreviate(phrase, kind)
    node.short = kind != COMPANY and len(words) == 1 and len(words[0]) <= _SHORT_PHRASE


@cache
def _strings() -> tuple[re.Pattern[str], dict[str, str]]:
    """Forms of scripts without blanks; longer ones first."""
    forms = {spelled: kind for kind, several in _table()["strings"].items() for spelled in several.split()}
    longest = sorted(forms, key=lambda spelled: (-len(spelled), spelled))
    return re.compile("|".join(map(re.escape, longest))), forms


_NOWHERE = _Node({}, {})
