"""The link chart: what a record or thing is tied to, paths between two, what ties the most records, a chart reopened.

Every answer is over what the requester reads at that moment, counts and ranks included, and no way leads on through a
record that is only a hit. What the graph of some records is, is told by `pipeline.api.chart_graph`, which is pure; here
is what is read for it, decided on and recorded. All of it has limits, and each answer says what they left out. It is
one module, since expansions, paths and ranks go by one reading of what a requester may see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final, NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import Meta

from pipeline.access.audit import ActKind
from pipeline.access.redaction import HitRow
from pipeline.access.release import LinkView
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import (
    ChartCount,
    ChartEdge,
    ChartExpansionAnswer,
    ChartHub,
    ChartHubsAnswer,
    ChartLinkName,
    ChartNode,
    ChartPath,
    ChartPathsAnswer,
    ChartPlace,
)
from pipeline.api.chart_graph import (
    ChartEntity,
    ChartLink,
    ChartRecord,
    ChartRelation,
    ChartTie,
    Member,
    PathSearch,
    Thing,
    ThingNumber,
    Web,
    case_node,
    make_id,
    rank_hubs,
    weave,
)
from pipeline.api.problems import NotFoundError
from pipeline.api.services.cases import NO_CASE, require_case
from pipeline.api.services.linked_things import NAMING, name_entity
from pipeline.api.services.links import (
    SeenLink,
    Surroundings,
    find_other_case,
    find_own_entities,
    find_surroundings,
)
from pipeline.api.session import Session, costly
from pipeline.index.documents import AsSent, CaseDocument, LinkDocument, entities_of
from pipeline.locale import N_, translate
from pipeline.matching.bands import Band
from pipeline.matching.explain.words import IDENTIFIER_TYPES, TYPES
from pipeline.matching.fingerprint import WILDCARDS, EntityPrint

RECORD_FIELDS: Final = (*NAMING, "opened", "card", "entities", "data.entities.role", "data.relations")
"""What of a case's document the chart takes: names, roles and numbers of its entities, and how they are related."""

MOST_PLACES: Final = 20
"""Entities that one thing is expanded from: each takes the links of a case."""

MOST_ADDED: Final = 100
"""Cases that one expansion adds."""

MOST_KNOWN: Final = 5000
"""Cases of a chart: as many nodes as a browser draws smoothly (docs/adr/0054)."""

MOST_READ: Final = 500
"""Linked cases that are read for one answer, the strongest first; half a second's work for an index."""

MOST_NUMBERS: Final = 1000
"""Numbers that are looked for at once."""

MOST_ENTITIES: Final = 100
"""People and things of one record that an expansion draws, in the record's order."""

MOST_FOLLOWED: Final = 150
"""Cases whose links a search for paths, or for hubs, reads."""

MOST_EACH: Final = 200
"""Links followed of one case while a path is searched, the strongest first."""

LONGEST: Final = 6
"""Links of the longest path that is searched for; more of them say little about who knows whom."""

MOST_PATHS: Final = 3

MOST_HUBS: Final = 20

ChartedKey = Annotated[str, Meta(min_length=1, max_length=512)]

Places = Annotated[tuple[ChartPlace, ...], Meta(min_length=1, max_length=MOST_PLACES)]


class ChartExpansion(msgspec.Struct, frozen=True):
    """What is expanded: a case, or a thing by the entities that it is; of a number also its node's id.

    `type`, `country` and `band` narrow what is added, `known` cases are in the chart already, at most `more` are added.
    `entities`: the people and things of the case itself, whether or not they tie it to another.
    """

    places: Places
    number: Annotated[str, Meta(max_length=600)] = ""
    type: Annotated[str, Meta(max_length=40)] = ""
    country: Annotated[str, Meta(max_length=2)] = ""
    band: Band = Band.NONE
    known: Annotated[tuple[ChartedKey, ...], Meta(max_length=MOST_KNOWN)] = ()
    more: Annotated[int, Meta(ge=1, le=MOST_ADDED)] = 12
    entities: bool = False


class ChartPathQuestion(msgspec.Struct, frozen=True):
    """Two nodes by their places; `hit` in the place of `b` is the reference of a hit."""

    a: Places
    b: Annotated[tuple[ChartPlace, ...], Meta(max_length=MOST_PLACES)] = ()
    hit: Annotated[str, Meta(max_length=200)] = ""


