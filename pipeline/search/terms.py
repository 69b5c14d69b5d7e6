"""Search terms: the keyword forms under which a case is found, the same for a record and for a query. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple

from anyascii import anyascii

from pipeline.access.equal_words import BY_ALIGNMENT, asked_keys, borne_keys
from pipeline.access.hit_gate import comparable_date, is_whole_name, whole_birth_date
from pipeline.matching.comparisons.identifier import GENERIC
from pipeline.matching.fingerprint import WILDCARDS, AddressPrint, EntityPrint, IdentifierPrint
from pipeline.matching.names import NamePrint, TokenPrint, token_sounds
from pipeline.matching.names.token_pairs import INITIAL
from pipeline.records.identifiers import canonical
from pipeline.records.normalised import PartialDate

_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
"""Diacritics, Hebrew points, Arabic short vowels: left out at will. Indic vowel signs are letters and stay."""

PLATE = "plate"

GRAM = 2
"""Letters of a plate's pieces: the shortest run that a witness is likely to have kept."""


def search_terms(entities: Iterable[EntityPrint]) -> tuple[str, ...]:
    """All search terms of a case's entities, <kind>:<form>, without repeats, in the order of the record."""
    return tuple(dict.fromkeys([term for entity in entities for term in entity_terms(entity)]))


def case_terms(agency: str, case_id: str) -> tuple[str, ...]:
    """The case's own number, alone and behind its agency, without what parts its groups."""
    return tuple(f"case:{canonical(number)}" for number in (case_id, f"{agency}{case_id}"))


def entity_terms(entity: EntityPrint) -> list[str]:
    """Search terms of one entity; may repeat."""
    terms: list[str] = []
    for name in entity.names:
        terms += name_terms(name)
    for identifier in entity.identifiers:
        terms += identifier_terms(identifier)
    for phone in entity.phones:
        terms += f"phone:{phone.e164}", f"phone:{phone.national}"
    terms += [f"email:{email}" for email in entity.emails]
    for address in entity.addresses:
        terms += address_terms(address)
    if (born := whole_birth_date(entity)) is not None:
        terms.append(born_term(born))
    return terms


def born_term(born: PartialDate) -> str:
    """The term of a whole birth date as the gate compares it: the same for both readings of day and month."""
    return f"born:{born.year}-{born.month}-{born.day}"


def born_terms(born: PartialDate) -> tuple[str, ...]:
    """The terms of a date, whole or without its day; of both readings of day and month, so it must be looked at again.

    None of a year alone: it would be a year of terms.
    """
    days = (born.day,) if born.day else range(1, 32) if born.month else ()
    dates = (comparable_date(PartialDate(born.year, born.month, day)) for day in days)
    return tuple(dict.fromkeys(born_term(date) for date in dates if date is not None))


def name_terms(name: NamePrint) -> list[str]:
    """Every Latin form and every sound of each significant token."""
    return [term for token in name.tokens for term in token_terms(token)]


NAMES_APART: Final = 4
"""Names born on one day whose words are told apart in a record; the fifth stands with the first. A choice: hardly a
record has more, and each more asks for all words of a name once more."""


def equal_terms(entities: Iterable[EntityPrint]) -> tuple[str, ...]:
    """The terms by which a record that shows as a hit at most is found by what it is equal to (access.hit_gate).

    Whole numbers with their types, and the words of whole names with the date of birth and the name that they are of:
    so a question finds the records of which one name has all of its words, and few others. Without repeats.
    """
    found: list[str] = []
    names: Counter[PartialDate] = Counter()
    for entity in entities:
        for identifier in entity.identifiers:
            if not WILDCARDS.intersection(identifier.value):
                found += f"id:{identifier.value}", _typed_term(identifier.value, identifier.type)
        for phone in entity.phones:
            found += f"phone:{phone.e164}", f"phone:{phone.national}"
        found += [f"email:{email}" for email in entity.emails]
        born = whole_birth_date(entity)
        if born is None:
            continue
        for name in filter(is_whole_name, entity.names):
            begin = _begin_name(born, names[born] % NAMES_APART)
            found += [f"{begin}{key}" for key in sorted(borne_keys(name))]
            found += [f"{begin}{sound}" for sound in sorted(_heard(name.tokens))]
            names[born] += 1
    return tuple(dict.fromkeys(found))


