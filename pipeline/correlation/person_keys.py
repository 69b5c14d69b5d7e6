"""Blocking keys of persons: each name sound alone if it is rare enough, else with the one attribute that makes it so.

How rare is enough is the model's `key_rarity` in hundredths of a bit: a key of 15 bits meets three cases in 100,000 at
most. The kinds are what backward elimination left over the true pairs of historical figures, FEBRL and fake_1000.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from pipeline.correlation.kinds import Kind, key
from pipeline.correlation.name_sounds import Sounds, sounds
from pipeline.correlation.thing_keys import area, places, postcodes
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names.rarity import rarity_of

LESS_FOR_PAIRS = 100
"""How much less rare a pair of name sounds may be: most pairs are rarer than their parts' rarities add up to."""

YEAR, MONTH, DAY, POSTCODE, AREA, PLACE = 600, 950, 800, 1100, 800, 600
"""Rarity of an attribute's common value: 64 birth years; 12 months in each; 365 days in any order of day and month;
2,000 postcodes; 256 postal areas; a city of one in 64."""

MAX_TOKENS = 8
MAX_PAIRED = 6
"""Rarest name tokens of one person that yield keys, and that are paired."""

SPELT = 5
"""Letters from which a spelling is rare enough to stand alone."""

DECEMBER = 12

DEFAULT_DAY = "1-1"
"""1 January stands for an unknown day (in a third of the historical figures), so it tells no more than the year."""

_WRITTEN_DATE = re.compile(r"(\d{4})(?:-(\d\d)-(\d\d))?\b")


class Born(NamedTuple):
    """What is known of a birth date, as texts, in every order of day and month that it may have been written in."""

    years: tuple[int, ...] = ()
    months: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


def person_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """The keys of a person that hold a name or a birth date."""
    born, where, codes = _born(entity), places(entity), postcodes(entity)
    heard = _heard(entity)
    for one in heard:
        yield from _onset_keys(one, born, where, codes, enough)
        yield from _sound_keys(one, where, enough)
    for first, second in combinations(heard[:MAX_PAIRED], 2):
        yield from _pair_keys(first, second, born, where, enough - LESS_FOR_PAIRS)
    yield from (key(Kind.NAME, f"spelt {form}") for form in _rare_spellings(entity, enough))
    yield from _nameless_keys(_initials(entity), born, where, codes)


def _heard(entity: EntityPrint) -> list[Sounds]:
    """The sounds of the name tokens of all names, rarest first."""
    found = {sounds(token) for name in entity.names for token in name.tokens if token.kind != "initial"}
    known = [one for one in found if one.skeletons]
    return sorted(known, key=lambda one: (-one.rarity, one.skeletons, one.onsets))[:MAX_TOKENS]


def _rare_spellings(entity: EntityPrint, enough: int) -> list[str]:
    """Tokens that are rare enough as they are spelt, though others sound like them."""
    forms = {token.forms[0] for name in entity.names for token in name.tokens if token.kind != "initial"}
    return sorted(form for form in forms if len(form) >= SPELT and rarity_of(form) >= enough)[:MAX_TOKENS]


def _initials(entity: EntityPrint) -> set[str]:
    """First letters of the name tokens, of initials too."""
    return {token.forms[0][:1] for name in entity.names for token in name.tokens} - {""}


def _born(entity: EntityPrint) -> Born:
    date = entity.birth_date
    if date is not None:
        return _dated(date.year, date.month, date.day)
    written = _WRITTEN_DATE.match(entity.birth_date_text)
    return _dated(*(int(part or 0) for part in written.groups())) if written else Born()


def _dated(year: int, month: int, day: int) -> Born:
    if not day:
        return Born((year,), (f"{year}-{month}",) if month else ())
    months = (f"{year}-{month}", f"{year}-{day}") if day <= DECEMBER and day != month else (f"{year}-{month}",)
    either = f"{min(month, day)}-{max(month, day)}"
    return Born((year,), months, () if either == DEFAULT_DAY else (either,), (f"{year}-{either}",))


def _onset_keys(one: Sounds, born: Born, where: Iterable[str], codes: Iterable[str], enough: int) -> Iterator[int]:
    for onset, rarity in one.onsets:
        if rarity + YEAR >= enough:
            yield from (key(Kind.NAME_YEAR, f"{onset} {year}") for year in born.years)
        elif rarity + MONTH >= enough:
            yield from (key(Kind.NAME_MONTH, f"{onset} {month}") for month in born.months)
        if rarity + DAY >= enough:
            yield from (key(Kind.NAME_DAY, f"{onset} {day}") for day in born.days)
        if rarity + POSTCODE >= enough:
            yield from (key(Kind.NAME_POSTCODE, f"{onset} {code}") for code in codes)
        if rarity + AREA >= enough:
            yield from (key(Kind.NAME_AREA, f"{onset} {area(code)}") for code in codes)
        if rarity + PLACE >= enough:
            yield from (key(Kind.NAME_PLACE, f"{onset} {place}") for place in where)


def _sound_keys(one: Sounds, where: Iterable[str], enough: int) -> Iterator[int]:
    for skeleton, rarity in one.skeletons:
        if rarity >= enough:
            yield key(Kind.NAME, skeleton)
    for sound, rarity in (*one.skeletons, *one.variants):
        if enough > rarity >= enough - PLACE:
            yield from (key(Kind.NAME_PLACE, f"sound {sound} {place}") for place in where)


def _pair_keys(first: Sounds, second: Sounds, born: Born, where: Iterable[str], enough: int) -> Iterator[int]:
    """Two skeletons, or one and a variant class; what is too common with a variant class also takes an attribute."""
    for one in (*first.skeletons, *first.variants):
        for other in (*second.skeletons, *second.variants):
            classes = (one in first.variants) + (other in second.variants)
            pair = f"{one[0]} {other[0]}" if one[0] < other[0] else f"{other[0]} {one[0]}"
            if classes == 2 or one == other:
                continue
            if one[1] + other[1] >= enough:
                yield key(Kind.NAME_PAIR, pair)
            elif classes:
                yield from (key(Kind.NAME_YEAR, f"{pair} {year}") for year in born.years)
                yield from (key(Kind.NAME_PLACE, f"{pair} {place}") for place in where)


def _nameless_keys(initials: Iterable[str], born: Born, where: Iterable[str], codes: Iterable[str]) -> Iterator[int]:
    """For names that have nothing in common."""
    for date in born.dates:
        yield from (key(Kind.DATE_PLACE, f"{date} {place}") for place in where)
        if born.days:
            yield from (key(Kind.DATE_INITIAL, f"{date} {initial}") for initial in initials)
    for place in where:
        yield from (key(Kind.DATE_PLACE, f"{initial} {year} {place}") for initial in initials for year in born.years)
    for code in codes:
        yield from (key(Kind.POSTCODE_YEAR, f"{code} {year}") for year in born.years)
        yield from (key(Kind.POSTCODE_YEAR, f"{area(code)} {day}") for day in born.days)
        if not code.isdigit():
            yield from (key(Kind.POSTCODE_PLACE, f"{code} {place}") for place in where)
