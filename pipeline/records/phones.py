"""Telephone numbers in E.164."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata, PhoneNumberFormat
from phonenumbers.phonemetadata import PhoneNumberDesc

from pipeline.records.identifiers import read_strokes
from pipeline.records.normalised import NormalisedPhone

_E164 = re.compile(r"\+([1-9][0-9]{4,14})", re.ASCII)
_LONGEST_CODE = 3
"""Digits of a country code in E.164."""


def phone(text: str, country: str) -> NormalisedPhone | None:
    """The number as E.164; `country` (alpha-2) is where a number without country code is dialled. None: it is none.

    `valid` says whether the numbering plan has such a number.
    """
    return _ordinary(text) or _any(text, country)


@lru_cache(maxsize=16384)
def _any(text: str, country: str) -> NormalisedPhone | None:
    try:
        parsed = phonenumbers.parse(read_strokes(text), country or None)
    except NumberParseException:
        return None
    return NormalisedPhone(
        e164=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(parsed),
        valid=phonenumbers.is_valid_number(parsed),
    )


def _ordinary(text: str) -> NormalisedPhone | None:
    """A number that is in E.164 already and an ordinary one of its plan's main region, at a tenth of the cost."""
    match = _E164.fullmatch(text)
    digits = match[1] if match else ""
    for length in range(1, min(_LONGEST_CODE, len(digits)) + 1):
        plan = _plan(int(digits[:length]))
        if plan is not None:
            national = digits[length:]
            return NormalisedPhone(text, national) if plan.has(national) else None
    return None


Matches = Callable[[str], bool]


class _Plan(NamedTuple):
    """A calling code's main numbering plan, as phonenumbers knows it."""

    prefix: re.Pattern[str] | None
    general: Matches
    fixed: Matches
    mobile: Matches

    def has(self, national: str) -> bool:
        """Whether it is a fixed or mobile number of the plan, written without what is dialled before it."""
        if national.startswith("0") or (self.prefix is not None and self.prefix.match(national)):
            return False
        return self.general(national) and (self.fixed(national) or self.mobile(national))


@cache
def _plan(code: int) -> _Plan | None:
    """None for what is no calling code of a country."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    found = PhoneMetadata.metadata_for_region(regions[0], None) if regions else None
    if found is None:
        return None
    prefix = found.national_prefix_for_parsing
    return _Plan(
        re.compile(prefix) if prefix else None, *map(_matcher, (found.general_desc, found.fixed_line, found.mobile))
    )


def _matcher(described: PhoneNumberDesc | None) -> Matches:
    if described is None or not described.national_number_pattern:
        return lambda _: False
    whole, lengths = re.compile(described.national_number_pattern).fullmatch, frozenset(described.possible_length)
    return lambda national: (not lengths or len(national) in lengths) and whole(national) is not None
