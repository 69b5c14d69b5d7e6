"""The parts of what an investigator types: where each stands, and what it is taken for. Pure.

A word is taken for what it looks like, unless one of FIELDS before it says what it is. Quotes hold words together.
Examples: `ivan petrov 1980-05`, `plate:AB?12*`, `"Nord Trade" city:Лион`,
`type:person name:"Ivan Petrov" nickname:Vanya born:1980 nationality:RU`. A type of entity may bring prefixes of its
own for its numbers (records/entity_types.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

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

LEFT_OUT: Final = "-"
"""The field of a word that is not searched for: an operator of other search engines, and what it would exclude."""

OTHER_PREFIXES: Final = {
    "nom": "name", "surnom": "nickname", "naissance": "born", "né": "born", "née": "born", "dob": "born",
    "ville": "city", "lieu": "city", "place": "city", "passeport": "passport", "tel": "phone", "tél": "phone",
    "téléphone": "phone", "mobile": "phone", "courriel": "email", "mail": "email", "immatriculation": "plate",
    "plaque": "plate", "affaire": "case", "numéro": "number", "vin": "number", "iban": "number", "imei": "number",
    "document": "number", "compte": "number", "account": "number", "nationalité": "nationality",
    "country": "nationality", "infraction": "offence", "crime": "offence", "texte": "text", "titre": "text",
    "title": "text",
}  # fmt: skip
"""Prefixes that people try, and the field that says so here."""

MISSPELT: Final = {range(3, 6): 1, range(6, 20): 2}
"""Slips by which a prefix of so many letters may differ from a field's: "pasport" is one away, "nationalty" too."""

OPERATORS: Final = frozenset({"AND", "OR"})
NOT: Final = "NOT"
"""Operators of other search engines, in capitals among words that are not."""

EXCLUDING: Final = "-"
"""Before a word, where other search engines exclude it."""

