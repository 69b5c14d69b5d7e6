"""Addresses in parts: what the agency stated, and the rest read from the address in one text.

Street words are shortened by rigour's list ("avenue", "av." and "Avenue" are one word), which also writes Latin letters
for the alphabets that it knows.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rigour._core import address_fingerprint

from pipeline.records.names import clean_text
from pipeline.records.normalised import NormalisedAddress

_POSTCODE = (
    r"(?:(?:[A-Z]{1,2}-)?(?P<code>[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}"  # GB, JE, GG, IM
    r"|[0-9]{4} ?[A-Z]{2}(?![A-Za-z])"  # NL
    r"|[0-9]{2}-[0-9]{3}"  # PL
    r"|[0-9]{4}-[0-9]{3}"  # PT
    r"|[A-Z][0-9][0-9W] ?[A-Z0-9]{4}"  # IE
    r"|[0-9]{3} [0-9]{2}"  # CZ, SE, SK, GR
    r"|[0-9]{4,6}))"  # the rest of Europe
)
_CODE_CITY = re.compile(rf"^{_POSTCODE}\s+(?P<city>\D.*)$")
_CITY_CODE = re.compile(rf"^(?P<city>\D*?)\s*,?\s*{_POSTCODE}$")
_HOUSE = r"[0-9]{1,5}(?:\s*[-/]\s*[0-9]{1,5})?(?:\s?(?:bis|ter|quater|[a-zA-Z]))?"
_HOUSE_FIRST = re.compile(rf"^(?:no\.? ?|n° ?|№ ?)?(?P<house>{_HOUSE})(?![\w])[\s,]+(?P<street>\D.*)$", re.IGNORECASE)
_HOUSE_LAST = re.compile(
    rf"^(?P<street>\D.*?)[\s,]+(?:д\.? ?|no\.? ?|nr\.? ?|n° ?|№ ?)?(?P<house>{_HOUSE})$", re.IGNORECASE
)
_CODE_WITHIN = re.compile(r"^(?P<street>\D+?)[\s,]+(?P<code>[0-9]{4,6})\s+(?P<city>\D+)$")
"""A postcode in the middle of one line: 176 pr mira 129366 moscow."""

_HOUSE_ALONE = re.compile(rf"^(?:д\.? ?|no\.? ?|nr\.? ?|n° ?|№ ?|# ?)?(?P<house>{_HOUSE})$", re.IGNORECASE)
_STREET_LAST = re.compile(
    r"\s(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|boulevard|way|pl|place|ct|court)\.?$", re.I
)
"""English words that end a street line: its number is a house's, however much it looks like a postcode."""

_CEDEX = re.compile(r"\s+(?:cedex|sp)(?:\s+\d+)?$|\s+\d{1,2}(?:e|er|ème|eme)?(?:\s+arrondissement)?$", re.IGNORECASE)
"""Delivery words and districts that follow a city's name on French mail."""


@lru_cache(maxsize=65536)
def address(full: str, house: str, street: str, postcode: str, city: str, country: str) -> NormalisedAddress:
    """The normalised address; every argument may be "", `country` is alpha-2. Stated parts win over those read."""
    read = _read(full)
    house, street = house or read.get("house", ""), street or read.get("street", "")
    postcode, city = postcode or read.get("postcode", ""), city or read.get("city", "")
    if street and not house and (split := _split_street(street)):
        house, street = split["house"], split["street"]
        postcode, city = postcode or split.get("postcode", ""), city or split.get("city", "")
    return NormalisedAddress(
        text=_line(full),
        house=_compact(house),
        street=_line(street),
        postcode=_postcode(postcode),
        city=_city(city),
        country=country,
    )


def _read(full: str) -> dict[str, str]:
    """Parts found in an address of lines or comma-separated parts."""
    parts = [part for line in full.splitlines() for part in map(clean_text, line.split(",")) if part]
    found: dict[str, str] = {}
    for at, part in enumerate(parts):
        if place := None if _STREET_LAST.search(part) else _CODE_CITY.match(part) or _CITY_CODE.match(part):
            before = parts[at - 1] if at and not place["city"] else ""
            found |= {"postcode": place["code"], "city": place["city"] or before}
        elif "house" not in found and (alone := _HOUSE_ALONE.match(part)):
            found |= {"house": alone["house"], "street": parts[at - 1] if at else "".join(parts[1:2])}
        elif "street" not in found and (split := _split_street(part)):
            found |= split
    return found


def _split_street(part: str) -> dict[str, str]:
    first = _HOUSE_FIRST.match(part)
    if first and (within := _CODE_WITHIN.match(first["street"])):
        return {"house": first["house"], "street": within["street"], "postcode": within["code"], "city": within["city"]}
    split = first or _HOUSE_LAST.match(part)
    return {"house": split["house"], "street": split["street"]} if split else {}


def _line(text: str) -> str:
    return address_fingerprint(clean_text(text)) or "" if text else ""


def _compact(text: str) -> str:
    return "".join(clean_text(text).casefold().split())


def _postcode(text: str) -> str:
    """Without blanks and country prefix ("F-75002")."""
    return re.sub(r"^[a-z]{1,2}-(?=\d)", "", _compact(text))


def _city(text: str) -> str:
    plain = clean_text(text)
    return (_CEDEX.sub("", plain) or plain).casefold()
