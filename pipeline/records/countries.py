"""Country codes from codes, names in the usual languages, demonyms (Afghan), and names of other times (Burma).

CLDR (babel) and ISO 3166 (pycountry) say what a country is called, rigour's list of territories what else it is called
in lists and registers: short and inverted forms (DPRK; Korea, North), old names, the people's names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import orjson
import pycountry
from babel import Locale
from rigour._core import territories_jsonl

LANGUAGES = (
    "en", "fr", "de", "es", "it", "pt", "nl", "pl", "ru", "uk", "el", "tr", "ar", "he", "zh", "ja", "ko", "sv", "da",
    "nb", "fi", "cs", "sk", "hu", "ro", "bg", "hr", "sr", "sl", "et", "lv", "lt", "sq", "mk", "ka", "hy", "fa", "hi",
)  # fmt: skip
"""Languages in which CLDR's country names are known: those of Europe, its neighbours, and the most spoken."""

ODD_CODES = {
    "UK": "GB", "EL": "GR", "D": "DE", "F": "FR", "I": "IT", "E": "ES", "A": "AT", "B": "BE", "P": "PT", "S": "SE",
    "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB", "RKS": "XK", "XKX": "XK", "KOS": "XK", "XK": "XK",
    "EU": "EU", "EUE": "EU", "UNO": "UN", "UNA": "UN", "UN": "UN", "ROM": "RO", "ZAR": "CD",
    "USA": "US", "UAE": "AE", "USSR": "SU", "DDR": "DD", "GDR": "DD",
}  # fmt: skip
"""Codes in use outside ISO 3166-1: ICAO 9303 part 3, the EU's UK and EL, Kosovo's XK, vehicle letters, bodies."""

ODD_NAMES = {
    "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "great britain": "GB", "britain": "GB",
    "the netherlands": "NL", "yugoslavia": "YU", "yougoslavie": "YU", "jugoslawien": "YU", "soviet union": "SU",
    "union sovietique": "SU", "sowjetunion": "SU", "ссср": "SU", "ivory coast": "CI", "burma": "MM", "swaziland": "SZ",
}  # fmt: skip
"""Names in use outside CLDR, folded."""

OWN_NAMES = ("name", "full_name", "in_sentence", "names_strong")
OTHER_NAMES = ("names_weak",)
"""Fields of rigour's territories."""

OF_TWO = frozenset({"congolese", "dominican", "korean", "guinean", "virgin islander"})
"""Peoples of two countries: which is meant is not told."""

RENAMED = {"BU": "MM", "ZR": "CD", "HV": "BF", "DY": "BJ", "RH": "ZW", "TP": "TL", "NH": "VU"}
"""Former codes (ISO 3166-3) of states that are there under another name."""

_SOVIET = "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"
SUCCESSORS = {
    former: frozenset(codes.split())
    for former, codes in {
        "SU": _SOVIET, "YU": "BA CS HR ME MK RS SI XK", "CS": "CZ ME RS SK XK", "DD": "DE", "AN": "BQ CW SX NL",
    }.items()
}  # fmt: skip
"""Former states with those that their territory belongs to now; CS was Czechoslovakia, then Serbia and Montenegro."""

FORMER_CODES = {"csxx": "CS", "yucs": "YU"}
"""ISO 3166-3 codes of which rigour knows the four letters only."""

SHORTEST_WEAK_NAME = 4
"""Letters of a name that is only now and then a territory's: shorter ones are words or codes of something else."""

_NOTE = re.compile(r"\s*\([^()]*\)")
"""What follows a country in brackets: "Italy (domicile)"."""


@lru_cache(maxsize=16384)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 code (also XK, EU, UN and codes of former states) of a code or name; "" if it is none."""
    plain = text.strip(" .<").upper()
    if len(plain) <= len("USSR") and (found := _codes().get(plain)):
        return RENAMED.get(found, found)
    names = _names()
    found = names.get(_folded(text)) or names.get(_folded(_NOTE.sub("", text)), "")
    return RENAMED.get(found, found)


def are_compatible(one: str, other: str) -> bool:
    """Whether two codes are of one country, or of a former state and one that it became."""
    return one == other or other in SUCCESSORS.get(one, ()) or one in SUCCESSORS.get(other, ())


@cache
def _codes() -> dict[str, str]:
    former = {code: each.alpha_2 for each in pycountry.historic_countries for code in (each.alpha_2, each.alpha_3)}
    current = {code: each.alpha_2 for each in pycountry.countries for code in (each.alpha_2, each.alpha_3)}
    return former | current | ODD_CODES


@cache
def _names() -> dict[str, str]:
    """Names to codes, folded; built at the first name that is no code (about 0.7 s)."""
    names = dict(ODD_NAMES)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == len("FR") and code.isalpha():
                names.setdefault(_folded(name), code)
    for each in pycountry.countries:
        for attribute in ("name", "official_name", "common_name"):
            if name := getattr(each, attribute, None):
                names.setdefault(_folded(name), each.alpha_2)
    for name, code in _territory_names():
        names.setdefault(name, code)
    return names


def _territory_names() -> Iterator[tuple[str, str]]:
    """Folded names with their codes, own names before those now and then in use; one that several share tells none."""
    territories = [orjson.loads(line) for line in territories_jsonl().splitlines()]
    for fields, shortest in ((OWN_NAMES, 1), (OTHER_NAMES, SHORTEST_WEAK_NAME)):
        bearers: dict[str, set[str]] = {}
        for one in territories:
            for name in _names_in(one, fields):
                bearers.setdefault(name, set()).add(_territory_code(one))
        for name, codes in bearers.items():
            if (
                len(codes) == 1
                and "" not in codes
                and name not in OF_TWO
                and (len(name) >= shortest or not name.isascii())
            ):
                yield name, next(iter(codes))


def _names_in(territory: dict[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        held = territory.get(field) or ()
        yield from {_folded(name) for name in ((held,) if isinstance(held, str) else held)} - {""}


def _territory_code(territory: dict[str, Any]) -> str:
    """Two letters, of a former state its former code, of a Soviet republic the Union's; "" of parts of countries."""
    code = str(territory["code"])
    if code.startswith("su-"):
        return "SU"
    own = (code, *(territory.get("other_codes") or ()), FORMER_CODES.get(code, ""))
    return next((one.upper() for one in own if len(one) == len("FR")), "")


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (char for char in plain if char.isalnum() or char.isspace())
    return " ".join("".join(letters).split())
