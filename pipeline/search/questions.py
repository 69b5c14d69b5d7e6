"""The question language: what an investigator types, its parts, and what it asks for. Pure.

A word is taken for what it looks like, unless one of FIELDS before it says what it is. Quotes hold words together.
Examples: `ivan petrov 1980-05`, `plate:AB?12*`, `"Nord Trade" city:Лион`,
`type:person name:"Ivan Petrov" nickname:Vanya born:1980 nationality:RU`. A type of entity may bring prefixes of its
own for its numbers (records/entity_types.py). Programs state the same by fields (QuestionFields), each of which becomes
the word that an investigator would type before it. It is one module, since what a word is depends on those beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import Annotated, Final, NamedTuple

import msgspec
from babel.dates import get_month_names
from msgspec import Meta
from rapidfuzz.distance import OSA

from pipeline.errors import LiaisonError
from pipeline.locale import LANGUAGES, translate
from pipeline.matching.fingerprint import WILDCARDS
from pipeline.records.countries import country_code
from pipeline.records.dates import birth_date, partial_date
from pipeline.records.entity_types import ENTITY_TYPES, ENTITY_TYPES_BY_NAME, PERSON
from pipeline.records.field_words import fields_called
from pipeline.records.identifiers import canonical, identifier, plate
from pipeline.records.limits import MAX_TOKENS
from pipeline.records.names import clean_text
from pipeline.records.normalised import BirthDate, PartialDate
from pipeline.records.offence_codes import ICCS, search_offences
from pipeline.records.placeholders import is_placeholder
from pipeline.records.scripts import MARKS

MAX_QUESTION_CHARS = 1000
"""More than anyone types, and a bound on what one question costs."""

MAX_PARTS = 40
"""Words or numbers of a question."""

MAX_WORDS = 150
"""Words of a question, those within quotes and fields too: as many as MAX_QUESTION_CHARS hold of ordinary ones. A list
row that asks for 50 other names has more, and is refused as such."""

_WORD = re.compile(rf"[^\W\d_][\w{MARKS}]*")
"""A word of letters; numbers are bounded by MAX_PARTS."""

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

NARROWING: Final = "offence"
"""The field that finds nobody: it says among which cases the rest of the question is asked."""

ASKED_AS: Final = {
    "birth": "born", "birth_date": "born", "birth_place": "birthplace", "given": "name", "family": "name",
    "full": "name", "organisation": "name", "alias": "alias", "nickname": "nickname", "nationality": "nationality",
    "country": "nationality", "phone": "phone", "email": "email", "passport": "passport", "identity_card": "number",
    "national_id": "number", "number": "number", "document": "number", "iban": "number", "vin": "number",
    "imo": "number", "lei": "number", "plate": "plate", "case": "case", "case_id": "case", "city": "city",
    "place": "city", "offence": "offence", "title": "text", "text": "text",
}  # fmt: skip
"""The field of a question for one of records/field_words.toml: what its words mean as a prefix, or over a column."""

MISSPELT: Final = {range(3, 6): 1, range(6, 20): 2}
"""Slips by which a prefix of so many letters may differ from a field's: "pasport" is one away, "nationalty" too."""

OPERATORS: Final = frozenset({"AND", "OR"})
NOT: Final = "NOT"
"""Operators of other search engines, in capitals among words that are not."""

EXCLUDING: Final = "-"
"""Before a word, where other search engines exclude it."""

_TYPED_MONTHS: Final = (
    "jan janv", "feb fevr fevrier", "mar", "apr avr", "", "jun", "jul", "aug aout", "sep sept setiembre", "oct", "nov",
    "dec decembre",
)  # fmt: skip
"""Months in order, as they are typed besides: short, or without accents."""


def _name_months() -> dict[str, int]:
    """Months by their names in the languages of the pages, whole and short, in small letters, by CLDR."""
    found = {name: month for month, names in enumerate(_TYPED_MONTHS, start=1) for name in names.split()}
    for language in LANGUAGES:
        whole, short = get_month_names("wide", locale=language), get_month_names("abbreviated", locale=language)
        for month, name in (*whole.items(), *short.items()):
            found[name.casefold().removesuffix(".")] = month
    return found


MONTHS: Final = _name_months()
_MONTH = f"(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_DAY = r"\d{1,2}(?:st|nd|rd|th|er)?"
_WORDED_DATE = (
    rf"(?i:(?<!\w)(?:{_DAY}[\s.\-/]+(?:of\s+|de\s+)?{_MONTH}[\s.,\-/]+(?:de\s+|del\s+)?(?:18|19|20)\d\d"
    rf"|{_MONTH}[\s.]+{_DAY}[\s,.]+(?:18|19|20)\d\d"
    rf"|(?:18|19|20)\d\d[\s\-]+{_MONTH}[\s.\-]+\d{{1,2}})(?!\w))"
)
"""A whole date with its month in words. Without a day it might be a name: May 1980, Avril 1990."""

