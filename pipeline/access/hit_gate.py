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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

from msgspec.structs import replace

from pipeline.access.equal_words import Keys, asked_keys, borne_keys, is_word
from pipeline.matching.bands import Band, ExactMatch
from pipeline.matching.comparisons.identifier import GENERIC, WORLDWIDE
from pipeline.matching.fingerprint import WILDCARDS, Entities, EntityPrint, IdentifierPrint
from pipeline.matching.model import Model
from pipeline.matching.names import NamePrint, levels
from pipeline.matching.names.alignment import align
from pipeline.matching.names.prints import token_print
from pipeline.matching.names.token_pairs import TokenPair
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.records.entity_types import PERSON
from pipeline.records.normalised import PartialDate
from pipeline.records.scripts import script_of

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
    asked = _Asking(asking)
    equal = _equal_numbers(asked, held)
    number = any(_is_strong(part, model) for part in equal.values())
    name = any(_is_strong(part, model) for part in _equal_names(asked, held, equal))
    return (ExactMatch.NUMBER if number else ExactMatch.NONE) | (ExactMatch.NAME if name else ExactMatch.NONE)


def names_person(asking: Entities, held: Entities, model: Model) -> bool:
    """Whether a question names somebody of a record: by a whole name, with the whole birth date that is in the record.

    No number counts. Owners of silent records are told of such searches alone (notices.searched_notice).
    """
    return any(_is_strong(part, model) for part in _equal_names(_Asking(asking), held, {}))


class _HeldName(NamedTuple):
    """A whole name as it is held, with what its words bear."""

    name: NamePrint
    borne: Keys


class _AskedName(NamedTuple):
    """A whole name as it is asked, with what each of its words asks for."""

    name: NamePrint
    asked: tuple[Keys, ...]

    def may_be(self, held: _HeldName) -> bool:
        """Whether each of its words may be one of a held name's, by their keys: hardly any other name passes."""
        return not any(map(held.borne.isdisjoint, self.asked))


class _Asking:
    """The entities of a case or question that asks, with what is found out of them once, when it is first needed."""

    def __init__(self, entities: Entities) -> None:
        self.entities = entities
        self._asked: dict[int, tuple[_AskedName, ...]] = {}
        self._held: dict[int, tuple[_HeldName, ...]] = {}
        self._agreed: dict[tuple[NamePrint, NamePrint], bool] = {}
        self._namesakes: dict[tuple[int, int], bool] = {}
        self._guessed: dict[tuple[int, str], bool] = {}

    def names_of(self, at: int) -> tuple[_AskedName, ...]:
        """The whole names of an entity, by its place."""
        if at not in self._asked:
            self._asked[at] = tuple(_AskedName(one, asked_keys(one)) for one in _whole_names(self.entities[at]))
        return self._asked[at]

    def is_among(self, asked: _AskedName, names: Iterable[_HeldName]) -> bool:
        """Whether a name that is asked is one of some held names."""
        return any(asked.may_be(held) and self._agrees(asked.name, held.name) for held in names)

    def _agrees(self, asked: NamePrint, held: NamePrint) -> bool:
        """Two names are aligned once, whoever bears them."""
        found = self._agreed.get((asked, held))
        if found is None:
            found = self._agreed[asked, held] = _names_agree(asked, held)
        return found

    def is_guessed(self, at: int, kind: str) -> bool:
        """Whether an entity, with others that bear its name, states too many numbers of one type."""
        if (at, kind) not in self._guessed:
            self._guessed[at, kind] = self._state_too_many(at, kind)
        return self._guessed[at, kind]

    def _state_too_many(self, at: int, kind: str) -> bool:
        numbers, entity = self._numbers[kind], self.entities[at]
        stated = set(numbers[at])
        for other, more in numbers.items() if entity.names else ():
            if len(stated) > MOST_ASKED:
                break
            if self.entities[other].type == entity.type and not more <= stated and self._are_namesakes(at, other):
                stated |= more
        return len(stated) > MOST_ASKED

    @cached_property
    def _numbers(self) -> dict[str, dict[int, set[str]]]:
        """The numbers of each type, by the places of the entities that state them."""
        found: dict[str, dict[int, set[str]]] = {}
        for at, entity in enumerate(self.entities):
            for identifier in entity.identifiers:
                found.setdefault(identifier.type, {}).setdefault(at, set()).add(identifier.value)
        return found

    def _are_namesakes(self, at: int, other: int) -> bool:
        """Whether one bears a whole name of the other, in either direction: as wide as a record may be met."""
        pair = min(at, other), max(at, other)
        if pair not in self._namesakes:
            self._namesakes[pair] = any(
                self.is_among(name, self._held_by(b)) for a, b in (pair, pair[::-1]) for name in self.names_of(a)
            )
        return self._namesakes[pair]

    def _held_by(self, at: int) -> tuple[_HeldName, ...]:
        if at not in self._held:
            self._held[at] = _held_names(self.entities[at])
        return self._held[at]


