"""The populations of which cases are dealt: made-up ones, and real lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from benchmarks.stream import list_population
from benchmarks.stream.list_population import ListPopulation
from benchmarks.stream.population import COUNTRIES, Population, agency_of
from pipeline.matching.fingerprint import Fingerprint
from pipeline.records.agencies import Agency
from pipeline.records.intake import SourceMessage

MADE_UP, LISTS = "made-up", "lists"

_COUNTRY_OF = {agency_of(country): country for country in COUNTRIES} | list_population.AGENCIES
AGENCIES: Final = {name: Agency(name, country) for name, country in _COUNTRY_OF.items()}
"""Of all populations."""


class CaseStream(Protocol):
    """Cases without end; messages and fingerprints go on where the other stopped."""

    def messages(self) -> Iterator[SourceMessage]:
        """Cases as agencies send them."""

    def fingerprints(self) -> Iterator[Fingerprint]:
        """Cases as homes hold them."""


def open_population(name: str, seed: int, made: int, rarity: int = 0) -> CaseStream:
    """The population MADE_UP by its seed, or that of LISTS, from the case after `made`.

    Keys are as rare as `rarity` says in hundredths of a bit; 0: as the shipped model has it. Raises FileNotFoundError
    where the lists are missing.
    """
    return Population(seed, made, rarity) if name == MADE_UP else ListPopulation(made, rarity)