_MONTHS: Final = {
    name: month
    for month, names in enumerate(
        (
            "january jan janvier janv", "february feb février fevrier févr fevr", "march mar mars",
            "april apr avril avr", "may mai", "june jun juin", "july jul juillet juil", "august aug août aout",
            "september sept sep septembre",
            "october oct octobre", "november nov novembre", "december dec décembre decembre déc",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""Months by their names in the languages of the pages."""

_MONTH = f"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er)?"
_WORDED_DATE = (
    rf"(?i:(?<!\w)(?:{_DAY}[\s.\-/]+(?:of\s+|de\s+)?{_MONTH}[\s.,\-/]+(?:18|19|20)\d\d"
    rf"|{_MONTH}[\s.]+{_DAY}[\s,.]+(?:18|19|20)\d\d"
    rf"|(?:18|19|20)\d\d[\s\-]+{_MONTH}[\s.\-]+\d{{1,2}})(?!\w))"
)
"""A whole date with its month in words. Without a day it might be a name: May 1980, Avril 1990."""

_DAY_FIRST = r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})"
"""A date as it is written in most countries, or in the United States: the day first, or the month."""

_PART = re.compile(
    rf"(?P<date>{_WORDED_DATE})|(?:(?P<field>(?i:{'|'.join(FIELDS)})):|(?P<unknown>[^\W\d_]{{2,19}}):)?"
    r'(?:"(?P<quoted>[^"]*)"'
    rf"|(?P<phone>(?<!\S)(?:\+|00)\d(?:(?!\s(?:{_DAY_FIRST}|\d{{4}}-\d{{2}}|{_WORDED_DATE}))[\d\s().\-/]){{5,}}\d)"
    r"|(?P<word>\S+))"
)
"""One part; a phone that begins with + or 00 may have spaces, and ends where a date begins."""

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?|(?:19|20)\d{2}")
_OFFENCE = re.compile(r"iccs:\d{2,6}", re.IGNORECASE)
_READ_DAY_FIRST = re.compile(_DAY_FIRST)
_READ_WORDED = re.compile(_WORDED_DATE)


class PartDoubt(StrEnum):
    """Why a part is perhaps not taken as whoever typed it meant it."""

    NONE = ""
    PREFIX = "prefix"
    """The prefix is none; `meant` is the field that it resembles."""
    OPERATOR = "operator"
    """AND, OR or NOT: all words are searched together."""
    EXCLUDED = "excluded"
    """It stands behind NOT or a minus: nothing can be excluded."""
    WILDCARD = "wildcard"
    """A name with * or ?, which stand for characters of plates alone."""


class QuestionPart(NamedTuple):
    """A part of a question's clean text, from `start` to `end`, and what it says.

    `field` is one of FIELDS, LOOSE or LEFT_OUT; `stated`: a prefix or quotes say so, not the word's looks. `lone`: a
    loose word, and nothing but loose words is asked: together they may be a place too.
    """

    field: str
    value: str
    start: int
    end: int
    stated: bool = False
    doubt: PartDoubt = PartDoubt.NONE
    meant: str = ""
    lone: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """The fields for which it is taken, all at once, the likeliest first."""
        if self.field == LEFT_OUT:
            return ()
        if self.stated or self.field not in (LOOSE, "number"):
            return (self.field,)
        if self.field == LOOSE:
            return ("name", "text", "city") if self.lone else ("name", "text")
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
    parts = _leave_out(list(_group_pieces(map(_make_part, found))))
    searched = [part for part in parts if part.field != LEFT_OUT]
    if any(part.field != LOOSE for part in searched):
        return parts
    return [part._replace(lone=part.field == LOOSE) for part in parts]


def _make_part(found: re.Match[str]) -> QuestionPart:
    """A part as its prefix or quotes say, or as what it looks like."""
    date, field, unknown, quoted, phone, word = found.group("date", "field", "unknown", "quoted", "phone", "word")
    start, end = found.span()
    if date:
        return QuestionPart("born", date, start, end)
    if field:
        return QuestionPart(field.lower(), quoted or phone or word or "", start, end, stated=True)
    if unknown is not None:
        if meant := nearest_field(unknown):
            value = quoted or word or ""
            return QuestionPart(_field_of(value), value, start, end, doubt=PartDoubt.PREFIX, meant=meant)
        quoted, word = None, found.group()
    if quoted is not None:
        return QuestionPart("name", quoted, start, end, stated=True)
    if phone is not None:
        return QuestionPart("phone", phone, start, end)
    field = _field_of(word)
    if field == LOOSE and (bare := "".join(char for char in word if char not in WILDCARDS)) != word:
        return QuestionPart(LOOSE, bare, start, end, doubt=PartDoubt.WILDCARD)
    return QuestionPart(field, word, start, end)


def nearest_field(prefix: str) -> str:
    """The field of FIELDS that somebody meant who wrote another prefix; "" where none is near."""
    folded = prefix.casefold()
    if folded in OTHER_PREFIXES:
        return OTHER_PREFIXES[folded]
    most = next((slips for letters, slips in MISSPELT.items() if len(folded) in letters), 0)
    near = min((OSA.distance(folded, field), field) for field in FIELDS)
    return near[1] if 0 < near[0] <= most else ""


def _leave_out(parts: Sequence[QuestionPart]) -> list[QuestionPart]:
    """The parts; operators of other search engines and what they exclude are not searched for.

    Where all is typed in capitals, OR and AND are words, as they are at either end: Or is a given name.
    """
    shouted = all(part.value.isupper() for part in parts if part.field == LOOSE)
    left: list[QuestionPart] = []
    for at, part in enumerate(parts):
        before = left[-1] if left else None
        doubt = PartDoubt.NONE
        if part.field == LOOSE and not part.doubt:
            inside = before is not None and at + 1 < len(parts)
            if not shouted and ((part.value in OPERATORS and inside) or (part.value == NOT and at + 1 < len(parts))):
                doubt = PartDoubt.OPERATOR
            elif part.value.startswith(EXCLUDING) and len(parts) > 1:
                doubt = PartDoubt.EXCLUDED
        if before is not None and before.doubt is PartDoubt.OPERATOR and before.value == NOT:
            doubt = PartDoubt.EXCLUDED
        left.append(part._replace(field=LEFT_OUT, doubt=doubt) if doubt else part)
    return left


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


def read_worded(value: str) -> list[str]:
    """The date of a text such as "8 December 2001", "December 8, 2001" or "1er mars 1980"; none where it is none."""
    if not _READ_WORDED.fullmatch(value):
        return []
    words = re.findall(r"\d+|[^\W\d_]+", value.casefold())
    (month,) = (_MONTHS[word] for word in words if word in _MONTHS)
    first, last = (word for word in words if word.isdigit())
    day, year = (last, first) if len(first) == len("2001") else (first, last)
    date = f"{year}-{month:02d}-{int(day):02d}"
    return [date] if is_date(date) else []


def is_date(value: str) -> bool:
    """Whether a text is a date as records write it, whole or in part."""
    try:
        partial_date(value)
    except ValueError:
        return False
    return True
