"""A question as the matcher sees it: entities with a fingerprint's forms, and what selects its candidates. Pure.

Numbers one slip away from one that was typed are listed when a question is asked, so that records bear no more terms
for it: one digit wrong, two neighbours swapped, one digit left out or too many. Fuzzy queries of Elasticsearch would
choose among the terms of all records, those too that the reader may not see.

Two readings of a question are strict: what of it may meet a case that is shown as a hit alone, which is whole
identifiers and whole names with one birth date, and an alert as correlate sees it, with numbers of unknown
type as such. The first narrows what the index is asked, so that a question without exact parts costs nothing; the gate
decides (pipeline.access.hit_gate).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase, digits
from typing import Final

import msgspec
from rapidfuzz.distance import OSA

from pipeline.access.alerts import Alert, AlertState, saved_search_print
from pipeline.access.hit_gate import exact_match, is_whole_name, whole_birth_date
from pipeline.correlation.keys import blocking_keys
from pipeline.matching.bands import ExactMatch
from pipeline.matching.comparisons.identifier import MIN_NEAR
from pipeline.matching.comparisons.number_ends import MOST_EDITS
from pipeline.matching.fingerprint import (
    WILDCARDS,
    EntityPrint,
    Fingerprint,
    IdentifierPrint,
    PhonePrint,
    entity_prints,
)
from pipeline.matching.model import Model
from pipeline.matching.names import make_name_print, sound_keys
from pipeline.records.addresses import city_name
from pipeline.records.doubts import Doubts
from pipeline.records.entity_types import ENTITY_TYPES, ORGANISATION, PERSON
from pipeline.records.fields import FieldReader
from pipeline.records.identifiers import identifier
from pipeline.records.model import Name
from pipeline.records.normalised import (
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedPhone,
    PartialDate,
)
from pipeline.records.phones import phone
from pipeline.records.placeholders import is_placeholder_date
from pipeline.search.questions import NAMED, Question, parse_question
from pipeline.search.terms import (
    PLATE,
    EqualName,
    address_terms,
    born_term,
    born_terms,
    equal_name_terms,
    equal_number_terms,
    folded_text,
    plate_pieces,
    token_terms,
)

NICKNAME = "nickname"
"""The kind of name that says less; a full name's kind tells nothing."""

PLACED = frozenset({PERSON.name, ORGANISATION.name})
"""Types whose entities are at the cities that a question names."""

NAME_CLAUSES = frozenset({"name", "sound"})
"""Clauses that a candidate meets by its names."""

MOST_KEYS = 64
"""Most selective first; a question of a name, a birth date and some numbers has fewer."""

TOLD_BY_SCORE: Final = "key"
"""These clauses go without a name: what a score has beyond the named clauses is theirs. They are half of a question's,
and each name makes the index look the clause's terms up twice."""

WEIGHTS = {
    # A whole number, phone or e-mail names one thing, a case's own number the case.
    "case": 32,
    "number": 32,
    "phone": 32,
    "email": 32,
    # A number that differs in one digit: more than any name.
    "near": 16,
    # What correlate itself takes to be worth a comparison.
    "key": 8,
    # One name token spelt alike in some romanisation; two of them equal one key.
    "name": 4,
    "sound": 2,
    # Pieces of a plate are many: each counts little, all of them together much.
    "piece": 2,
    "place": 1,
    # A date of birth, where nothing else is asked.
    "born": 1,
    "text": 3,
}
"""What a case scores for a clause that it meets, by the clause's name."""


@dataclass(frozen=True)
class ScoredClause:
    """Terms of which any one is worth the WEIGHTS of `name`, which tells later why a case was a candidate.

    `each` are more of them: a case must have one of each, which are then worth one.
    """

    name: str
    terms: tuple[str, ...]
    field: str = "terms"
    each: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class CandidateQuery:
    """What selects candidates: clauses over keyword terms, and folded words of free text."""

    clauses: tuple[ScoredClause, ...] = ()
    text: str = ""


