"""One thing across cases (a person, a car): the entities of linked cases that all their links together tell to be one.

It is computed at reading, from what this requester reads in full and nothing else, so nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
import orjson

from pipeline.access.audit import ActKind
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import EntityAnswer, EntityAppearance, EntityFact, EntityRelation
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import require_case
from pipeline.api.services.links import SeenLink, find_surroundings
from pipeline.api.session import Session, costly
from pipeline.index.documents import AsSent, CaseDocument, LinkDocument, entities_of
from pipeline.index.reading import STATE_FIELDS
from pipeline.matching.bands import Band, Basis
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.score.resolution import Tie, are_apart, group_ties

MOST_CASES: Final = 50
"""Cases that are looked at: a thing that more speak of is looked at case by case."""

MOST_EACH: Final = 25
"""Links followed of one case, the strongest first."""

STEPS: Final = 2
"""Links between the case asked about and another one: what a case in between tells joins two that say little."""

NO_FACTS: Final = frozenset({"id", "type"})

EntityKey = tuple[str, str]
"""A case key and an entity's id in it."""


class _Neighbourhood:
    """The cases around one, and the links between them, as far as the requester reads both sides of each in full."""

    def __init__(self) -> None:
        self.bands: dict[str, Band] = {}
        """By case the band of the link that led to it."""
        self.links: set[str] = set()
        self.complete = True

    def add_links(self, origin: str, found: list[SeenLink]) -> list[str]:
        """Take in the links of `origin`; the cases that are new."""
        full = [seen.content for seen in found if seen.content and seen.content.basis is Basis.SAME]
        self.complete = self.complete and len(full) <= MOST_EACH
        return [case for link in full[:MOST_EACH] for case in self._add_link(origin, link)]

    def _add_link(self, origin: str, link: LinkDocument) -> Iterator[str]:
        other = next(case for case in link.cases if case != origin)
        if other not in self.bands and len(self.bands) == MOST_CASES:
            self.complete = False
            return
        self.links.add(link.link)
        if other not in self.bands:
            self.bands[other] = link.band
            yield other


RANKED_FIELDS: Final = (*STATE_FIELDS, "card", "entities")
"""What of a case's document says which of its entities are one with another's."""

STATED_FIELDS: Final = (*STATE_FIELDS, "caveat_translations", "language", "data.entities", "data.relations")
"""What of it the entities themselves say."""


@costly
async def resolve_entity(session: Session, key: str, name: str) -> EntityAnswer:
    """The thing that entity `name` of case `key` is.

    Raises NotFoundError for a case that is not to be read or an entity that it does not have, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"entity": name, "case": key}) as answer:
        own = await require_case(answer, key, (*RANKED_FIELDS, "data.entities.id"))
        if name not in _entities_by_id(own):
            answer.show([key])
            await answer.end()
            raise NotFoundError("entity not found")
        near = await _find_near_cases(answer, key)
        prints = {(key, one.id): one for one in entities_of(own)} | await _read_prints(answer, near)
        links = answer.weigh_links(await session.runtime.reader.read_typed_ties(sorted(near.links)))
        model = session.runtime.model
        members = await session.compute(lambda: _find_members((key, name), prints, links, model))
        stated = await _read_stated(answer, key, members)
        members = [member for member in members if member in stated]
        if (key, name) not in stated:  # it has gone meanwhile
            await answer.refuse(NotFoundError("entity not found"), answer.query)
        answer.show(case for case, _ in members)
    rows = [_make_appearance(stated[member], near.bands[member[0]], session.language) for member in members]
    facts, relations = tuple(_collect_facts(rows)), tuple(_collect_relations([stated[member] for member in members]))
    return EntityAnswer(*session.moment, rows[0].entity["type"], tuple(rows), facts, relations, near.complete)


async def _read_prints(answer: RecordedAnswer, near: _Neighbourhood) -> dict[EntityKey, EntityPrint]:
    """What the matcher knows of every entity of the cases around one that the requester sees in full."""
    parts = answer.session.runtime.reader.read_parts(sorted(near.bands), RANKED_FIELDS, readable=True)
    return {
        (case, one.id): one
        async for part in answer.weigh_parts(parts)
        for case, document in part.items()
        for one in entities_of(document)
    }


class _StatedEntity(NamedTuple):
    """An entity as its case states it, with how it is related to others of the case."""

    case: CaseDocument
    entity: AsSent
    relations: tuple[EntityRelation, ...]


async def _read_stated(
    answer: RecordedAnswer, key: str, members: Iterable[EntityKey]
) -> dict[EntityKey, _StatedEntity]:
    """The entities as they are stated now, as far as the requester still reads their cases in full; `key`'s first."""
    wanted: dict[str, list[str]] = {}
    for case, name in members:
        wanted.setdefault(case, []).append(name)
    found: dict[EntityKey, _StatedEntity] = {}
    cases = [key, *sorted(wanted.keys() - {key})]
    async for part in answer.weigh_parts(answer.session.runtime.reader.read_parts(cases, STATED_FIELDS, readable=True)):
        for case, document in part.items():
            sent = _entities_by_id(document)
            bare = msgspec.structs.replace(document, data=None)
            for name in wanted[case]:
                if name in sent:
                    relations = tuple(_list_relations(document, name, sent))
                    found[case, name] = _StatedEntity(bare, sent[name], relations)
    return found


