"""Country codes from codes, names in the usual languages, demonyms (Afghan), and names of other times (Burma).

CLDR and ISO 3166 say what a country is called, rigour's list of territories what else it is called in lists and
registers: short and inverted forms (DPRK; Korea, North), old names, the people's names. tools/vendored_tables.py has
made one table of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import msgspec

from pipeline.records.vendored import read_table

FORMER_CODES = (
    "AI:AFI AN:ANT BQ:ATB BU:BUR BY:BYS CS:CSK CS:SCG CT:CTE DD:DDR DY:DHY FQ:ATF FX:FXX GE:GEL HV:HVO JT:JTN MI:MID "
    "NH:NHB NQ:ATN NT:NTZ PC:PCI PU:PUS PZ:PCZ RH:RHO SK:SKM SU:SUN TP:TMP VD:VDR WK:WAK YD:YMD YU:YUG ZR:ZAR"
)
"""Former codes of two and of three letters (ISO 3166-3)."""

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
    "republic of guineabissau": "GW", "democratic republic of timorleste": "TL",
}  # fmt: skip
"""Names in use outside CLDR, folded."""

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

_NOTE = re.compile(r"\s*\([^()]*\)")
"""What follows a country in brackets: "Italy (domicile)"."""


class _Table(msgspec.Struct):
    """Codes of three letters, and folded names, with codes of two letters."""

    codes: dict[str, str]
    names: dict[str, str]


@lru_cache(maxsize=16384)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 code (also XK, EU, UN and codes of former states) of a code or name; "" if it is none."""
    plain = text.strip(" .<").upper()
    if len(plain) <= len("USSR") and (found := _codes().get(plain)):
        return RENAMED.get(found, found)
    names = _names()
    found = names.get(fold_name(text)) or names.get(fold_name(_NOTE.sub("", text)), "")
    return RENAMED.get(found, found)


def are_compatible(one: str, other: str) -> bool:
    """Whether two codes are of one country, or of a former state and one that it became."""
    return one == other or other in SUCCESSORS.get(one, ()) or one in SUCCESSORS.get(other, ())


@cache
def _table() -> _Table:
    return read_table("countries", _Table)


@cache
def _codes() -> dict[str, str]:
    former = {three: two for two, _, three in (pair.partition(":") for pair in FORMER_CODES.split())}
    current = _table().codes
    own = {two: two for two in (*former.values(), *current.values())}
    return former | own | current | ODD_CODES


@cache
def _names() -> dict[str, str]:
    """Names to codes, folded."""
    return _table().names | ODD_NAMES


def fold_name(text: str) -> str:
    """A name as it is looked up: without case, accents, and marks that are neither letters nor numbers."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (char for char in plain if char.isalnum() or char.isspace())
    return " ".join("".join(letters).split())