class ChartHubQuestion(msgspec.Struct, frozen=True):
    """Cases whose links are searched for what ties several: those of a chart or a folder."""

    cases: Annotated[tuple[ChartedKey, ...], Meta(min_length=1, max_length=MOST_FOLLOWED)]


HIT: Final = "hit"
"""The type under which hits are counted: what they are about is not told."""


class _Neighbour(NamedTuple):
    """What a case is tied to: a case by key, or a hit by reference, and the type of thing that ties it.

    `seen` is their link; None where a number alone ties them.
    """

    name: str
    case: str
    origin: str
    type: str
    country: str
    seen: SeenLink | None = None

    @property
    def is_hit(self) -> bool:
        return self.seen is not None and self.seen.view is not LinkView.FULL

    @property
    def band(self) -> Band:
        return self.seen.sight.band if self.seen else Band.NONE

    @property
    def place(self) -> tuple[tuple[int, bool, int, str], str, str]:
        """Sorts: links by their place, then what a number ties."""
        return self.seen.place if self.seen else LAST, self.name, self.type


LAST: Final = (len(Band), False, 0, "")


class ChartReadings:
    """What one answer has read: the records of cases that are seen in full, and the links of those followed."""

    def __init__(self, answer: RecordedAnswer) -> None:
        self.answer, self.session = answer, answer.session
        self.sought: set[str] = set()
        """Those that were looked for."""
        self.records: dict[str, ChartRecord] = {}
        """Those that are seen in full."""
        self.around: dict[str, Surroundings] = {}
        self.complete = True
        """Whether no limit left out a case that has a number in common with one that was read."""

    async def require(self, cases: Iterable[str]) -> None:
        """Read the cases that a request names. Raises NotFoundError where none of them may be read."""
        refused: NotFoundError | None = None
        for case in dict.fromkeys(cases):
            try:
                document = await require_case(self.answer, case, RECORD_FIELDS)
                self.sought.add(case)
                self.records[case] = make_record(document, self.session.language)
            except NotFoundError as error:
                refused = error
        if not self.records:
            raise refused or NotFoundError(NO_CASE)

    async def follow(self, cases: Iterable[str]) -> None:
        """Read the links of cases that are seen in full."""
        for case in cases:
            self.around[case] = await find_surroundings(self.answer, case, ties=True)

    async def read(self, cases: Iterable[str]) -> None:
        """Read linked cases, as far as they are still seen in full."""
        new = [case for case in dict.fromkeys(cases) if case not in self.sought]
        async for part in self.session.runtime.reader.read_parts(new, RECORD_FIELDS, readable=True):
            for case, document in (await self.answer.weigh(part)).items():
                self.records[case] = make_record(document, self.session.language)
            self.sought |= {sealed.head.case for sealed in part}

    async def find_bearers(self, cases: Iterable[str]) -> list[str]:
        """Read the cases that have a number in common with some that were read, as far as there is room for them."""
        numbers = dict.fromkeys(
            number for case in cases for entity in self.records[case].entities.values() for number in entity.numbers
        )
        terms = list(dict.fromkeys(filter(None, (find_term(make_id("number", *number)) for number in numbers))))
        self.complete = self.complete and len(terms) <= MOST_NUMBERS
        found = await self.session.runtime.reader.find_by_terms(terms[:MOST_NUMBERS], self.session.viewer, MOST_READ)
        self.complete = self.complete and len(found) < MOST_READ
        await self.read(found)
        return [case for case in found if case in self.records]

    def list_links(self, kept: Iterable[_Neighbour]) -> list[ChartLink]:
        """The links of neighbours that are seen in full."""
        linked = (one.seen.content for one in kept if one.seen and one.seen.content)
        links = {link.link: make_link(link) for link in linked}
        return [link for link in links.values() if link.a in self.records and link.b in self.records]

    def show(self, query: Mapping[str, object], drawn: Iterable[_Neighbour], cases: Iterable[str]) -> None:
        """Note what is shown, and over which others it was counted."""
        self.answer.query = query
        self.answer.show([*(one.case for one in drawn if one.is_hit), *cases])
        linked = [find_other_case(seen.link.cases, case) for case in self.around for seen in self.around[case].links]
        self.answer.count((*linked, *self.records))


