"""The comparison level of two name tokens: spelling, variants, sound, and transliteration.

Words in Latin letters that contradict may still be one word with several slips (`are_slips_apart`); such names
contradict less than others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import cdist

from pipeline.matching.names import levels
from pipeline.matching.names.levels import Likeness
from pipeline.matching.names.organisation_words import meanings, senses
from pipeline.matching.names.prints import NamePrint, TokenPrint
from pipeline.matching.names.script_words import (
    ABJADS,
    are_an_edit_apart,
    are_other_syllables,
    differ_in_a_vowel,
    fold_abjad,
    fold_han,
    is_derived,
    sound_alike,
)
from pipeline.matching.names.sounds import romanised_sounds, sound_of
from pipeline.matching.names.spellings import MOST_EDITS, are_variants
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT, MAX_LENGTH
from pipeline.matching.names.transliteration.likelihood import (
    LEAST,
    find_ratios,
    likelihood_of,
    ratio_below,
    weigh_ratio,
)
from pipeline.matching.names.transliteration.model import plain_form
from pipeline.matching.operations import DONE

_MIN_EDIT = 4
"""The fewest letters of a word at the level EDIT: one edit turns a word of three letters into too many others."""
_LONG = 7
"""The fewest letters of a word that two edits leave near, however it then sounds."""
_SHORTEST_ROMANISED = 6
"""The fewest letters of words that two systems of romanisation spelt. A choice: of shorter words other words have what
the systems differ in."""
_LIKE_SOUND = 0.66
_LIKE_SOUND_OF_FOUR = 0.75
"""The least similarity (normalised Levenshtein) of the sounds of near words, higher for words of four letters."""
SHORTEST_CUT = 3
"""The fewest letters that a word cut short keeps."""
_FAR = MOST_EDITS + 1
"""Edits from which two spellings are two names, however alike they sound (Sanchez and Sancho, Darla and Darlene): of
such pairs in name_bench and entity_bench one in 24 is of one name."""
_LATIN = ("Latin", "")
_OPEN = ("", levels.ALIGNED)
"""What _quick_level returns where a likelihood ratio tells."""
_SURE_RATIO = ratio_below(levels.SURE)
"""The likelihood ratio that ALIGNED words exceed, hundredths of a bit."""
_BY_LETTER = 500
_LEAST_BY_LETTER = 1050
"""Hundredths of a bit that an alignment says more, and at least, where the word's romanisation by a table (plain_form)
is spelt or sounds like the Latin word. In words of the corridors' data (20,000 each) equal spelling says 12 (Arabic) to
18.6 (Russian), equal sound of five letters or more 13.5 to 15.6, and most of these words are foreign names: names of a
script's own people are spelt so more often."""


def token_level(x: TokenPrint, y: TokenPrint) -> Likeness:
    """The strongest level that two tokens reach, or DIFFERENT. The order of the tokens does not matter."""
    level = _quick_level(x, y)
    if level not in _OPEN:
        return Likeness(level)
    source, latin = _source_first(x, y)
    ratio = likelihood_of(BY_SCRIPT[source.script].name).ratio(source.text, latin.forms[0], LEAST)
    return _align(ratio, by_letter=level == levels.ALIGNED)


def token_levels(pairs: Sequence[tuple[TokenPrint, TokenPrint]]) -> list[Likeness]:
    """The levels of many pairs of tokens (token_level), with all likelihood ratios of a script computed together."""
    quick = [_quick_level(x, y) for x, y in pairs]
    found = [Likeness(level) for level in quick]
    open_places = [at for at, level in enumerate(quick) if level in _OPEN]
    words = [_source_first(*pairs[at]) for at in open_places]
    ratios = _find_ratios([(source.text, source.script, latin.forms[0]) for source, latin in words], LEAST)
    for at, ratio in zip(open_places, ratios, strict=True):
        found[at] = _align(ratio, by_letter=quick[at] == levels.ALIGNED)
    return found


