"""Telephone numbers in E.164."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from pipeline.records.normalised import Phone


@lru_cache(maxsize=65536)
def phone(text: str, country: str) -> Phone | None:
    """The number as E.164; `country` (alpha-2) is where a number without country code is dialled. None: it is none.

    `valid` says whether the numbering plan has such a number.
    """
    try:
        parsed = phonenumbers.parse(text, country or None)
    except NumberParseException:
        return None
    return Phone(
        e164=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        national=phonenumbers.national_significant_number(parsed),
        valid=phonenumbers.is_valid_number(parsed),
    )
