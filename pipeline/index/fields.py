"""The one catalogue of index fields: what each holds, how it is mapped, and whether it is personal data.

Every object is strict: a document with a field that is not listed here is refused, not silently mapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Mapping = dict[str, Any]

KEYWORD: Mapping = {"type": "keyword"}
TERMS: Mapping = {"type": "keyword", "doc_values": False}
"""Looked up, never sorted or aggregated: without doc values it costs half the disk."""
LONG: Mapping = {"type": "long"}
INTEGER: Mapping = {"type": "integer"}
DAY: Mapping = {"type": "date", "format": "strict_date"}
TIME: Mapping = {"type": "date", "format": "strict_date_optional_time"}
KEPT: Mapping = {"type": "object", "enabled": False}
"""Kept as sent and given back, never searched: its inner fields are free."""
UNSEARCHED: Mapping = {"type": "keyword", "index": False, "doc_values": False}
WORDS: Mapping = {"type": "text", "analyzer": "words", "norms": False, "index_options": "docs"}
"""No norms and no term counts: a constant score needs neither, and neither may tell of a hidden record."""


@dataclass(frozen=True)
class Field:
    """One field: dotted `path`, its Elasticsearch mapping, a sentence, and whether it holds personal data."""

    path: str
    mapping: Mapping
    meaning: str
    personal: bool = False


CASES = (
    Field("case", KEYWORD, "Case key, <agency>:<case_id>; also the document id."),
    Field("digest", TERMS, "What agencies' opaque references to the case stand for."),
    Field("agency", KEYWORD, "The agency that owns the case."),
    Field("country", KEYWORD, "That agency's country, ISO 3166-1 alpha-2."),
    Field("version", LONG, "The agency's version of the case."),
    Field("state", KEYWORD, "live, or a tombstone: withdrawn by its owner, or expired."),
    Field("hash", KEYWORD, "Fingerprint hash: a link is shown only while it names this one."),
    Field("status", KEYWORD, "The record's status as sent."),
    Field("handling.code", KEYWORD, "Handling code, H0 to H3."),
    Field("handling.releasable_to", KEYWORD, "Countries that may see the case, or * for all."),
    Field("handling.purposes", KEYWORD, "Purposes that the owner allows."),
    Field("handling.caveat", UNSEARCHED, "The owner's caveat, shown with the content."),
    Field("contact", KEPT, "Whom to ask at the owner agency.", personal=True),
    Field("retain_until", DAY, "From this day on the case is invisible."),
    Field("opened", DAY, "Day the case was opened."),
    Field("closed", DAY, "Day the case was closed."),
    Field("language", KEYWORD, "Language of title and summary, BCP 47."),
    Field("offences", KEYWORD, "Offences, as scheme:code."),
    Field("policing_goals", INTEGER, "Global Policing Goals, 1 to 7."),
    Field("text", WORDS, "Folded words of title and summary, for free text search.", personal=True),
    Field("keys", TERMS, "Blocking keys: a search meets a case where two would meet.", personal=True),
    Field("terms", TERMS, "Search terms, <kind>:<form>, of names, numbers and places.", personal=True),
    Field("data", KEPT, "The record as the agency sent it.", personal=True),
    Field("fingerprint", KEPT, "The fingerprint, which ranks the case against a search.", personal=True),
    Field("warnings", KEPT, "What intake doubted: code, JSON pointer, message.", personal=True),
    Field("provenance", KEPT, "Source position, ingest time, content hash, schema version, generation."),
)

LINKS = (
    Field("link", KEYWORD, "Link id; also the document id."),
    Field("state", KEYWORD, "live, or a tombstone: retracted or released."),
    Field("generation", KEYWORD, "Generation of the model that judged the pair."),
    Field("cases", KEYWORD, "Both case keys, for the links of a case."),
    *(
        field
        for side in "ab"
        for field in (
            Field(f"{side}.case", KEYWORD, f"Case key of side {side}; a.case < b.case."),
            Field(f"{side}.version", LONG, f"Version of side {side} that was judged."),
            Field(f"{side}.hash", KEYWORD, f"Fingerprint hash of side {side} that was judged."),
            Field(f"{side}.agency", KEYWORD, f"Owner agency of side {side}."),
            Field(f"{side}.country", KEYWORD, f"Country of side {side}."),
        )
    ),
    Field("audience", TERMS, "Who may see it: countries, * or agency:<name>. Narrows; reading decides."),
    Field("score", INTEGER, "Match weight of the pair, hundredths of a bit."),
    Field("probability", {"type": "double"}, "Calibrated probability that both speak of the same."),
    Field("band", KEYWORD, "certain, probable or possible."),
    Field("evidence", KEPT, "The explanation of the score.", personal=True),
)

REJECTED = (
    Field("position", KEYWORD, "Source position, <topic>-<partition>-<offset>; also the document id."),
    Field("topic", KEYWORD, "Source topic."),
    Field("partition", INTEGER, "Source partition."),
    Field("offset", LONG, "Source offset."),
    Field("agency", KEYWORD, "Agency of the source topic."),
    Field("reason", KEYWORD, "Rejection reason of the closed list, or index_refused."),
    Field("pointer", KEYWORD, "JSON pointer to the fault."),
    Field("message", UNSEARCHED, "The fault in words; never echoes a value."),
    Field("size", INTEGER, "Bytes of the original, which stays in the topic `rejected`."),
    Field("time", TIME, "When it was rejected."),
)

CATALOGUE: dict[str, tuple[Field, ...]] = {"cases": CASES, "links": LINKS, "rejected": REJECTED}


def strict_mapping(fields: tuple[Field, ...]) -> Mapping:
    """The Elasticsearch mapping of a list of fields: nested by their dotted paths, each object strict."""
    root: Mapping = {"dynamic": "strict", "properties": {}}
    for field in fields:
        *parents, leaf = field.path.split(".")
        place = root
        for parent in parents:
            place = place["properties"].setdefault(parent, {"dynamic": "strict", "properties": {}})
        place["properties"][leaf] = dict(field.mapping)
    return root