class QuestionProbe(msgspec.Struct, frozen=True, dict=True):
    """The question's entities, and the numbers in it whose type only the record that holds them can tell.

    `places_alone`: it asks for whoever is at a place (Question.asks_for_places). `near`: the numbers of which one that
    is a slip away answers too, with less weight. `elsewise`: the same words as a place, for the records that are there
    (Question.place). `births` are the dates that alone are asked for (Question.births).
    """

    entities: tuple[EntityPrint, ...]
    numbers: frozenset[str]
    national: frozenset[str]
    places_alone: bool = False
    near: frozenset[str] = frozenset()
    elsewise: QuestionProbe | None = None
    births: tuple[PartialDate, ...] = ()

    @cached_property
    def sharing(self) -> frozenset[str]:
        """Ids of the entities that may share a selector with one of another type."""
        return frozenset(entity.id for entity in self.entities if entity.selectors)

    def admits(self, record: Sequence[EntityPrint]) -> bool:
        """Whether a record may answer at all: where dates alone are asked for, somebody in it is born then."""
        return not self.births or any(
            _is_born(born, held.birth_date) for held in record if held.birth_date for born in self.births
        )

    def of_met(self, met: Collection[str]) -> QuestionProbe:
        """The reading of the question that a candidate answers which met these clauses."""
        if self.elsewise is None or "place" not in met or not NAME_CLAUSES.isdisjoint(met):
            return self
        return self.elsewise


def make_probe(question: Question, country: str, *, exact: bool = False) -> QuestionProbe:
    """The entities that a question speaks of; `country` ("" unknown) is where its phones are dialled.

    `exact`: a number or plate is what was typed, neither one a slip away nor a part.
    """
    phones = tuple(found for text in question.phones if (found := phone(text, country)) is not None)
    plates = question.plates if exact else (*question.plates, *question.plate_parts)
    entities = [*_named_entities(question, phones), *_lone_entities(question, phones, plates)]
    return QuestionProbe(
        entity_prints(entities),
        frozenset(question.numbers),
        frozenset(text.lstrip("0") for text in question.phones if text.isdigit()),
        question.asks_for_places,
        frozenset() if exact else frozenset(question.numbers),
        make_probe(Question(cities=(question.place,)), country) if question.place and not exact else None,
        question.births,
    )


def _is_born(asked: PartialDate, held: PartialDate) -> bool:
    """Whether a date that a record states is the one asked for, as far as that goes."""
    return (asked.year, asked.month) == (held.year, held.month) and asked.day in (0, held.day)


def _named_entities(question: Question, phones: tuple[NormalisedPhone, ...]) -> Iterator[NormalisedEntity]:
    """One of each type that the names may be of, read as a record's are, so that both score alike."""
    fields = FieldReader("", "", Doubts())
    full = [Name(full=name) for name in question.names]
    stated = (*full, *[Name(full=name, kind=NICKNAME) for name in question.nicknames])
    for kind in question.types or NAMED:
        entity = NormalisedEntity(kind, kind, names=fields.names(stated, kind), nationalities=question.nationalities)
        if kind == PERSON.name and (stated or question.born or question.emails or question.asks_for_places):
            yield _with_belongings(_with_birth(entity, question, fields), question, phones)
        elif entity.names or (question.asks_for_places and kind in PLACED):
            yield _with_belongings(entity, question, phones)


def _with_birth(person: NormalisedEntity, question: Question, fields: FieldReader) -> NormalisedEntity:
    born = (date for date in question.born if not (is_placeholder_date(date.first) or is_placeholder_date(date.last)))
    return msgspec.structs.replace(
        person, birth_dates=tuple(born), birth_places=fields.texts(question.birth_places, "birth_places")
    )


def _with_belongings(
    entity: NormalisedEntity, question: Question, phones: tuple[NormalisedPhone, ...]
) -> NormalisedEntity:
    """With its places; with phones and e-mails if it is a person, or of a type that the question says."""
    if entity.type in PLACED:
        cities = tuple(NormalisedAddress(city=city_name(city)) for city in question.cities)
        entity = msgspec.structs.replace(entity, addresses=cities)
    if entity.type == PERSON.name or question.types:
        entity = msgspec.structs.replace(entity, phones=phones, emails=question.emails)
    return entity