def make_record(document: CaseDocument, language: str) -> ChartRecord:
    """A record as the chart takes it, of a document that was read with RECORD_FIELDS, for a reader's language."""
    data: AsSent = document.data or {}
    numbers = {entity.id: _list_numbers(entity) for entity in entities_of(document)}
    return ChartRecord(
        case=document.case,
        agency=document.agency,
        country=document.country,
        title=document.title or "",
        opened=document.opened or "",
        entities={
            sent["id"]: ChartEntity(sent["type"], name_entity(sent) or "", numbers.get(sent["id"], ()))
            for sent in document.sent_entities
        },
        caveat=document.caveat or "",
        caveat_translation=document.translate_caveat(language),
        relations=tuple(
            ChartRelation(relation["from"], relation["to"], relation["type"]) for relation in data.get("relations", ())
        ),
        person=_name_main_person(document.sent_entities),
    )


def _name_main_person(sent: Iterable[AsSent]) -> str:
    """The name of the first suspect, or else of the first person, that has one."""
    people = sorted((one for one in sent if one["type"] == "person"), key=lambda one: one.get("role") != "suspect")
    return next(filter(None, map(name_entity, people)), "")


def _list_numbers(entity: EntityPrint) -> tuple[ThingNumber, ...]:
    """The numbers of an entity that two may have in common, each once."""
    phones = (ThingNumber("phone", phone.e164) for phone in entity.phones)
    identifiers = (ThingNumber(identifier.type, identifier.value) for identifier in entity.identifiers)
    emails = (ThingNumber("email", email) for email in entity.emails)
    return tuple(dict.fromkeys((*phones, *identifiers, *emails)))


def make_link(link: LinkDocument) -> ChartLink:
    """A link that is seen in full, with what it ties, the strongest first."""
    ranked = sorted(link.ties, key=lambda tie: (-tie.bits, tie.entity_a, tie.entity_b))
    tied = [tie for tie in ranked if tie.bits > 0]
    return ChartLink(link.link, *link.cases, link.band, link.basis, tuple((tie.entity_a, tie.entity_b) for tie in tied))


def find_term(node: str) -> str:
    """The search term by which cases with a number are found, by its node's id; "" for one that is not all legible."""
    kind, _, value = node.removeprefix("number ").partition(" ")
    if not value or WILDCARDS.intersection(value):
        return ""
    return f"{kind if kind in ('phone', 'email') else 'id'}:{unquote(value)}"


