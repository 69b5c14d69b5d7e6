"""How a question is understood: its words, and all that each of them is taken for at once. Pure.

It follows from the question alone, never from what is found. Each part can be left out, or settled on one reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.index.question_fields import quote_value
from pipeline.index.question_parts import FIELDS, LOOSE, MAX_QUESTION_CHARS, TYPED, QuestionPart, split_question
from pipeline.index.questions import read_dates, read_offences, type_named, typed_number
from pipeline.records.countries import country_code
from pipeline.records.identifiers import canonical, plate
from pipeline.records.names import clean_text
from pipeline.records.phones import phone

APART: Final = " , "
"""What stands where a part was, so that groups of digits at either side of it stay two numbers."""


OF_ONE_WORD: Final = frozenset({"born", "offence"})
"""Fields of which one word may be several values; each is stated as it is searched for."""


class Reading(msgspec.Struct, frozen=True):
    """One thing that words are taken for: the prefix that would say so, and the value that is searched for."""

    field: Annotated[str, Meta(description=f"One of {', '.join(FIELDS)}.", examples=["born"])]
    value: Annotated[str, Meta(examples=["1982-11-25"])]


class UnderstoodPart(msgspec.Struct, frozen=True):
    """Words of a question as they were typed, with their prefix, and their readings, the likeliest first.

    It asks for all of its readings, and whatever meets one of them answers it. Words without a reading are left out.
    """

    words: str
    readings: tuple[Reading, ...]


def understand_question(text: str, country: str) -> tuple[UnderstoodPart, ...]:
    """The parts of a question; `country` ("" unknown) is where its phones are dialled. Raises LiaisonError."""
    clean = clean_text(text)
    return tuple(_make_understood(clean, parts, country) for parts in _group_parts(text))


def understand_looks(text: str, country: str) -> tuple[UnderstoodPart, ...]:
    """The same without the parts that a prefix or quotes state: those are understood as they say."""
    parts = zip(_group_parts(text), understand_question(text, country), strict=True)
    return tuple(understood for (first, *_), understood in parts if not first.stated)


def leave_out(text: str, at: int) -> str | None:
    """The question without its part of this number; None where it would be longer than a question may be."""
    return _replace(text, at, "")


def settle_reading(text: str, at: int, reading: Reading) -> str | None:
    """The question with its part of this number taken for this alone; None where no question may be so long."""
    value = reading.value if reading.field in OF_ONE_WORD else " ".join(part.value for part in _group_parts(text)[at])
    return _replace(text, at, _state(reading.field, value))


def _state(field: str, value: str) -> str:
    return quote_value(field, value) if {" ", '"'} & {*value} else f"{field}:{value}"


def _group_parts(text: str) -> list[list[QuestionPart]]:
    """The parts that are understood as one: all loose words are one name, where the first of them stands."""
    groups: list[list[QuestionPart]] = []
    loose: list[QuestionPart] = []
    for part in split_question(text):
        if part.field != LOOSE:
            groups.append([part])
        elif loose:
            loose.append(part)
        else:
            loose = [part]
            groups.append(loose)
    return groups


def _make_understood(clean: str, parts: Sequence[QuestionPart], country: str) -> UnderstoodPart:
    words = " ".join(clean[part.start : part.end] for part in parts)
    value = " ".join(part.value for part in parts)
    readings = (Reading(field, read) for field in parts[0].readings for read in _values_of(field, value, country))
    return UnderstoodPart(words, tuple(readings))


def _values_of(field: str, value: str, country: str) -> Iterable[str]:
    """What a field makes of a value."""
    if field == "born":
        return read_dates(value)
    if field == "offence":
        return read_offences(value)
    if field == "phone":
        found = phone(value, country)
        return [found.e164 if found else canonical(value)]
    if field in TYPED:
        return [typed_number(field, value).value]
    return [_VALUES[field](value) if field in _VALUES else value]


_VALUES: dict[str, Callable[[str], str]] = {
    "type": type_named,
    "nationality": country_code,
    "email": str.casefold,
    "number": canonical,
    "plate": plate,
}


def _replace(text: str, at: int, new: str) -> str | None:
    """The text with one part changed; the others stay what they are. None where it gets too long by that."""
    clean, groups = clean_text(text), _group_parts(text)
    first, changed = groups[at][0].start, {part.start: part.end for part in groups[at]}
    kept = [part for parts in groups for part in parts if part.start not in changed]
    for between in (" ", APART):
        pieces, place = [], 0
        for start, end in sorted(changed.items()):
            pieces += [clean[place:start], new if start == first else "", between]
            place = end
        made = clean_text("".join([*pieces, clean[place:]]))
        if len(made) > MAX_QUESTION_CHARS:
            return None
        if _same_parts(kept, made, new):
            break
    return made


def _same_parts(kept: Iterable[QuestionPart], made: str, new: str) -> bool:
    """Whether a question has these parts, beside new words."""
    wanted = {(part.field, part.value) for part in (*kept, *split_question(new))}
    return wanted == {(part.field, part.value) for part in split_question(made)}