_DAY_FIRST = r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})"
"""A date as it is written in most countries, or in the United States: the day first, or the month."""
_SHORT_DAY_FIRST = r"(\d{1,2})([./-])(\d{1,2})\2(\d{2})"
"""The same with a year of two digits; behind a phone it may be a part of that."""

LAST_OF_THIS_CENTURY: Final = 40
"""A year of two digits up to it may be of this century or of the last, a later one of the last alone: nobody in a
record is born in 2041."""

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
_READ_SHORT = re.compile(_SHORT_DAY_FIRST)
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
    loose word, and nothing but loose words is asked, or what narrows them: together they may be a place too.
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


@lru_cache(maxsize=64)
def split_question(text: str) -> tuple[QuestionPart, ...]:
    """The parts of a text, in its order, their places in `clean_text(text)`. A search asks for its own six times.

    Raises LiaisonError for more than a question may hold.
    """
    if len(text) > MAX_QUESTION_CHARS:
        raise LiaisonError("the search is longer than {most} characters; shorten it", most=MAX_QUESTION_CHARS)
    found = list(_PART.finditer(clean_text(text)))
    if len(found) > MAX_PARTS:
        raise LiaisonError("the search has more than {most} words; shorten it", most=MAX_PARTS)
    _require_few_words([each[0] for each in found])
    parts = _leave_out(list(_group_pieces(map(_make_part, found))))
    if any(part.field not in (LOOSE, LEFT_OUT, NARROWING) for part in parts):
        return tuple(parts)
    return tuple(part._replace(lone=part.field == LOOSE) for part in parts)


def _require_few_words(parts: Sequence[str]) -> None:
    """Raises LiaisonError for more words than are compared: of one part as of one name of a record, and of all."""
    counts = [len(_WORD.findall(part)) for part in parts]
    if max(counts, default=0) > MAX_TOKENS:
        raise LiaisonError("a name in the search has more than {most} words; shorten it", most=MAX_TOKENS)
    if sum(counts) > MAX_WORDS:
        raise LiaisonError("the search has more than {most} words; shorten it", most=MAX_WORDS)


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


def nearest_field(prefix: str, language: str = "") -> str:
    """The field of FIELDS that somebody meant who wrote another prefix; "" where none is near.

    A word of a field means that in `language` first, and never what it is spelt like. ASCII words of two letters are
    likelier an agency or a scheme: `be:2026-4`.
    """
    called = fields_called(prefix, language) if len(prefix) > len("be") or not prefix.isascii() else ()
    if called:
        return next((ASKED_AS[field] for field in called if field in ASKED_AS), "")
    folded = prefix.casefold()
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
    """The dates that a word such as 25/11/1982 may be, the day first: two where the month may stand there too.

    Twice as many where the year has two digits that may be of either century.
    """
    if found := _READ_SHORT.fullmatch(value):
        return [date for year in whole_years(found[4]) for date in read_day_first(f"{found[1]}/{found[3]}/{year}")]
    found = _READ_DAY_FIRST.fullmatch(value)
    if not found:
        return []
    one, other, year = found[1].zfill(2), found[2].zfill(2), found[3]
    readings = dict.fromkeys((f"{year}-{other}-{one}", f"{year}-{one}-{other}"))
    return [date for date in readings if is_date(date)]


def whole_years(year: str) -> list[str]:
    """The years that one of two digits may be, the latest last."""
    return [f"19{year}", *([f"20{year}"] if int(year) <= LAST_OF_THIS_CENTURY else [])]


def read_worded(value: str) -> list[str]:
    """The date of a text such as "8 December 2001", "1er mars 1980" or "3 de mayo de 1982"; none where it is none."""
    if not _READ_WORDED.fullmatch(value):
        return []
    words = re.findall(r"\d+|[^\W\d_]+", value.casefold())
    (month,) = (MONTHS[word] for word in words if word in MONTHS)
    first, last = (word for word in words if word.isdigit())
    day, year = (last, first) if len(first) == len("2001") else (first, last)
    date = f"{year}-{month:02d}-{int(day):02d}"
    return [date] if is_date(date) else []


def is_date(value: str) -> bool:
    """Whether a text is a date as records write it, whole or in part."""
    return _can_read(partial_date, value)


CountryCode = Annotated[str, Meta(pattern="^([A-Z]{2})?$")]
"""An ISO 3166-1 code of two letters, or none."""


