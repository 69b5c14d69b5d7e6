"""Search terms: the keyword forms under which a case is found, the same for a record and for a query. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from anyascii import anyascii

from pipeline.access.hit_gate import comparable_date, whole_birth_date
from pipeline.matching.comparisons.vehicle_numbers import WILDCARDS
from pipeline.matching.fingerprint import AddressPrint, EntityPrint, IdentifierPrint
from pipeline.matching.names import NamePrint, TokenPrint, token_sounds
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


@lru_cache(maxsize=131072)
def token_terms(token: TokenPrint) -> tuple[str, ...]:
    """The terms of one name token; tokens come back in most cases, so they are worked out once."""
    sounds = () if token.kind == "initial" else token_sounds(token.forms)
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
