"""Fills an index with what intake, correlate and project make of records, by their own code and the bulk writer.

Links are judged and explained by the matcher, for pairs that share a phone, a passport, or a name and a birth date.
Kafka carries no case: it is there for the generation and the audit. What was filled stays in LIAISON_HOME.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec
from rich.progress import track

from benchmarks.lists.sets import load_list
from benchmarks.search.corpus import Corpus, Record
from benchmarks.search.list_questions import HELD
from benchmarks.stream.population import COUNTRIES, KEPT, agency_of
from pipeline.correlation.claims import ClaimSide
from pipeline.index.documents import DocumentWrite, case_document, link_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings, switch_aliases
from pipeline.index.writer import BulkWriter
from pipeline.matching.handling import Handling
from pipeline.matching.model import generation_id, load_model
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.registry import register_agency
from support.index.documents import PureStages

SEED = 6
SAMPLED = 20_000
"""Records of which questions are made: more than a run asks, so that no cache knows them all."""

LINKED = 25_000
"""Links that are remembered, to be asked for."""

REMEMBERED = 4 * KEPT
"""Cases held against later ones: nobody is seen again whom the population has forgotten."""

CHUNK = 500


class Linked(msgspec.Struct, frozen=True):
    """A case that has links, with what decides who may read it."""

    case: str
    agency: str
    handling: Handling


class Link(msgspec.Struct, frozen=True):
    """A link by its id, and its two cases."""

    id: str
    a: Linked
    b: Linked


class Filled(msgspec.Struct):
    """What a filled home says of itself: cases and links held, sampled records and links."""

    cases: int
    links: int
    samples: list[Record]
    linked: list[Link]
    listed: bool = False
    """Whether the entries of the UK's list are held too, of which those of the UN's can be asked."""


def filled(settings: Settings, cases: int) -> Filled:
    """The home's index with this many cases, filled now unless it was before."""
    note = settings.home / f"bench-search-{cases}.json"
    if not note.exists():
        note.write_bytes(msgspec.json.encode(asyncio.run(_fill(settings, cases))))
    return msgspec.json.decode(note.read_bytes(), type=Filled)


async def _fill(settings: Settings, cases: int) -> Filled:
    model = load_model(settings.model)
    indices = Indices(settings.namespace, generation_id(model, settings.correlate_partitions))
    for country in COUNTRIES:
        await register_agency(settings, Agency(agency_of(country), country))
    await apply_all(settings)
    corpus, registry = Corpus(SEED, SAMPLED), _Registry(PureStages(model))
    gc.freeze()
    async with connect(settings) as client:
        await apply_mappings(client, indices)
        await switch_aliases(client, indices)
        writer = BulkWriter(client, indices)
        records = islice(corpus.records(), cases)
        for _ in track(range(0, cases, CHUNK), "filling the index"):
            actions = [write for record in islice(records, CHUNK) for write in registry.documents(record)]
            outcome = await writer.write(actions)
            if outcome.refused:
                raise SystemExit(f"Elasticsearch refuses a document: {outcome.refused[0].error}")
        listed = await _add_list(settings, writer, registry.stages)
        await client.indices.refresh(index=[indices.write_alias("cases"), indices.write_alias("links")])
    return Filled(cases, registry.links, corpus.samples, list(registry.linked), listed)


async def _add_list(settings: Settings, writer: BulkWriter, stages: PureStages) -> bool:
    """Index the UK's entries as cases that everybody may read, without links. False where the lists are missing."""
    try:
        lists = load_list("lists-several-values")
    except FileNotFoundError:
        return False
    await register_agency(settings, Agency(HELD, "GB"))
    records = [event["data"] for event in lists.events if event["data"]["agency"] == HELD]
    for first in range(0, len(records), CHUNK):
        await writer.write([case_document(stages.accepted(record)) for record in records[first : first + CHUNK]])
    return True


class _Registry:
    """Makes documents, and links each case to those before it that share a value with it."""

    def __init__(self, stages: PureStages) -> None:
        self.stages = stages
        self._held: dict[str, list[AcceptedRecord]] = {}
        self._order: deque[str] = deque()
        self.links = 0
        self.linked: deque[Link] = deque(maxlen=LINKED)

    def documents(self, record: Record) -> Iterator[DocumentWrite]:
        """The case's document, and those of its links."""
        accepted = self.stages.accepted(record)
        yield case_document(accepted)
        values = list(_values(record))
        known = {one.case: one for value in values for one in self._held.get(value, ())}
        for other in known.values():
            if _agency(other) != _agency(accepted) and (claim := self.stages.claim(accepted, other)).band:
                self.links += 1
                self.linked.append(Link(claim.link, _linked(claim.a), _linked(claim.b)))
                yield link_document(claim)
        self._remember(accepted, values)

    def _remember(self, accepted: AcceptedRecord, values: list[str]) -> None:
        for value in values:
            self._held.setdefault(value, []).append(accepted)
            self._order.append(value)
        while len(self._order) > REMEMBERED:
            del self._held[self._order.popleft()][0]


def _linked(side: ClaimSide) -> Linked:
    return Linked(side.case, side.agency, side.handling)


def _values(record: Record) -> Iterator[str]:
    """What two records of one person share: all of it but what a slip has changed."""
    for entity in record["entities"]:
        yield from entity.get("phones", ())
        yield from (f"passport {one['value']}" for one in entity.get("identifiers", ()))
        for name in entity.get("names", ()):
            yield f"{name['given']} {name['family']} {entity.get('birth_date')}"


def _agency(accepted: AcceptedRecord) -> str:
    return accepted.case.partition(":")[0]
