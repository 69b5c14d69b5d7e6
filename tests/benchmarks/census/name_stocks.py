"""Names, places and forms of numbers of a region: stocks/*.toml, and how a name is drawn from them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

STOCKS = Path(__file__).parent / "stocks"
RARE_SHARE = 0.2
"""Given names beyond the commonest of a decade; their share grew from a fifth to a half within a century."""

Genders = dict[str, list[str]]


@dataclass(frozen=True)
class NameStock:
    """The table of one region; `given[gender][year]` and `common_family` are ordered, commonest first."""

    country: str
    takes_name: float
    """Wives who take the husband's family name."""

    after_parent: float
    after_grandparent: float
    """Sons (daughters) who bear the given name of the father (mother), of a grandfather (grandmother)."""

    has_middle: float
    gendered: list[tuple[str, str]]
    """Endings of family names, masculine and feminine, the longest first."""

    respellings: list[tuple[str, str]]
    """Letters, and what they are also written as; both ways."""

    cities: list[str]
    streets: list[str]
    street_form: list[str]
    postcode_form: str
    mobile_form: str
    landline_form: str
    nobody: list[str]
    no_phone: list[str]
    given: dict[str, Genders]
    rare: Genders
    nicknames: dict[str, list[str]]
    family: dict[str, list[str]]
    common_share: float

    def draw_given(self, gender: str, year: int, rng: Random) -> str:
        """A given name of its time, by a law of Zipf with a flat head within the ranking of the nearest decade."""
        if rng.random() < RARE_SHARE:
            return rng.choice(self.rare[gender])
        nearest = min(self.given[gender], key=lambda decade: abs(int(decade) - year - rng.gauss(0, 6)))
        ranking = self.given[gender][nearest]
        return rng.choices(ranking, [1 / (rank + 4) for rank in range(len(ranking))])[0]

    def draw_family(self, rng: Random) -> str:
        """A family name in its masculine form."""
        if rng.random() < self.common_share:
            ranking = self.family["common"]
            return rng.choices(ranking, [1 / (rank + 5) for rank in range(len(ranking))])[0]
        return rng.choice(self.family["stems"]) + rng.choice(self.family["endings"])

    def family_for(self, family: str, gender: str) -> str:
        """The form of a masculine family name that a woman bears."""
        if gender == "f":
            for masculine, feminine in self.gendered:
                if family.endswith(masculine):
                    return family.removesuffix(masculine) + feminine
        return family


@cache
def load_stock(region: str) -> NameStock:
    """The stock of `english`, `greek` or `polish`."""
    table = tomllib.loads((STOCKS / f"{region}.toml").read_text(encoding="utf-8"))
    table["common_share"] = table["family"].pop("common_share")
    table["gendered"] = [(masculine, feminine) for masculine, feminine in table["gendered"]]
    table["respellings"] = [(letters, other) for letters, other in table["respellings"]]
    return NameStock(**table)


def fill_form(form: str, rng: Random) -> str:
    """The form with a figure for each # and a letter for each @."""
    return "".join(
        rng.choice("0123456789") if c == "#" else rng.choice("ABDEFGHJLNPQRSTUWXYZ") if c == "@" else c for c in form
    )
