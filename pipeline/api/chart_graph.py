"""The graph of a link chart: records, the people and things in them, and what ties them. Pure; it decides on no access.

A *thing* is what one or several records name: a person, a vehicle, a phone number. Entities of two records are one
thing where a certain or probable link ties them. A number is a thing of its own where two records have it and it is all
that an entity is, or those who bear it are not one: no link says so, since a phone alone makes no two people one. A
record stands beside each of its things, so whatever ties five records is one node with five edges, a hub.

Records are named by case key, entities by (case key, entity id). What is given here was read for one requester, so all
that comes out is theirs to see. Everything is sorted, so that the same records give the same graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import quote

from msgspec import UNSET, UnsetType

from pipeline.matching.bands import Band, Basis
from pipeline.records.caveats import CaveatTranslation

Member = tuple[str, str]
"""An entity of a record: case key, entity id."""

STRONG: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands in which two entities are drawn as one thing; of a possible link both are drawn, with a line between them."""

NUMBERS_THEMSELVES: Final = frozenset({"phone", "account"})
"""Types of entities that are nothing but their number."""


class ThingNumber(NamedTuple):
    """A number that an entity bears: `phone` with its E.164 form, `email`, or a type of identifier with its core."""

    type: str
    value: str


class ChartEntity(NamedTuple):
    """An entity of a record, as the chart names it."""

    type: str
    name: str
    numbers: tuple[ThingNumber, ...] = ()


class ChartRelation(NamedTuple):
    """That a record says how one of its entities is related to another, by their ids."""

    start: str
    end: str
    type: str


class ChartRecord(NamedTuple):
    """A record that is read in full; `opened` is its date as sent, `caveat` its owner's, with its translation.

    `person` is the name of its main person.
    """

    case: str
    agency: str
    country: str
    title: str = ""
    opened: str = ""
    entities: Mapping[str, ChartEntity] = {}
    relations: Sequence[ChartRelation] = ()
    caveat: str = ""
    caveat_translation: CaveatTranslation | UnsetType = UNSET
    person: str = ""


class ChartLink(NamedTuple):
    """A link between two records that are read in full; `ties` are ids of an entity of each, the strongest first."""

    link: str
    a: str
    b: str
    band: Band
    basis: Basis
    ties: Sequence[tuple[str, str]] = ()


class Thing(NamedTuple):
    """A thing of one or several records: its node's id, its type, its name, and the entities that are it, sorted.

    `bearers` are further entities, which bear it, as a person does a phone number.
    """

    id: str
    type: str
    name: str
    members: tuple[Member, ...]
    bearers: tuple[Member, ...] = ()

    @property
    def places(self) -> tuple[Member, ...]:
        """The entities by which records name it: those that are it first."""
        return (*self.members, *self.bearers)

    @property
    def cases(self) -> tuple[str, ...]:
        """The records that name it, by key."""
        return tuple(sorted({case for case, _ in self.places}))


class ChartTie(NamedTuple):
    """An edge between two nodes by id, with the links that it stands for, the strongest first.

    `kind`: `holds` for a record and a thing in it, or a thing and its number; `link` where links say more than that;
    `relation` between two things of one record, then `word` is its type.
    """

    a: str
    b: str
    kind: str
    band: Band = Band.NONE
    basis: Basis = Basis.SAME
    links: tuple[ChartLink, ...] = ()
    word: str = ""


class Web(NamedTuple):
    """Things and ties of some records, each sorted by id."""

    things: tuple[Thing, ...]
    ties: tuple[ChartTie, ...]

    def find(self, case: str, entity: str) -> Thing | None:
        """The thing that an entity is."""
        return next((thing for thing in self.things if (case, entity) in thing.members), None)

    def find_between(self, a: str, b: str) -> Thing | None:
        """The first thing that stands beside both of two records."""
        return next((thing for thing in self.things if {a, b} <= set(thing.cases)), None)


def make_id(kind: str, *parts: str) -> str:
    """The id of a node: its kind and what names it, parted by blanks, which keys may hold themselves."""
    return " ".join((kind, *(quote(part, safe=":+/@.") for part in parts)))


