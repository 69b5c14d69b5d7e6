"""Identity numbers as three states give them, so that check digits are right."""

from __future__ import annotations

from datetime import date
from random import Random

PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)


def make_number(country: str, gender: str, born: date, rng: Random) -> tuple[str, str]:
    """`(type, value)`: British national insurance number, Greek tax number (AFM), Polish PESEL."""
    if country == "PL":
        return "national_id", pesel(gender, born, rng)
    if country == "GR":
        return "tax_id", afm(rng)
    letters = rng.choice("ABCEGHJKLMNPRSTWXYZ") + rng.choice("ABCEGHJKLMNPRSTWXYZ")
    return "national_id", f"{letters}{rng.randrange(10**6):06d}{rng.choice('ABCD')}"


def pesel(gender: str, born: date, rng: Random) -> str:
    """Birth date (month + 20 from 2000), four figures of which the last says the gender, check digit."""
    month = born.month + (20 if born.year >= 2000 else 0)
    last = rng.randrange(5) * 2 + (gender == "m")
    digits = f"{born.year % 100:02d}{month:02d}{born.day:02d}{rng.randrange(1000):03d}{last}"
    total = sum(weight * int(digit) for weight, digit in zip(PESEL_WEIGHTS, digits, strict=True))
    return f"{digits}{-total % 10}"


def afm(rng: Random) -> str:
    """Eight figures and a check digit modulo 11, modulo 10."""
    digits = f"{rng.randrange(10**7, 2 * 10**7):08d}"
    return digits + str(sum(int(digit) << (8 - at) for at, digit in enumerate(digits)) % 11 % 10)
