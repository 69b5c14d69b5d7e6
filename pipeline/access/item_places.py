"""Where items stand in a list that several people order at once: a place is a text between those of its neighbours.

Pure. Whoever moves an item gives it another place and changes nothing else. A place is a fraction in base 62, so that
there is always one between two others (fractional indexing: Evan Wallace, "Realtime editing of ordered sequences",
Figma, 2017).
"""

from __future__ import annotations

from typing import Final

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""In the order of their bytes, as Elasticsearch and Python sort texts."""

HEAD: Final = 6
"""Digits of which those at either end take the next number, so that a long list has short places."""

STEP: Final = len(DIGITS) ** 2
"""Between the numbers of neighbours at an end: 14 million fit, and a dozen go between two before a place grows."""


def places_between(low: str, high: str, count: int) -> list[str]:
    """`count` places in order, all between two places; "" is the end of the list on that side.

    A place is a fraction in base 62 without trailing zeros, so that there is always one between two others. Raises
    ValueError where `low` is not below `high`.
    """
    if count <= 0:
        return []
    if low and high:
        if low >= high:
            raise ValueError("no place lies between these")
        half = count // 2
        middle = _midpoint(low, high)
        return [*places_between(low, middle, half), middle, *places_between(middle, high, count - half - 1)]
    places: list[str] = []
    for _ in range(count):
        at = places[-1] if places else low or high
        places.append(_beyond(at, -STEP if high else STEP) if at else _number_place(len(DIGITS) ** HEAD // 2))
        if not low and not high:
            low = places[-1]  # the first of an empty list: the others follow it
    return places[::-1] if high and not low else places


def _beyond(place: str, step: int) -> str:
    """The next place at an end of the list: a step from the number that a place begins with."""
    number = 0
    for digit in place[:HEAD].ljust(HEAD, "0"):
        number = number * len(DIGITS) + DIGITS.index(digit)
    if 0 < number + step < len(DIGITS) ** HEAD:
        return _number_place(number + step)
    return _midpoint(place, "") if step > 0 else _midpoint("", place)


def _number_place(number: int) -> str:
    digits = ""
    for _ in range(HEAD):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits.rstrip("0")


def _midpoint(low: str, high: str) -> str:
    """The shortest place between two; "" is 0 as `low` and 1 as `high`."""
    made, bounded = "", bool(high)
    for at in range(max(len(low), len(high)) + 2):
        under = DIGITS.index(low[at]) if at < len(low) else 0
        over = DIGITS.index(high[at]) if bounded and at < len(high) else len(DIGITS)
        if over - under > 1:
            return made + DIGITS[(under + over) // 2]
        made += DIGITS[under]
        bounded = bounded and over == under
    raise ValueError("no place lies between these")