class TypedNumber(msgspec.Struct, frozen=True):
    """A number whose prefix says what it is of; `value` is the canonical core."""

    entity_type: str
    identifier_type: str
    value: str


class Question(msgspec.Struct, frozen=True):
    """A question's parts, as typed but clean; `numbers` and `plates` are upper-case cores, plates with ? and *.

    `types` are those of NAMED that the names may be of, () any; `names` are full names, aliases too; `nicknames` say
    less. `place` are the words of a question that may be a name or a place, and nothing else is asked. `born` and
    `birth_places` are all that may be right; `nationalities` are codes of countries. `cases` are cores
    of case numbers, with their agency or without; `offences` narrow: one of them, or what is within it, must be there.
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
    cases: tuple[str, ...] = ()
    offences: tuple[str, ...] = ()
    place: str = ""

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing that could be found."""
        return msgspec.structs.replace(self, types=(), birth_places=(), nationalities=()) == Question()

    @property
    def narrows_alone(self) -> bool:
        """Whether it says only what narrows: then whatever is left answers it."""
        return msgspec.structs.replace(self, offences=()).empty

    @property
    def asks_for_places(self) -> bool:
        """Whether it names cities and nothing else that could be found: then whoever is there answers it."""
        return bool(self.cities) and msgspec.structs.replace(self, cities=(), offences=()).empty

    @property
    def births(self) -> tuple[PartialDate, ...]:
        """The dates, whole or without their day, of a question that is nothing else; () for any other question."""
        dates = tuple(born.first for born in self.born if born.exact and born.first.month)
        alone = len(dates) == len(self.born) and msgspec.structs.replace(self, born=(), offences=()).empty
        return dates if alone and self.types in ((), (PERSON.name,)) else ()

    @property
    def plate_parts(self) -> tuple[str, ...]:
        """Plates so short that they may be a part of one, written as such."""
        short = (plate for plate in self.plates if len(plate) in PLATE_PART_CHARS)
        return tuple(f"*{plate}*" for plate in short if not WILDCARDS.intersection(plate))

    @property
    def exact_birth_date(self) -> BirthDate | None:
        """The one whole birth date that it states; None where it states none, a part of one, or several."""
        only = self.born[0] if len(self.born) == 1 else None
        return only if only is not None and only.exact and only.first.day else None


def parse_question(text: str) -> Question:
    """The question in `text`. Raises LiaisonError if it is empty, too long, or names a date that is none."""
    return read_question(split_question(text))


def read_question(parts: Iterable[QuestionPart]) -> Question:
    """The question of these parts. Raises LiaisonError where they ask for nothing, or one can't be what it says."""
    lists: dict[str, list[str]] = {field: [] for field in (LOOSE, *FIELDS)}
    lone = False
    for part in parts:
        _require_sense(part)
        lone = lone or part.lone
        for field in (LOOSE,) if part.field == LOOSE else part.readings:
            lists[field].append(part.value)
    question = _make_question(lists)
    if lone:
        question = msgspec.structs.replace(question, place=" ".join(lists[LOOSE]))
    if question.empty:
        raise LiaisonError("nothing to search for; enter a name, number, phone, plate or place")
    return question


def _make_question(lists: Mapping[str, list[str]]) -> Question:
    loose = " ".join(lists[LOOSE])
    return Question(
        types=tuple(kind for kind in NAMED if kind in map(type_named, lists["type"])),
        names=tuple(filter(None, [*lists["name"], *lists["alias"], loose])),
        nicknames=tuple(filter(None, lists["nickname"])),
        born=tuple(dict.fromkeys(birth_date(date) for value in lists["born"] for date in read_dates(value))),
        birth_places=tuple(filter(None, lists["birthplace"])),
        nationalities=tuple(dict.fromkeys(map(country_code, lists["nationality"]))),
        phones=tuple(map(_phone_text, lists["phone"])),
        emails=tuple(value.casefold() for value in lists["email"]),
        numbers=_cores(lists["number"]),
        plates=tuple(core for value in lists["plate"] if (core := plate(value))),
        cities=tuple(lists["city"]),
        text=" ".join([*lists["text"], loose]).strip(),
        typed=tuple(typed_number(prefix, value) for prefix in TYPED for value in lists[prefix] if canonical(value)),
        cases=_cores(lists["case"]),
        offences=tuple(dict.fromkeys(code for value in lists["offence"] for code in read_offences(value))),
    )


def _cores(values: Iterable[str]) -> tuple[str, ...]:
    known = (value for value in values if not is_placeholder(value.casefold()))
    return tuple(dict.fromkeys(core for value in known if (core := canonical(value))))