def _align(ratio: int, *, by_letter: bool) -> Likeness:
    """How a word in another script and a Latin one are alike, by their likelihood ratio."""
    if not by_letter and ratio <= LEAST:
        return Likeness(levels.DIFFERENT)
    aligned = weigh_ratio(ratio)
    if by_letter:
        aligned = max(aligned + _BY_LETTER, _LEAST_BY_LETTER)
    return Likeness(levels.ALIGNED if aligned >= levels.SURE else levels.FAINT, aligned)


def _source_first(x: TokenPrint, y: TokenPrint) -> tuple[TokenPrint, TokenPrint]:
    """The token in another script, and the Latin one."""
    return (y, x) if x.script in _LATIN else (x, y)


def _quick_level(x: TokenPrint, y: TokenPrint) -> str:
    """The level of two tokens, or one of _OPEN if it takes a likelihood ratio, a hundred times as costly as all else.

    ALIGNED then says that the plain romanisation of one is spelt or sounds like the other.
    """
    if x.text == y.text:
        return levels.SAME
    x_latin, y_latin = x.script in _LATIN, y.script in _LATIN
    if x_latin and y_latin:
        return _latin_level(x, y)
    if x.kind == "core" and (level := _sense_level(x.text, y.text)):
        return level
    if x_latin or y_latin:
        return _quick_cross_level(y, x) if x_latin else _quick_cross_level(x, y)
    return _same_script_level(x, y) if x.script == y.script else _forms_level(x, y)


def _sense_level(a: str, b: str) -> str:
    """The level of two words of organisations by what they mean, "" if they mean nothing in common."""
    if not meanings(a).isdisjoint(meanings(b)):
        return levels.VARIANT
    return "" if senses(a).isdisjoint(senses(b)) else levels.TRANSLATION


def is_latin(script: str) -> bool:
    """Whether words of a script are compared by their letters: Latin words, and words without letters."""
    return script in _LATIN


def is_learnt(script: str) -> bool:
    """Whether words of a script can be compared with Latin words without a plain romanisation."""
    return script in _LATIN or script in BY_SCRIPT


def _latin_level(x: TokenPrint, y: TokenPrint) -> str:
    a, b = x.forms[0], y.forms[0]
    if a == b or (len(x.forms) + len(y.forms) > 2 and not set(x.forms).isdisjoint(y.forms)):
        return levels.FOLDED
    if x.kind == "core":
        if level := _sense_level(x.text, y.text):
            return level
        if are_romanised_alike(a, b):
            return levels.SOUND
    elif are_variants(a, b):
        return levels.VARIANT
    elif is_derived(x.sound, y.sound):
        return levels.DIFFERENT
    elif (
        min(len(a), len(b)) >= SHORTEST_CUT and abs(len(a) - len(b)) > 1 and (a.startswith(b) or b.startswith(a))
    ):  # a short form, or a field of fixed width
        return levels.NEAR
    return _spelling_level(a, b, x.sound, y.sound)


def are_romanised_alike(a: str, b: str) -> bool:
    """Whether two Latin spellings of an organisation's word may be romanisations of one Cyrillic word."""
    if min(len(a), len(b)) < _SHORTEST_ROMANISED or abs(len(a) - len(b)) > len(a) // 3:
        return False
    return not romanised_sounds(a).isdisjoint(romanised_sounds(b))


def _spelling_level(a: str, b: str, sound_a: str, sound_b: str) -> str:
    shorter = min(len(a), len(b))
    if shorter < 2 or not (a.isalpha() and b.isalpha()):
        return levels.DIFFERENT
    if sound_a == sound_b and (shorter > 2 or len(a) != len(b)):
        return levels.SOUND
    if are_other_syllables(a, b):
        return levels.DIFFERENT
    distance = OSA.distance(a, b, score_cutoff=MOST_EDITS)
    if distance == 1 and shorter >= _MIN_EDIT:
        return levels.EDIT
    if distance == _FAR:
        return levels.DIFFERENT
    near = _is_near(shorter, distance, sound_a, sound_b) or (distance == 1 and shorter > 2 and a[0] == b[0])
    return levels.NEAR if near else levels.DIFFERENT


