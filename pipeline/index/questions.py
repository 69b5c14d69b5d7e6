"""What an investigator asks for: names, numbers, phones, plates, birth dates, places, offences, free text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.errors import LiaisonError
from pipeline.index.question_parts import (
    FIELDS,
    LOOSE,
    NAMED,
    PLATE_PART_CHARS,
    TYPED,
    QuestionPart,
    read_day_first,
    read_worded,
    split_question,
)
from pipeline.locale import LANGUAGES, translate
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.records.countries import country_code
from pipeline.records.dates import birth_date
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME, PERSON
from pipeline.records.identifiers import canonical, identifier, plate
from pipeline.records.normalised import BirthDate, PartialDate
from pipeline.records.offence_codes import ICCS, search_offences

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
        return bool(self.cities) and msgspec.structs.replace(self, cities=()).empty

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
    return tuple(dict.fromkeys(core for value in values if (core := canonical(value))))


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
    if field == "born" and not all(map(_is_birth_date, read_dates(value))):
        raise LiaisonError("born: use YYYY, YYYY-MM or YYYY-MM-DD, a range (1978/1982) or about (1980~)")
    if field == "nationality" and not country_code(value):
        raise LiaisonError("nationality: unknown country; use its name or its code of two letters")
    if field == "type" and not type_named(value):
        raise LiaisonError("type: use {types}", types=", ".join(NAMED))
    if field == "offence" and not read_offences(value):
        raise LiaisonError("offence: unknown; use its name, an ICCS code such as 0502, or scheme:code")


def _is_birth_date(value: str) -> bool:
    try:
        birth_date(value)
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
