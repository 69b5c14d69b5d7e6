"""The names of the demo's invented people, in seven scripts (names.yml)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import product
from random import Random
from typing import Any

import msgspec
import yaml

GENDERS = ("male", "female")
FAMILY_FIRST = frozenset({"chinese", "korean"})
UNSPACED = frozenset({"chinese", "korean"})
COMPOSED_GIVEN = 0.6
"""Share of Chinese and Korean given names that are made of two syllables not in the list."""


class Spelling(msgspec.Struct, frozen=True):
    """One name: in its own script, its Latin spellings (the commonest first), and short forms in either."""

    native: str
    latin: tuple[str, ...]
    short: tuple[str, ...] = ()


NO_ENDING = Spelling("", ("",))


class Pool(msgspec.Struct, frozen=True):
    """Names to draw from: `share` of the people bear a listed one (the earlier the commoner), the others a rarer."""

    listed: tuple[Spelling, ...]
    rarer: tuple[Spelling, ...] = ()
    share: float = 1.0

    def draw_name(self, rng: Random, *, listed: bool = False) -> Spelling:
        """A name for somebody: 1/(rank + 2) among the listed ones, a flattened Zipf law as names follow it."""
        if self.rarer and not listed and rng.random() >= self.share:
            return rng.choice(self.rarer)
        return rng.choices(self.listed, [1 / (rank + 2) for rank in range(len(self.listed))])[0]

    @property
    def all(self) -> tuple[Spelling, ...]:
        """The listed names, then the rarer ones."""
        return self.listed + self.rarer


class Culture(msgspec.Struct, frozen=True):
    """Where a name comes from: `countries` is where such people live; `given` and `family` are keyed by gender."""

    name: str
    countries: tuple[str, ...]
    given: dict[str, Pool]
    family: dict[str, Pool]

    @property
    def latin(self) -> bool:
        """Whether its own script is the Latin one."""
        return all(spelling.native == spelling.latin[0] for spelling in self.family["male"].listed)


@cache
def load_cultures() -> dict[str, Culture]:
    """Every culture of names.yml by its name."""
    text = (resources.files("pipeline.demo") / "names.yml").read_text(encoding="utf-8")
    return {name: _parse_culture(name, written) for name, written in yaml.safe_load(text).items()}


def _parse_culture(name: str, written: dict[str, Any]) -> Culture:
    return Culture(
        name=name,
        countries=tuple(written["countries"]),
        given={
            gender: Pool(
                tuple(_parse_spelling(line, 0) for line in written[gender]),
                _compose_names(written[f"rarer_{gender}"], 0) if f"rarer_{gender}" in written else (),
                1 - COMPOSED_GIVEN,
            )
            for gender in GENDERS
        },
        family={
            gender: Pool(
                tuple(_parse_spelling(line, form) for line in written["family"]),
                _compose_names(written["rarer_family"], form),
                written["common"],
            )
            for form, gender in enumerate(GENDERS)
        },
    )


def _compose_names(written: dict[str, Any], form: int) -> tuple[Spelling, ...]:
    """Every stem with every ending; `joins` are the ways to write the two together in Latin letters."""
    stems = [_parse_spelling(line, form) for line in written["stems"]]
    endings = [_parse_spelling(line, form) for line in written.get("endings", [])] or [NO_ENDING]
    joins = written.get("joins", [""])
    return tuple(
        Spelling(stem.native + written.get("native_join", "") + ending.native, _compose_latin(stem, ending, joins))
        for stem, ending in product(stems, endings)
    )


def _compose_latin(stem: Spelling, ending: Spelling, joins: list[str]) -> tuple[str, ...]:
    """The spellings paired off: a country that transcribes the stem one way transcribes the ending the same way."""
    width = max(len(stem.latin), len(ending.latin))
    pairs = [
        (stem.latin[min(n, len(stem.latin) - 1)], ending.latin[min(n, len(ending.latin) - 1)]) for n in range(width)
    ]
    return tuple(
        first + join + (last.capitalize() if join == " " else last.lower()) for join in joins for first, last in pairs
    )


def _parse_spelling(line: str, form: int) -> Spelling:
    native, latin, short = (*line.split("|"), "", "")[:3]
    return Spelling(_pick_form(native, form), _pick_forms(latin or native, form), _pick_forms(short, form))


def _pick_forms(text: str, form: int) -> tuple[str, ...]:
    return tuple(_pick_form(part, form) for part in text.split(",")) if text else ()


def _pick_form(text: str, form: int) -> str:
    """The man's (0) or the woman's (1) form of "Иванов/Иванова"; most names have one form."""
    forms = text.split("/")
    return forms[min(form, len(forms) - 1)].strip()
