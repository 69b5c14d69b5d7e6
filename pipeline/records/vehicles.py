"""Vehicles: what a VIN says, and makes and colours in one spelling."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

from pipeline.records.names import clean_text

_VIN = re.compile(r"^[A-HJ-NPR-Z0-9]{17}$")
"""ISO 3779: never I, O or Q."""

CHECK_POSITION = 8
_CHECKED_REGIONS = frozenset("12345L")
"""First characters of North America (49 CFR 565) and China (GB 16735), where the ninth character is a check digit."""

_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", "123456781234579234567890123456789", strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
"""49 CFR 565.15 (c), tables III to V."""


def vin_verdict(vin: str) -> bool | None:
    """False for a wrong form or, where check digits are the rule, a wrong one; None where nothing can be checked."""
    if not _VIN.match(vin):
        return False
    if check_digit(vin) == vin[CHECK_POSITION]:
        return True
    return False if vin[0] in _CHECKED_REGIONS else None


def check_digit(vin: str) -> str:
    """The ninth character that a VIN of 17 allowed characters should have."""
    remainder = sum(int(_VALUES[char]) * weight for char, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


@lru_cache(maxsize=16384)
def vin_make(vin: str) -> str | None:
    """The make of a VIN's manufacturer, its first three characters; "" of an unknown one, None for a wrong form."""
    return _words()["makers"].get(vin[:3], "") if _VIN.match(vin) else None


@lru_cache(maxsize=16384)
def make(text: str) -> str:
    """A make in lower case, short and local spellings replaced ("VW", "Mercedes")."""
    plain = _plain(text)
    return _words()["makes"].get(plain, plain)


@lru_cache(maxsize=16384)
def model(text: str) -> str:
    """A model in lower case."""
    return _plain(text)


@lru_cache(maxsize=16384)
def colour(text: str) -> str:
    """A colour in English where the word is known in one of the usual languages; the first known word counts."""
    plain = _plain(text)
    known = (_words()["colours"].get(word) for word in (plain, *plain.split()))
    return next((word for word in known if word), plain)


def _plain(text: str) -> str:
    return clean_text(text.replace("-", " ").replace("/", " ")).casefold()


@cache
def _words() -> dict[str, dict[str, str]]:
    """`makers`: identifier to make; `makes` and `colours`: spelling to canonical word."""
    written = tomllib.loads(resources.files("pipeline.records").joinpath("vehicles.toml").read_text())
    return {
        "makers": {code: name for name, codes in written["makers"].items() for code in codes.split()},
        "makes": {word: name for name, words in written["makes"].items() for word in words},
        "colours": {word: name for name, words in written["colours"].items() for word in words.split()},
    }
