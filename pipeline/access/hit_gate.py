"""The gate for hit-only (H2) records: whatever tells that one exists asks here first. Pure.

Searches, list checks, alerts, shared questions and pushed cases are all questions. A hit-only record answers
equality alone: a whole number (identifier, phone, e-mail), or a whole name with a whole birth date. The answer is a
function of the question and of which of its parts are equal. Nothing else that the record says enters it, and nothing
is nearer than anything else that differs: who guesses learns nothing from a miss.

A question that states several values for one thing is several guesses, and none of them counts: several birth dates of
one name, also where each is of another person of the same case; more than MOST_ASKED numbers of one type.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.comparisons.identifier import GENERIC, are_of_two_countries
from pipeline.matching.comparisons.vehicle_numbers import WILDCARDS
from pipeline.matching.fingerprint import Entities, EntityPrint, IdentifierPrint
from pipeline.matching.model import Model
from pipeline.matching.names import NamePrint, levels
from pipeline.matching.names.alignment import align
from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.token_pairs import INITIAL, TokenPair
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.records.entity_types import PERSON
from pipeline.records.normalised import PartialDate
from pipeline.records.scripts import UNPARTED, script_of

NAMING_WORDS: Final = 2
"""A whole name has a given and a family part at least."""

MOST_ASKED: Final = 3
"""Different values of one kind (birth dates, numbers of one type) that are asked with one name, and are no guesses: by
one question, and by an agency in 30 days (access.guesses).

An agency may have a date wrong, or know two persons of a name. A person has a passport of each nationality, or an old
and a new one; a fourth is rare. Who tries all 29,585 dates of 81 years at this rate needs 800 years.
"""

_STRONG: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands of parts that name one thing."""

_MONTHS: Final = 12

_EQUAL: Final = frozenset({levels.SAME, levels.FOLDED, levels.ALIGNED, levels.VARIANT})
"""Levels of two words of one name: as written, without accents, in another script, or as its forms are written (Bill
and William). An edit, a likeness of sound or an initial is another name, or one guess would lead to a nearer one."""


def exact_match(asking: Entities, held: Entities, model: Model) -> ExactMatch:
    """By what a question meets a hit-only record; NONE where it may not be told.

    `asking` are the question's entities, `held` the record's. Equal parts count where they are strong enough by
    themselves, as the question states them. A number of three digits is not, nor a name and date that many share, nor a
    phone or e-mail, which a household has in common; but these help such a name.
    """
    equal = _equal_numbers(asking, held)
    number = any(_is_strong(part, model) for part in equal.values())
    name = any(_is_strong(part, model) for part in _equal_names(asking, held, equal))
    return (ExactMatch.NUMBER if number else ExactMatch.NONE) | (ExactMatch.NAME if name else ExactMatch.NONE)


def names_person(asking: Entities, held: Entities, model: Model) -> bool:
    """Whether a question names somebody of a record: by a whole name, with the whole birth date that is in the record.

    No number counts. Owners of silent records are told of such searches alone (notices.searched_notice).
    """
    return any(_is_strong(part, model) for part in _equal_names(asking, held, {}))


def _equal_numbers(asking: Entities, held: Entities) -> dict[str, EntityPrint]:
    """What of each of the question's entities is a number of the record, by id; nothing of the others."""
    identifiers: defaultdict[str, list[IdentifierPrint]] = defaultdict(list)
    for entity in held:
        for identifier in entity.identifiers:
            identifiers[identifier.value].append(identifier)
    phones = frozenset(phone.e164 for entity in held for phone in entity.phones)
    emails = frozenset(email for entity in held for email in entity.emails)
    found = {}
    for entity in asking:
        part = EntityPrint(
            entity.id,
            entity.type,
            identifiers=tuple(
                identifier
                for identifier in entity.identifiers
                if any(_is_same_number(identifier, other) for other in identifiers.get(identifier.value, ()))
                and not _is_guessed(identifier.type, entity, asking)
            ),
            phones=tuple(phone for phone in entity.phones if phone.e164 in phones),
            emails=tuple(email for email in entity.emails if email in emails),
        )
        if part.identifiers or part.phones or part.emails:
            found[entity.id] = part
    return found


def _is_same_number(asked: IdentifierPrint, held: IdentifierPrint) -> bool:
    """Whether two numbers are one. A number with characters that nobody read is not whole; one without a type is any's.

    Numbers of two countries are two, except of types that no two countries issue.
    """
    if asked.value != held.value or not WILDCARDS.isdisjoint(asked.value):
        return False
    if asked.type != held.type and asked.type not in GENERIC and held.type not in GENERIC:
        return False
    return not are_of_two_countries(asked, held)


