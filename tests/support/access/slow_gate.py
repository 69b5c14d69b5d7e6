"""The gate for hit-only records as it is defined: each name held against each, each number against each.

What access.hit_gate finds by keys must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pipeline.access.hit_gate import MOST_ASKED, comparable_date, is_whole_name, whole_birth_date
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.comparisons.identifier import GENERIC, are_of_two_countries
from pipeline.matching.fingerprint import WILDCARDS, Entities, EntityPrint, IdentifierPrint
from pipeline.matching.model import Model
from pipeline.matching.names import NamePrint, TokenPair, levels
from pipeline.matching.names.alignment import align
from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.token_pairs import INITIAL
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.records.normalised import PartialDate
from pipeline.records.scripts import UNPARTED, script_of

EQUAL = frozenset({levels.SAME, levels.FOLDED, levels.ALIGNED, levels.VARIANT})


def slow_exact_match(asking: Entities, held: Entities, model: Model) -> ExactMatch:
    """By what a question meets a hit-only record."""
    equal = {entity.id: part for entity in asking if (part := _equal_part(entity, asking, held)) is not None}
    number = any(_is_strong(part, model) for part in equal.values())
    name = any(_is_strong(part, model) for part in _equal_names(asking, held, equal))
    return (ExactMatch.NUMBER if number else ExactMatch.NONE) | (ExactMatch.NAME if name else ExactMatch.NONE)


def _equal_part(entity: EntityPrint, asking: Entities, held: Entities) -> EntityPrint | None:
    identifiers = tuple(
        one
        for one in entity.identifiers
        if any(_is_same_number(one, other) for own in held for other in own.identifiers)
        and not _is_guessed(one.type, entity, asking)
    )
    phones = tuple(one for one in entity.phones if any(one.e164 == p.e164 for own in held for p in own.phones))
    emails = tuple(one for one in entity.emails if any(one in own.emails for own in held))
    part = EntityPrint(entity.id, entity.type, identifiers=identifiers, phones=phones, emails=emails)
    return part if identifiers or phones or emails else None


def _is_same_number(asked: IdentifierPrint, held: IdentifierPrint) -> bool:
    if asked.value != held.value or not WILDCARDS.isdisjoint(asked.value):
        return False
    if asked.type != held.type and asked.type not in GENERIC and held.type not in GENERIC:
        return False
    return not are_of_two_countries(asked, held)


def _is_guessed(kind: str, entity: EntityPrint, asking: Entities) -> bool:
    stated = {identifier.value for identifier in entity.identifiers if identifier.type == kind}
    for other in asking:
        if other is not entity and other.type == entity.type and _are_namesakes(entity, other):
            stated |= {identifier.value for identifier in other.identifiers if identifier.type == kind}
    return len(stated) > MOST_ASKED


def _are_namesakes(a: EntityPrint, b: EntityPrint) -> bool:
    return any(names_agree(one, other) or names_agree(other, one) for one in a.names for other in b.names)


def _equal_names(asking: Entities, held: Entities, numbers: dict[str, EntityPrint]) -> Iterator[EntityPrint]:
    for person in held:
        born = whole_birth_date(person)
        for other in asking if born else ():
            for name in other.names:
                agree = whole_birth_date(other) == born and any(names_agree(name, own) for own in person.names)
                if born and agree and _all_born(asking, person, born):
                    part = numbers.get(other.id) or EntityPrint(other.id, other.type)
                    yield replace(part, names=(name,), birth_date=other.birth_date)


def _all_born(asking: Entities, person: EntityPrint, born: PartialDate) -> bool:
    for other in asking:
        stated = (comparable_date(date.first) for date in other.all_birth_dates if date.exact)
        if any(date is not None and date != born for date in stated) and any(
            names_agree(name, own) for name in other.names for own in person.names
        ):
            return False
    return True


def names_agree(asked: NamePrint, held: NamePrint) -> bool:
    """Whether an asked name is a held one, by their alignment alone."""
    if not is_whole_name(asked) or not is_whole_name(held):
        return False
    if asked.numbers and held.numbers and asked.numbers != held.numbers:
        return False
    pairs, left, _ = align(asked, held)
    if any(_is_word(asked.tokens[at]) for at in left):
        return False
    return all(_is_equal(pair) for pair in pairs if pair.level != levels.INITIAL or len(pair.a) > 1)


def _is_equal(pair: TokenPair) -> bool:
    if pair.level in EQUAL:
        return True
    if pair.level != levels.SOUND:
        return False
    return script_of(pair.a) != script_of(pair.b) or (
        token_print(pair.a, "name").forms == token_print(pair.b, "name").forms
    )


def _is_word(token: TokenPrint) -> bool:
    return token.kind != INITIAL and (len(token.text) > 1 or token.script in UNPARTED)


def _is_strong(part: EntityPrint, model: Model) -> bool:
    return judge_score(score_cases((part,), (part,), model)).band in {Band.CERTAIN, Band.PROBABLE}
