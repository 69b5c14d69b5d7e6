"""Guesses what a table's columns hold, by their names in several languages and by their values.

The names are those by which the columns of registers go, by language and field, in records/field_words.toml: in the
official languages of the EU, with usual abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec
from stdnum import iban

from pipeline.feeds.dates import DateReading, stated_dates
from pipeline.records.countries import country_code
from pipeline.records.field_words import fold_heading, fold_words

ROLES: Final = (
    "issuer", "birth_country", "given", "family", "alias", "lei", "organisation", "full", "birth_date", "birth_place",
    "gender", "nationality", "phone", "email", "passport", "national_id", "street", "city", "postcode", "country",
    "plate", "vin", "imo", "iban", "title", "role", "opened", "case_id",
)  # fmt: skip
"""In the order in which they are held against a column's values. Each has the words of the field that is called so."""

FURTHER_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "alias": ("nickname",), "birth_date": ("birth",), "national_id": ("identity_card",), "title": ("offence",),
    "case_id": ("case", "number"),
}  # fmt: skip
"""Fields whose words tell a role besides."""

PAIRED_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "issuer": ("passport", "country"),
    "birth_country": ("birth", "country"),
    "birth_date": ("birth", "date"),
    "birth_place": ("birth", "place"),
    "plate": ("vehicle", "vehicle_sign"),
}
"""Roles that a word of each field tells together, in either order: `GEB_DAT`, `Date de naissance`."""

NUMBERED: Final = ("passport", "national_id", "phone", "plate", "vin", "imo", "iban", "lei", "case_id")
"""Roles of numbers: their columns may say so beside the word (`AUSWEIS_NR`, `N° pass`)."""

SAMPLE_VALUES = 400
"""Values of a column that are looked at."""
MOST = 0.8
"""The share of a column's values that must fit: registers are never clean."""

NEARLY = 0.9
"""The share of distinct values by which a column that is called an id is one: some rows of a register are broken."""

HALF = 0.5
"""The share of countries: registers write `deutsch` and `polonaise` as well, which are in no table of countries."""

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
DATE_FORMATS = (
    "%Y-%m-%d", DAY_FIRST, MONTH_FIRST, "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%d %B %Y", "%Y%m%d",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%m/%Y", "%Y-%m", "%Y",
)  # fmt: skip

NO_VALUES = ("type", "kind", "code", "status", "details")
"""Last words of columns that tell of what kind another is: `alias type` holds no alias."""

SHORT_WORDS = ("id", "no", "nr", "ne")
"""Words of two letters that tell a field also at the end or the beginning of a name: `Group ID`."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
MOST_NAME_PARTS = 9
"""Numbered columns from Name 1 on that are parts of one name: those of one digit; the UK's list has six."""

SOME = 0.2
"""The share of dates in a column that is called a date of birth: the others go to the text beside it."""

TESTED = ("email", "iban")
"""Roles that values alone tell."""

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)
_PHONE = re.compile(r"^\+?[0-9 ()/.-]{6,20}$")
_NUMBER_END = re.compile("(?<=[a-z]{3})(nr|nummer|numero|szama?)$")
"""What German and its neighbours, Finnish and Hungarian write onto the word: `Telefonnr.`, `Passinumero`."""


class ColumnRole(msgspec.Struct, frozen=True):
    """What a column is taken for, why, and for a date the formats that read it."""

    role: str
    reason: str
    formats: tuple[str, ...] = ()


def guess_role(name: str, values: Sequence[str]) -> ColumnRole | None:
    """The role of a column by its name, held against its values; by its values where the name tells nothing."""
    named = _roles_of_name(name)
    found = next((role for one in named if (role := _hold_against(one, values))), None)
    if found or "birth_date" in named[:1]:
        return found
    return next((ColumnRole(role, "its values") for role in TESTED if values and _fits(role, values)), None)


def _hold_against(named: str, values: Sequence[str]) -> ColumnRole | None:
    """The role that a name tells, where the values can be such."""
    if named == "birth_date":
        formats, rest = fit_formats(values)
        sample = len(values[:SAMPLE_VALUES])
        if len(rest) > (1 - SOME) * sample or not formats:
            return None
        return ColumnRole(named, f"its name, and dates in {sample - len(rest)} of {sample} values", formats)
    if named == "opened":
        formats = guess_formats(values)
        return ColumnRole(named, "its name, and dates in it", formats) if formats else None
    return ColumnRole(named, "its name") if _fits(named, values) else None


def role_of_name(name: str) -> str:
    """The role whose word the column's name is, or ends or begins with, in the plural too; "" for none."""
    return next(iter(_roles_of_name(name)), "")


def _roles_of_name(name: str) -> tuple[str, ...]:
    """The roles whose word the name is; if none, ends with; if none, begins with. One word may be of several fields."""
    plain, known = fold_heading(name), _roles_by_word()
    words = plain.split()
    if words and words[-1] in NO_VALUES and plain not in known:
        return ()
    ends = [" ".join(words[at:]) for at in range(1, len(words))]
    begins = [" ".join(words[:at]) for at in range(len(words) - 1, 0, -1)]
    bare = [word for word in _NUMBER_END.sub("", plain).split() if word not in _number_words()]
    return (
        _find_roles(plain, plain.removesuffix("s"))
        or tuple(role for role in _find_roles(" ".join(bare)) if role in NUMBERED)
        or _find_roles(*(end for one in ends if _tells_in_part(one) for end in (one, one.removesuffix("s"))))
        or _find_roles(*filter(_tells_in_part, begins))
    )