def _is_guessed(kind: str, entity: EntityPrint, asking: Entities) -> bool:
    """Whether an entity, with others of the question that bear its name, states too many numbers of one type."""
    stated = {identifier.value for identifier in entity.identifiers if identifier.type == kind}
    for other in asking if entity.names else ():
        if other is not entity and other.type == entity.type:
            more = {identifier.value for identifier in other.identifiers if identifier.type == kind}
            if not more <= stated and _are_namesakes(entity, other):
                stated |= more
        if len(stated) > MOST_ASKED:
            break
    return len(stated) > MOST_ASKED


def _are_namesakes(a: EntityPrint, b: EntityPrint) -> bool:
    """Whether one bears a whole name of the other, in either direction: as wide as a record may be met."""
    return any(names_agree(one, other) or names_agree(other, one) for one in a.names for other in b.names)


def _equal_names(asking: Entities, held: Entities, numbers: Mapping[str, EntityPrint]) -> Iterator[EntityPrint]:
    """What of each of the question's persons is the whole name and birth date of a person of the record.

    Each with its equal numbers, which help a name that many share. What is stated as several dates, as a range or about
    a date is no whole date, on either side.
    """
    for person in held:
        born = whole_birth_date(person)
        found = [
            (other, name)
            for other in (asking if born else ())
            if whole_birth_date(other) == born
            for name in other.names
            if any(names_agree(name, own) for own in person.names)
        ]
        if born and found and _all_born(asking, person, born):
            for other, name in found:
                part = numbers.get(other.id) or EntityPrint(other.id, other.type)
                yield replace(part, names=(name,), birth_date=other.birth_date)


def _all_born(asking: Entities, person: EntityPrint, born: PartialDate) -> bool:
    """Whether all persons of a question who bear a person's name have one birth date: others are guesses at it."""
    for other in asking:
        stated = (comparable_date(date.first) for date in other.all_birth_dates if date.exact)
        if any(date is not None and date != born for date in stated) and any(
            names_agree(name, own) for name in other.names for own in person.names
        ):
            return False
    return True


def whole_birth_date(entity: EntityPrint) -> PartialDate | None:
    """The one whole birth date of a person, where there is such a day, as it is compared; None if there is none.

    Day and month that may be exchanged stand in ascending order, so that both readings are equal.
    """
    if entity.type != PERSON.name or entity.birth_date is None:
        return None
    return comparable_date(entity.birth_date)


def comparable_date(born: PartialDate) -> PartialDate | None:
    """A whole date with day and month in ascending order where they may be exchanged; None where it is no day."""
    try:
        date(born.year, born.month, born.day)
    except ValueError:
        return None
    return PartialDate(born.year, *sorted((born.month, born.day))) if born.day <= _MONTHS else born


def names_agree(asked: NamePrint, held: NamePrint) -> bool:
    """Whether an asked name is a held one: each of its words pairs with a word of it that is equal.

    The held name may have more words: who knows no middle name asks without. The asked one may not, or a word that says
    nothing would make another question of each guess. Words may be written together, as everywhere.
    """
    if not is_whole_name(asked) or not is_whole_name(held):
        return False
    if asked.numbers and held.numbers and asked.numbers != held.numbers:
        return False
    pairs, left, _ = align(asked, held)
    if any(_is_word(asked.tokens[at]) for at in left):
        return False
    return all(_is_equal(pair) for pair in pairs if pair.level != levels.INITIAL or len(pair.a) > 1)


def _is_equal(pair: TokenPair) -> bool:
    """Whether two words are one; in two scripts, if one is the romanisation of the other."""
    if pair.level in _EQUAL:
        return True
    if pair.level != levels.SOUND:
        return False
    return script_of(pair.a) != script_of(pair.b) or (
        token_print(pair.a, "name").forms == token_print(pair.b, "name").forms
    )


def is_whole_name(name: NamePrint) -> bool:
    """Whether a name has a given and a family part written out, and is no nickname."""
    return not name.weak and sum(map(_is_word, name.tokens)) >= NAMING_WORDS


def _is_word(token: TokenPrint) -> bool:
    """Whether a token is more than an initial; in scripts that write names without blanks one character is a word."""
    return token.kind != INITIAL and (len(token.text) > 1 or token.script in UNPARTED)


def _is_strong(part: EntityPrint, model: Model) -> bool:
    """Whether what was asked would name one thing if it met itself: so the record adds nothing to the answer."""
    return judge_score(score_cases((part,), (part,), model)).band in _STRONG