def _whole_names(entity: EntityPrint) -> Iterator[NamePrint]:
    return filter(is_whole_name, entity.names)


def _held_names(entity: EntityPrint) -> tuple[_HeldName, ...]:
    return tuple(_HeldName(name, borne_keys(name)) for name in _whole_names(entity))


def _equal_numbers(asking: _Asking, held: Entities) -> dict[int, EntityPrint]:
    """What of each of the question's entities is a number of the record, by its place; nothing of the others."""
    numbers = _held_numbers(held)
    phones = frozenset(phone.e164 for entity in held for phone in entity.phones)
    emails = frozenset(email for entity in held for email in entity.emails)
    found = {}
    for at, entity in enumerate(asking.entities):
        part = EntityPrint(
            entity.id,
            entity.type,
            identifiers=tuple(
                identifier
                for identifier in entity.identifiers
                if _is_held(identifier, numbers) and not asking.is_guessed(at, identifier.type)
            ),
            phones=tuple(phone for phone in entity.phones if phone.e164 in phones),
            emails=tuple(email for email in entity.emails if email in emails),
        )
        if part.identifiers or part.phones or part.emails:
            found[at] = part
    return found


_HeldNumbers = Mapping[str, Mapping[str, AbstractSet[str]]]
"""The numbers of a record, by value and type, with the countries that each is stated with."""


def _held_numbers(held: Entities) -> _HeldNumbers:
    found: dict[str, dict[str, set[str]]] = {}
    for entity in held:
        for identifier in entity.identifiers:
            found.setdefault(identifier.value, {}).setdefault(identifier.type, set()).add(identifier.country)
    return found


def _is_held(asked: IdentifierPrint, numbers: _HeldNumbers) -> bool:
    """Whether a number is one of a record's. With characters that nobody read it is not whole.

    One without a type is any's. Numbers of two countries are two, except of types that no two countries issue.
    """
    held = numbers.get(asked.value)
    if held is None or not WILDCARDS.isdisjoint(asked.value):
        return False
    types = held if asked.type in GENERIC else [kind for kind in (asked.type, *GENERIC) if kind in held]
    if not asked.country or asked.type in WORLDWIDE:
        return bool(types)
    return any(not held[kind].isdisjoint((asked.country, "")) for kind in types)


def _equal_names(asking: _Asking, held: Entities, numbers: Mapping[int, EntityPrint]) -> Iterator[EntityPrint]:
    """What of each of the question's persons is the whole name and birth date of a person of the record.

    Each with its equal numbers, which help a name that many share. What is stated as several dates, as a range or about
    a date is no whole date, on either side.
    """
    born_on: defaultdict[PartialDate, list[int]] = defaultdict(list)
    for at, entity in enumerate(asking.entities):
        if (born := whole_birth_date(entity)) is not None:
            born_on[born].append(at)
    told: set[tuple[int, NamePrint]] = set()
    for person in held if born_on else ():
        born = whole_birth_date(person)
        if born is None or born not in born_on:
            continue
        own = _held_names(person)
        found = [(at, one.name) for at in born_on[born] for one in asking.names_of(at) if asking.is_among(one, own)]
        if found and _all_born(asking, own, born):
            for at, name in (one for one in found if one not in told):
                told.add((at, name))
                other = asking.entities[at]
                part = numbers.get(at) or EntityPrint(other.id, other.type)
                yield replace(part, names=(name,), birth_date=other.birth_date)


def _all_born(asking: _Asking, own: Sequence[_HeldName], born: PartialDate) -> bool:
    """Whether all persons of a question who bear one of these names have one birth date: others are guesses at it."""
    for at, other in enumerate(asking.entities):
        stated = (comparable_date(date.first) for date in other.all_birth_dates if date.exact)
        if any(date is not None and date != born for date in stated) and any(
            asking.is_among(name, own) for name in asking.names_of(at)
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


def _names_agree(asked: NamePrint, held: NamePrint) -> bool:
    """Whether an asked whole name is a held one: each of its words pairs with a word of it that is equal.

    The held name may have more words: who knows no middle name asks without. The asked one may not, or a word that says
    nothing would make another question of each guess. Words may be written together, as everywhere.
    """
    if asked.numbers and held.numbers and asked.numbers != held.numbers:
        return False
    pairs, left, _ = align(asked, held)
    if any(is_word(asked.tokens[at]) for at in left):
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
    return not name.weak and sum(map(is_word, name.tokens)) >= NAMING_WORDS


def _is_strong(part: EntityPrint, model: Model) -> bool:
    """Whether what was asked would name one thing if it met itself: so the record adds nothing to the answer."""
    return judge_score(score_cases((part,), (part,), model)).band in _STRONG
