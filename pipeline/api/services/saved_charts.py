"""A chart that was kept: opened again for who looks at it now, and what of it is new to them.

A chart keeps references and where they stand, nothing of what they say. So what is there is read and decided on anew
for each viewer at each opening. What they can't open, whatever the reason, is a closed item: a node without words, in
its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from itertools import combinations
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from pipeline.access import folders
from pipeline.access.audit import ActKind
from pipeline.access.folders import ItemKind, Reference
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import ChartEdge, ChartNode, ChartPlace, OpenedChartAnswer
from pipeline.api.chart_graph import ChartLink, ChartRecord, Web, make_id, weave
from pipeline.api.problems import NotFoundError
from pipeline.api.sealed import SealedCase, seal_case
from pipeline.api.services.cases import weigh_readable, weigh_readable_parts
from pipeline.api.services.chart import (
    MOST_FOLLOWED,
    MOST_KNOWN,
    MOST_NUMBERS,
    MOST_PLACES,
    MOST_READ,
    RECORD_FIELDS,
    find_term,
    make_case_node,
    make_edge,
    make_hit,
    make_link,
    make_record,
    make_thing_node,
)
from pipeline.api.services.folders import LOOK, NO_ITEM, keep_visit, require_folder, require_item
from pipeline.api.services.links import find_links_of, find_other_case, find_surroundings
from pipeline.api.session import Session, costly
from pipeline.correlation.claims import link_id
from pipeline.index.reading import STATE_FIELDS

MOST_LINKS: Final = 20_000
"""Links of a chart: of two records that may have several things in common, one."""


class ChartItem(msgspec.Struct, frozen=True):
    """What a chart keeps of a node: where it is; of a number its node's id; of a hit its reference.

    A number without places is looked for among those of the chart's cases.

    One without any is an item that its viewer can't open.
    """

    places: Annotated[tuple[ChartPlace, ...], Meta(max_length=MOST_PLACES)] = ()
    number: Annotated[str, Meta(max_length=600)] = ""
    hit: Annotated[str, Meta(max_length=200)] = ""


class ChartPair(msgspec.Struct, frozen=True):
    """Two items of a chart, by their places in its order."""

    a: Annotated[int, Meta(ge=0)]
    b: Annotated[int, Meta(ge=0)]


class ChartOpening(msgspec.Struct, frozen=True):
    """A chart: its items, and which two of them have a link.

    Without any links all those between its cases are drawn.
    """

    items: Annotated[tuple[ChartItem, ...], Meta(min_length=1, max_length=MOST_KNOWN)]
    links: Annotated[tuple[ChartPair, ...], Meta(max_length=MOST_LINKS)] = ()


CLOSED: Final = "closed"
"""The kind of a node that its viewer can't open, whatever the reason."""

COSTLY_ITEMS: Final = 200
"""A chart of more counts as costly while it is opened."""


class _OpenedHit(NamedTuple):
    """A hit of a chart that still shows, its edges, and its case."""

    node: ChartNode
    edges: tuple[ChartEdge, ...]
    case: str


async def open_chart(
    session: Session, asked: ChartOpening, kind: ActKind = ActKind.READ, form: str = ""
) -> OpenedChartAnswer:
    """A chart's items as the requester may see them now. What can't be opened is a node without words, in its place.

    The index is asked the same whatever is there and not to be read. Raises ForbiddenError, TooManyRequestsError.
    An export has its own `kind` and `form`.
    """
    session.require_reader()
    query = {"opened": len(asked.items)} | ({"form": form} if form else {})
    async with session.answer(kind, query, form=form) as answer:
        with session.hold_costly() if len(asked.items) > COSTLY_ITEMS else nullcontext():
            keys = dict.fromkeys(place.case for item in asked.items for place in item.places)
            cases, records = await _read_records(answer, list(keys))
            links = await _read_links_between(answer, asked, cases)
            hits = await _read_hits(answer, asked, records)
        named = {(place.case, place.entity) for item in asked.items for place in item.places if place.entity}
        web = await session.compute(lambda: weave(records, links, named))
        found = await session.compute(lambda: _list_opened(records, web))
        nodes = tuple(hits[item.hit].node if item.hit in hits else _find_node(found, item) for item in asked.items)
        ids = {node.id for node in nodes}
        edges = [edge for edge in map(make_edge, web.ties) if {edge.a, edge.b} <= ids]
        edges += [edge for hit in hits.values() for edge in hit.edges]
        answer.show((*records, *(hit.case for hit in hits.values())))
        return OpenedChartAnswer(*session.moment, nodes, tuple(edges))


