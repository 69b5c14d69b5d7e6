"""The gate for hit-only (H2) records: whatever tells that one exists asks here first. Pure.

Searches, list checks, saved searches, shared questions and pushed cases are all questions. Of a question only its
exact parts count: whole numbers (identifiers, phones, e-mails), and whole names with a whole birth date. A partial
date, a text date, a place, a nickname, or a number that is merely like the record's would let its author feel a way to
content that they may not read. Several names are as many guesses: the best of them counts, no more for the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pipeline.access.policy import LinkView
from pipeline.matching.bands import Band
from pipeline.matching.comparisons.other_names import OTHER_NAMES
from pipeline.matching.comparisons.plate import WILDCARDS
from pipeline.matching.fingerprint import Entities, EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.names import NamePrint
from pipeline.matching.score.scoring import judge_score, score_cases

HIT_BANDS: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands in which a hit-only record is told of."""

NAMING_WORDS: Final = 2
"""A whole name has a given and a family part at least; an initial is neither."""

INITIAL: Final = "initial"


class LinkSight(NamedTuple):
    """How a requester sees a link, and the band that it may know: of a link with a hit-only side the exact one."""

    view: LinkView
    band: Band


UNSEEN: Final = LinkSight(LinkView.NOTHING, Band.NONE)

HIT_VIEWS: Final = frozenset({LinkView.HIT_A, LinkView.HIT_B})
"""Views of a link with a hit-only side."""


class _Numbers(NamedTuple):
    """The whole numbers of a record."""

    identifiers: frozenset[str]
    phones: frozenset[str]
    emails: frozenset[str]


NO_NUMBERS: Final = _Numbers(frozenset(), frozenset(), frozenset())


def exact_band(asking: Entities, held: Entities, model: Model) -> Band:
    """The band in which a question meets a hit-only record by its exact parts alone; NONE where it may not be told.

    `asking` are the question's entities, `held` the record's. A number counts only if both state it in full.
    """
    parts = _exact_parts(asking, _numbers_of(held))
    if not parts:
        return Band.NONE
    band = judge_score(score_cases(parts, held, model.without(OTHER_NAMES.name))).band
    return band if band in HIT_BANDS else Band.NONE


def see_link(view: LinkView, band: Band, exact_a: Band, exact_b: Band) -> LinkSight:
    """A link through the gate: `view` is what both sides' handling allows, `band` the band of all evidence.

    `exact_a` is the exact band in which side a, as a question, meets side b; `exact_b` the other way round.
    """
    if view is LinkView.FULL or view is LinkView.NOTHING:
        return LinkSight(view, band)
    shown = exact_a if view is LinkView.HIT_B else exact_b
    return LinkSight(view, shown) if shown else UNSEEN


def names_person(asking: Entities, held: Entities, model: Model) -> bool:
    """Whether a question names somebody of a record: by a whole name, with the whole birth date that is in the record.

    No number counts. Owners of silent records are told of such searches alone (pipeline.access.silent_searches).
    """
    asked = [part for part in _exact_parts(asking, NO_NUMBERS) if part.birth_date]
    unaided = model.without(OTHER_NAMES.name)
    return any(
        judge_score(score_cases((part,), (person,), unaided)).band in HIT_BANDS
        for person in _exact_parts(held, NO_NUMBERS)
        for part in asked
        if part.birth_date == person.birth_date
    )


def _exact_parts(asking: Entities, numbers: _Numbers) -> Entities:
    parts = (_exact_part(entity, numbers) for entity in asking)
    return tuple(part for part in parts if part.birth_date or part.identifiers or part.phones or part.emails)


def _exact_part(entity: EntityPrint, numbers: _Numbers) -> EntityPrint:
    """Of a person only the one birth date counts: several would be as many guesses in one question."""
    names = tuple(name for name in entity.names if is_whole_name(name))
    dated = bool(names) and entity.birth_date is not None and bool(entity.birth_date.day)
    return EntityPrint(
        entity.id,
        entity.type,
        names=names if dated else (),
        birth_date=entity.birth_date if dated else None,
        identifiers=tuple(identifier for identifier in entity.identifiers if identifier.value in numbers.identifiers),
        phones=tuple(phone for phone in entity.phones if phone.e164 in numbers.phones),
        emails=tuple(email for email in entity.emails if email in numbers.emails),
    )


def is_whole_name(name: NamePrint) -> bool:
    """Whether a name has a given and a family part written out, and is no nickname."""
    return not name.weak and sum(token.kind != INITIAL for token in name.tokens) >= NAMING_WORDS


def _numbers_of(held: Iterable[EntityPrint]) -> _Numbers:
    """A number with characters that nobody read is not whole."""
    entities = tuple(held)
    identifiers = frozenset(identifier.value for entity in entities for identifier in entity.identifiers)
    return _Numbers(
        frozenset(value for value in identifiers if not WILDCARDS.intersection(value)),
        frozenset(phone.e164 for entity in entities for phone in entity.phones),
        frozenset(email for entity in entities for email in entity.emails),
    )
