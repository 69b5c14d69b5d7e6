"""The shapes of name tokens and of runs of them, as arrays, which tell most apart before they are compared.

All words of some names are compared with all words of others at once, in C, at a tenth of the cost of single pairs. Of
runs of neighbouring words the arrays say how many letters each has, and which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, pairwise
from struct import Struct
from typing import NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import cdist, cpdist

from pipeline.matching.names.organisation_words import senses
from pipeline.matching.names.prints import MAX_ACRONYM, TokenPrint, letter_span
from pipeline.matching.names.sounds import blur, sound_of
from pipeline.matching.names.spellings import BEGINNING, MOST_EDITS, classes_of, letters_of
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.matching.names.transliteration.model import plain_form
from pipeline.matching.ragged import Index

Marked = NDArray[np.bool_]
IntegerArray = NDArray[np.int32] | NDArray[np.int64]
Letters = NDArray[np.uint64]


class RunTable(NamedTuple):
    """Runs of two words and more, or of one with its particle: their first places, their words, all their letters.

    `least` and `most` are their numbers of letters in Latin forms.
    """

    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]
    lengths: IntegerArray
    letters: Letters
    least: IntegerArray
    most: IntegerArray


def grow_runs(
    lengths: IntegerArray, letters: Letters, spans: IntegerArray, glued: Marked, ends: IntegerArray
) -> RunTable:
    """Runs of one place after the other, up to MAX_ACRONYM of them, of the letters of each place.

    `glued` marks places with a particle, `ends` gives for each the end of its name.
    """
    within = np.arange(len(lengths)) + np.arange(1, MAX_ACRONYM + 1)[:, None] <= ends
    within[0] = glued
    sizes, starts = np.nonzero(within)
    sizes += 1
    stops = starts + sizes
    sums = np.zeros((3, len(lengths) + 1), np.int64)
    np.cumsum([lengths, *spans], 1, out=sums[:, 1:])
    of_lengths, least, most = sums[:, stops] - sums[:, starts]
    both = np.stack([starts, stops], 1).ravel()
    of_letters = np.bitwise_or.reduceat(np.append(letters, np.uint64(0)), both)[::2] if len(starts) else letters[:0]
    return RunTable(starts, sizes, of_lengths, of_letters, least, most)


_Text = TypeVar("_Text")

_DENSE = 4
"""As many times as many pairs of words as are asked for are compared at most, where that takes a single call."""

_REMEMBERED = 50_000
"""Shapes that are kept of each kind of token; when so many are, all are forgotten and made anew. 50,000 Latin words
take 12 MB."""


class Shape(NamedTuple):
    """What can make a token like another one: its spelling, and its letters and sound as packed numbers.

    `forms` are the likeliest Latin spellings of a word in another script; a Latin word must have at least the
    similarity `alike` to one of them. A token without spelling and forms may be like any other.
    """

    packed: bytes
    spelling: str = ""
    forms: tuple[str, ...] = ()
    alike: float = 0.0


_PACK = Struct("=8Q").pack
"""Sound, beginning, senses, letters, how many, the least and the most in Latin forms, script: as Shapes has them."""

_of_people: dict[str, Shape] = {}
_of_organisations: dict[str, Shape] = {}
_of_initials: dict[str, Shape] = {}
_REMEMBERED_BY_KIND = {"core": _of_organisations, "initial": _of_initials}
"""By the texts of words."""
_scripts: dict[str, int] = {}
"""The numbers of scripts, in the order in which they are met."""


def shape_of(token: TokenPrint) -> Shape:
    """The shape of a token, which is cached."""
    shapes = _REMEMBERED_BY_KIND.get(token.kind, _of_people)
    found = shapes.get(token.text)
    if found is None:
        if len(shapes) >= _REMEMBERED:
            shapes.clear()
        found = shapes[token.text] = _make_shape(token)
    return found


class Shapes:
    """The shapes of some tokens, side by side.

    A place in each of these for every token: `sounds` and `beginnings`, equal in words that sound or begin alike;
    `senses`, a bit for each class of variants, or meaning; `letters`, a bit each, and how many, `lengths`; `spans`, two
    rows, the least and the most letters in Latin forms; `scripts`, by script_number. `written` marks words of another
    script that have `forms`, `open` those that may be like any other, and the rest are in Latin letters.
    """

    def __init__(self, tokens: Sequence[TokenPrint]) -> None:
        shapes = [shape_of(token) for token in tokens]
        numbers = np.frombuffer(b"".join([shape.packed for shape in shapes]), np.uint64).reshape(-1, 8).T.copy()
        self.sounds, self.beginnings, self.senses, self.letters = numbers[:4]
        signed = numbers.view(np.int64)
        self.lengths, self.spans, self.scripts = signed[4], signed[5:7], signed[7]
        self.spellings = [shape.spelling for shape in shapes]
        self.forms = [shape.forms for shape in shapes]
        self.alike = np.array([shape.alike for shape in shapes])
        self.written = np.array([bool(forms) for forms in self.forms])
        self.open = ~self.written & np.array([not spelling for spelling in self.spellings])


def script_number(script: str) -> int:
    """The number of a script in Shapes.scripts."""
    return _scripts.setdefault(script, len(_scripts))


def are_alike(shapes: Shapes, some: Index, others: Index) -> Marked:
    """Whether shapes leave open that the tokens at `some[i]` and `others[i]` are alike, for each i."""
    alike: Marked = shapes.sounds[some] == shapes.sounds[others]
    alike |= shapes.beginnings[some] == shapes.beginnings[others]
    alike |= shapes.senses[some] & shapes.senses[others] != 0
    written, others_written = shapes.written[some], shapes.written[others]
    either = written | others_written
    near = np.flatnonzero(~alike & ~either & _may_be_edited(shapes, some, others))
    alike[near] = _are_edited(shapes, some[near], others[near])
    alike |= shapes.open[some] | shapes.open[others]
    if either.any():
        left = np.flatnonzero(~alike & (written != others_written))
        source = np.where(written[left], some[left], others[left])
        pairs, at = np.unique(source * len(shapes.spellings) + some[left] + others[left] - source, return_inverse=True)
        alike[left] = _are_written(shapes, *np.divmod(pairs, len(shapes.spellings)))[at]
        foreign = np.flatnonzero(written & others_written)
        alike[foreign] = _are_foreign_alike(shapes, some[foreign], others[foreign])
    return alike


def _may_be_edited(shapes: Shapes, some: Index, others: Index) -> Marked:
    """Whether letters leave open that so few edits part two words: one changes two of the set and one of the number."""
    found: Marked = np.abs(shapes.lengths[some] - shapes.lengths[others]) <= MOST_EDITS
    found &= np.bitwise_count(shapes.letters[some] ^ shapes.letters[others]) <= 2 * MOST_EDITS
    return found


def _are_edited(shapes: Shapes, some: Index, others: Index) -> Marked:
    one, other = _texts_at(shapes.spellings, some), _texts_at(shapes.spellings, others)
    edits = cpdist(one, other, scorer=OSA.distance, score_cutoff=MOST_EDITS, dtype=np.uint8)
    found: Marked = edits <= MOST_EDITS
    return found


def _texts_at(texts: Sequence[_Text], places: Index) -> list[_Text]:
    return [texts[at] for at in places.tolist()]


def _are_written(shapes: Shapes, words: Index, latin: Index) -> Marked:
    """Whether words in another script have a form that is as similar to a Latin one as the corridor requires.

    Equal words stand side by side. If most words meet most Latin ones, all are compared with all, else each word with
    its own: single pairs would take ten times as long.
    """
    some, row = np.unique(words, return_inverse=True)
    others, column = np.unique(latin, return_inverse=True)
    if len(some) * len(others) <= _DENSE * len(words):
        return _compare_written(shapes, some, others)[row, column]
    found = np.zeros(len(words), np.bool_)
    starts = np.searchsorted(row, np.arange(len(some) + 1)).tolist()
    for start, stop in pairwise(starts):
        found[start:stop] = _compare_written(shapes, words[start : start + 1], latin[start:stop])[0]
    return found


def _compare_written(shapes: Shapes, words: Index, latin: Index) -> Marked:
    """The same of each of some words with each of some Latin ones: shape (words, latin)."""
    if not len(words):
        return np.zeros((0, len(latin)), np.bool_)
    forms, alike = _texts_at(shapes.forms, words), shapes.alike[words]
    # In double precision what just misses the limit is 0, as it is where single pairs are compared.
    near = cdist(
        list(chain.from_iterable(forms)), _texts_at(shapes.spellings, latin), dtype=np.float64,
        scorer=Levenshtein.normalized_similarity, score_cutoff=float(alike.min()),
    )  # fmt: skip
    starts = list(accumulate(map(len, forms[:-1]), initial=0))
    found: Marked = np.maximum.reduceat(near, starts) >= alike[:, None]
    return found


def _are_foreign_alike(shapes: Shapes, some: Index, others: Index) -> Marked:
    """Words in other scripts: all of one script, of two those whose likely forms are near or sound alike."""
    found: Marked = shapes.scripts[some] == shapes.scripts[others]
    apart = np.flatnonzero(~found)
    told: dict[tuple[int, int], bool] = {}
    for at, pair in zip(apart.tolist(), zip(some[apart].tolist(), others[apart].tolist(), strict=True), strict=True):
        if pair not in told:
            forms, held = shapes.forms[pair[0]], shapes.forms[pair[1]]
            near = cdist(forms, held, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8).min() <= 1
            told[pair] = bool(near) or not {*map(sound_of, forms)}.isdisjoint(map(sound_of, held))
        found[at] = told[pair]
    return found


def is_plain(token: TokenPrint) -> bool:
    """Whether a token consists of the letters a to z and has itself as its only form."""
    text, forms = token.text, token.forms
    return forms[0] == text and len(forms) == 1 and text.isascii() and text.isalpha()


def _make_shape(token: TokenPrint) -> Shape:
    text, core = token.text, token.kind == "core"
    written = (letters_of(text), len(text), *letter_span(token), script_number(token.script))
    if token.kind != "initial":
        known: Iterable[int] = [crc32(sense.encode()) for sense in senses(text)] if core else classes_of(text)
        if len(text) > 1 and is_plain(token):
            of_senses = sum({1 << sense % 64 for sense in known})
            sound = blur(token.sound) if core else token.sound
            packed = _PACK(crc32(sound.encode()), crc32(text[:BEGINNING].encode()), of_senses, *written)
            return Shape(packed, text)
        corridor = BY_SCRIPT.get(token.script)
        if corridor is not None and not (core and known):
            sound = sound_of(plain_form(text, token.script))
            sound = blur(sound) if core else sound
            return Shape(_PACK(crc32(sound.encode()), 0, 0, *written), "", token.forms, corridor.alike)
    return Shape(_PACK(0, 0, 0, *written))
