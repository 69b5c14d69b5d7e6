"""Resolves linked cases into things: groups of entities of one type that are the same by all their links together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.correlation.batch import LinkLine
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.score.resolution import Tie, are_apart, group_ties
from pipeline.matching.score.scoring import weigh_evidence
from pipeline.records.model import entity_key

EntityPosition = tuple[str, int]
"""A case key and the number of an entity in it."""


class ResolvedEntity(msgspec.Struct, frozen=True):
    """One line of `batch resolve`: a thing, with the keys of its entities (records.model.entity_key), ascending."""

    type: str
    members: tuple[str, ...]


def resolve_entities(cases: Mapping[str, Fingerprint], links: Iterable[LinkLine], model: Model) -> list[ResolvedEntity]:
    """Put each entity of the cases into exactly one thing; the things are ordered by their first member.

    Pure; the order of the links does not matter.
    """
    places = [(key, at) for key in sorted(cases) for at in range(len(cases[key].entities))]
    number = {place: at for at, place in enumerate(places)}
    entities = [_find_entity(cases, place) for place in places]
    ties = [tie for link in links for tie in _link_ties(cases, link, number, model)]
    found = group_ties(len(places), ties, lambda a, b: are_apart(entities[a], entities[b], model))
    named = [tuple(sorted(entity_key(places[at][0], entities[at].id) for at in members)) for members in found]
    return [ResolvedEntity(entities[members[0]].type, names) for members, names in zip(found, named, strict=True)]


def _find_entity(cases: Mapping[str, Fingerprint], place: EntityPosition) -> EntityPrint:
    return cases[place[0]].entities[place[1]]


def _link_ties(
    cases: Mapping[str, Fingerprint], link: LinkLine, number: Mapping[EntityPosition, int], model: Model
) -> Iterable[Tie]:
    """The ties of a link between entities of one type.

    A selector across types ties cases, not things. A link by a shared number has no ties, since its holders are two.
    """
    if link.basis is Basis.SHARED:
        return
    found = weigh_evidence(cases[link.case_a].entities, cases[link.case_b].entities, model)
    for tie in found.ties:
        if not tie.selector:
            yield Tie(tie.bits, number[link.case_a, tie.a], number[link.case_b, tie.b])