async def _read_records(
    answer: RecordedAnswer, keys: Sequence[str]
) -> tuple[dict[str, SealedCase], dict[str, ChartRecord]]:
    """Those of some cases that the requester sees in full, without what they say, and as charts take them."""
    cases: dict[str, SealedCase] = {}
    records: dict[str, ChartRecord] = {}
    async for part in weigh_readable_parts(answer, keys, RECORD_FIELDS):
        for case, document in part.items():
            cases[case] = seal_case(msgspec.structs.replace(document, data=None, card=None, entities=None))
            records[case] = make_record(document, answer.session.language)
    return cases, records


def _list_opened(records: Mapping[str, ChartRecord], web: Web) -> dict[object, ChartNode]:
    """The nodes that are there, by what a chart names them by: case, entity, or a number's id with who bears it."""
    found: dict[object, ChartNode] = {(case, ""): make_case_node(record) for case, record in records.items()}
    for thing in web.things:
        node = make_thing_node(thing)
        found |= dict.fromkeys(thing.members, node)
        if thing.id.startswith("number "):
            found |= {(thing.id, member): node for member in thing.places} | {(thing.id, None): node}
    return found


def _find_node(found: Mapping[object, ChartNode], item: ChartItem) -> ChartNode:
    """The node of an item, by the first of its places that its viewer can open."""
    members = [(place.case, place.entity) for place in item.places]
    among: list[tuple[str, str] | None] = [*members] or [None]
    names: Sequence[object] = [(item.number, member) for member in among] if item.number else members
    return next((found[name] for name in names if name in found), ChartNode(CLOSED, CLOSED))


async def _read_links_between(
    answer: RecordedAnswer, asked: ChartOpening, cases: Mapping[str, SealedCase]
) -> list[ChartLink]:
    """The links of a chart whose two cases its viewer reads: of others nothing is asked."""
    if asked.links:
        named = ([item.places[0].case for item in _ends(asked, pair) if _is_case(item)] for pair in asked.links)
        ids = [link_id(*pair) for pair in named if len(pair) == 2 and cases.keys() >= {*pair}]
    else:
        some = list(cases)[:MOST_READ] if len(cases) > 1 else []
        linked = await find_links_of(answer, some, folders.MOST_LINKS)
        ids = [link for others in linked.values() for link, other in (others or {}).items() if other in cases]
        hubs = sorted(case for case, others in linked.items() if others is None)
        ids += [link_id(*pair) for pair in combinations(hubs, 2)]  # links of the others with them are known
    found = await answer.session.runtime.reader.read_ties(ids, cases) if ids else {}
    return list(map(make_link, answer.weigh_links(found.values())))


def _is_case(item: ChartItem) -> bool:
    return bool(item.places) and not item.places[0].entity


def _ends(asked: ChartOpening, pair: ChartPair) -> list[ChartItem]:
    """The two items of a link; fewer where a chart names one that it does not have."""
    return [asked.items[at] for at in dict.fromkeys((pair.a, pair.b)) if at < len(asked.items)]


async def _read_hits(
    answer: RecordedAnswer, asked: ChartOpening, records: Mapping[str, ChartRecord]
) -> dict[str, _OpenedHit]:
    """The hits of a chart, by reference, that still show beside a case of it that has a link with them there."""
    wanted: dict[str, set[str]] = {}
    for pair in asked.links:
        ends = _ends(asked, pair)
        cases = [item.places[0].case for item in ends if _is_case(item) and item.places[0].case in records]
        for item in ends:
            if item.hit and cases:
                wanted.setdefault(cases[0], set()).add(item.hit)
    found: dict[str, _OpenedHit] = {}
    for case in sorted(wanted)[:MOST_FOLLOWED]:
        around = await find_surroundings(answer, case)
        for seen in around.links:
            other = find_other_case(seen.link.cases, case)
            reference = answer.session.make_reference(other) if seen.content is None else ""
            if reference in wanted[case]:
                node, edge = make_hit(case, answer.redact(around.cases[other]), seen.sight.band)
                held = found.get(reference, _OpenedHit(node, (), other))
                found[reference] = held._replace(edges=(*held.edges, edge))
    return found