def case_node(key: str) -> str:
    """The id of a record's node."""
    return make_id("case", key)


def weave(records: Mapping[str, ChartRecord], links: Iterable[ChartLink], shown: Collection[Member] = ()) -> Web:
    """The things of some records and what ties them by some of the links between them.

    Things in one record alone are left out, unless they are `shown` or a possible link ends at them.
    """
    given = sorted((link for link in links if link.a in records and link.b in records), key=_strongest_first)
    groups = _group_members(records, given)
    return _Weaver(records, given, groups, frozenset(shown)).weave()


def _strongest_first(link: ChartLink) -> tuple[int, str]:
    return link.band.rank, link.link


class _Groups:
    """Entities that are one thing: a forest whose root is the least member."""

    def __init__(self) -> None:
        self._parents: dict[Member, Member] = {}
        self.numbers: dict[Member, ThingNumber] = {}
        """By root the number that several records bear."""

    def find(self, member: Member) -> Member:
        root = member
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        self._parents[member] = root
        return root

    def join(self, a: Member, b: Member) -> None:
        first, second = sorted((self.find(a), self.find(b)))
        self._parents[second] = first


def _group_members(records: Mapping[str, ChartRecord], links: Sequence[ChartLink]) -> _Groups:
    groups = _Groups()
    for link in links:
        if link.basis is Basis.SAME and link.band in STRONG:
            for a, b in _same_type(records, link):
                groups.join((link.a, a), (link.b, b))
    return groups


def _same_type(records: Mapping[str, ChartRecord], link: ChartLink) -> Iterator[tuple[str, str]]:
    """The ties of a link between entities of one type that both records still have."""
    for a, b in link.ties:
        one, other = records[link.a].entities.get(a), records[link.b].entities.get(b)
        if one is not None and other is not None and one.type == other.type:
            yield a, b


