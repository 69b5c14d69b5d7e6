"""A saved search as the correlator sees it: the probe of its question, with numbers of unknown type as such. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from pipeline.access.hit_gate import exact_match
from pipeline.access.subscriptions import Subscription, SubscriptionState, saved_search_print
from pipeline.correlation.keys import blocking_keys
from pipeline.index.probes import make_probe
from pipeline.index.questions import Question, parse_question
from pipeline.matching.exact_match import ExactMatch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint, IdentifierPrint
from pipeline.matching.model import Model
from pipeline.records.entity_types import ENTITY_TYPES

UNTYPED: Final = "other"
"""A number whose type nobody said: it meets the same number of any type."""

BEARERS: Final = tuple(row.name for row in ENTITY_TYPES if row.bears_numbers)
"""What a number without a type may be of."""


def fingerprint_of(subscription: Subscription, model: Model) -> Fingerprint:
    """The fingerprint of a saved search under a model. Raises LiaisonError for a question that makes no sense."""
    if subscription.state is SubscriptionState.ENDED:
        return saved_search_print(subscription, (), ())
    entities = make_query_probe(parse_question(subscription.question), subscription.dialled)
    return saved_search_print(subscription, blocking_keys(entities, model.stop_keys, model.key_rarity), entities)


def make_query_probe(question: Question, dialled: str) -> tuple[EntityPrint, ...]:
    """The entities that a question speaks of."""
    found = {entity.id: entity for entity in make_probe(question, dialled, exact=True).entities}
    numbers = tuple(sorted(IdentifierPrint(UNTYPED, number) for number in question.numbers))
    for bearer in BEARERS if numbers else ():
        entity = found.get(bearer) or EntityPrint(bearer, bearer)
        found[bearer] = msgspec.structs.replace(entity, identifiers=tuple(sorted({*entity.identifiers, *numbers})))
    return tuple(found.values())


def meets_exactly(subscription: Subscription, held: tuple[EntityPrint, ...], model: Model) -> ExactMatch:
    """By what a saved search meets a hit-only record that holds these entities; NONE where it may not be told."""
    return exact_match(make_query_probe(parse_question(subscription.question), subscription.dialled), held, model)
