"""Blocking keys of persons: one value that is rare enough, or two or three that are so together.

How rare is enough is the model's `key_rarity` in hundredths of a bit: at 15 bits a key meets three cases in 100,000.
Only the shortest combinations yield keys: what is rare enough needs no company. Which combinations are used is what
forward selection took, by true pairs gained for each candidate and key, on historical figures, FEBRL and fake_1000.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from pipeline.correlation.kinds import Kind, key
from pipeline.correlation.name_sounds import sounds
from pipeline.correlation.thing_keys import area, place_sounds, postcodes
from pipeline.matching.comparisons.addresses import UNIT
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.rarity import rarity_of

YEAR, MONTH, DAY, DATE, POSTCODE, AREA, INITIAL = 600, 950, 800, 1400, 1100, 800, 350
"""Rarity of an attribute's common value: 64 birth years; 12 months in each; 365 days in any order of day and month;
both; 2,000 postcodes; 256 postal areas; 11 first letters."""

PLACE = 550
"""A city of one in 45, since cities that sound alike are one."""

UNIT_POSTCODE = 1600
"""Of the postcodes that a few doors share there are more than a million."""

MAX_TOKENS = 4
"""Rarest name tokens of one person that yield keys."""

SPELT = 5
"""Letters from which a spelling is told from others that sound alike."""

DECEMBER = 12

DEFAULT_DAY = "1-1"
"""1 January stands for an unknown day (in a third of the historical figures), so it tells no more than the year."""

COMBINATIONS = {
    Kind.POSTCODE: "/c /a",
    Kind.POSTCODE_DATE: "/mc",
    Kind.DATE: "/f /m",
    Kind.DATE_PLACE: "/fp /dp /yp",
    Kind.DATE_INITIAL: "/fi",
    Kind.NAME: "s/ v/ x/ o/",
    Kind.NAME_PAIR: "ss/ sv/ sx/ vx/ xx/ oo/ ox/",
    Kind.NAME_DATE: "s/f o/f",
    Kind.NAME_POSTCODE: "o/c",
    Kind.NAME_YEAR: "s/y x/y",
    Kind.NAME_PLACE: "s/p v/p o/p x/p",
    Kind.NAMES_DATE: "ss/y sv/y oo/y ss/d",
    Kind.NAMES_PLACE: "ss/p oo/p oo/a",
    Kind.NAME_YEAR_PLACE: "s/yp v/yp x/yp o/yp",
}
"""What each kind puts together, as letters of name parts / letters of attributes.