def _is_near(shorter: int, distance: int, sound_a: str, sound_b: str) -> bool:
    """Whether two Latin spellings are near, by their edit distance and their sounds.

    The limits were set so that fewer than one of 1,000 random pairs is near, whatever the length of the shorter word.
    In 200,000 pairs a length of the words of data/rarity.json.xz, drawn with equal chances, this is so for 2 of
    10,000 at three letters, 3 at four, 8 at five, 9 at six, 6 at seven, 6 at eight, 9 at nine. If words are drawn by
    how often people bear them it is 13 to 64 of 10,000, because spellings of one name are among the frequent ones.
    """
    if shorter >= _LONG and distance == 2:
        return True
    similar = Levenshtein.normalized_similarity(sound_a, sound_b, score_cutoff=_LIKE_SOUND)
    return similar >= _LIKE_SOUND_OF_FOUR if shorter == 4 else shorter > 4 and similar > 0


def _quick_cross_level(source: TokenPrint, latin: TokenPrint) -> str:
    form = latin.forms[0]
    if not form or len(source.text) > MAX_LENGTH or len(form) > MAX_LENGTH:
        return levels.DIFFERENT
    corridor = BY_SCRIPT.get(source.script)
    if corridor is None:
        # by the plain romanisation of a script without a model
        if source.forms[0] == form:
            return levels.SOUND
        return _spelling_level(source.forms[0], form, source.sound, latin.sound)
    plain = plain_form(source.text, source.script)
    if plain == form or (min(len(plain), len(form)) > _MIN_EDIT and sound_of(plain) == latin.sound):
        return levels.ALIGNED
    person = source.kind != "core"
    if not person and are_romanised_alike(plain, form):
        return levels.ALIGNED
    if not process.extractOne(
        form, source.forms, scorer=Levenshtein.normalized_similarity, score_cutoff=corridor.alike
    ):
        return levels.DIFFERENT
    if person and form not in source.forms:
        spelt = source.forms if source.script == "Cyrillic" else (plain,)
        if any(is_derived(sound_of(one), latin.sound) for one in spelt):
            return levels.DIFFERENT
    return ""


def may_be_written(words: Sequence[tuple[str, str, TokenPrint]]) -> list[bool]:
    """Whether words in other scripts, each with its script, may reach more than FAINT with a Latin word each.

    The answer needs no Latin forms of the words: finding them costs ten times as much as a likelihood ratio.
    """
    found = [_quick_written(*word) for word in words]
    open_places = [at for at, written in enumerate(found) if written is None]
    asked = [words[at] for at in open_places]
    ratios = _find_ratios([(text, script, latin.forms[0]) for text, script, latin in asked], _SURE_RATIO)
    for at, ratio in zip(open_places, ratios, strict=True):
        found[at] = ratio > _SURE_RATIO
    return [bool(one) for one in found]


def _quick_written(text: str, script: str, latin: TokenPrint) -> bool | None:
    """The same of one word; None if it needs a likelihood ratio."""
    form = latin.forms[0]
    if not form or len(text) > MAX_LENGTH or len(form) > MAX_LENGTH:
        return False
    if script not in BY_SCRIPT or (latin.kind == "core" and senses(text)):
        return True
    plain = plain_form(text, script)
    alike = plain == form or sound_of(plain) == latin.sound or are_romanised_alike(plain, form)
    return True if alike else None


def _find_ratios(words: Sequence[tuple[str, str, str]], least: int) -> list[int]:
    """The likelihood ratios of words in other scripts, each with its script and a Latin spelling.

    Those of a script are computed together.
    """
    by_script: dict[str, list[int]] = {}
    for at, (_, script, _) in enumerate(words):
        by_script.setdefault(script, []).append(at)
    found = [0] * len(words)
    for script, places in by_script.items():
        pairs = [(words[at][0], words[at][2]) for at in places]
        ratios = find_ratios(BY_SCRIPT[script].name, pairs, least)
        for at, ratio in zip(places, ratios, strict=True):
            found[at] = ratio
    return found


