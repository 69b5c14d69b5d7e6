"""The people and things of a case, how they are related, and the cases that each is linked to, as far as it fits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.access.audit import ActKind
from pipeline.access.release import LinkView, View
from pipeline.api.answers import AsSent, CaseNode, EntityGraphAnswer, EntityTie
from pipeline.api.services.case_links import find_other_case, find_own_entities
from pipeline.api.services.cases import require_readable
from pipeline.api.services.links import SeenLink, find_surroundings
from pipeline.api.session import Session
from pipeline.index.documents import CaseDocument


class EntityGraphLimits(NamedTuple):
    """How many entities are drawn, how many links in all, and how many of one entity, the strongest first."""

    entities: int = 16
    links: int = 32
    each: int = 2


LOOKED_AT: Final = EntityGraphLimits()
"""What can still be read in a drawing."""


async def read_entity_graph(session: Session, key: str, most: EntityGraphLimits = LOOKED_AT) -> EntityGraphAnswer:
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