@costly
async def expand(session: Session, asked: ChartExpansion) -> ChartExpansionAnswer:
    """What a case or a thing is tied to.

    Raises NotFoundError where none of its places may be read, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        readings = ChartReadings(answer)
        await readings.require(place.case for place in asked.places)
        own = list(readings.records)
        await readings.follow(own)
        await readings.find_bearers(own)
        near = _list_neighbours(readings, asked.places)
        if asked.number:
            near = [one for one in near if _bears(readings.records.get(one.case), asked.number)]
        wanted = [one for one in near if _is_wanted(one, asked)]
        drawn = _choose(wanted, asked)
        await readings.read(one.case for one in drawn if not one.is_hit)
        marked = {(place.case, place.entity) for place in asked.places if place.entity}
        if asked.entities:
            marked |= {(own[0], name) for name in list(readings.records[own[0]].entities)[:MOST_ENTITIES]}
        graph = _Graph(readings)
        graph.add_links(own, drawn, marked)
        query = {"chart": [msgspec.to_builtins(place) for place in asked.places], "more": asked.more}
        readings.show(query, drawn, graph.cases)
    names = {one.name for one in near}
    shown = set(asked.known) | {one.name for one in drawn}
    return ChartExpansionAnswer(
        *session.moment,
        graph.list_nodes(),
        graph.list_edges(),
        len(names),
        len(names & shown),
        len({one.name for one in wanted}),
        _count(near, shown, lambda one: one.type),
        _count(near, shown, lambda one: one.country),
        _count(near, shown, lambda one: one.band),
        len(readings.records[own[0]].entities),
        sum(graph.web.find(own[0], name) is not None for name in readings.records[own[0]].entities),
    )


def _list_neighbours(readings: ChartReadings, places: Sequence[ChartPlace]) -> list[_Neighbour]:
    """All that some cases are tied to through the entities asked about: by links, the strongest first, then by numbers.

    What a hit is about is not told, so of an entity there are none.
    """
    named: dict[str, set[str]] = {}
    for place in places:
        named.setdefault(place.case, set()).add(place.entity)
    linked = [one for case in readings.around for one in _list_linked(readings, case, named[case])]
    known = {(one.case, one.origin) for one in linked}
    borne = [one for case in readings.around for one in _list_bearers(readings, case, named[case])]
    return sorted((*linked, *(one for one in borne if (one.case, one.origin) not in known)), key=lambda one: one.place)


def _list_linked(readings: ChartReadings, case: str, entities: Collection[str]) -> Iterator[_Neighbour]:
    around, record = readings.around[case], readings.records[case]
    for seen in around.links:
        other = find_other_case(seen.link.cases, case)
        if seen.content is None:
            if "" in entities:
                yield _Neighbour(readings.session.make_reference(other), other, case, HIT, "", seen)
            continue
        tied = [name for name in find_own_entities(seen.content, case) if name in record.entities]
        if "" in entities or any(name in entities for name in tied):
            kind = record.entities[tied[0]].type if tied else ""
            yield _Neighbour(other, other, case, kind, around.full[other].country, seen)


def _list_bearers(readings: ChartReadings, case: str, entities: Collection[str]) -> Iterator[_Neighbour]:
    """The cases that were read and have a number of these entities."""
    asked = {
        number
        for name, entity in readings.records[case].entities.items()
        if "" in entities or name in entities
        for number in entity.numbers
    }
    for other, record in readings.records.items():
        held = {number for entity in record.entities.values() for number in entity.numbers}
        if other != case:
            yield from (_Neighbour(other, other, case, number.type, record.country) for number in asked & held)


def _bears(record: ChartRecord | None, number: str) -> bool:
    """Whether somebody or something in a record bears the number that a node stands for."""
    return record is not None and any(
        make_id("number", *held) == number for entity in record.entities.values() for held in entity.numbers
    )


def _is_wanted(one: _Neighbour, asked: ChartExpansion) -> bool:
    return asked.country in ("", one.country) and asked.type in ("", one.type) and asked.band in (Band.NONE, one.band)


def _choose(wanted: Sequence[_Neighbour], asked: ChartExpansion) -> list[_Neighbour]:
    """Those that are in the chart already, and the first of the others."""
    known = set(asked.known)
    new = set(list(dict.fromkeys(one.name for one in wanted if one.name not in known))[: asked.more])
    old = [one for one in wanted if one.name in known][:MOST_READ]
    return [*old, *(one for one in wanted if one.name in new)]


def _count(
    near: Iterable[_Neighbour], shown: Collection[str], value: Callable[[_Neighbour], str]
) -> tuple[ChartCount, ...]:
    """How many cases and hits have each value, and of these are shown, the most first."""
    seen = {(value(one), one.name) for one in near}
    counts = Counter(said for said, _ in seen if said)
    drawn = Counter(said for said, name in seen if said and name in shown)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ChartCount(said, count, drawn[said]) for said, count in ranked)


class _Graph:
    """Nodes and edges of one answer."""

    def __init__(self, readings: ChartReadings) -> None:
        self._readings = readings
        self.cases: list[str] = []
        self.web = Web((), ())
        self._hits: dict[str, tuple[ChartNode, ChartEdge]] = {}

    def add_links(self, own: Iterable[str], drawn: Sequence[_Neighbour], marked: Iterable[Member] = ()) -> None:
        """Draw cases with their neighbours, as far as these are still seen."""
        readings = self._readings
        linked = (one.case for one in drawn if not one.is_hit and one.case in readings.records)
        self.cases = sorted({*own, *linked})
        records = {case: readings.records[case] for case in self.cases}
        self.web = weave(records, readings.list_links(drawn), frozenset(marked))
        for one in drawn:
            if one.seen and one.is_hit:
                hit = readings.answer.redact(readings.around[one.origin].cases[one.case])
                self._hits[f"{one.origin} {one.name}"] = make_hit(one.origin, hit, one.band)

    def list_nodes(self) -> tuple[ChartNode, ...]:
        """Cases, then things, then hits, each by id."""
        cases = (make_case_node(self._readings.records[case]) for case in self.cases)
        hits = {node.id: node for node, _ in self._hits.values()}
        return (*cases, *map(make_thing_node, self.web.things), *(hits[name] for name in sorted(hits)))

    def list_edges(self) -> tuple[ChartEdge, ...]:
        """What ties them, hits last."""
        hits = sorted((edge for _, edge in self._hits.values()), key=lambda edge: (edge.a, edge.b))
        return (*map(make_edge, self.web.ties), *hits)


def make_case_node(record: ChartRecord) -> ChartNode:
    """The node of a case that is seen in full."""
    return ChartNode(
        case_node(record.case), "case", name=record.title, agency=record.agency, country=record.country,
        opened=record.opened, places=(ChartPlace(record.case),), caveat=record.caveat,
        caveat_translation=record.caveat_translation, person=record.person,
    )  # fmt: skip


def make_thing_node(thing: Thing) -> ChartNode:
    """The node of a thing."""
    places = (tuple(ChartPlace(*member) for member in members) for members in (thing.members, thing.bearers))
    return ChartNode(thing.id, "thing", thing.type, thing.name, places=next(places), bearers=next(places))


def make_edge(tie: ChartTie) -> ChartEdge:
    """An edge between cases and things."""
    links = tuple(ChartLinkName(link.link, link.a, link.b) for link in tie.links)
    return ChartEdge(tie.a, tie.b, tie.kind, tie.band, tie.basis, links, tie.word)


def make_hit(case: str, hit: HitRow, band: Band) -> tuple[ChartNode, ChartEdge]:
    """The node of a hit, which says whose it is and whom to ask, and its edge to a case."""
    node = ChartNode(make_id(HIT, hit.reference), HIT, agency=hit.agency, contact=hit.contact)
    return node, ChartEdge(case_node(case), node.id, HIT, band)


@costly
async def find_paths(session: Session, asked: ChartPathQuestion) -> ChartPathsAnswer:
    """The shortest paths between two nodes over links that the requester sees, never through a hit.

    Raises NotFoundError where an end may not be read, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        readings = ChartReadings(answer)
        await readings.require(place.case for place in asked.a)
        starts = list(readings.records)
        goals = [asked.hit]
        if not asked.hit:
            ends = ChartReadings(answer)
            await ends.require(place.case for place in asked.b)
            goals = list(ends.records)
            readings.sought |= ends.sought
            readings.records |= ends.records
        search = PathSearch(starts, goals, LONGEST, closed={asked.hit})
        complete = await _search(readings, search, asked.hit)
        paths = search.list_paths(MOST_PATHS)
        await readings.read(case for path in paths for case in path if case != asked.hit)
        kept = [path for path in paths if all(case in readings.records or case == asked.hit for case in path)]
        steps = [one for path in kept for pair in pairwise(path) if (one := _find_step(readings, *pair))]
        graph = _Graph(readings)
        graph.add_links((case for path in kept for case in path if case != asked.hit), steps)
        told = tuple(_tell_path(session, readings, path, asked) for path in kept)
        query = {"paths": [msgspec.to_builtins(places) for places in (asked.a, asked.b)], "hit": asked.hit}
        readings.show(query, steps, {*graph.cases, *starts, *(goal for goal in goals if goal != asked.hit)})
    return ChartPathsAnswer(
        *session.moment, graph.list_nodes(), graph.list_edges(), told, len(kept[0]) - 1 if kept else 0,
        len(readings.around), complete,
    )  # fmt: skip


