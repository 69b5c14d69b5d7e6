"""The names of the demo's invented people, in seven scripts (names.yml)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from random import Random
from typing import Any, TypeVar

import msgspec
import yaml

T = TypeVar("T")
GENDERS = ("male", "female")
FAMILY_FIRST = frozenset({"chinese", "korean"})
UNSPACED = frozenset({"chinese", "korean"})


class Spelling(msgspec.Struct, frozen=True):
    """One name: in its own script, its Latin spellings (the commonest first), and short forms in either."""

    native: str
    latin: tuple[str, ...]
    short: tuple[str, ...] = ()


class Culture(msgspec.Struct, frozen=True):
    """Where a name comes from: `countries` is where such people live; `given` and `family` are keyed by gender."""

    name: str
    countries: tuple[str, ...]
    given: dict[str, tuple[Spelling, ...]]
    family: dict[str, tuple[Spelling, ...]]

    @property
    def latin(self) -> bool:
        """Whether its own script is the Latin one."""
        return all(spelling.native == spelling.latin[0] for spelling in self.family["male"])


@cache
def cultures() -> dict[str, Culture]:
    """Every culture of names.yml by its name."""
    text = (resources.files("pipeline.demo") / "names.yml").read_text(encoding="utf-8")
    return {name: _culture(name, written) for name, written in yaml.safe_load(text).items()}


def frequent(rng: Random, items: tuple[T, ...]) -> T:
    """Draw an item, the earlier in the list the likelier: 1/(rank + 2), a flattened Zipf law as names follow it."""
    return rng.choices(items, [1 / (rank + 2) for rank in range(len(items))])[0]


def _culture(name: str, written: dict[str, Any]) -> Culture:
    return Culture(
        name=name,
        countries=tuple(written["countries"]),
        given={gender: tuple(_spelling(line, 0) for line in written[gender]) for gender in GENDERS},
        family={
            gender: tuple(_spelling(line, form) for line in written["family"]) for form, gender in enumerate(GENDERS)
        },
    )


def _spelling(line: str, form: int) -> Spelling:
    native, latin, short = (*line.split("|"), "")[:3]
    return Spelling(_form(native, form), _forms(latin, form), _forms(short, form))


def _forms(text: str, form: int) -> tuple[str, ...]:
    return tuple(_form(part, form) for part in text.split(",") if part.strip())


def _form(text: str, form: int) -> str:
    """The man's (0) or the woman's (1) form of "Иванов/Иванова"; most names have one form."""
    forms = text.split("/")
    return forms[min(form, len(forms) - 1)].strip()
