"""What goes wrong when people write down what they saw: slips of the keyboard, of the eye, of the form."""

from __future__ import annotations

from datetime import date
from random import Random
from string import ascii_letters

NEIGHBOURS = {
    "a": "qs", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et",
    "s": "ad", "t": "rz", "u": "zi", "v": "cb", "w": "qe", "x": "yc", "y": "xt", "z": "tu",
}  # fmt: skip
"""Adjacent keys; letters of other scripts are only dropped, doubled or transposed."""

SWAPPED_DAY_MONTH = 0.03
WRONG_DIGIT_OF_DATE = 0.03
YEAR_AND_MONTH_ONLY = 0.03
YEAR_ONLY = 0.03
UNREADABLE_DATE = 0.01
"""Shares of recorded birth dates. Published audits of hand-entered registers find 3-10% of dates in error in all."""


def mistype(rng: Random, text: str) -> str:
    """One slip of the keyboard within a word of three letters or more; shorter texts stay."""
    places = [place for place, letter in enumerate(text) if letter.isalpha() and place and place + 1 < len(text)]
    if not places:
        return text
    place = rng.choice(places)
    letter = text[place]
    slips = [letter + letter, "", text[place + 1] + letter]
    if letter.lower() in NEIGHBOURS and letter in ascii_letters:
        slips.append(rng.choice(NEIGHBOURS[letter.lower()]))
    slip = rng.choice(slips)
    consumed = 2 if slip == slips[2] else 1
    return text[:place] + slip + text[place + consumed :]


def misread_digit(rng: Random, text: str) -> str:
    """The text with one of its last digits replaced by another; the first two characters stay (prefix, country)."""
    places = [place for place, character in enumerate(text) if character.isdigit() and place > 1]
    if not places:
        return text
    place = rng.choice(places)
    other = rng.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]


def misread_date(rng: Random, text: str) -> str:
    """A date as a form that one character of cannot be read."""
    place = rng.choice([place for place, character in enumerate(text) if character.isdigit()])
    return text[:place] + rng.choice("?lO") + text[place + 1 :]


def recorded_birth_date(rng: Random, born: date) -> dict[str, str]:
    """`birth_date` or `birth_date_text` as a register holds it."""
    drawn = rng.random()
    for share, written in (
        (SWAPPED_DAY_MONTH, _swap_day_and_month(born)),
        (WRONG_DIGIT_OF_DATE, _misread_date_digit(rng, born)),
        (YEAR_AND_MONTH_ONLY, f"{born:%Y-%m}"),
        (YEAR_ONLY, f"{born:%Y}"),
    ):
        if drawn < share:
            return {"birth_date": written}
        drawn -= share
    if drawn < UNREADABLE_DATE:
        return {"birth_date_text": misread_date(rng, born.isoformat())}
    return {"birth_date": born.isoformat()}


def _swap_day_and_month(born: date) -> str:
    return born.replace(month=born.day, day=born.month).isoformat() if born.day <= 12 else born.isoformat()


def _misread_date_digit(rng: Random, born: date) -> str:
    """Another real date that differs in one digit of the day or of the year's last two."""
    while True:
        written = misread_digit(rng, born.isoformat())
        try:
            return date.fromisoformat(written).isoformat()
        except ValueError:
            continue