def _lone_entities(
    question: Question, phones: tuple[NormalisedPhone, ...], plates: Iterable[str]
) -> Iterator[NormalisedEntity]:
    """Phones and plates also by themselves: whoever holds them is found under another name too."""
    if phones:
        yield NormalisedEntity("phone", "phone", phones=phones)
    for at, plate in enumerate(plates):
        yield NormalisedEntity(f"vehicle{at}", "vehicle", identifiers=(NormalisedIdentifier("plate", plate),))
    for at, typed in enumerate(question.typed):
        number = NormalisedIdentifier(typed.identifier_type, typed.value)
        yield NormalisedEntity(f"{typed.entity_type}-number{at}", typed.entity_type, identifiers=(number,))


def adapt_probe(asked: QuestionProbe, record: Sequence[EntityPrint]) -> tuple[EntityPrint, ...]:
    """The probe's entities, with those of the question's numbers that the record holds, of the record's type.

    Left out are those which weigh nothing with this record: of a type that it lacks, and without a selector to share.
    """
    types = {held.type for held in record}
    entities = {entity.id: entity for entity in asked.entities if entity.type in types or entity.id in asked.sharing}
    if not asked.numbers and not asked.national:
        return tuple(entities.values())
    for held in record:
        identifiers = tuple(identifier for identifier in held.identifiers if identifier.value in asked.numbers)
        identifiers += tuple(
            as_record_has_it(number, one)
            for one in held.identifiers
            for number in asked.near
            if are_near(number, one.value)
        )
        phones = tuple(phone for phone in held.phones if phone.national in asked.national)
        if identifiers or phones:
            like = entities.get(held.type) or EntityPrint(held.type, held.type)
            entities[held.type] = _with_numbers(like, identifiers, phones)
    return tuple(entities.values())


def _with_numbers(
    entity: EntityPrint, identifiers: tuple[IdentifierPrint, ...], phones: tuple[PhonePrint, ...]
) -> EntityPrint:
    return msgspec.structs.replace(
        entity,
        identifiers=tuple(sorted({*entity.identifiers, *identifiers})),
        phones=tuple(sorted({*entity.phones, *phones})),
    )


def make_candidate_query(
    question: Question, asked_for: QuestionProbe, stop: Collection[int], rarity: int
) -> CandidateQuery:
    """What selects the candidates of a question; `stop` and `rarity` are the model's, as for a case's own keys."""
    found = blocking_keys(asked_for.entities, stop, rarity)[:MOST_KEYS]
    keys = (ScoredClause(TOLD_BY_SCORE, (str(key),), "keys") for key in found)
    return CandidateQuery((*term_clauses(question, asked_for), *keys), folded_text(question.text))


def term_clauses(question: Question, asked_for: QuestionProbe) -> Iterator[ScoredClause]:
    """What selects them by the search terms that documents bear: names, numbers, places."""
    placed = asked_for.entities if asked_for.elsewise is None else asked_for.elsewise.entities
    yield from _name_clauses(asked_for.entities)
    yield from _number_clauses(question, asked_for)
    terms = {term for entity in placed for address in entity.addresses for term in address_terms(address)}
    yield from (ScoredClause("place", (term,)) for term in sorted(terms))
    if asked_for.births:
        yield ScoredClause("born", tuple(term for born in asked_for.births for term in born_terms(born)))


def _name_clauses(entities: Iterable[EntityPrint]) -> Iterator[ScoredClause]:
    """One clause for the spellings and one for the sounds of each token: one spelt two ways counts once."""
    names = [name for entity in entities for name in entity.names]
    spellings = dict.fromkeys(token.forms for name in names for token in name.tokens)
    for forms in spellings:
        yield ScoredClause("name", tuple(f"name:{form}" for form in forms))
    for sounds in dict.fromkeys(heard.sounds for name in names for heard in sound_keys(name)):
        yield ScoredClause("sound", tuple(f"sound:{sound}" for sound in sounds))


def _number_clauses(question: Question, asked_for: QuestionProbe) -> Iterator[ScoredClause]:
    phones = {f"phone:{phone.e164}" for entity in asked_for.entities for phone in entity.phones}
    for term in sorted(phones | {f"phone:{number}" for number in asked_for.national}):
        yield ScoredClause("phone", (term,))
    for number in question.cases:
        yield ScoredClause("case", (f"case:{number}",))
    for number in (*question.numbers, *(typed.value for typed in question.typed)):
        yield ScoredClause("number", (f"id:{number}",))
    for variants in list_near_numbers((*sorted(asked_for.near), *(typed.value for typed in question.typed))).values():
        yield ScoredClause("near", tuple(f"id:{number}" for number in variants))
    for email in question.emails:
        yield ScoredClause("email", (f"email:{email}",))
    for plate in question.plates:
        yield ScoredClause("number", (f"id:{plate}",))
        yield from _piece_clauses(plate, question.plate_parts)