async def _search(readings: ChartReadings, search: PathSearch, hit: str) -> bool:
    """Follow links ring by ring; whether no limit ended it."""
    complete = True
    while ring := search.next_ring():
        room = MOST_FOLLOWED - len(readings.around)
        complete = complete and len(ring) <= room
        followed = ring[: max(room, 0)]
        if not followed:
            return False
        new = [case for case in followed if case not in readings.around]
        await readings.read(new)
        readable = [case for case in followed if case in readings.records]
        await readings.follow(case for case in new if case in readings.records)
        await readings.find_bearers(readable)
        complete = complete and all(len(readings.around[case].links) <= MOST_EACH for case in readable)
        search.add_ring({case: _list_ends(readings, case, hit) for case in readable})
    return complete and readings.complete


def _list_ends(readings: ChartReadings, case: str, hit: str) -> list[str]:
    """What a case is linked to: cases by key, and by reference the hit that is looked for, if it is that."""
    links = readings.around[case].links[:MOST_EACH]
    others = [(find_other_case(seen.link.cases, case), seen.view) for seen in links]
    linked = [key for key, view in others if view is LinkView.FULL]
    if hit and any(view is not LinkView.FULL and readings.session.make_reference(key) == hit for key, view in others):
        linked.append(hit)
    return [*linked, *(one.case for one in _list_bearers(readings, case, ("",)))]


