"""One thing across cases (a person, a car): the entities of linked cases that all their links together tell to be one.

It is computed at reading, from what this requester reads in full and nothing else, so nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import orjson

from pipeline.access.audit import ActKind
from pipeline.access.release import LinkView, View
from pipeline.api.answers import EntityAnswer, EntityAppearance, EntityFact, EntityRelation
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import require_readable
from pipeline.api.services.links import SeenLink, find_surroundings
from pipeline.api.session import Session
from pipeline.index.documents import AsSent, CaseDocument, LinkDocument, entities_of
from pipeline.matching.bands import Band, Basis
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
        full = [seen.link for seen in found if seen.view is LinkView.FULL and seen.link.basis is Basis.SAME]
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


async def resolve_entity(session: Session, key: str, name: str) -> EntityAnswer:
    """The thing that entity `name` of case `key` is.

    Raises NotFoundError for a case that is not to be read or an entity that it does not have.
    """
    session.require_reader()
    own = await require_readable(session, key)
    if name not in _entities_by_id(own):
        await session.audit(ActKind.READ, {"entity": name, "case": key}, session.make_shown({key: View.FULL}))
        raise NotFoundError("entity not found")
    near = await _find_near_cases(session, key)
    cases = await session.runtime.reader.read_cases(sorted(near.bands), fields=None)
    views = await session.decide_views(cases)
    cases = {key: own} | {case: document for case, document in cases.items() if views[case] is View.FULL}
    links = await session.runtime.reader.read_links(sorted(near.links))
    members = _find_members((key, name), cases, links.values(), session.runtime.model)
    shown = session.make_shown({case: View.FULL for case, _ in members})
    await session.audit(ActKind.READ, {"entity": name, "case": key}, shown)
    rows = [_make_appearance(cases[case], entity, near.bands[case], session.language) for case, entity in members]
    facts, relations = tuple(_collect_facts(rows)), tuple(_collect_relations(cases, members))
    return EntityAnswer(*session.moment, rows[0].entity["type"], tuple(rows), facts, relations, near.complete)


async def _find_near_cases(session: Session, key: str) -> _Neighbourhood:
    near = _Neighbourhood()
    near.bands[key] = Band.CERTAIN
    ring = [key]
    for _ in range(STEPS):
        ring = [new for case in ring for new in near.add_links(case, (await find_surroundings(session, case)).links)]
    return near


def _find_members(
    asked: EntityKey, cases: Mapping[str, CaseDocument], links: Iterable[LinkDocument], model: Model
) -> list[EntityKey]:
    """The entities that are one with the asked one: itself first, then the others by case key."""
    held = {(case, entity.id): entity for case, document in sorted(cases.items()) for entity in entities_of(document)}
    places, prints = list(held), list(held.values())
    number = {place: at for at, place in enumerate(places)}
    ties = [tie for link in links for tie in _make_ties(link, number)]
    found = group_ties(len(places), ties, lambda a, b: are_apart(prints[a], prints[b], model))
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


def _make_appearance(case: CaseDocument, name: str, band: Band, language: str) -> EntityAppearance:
    held, translation = _entities_by_id(case)[name], case.translate_caveat(language)
    return EntityAppearance(case.case, case.agency, case.country, band, case.caveat, held, translation)


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


def _collect_relations(cases: Mapping[str, CaseDocument], members: Iterable[EntityKey]) -> Iterator[EntityRelation]:
    """How each of the entities is related to others of its own case, in the order in which the cases say it."""
    for key, name in members:
        held = _entities_by_id(cases[key])
        for relation in (cases[key].data or {}).get("relations", ()):
            for end, other in (("from", "to"), ("to", "from")):
                if relation[end] == name and relation[other] in held:
                    yield EntityRelation(
                        case=key,
                        country=cases[key].country,
                        type=relation["type"],
                        outgoing=end == "from",
                        start=relation.get("start"),
                        end=relation.get("end"),
                        other=held[relation[other]],
                    )