def _piece_clauses(plate: str, parts: Iterable[str]) -> Iterator[ScoredClause]:
    """A plate holds all pieces of its part; one in which characters are unknown may meet another such one."""
    pieces = tuple(f"piece:{piece}" for piece in plate_pieces(plate))
    if f"*{plate}*" in parts and pieces:
        yield ScoredClause("piece", pieces[:1], each=tuple((piece,) for piece in pieces[1:]))
    else:
        yield from (ScoredClause("piece", (piece,)) for piece in pieces)


LONGEST_NEAR: Final = 34
"""Characters of an IBAN, the longest number that people type."""

MOST_VARIANTS: Final = 2_000
"""Of all numbers of a question: some ten. Elasticsearch looks each up in its dictionary of terms, 1 µs for one."""

ALIKE: Final = {
    "0": "OQD", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B",
    "O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8",
}  # fmt: skip
"""Letters and digits that are read for each other, on paper and from plates (52N043308 for 52NO43308)."""


def are_near(asked: str, held: str) -> bool:
    """Whether a number that was typed is another, and one slip away."""
    return (
        asked != held
        and min(len(asked), len(held)) >= MIN_NEAR
        and OSA.distance(asked, held, score_cutoff=MOST_EDITS) <= MOST_EDITS
    )


def list_near_numbers(numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The numbers near each of these, as far as they are not too many in all."""
    found: dict[str, tuple[str, ...]] = {}
    left = MOST_VARIANTS
    for number in dict.fromkeys(numbers):
        near = tuple(dict.fromkeys(one for one in _vary(number) if one != number))
        if near and len(near) <= left:
            found[number] = near
            left -= len(near)
    return found


def _vary(number: str) -> Iterator[str]:
    """All numbers one slip away; a digit is taken for a digit or a letter like it, a letter likewise.

    What was left out of a number with letters may be a letter (a VIN of 16 characters).
    """
    if not (MIN_NEAR <= len(number) <= LONGEST_NEAR and number.isascii() and any(map(str.isdigit, number))):
        return
    missing = digits if number.isdigit() else digits + ascii_uppercase
    for at, char in enumerate(number):
        before, after = number[:at], number[at + 1 :]
        others = (digits if char.isdigit() else ascii_uppercase) + ALIKE.get(char, "")
        yield from (f"{before}{other}{after}" for other in others)
        if after:
            yield f"{before}{after[0]}{char}{after[1:]}"
        if len(number) > MIN_NEAR:
            yield before + after
        yield from (f"{before}{other}{char}{after}" for other in missing)
    yield from (f"{number}{other}" for other in missing)


def as_record_has_it(asked: str, held: IdentifierPrint) -> IdentifierPrint:
    """A typed number as one of the type and country of a record's, with the verdict of its own check digit."""
    valid = identifier(held.type, asked, held.country).valid
    return IdentifierPrint(held.type, asked, held.country, -1 if valid is None else int(valid))


def strict_question(question: Question) -> Question | None:
    """The question's parts that may meet hit-only cases; None where it has none."""
    named = tuple(name for name in question.names if _is_whole(name))
    born = question.exact_birth_date if named else None
    kept = Question(
        types=question.types,
        names=named if born else (),
        born=(born,) if born else (),
        phones=question.phones,
        emails=question.emails,
        numbers=question.numbers,
        plates=tuple(plate for plate in question.plates if not WILDCARDS.intersection(plate)),
        typed=question.typed,
    )
    return None if kept.empty else kept


def _is_whole(name: str) -> bool:
    """Whether a name as typed has a given and a family part, in scripts without blanks too."""
    read = FieldReader("", "", Doubts()).names((Name(full=name),), PERSON.name)
    return any(is_whole_name(make_name_print(one, PERSON.name)) for one in read)


def list_exact_numbers(question: Question, probe: QuestionProbe) -> frozenset[str]:
    """The whole numbers, phones and e-mails that a question asks for, as search terms, whatever their types."""
    phones = {f"phone:{phone.e164}" for entity in probe.entities for phone in entity.phones}
    typed = (number.value for number in question.typed)
    return frozenset(
        phones
        | {f"phone:{number}" for number in probe.national}
        | {f"id:{number}" for number in (*question.numbers, *question.plates, *typed)}
        | {f"email:{email}" for email in question.emails}
    )


def make_equal_query(question: Question, probe: QuestionProbe) -> CandidateQuery:
    """What selects those of a question's candidates that may be equal to it, by the terms that all documents bear.

    Whole numbers, and the birth date with a word of the name; nothing of a question without either.
    """
    numbers = tuple(sorted(list_exact_numbers(question, probe)))
    clauses = [ScoredClause("number", numbers)] if numbers else []
    for person in probe.entities:
        born = whole_birth_date(person)
        words = dict.fromkeys(term for name in person.names for token in name.tokens for term in token_terms(token))
        if born is not None and words:
            clauses.append(ScoredClause("name", tuple(words), each=((born_term(born),),)))
    return CandidateQuery(tuple(clauses))


EQUAL: Final = "equals"
"""The field of documents that holds the terms of what a record is equal to (terms.equal_terms)."""


def make_strict_query(question: Question, probe: QuestionProbe) -> CandidateQuery:
    """What selects hit-only candidates: whole numbers, and all words of one whole name together with the birth date.

    Who has another date, or another of the words, is no candidate, unless it is written in another script.
    """
    numbers = {(typed.value, typed.identifier_type) for typed in question.typed}
    numbers |= {(plate, PLATE) for plate in question.plates} | {(number, UNTYPED) for number in question.numbers}
    clauses = [ScoredClause("number", equal_number_terms(*number), EQUAL) for number in sorted(numbers)]
    others = (term for term in sorted(list_exact_numbers(question, probe)) if not term.startswith("id:"))
    clauses += [ScoredClause("number", (term,), EQUAL) for term in others]
    for person in probe.entities:
        born = whole_birth_date(person)
        if born is not None:
            for name in filter(is_whole_name, person.names):
                clauses += _equal_clauses(equal_name_terms(name, born))
    return CandidateQuery(tuple(dict.fromkeys(clauses)))


def _equal_clauses(asked: EqualName) -> Iterator[ScoredClause]:
    for first, *others in asked.names:
        yield ScoredClause(TOLD_BY_SCORE, first, EQUAL, tuple(others))
    yield from (ScoredClause("name", terms, EQUAL) for terms in asked.spelt)
    yield from (ScoredClause("sound", terms, EQUAL) for terms in asked.heard)


UNTYPED: Final = "other"
"""A number whose type nobody said: it meets the same number of any type."""

BEARERS: Final = tuple(row.name for row in ENTITY_TYPES if row.bears_numbers)
"""What a number without a type may be of."""


def fingerprint_of(alert: Alert, model: Model) -> Fingerprint:
    """The fingerprint of an alert under a model. Raises LiaisonError for a question that makes no sense."""
    if alert.state is AlertState.ENDED:
        return saved_search_print(alert, (), ())
    entities = make_query_probe(parse_question(alert.question), alert.dialled)
    return saved_search_print(alert, blocking_keys(entities, model.stop_keys, model.key_rarity), entities)


def make_query_probe(question: Question, dialled: str) -> tuple[EntityPrint, ...]:
    """The entities that a question speaks of."""
    found = {entity.id: entity for entity in make_probe(question, dialled, exact=True).entities}
    numbers = tuple(sorted(IdentifierPrint(UNTYPED, number) for number in question.numbers))
    for bearer in BEARERS if numbers else ():
        entity = found.get(bearer) or EntityPrint(bearer, bearer)
        found[bearer] = msgspec.structs.replace(entity, identifiers=tuple(sorted({*entity.identifiers, *numbers})))
    return tuple(found.values())


def meets_exactly(alert: Alert, held: tuple[EntityPrint, ...], model: Model) -> ExactMatch:
    """By what an alert meets a hit-only record that holds these entities; NONE where it may not be told."""
    return exact_match(make_query_probe(parse_question(alert.question), alert.dialled), held, model)
