"""The shapes of name tokens and of runs of them, as arrays, which tell most apart before they are compared.

All words of some names are compared with all words of others at once, in C, at a tenth of the cost of single pairs. Of
runs of neighbouring words the arrays say how many letters each has, and which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import cdist

from pipeline.matching.names.organisation_words import senses
from pipeline.matching.names.prints import MAX_ACRONYM, TokenPrint, letter_span
from pipeline.matching.names.sounds import blur, sound_of
from pipeline.matching.names.spellings import BEGINNING, MOST_EDITS, classes_of, letters_of
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from pipeline.matching.names.transliteration.model import plain_form

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
    rows, the least and the most letters in Latin forms; `scripts`, by script_number. `plain`, `written` and `open` are
    the places of words in Latin letters, of those that have forms, and of others.
    """

    def __init__(self, tokens: Sequence[TokenPrint]) -> None:
        shapes = [shape_of(token) for token in tokens]
        numbers = np.frombuffer(b"".join([shape.packed for shape in shapes]), np.uint64).reshape(-1, 8).T.copy()
        self.sounds, self.beginnings, self.senses, self.letters = numbers[:4]
        signed = numbers.view(np.int64)
        self.lengths, self.spans, self.scripts = signed[4], signed[5:7], signed[7]
        self.spellings = [shape.spelling for shape in shapes]
        self.plain = [at for at, spelling in enumerate(self.spellings) if spelling]
        self.written: list[int] = []
        self.open: list[int] = []
        self.forms: list[tuple[str, ...]] = []
        self.alike: list[float] = []
        if len(self.plain) < len(shapes):
            for at, shape in enumerate(shapes):
                if shape.forms:
                    self.written.append(at)
                    self.forms.append(shape.forms)
                    self.alike.append(shape.alike)
                elif not shape.spelling:
                    self.open.append(at)


def script_number(script: str) -> int:
    """The number of a script in Shapes.scripts."""
    return _scripts.setdefault(script, len(_scripts))


def find_alike(some: Shapes, others: Shapes) -> list[list[int]]:
    """The pairs of tokens whose shapes leave open that they are alike, as indices into both."""
    edits = cdist(some.spellings, others.spellings, scorer=OSA.distance, score_cutoff=MOST_EDITS, dtype=np.uint8)
    alike: Marked = edits <= MOST_EDITS
    alike |= some.sounds[:, None] == others.sounds
    alike |= some.beginnings[:, None] == others.beginnings
    alike |= some.senses[:, None] & others.senses != 0
    alike[some.written] = True
    alike[:, others.written] = True
    alike[some.open] = True
    alike[:, others.open] = True
    if some.written and others.plain:
        alike[np.ix_(some.written, others.plain)] = _find_written(some, others)
    if others.written and some.plain:
        alike[np.ix_(some.plain, others.written)] = _find_written(others, some).T
    if some.written and others.written:
        alike[np.ix_(some.written, others.written)] = _find_foreign(some, others)
    return np.argwhere(alike).tolist()


def _find_written(some: Shapes, others: Shapes) -> Marked:
    """Pairs of a word in another script and a Latin one that sound alike or are as similar as the corridor requires."""
    latin = [others.spellings[at] for at in others.plain]
    forms, starts = _lay_out(some.forms)
    least = np.array(some.alike)
    # In double precision what just misses the limit is 0, as it is where single pairs are compared.
    near = cdist(
        forms, latin, scorer=Levenshtein.normalized_similarity, score_cutoff=float(least.min()), dtype=np.float64
    )
    alike: Marked = np.maximum.reduceat(near, starts) >= least[:, None]
    alike |= some.sounds[some.written, None] == others.sounds[others.plain]
    return alike


def _find_foreign(some: Shapes, others: Shapes) -> Marked:
    """Pairs of words in other scripts: all of one script, of two those whose likely forms are near or sound alike."""
    found: Marked = some.scripts[some.written, None] == others.scripts[others.written]
    if found.all():
        return found
    (forms, starts), (held, held_starts) = _lay_out(some.forms), _lay_out(others.forms)
    heard, held_sounds = [sound_of(form) for form in forms], [sound_of(form) for form in held]
    near = cdist(forms, held, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) <= 1
    near |= cdist(heard, held_sounds, scorer=OSA.distance, score_cutoff=0, dtype=np.uint8) == 0
    found |= np.logical_or.reduceat(np.logical_or.reduceat(near, starts), held_starts, axis=1)
    return found


def _lay_out(forms: Sequence[tuple[str, ...]]) -> tuple[list[str], list[int]]:
    """The forms of all words side by side, and where those of each word begin."""
    return [form for spelt in forms for form in spelt], list(accumulate(map(len, forms[:-1]), initial=0))


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
