"""The neighbourhood of a case: its graph and timeline, and its people and things with the cases that each is linked to.

All of it is computed at reading.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Final, NamedTuple

from pipeline.access.audit import ActKind
from pipeline.access.release import LinkView, View
from pipeline.api.answers import (
    CaseNode,
    EntityGraphAnswer,
    EntityTie,
    GraphAnswer,
    LinkEdge,
    TimelineAnswer,
    TimelineEvent,
)
from pipeline.api.services.cases import require_readable
from pipeline.api.services.links import SeenLink, Surroundings, find_other_case, find_own_entities, find_surroundings
from pipeline.api.session import Session
from pipeline.index.documents import AsSent, CaseDocument

DEEPEST: Final = 3
"""Links from the case to the outermost one. A choice: with 25 links followed of each case a fourth step would mostly go
beyond the nodes that anybody can look at (LOOKED_AT)."""

MOST_EACH: Final = 25
"""Links followed of one case."""


class GraphLimits(NamedTuple):
    """Limits of a graph: nodes in all, and links followed of one case, the strongest first."""

    nodes: int = 200
    each: int = MOST_EACH


LOOKED_AT: Final = GraphLimits()
"""More nobody can look at."""


class _Drawing:
    """The graph while it grows, from one ring of cases to the next."""

    def __init__(self, session: Session, most: GraphLimits) -> None:
        self.session, self.most = session, most
        self.nodes: dict[str, CaseNode] = {}
        self.edges: dict[str, LinkEdge] = {}
        self.seen: dict[str, View] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """The links of the cases that were followed, as they are drawn, with their cases."""

    def add_case(self, key: str, document: CaseDocument) -> None:
        title = document.title or None
        self.nodes[key] = CaseNode(key, "full", document.agency, document.country, title)
        self.seen[key] = View.FULL

    def name_link(self, seen: SeenLink) -> str:
        """A link as its edge is called."""
        return seen.link.link if seen.view is LinkView.FULL else self.session.make_reference(seen.link.link)

    def add_link(self, origin: str, seen: SeenLink, around: Surroundings) -> str | None:
        """Draw a link of `origin`; the case at its other end if the way leads on through it."""
        other = next(case for case in seen.link.cases if case != origin)
        document = around.cases[other]
        hit = seen.view is not LinkView.FULL
        name = self.session.make_reference(other) if hit else other
        edge = self.name_link(seen)
        if name not in self.nodes and len(self.nodes) >= self.most.nodes:
            return None
        view, basis = ("hit", None) if hit else ("full", seen.link.basis)
        self.edges.setdefault(edge, LinkEdge(edge, origin, name, seen.sight.band, view, basis))
        if hit:
            self.nodes[name] = CaseNode(name, "hit", document.agency, contact=document.contact)
            self.seen[other] = View.HIT
            return None
        if name in self.nodes:
            return None
        self.add_case(other, document)
        return other


async def read_graph(session: Session, key: str, depth: int = 1, most: GraphLimits = LOOKED_AT) -> GraphAnswer:
    """The cases within `depth` links of a case, never beyond one that is only a hit.

    Raises NotFoundError, TooManyRequestsError: with a depth of two or three it counts as costly, as up to 25 or 650
    cases are followed.
    """
    session.require_reader()
    drawing = _Drawing(session, most)
    drawing.add_case(key, await require_readable(session, key))
    ring = [key]
    with session.hold_costly() if depth > 1 else nullcontext():
        for _ in range(min(depth, DEEPEST)):
            ring = [case for origin in ring for case in await _follow_links(drawing, origin)]
    undrawn = [cases for name, cases in drawing.names.items() if name not in drawing.edges]
    counted = session.make_counted(case for cases in undrawn for case in cases if case not in drawing.seen)
    shown = (*session.make_shown(drawing.seen), *counted)
    await session.audit(ActKind.READ, {"graph": key, "depth": depth}, shown)
    edges = sorted(drawing.edges.values(), key=lambda edge: (edge.view, edge.id))
    nodes = sorted(drawing.nodes.values(), key=lambda node: (node.view, node.id))
    return GraphAnswer(*session.moment, tuple(nodes), tuple(edges), not undrawn, len(undrawn))


async def _follow_links(drawing: _Drawing, origin: str) -> list[str]:
    around = await find_surroundings(drawing.session, origin)
    drawing.names |= {drawing.name_link(link): link.link.cases for link in around.links}
    onward = (drawing.add_link(origin, link, around) for link in around.links[: drawing.most.each])
    return [case for case in onward if case is not None]


async def read_timeline(session: Session, key: str) -> TimelineAnswer:
    """When a case and the linked ones that the requester reads were opened and closed, and their events."""
    cases = await _read_linked_cases(session, key)
    found = [event for case in cases.values() for event in _list_events(case)]
    await session.audit(ActKind.READ, {"timeline": key}, session.make_shown(dict.fromkeys(cases, View.FULL)))
    ordered = sorted(found, key=lambda event: (event.when, event.case, event.what, event.entity or ""))
    return TimelineAnswer(*session.moment, tuple(ordered))


async def _read_linked_cases(session: Session, key: str) -> dict[str, CaseDocument]:
    """A case and those linked to it that the requester reads in full, with their records. Raises NotFoundError."""
    session.require_reader()
    own = await require_readable(session, key)
    around = await find_surroundings(session, key)
    near = {case for link in around.links[:MOST_EACH] if link.view is LinkView.FULL for case in link.link.cases}
    others = await session.runtime.reader.read_cases(sorted(near - {key}), fields=None)
    views = await session.decide_views(others)
    return {key: own} | {case: document for case, document in others.items() if views[case] is View.FULL}


def _list_events(case: CaseDocument) -> list[TimelineEvent]:
    data: AsSent = case.data or {}
    dated = [(data.get(name), name, None) for name in ("opened", "closed")]
    dated += [
        (entity.get("start"), "event", entity["id"]) for entity in data.get("entities", ()) if entity["type"] == "event"
    ]
    return [TimelineEvent(when, what, case.case, case.agency, entity) for when, what, entity in dated if when]


class EntityGraphLimits(NamedTuple):
    """How many entities are drawn, how many links in all, and how many of one entity, the strongest first."""

    entities: int = 16
    links: int = 32
    each: int = 2


ENTITIES_LOOKED_AT: Final = EntityGraphLimits()
"""What can still be read in a drawing."""


async def read_entity_graph(
    session: Session, key: str, most: EntityGraphLimits = ENTITIES_LOOKED_AT
) -> EntityGraphAnswer:
    """The entities of case `key` with what they are tied to. Raises NotFoundError."""
    session.require_reader()
    own = await require_readable(session, key)
    around = await find_surroundings(session, key, ties=True)
    data: AsSent = own.data or {}
    held: dict[str, AsSent] = {entity["id"]: entity for entity in data.get("entities", ())}
    relations: list[AsSent] = list(data.get("relations", ()))
    tied = {seen.link.link: find_own_entities(seen, key) for seen in around.links if seen.view is LinkView.FULL}
    ranked = [entity for entities in tied.values() for entity in entities if entity in held]
    chosen = choose_entities(ranked, relations, most.entities)
    drawn = choose_links(around.links, tied, chosen, most)
    seen = {case: around.views[case] for link, _ in drawn for case in link.link.cases}
    counted = session.make_counted((find_other_case(link.link.cases, key) for link in around.links), seen)
    await session.audit(ActKind.READ, {"graph": key}, (*session.make_shown({key: View.FULL} | seen), *counted))
    others = {find_other_case(link.link.cases, key): link for link, _ in drawn}
    return EntityGraphAnswer(
        *session.moment,
        own.country,
        tuple(held[entity] for entity in chosen),
        tuple(_make_node(session, around.cases[case], link) for case, link in others.items()),
        tuple(_make_tie(session, key, link, entity) for link, entity in drawn),
        tuple(relation for relation in relations if relation["from"] in chosen and relation["to"] in chosen),
        len(held), len(around.links), len(relations),
    )  # fmt: skip


def choose_entities(ranked: Iterable[str], relations: Sequence[AsSent], most: int) -> tuple[str, ...]:
    """The first `most` entities of `ranked`, each followed by those it is related to, then the rest of the related."""
    related: defaultdict[str, list[str]] = defaultdict(list)
    for relation in relations:
        related[relation["from"]].append(relation["to"])
        related[relation["to"]].append(relation["from"])
    chosen: dict[str, None] = {}
    for entity in (*dict.fromkeys(ranked), *related):
        chosen |= dict.fromkeys((entity, *related.get(entity, ())))
        if len(chosen) >= most:
            break
    return tuple(chosen)[:most]


def choose_links(
    links: Sequence[SeenLink], tied: Mapping[str, Sequence[str]], chosen: Sequence[str], most: EntityGraphLimits
) -> list[tuple[SeenLink, str | None]]:
    """The links that are drawn, strongest first, each from the first of its entities that is drawn; hits from none."""
    drawn: list[tuple[SeenLink, str | None]] = []
    counts: Counter[str | None] = Counter()
    for link in links:
        hit = link.view is not LinkView.FULL
        entity = None if hit else next((each for each in tied[link.link.link] if each in chosen), None)
        if (hit or entity is not None) and counts[entity] < most.each and len(drawn) < most.links:
            counts[entity] += 1
            drawn.append((link, entity))
    return drawn


def _make_node(session: Session, case: CaseDocument, link: SeenLink) -> CaseNode:
    """A linked case, or that there is a hit; keys as in the graph of cases."""
    if link.view is not LinkView.FULL:
        return CaseNode(session.make_reference(case.case), "hit", case.agency, contact=case.contact)
    return CaseNode(case.case, "full", case.agency, case.country)


def _make_tie(session: Session, key: str, seen: SeenLink, entity: str | None) -> EntityTie:
    other, hit = find_other_case(seen.link.cases, key), seen.view is not LinkView.FULL
    return EntityTie(
        entity=entity,
        other=session.make_reference(other) if hit else other,
        link=session.make_reference(seen.link.link) if hit else seen.link.link,
        band=seen.sight.band,
        basis=None if hit else seen.link.basis,
        view="hit" if hit else "full",
    )
