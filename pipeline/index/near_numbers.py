"""Numbers one slip away from one that was typed: what selects their records, and whether a number is one. Pure.

The variants are listed when a question is asked, so that records bear no more terms for it: one digit wrong, two
neighbours swapped, one digit left out or too many. Fuzzy queries of Elasticsearch would choose among the terms of all
records, those too that the reader may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_uppercase, digits
from typing import Final

from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.ends import MOST_EDITS
from pipeline.matching.comparisons.identifier import MIN_NEAR
from pipeline.matching.fingerprint import IdentifierPrint
from pipeline.records.identifiers import identifier

LONGEST_NEAR: Final = 34
"""Characters of an IBAN, the longest number that people type."""

MOST_VARIANTS: Final = 2_000
"""Of all numbers of a question: some ten. Elasticsearch looks each up in its dictionary of terms, 1 µs for one."""

ALIKE: Final = {
    "0": "OQD", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B",
    "O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8",
}  # fmt: skip
"""Letters and digits that are read for each other, on paper and from plates (52N043308 for 52NO43308)."""


def are_near(asked: str, held: str) -> bool:
    """Whether a number that was typed is another, and one slip away."""
    return (
        asked != held
        and min(len(asked), len(held)) >= MIN_NEAR
        and OSA.distance(asked, held, score_cutoff=MOST_EDITS) <= MOST_EDITS
    )


def list_near_numbers(numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The numbers near each of these, as far as they are not too many in all."""
    found: dict[str, tuple[str, ...]] = {}
    left = MOST_VARIANTS
    for number in dict.fromkeys(numbers):
        near = tuple(dict.fromkeys(one for one in _vary(number) if one != number))
        if near and len(near) <= left:
            found[number] = near
            left -= len(near)
    return found


def _vary(number: str) -> Iterator[str]:
    """All numbers one slip away; a digit is taken for a digit or a letter like it, a letter likewise.

    What was left out of a number with letters may be a letter (a VIN of 16 characters).
    """
    if not (MIN_NEAR <= len(number) <= LONGEST_NEAR and number.isascii() and any(map(str.isdigit, number))):
        return
    missing = digits if number.isdigit() else digits + ascii_uppercase
    for at, char in enumerate(number):
        before, after = number[:at], number[at + 1 :]
        others = (digits if char.isdigit() else ascii_uppercase) + ALIKE.get(char, "")
        yield from (f"{before}{other}{after}" for other in others)
        if after:
            yield f"{before}{after[0]}{char}{after[1:]}"
        if len(number) > MIN_NEAR:
            yield before + after
        yield from (f"{before}{other}{char}{after}" for other in missing)
    yield from (f"{number}{other}" for other in missing)


def as_record_has_it(asked: str, held: IdentifierPrint) -> IdentifierPrint:
    """A typed number as one of the type and country of a record's, with the verdict of its own check digit."""
    valid = identifier(held.type, asked, held.country).valid
    return IdentifierPrint(held.type, asked, held.country, -1 if valid is None else int(valid))