class MatchedNodes(msgspec.Struct, frozen=True):
    """Cases that bear numbers which somebody's own nodes state, by number's id; and those that these name by key."""

    cases: tuple[ChartNode, ...]
    bearers: dict[str, tuple[str, ...]]


@costly
async def match_own_nodes(session: Session, numbers: Sequence[str], cases: Sequence[str]) -> MatchedNodes:
    """The cases that the requester reads and that bear some numbers, or have some keys; of others nothing is told.

    Hit-only records are not asked. Raises ForbiddenError, TooManyRequestsError.
    """
    session.require_reader()
    wanted = dict.fromkeys(numbers)
    terms = list(filter(None, (find_term(number) for number in wanted)))[:MOST_NUMBERS]
    found = await session.runtime.reader.find_by_terms(terms, session.viewer, MOST_READ)
    query = {"matched": [*wanted][:MOST_NUMBERS], "cases": len(cases)}
    async with session.answer(ActKind.READ, query) as answer:
        _, records = await _read_records(answer, [*list(dict.fromkeys(cases))[:MOST_READ], *found])
        bearers: dict[str, list[str]] = {}
        for case in sorted(records):
            held = {make_id("number", *one) for entity in records[case].entities.values() for one in entity.numbers}
            for number in held & wanted.keys():
                bearers.setdefault(number, []).append(case)
        matched = {case for some in bearers.values() for case in some} | (records.keys() & {*cases})
        answer.show(sorted(matched))
    nodes = tuple(make_case_node(records[case]) for case in sorted(matched))
    return MatchedNodes(nodes, {number: tuple(some) for number, some in sorted(bearers.items())})


class ChartNews(msgspec.Struct, frozen=True):
    """What of a chart its viewer had not seen: cases that are new or changed, and how many new links each has."""

    cases: tuple[str, ...]
    links: dict[str, int]


@costly
async def find_news(session: Session, folder: str, chart: str, cases: Sequence[str]) -> ChartNews:
    """What is new in a chart since its viewer's last visit; what it shows counts as seen from now on.

    As with a folder itself it is told from what the same viewer saw and sees: when a record came is told to its owner
    alone. On the first visit nothing is new. Raises NotFoundError, ForbiddenError, ConflictError, UnavailableError,
    TooManyRequestsError.
    """
    held = await require_folder(session, folder, LOOK)
    if (await require_item(session, folder, chart)).kind is not ItemKind.CHART:
        raise NotFoundError(NO_ITEM)
    async with session.answer(ActKind.READ, {"news": chart}, about=chart) as answer:
        documents = await weigh_readable(answer, list(dict.fromkeys(cases))[:MOST_READ], STATE_FIELDS)
        linked = await find_links_of(answer, list(documents), folders.MOST_LINKS)
        ring, who = session.runtime.opaque.ring, session.requester
        visit = await session.runtime.decisions.read_visit(folder, who.subject, chart)
        known = folders.find_baseline(visit, session.now)
        names = {case: folders.item_id(ring, folder, Reference(ItemKind.RECORD, case=case)) for case in documents}
        sights = {
            names[case]: folders.make_sight(ring, folder, who, (document.hash,), linked[case])
            for case, document in documents.items()
        }
        new = {
            case: folders.find_new_links(ring, folder, who, linked[case], known.sights.get(name))
            for case, name in names.items()
        }
        answer.show(documents)
        answer.count((linked[case] or {})[link] for case in new for link in new[case])
    seen = folders.add_visit(visit, held, who, sights, session.now, chart)
    await keep_visit(session, visit, seen)
    if known.since is None:
        return ChartNews((), {})
    changed = (case for case, name in names.items() if known.sights.get(name, NO_SIGHT).version != sights[name].version)
    return ChartNews(tuple(sorted(changed)), {case: len(some) for case, some in sorted(new.items()) if some})


NO_SIGHT: Final = folders.Sight(b"")
"""Of a record that was not in the chart, or not to be read, on the last visit."""