def _find_step(readings: ChartReadings, a: str, b: str) -> _Neighbour | None:
    """The link of a path's step, which was met from one of its ends."""
    for origin, name in ((a, b), (b, a)):
        for seen in readings.around[origin].links if origin in readings.around else ():
            other = find_other_case(seen.link.cases, origin)
            if name == (other if seen.view is LinkView.FULL else readings.session.make_reference(other)):
                return _Neighbour(name, other, origin, "", "", seen)
    return None


def _tell_path(session: Session, readings: ChartReadings, path: Sequence[str], asked: ChartPathQuestion) -> ChartPath:
    """The nodes of a path, and the same in words: "fr-pj:1, phone +33612345678, be-fp:1".

    An end that is a thing goes before its case.
    """
    nodes: list[str] = []
    words: list[str] = []

    def add(node: str, word: str) -> None:
        if not nodes or nodes[-1] != node:
            nodes.append(node)
            words.append(word)

    def add_end(places: Sequence[ChartPlace], case: str) -> None:
        named = next((place.entity for place in places if place.case == case and place.entity), None)
        if named and (entity := readings.records[case].entities.get(named)):
            web = weave({case: readings.records[case]}, (), {(case, named)})
            add(web.things[0].id, name_thing(session.language, entity.type, entity.name))

    add_end(asked.a, path[0])
    add(case_node(path[0]), path[0])
    for a, b in pairwise(path):
        step = _find_step(readings, a, b)
        if step is not None and step.is_hit:
            add(
                make_id(HIT, b),
                translate(HIT_OF, session.language, agency=readings.around[a].cases[step.case].head.agency),
            )
            continue
        records = {case: readings.records[case] for case in (a, b)}
        thing = weave(records, readings.list_links([step] if step else ())).find_between(a, b)
        if thing is not None:
            add(thing.id, name_thing(session.language, thing.type, thing.name))
        add(case_node(b), b)
    if not asked.hit:
        add_end(asked.b, path[-1])
    return ChartPath(tuple(nodes), ", ".join(words))


HIT_OF: Final = N_("restricted match of {agency}")


def name_thing(language: str, kind: str, name: str) -> str:
    """A thing in words: "Phone +33612345678"."""
    word = TYPES.get(kind) or IDENTIFIER_TYPES.get(kind) or kind
    said = translate(word, language)
    return f"{said[:1].upper()}{said[1:]} {name}".strip()


@costly
async def rank_chart_hubs(session: Session, asked: ChartHubQuestion) -> ChartHubsAnswer:
    """The people and things that tie the most cases, of some cases and those linked to them.

    Raises NotFoundError where none of the cases may be read, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        readings = ChartReadings(answer)
        await readings.require(asked.cases)
        own = list(readings.records)
        await readings.follow(own)
        full = [one for case in own for one in _list_linked(readings, case, ("",)) if not one.is_hit]
        full.sort(key=lambda one: one.place)
        linked = list(dict.fromkeys(one.case for one in full))
        await readings.read(linked[:MOST_READ])
        near = await readings.find_bearers([*readings.records])
        records = readings.records
        links = readings.list_links(full)
        web = await session.compute(lambda: weave(records, links))
        hubs, all_hubs = await session.compute(lambda: rank_hubs(records, web, MOST_HUBS))
        cases = sorted({case for hub in hubs for case in hub.thing.cases})
        readings.show({"hubs": list(asked.cases)}, (), cases)
    named = {hub.thing.id for hub in hubs}
    things = tuple(hub.thing for hub in hubs)
    ties = [tie for tie in web.ties if tie.b in named and tie.kind != "relation"]
    shown = {case_node(case) for case in cases} | named
    nodes = (*(make_case_node(records[case]) for case in cases), *map(make_thing_node, things))
    edges = tuple(make_edge(tie) for tie in ties if {tie.a, tie.b} <= shown)
    return ChartHubsAnswer(
        *session.moment, nodes, edges,
        tuple(ChartHub(hub.thing.id, len(hub.thing.cases), hub.countries) for hub in hubs),
        all_hubs, len(records), len({*own, *linked, *near}), readings.complete,
    )  # fmt: skip