class _Weaver:
    """Draws things and ties of some records."""

    def __init__(
        self,
        records: Mapping[str, ChartRecord],
        links: Sequence[ChartLink],
        groups: _Groups,
        shown: frozenset[Member],
    ) -> None:
        self._records, self._links, self._groups, self._shown = records, links, groups, shown
        self._members: defaultdict[Member, list[Member]] = defaultdict(list)
        for case in sorted(records):
            for entity in records[case].entities:
                self._members[groups.find((case, entity))].append((case, entity))
        self._bearers = self._find_bearers()
        self._numbers: defaultdict[str, set[ThingNumber]] = defaultdict(set)
        """By record its numbers that another has, too."""
        for number, bearers in self._bearers.items():
            for case, _ in bearers:
                self._numbers[case].add(number)
        self._held: defaultdict[tuple[str, str], list[ChartLink]] = defaultdict(list)
        """By record and thing the links that tie the record through it."""
        self._direct: dict[tuple[str, str], list[ChartLink]] = {}
        """By two nodes the links that lead from one to the other with no thing between."""
        self._things: dict[str, Thing] = {}

    def weave(self) -> Web:
        numbers = [number for number in self._bearers if self._ties(number)]
        for number in sorted(numbers):
            self._add_number(number)
        for link in self._links:
            self._add_link(link)
        for case, entity in sorted(self._shown):
            if case in self._records and entity in self._records[case].entities:
                self._add_thing((case, entity))
        return Web(tuple(self._things[name] for name in sorted(self._things)), tuple(sorted(self._list_ties())))

    def _find_bearers(self) -> dict[ThingNumber, tuple[Member, ...]]:
        """The entities that bear each number which two records or more have."""
        found: defaultdict[ThingNumber, list[Member]] = defaultdict(list)
        for case in sorted(self._records):
            for name, entity in self._records[case].entities.items():
                for number in entity.numbers:
                    found[number].append((case, name))
        return {number: tuple(members) for number, members in found.items() if len({case for case, _ in members}) > 1}

    def _ties(self, number: ThingNumber) -> bool:
        """Whether a number is a thing of its own: it is all that an entity is, or two that are not one share it."""
        bearers = self._bearers[number]
        if any(map(self._is_number, bearers)):
            return True
        return len({self._groups.find(member) for member in bearers}) > 1

    def _find_common(self, link: ChartLink) -> set[ThingNumber]:
        """The numbers that both records of a link have."""
        return self._numbers[link.a] & self._numbers[link.b]

    def _is_number(self, member: Member) -> bool:
        case, name = member
        return self._records[case].entities[name].type in NUMBERS_THEMSELVES

    def _add_number(self, number: ThingNumber) -> None:
        alone = [self._is_number(member) for member in self._bearers[number]]
        members = tuple(member for member, is_it in zip(self._bearers[number], alone, strict=True) if is_it)
        bearers = tuple(member for member, is_it in zip(self._bearers[number], alone, strict=True) if not is_it)
        thing = Thing(make_id("number", *number), number.type, number.value, members, bearers)
        self._things[thing.id] = thing
        for case in thing.cases:
            self._held[case, thing.id] = []

    def _add_thing(self, member: Member) -> Thing:
        """The thing that an entity is, drawn; of one that is nothing but a number that others bear, the number."""
        case, name = member
        entity = self._records[case].entities[name]
        if self._is_number(member):
            for number in entity.numbers:
                if (known := self._things.get(make_id("number", *number))) is not None:
                    return known
        root = self._groups.find(member)
        members = tuple(self._members[root])
        named = (self._records[case].entities[name].name for case, name in members)
        thing = Thing(make_id("entity", *root), entity.type, next(filter(None, named), ""), members)
        self._things[thing.id] = thing
        for case in thing.cases:
            self._held[case, thing.id] += ()  # it stands beside each of its records
        return thing

    def _add_link(self, link: ChartLink) -> None:
        """Draw a link through the things that it ties; where it ties none, between its records."""
        if link.basis is Basis.SHARED:
            names = (make_id("number", *number) for number in sorted(self._find_common(link)))
            self._tie_through(link, [self._things[name] for name in names if name in self._things])
            return
        pairs = list(_same_type(self._records, link))
        if link.band in STRONG:
            self._tie_through(link, [self._add_thing((link.a, a)) for a, _ in pairs])
            return
        joined = [(self._add_thing((link.a, a)), self._add_thing((link.b, b))) for a, b in pairs]
        self._tie_through(link, [one for one, other in joined if one == other], apart=bool(joined))
        for one, other in joined:
            if one != other:
                self._direct.setdefault(_ends(one.id, other.id), []).append(link)

    def _tie_through(self, link: ChartLink, things: Sequence[Thing], *, apart: bool = False) -> None:
        for thing in dict.fromkeys(things):
            for case in (link.a, link.b):
                self._held[case, thing.id].append(link)
        if not things and not apart:
            self._direct.setdefault(_ends(case_node(link.a), case_node(link.b)), []).append(link)

    def _list_ties(self) -> Iterator[ChartTie]:
        for (case, thing), links in self._held.items():
            yield _make_tie(case_node(case), thing, links)
        for (a, b), links in self._direct.items():
            yield _make_tie(a, b, links)
        yield from self._list_relations()

    def _list_relations(self) -> Iterator[ChartTie]:
        """What the records say of how things that are drawn are related, and who bears a number that is drawn."""
        at = {member: thing.id for thing in self._things.values() for member in thing.members}
        borne = {ChartTie(at[member], thing.id, "holds") for thing in self._things.values() for member in thing.bearers
                 if member in at}  # fmt: skip
        yield from borne
        found = {
            ChartTie(at[case, relation.start], at[case, relation.end], "relation", word=relation.type)
            for case, record in self._records.items()
            for relation in record.relations
            if (case, relation.start) in at and (case, relation.end) in at
        }
        yield from (tie for tie in found if tie.a != tie.b)