Of a name token: o its onset, s its consonant skeleton, v a class of variants, x its spelling where the skeleton is too
common. Of a birth date: y year, m month, d day in either order of day and month, f all of it. p a place's sound, c
postcode, a postal area, i initial.
"""

_WRITTEN_DATE = re.compile(r"(\d{4})(?:-(\d\d)-(\d\d))?\b")

Part = tuple[str, tuple[int, ...]]
"""Values that a key may hold: their text, then rarities in hundredths of a bit at the places named below."""
RARITY, FIRST, SECOND, HEARD, NONE = range(5)
"""Of all of it; of its first and second half alone; with the sound in place of the spelling; of none of it. What there
is not is 0."""

Parts = dict[str, list[Part]]
"""Parts by their letters."""

Lettered = tuple[tuple[str, Part], ...]

NOTHING: list[Part] = [("", (0, 0, 0, 0, 0))]


def person_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """The keys of a person that hold a name or a birth date."""
    names, attributes = _name_parts(entity), _attributes(entity)
    for kind, named, others, lesser in _TABLE:
        for text, one in names.get(named, ()):
            missing = enough - one[RARITY]
            for value, other in attributes.get(others, ()):
                if other[RARITY] < missing:
                    continue
                for i, j in lesser:
                    if one[i] + other[j] >= enough:
                        break
                else:
                    yield key(kind, f"{named}{others} {text} {value}")


def _name_parts(entity: EntityPrint) -> Parts:
    """The parts of the rarest name tokens of all names, each alone and any two together."""
    tokens = {token for name in entity.names for token in name.tokens if token.kind != "initial"}
    rarest = sorted((_token_parts(token) for token in tokens), key=_by_rarity)[:MAX_TOKENS]
    parts: Parts = {"": NOTHING}
    for one in rarest:
        for letter, part in one:
            parts.setdefault(letter, []).append(part)
    for one, other in combinations(rarest, 2):
        _pair(one, other, parts)
    return parts


def _pair(one: Lettered, other: Lettered, parts: Parts) -> None:
    """Add all pairs of the parts of two tokens, in one order whichever token comes first."""
    for letter, p in one:
        for following, q in other:
            letters = _PAIRS.get(letter + following)
            if letters and p[0] != q[0]:
                swapped = letter > following or (letter == following and p[0] > q[0])
                parts.setdefault(letters, []).append(_both(q, p) if swapped else _both(p, q))


def _both(one: Part, other: Part) -> Part:
    (text, p), (value, q) = one, other
    heard = max(p[HEARD] and p[HEARD] + q[RARITY], q[HEARD] and p[RARITY] + q[HEARD])
    return f"{text} {value}", (p[RARITY] + q[RARITY], p[RARITY], q[RARITY], heard, 0)


def _part(text: str, rarity: int, heard: int = 0) -> Part:
    return text, (rarity, 0, 0, heard, 0)


@lru_cache(maxsize=1 << 16)
def _token_parts(token: TokenPrint) -> Lettered:
    heard, spelt = sounds(token), token.forms[0]
    found = [("o", _part(onset, rarity)) for onset, rarity in heard.onsets]
    found += [("s", _part(skeleton, rarity)) for skeleton, rarity in heard.skeletons]
    found += [("v", _part(variant, rarity)) for variant, rarity in heard.variants]
    if len(spelt) >= SPELT:
        found.append(("x", _part(spelt, rarity_of(spelt), heard.rarity)))
    return tuple(found)


def _by_rarity(parts: Lettered) -> tuple[int, Lettered]:
    """By the commonest skeleton, the rarest first."""
    return -min((rarities[RARITY] for letter, (_, rarities) in parts if letter == "s"), default=0), parts


def _attributes(entity: EntityPrint) -> Parts:
    """The parts of the birth date, places, postcodes and initials, each alone and as combinations want them."""
    parts: Parts = {"": NOTHING, **_date_parts(entity)}
    parts["p"] = _alone(sorted(place_sounds(entity)), PLACE)
    codes = sorted(postcodes(entity))
    parts["c"] = [_part(code, UNIT_POSTCODE if UNIT.fullmatch(code) else POSTCODE) for code in codes]
    parts["a"] = _alone(sorted({area(code) for code in codes}), AREA)
    parts["i"] = _alone(sorted(_initials(entity)), INITIAL)
    for letters in _TOGETHER:
        first, second = parts.get(letters[:-1]), parts.get(letters[-1])
        if first and second:
            parts[letters] = [_both(one, other) for one in first for other in second]
    return parts


def _alone(values: Iterable[str], rarity: int) -> list[Part]:
    return [_part(value, rarity) for value in values]


def _initials(entity: EntityPrint) -> set[str]:
    """First letters of the name tokens, of initials too."""
    return {token.forms[0][:1] for name in entity.names for token in name.tokens} - {""}


def _date_parts(entity: EntityPrint) -> Parts:
    date = entity.birth_date
    if date is not None:
        return _dated(date.year, date.month, date.day)
    written = _WRITTEN_DATE.match(entity.birth_date_text)
    return _dated(*(int(part or 0) for part in written.groups())) if written else {}


@lru_cache(maxsize=1 << 15)
def _dated(year: int, month: int, day: int) -> Parts:
    """Day and month in every order that they may have been written in."""
    parts = {"y": _alone((f"{year}",), YEAR)}
    months = {month, day} if 0 < day <= DECEMBER else {month}
    parts["m"] = _alone((f"{year}-{one}" for one in sorted(months - {0})), MONTH)
    either = f"{min(month, day)}-{max(month, day)}"
    if day and either != DEFAULT_DAY:
        parts["d"], parts["f"] = _alone((either,), DAY), _alone((f"{year}-{either}",), DATE)
    return parts


def _table() -> list[tuple[Kind, str, str, tuple[tuple[int, int], ...]]]:
    """The combinations, each with those lesser ones that have keys of their own, as places in both parts."""
    wanted = [(kind, *one.partition("/")[::2]) for kind, some in COMBINATIONS.items() for one in some.split()]
    known = {(named, others) for _, named, others in wanted}
    return [(kind, named, others, _lesser(named, others, known)) for kind, named, others in wanted]


def _lesser(named: str, others: str, known: set[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
    possible = {
        (RARITY, NONE): (named, ""),
        (NONE, RARITY): ("", others),
        (FIRST, RARITY): (named[:1], others),
        (SECOND, RARITY): (named[1:], others),
        (HEARD, RARITY): (_heard(named), others),
        (RARITY, FIRST): (named, others[:-1]),
        (RARITY, SECOND): (named, others[-1:]),
    }
    return tuple(places for places, lesser in possible.items() if lesser != (named, others) and lesser in known)


def _heard(named: str) -> str:
    """The letters with a sound in place of a spelling."""
    return "".join(sorted(named.replace("x", "s", 1)))


def _together(wanted: Iterable[str]) -> list[str]:
    """Letters that stand for two parts or more, the shorter first."""
    found = {letters[:size] for letters in wanted for size in range(2, len(letters) + 1)}
    return sorted(found, key=lambda letters: (len(letters), letters))


_TABLE = _table()
_PAIRS = {order: named for _, named, _, _ in _TABLE if len(named) > 1 for order in (named, named[::-1])}
"""Letters of two name parts in either order, to those of their combination."""

_TOGETHER = _together(others for _, _, others, _ in _TABLE)
