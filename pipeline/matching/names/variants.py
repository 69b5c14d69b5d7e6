"""Spellings and short forms of one given or family name: Bill and William, Yusuf and Youssef, Petrov and Petrova."""

from __future__ import annotations

import lzma
from functools import cache, lru_cache
from importlib.resources import files

import msgspec


def are_variants(a: str, b: str) -> bool:
    """Whether two folded Latin tokens belong to one class."""
    return not classes_of(a).isdisjoint(classes_of(b))


def classes_of(token: str) -> frozenset[int]:
    """The numbers of the classes to which a folded Latin token belongs, in this version of the data."""
    return _classes().get(token) or _classes().get(_with_y(token), _NONE)


@lru_cache(maxsize=32768)
def initials_of(token: str) -> frozenset[str]:
    """The first letters of a folded Latin token and of its short forms: B. may be Robert, who is called Bob."""
    members = (spellings()[number] for number in classes_of(token))
    return frozenset({token[:1], *(one[0] for group in members if len(group) <= _SHORT_FORMS for one in group)})


def _with_y(token: str) -> str:
    """The spelling with -y of a pet name with -ie or -ey: Peggie, Charley."""
    return f"{token[:-2]}y" if token.endswith(("ie", "ey")) else token


_NONE: frozenset[int] = frozenset()
_SHORT_FORMS = 12
"""Members of a class that is one name with its short forms; a larger one holds a name's spellings in many languages."""


@cache
def spellings() -> list[list[str]]:
    """The members of each class, by its number."""
    packed = files("pipeline.matching.names").joinpath("data/variants.json.xz").read_bytes()
    return msgspec.json.decode(lzma.decompress(packed), type=list[list[str]])


@cache
def _classes() -> dict[str, frozenset[int]]:
    members: dict[str, list[int]] = {}
    for number, group in enumerate(spellings()):
        for token in group:
            members.setdefault(token, []).append(number)
    return {token: frozenset(numbers) for token, numbers in members.items()}
