"""What an investigator types, taken apart: names, numbers, phones, plates, birth dates, places, free text. Pure.

A word is taken for what it looks like, unless one of FIELDS before it says what it is. Quotes hold words together.
Examples: `ivan petrov 1980-05`, `plate:AB?12*`, `"Nord Trade" city:Лион`,
`type:person name:"Ivan Petrov" nickname:Vanya born:1980 nationality:RU`. A type of entity may bring prefixes of its
own for its numbers (records/entity_types.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.errors import LiaisonError
from pipeline.locale import LANGUAGES, translate
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.records.countries import country_code
from pipeline.records.dates import birth_date, partial_date
from pipeline.records.entity_types import ENTITY_TYPES, ENTITY_TYPES_BY_NAME
from pipeline.records.identifiers import canonical, identifier, plate
from pipeline.records.names import clean_text
from pipeline.records.normalised import BirthDate

MAX_QUESTION_CHARS = 1000
"""More than anyone types, and a bound on what one question costs."""

CountryCode = Annotated[str, Meta(pattern="^([A-Z]{2})?$")]
"""An ISO 3166-1 code of two letters, or none."""

MAX_PARTS = 40
"""Words or numbers of a question."""

SHORTEST_NUMBER = 4
"""Characters of the shortest word that is taken for a number."""

SHORTEST_PHONE = 7
"""Digits of the shortest subscriber numbers worth dialling without an area code."""

MAX_PIECE_CHARS = 4
"""Characters of one group of a plate or number written in groups."""

TYPED = {prefix: (row.name, number_type) for row in ENTITY_TYPES for prefix, number_type in row.prefixes.items()}
"""The types of entity and identifier of a number, by its prefix."""

NAMED = tuple(row.name for row in ENTITY_TYPES if row.by_name)
"""Types that a name may be of, unless a question says which."""

FIELDS = (
    "type", "name", "alias", "nickname", "born", "birthplace", "nationality", "phone", "email", "number", "plate",
    "city", "text", *TYPED,
)  # fmt: skip
"""What may stand before a word, a colon behind it; so are the columns of a list called, and the fields in the API."""

_PART = re.compile(rf'(?:({"|".join(FIELDS)}):)?(?:"([^"]*)"|(\S+))')
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?|(?:19|20)\d{2}")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})")
"""A date as it is written in most countries, or in the United States: the day first, or the month."""
_PHONE = re.compile(r"(?:\+|\b00)\d[\d\s().\-/]{5,}\d")


class TypedNumber(msgspec.Struct, frozen=True):
    """A number whose prefix says what it is of; `value` is the canonical core."""

    entity_type: str
    identifier_type: str
    value: str


class Question(msgspec.Struct, frozen=True):
    """A question's parts, as typed but clean; `numbers` and `plates` are upper-case cores, plates with ? and *.

    `types` are those of NAMED that the names may be of, () any; `names` are full names, aliases too; `nicknames` say
    less. `born` and `birth_places` are all that may be right; `nationalities` are codes of countries.
    """

    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()
    born: tuple[BirthDate, ...] = ()
    birth_places: tuple[str, ...] = ()
    nationalities: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    plates: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    text: str = ""
    typed: tuple[TypedNumber, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing that could be found."""
        return msgspec.structs.replace(self, types=(), birth_places=(), nationalities=()) == Question()

    @property
    def asks_for_places(self) -> bool:
        """Whether it names cities and nothing else that could be found: then whoever is there answers it."""
        return bool(self.cities) and msgspec.structs.replace(self, cities=()).empty

    @property
    def exact_birth_date(self) -> BirthDate | None:
        """The one whole birth date that it states; None where it states none, a part of one, or several."""
        only = self.born[0] if len(self.born) == 1 else None
        return only if only is not None and only.exact and only.first.day else None


class _Draft:
    """A question while it is being read."""

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {name: [] for name in FIELDS}
        self.words: list[str] = []

    def add_value(self, field: str, value: str) -> None:
        """Take in a part of a field; a phone without + keeps its digits alone."""
        if field == "born":
            self.lists["born"] += _read_day_first(value) or [value]
        elif field == "phone" and (digits := canonical(value)).isdigit() and not value.startswith("+"):
            self.lists["phone"].append(digits)
        else:
            self.lists[field].append(value)

    def to_question(self) -> Question:
        lists, loose = self.lists, " ".join(self.words)
        return Question(
            types=tuple(kind for kind in NAMED if kind in map(_type_of, lists["type"])),
            names=tuple(filter(None, [*lists["name"], *lists["alias"], loose])),
            nicknames=tuple(filter(None, lists["nickname"])),
            born=tuple(dict.fromkeys(map(birth_date, lists["born"]))),
            birth_places=tuple(filter(None, lists["birthplace"])),
            nationalities=tuple(dict.fromkeys(map(country_code, lists["nationality"]))),
            phones=tuple(lists["phone"]),
            emails=tuple(value.casefold() for value in lists["email"]),
            numbers=tuple(dict.fromkeys(core for value in lists["number"] if (core := canonical(value)))),
            plates=tuple(core for value in lists["plate"] if (core := plate(value))),
            cities=tuple(lists["city"]),
            text=" ".join([*lists["text"], loose]).strip(),
            typed=tuple(_typed(prefix, value) for prefix in TYPED for value in lists[prefix] if canonical(value)),
        )


