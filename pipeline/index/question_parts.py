"""The parts of what an investigator types: where each stands, and what it is taken for. Pure.

A word is taken for what it looks like, unless one of FIELDS before it says what it is. Quotes hold words together.
Examples: `ivan petrov 1980-05`, `plate:AB?12*`, `"Nord Trade" city:Лион`,
`type:person name:"Ivan Petrov" nickname:Vanya born:1980 nationality:RU`. A type of entity may bring prefixes of its
own for its numbers (records/entity_types.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.errors import LiaisonError
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.records.dates import partial_date
from pipeline.records.entity_types import ENTITY_TYPES
from pipeline.records.identifiers import canonical
from pipeline.records.names import clean_text

MAX_QUESTION_CHARS = 1000
"""More than anyone types, and a bound on what one question costs."""

MAX_PARTS = 40
"""Words or numbers of a question."""

SHORTEST_NUMBER = 4
"""Characters of the shortest word that is taken for a number."""

SHORTEST_PHONE = 7
"""Digits of the shortest subscriber numbers worth dialling without an area code."""

PLATE_PART_CHARS = range(3, 6)
"""Characters of a word that may be a part of a plate which somebody remembers; most whole ones have six and more."""

MAX_PIECE_CHARS = 4
"""Characters of one group of a plate or number written in groups."""

TYPED = {prefix: (row.name, number_type) for row in ENTITY_TYPES for prefix, number_type in row.prefixes.items()}
"""The types of entity and identifier of a number, by its prefix."""

NAMED = tuple(row.name for row in ENTITY_TYPES if row.by_name)
"""Types that a name may be of, unless a question says which."""

FIELDS = (
    "type", "name", "alias", "nickname", "born", "birthplace", "nationality", "phone", "email", "number", "plate",
    "case", "city", "offence", "text", *TYPED,
)  # fmt: skip
"""What may stand before a word, a colon behind it; so are the columns of a list called, and the fields in the API."""

LOOSE = ""
"""The field of a word that nothing tells: all of them are one name, and words of a title or summary."""

_DAY_FIRST = r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})"
"""A date as it is written in most countries, or in the United States: the day first, or the month."""

_PART = re.compile(
    rf'(?:(?P<field>{"|".join(FIELDS)}):)?(?:"(?P<quoted>[^"]*)"'
    rf"|(?P<phone>(?<!\S)(?:\+|00)\d(?:(?!\s(?:{_DAY_FIRST}|\d{{4}}-\d{{2}}))[\d\s().\-/]){{5,}}\d)"
    r"|(?P<word>\S+))"
)
"""One part; a phone that begins with + or 00 may have spaces, and ends where a date begins."""

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?|(?:19|20)\d{2}")
_OFFENCE = re.compile(r"iccs:\d{2,6}", re.IGNORECASE)
_READ_DAY_FIRST = re.compile(_DAY_FIRST)


class QuestionPart(NamedTuple):
    """A part of a question's clean text, from `start` to `end`, and what it says.

    `field` is one of FIELDS, or LOOSE; `stated`: a prefix or quotes say so, not the word's looks.
    """

    field: str
    value: str
    start: int
    end: int
    stated: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """The fields for which it is taken, all at once, the likeliest first."""
        if self.stated or self.field not in (LOOSE, "number"):
            return (self.field,)
        if self.field == LOOSE:
            return ("name", "text")
        core = canonical(self.value)
        phone = ("phone",) if core.isdigit() and len(core) >= SHORTEST_PHONE else ()
        plate = ("plate",) if len(core) in PLATE_PART_CHARS else ()
        return ("case", "number", *phone) if ":" in self.value else ("number", *phone, *plate, "case")


def split_question(text: str) -> list[QuestionPart]:
    """The parts of a text, in its order, their places in `clean_text(text)`.

    Raises LiaisonError for more than a question may hold.
    """
    if len(text) > MAX_QUESTION_CHARS:
        raise LiaisonError("the search is longer than {most} characters; shorten it", most=MAX_QUESTION_CHARS)
    found = list(_PART.finditer(clean_text(text)))
    if len(found) > MAX_PARTS:
        raise LiaisonError("the search has more than {most} words; shorten it", most=MAX_PARTS)
    return list(_group_pieces(map(_make_part, found)))


def _make_part(found: re.Match[str]) -> QuestionPart:
    """A part as its prefix or quotes say, or as what it looks like."""
    field, quoted, phone, word = found.group("field", "quoted", "phone", "word")
    start, end = found.span()
    if field:
        return QuestionPart(field, quoted or phone or word or "", start, end, stated=True)
    if quoted is not None:
        return QuestionPart("name", quoted, start, end, stated=True)
    if phone is not None:
        return QuestionPart("phone", phone, start, end)
    return QuestionPart(_field_of(word), word, start, end)


def _field_of(word: str) -> str:
    """What a word looks like."""
    if _EMAIL.fullmatch(word):
        return "email"
    if (_DATE.fullmatch(word) and is_date(word)) or read_day_first(word):
        return "born"
    if _OFFENCE.fullmatch(word):
        return "offence"
    has_digits = any(map(str.isdigit, word))
    if WILDCARDS.intersection(word) and has_digits:
        return "plate"
    return "number" if has_digits and len(canonical(word)) >= SHORTEST_NUMBER else LOOSE


def _group_pieces(parts: Iterable[QuestionPart]) -> Iterator[QuestionPart]:
    """The parts; short groups of capitals and digits side by side (AB 123 CD) are one number."""
    pieces: list[QuestionPart] = []
    for part in parts:
        if _is_piece(part):
            pieces.append(part)
            continue
        yield from _join_pieces(pieces)
        pieces.clear()
        if part.stated or any(map(str.isalnum, part.value)):
            yield part
    yield from _join_pieces(pieces)


def _is_piece(part: QuestionPart) -> bool:
    """Whether a part may be a group of a plate or number: AB, 123, but not 1980."""
    word = part.value
    capitals_or_digits = word.isalnum() and (word.isupper() or word.isdigit())
    return not part.stated and capitals_or_digits and len(word) <= MAX_PIECE_CHARS and not _DATE.fullmatch(word)


def _join_pieces(pieces: list[QuestionPart]) -> Iterator[QuestionPart]:
    """The pieces as one number where they have a digit and are too long for one group, else each by itself."""
    joined = "".join(piece.value for piece in pieces)
    if len(pieces) > 1 and any(map(str.isdigit, joined)) and len(joined) > MAX_PIECE_CHARS:
        yield QuestionPart(_field_of(joined), joined, pieces[0].start, pieces[-1].end)
    else:
        yield from pieces


def read_day_first(value: str) -> list[str]:
    """The dates that a word such as 25/11/1982 may be, the day first: two where the month may stand there too."""
    found = _READ_DAY_FIRST.fullmatch(value)
    if not found:
        return []
    one, other, year = found[1].zfill(2), found[2].zfill(2), found[3]
    readings = dict.fromkeys((f"{year}-{other}-{one}", f"{year}-{one}-{other}"))
    return [date for date in readings if is_date(date)]


def is_date(value: str) -> bool:
    """Whether a text is a date as records write it, whole or in part."""
    try:
        partial_date(value)
    except ValueError:
        return False
    return True
