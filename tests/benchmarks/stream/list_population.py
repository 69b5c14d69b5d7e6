"""An endless stream of cases as real lists have them: many names, aliases, dates in part, numbers, several scripts.

The lists' entries come in an order of their own, as they are; then once more for each round, as other people and things
of the same kind: a person's names take their last word from another entry, other names their first; dates are years
off, the digits of numbers are others. What the lists say of one thing varies alike in a round, so that its records are
linked as those of the first round are.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any, Final

import msgspec

from benchmarks.lists.sets import LISTS, LinkSet, load_all_lists
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model, load_model
from pipeline.records.entity_types import normalise
from pipeline.records.hashing import partition_of
from pipeline.records.intake import SourceMessage
from pipeline.records.messages import Position
from pipeline.records.validation import read

SEED: Final = 11
CASE_PARTITIONS: Final = 4
YEARS: Final = 20
"""Years by which a round's dates are moved, at most."""

YEAR: Final = re.compile(r"\b(1[89]|20)\d\d\b")
LEAP_DAY: Final = "-02-29"
DATES: Final = ("birth_date", "birth_dates")
NUMBERS: Final = ("identifiers", "mmsi", "call_sign")

AGENCIES: Final = dict(zip(LISTS, ("UN", "GB", "US"), strict=True))
"""The lists' agencies, and the country of each."""

Entry = dict[str, Any]


class ListPopulation:
    """`messages()` and `fingerprints()` never end and go on where the other stopped; a case follows from its number.

    `made` counts the cases; `rarity` is how rare keys are, in hundredths of a bit. Raises FileNotFoundError where the
    lists are missing.
    """

    def __init__(self, made: int = 0, rarity: int = 0) -> None:
        self._events, self._words, self._things = _read_lists()
        model = load_model()
        self._model = Model(msgspec.structs.replace(model.file, key_rarity=rarity or model.key_rarity))
        self.made = made

    def messages(self) -> Iterator[SourceMessage]:
        """Cases as agencies send them."""
        while True:
            data = self._next_case()
            key = f"{data['agency']}:{data['case_id']}".encode()
            position = Position(f"cases.{data['agency']}", partition_of(key, CASE_PARTITIONS), self.made)
            yield SourceMessage(position, data["agency"], key, self._envelope(data))

    def fingerprints(self) -> Iterator[Fingerprint]:
        """Cases as homes hold them."""
        while True:
            case = read(self._envelope(self._next_case())).case
            yield make_fingerprint(case, normalise(case), self._model)

    def _envelope(self, data: Entry) -> bytes:
        source = f"/agencies/{data['agency']}"
        head = {"specversion": "1.0", "id": f"{self.made}", "source": source, "type": "org.liaison.case.v1"}
        return msgspec.json.encode(head | {"data": data})

    def _next_case(self) -> Entry:
        round_, at = divmod(self.made, len(self._events))
        self.made += 1
        data: Entry = self._events[at]
        if not round_:
            return data
        chance = Random(f"{round_} {self._things[data['agency'], data['case_id']]}")
        entities = [self._vary(entity, chance) for entity in data["entities"]]
        return {**data, "case_id": f"{data['case_id']}-{round_}", "entities": entities}

    def _vary(self, entity: Entry, chance: Random) -> Entry:
        word, years = chance.choice(self._words[entity["type"]]), chance.randrange(-YEARS, YEARS)
        digits = str.maketrans("0123456789", "".join(chance.sample("0123456789", 10)))
        at = -1 if entity["type"] == "person" else 0
        varied = dict(entity)
        varied["names"] = [_rename(name, word, at) for name in entity["names"]]
        for field in DATES:
            if field in entity:
                varied[field] = _map_texts(entity[field], lambda text: _move_years(text, years))
        for field in NUMBERS:
            if field in entity:
                varied[field] = _map_texts(entity[field], lambda text: text.translate(digits))
        if "imo" in entity:
            varied["imo"] = _with_check_digit(entity["imo"][:6].translate(digits))
        return varied


@cache
def _read_lists() -> tuple[list[Entry], dict[str, list[str]], dict[tuple[str, str], str]]:
    """Entries in the order in which they are dealt, the words that they take from each other, and what is one thing."""
    found = load_all_lists("lists-several-values")
    entries = [event["data"] for event in found.events]
    Random(SEED).shuffle(entries)
    return entries, _words_taken(entries), _name_things(found)


def _words_taken(events: list[Entry]) -> dict[str, list[str]]:
    """By type of entity the words that its names take from each other."""
    found: dict[str, list[str]] = {}
    for data in events:
        for entity in data["entities"]:
            name = entity["names"][0]
            words = [word for word in (name.get("full") or name["family"]).split() if len(word) > 1 and word.isalpha()]
            found.setdefault(entity["type"], []).extend(words[-1:] if entity["type"] == "person" else words[:1])
    return found


def _name_things(lists: LinkSet) -> dict[tuple[str, str], str]:
    """By agency and case id, the least case key of those that truth makes one thing with it."""
    thing = {key: key for key in lists.entities}
    for a, b in sorted(lists.truth):
        low, high = sorted((thing[a], thing[b]))
        if low != high:
            thing = {key: low if held == high else held for key, held in thing.items()}
    return {tuple(key.split(":", 1)): held for key, held in thing.items()}  # type: ignore[misc] # two parts


def _rename(name: Entry, word: str, at: int) -> Entry:
    """The name with `word` in the place `at` of its full form, or of its family name."""
    part = "full" if "full" in name else "family"
    words = name[part].split()
    words[at] = word
    return {**name, part: " ".join(words)}


def _move_years(text: str, years: int) -> str:
    """The text with its years moved; of 29 February in a year without one, the day before."""
    moved = YEAR.sub(lambda found: str(int(found[0]) + years), text)
    leaps = moved.endswith(LEAP_DAY) and not isleap(int(moved.removesuffix(LEAP_DAY)))
    return moved.removesuffix(LEAP_DAY) + "-02-28" if leaps else moved


def _with_check_digit(imo: str) -> str:
    """Six digits and the last one of their sum, weighted by 7 to 2 (IMO resolution A.1117(30))."""
    return imo + str(sum(int(digit) * weight for digit, weight in zip(imo, range(7, 1, -1), strict=True)) % 10)


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The value with its texts changed, but for types and countries."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: one if key in {"type", "country"} else _map_texts(one, change) for key, one in value.items()}
    return [_map_texts(one, change) for one in value]