def crowd_terms(entities: Iterable[EntityPrint]) -> frozenset[str]:
    """What cases of one owner have in common that are candidates of one question, so that there may be too many.

    A whole number; two words of a whole name with the date of birth, as the likeliest Latin spelling has them.
    """
    found: set[str] = set()
    for entity in entities:
        found.update(f"id:{one.value}" for one in entity.identifiers if not WILDCARDS.intersection(one.value))
        found.update(f"phone:{phone.e164}" for phone in entity.phones)
        born = whole_birth_date(entity)
        for name in filter(is_whole_name, entity.names if born is not None else ()):
            words = sorted({token.forms[0] for token in name.tokens if token.kind != INITIAL})
            found.update(f"{born}|{a}|{b}" for a, b in combinations(words, 2))
    return frozenset(found)


def equal_number_terms(value: str, kind: str) -> tuple[str, ...]:
    """The terms of which a record has one that holds a number; one without a type is any's, on either side."""
    if kind in GENERIC:
        return (f"id:{value}",)
    return tuple(_typed_term(value, one) for one in (kind, *sorted(GENERIC)))


def _typed_term(value: str, kind: str) -> str:
    return f"id:{value}|{kind}"


class EqualName(NamedTuple):
    """What finds the records that hold a whole name with a date of birth.

    `names`: for each name of a record that may be it, for each of its words, the terms of which that name has one.
    `spelt` and `heard`: for each word the terms of any name that it is spelt or heard like, which of many tell the
    likeliest. By these alone a word in one script finds few of those in another.
    """

    names: tuple[tuple[tuple[str, ...], ...], ...]
    spelt: tuple[tuple[str, ...], ...]
    heard: tuple[tuple[str, ...], ...]


def equal_name_terms(name: NamePrint, born: PartialDate) -> EqualName:
    """What finds the records that hold a name with a date of birth, whole, in any spelling that is equal."""
    words, begins = asked_keys(name), [_begin_name(born, at) for at in range(NAMES_APART)]
    each = tuple(tuple(tuple(f"{begin}{key}" for key in sorted(keys)) for keys in words) for begin in begins)
    spelt = tuple(tuple(f"{begin}{key}" for begin in begins for key in sorted(keys - BY_ALIGNMENT)) for keys in words)
    sounds = dict.fromkeys(tuple(sorted(_heard((token,)))) for token in name.tokens)
    heard = tuple(tuple(f"{begin}{sound}" for begin in begins for sound in found) for found in sounds if found)
    return EqualName(each, spelt, heard)


def _begin_name(born: PartialDate, at: int) -> str:
    return f"{born.year}-{born.month}-{born.day}|{at}|"


def _heard(tokens: Iterable[TokenPrint]) -> set[str]:
    """What the words of a name sound like."""
    return {f"?{sound}" for token in tokens if token.kind != INITIAL for sound in token_sounds(token.forms)}


@lru_cache(maxsize=131072)
def token_terms(token: TokenPrint) -> tuple[str, ...]:
    """The terms of one name token; tokens come back in most cases, so they are worked out once."""
    sounds = () if token.kind == INITIAL else token_sounds(token.forms)
    return (*[f"name:{form}" for form in token.forms], *[f"sound:{sound}" for sound in sounds])


def identifier_terms(identifier: IdentifierPrint) -> Iterator[str]:
    """The whole value, and of a plate its pieces, by which a partial one finds it."""
    if not WILDCARDS.intersection(identifier.value):
        yield f"id:{identifier.value}"
    if identifier.type == PLATE:
        yield from (f"piece:{piece}" for piece in plate_pieces(identifier.value))


def plate_pieces(plate: str) -> Iterator[str]:
    """All runs of GRAM known characters of a plate."""
    runs = (plate[at : at + GRAM] for at in range(len(plate) - GRAM + 1))
    return (run for run in runs if not WILDCARDS.intersection(run))


def address_terms(address: AddressPrint) -> Iterator[str]:
    """The city in Latin letters, and the postcode."""
    if address.city:
        yield f"city:{to_latin(address.city)}"
    if address.postcode:
        yield f"postcode:{address.postcode}"


def to_latin(text: str) -> str:
    """Latin letters for any script, lower case."""
    return text if text.isascii() else _put_in_latin(text)


@lru_cache(maxsize=65536)
def _put_in_latin(text: str) -> str:
    return anyascii(text).lower()


def folded_text(*parts: str | None) -> str:
    """The parts as one text in lower case without diacritics, the form in which free text is stored and asked for."""
    text = " ".join([part for part in parts if part]).casefold()
    if text.isascii():
        return text
    return _BEYOND_ASCII.sub(lambda found: found[0].translate(_FOLDED), unicodedata.normalize("NFC", text))


_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


class _Folded(dict[int, str]):
    """Each character without its diacritics, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        bare = _MARKS.sub("", unicodedata.normalize("NFKD", chr(code)))
        return self.setdefault(code, unicodedata.normalize("NFC", bare))


_FOLDED = _Folded()
