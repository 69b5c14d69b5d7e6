"""The lists' entries as languages respell them: by Latin spellings that the name pairs of ../shared have in common.

Two Latin spellings of one Arabic, Russian or Hebrew word are taken for the spellings of two languages. Endings are
those that Lithuanian and Latvian give to names.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from benchmarks.accuracy.data_sets import DATA
from benchmarks.lists.sets import LinkSet

CORRIDORS = ("arabic", "russian", "hebrew")
NAMES_MORE = (4, 8, 20)
RESPELT = 0.7
"""Words in another spelling, where one is known."""
LEFT_OUT = 0.1
ENDINGS = {"s": 0.12, "as": 0.08, "is": 0.06}
DATED, WHOLE_DATE = 0.5, 0.5
"""Entries that keep their birth date, and of these those that keep all of it, not the year alone."""
KEPT = ("id", "type", "role", "birth_date", "gender", "nationalities")

Spellings = Mapping[str, list[str]]


def respell_lists(found: LinkSet) -> LinkSet:
    """The set with other names and little else; the same for each call."""
    spellings = _read_spellings()
    return replace(found, events=[_respell_event(event, spellings) for event in found.events])


def _read_spellings() -> Spellings:
    """The Latin spellings that have a word of another script in common with each."""
    latin: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for corridor in CORRIDORS:
        with (DATA / "names" / f"{corridor}.tsv").open(encoding="utf-8") as lines:
            for spelling, source, *_ in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                latin[source].add(spelling)
                sources[spelling].add(source)
    return {
        spelling: sorted(set[str]().union(*(latin[source] for source in found))) for spelling, found in sources.items()
    }


def _respell_event(event: dict[str, Any], spellings: Spellings) -> dict[str, Any]:
    entity = event["data"]["entities"][0]
    chance = Random(f"{event['data']['agency']} {event['data']['case_id']}")
    bare = {field: value for field, value in entity.items() if field in KEPT}
    if chance.random() >= DATED:
        bare.pop("birth_date", None)
    elif "birth_date" in bare and chance.random() >= WHOLE_DATE:
        bare["birth_date"] = bare["birth_date"][:4]
    first = entity["names"][:1] if chance.random() < DATED else []
    known = [_spell_out(name) for name in entity["names"]]
    more = [
        {"full": " ".join(_respell_words(chance.choice(known), spellings, chance))}
        for _ in range(chance.choice(NAMES_MORE))
    ]
    return {**event, "data": {**event["data"], "entities": [{**bare, "names": [*first, *more]}]}}


def _spell_out(name: Mapping[str, str]) -> list[str]:
    parts = (name.get(part, "") for part in ("given", "middle", "patronymic", "family"))
    return (name.get("full") or " ".join(parts)).lower().replace("-", " ").split()


def _respell_words(words: list[str], spellings: Spellings, chance: Random) -> Iterator[str]:
    kept = [word for word in words if chance.random() >= LEFT_OUT] or words
    for word in kept:
        others = spellings.get(word, [])
        spelt = chance.choice(others) if len(others) > 1 and chance.random() < RESPELT else word
        endings = ["", *ENDINGS]
        yield spelt + chance.choices(endings, [1 - sum(ENDINGS.values()), *ENDINGS.values()])[0]
