"""Machine-readable zones of travel documents: ICAO 9303 parts 4 (TD3), 5 (TD1) and 6 (TD2)."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from pipeline.records.normalised import PartialDate

_ALLOWED = re.compile(r"^[A-Z0-9<]+$")
_WEIGHTS = (7, 3, 1)
"""ICAO 9303 part 3, 4.9."""


LAST_END = "69"
"""Two-digit years of expiry above this are of the 1900s: no document of those years, or for the 2070s, is likelier."""


class MrzField(msgspec.Struct, frozen=True):
    """Where a value stands: line, first column, end column, and the column of its check digit (-1: it has none)."""

    line: int
    start: int
    end: int
    check: int = -1


class MrzFormat(msgspec.Struct, frozen=True):
    """One format. `composite` lists the parts of the last check digit, which stands at `composite_check`."""

    name: str
    lines: int
    width: int
    fields: dict[str, MrzField]
    names_line: int
    names_start: int
    composite: tuple[MrzField, ...]
    composite_check: tuple[int, int]


TD1 = MrzFormat(
    "TD1", 3, 30,
    {
        "kind": MrzField(0, 0, 2), "issuer": MrzField(0, 2, 5), "number": MrzField(0, 5, 14, 14),
        "optional": MrzField(0, 15, 30),
        "birth_date": MrzField(1, 0, 6, 6), "sex": MrzField(1, 7, 8), "expires": MrzField(1, 8, 14, 14),
        "nationality": MrzField(1, 15, 18),
    },
    2, 0, (MrzField(0, 5, 30), MrzField(1, 0, 7), MrzField(1, 8, 15), MrzField(1, 18, 29)), (1, 29),
)  # fmt: skip
TD2 = MrzFormat(
    "TD2", 2, 36,
    {
        "kind": MrzField(0, 0, 2), "issuer": MrzField(0, 2, 5), "number": MrzField(1, 0, 9, 9),
        "nationality": MrzField(1, 10, 13),
        "birth_date": MrzField(1, 13, 19, 19), "sex": MrzField(1, 20, 21), "expires": MrzField(1, 21, 27, 27),
        "optional": MrzField(1, 28, 35),
    },
    0, 5, (MrzField(1, 0, 10), MrzField(1, 13, 20), MrzField(1, 21, 35)), (1, 35),
)  # fmt: skip
TD3 = MrzFormat(
    "TD3", 2, 44,
    {
        "kind": MrzField(0, 0, 2), "issuer": MrzField(0, 2, 5), "number": MrzField(1, 0, 9, 9),
        "nationality": MrzField(1, 10, 13),
        "birth_date": MrzField(1, 13, 19, 19), "sex": MrzField(1, 20, 21), "expires": MrzField(1, 21, 27, 27),
        "optional": MrzField(1, 28, 42, 42),
    },
    0, 5, (MrzField(1, 0, 10), MrzField(1, 13, 20), MrzField(1, 21, 43)), (1, 43),
)  # fmt: skip
LAYOUTS = (TD1, TD2, TD3)

MAY_BE_BLANK = frozenset({"optional"})
"""Fields whose check digit may be < where they are empty (ICAO 9303 part 4, 4.2.2)."""

KINDS = {"P": "passport", "I": "identity_card", "A": "identity_card", "C": "identity_card", "V": "visa"}
"""First letter of the document code to identifier type."""


class Mrz(msgspec.Struct, frozen=True):
    """What a zone says. `failed` names the fields whose check digit is wrong, `composite` for the last one.

    Codes are as printed (issuer `D`); `sex` is M, F or "". `birth_date` is None where its digits are no date; see
    `century` for the two digits that the zone leaves out.
    """

    format: str
    kind: str
    issuer: str
    number: str
    nationality: str
    family: str
    given: str
    birth_date: PartialDate | None
    sex: str
    expires: PartialDate | None
    failed: tuple[str, ...]


def check_digit(text: str) -> str:
    """The check digit over digits, letters (A = 10) and < (0), weighted 7, 3, 1."""
    total = sum((0 if char == "<" else int(char, 36)) * _WEIGHTS[at % 3] for at, char in enumerate(text))
    return str(total % 10)


@lru_cache(maxsize=16384)
def read(text: str) -> Mrz | None:
    """The parsed zone; None if the text has none of the three sizes or holds other characters."""
    joined = "".join(text.upper().split())
    layout = next((each for each in LAYOUTS if len(joined) == each.lines * each.width), None)
    if layout is None or not _ALLOWED.match(joined):
        return None
    lines = [joined[start : start + layout.width] for start in range(0, len(joined), layout.width)]
    return _read(layout, lines)


def _read(layout: MrzFormat, lines: list[str]) -> Mrz:
    values = {name: lines[field.line][field.start : field.end] for name, field in layout.fields.items()}
    failed = [name for name, field in layout.fields.items() if not _holds(name, values[name], lines, field)]
    if layout is not TD3 and lines[layout.fields["number"].line][layout.fields["number"].check] == "<":
        # A number over nine characters goes on in the optional data, its check digit last (ICAO 9303 part 5, note j).
        rest = values["optional"].partition("<")[0]
        values["number"] += rest[:-1]
        whole = bool(rest) and rest[-1] == check_digit(values["number"])
        failed = [name for name in failed if name != "number"] + ([] if whole else ["number"])
    line, column = layout.composite_check
    parts = "".join(lines[part.line][part.start : part.end] for part in layout.composite)
    if lines[line][column] != check_digit(parts):
        failed.append("composite")
    family, _, given = lines[layout.names_line][layout.names_start :].partition("<<")
    expires = _date(values["expires"], 1900 if values["expires"][:2] > LAST_END else 2000)
    return Mrz(
        format=layout.name,
        kind=KINDS.get(values["kind"][0], "document"),
        issuer=values["issuer"].strip("<"),
        number=values["number"].replace("<", ""),
        nationality=values["nationality"].strip("<"),
        family=_words(family),
        given=_words(given),
        birth_date=_date(values["birth_date"], century(values["birth_date"], expires)),
        sex=values["sex"] if values["sex"] in "MF" else "",
        expires=expires,
        failed=tuple(failed),
    )


def _holds(name: str, value: str, lines: list[str], field: MrzField) -> bool:
    if field.check < 0:
        return True
    given = lines[field.line][field.check]
    return given == check_digit(value) or (given == "<" and name in MAY_BE_BLANK and not value.strip("<"))


def _words(part: str) -> str:
    return " ".join(part.replace("<", " ").split())


def century(birth: str, expires: PartialDate | None) -> int:
    """The century of a two-digit birth year: 20 if the holder was then born before the document ended, else 19.

    A document is not given for after its holder's 100th birthday often enough to matter; without a readable end the
    digits of a future birth year cannot be told, so 19.
    """
    if not birth[:2].isdigit() or expires is None:
        return 1900
    return 2000 if 2000 + int(birth[:2]) <= expires.year else 1900


def _date(digits: str, first_year: int) -> PartialDate | None:
    """YYMMDD with < for an unknown month or day; None where it is no date."""
    year, month, day = digits[:2], digits[2:4].replace("<<", "00"), digits[4:6].replace("<<", "00")
    if not (year + month + day).isdigit():
        return None
    date = PartialDate(first_year + int(year), int(month), int(day))
    possible = date.month <= 12 and date.day <= 31 and (date.month or not date.day)
    return date if possible else None