def _same_script_level(x: TokenPrint, y: TokenPrint) -> str:
    if x.script == "Han":
        # by the characters: hundreds of them share each syllable
        if fold_han(x.text) == fold_han(y.text):
            return levels.FOLDED
        return levels.NEAR if x.forms[-1] == y.forms[-1] and len(x.text) == len(y.text) else levels.DIFFERENT
    if x.script in ABJADS:
        return _abjad_level(x, y)
    if x.forms == y.forms:
        return levels.SOUND
    if min(len(x.text), len(y.text)) >= _MIN_EDIT and OSA.distance(x.text, y.text, score_cutoff=1) == 1:
        return levels.EDIT
    return _forms_level(x, y)


def _abjad_level(x: TokenPrint, y: TokenPrint) -> str:
    """The level of two words in a script that leaves out vowels.

    A further vowel letter may make another name in Arabic, but not in Hebrew.
    """
    one, other = fold_abjad(x.text), fold_abjad(y.text)
    if one == other:
        return levels.FOLDED
    if sound_alike(one, other) or x.forms == y.forms:
        return levels.SOUND
    if are_an_edit_apart(one, other):
        return levels.EDIT
    if differ_in_a_vowel(one, other, x.script):
        return levels.EDIT if x.script == "Hebrew" and len(one) >= _MIN_EDIT else levels.NEAR
    return levels.DIFFERENT


def _forms_level(x: TokenPrint, y: TokenPrint) -> str:
    if not set(x.forms).isdisjoint(y.forms):
        return levels.SOUND
    some, others = ([form for form in token.forms[:4] if len(form) > 3] for token in (x, y))
    if not some or not others:
        return levels.DIFFERENT
    near = process.cdist(some, others, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8).min() <= 1
    alike = near or not {sound_of(form) for form in some}.isdisjoint([sound_of(form) for form in others])
    return levels.NEAR if alike else levels.DIFFERENT


RESEMBLANCE = 0.6
"""Share of letters without a slip (OSA) from which a word that contradicts may be the same one with two or three slips:
m of one person's given names, 1 or 2 in 100 in careless records, against the share of brothers whose names are so."""

SHORTEST_ALIKE = 4
"""Letters: of shorter words most that are so alike are others."""

_ROUNDING = 0.01
"""How much less than RESEMBLANCE is let pass: cdist counts in single precision."""

NameIndices = tuple[int, int]
"""A name of each of two entities, by their numbers."""


def are_slips_apart(x: str, y: str) -> bool:
    """Whether two spellings differ in two slips and more, but are one word's by their other letters.

    A single slip would have made them agree, unless a rule of this package holds them apart (Kyong and Yong), as it
    does where one begins with the other (Roman, Romanov).
    """
    if min(len(x), len(y)) < SHORTEST_ALIKE or x.startswith(y) or y.startswith(x):
        return False
    longer = max(len(x), len(y))
    slips = OSA.distance(x, y, score_cutoff=longer // 2)
    return slips > 1 and 1 - slips / longer >= RESEMBLANCE


def find_resembling(a: tuple[NamePrint, ...], b: tuple[NamePrint, ...]) -> frozenset[NameIndices]:
    """The pairs of names with words that are slips apart, at the cost of aligning two or three pairs."""
    some, others = _latin_words(a), _latin_words(b)
    if not some or not others:
        return frozenset()
    DONE.operations += len(some) * len(others) // 5
    alike = cdist(list(some), list(others), scorer=OSA.normalized_similarity, score_cutoff=RESEMBLANCE - _ROUNDING)
    words, held = list(some.items()), list(others.items())
    found: set[NameIndices] = set()
    for s, t in zip(*[places.tolist() for places in alike.nonzero()], strict=True):
        (x, rows), (y, columns) = words[s], held[t]
        DONE.operations += 1
        if are_slips_apart(x, y):
            DONE.operations += len(rows) * len(columns) // 10
            found.update(product(rows, columns))
    return frozenset(found)


def _latin_words(names: tuple[NamePrint, ...]) -> dict[str, list[int]]:
    """The names, by number, in which each spelling is; words too short to resemble others are left out."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        for token in name.tokens:
            form = token.forms[0]
            if len(form) >= SHORTEST_ALIKE and is_latin(token.script):
                found.setdefault(form, []).append(at)
    return found
