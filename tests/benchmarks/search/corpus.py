"""The cases that are searched: those of the stream benchmark's population, with what searching and disclosure need.

They get handling of every code, dates, titles and offences of a small world, and one in ten is written in Cyrillic.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

import orjson

from benchmarks.stream.population import Population

Record = dict[str, Any]

CODES = {"H0": 60, "H1": 20, "H2": 14, "H3": 6}
"""Of a hundred cases, how many are handled so."""

RELEASED = ((["*"], 80), (["FR", "DE", "BE"], 12), (["PL", "IT"], 8))
"""To whom cases are released, of a hundred."""

PURPOSES = ["correlation", "investigation", "prosecution", "border_check"]
IN_CYRILLIC = 0.1

TITLES = (
    "Vol en bande organisée", "Escroquerie aux faux ordres de virement", "Trafic de véhicules volés",
    "Blanchiment par sociétés écrans", "Traite d'êtres humains", "Import of firearms in parcels",
    "Counterfeit medicines sold online", "Armed robbery of a jeweller", "Smuggling of cigarettes",
    "Cocaine in a container of fruit", "Burglaries along the motorway", "Missing person, last seen at the border",
)  # fmt: skip
SUMMARIES = (
    "Trois véhicules volés en une nuit, retrouvés de l'autre côté de la frontière avec de fausses plaques.",
    "The suspect rented a warehouse under another name and paid in cash; two witnesses described the van.",
    "Plusieurs virements vers un compte ouvert la veille; le titulaire ne s'est jamais présenté à la banque.",
    "Papers found during the search lead to a haulier; the phone was switched off on the day of the act.",
)
OFFENCES = ("0501", "0502", "0701", "0703", "0601", "0204", "0401", "0903")

CYRILLIC = str.maketrans(dict(zip("abcdefghijklmnopqrstuvwyz", "абкдефгхижклмнопкрстуввиз", strict=True)) | {"x": "кс"})
"""Letter by letter: crude, but it romanises back to something near what was written."""


class Corpus:
    """`records()` are the population's, completed, without end; `samples` are some of those given so far."""

    def __init__(self, seed: int, sampled: int) -> None:
        self._random = Random(seed)
        self._population = Population(seed)
        self._sampled = sampled
        self._code_weights = list(accumulate(CODES.values()))
        self._release_weights = list(accumulate(weight for _, weight in RELEASED))
        self.samples: list[Record] = []

    def records(self) -> Iterator[Record]:
        """Cases as agencies send them (`data`)."""
        for number, message in enumerate(self._population.messages(), start=1):
            assert message.value is not None
            record = orjson.loads(message.value)["data"] | self._details()
            if self._random.random() < IN_CYRILLIC:
                _write_in_cyrillic(record)
            self._keep(record, number)
            yield record

    def _details(self) -> Record:
        random = self._random
        [code] = random.choices(list(CODES), cum_weights=self._code_weights)
        [released] = random.choices([countries for countries, _ in RELEASED], cum_weights=self._release_weights)
        return {
            "title": random.choice(TITLES),
            "summary": " ".join(random.sample(SUMMARIES, 2)),
            "opened": f"20{random.randrange(20, 26)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
            "offences": [{"scheme": "ICCS", "code": random.choice(OFFENCES)}],
            "policing_goals": [random.randrange(1, 8)],
            "contact": {"unit": f"Desk {random.randrange(1, 30)}", "email": "desk@police.example"},
            "handling": {"code": code, "releasable_to": released, "purposes": PURPOSES},
        }

    def _keep(self, record: Record, number: int) -> None:
        """Algorithm R (Vitter 1985): each record met is as likely to be among the samples as any other."""
        if len(self.samples) < self._sampled:
            self.samples.append(record)
        elif (place := self._random.randrange(number)) < self._sampled:
            self.samples[place] = record


def _write_in_cyrillic(record: Record) -> None:
    record["language"] = "ru"
    for entity in record["entities"]:
        for name in entity.get("names", ()):
            name |= {part: written_in_cyrillic(text) for part, text in name.items()}


def written_in_cyrillic(name: str) -> str:
    """A Latin name letter by letter in Cyrillic, each part with a capital."""
    return name.lower().translate(CYRILLIC).title()
