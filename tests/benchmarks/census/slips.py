"""Slips of the hand and of the scanner, as FEBRL's dsgen and GeCo make them."""

from __future__ import annotations

import unicodedata
from random import Random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
NEIGHBOURS = {key: row[max(at - 1, 0) : at] + row[at + 1 : at + 2] for row in ROWS for at, key in enumerate(row)}
SCANNED = {"0": "o", "1": "l", "2": "z", "5": "s", "6": "b", "8": "B", "9": "g"}
CONFUSED = {"1": "7", "7": "1", "3": "8", "8": "3", "0": "6", "6": "0", "5": "6", "9": "4", "4": "9", "2": "7"}
"""Figures that are taken for each other in handwriting."""

UNDECOMPOSED = str.maketrans({"ł": "l", "Ł": "L"})


def mistype(text: str, rng: Random) -> str:
    """One letter inserted, left out, replaced by its neighbour on the keyboard, or changed with the next.

    Seldom the first letter: people check how a word begins (Christen and Pudjijono 2009).
    """
    if len(text) < 2:
        return text
    at = 0 if rng.random() < 0.05 else rng.randrange(1, len(text))
    letter = text[at]
    near = NEIGHBOURS.get(letter.lower(), "")
    kind = rng.choices(("insert", "delete", "replace", "transpose"), (0.2, 0.25, 0.35, 0.2))[0]
    if kind == "insert":
        return text[:at] + rng.choice(near + letter.lower()) + text[at:]
    if kind == "delete":
        return text[:at] + text[at + 1 :]
    if kind == "replace" and near:
        return text[:at] + rng.choice(near) + text[at + 1 :]
    other = at + 1 if at + 1 < len(text) else at - 1
    letters = list(text)
    letters[at], letters[other] = letters[other], letters[at]
    return "".join(letters)


def misread_digit(text: str, rng: Random) -> str:
    """One figure wrong: one that looks alike, one key beside, or two changed with each other."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    if len(places) < 2:
        return mistype(text, rng)
    at = rng.choice(places)
    kind = rng.random()
    if kind < 0.3:
        other = places[(places.index(at) + 1) % len(places)]
        letters = list(text)
        letters[at], letters[other] = letters[other], letters[at]
        return "".join(letters)
    figure = CONFUSED[text[at]] if kind < 0.6 else rng.choice(NEIGHBOURS[text[at]])
    return text[:at] + figure + text[at + 1 :]


def misscan(text: str, rng: Random) -> str:
    """One or two figures read as letters."""
    places = [at for at, letter in enumerate(text) if letter in SCANNED]
    letters = list(text)
    for at in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
        letters[at] = SCANNED[letters[at]]
    return "".join(letters)


def respell(text: str, respellings: list[tuple[str, str]], rng: Random) -> str:
    """One of the region's other spellings, where one fits; else a slip."""
    lower = text.lower()
    ways = [(old, new) for pair in respellings for old, new in (pair, pair[::-1]) if old and old in lower[1:]]
    if not ways:
        return mistype(text, rng)
    old, new = rng.choice(ways)
    at = lower.index(old, 1)
    return text[:at] + new + text[at + len(old) :]


def strip_marks(text: str) -> str:
    """The text in plain Latin letters."""
    parts = unicodedata.normalize("NFD", text.translate(UNDECOMPOSED))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
