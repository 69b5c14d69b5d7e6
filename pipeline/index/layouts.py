"""How many shards and copies each kind of index has, by LIAISON_INDEX_SHARDS and LIAISON_INDEX_REPLICAS.

Each is one count for all kinds (`4`), one for each kind named (`cases=12,links=4`), or both (`2,cases=12`). Answers are
the same whatever the counts: scores are constants, every order ends in a unique field, and nothing is aggregated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pipeline.errors import LiaisonError
from pipeline.index.fields import CATALOGUE
from pipeline.settings import Settings

MAX_SHARDS: Final = 1024
"""Elasticsearch's own limit for one index."""

_SHARDS = re.compile(r"[1-9]\d{0,3}")
_REPLICAS = re.compile(r"\d{1,2}|\d{1,2}-(\d{1,2}|all)")
_EVERY_KIND: Final = ""


class IndexLayout(NamedTuple):
    """One index: `replicas` is a count of copies beside the first, or a range (`0-1`) that follows the nodes there are.

    The default is what fits one node and more.
    """

    shards: int = 1
    replicas: str = "0-1"

    def index_settings(self) -> dict[str, Any]:
        """What Elasticsearch is told when the index is made."""
        return {"number_of_shards": self.shards, **self.replica_settings()}

    def replica_settings(self) -> dict[str, Any]:
        """The part of it that can be changed at any time."""
        if "-" in self.replicas:
            return {"auto_expand_replicas": self.replicas}
        return {"auto_expand_replicas": "false", "number_of_replicas": int(self.replicas)}


DEFAULT_LAYOUTS: Final[Mapping[str, IndexLayout]] = dict.fromkeys(CATALOGUE, IndexLayout())


def layouts_of(settings: Settings) -> Mapping[str, IndexLayout]:
    """The layout of each kind of index. Raises LiaisonError for a setting that can't be used."""
    shards = _by_kind("LIAISON_INDEX_SHARDS", settings.index_shards, _SHARDS, "a number from 1 to 1024")
    replicas = _by_kind(
        "LIAISON_INDEX_REPLICAS", settings.index_replicas, _REPLICAS, "a number, or a range as 0-2 or 0-all"
    )
    if high := [count for count in shards.values() if int(count) > MAX_SHARDS]:
        raise _unusable_error(
            "LIAISON_INDEX_SHARDS", f"{high[0]} is more than the {MAX_SHARDS} that one index may have"
        )
    default = IndexLayout()
    return {
        kind: IndexLayout(
            int(shards.get(kind, shards.get(_EVERY_KIND, default.shards))),
            replicas.get(kind, replicas.get(_EVERY_KIND, default.replicas)),
        )
        for kind in CATALOGUE
    }


def _by_kind(variable: str, text: str, form: re.Pattern[str], meant: str) -> dict[str, str]:
    """The counts of a setting by kind of index. Raises LiaisonError."""
    found: dict[str, str] = {}
    for kind, count in _split_entries(text):
        if kind != _EVERY_KIND and kind not in CATALOGUE:
            raise _unusable_error(variable, f'there is no index "{kind}"; there are {", ".join(CATALOGUE)}')
        if not form.fullmatch(count):
            raise _unusable_error(variable, f'"{count}" must be {meant}')
        if kind in found:
            raise _unusable_error(variable, f"{kind or 'the count for all indices'} is given twice")
        found[kind] = count
    return found


def _split_entries(text: str) -> Iterator[tuple[str, str]]:
    for entry in text.split(",") if text.strip() else ():
        kind, named, count = entry.partition("=")
        yield (kind.strip(), count.strip()) if named else (_EVERY_KIND, entry.strip())


def _unusable_error(variable: str, fault: str) -> LiaisonError:
    """For the command line alone, which speaks English."""
    return LiaisonError(": ".join((variable, fault)))