def _find_roles(*phrases: str) -> tuple[str, ...]:
    """All roles of these phrases, in the order of the table."""
    known = _roles_by_word()
    return tuple(sorted({role for phrase in phrases for role in known.get(phrase, ())}, key=_ROLE_ORDER.__getitem__))


def _tells_in_part(phrase: str) -> bool:
    """Whether a word tells a field beside others: what is as short as `cp` or `az` does so as the whole name alone."""
    return len(phrase) > len("az") or phrase in SHORT_WORDS


def name_parts(names: Iterable[str]) -> list[str]:
    """The columns that hold the words of one name by number, in its order: `Name 1` to `Name 6`, `FIRST_NAME` ..."""
    numbered = {number: name for name in names if (number := _part_number(fold_heading(name)))}
    return [numbered[number] for number in sorted(numbered)] if len(numbered) > 1 and 2 in numbered else []


def _part_number(plain: str) -> int:
    """Of `name 3` and `third name` 3; 0 for any other name of a column."""
    first, _, last = plain.partition(" ")
    if first == "name" and last.isdigit() and int(last) <= MOST_NAME_PARTS:
        return int(last)
    return ORDINALS.index(first) + 1 if last == "name" and first in ORDINALS else 0


def guess_formats(values: Sequence[str]) -> tuple[str, ...]:
    """The fewest formats that read most of the values, the commonest first; none where they are no dates."""
    chosen, rest = fit_formats(values)
    return chosen if len(rest) <= (1 - MOST) * len(values[:SAMPLE_VALUES]) else ()


def fit_formats(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The fewest formats that read whatever of the values can be read, the commonest first; and what can't."""
    rest, chosen = list(values[:SAMPLE_VALUES]), list[str]()
    while rest:
        read = {
            format_: [text for text in rest if stated_dates(text, DateReading((format_,)))] for format_ in DATE_FORMATS
        }
        best = max(DATE_FORMATS, key=lambda format_: len(read[format_]))
        if not read[best]:
            break
        chosen.append(best)
        rest = [text for text in rest if text not in set(read[best])]
    return tuple(chosen), rest


def is_order_open(values: Sequence[str]) -> bool:
    """Whether no value tells days from months: all are 12 or less."""
    return all(int(part) <= 12 for text in values[:SAMPLE_VALUES] for part in text.split("/")[:2] if part.isdigit())


def are_distinct(values: Sequence[str], filled: int, rows: int) -> bool:
    """Whether every row has a value of its own."""
    return filled == rows and len(set(values)) == len(values) > 0


def is_nearly_distinct(values: Sequence[str]) -> bool:
    """Whether the values are distinct, but for the few that registers repeat by mistake."""
    return len(set(values)) >= NEARLY * len(values) > 0


def are_written_dates(values: Sequence[str]) -> bool:
    """Whether the values are dates, and not numbers that could be years or days too."""
    return bool(guess_formats(values)) and not all(text.isdecimal() for text in values[:SAMPLE_VALUES])


def _fits(role: str, values: Sequence[str]) -> bool:
    """Whether most of the values can be such, of countries half; an empty column can be anything."""
    test = _TESTS.get(role)
    sample = values[:SAMPLE_VALUES]
    return test is None or sum(map(test, sample)) >= (HALF if test is _is_country else MOST) * len(sample)


def _is_country(text: str) -> bool:
    return any(country_code(part) for part in re.split("[,;/|]", text))


_TESTS: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: bool(_EMAIL.match(text)),
    "phone": lambda text: all(_PHONE.match(part.strip()) for part in re.split("[,;|]", text)),
    "iban": lambda text: bool(iban.is_valid(text)),
    "nationality": _is_country,
    "country": _is_country,
    "birth_country": _is_country,
    "issuer": _is_country,
    "gender": lambda text: len(text) <= len("masculine"),
    "given": lambda text: not any(char.isdigit() for char in text),
    "family": lambda text: not any(char.isdigit() for char in text),
}


_ROLE_ORDER = {role: place for place, role in enumerate(ROLES)}


@cache
def _number_words() -> frozenset[str]:
    return fold_words(["number"])


@cache
def _roles_by_word() -> Mapping[str, tuple[str, ...]]:
    """The roles of each word or pair of words of the table, folded, in the order of ROLES."""
    found: dict[str, tuple[str, ...]] = {}
    for role in ROLES:
        first, second = (fold_words([field]) for field in PAIRED_FIELDS.get(role, ("", "")))
        pairs = {pair for one in first for other in second for pair in (f"{one} {other}", f"{other} {one}")}
        for word in fold_words([role, *FURTHER_FIELDS.get(role, ())]) | pairs:
            found[word] = (*found.get(word, ()), role)
    return found


def guess_separator(values: Iterable[str]) -> str:
    """The sign by which cells hold several values, "" where they hold one."""
    values = list(values)
    counts = {sign: sum(sign in text for text in values) for sign in ("|", ";", ",")}
    sign = max(counts, key=lambda one: counts[one])
    return sign if counts[sign] else ""
