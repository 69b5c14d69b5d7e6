"""Numbers that name a thing, in canonical form and with the verdict of their check digit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from stdnum import luhn

from pipeline.records.identifier_types import BY_NAME
from pipeline.records.normalised import NormalisedIdentifier

LOOK_ALIKES = str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")
"""Cyrillic and Greek capitals that plates and documents share with Latin (Vienna convention of 1968, annex 2)."""

_LETTERS = re.compile("^(?:IMO|MMSI)+")
"""What people put before a ship's number."""

_STROKE = re.compile(r"(?<=[0-9])[|!]|[|!](?=[0-9])")

_SEPARATORS = re.compile(r"[\W_]+")
_PLATE_SEPARATORS = re.compile(r"[^\w?*]+|_+")
_CASE_SENSITIVE = re.compile(r"^(?:[13T][1-9A-HJ-NP-Za-km-z]{24,}|[48][1-9A-HJ-NP-Za-km-z]{90,}|[xyz]pub\w+)$")
"""Base58 addresses (Bitcoin, Tron, Monero, extended keys): upper and lower case are different characters."""


IMEI_BODY = 14
BODIES = (IMEI_BODY, IMEI_BODY + 2)
"""Lengths of an IMEI without check digit: bare, or with the two digits of an IMEISV's software version."""


def identifier(kind: str, value: str, country: str) -> NormalisedIdentifier:
    """The canonical identifier of a type (any alias) and raw value; `country` is alpha-2 or "".

    `value` is "" where nothing but punctuation was sent.
    """
    known = BY_NAME.get(slug(kind))
    if known is None:
        return NormalisedIdentifier(slug(kind), canonical(value), country)
    core = FORMS.get(known.name, canonical)(value)
    country = core[:2] if known.name == "iban" and core[:2].isalpha() else country
    was_sent = known.name != "imei" or len(canonical(value)) not in BODIES  # the check digit, not added here
    return NormalisedIdentifier(known.name, core, country, known.check(core, country) if core and was_sent else None)


def slug(kind: str) -> str:
    """A type's name in lower case with underscores."""
    folded = kind.strip().casefold()
    return folded if folded.isalnum() else _SEPARATORS.sub("_", folded).strip("_")


def canonical(value: str) -> str:
    """Upper-case letters and digits only; look-alike capitals as Latin if that makes all of it Latin."""
    if value.isascii() and value.isalnum():
        return value.upper()
    return _latin(_settled(value, lambda text: _SEPARATORS.sub("", read_strokes(text)).upper()))


def read_strokes(text: str) -> str:
    """A stroke beside a digit is a one that a scanner misread: 428-6|6375."""
    return _STROKE.sub("1", text) if "|" in text or "!" in text else text


def plate(value: str) -> str:
    """As canonical, with ? and * kept for what was not read."""
    return _latin(_settled(value, lambda text: _PLATE_SEPARATORS.sub("", text).upper()))


def _settled(value: str, fold: Callable[[str], str]) -> str:
    """A value folded until nothing changes: where a sign goes or a letter's case changes, others may compose (NFKC)."""
    folded = fold(unicodedata.normalize("NFKC", value))
    while folded != value and not folded.isascii():
        value, folded = folded, fold(unicodedata.normalize("NFKC", folded))
    return folded


def _latin(core: str) -> str:
    if core.isascii():
        return core
    latin = core.translate(LOOK_ALIKES)
    return latin if latin.isascii() else core


def imei_core(value: str) -> str:
    """15 digits: the check digit added to a bare body, and put for the software version of an IMEISV."""
    digits = canonical(value)
    if digits.isascii() and digits.isdigit() and len(digits) in BODIES:
        body = digits[:IMEI_BODY]
        return body + str(luhn.calc_check_digit(body))
    return digits


def wallet_core(value: str) -> str:
    """As written, but lower-case where case means nothing (Ethereum's is an optional checksum; bech32)."""
    return _settled(value, _wallet_case)


def _wallet_case(text: str) -> str:
    core = "".join(text.split())
    return core if _CASE_SENSITIVE.match(core) else core.lower()


def imo_core(value: str) -> str:
    """The seven digits, without the letters IMO."""
    return _LETTERS.sub("", canonical(value))


FORMS: dict[str, Callable[[str], str]] = {
    "plate": plate,
    "imei": imei_core,
    "wallet": wallet_core,
    "imo": imo_core,
    "mmsi": lambda value: _LETTERS.sub("", canonical(value)),
}
"""Types whose canonical form is not plain upper-case letters and digits."""