def _typed(prefix: str, value: str) -> TypedNumber:
    entity_type, identifier_type = TYPED[prefix]
    return TypedNumber(entity_type, identifier_type, identifier(identifier_type, value, "").value)


def parse_question(text: str) -> Question:
    """The question in `text`. Raises LiaisonError if it is empty, too long, or names a date that is none."""
    if len(text) > MAX_QUESTION_CHARS:
        raise LiaisonError("the search is longer than {most} characters; shorten it", most=MAX_QUESTION_CHARS)
    draft = _Draft()
    clean = clean_text(text)
    rest = _take_phones(draft, clean)
    parts = list(_PART.finditer(rest))
    if len(parts) > MAX_PARTS:
        raise LiaisonError("the search has more than {most} words; shorten it", most=MAX_PARTS)
    for field, value in _group_parts(parts):
        _place_value(draft, field, value)
    question = draft.to_question()
    if question.empty:
        raise LiaisonError("nothing to search for; enter a name, number, phone, plate or place")
    return question


def _take_phones(draft: _Draft, text: str) -> str:
    """Move phone numbers, which may have spaces, from the text to the draft; what is left of the text.

    A text with quotes or prefixes is left alone: there the investigator has said what holds together.
    """
    if ":" in text or '"' in text:
        return text
    for phone in _PHONE.findall(text):
        draft.add_value("phone", phone)
    return _PHONE.sub(" ", text)


def _group_parts(parts: list[re.Match[str]]) -> Iterator[tuple[str, str]]:
    """Field and value of each part; short groups of capitals and digits side by side (AB 123 CD) are one number."""
    pieces: list[str] = []
    for part in parts:
        field, quoted, word = part.groups()
        if not field and word and _is_piece(word):
            pieces.append(word)
            continue
        yield from _join_pieces(pieces)
        pieces.clear()
        yield (field or ("name" if quoted else ""), quoted or word or "")
    yield from _join_pieces(pieces)


def _is_piece(word: str) -> bool:
    """Whether a word may be a group of a plate or number: AB, 123, but not 1980."""
    capitals_or_digits = word.isalnum() and (word.isupper() or word.isdigit())
    return capitals_or_digits and len(word) <= MAX_PIECE_CHARS and not _DATE.fullmatch(word)


def _join_pieces(pieces: list[str]) -> Iterator[tuple[str, str]]:
    """The pieces as one number where they have a digit and are too long for one group, else each by itself."""
    joined = "".join(pieces)
    if len(pieces) > 1 and any(map(str.isdigit, joined)) and len(joined) > MAX_PIECE_CHARS:
        yield "", joined
    else:
        yield from (("", word) for word in pieces)


def _place_value(draft: _Draft, field: str, value: str) -> None:
    """Add a part to the draft as its prefix says, or as what it looks like. Raises LiaisonError for one that can't."""
    _require_sense(field, value)
    if field:
        draft.add_value(field, value)
    elif _EMAIL.fullmatch(value):
        draft.add_value("email", value)
    elif (_DATE.fullmatch(value) and _is_date(value)) or _read_day_first(value):
        draft.add_value("born", value)
    elif WILDCARDS.intersection(value) and any(map(str.isdigit, value)):
        draft.add_value("plate", value)
    elif any(map(str.isdigit, value)) and len(canonical(value)) >= SHORTEST_NUMBER:
        _place_number(draft, value)
    else:
        draft.words.append(value)


def _require_sense(field: str, value: str) -> None:
    """Raises LiaisonError for a word that can't be what its prefix says."""
    if field == "born" and not _read_day_first(value) and not _is_birth_date(value):
        raise LiaisonError("born: use YYYY, YYYY-MM or YYYY-MM-DD, a range (1978/1982) or about (1980~)")
    if field == "nationality" and not country_code(value):
        raise LiaisonError("nationality: unknown country; use its name or its code of two letters")
    if field == "type" and not _type_of(value):
        raise LiaisonError("type: use {types}", types=", ".join(NAMED))


def _read_day_first(value: str) -> list[str]:
    """The dates that a word such as 25/11/1982 may be, the day first: two where the month may stand there too."""
    found = _DAY_FIRST.fullmatch(value)
    if not found:
        return []
    one, other, year = found[1].zfill(2), found[2].zfill(2), found[3]
    readings = dict.fromkeys((f"{year}-{other}-{one}", f"{year}-{one}-{other}"))
    return [date for date in readings if _is_date(date)]


def _is_date(value: str) -> bool:
    return _reads(partial_date, value)


def _is_birth_date(value: str) -> bool:
    return _reads(birth_date, value)


def _reads(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _type_of(word: str) -> str:
    """The type of NAMED that a word names, in any language of the pages; "" where it names none."""
    return _type_words().get(word.casefold(), "")


@cache
def _type_words() -> dict[str, str]:
    labels = {(kind, ENTITY_TYPES_BY_NAME[kind].label) for kind in NAMED}
    words = {translate(label, language).casefold(): kind for kind, label in labels for language in LANGUAGES}
    return words | {kind: kind for kind in NAMED}


def _place_number(draft: _Draft, value: str) -> None:
    """Add a number, also as a phone where it may be one."""
    draft.add_value("number", value)
    digits = canonical(value)
    if digits.isdigit() and len(digits) >= SHORTEST_PHONE:
        draft.add_value("phone", digits)