def _ends(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _make_tie(a: str, b: str, links: Sequence[ChartLink]) -> ChartTie:
    """An edge for some links, given strongest first; without any it says that a record names a thing."""
    if not links:
        return ChartTie(a, b, "holds")
    return ChartTie(a, b, "link", links[0].band, links[0].basis, tuple(links))


class Hub(NamedTuple):
    """A thing that ties several records, and the countries of these."""

    thing: Thing
    countries: tuple[str, ...]


def rank_hubs(records: Mapping[str, ChartRecord], web: Web, most: int) -> tuple[list[Hub], int]:
    """The things that tie the most records, those of more countries first; and how many tie two or more in all."""
    hubs = [
        Hub(thing, tuple(sorted({records[case].country for case in thing.cases})))
        for thing in web.things
        if len(thing.cases) > 1
    ]
    hubs.sort(key=lambda hub: (-len(hub.thing.cases), -len(hub.countries), hub.thing.id))
    return hubs[:most], len(hubs)


class _Side(NamedTuple):
    """One end of a search for paths: how far each record is from it, and by which records it was come to."""

    steps: dict[str, int]
    parents: dict[str, list[str]]


class PathSearch:
    """Looks for the shortest paths between two sets of records, from both ends at once, ring by ring.

    `next_ring` gives the records whose links are wanted; `add_ring` takes them. What is only a hit is an end: it is
    come to, and nothing is asked of it.
    """

    def __init__(self, starts: Iterable[str], goals: Iterable[str], longest: int, closed: Collection[str] = ()) -> None:
        self._longest, self._closed = longest, closed
        self._sides = tuple(_Side(dict.fromkeys(sorted(ends), 0), {}) for ends in (starts, goals))
        self._rings = [self._open(list(side.steps)) for side in self._sides]
        self._depth = [0, 0]
        self._turn = 0
        self._meeting = sorted(set(self._sides[0].steps) & set(self._sides[1].steps))

    def _open(self, names: Iterable[str]) -> list[str]:
        return sorted(name for name in names if name not in self._closed)

    def next_ring(self) -> list[str]:
        """The records to follow, of the end that has fewer; none where a path is found or there is none."""
        if self._meeting or sum(self._depth) >= self._longest:
            return []
        waiting = [side for side in (0, 1) if self._rings[side]]
        if not waiting:
            return []
        self._turn = min(waiting, key=lambda side: (len(self._rings[side]), side))
        return self._rings[self._turn]

    def add_ring(self, links: Mapping[str, Iterable[str]]) -> None:
        """Take what the records of the last ring are linked to, hits among them; one without an entry was not asked."""
        side, other = self._sides[self._turn], self._sides[1 - self._turn]
        self._depth[self._turn] += 1
        depth, found = self._depth[self._turn], dict[str, None]()
        for name in self._rings[self._turn]:
            for end in links.get(name, ()):
                if end in self._closed and other.steps.get(end) != 0:
                    continue  # both ends may lead to a hit, but no path leads on from it
                if end not in side.steps:
                    side.steps[end] = depth
                    found[end] = None
                if side.steps[end] == depth:
                    side.parents.setdefault(end, []).append(name)
        self._rings[self._turn] = self._open(found)
        self._meeting = sorted(name for name in found if name in other.steps)

    def list_paths(self, most: int) -> list[tuple[str, ...]]:
        """At most so many of the shortest paths, from start to goal, in the order of their names."""
        found = (
            (*reversed(back), name, *onward)
            for name in self._meeting
            for back in self._trace(0, name)
            for onward in self._trace(1, name)
        )
        return sorted(dict.fromkeys(islice(found, MOST_TRACED)))[:most]

    def _trace(self, side: int, name: str) -> Iterator[tuple[str, ...]]:
        """The ways from a record to an end, nearest first, without the record itself."""
        if self._sides[side].steps[name] == 0:
            yield ()
            return
        for parent in sorted(self._sides[side].parents[name]):
            for rest in self._trace(side, parent):
                yield (parent, *rest)


MOST_TRACED: Final = 1000
"""Paths of one length that are told apart: between two crowds there may be more than anybody counts."""
