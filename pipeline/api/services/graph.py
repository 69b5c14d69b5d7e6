"""The neighbourhood of a case: its graph and timeline, computed at reading."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Final, NamedTuple

from pipeline.access.audit import ActKind
from pipeline.access.release import LinkView
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import (
    CaseNode,
    GraphAnswer,
    LinkEdge,
    TimelineAnswer,
    TimelineEvent,
)
from pipeline.api.services.cases import require_case
from pipeline.api.services.links import SeenLink, Surroundings, find_surroundings
from pipeline.api.session import Session, costly
from pipeline.index.documents import AsSent, CaseDocument
from pipeline.index.reading import SHOWN, STATE_FIELDS

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

    def __init__(self, answer: RecordedAnswer, most: GraphLimits) -> None:
        self.answer, self.session, self.most = answer, answer.session, most
        self.nodes: dict[str, CaseNode] = {}
        self.edges: dict[str, LinkEdge] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """The links of the cases that were followed, as they are drawn, with their cases."""

    def add_case(self, key: str, document: CaseDocument) -> None:
        title = document.title or None
        self.nodes[key] = CaseNode(key, "full", document.agency, document.country, title)
        self.answer.show([key])

    def name_link(self, seen: SeenLink) -> str:
        """A link as its edge is called."""
        return seen.link.link if seen.view is LinkView.FULL else self.session.make_reference(seen.link.link)

    def add_link(self, origin: str, seen: SeenLink, around: Surroundings) -> str | None:
        """Draw a link of `origin`; the case at its other end if the way leads on through it."""
        other = next(case for case in seen.link.cases if case != origin)
        hit = seen.content is None
        name = self.session.make_reference(other) if hit else other
        edge = self.name_link(seen)
        if name not in self.nodes and len(self.nodes) >= self.most.nodes:
            return None
        view, basis = ("full", seen.content.basis) if seen.content else ("hit", None)
        self.edges.setdefault(edge, LinkEdge(edge, origin, name, seen.sight.band, view, basis))
        if hit:
            told = self.answer.redact(around.cases[other])
            self.nodes[name] = CaseNode(name, "hit", told.agency, contact=told.contact)
            self.answer.show([other])
            return None
        if name in self.nodes:
            return None
        self.add_case(other, around.full[other])
        return other


async def read_graph(session: Session, key: str, depth: int = 1, most: GraphLimits = LOOKED_AT) -> GraphAnswer:
    """The cases within `depth` links of a case, never beyond one that is only a hit.

    Raises NotFoundError, TooManyRequestsError: with a depth of two or three it counts as costly, as up to 25 or 650
    cases are followed.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"graph": key, "depth": depth}) as answer:
        drawing = _Drawing(answer, most)
        drawing.add_case(key, await require_case(answer, key, SHOWN))
        ring = [key]
        with session.hold_costly() if depth > 1 else nullcontext():
            for _ in range(min(depth, DEEPEST)):
                ring = [case for origin in ring for case in await _follow_links(drawing, origin)]
        undrawn = [cases for name, cases in drawing.names.items() if name not in drawing.edges]
        answer.count(case for cases in undrawn for case in cases if not answer.shows(case))
    edges = sorted(drawing.edges.values(), key=lambda edge: (edge.view, edge.id))
    nodes = sorted(drawing.nodes.values(), key=lambda node: (node.view, node.id))
    return GraphAnswer(*session.moment, tuple(nodes), tuple(edges), not undrawn, len(undrawn))


async def _follow_links(drawing: _Drawing, origin: str) -> list[str]:
    around = await find_surroundings(drawing.answer, origin)
    drawing.names |= {drawing.name_link(link): link.link.cases for link in around.links}
    onward = (drawing.add_link(origin, link, around) for link in around.links[: drawing.most.each])
    return [case for case in onward if case is not None]


DATED: Final = (
    *STATE_FIELDS, "data.opened", "data.closed", *(f"data.entities.{field}" for field in ("id", "type", "start"))
)  # fmt: skip
"""What of a case's document says when something happened."""


@costly
async def read_timeline(session: Session, key: str) -> TimelineAnswer:
    """When a case and the linked ones that the requester reads were opened and closed, and their events.

    Raises NotFoundError, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"timeline": key}) as answer:
        cases = await _show_linked_cases(answer, key)
    found = [event for case in cases.values() for event in _list_events(case)]
    ordered = sorted(found, key=lambda event: (event.when, event.case, event.what, event.entity or ""))
    return TimelineAnswer(*session.moment, tuple(ordered))


async def _show_linked_cases(answer: RecordedAnswer, key: str) -> dict[str, CaseDocument]:
    """A case and those linked to it that the requester reads in full, with what is DATED. Raises NotFoundError."""
    found = {key: await require_case(answer, key, DATED)}
    around = await find_surroundings(answer, key)
    near = {case for link in around.links[:MOST_EACH] if link.view is LinkView.FULL for case in link.link.cases}
    reader = answer.session.runtime.reader
    async for part in answer.weigh_parts(reader.read_parts(sorted(near - {key}), DATED, readable=True)):
        found |= part
    answer.show(found)
    return found


def _list_events(case: CaseDocument) -> list[TimelineEvent]:
    data: AsSent = case.data or {}
    dated = [(data.get(name), name, None) for name in ("opened", "closed")]
    dated += [
        (entity.get("start"), "event", entity["id"]) for entity in data.get("entities", ()) if entity["type"] == "event"
    ]
    return [TimelineEvent(when, what, case.case, case.agency, entity) for when, what, entity in dated if when]
