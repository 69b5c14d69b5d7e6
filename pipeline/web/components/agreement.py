"""How two values agree, at a glance: a symbol in a hue of its own, and the characters in which they differ.

Pure but for the markup. A symbol stands beside the words that say the same, so no reader depends on it or on a hue.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import htpy
from rapidfuzz.distance import Levenshtein

from pipeline.matching.explain.explanation import Item
from pipeline.matching.explain.wording import agreement
from pipeline.records.scripts import script_of
from pipeline.web.components.values import format_birth_date, render_name
from pipeline.web.i18n import Words

SYMBOLS: Final = {"for": "=", "near": "≈", "against": "≠", "quiet": "·"}
"""By what a comparison speaks: for, for but not alike, against, for neither."""

MOST_CHARS: Final = 200
"""Of a value in which differences are marked: beyond, a reader compares by other means, and we would too slowly."""

LEAST_ALIKE: Final = 0.5
"""The share of characters that two words have in common from which the rest is worth marking one by one."""


class Part(NamedTuple):
    """Some characters of a value, and whether the other value lacks them in this place."""

    text: str
    differs: bool


Parts = tuple[Part, ...]


def side_of(item: Item) -> str:
    """What a comparison speaks for, a key of SYMBOLS."""
    if item.bits < 0:
        return "against"
    if not item.bits:
        return "quiet"
    return "for" if item.value_a == item.value_b else "near"


def render_agreement(words: Words, item: Item) -> htpy.Element:
    """How well two values agree, in words behind the symbol."""
    side = side_of(item)
    return htpy.span(class_=f"agrees {side}")[
        htpy.i(aria_hidden="true")[SYMBOLS[side]], agreement(item, words.language)
    ]


def mark_differences(a: str, b: str, *, beyond: bool = True) -> tuple[Parts, Parts]:
    """Two values in parts, in those of which they differ; case and the order of words make no difference.

    Without `beyond` words of `b` are no difference where each word of `a` has its like among the others.

    Nothing is marked in values of two scripts, in long ones, and where hardly anything is alike: all of them differ.
    """
    whole = (Part(a, differs=False),), (Part(b, differs=False),)
    if not a or not b or max(len(a), len(b)) > MOST_CHARS or _fold(a) == _fold(b) or _scripts(a) != _scripts(b):
        return whole
    words_a, words_b = _split(a), _split(b)
    partners = _pair_words(words_a, words_b)
    if not partners:
        return whole
    lacks = beyond or len(partners) < sum(word[0].isalnum() for word in words_a)
    marked = {at: _mark_pair(words_a[at], words_b[other]) for at, other in partners.items()}
    back = {other: pair[1] for other, pair in zip(partners.values(), marked.values(), strict=True)}
    return (
        _join(marked[at][0] if at in marked else _mark_alone(word) for at, word in enumerate(words_a)),
        _join(back[at] if at in back else _mark_alone(word, lacks=lacks) for at, word in enumerate(words_b)),
    )


def mark_contradictions(asked: str, held: str) -> Parts:
    """What a record holds, in parts: those differ that contradict what was asked, not what goes beyond it."""
    return mark_differences(asked, held, beyond=False)[1]


def mark_date(words: Words, asked: str, held: str) -> Parts:
    """A birth date as pages write it; of a whole one the day, month or year differs that contradicts what was asked.

    Of two records that are compared each is asked for what the other holds.
    """
    said = format_birth_date(words, held)
    if not (_DATE.fullmatch(asked) and _WHOLE_DATE.fullmatch(held)) or len(tokens := said.split(" ")) != len("dmy"):
        return (Part(said, differs=False),)
    known = dict(enumerate(asked.split("-")))
    apart = [known.get(at, own) != own for at, own in enumerate(held.split("-"))]
    marked = zip(tokens, reversed(apart), strict=True)
    parts = [part for token, differs in marked for part in (Part(token, differs), Part(" ", differs=False))]
    return _join([parts[:-1]])


_DATE: Final = re.compile(r"\d{4}(-\d\d){0,2}")
_WHOLE_DATE: Final = re.compile(r"\d{4}(-\d\d){2}")


def render_parts(parts: Sequence[Part]) -> htpy.Node:
    """Parts of a value, those that differ marked; the cell's own words say how well both agree."""
    return [htpy.mark[part.text] if part.differs else part.text for part in parts]


def render_names(a: str, b: str, countries: tuple[str, str]) -> tuple[htpy.Node, htpy.Node]:
    """Two names as `render_name` shows them, the characters marked in which they differ.

    In names of two scripts nothing is marked: how one reads in Latin letters is our choice among many.
    """
    marked = mark_differences(a, b)
    first, second = (
        render_name(name, country, render_parts(parts))
        for name, parts, country in zip((a, b), marked, countries, strict=True)
    )
    return first, second


def _split(value: str) -> list[str]:
    """Words and what stands between them, in turns: letters and digits belong to words."""
    found: list[str] = []
    for sign in _clusters(value):
        if found and sign[0].isalnum() == found[-1][0].isalnum():
            found[-1] += sign
        else:
            found.append(sign)
    return found


def _pair_words(some: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Which word of `some` is which of `others`, the likest first; words that are not alike have no partner."""
    ranked = sorted(
        (
            (-_likeness(a, b), abs(at - other), at, other)
            for at, a in enumerate(some) if a[0].isalnum()
            for other, b in enumerate(others) if b[0].isalnum()
        )
    )  # fmt: skip
    pairs: dict[int, int] = {}
    for unlike, _, at, other in ranked:
        if -unlike >= LEAST_ALIKE and at not in pairs and other not in pairs.values():
            pairs[at] = other
    return pairs


def _likeness(a: str, b: str) -> float:
    return Levenshtein.normalized_similarity(_fold(a), _fold(b))


def _mark_alone(word: str, *, lacks: bool = True) -> Parts:
    """A word that the other value lacks differs as a whole; what stands between words never does."""
    return (Part(word, differs=lacks and word[0].isalnum()),)


def _mark_pair(a: str, b: str) -> tuple[Parts, Parts]:
    """Two words that are alike, by the fewest characters to be changed in the one to make it the other."""
    signs_a, signs_b = list(_clusters(a)), list(_clusters(b))
    steps = Levenshtein.opcodes([_fold(sign) for sign in signs_a], [_fold(sign) for sign in signs_b])
    parts_a = [Part("".join(signs_a[one.src_start : one.src_end]), one.tag != "equal") for one in steps]
    parts_b = [Part("".join(signs_b[one.dest_start : one.dest_end]), one.tag != "equal") for one in steps]
    return tuple(part for part in parts_a if part.text), tuple(part for part in parts_b if part.text)


def _join(words: Iterable[Sequence[Part]]) -> Parts:
    """The parts of all words, neighbours of one kind together."""
    joined: list[Part] = []
    for part in (part for word in words for part in word):
        if joined and joined[-1].differs == part.differs:
            joined[-1] = Part(joined[-1].text + part.text, part.differs)
        else:
            joined.append(part)
    return tuple(joined)


def _clusters(value: str) -> Iterator[str]:
    """Characters as a reader sees them: a letter with the marks that stand on it."""
    held = ""
    for sign in value:
        if held and not unicodedata.category(sign).startswith(("M", "Cf")):
            yield held
            held = ""
        held += sign
    if held:
        yield held


def _fold(value: str) -> str:
    return unicodedata.normalize("NFC", value).casefold()


def _scripts(value: str) -> set[str]:
    return {script_of(sign) for sign in value if sign.isalpha()}