def _phone_text(value: str) -> str:
    """A phone without + as its digits alone."""
    digits = canonical(value)
    return digits if digits.isdigit() and not value.startswith("+") else value


def typed_number(prefix: str, value: str) -> TypedNumber:
    """A number behind a prefix of TYPED."""
    entity_type, identifier_type = TYPED[prefix]
    return TypedNumber(entity_type, identifier_type, identifier(identifier_type, value, "").value)


def read_dates(value: str) -> list[str]:
    """What a date as typed may be, each as a record would state it."""
    return read_worded(value) or read_day_first(value) or [value]


def _require_sense(part: QuestionPart) -> None:
    """Raises LiaisonError for a word that can't be what its prefix says."""
    field, value = part.field, part.value
    if field == "born" and not all(_can_read(birth_date, date) for date in read_dates(value)):
        raise LiaisonError("born: use YYYY, YYYY-MM or YYYY-MM-DD, a range (1978/1982) or about (1980~)")
    if field == "nationality" and not country_code(value):
        raise LiaisonError("nationality: unknown country; use its name or its code of two letters")
    if field == "type" and not type_named(value):
        raise LiaisonError("type: use {types}", types=", ".join(NAMED))
    if field == "offence" and not read_offences(value):
        raise LiaisonError("offence: unknown; use its name, an ICCS code such as 0502, or scheme:code")


def _can_read(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def read_offences(value: str) -> tuple[str, ...]:
    """The offences that a code or a name stands for, scheme:code as documents hold it, or the beginning of one."""
    scheme, colon, code = value.strip().rpartition(":")
    if colon:
        known = ICCS if scheme.casefold() == ICCS.casefold() else scheme
        return (f"{known}:{code}",) if scheme and code else ()
    if code.isdigit():
        return (f"{ICCS}:{code}",)
    return tuple(f"{ICCS}:{found.code}" for found in search_offences(code))


def type_named(word: str) -> str:
    """The type of NAMED that a word names, in any language of the pages; "" where it names none."""
    return _type_words().get(word.casefold(), "")


@cache
def _type_words() -> dict[str, str]:
    labels = {(kind, ENTITY_TYPES_BY_NAME[kind].label) for kind in NAMED}
    words = {translate(label, language).casefold(): kind for kind, label in labels for language in LANGUAGES}
    return words | {kind: kind for kind in NAMED}


FieldValue = Annotated[str, Meta(max_length=MAX_QUESTION_CHARS)]
FieldValues = tuple[FieldValue, ...]


class QuestionFields(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of whom or what is asked for, beside the question's own words; each may have several values."""

    type: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="What the names may be of: person, organisation, vessel.")
    ] = ()
    name: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Full names.", examples=[["Ivan Petrov", "Иван Петров"]])
    ] = ()
    alias: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Other full names.")] = ()
    nickname: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Nicknames and weak aliases, which count less.")
    ] = ()
    born: Annotated[
        FieldValues,
        Meta(
            max_length=MAX_PARTS,
            description="Birth dates, one of them right: YYYY, YYYY-MM, YYYY-MM-DD, a range (1978/1982), about 1980~.",
            examples=[["1980-05-01"]],
        ),
    ] = ()
    birthplace: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Places of birth.")] = ()
    nationality: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Countries by code or name.", examples=[["RU"]])
    ] = ()
    phone: Annotated[FieldValues, Meta(max_length=MAX_PARTS)] = ()
    email: Annotated[FieldValues, Meta(max_length=MAX_PARTS)] = ()
    number: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Numbers of documents, accounts, devices.")
    ] = ()
    plate: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="? stands for one sign, * for any.")] = ()
    case: Annotated[
        FieldValues,
        Meta(max_length=MAX_PARTS, description="Numbers of cases, with agency or without.", examples=[["2026-0417"]]),
    ] = ()
    city: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Where they live or are.")] = ()
    offence: Annotated[
        FieldValues,
        Meta(
            max_length=MAX_PARTS,
            description="Offences, scheme:code; narrows to cases with one of them, or one within it.",
            examples=[["ICCS:05"]],
        ),
    ] = ()
    text: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Words of a title or summary.")] = ()


def add_fields(question: str, fields: QuestionFields) -> str:
    """The question with its fields as words, so that all that follows reads one form."""
    return " ".join([*([question] if question else []), *_words_of(fields)])


def _words_of(fields: QuestionFields) -> Iterator[str]:
    return (
        quote_value(field, text)
        for field in fields.__struct_fields__
        for value in getattr(fields, field)
        if (text := value.strip())
    )


def quote_value(field: str, value: str) -> str:
    """A value as a question's part, held together by quotes."""
    return f'{field}:"{value.replace(chr(34), " ")}"'
