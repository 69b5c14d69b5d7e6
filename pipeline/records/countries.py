"""Country codes from codes and names in the usual languages."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

import pycountry
from babel import Locale

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


@lru_cache(maxsize=16384)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 code (also XK, EU, UN and codes of former states) of a code or name; "" if it is none."""
    plain = text.strip(" .<").upper()
    if len(plain) <= len("USSR") and (found := _codes().get(plain)):
        return found
    return _names().get(_folded(text), "")


@cache
def _codes() -> dict[str, str]:
    former = {code: each.alpha_2 for each in pycountry.historic_countries for code in (each.alpha_2, each.alpha_3)}
    current = {code: each.alpha_2 for each in pycountry.countries for code in (each.alpha_2, each.alpha_3)}
    return former | current | ODD_CODES


@cache
def _names() -> dict[str, str]:
    """Names to codes, folded; built at the first name that is no code (about 0.3 s)."""
    names = dict(ODD_NAMES)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == len("FR") and code.isalpha():
                names.setdefault(_folded(name), code)
    for each in pycountry.countries:
        for attribute in ("name", "official_name", "common_name"):
            if name := getattr(each, attribute, None):
                names.setdefault(_folded(name), each.alpha_2)
    return names


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (char for char in plain if char.isalnum() or char.isspace())
    return " ".join("".join(letters).split())
