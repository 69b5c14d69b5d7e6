"""Search terms: the keyword forms under which a case is found, the same for a record and for a query. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from anyascii import anyascii

from pipeline.records.normalised import Entity, Name

_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
"""Diacritics, Hebrew points, Arabic short vowels: left out by writers at will. Indic vowel signs are letters and stay."""

UNSEARCHED_TOKENS = frozenset({"title", "particle", "legal_form"})
"""Token kinds that name nobody: they stand in thousands of names."""


def search_terms(entities: Iterable[Entity]) -> tuple[str, ...]:
    """All search terms of a case's entities, <kind>:<form>, without repeats, sorted."""
    return tuple(sorted({term for entity in entities for term in entity_terms(entity)}))


def entity_terms(entity: Entity) -> Iterator[str]:
    """Search terms of one entity; may repeat."""
    for name in entity.names:
        yield from _name_terms(name)
    for identifier in entity.identifiers:
        yield f"id:{identifier.value}"
    for phone in entity.phones:
        yield f"phone:{phone.e164}"
        yield f"phone:{phone.national}"
    for email in entity.emails:
        yield f"email:{email}"
    for address in entity.addresses:
        if address.city:
            yield f"city:{latin(address.city)}"


def _name_terms(name: Name) -> Iterator[str]:
    for token in name.tokens:
        if token.kind not in UNSEARCHED_TOKENS:
            yield f"name:{latin(token.text)}"


@lru_cache(maxsize=65536)
def latin(text: str) -> str:
    """Latin letters for any script, lower case."""
    return text if text.isascii() else anyascii(text).lower()


def folded_text(*parts: str | None) -> str:
    """The parts as one text in lower case without diacritics, the form in which free text is stored and asked for."""
    text = " ".join(part for part in parts if part).casefold()
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