async def _find_near_cases(answer: RecordedAnswer, key: str) -> _Neighbourhood:
    near = _Neighbourhood()
    near.bands[key] = Band.CERTAIN
    ring = [key]
    for _ in range(STEPS):
        ring = [new for case in ring for new in near.add_links(case, (await find_surroundings(answer, case)).links)]
    return near


def _find_members(
    asked: EntityKey, prints: Mapping[EntityKey, EntityPrint], links: Iterable[LinkDocument], model: Model
) -> list[EntityKey]:
    """The entities that are one with the asked one: itself first, then the others by case key."""
    places = sorted(prints, key=lambda place: place[0])
    held = [prints[place] for place in places]
    number = {place: at for at, place in enumerate(places)}
    ties = [tie for link in links for tie in _make_ties(link, number)]
    found = group_ties(len(places), ties, lambda a, b: are_apart(held[a], held[b], model))
    mine = next((group for group in found if number.get(asked) in group), [])
    return [asked, *(places[at] for at in mine if places[at] != asked)]


def _make_ties(link: LinkDocument, number: Mapping[EntityKey, int]) -> Iterator[Tie]:
    """A link's ties between entities of one type, by its evidence; a shared number ties nothing."""
    if link.basis is Basis.SHARED:
        return
    for pair in link.ties:
        a, b = number.get((link.a.case, pair.entity_a)), number.get((link.b.case, pair.entity_b))
        if pair.type_a == pair.type_b and pair.bits > 0 and a is not None and b is not None:
            yield Tie(pair.bits, a, b)


def _entities_by_id(case: CaseDocument) -> dict[str, AsSent]:
    return {entity["id"]: entity for entity in case.sent_entities}


def _make_appearance(stated: _StatedEntity, band: Band, language: str) -> EntityAppearance:
    case = stated.case
    translation = case.translate_caveat(language)
    return EntityAppearance(case.case, case.agency, case.country, band, case.caveat, stated.entity, translation)


def _collect_facts(rows: Iterable[EntityAppearance]) -> Iterator[EntityFact]:
    """Every value of every field once, with the cases that state it, in the order in which it is first met."""
    said: dict[tuple[str, bytes], list[str]] = {}
    for row in rows:
        for field, value in row.entity.items():
            for item in value if isinstance(value, list) else [value]:
                if field not in NO_FACTS:
                    said.setdefault((field, orjson.dumps(item, option=orjson.OPT_SORT_KEYS)), []).append(row.case)
    for (field, value), cases in sorted(said.items(), key=lambda item: item[0][0]):
        yield EntityFact(field, orjson.loads(value), tuple(dict.fromkeys(cases)))


def _collect_relations(stated: Iterable[_StatedEntity]) -> Iterator[EntityRelation]:
    """How each of the entities is related to others of its own case, in the order in which the cases say it."""
    for one in stated:
        yield from one.relations


def _list_relations(case: CaseDocument, name: str, held: Mapping[str, AsSent]) -> Iterator[EntityRelation]:
    for relation in (case.data or {}).get("relations", ()):
        for end, other in (("from", "to"), ("to", "from")):
            if relation[end] == name and relation[other] in held:
                yield EntityRelation(
                    case=case.case,
                    country=case.country,
                    type=relation["type"],
                    outgoing=end == "from",
                    start=relation.get("start"),
                    end=relation.get("end"),
                    other=held[relation[other]],
                )
