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
SORTED: Mapping = {"type": "keyword", "index": False}
"""Sorted by or brought beside hits, never looked up."""
LONG: Mapping = {"type": "long"}
INTEGER: Mapping = {"type": "integer"}
DAY: Mapping = {"type": "date", "format": "strict_date"}
TIME: Mapping = {"type": "date", "format": "strict_date_optional_time"}
KEPT: Mapping = {"type": "object", "enabled": False}
"""Kept as sent and given back, never searched: its inner fields are free."""
PACKED: Mapping = {"type": "binary", "doc_values": True}
"""Bytes that come beside a query's hits from doc values: reading a hundred documents costs more than finding them."""
KEPT_PACKED: Mapping = {"type": "binary"}
ORDER: Mapping = {"type": "long", "index": False}
"""Sorted by alone."""
FLAG: Mapping = {"type": "boolean"}
UNSEARCHED: Mapping = {"type": "keyword", "index": False, "doc_values": False}
UNSEARCHED_LONG: Mapping = {"type": "long", "index": False, "doc_values": False}
UNSEARCHED_SHARE: Mapping = {"type": "double", "index": False, "doc_values": False}
UNSEARCHED_TIME: Mapping = {"type": "date", "format": "strict_date_optional_time", "index": False, "doc_values": False}
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
    Field("version", UNSEARCHED_LONG, "The agency's version of the case."),
    Field("state", KEYWORD, "live, or a tombstone: withdrawn by its owner, or expired."),
    Field("hash", UNSEARCHED, "Fingerprint hash: a link is shown only while it names this one."),
    Field("status", UNSEARCHED, "The record's status as sent."),
    Field("handling.code", KEYWORD, "Handling code, H0 to H3."),
    Field("handling.releasable_to", KEYWORD, "Countries that may see the case, or * for all."),
    Field("handling.purposes", KEYWORD, "Purposes that the owner allows."),
    Field("handling.caveat", UNSEARCHED, "The owner's caveat, shown with the content."),
    Field("contact", KEPT, "Whom to ask at the owner agency.", personal=True),
    Field("retain_until", DAY, "From this day on the case is invisible."),
    Field("opened", DAY, "Day the case was opened."),
    Field("closed", DAY, "Day the case was closed."),
    Field("language", UNSEARCHED, "Language of title and summary, BCP 47."),
    Field("offences", KEYWORD, "Offences, as scheme:code."),
    Field("policing_goals", INTEGER, "Global Policing Goals, 1 to 7."),
    Field("text", WORDS, "Folded words of title and summary, for free text search.", personal=True),
    Field("keys", TERMS, "Blocking keys: a search meets a case where two would meet.", personal=True),
    Field("terms", TERMS, "Search terms, <kind>:<form>, of names, numbers and places.", personal=True),
    Field("data", KEPT, "The record as the agency sent it.", personal=True),
    Field("order", ORDER, "Which of equal candidates come first: any order does, if it is always the same."),
    Field("card", PACKED, "What ranks the case against a search and shows it in a list.", personal=True),
    Field("entities", KEPT_PACKED, "Of a case too large for its card, the entities.", personal=True),
    Field("warnings", KEPT, "What intake doubted: code, JSON pointer, message.", personal=True),
    Field("provenance", KEPT, "Source position, ingest time, content hash, schema version, generation, signature."),
)

LINKS = (
    Field("link", SORTED, "Link id; also the document id."),
    Field("state", KEYWORD, "live, or a tombstone: retracted or released."),
    Field("generation", UNSEARCHED, "Generation of the model that judged the pair."),
    Field("cases", TERMS, "Both case keys, for the links of a case."),
    *(
        field
        for side in "ab"
        for field in (
            Field(f"{side}.case", UNSEARCHED, f"Case key of side {side}; a.case < b.case."),
            Field(f"{side}.version", UNSEARCHED_LONG, f"Version of side {side} that was judged."),
            Field(f"{side}.hash", UNSEARCHED, f"Fingerprint hash of side {side} that was judged."),
            Field(f"{side}.agency", KEYWORD, f"Owner agency of side {side}."),
            Field(f"{side}.country", UNSEARCHED, f"Country of side {side}."),
        )
    ),
    Field("audience", TERMS, "Who may see it: countries, * or agency:<name>. Narrows; reading decides."),
    Field("retain_until", DAY, "From this day on one of its cases is over: queries leave it out."),
    Field("score", INTEGER, "Match weight of the pair, hundredths of a bit."),
    Field(
        "probability",
        {"type": "double", "index": False, "doc_values": False},
        "Calibrated probability that both speak of the same.",
    ),
    Field("band", KEYWORD, "certain, probable or possible."),
    Field("evidence", KEPT, "The explanation of the score.", personal=True),
    Field("exact_a", UNSEARCHED, "Band in which side a meets a hit-only side b by exact parts; none: not told."),
    Field("exact_b", UNSEARCHED, "The same the other way round."),
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

REVIEWS = (
    Field("id", KEYWORD, "Review id; also the document id."),
    Field("position", LONG, "Offset in the topic: the order of decisions."),
    Field("link", KEYWORD, "Link id."),
    Field("case_a", KEYWORD, "Case key of side a."),
    Field("case_b", KEYWORD, "Case key of side b."),
    Field("version_a", LONG, "Version of side a that was judged."),
    Field("version_b", LONG, "Version of side b that was judged."),
    Field("generation", KEYWORD, "Generation of the link that was judged; none for a manual link."),
    Field("verdict", KEYWORD, "same, different, related or unsure."),
    Field("agency", KEYWORD, "The reviewer's agency."),
    Field("reviewer", KEYWORD, "Subject of the reviewer."),
    Field("time", TIME, "When it was judged."),
    Field("reason", UNSEARCHED, "Why, in the reviewer's words."),
    Field("action", FLAG, "The confirmed link needs action."),
    Field("manual", FLAG, "An investigator made the link."),
    Field("evidence", UNSEARCHED, "Digests of the comparisons that the review was made on."),
    Field("undone", FLAG, "It was taken back."),
    Field("undone_by", KEYWORD, "Subject of who took it back."),
    Field("undone_at", TIME, "When it was taken back."),
)

ASSIGNMENTS = (
    Field("link", KEYWORD, "Link id; the document id is <agency>|<link>."),
    Field("agency", KEYWORD, "Whose inbox."),
    Field("assignee", KEYWORD, "Subject of who is to judge it; empty for nobody."),
    Field("by", KEYWORD, "Subject of who said so."),
    Field("time", TIME, "When."),
)

DISCLOSURES = (
    Field("id", KEYWORD, "Thread id, the asking agency's reference; also the document id."),
    Field("position", LONG, "Offset in the topic: the order of decisions."),
    Field("case", KEYWORD, "Case key."),
    Field("owner", KEYWORD, "Agency that owns the case."),
    Field("requester", KEYWORD, "Agency that asks."),
    Field("subject", KEYWORD, "The supervisor whose break-glass it is; absent otherwise."),
    Field("move", KEYWORD, "The last step."),
    Field("time", TIME, "When the last step was taken."),
    Field("deadline", TIME, "When the owner's answer or review is due, of what awaits one."),
    Field("until", TIME, "When the grant ends."),
    Field("thread", KEPT, "All steps."),
)

SUBSCRIPTIONS = (
    Field("id", KEYWORD, "Subscription id; also the document id."),
    Field("position", LONG, "Offset in the topic: the order of decisions."),
    Field("agency", KEYWORD, "Whose it is."),
    Field("state", KEYWORD, "active, or ended without content."),
    Field("time", TIME, "When it was made, renewed or ended."),
    Field("version", LONG, "Grows with every renewal."),
    Field("country", KEYWORD, "The agency's country."),
    Field("owner", KEYWORD, "Subject of who made it."),
    Field("purpose", KEYWORD, "For what."),
    Field("case_reference", KEYWORD, "For which case of the agency's."),
    Field("question", UNSEARCHED, "What is asked.", personal=True),
    Field("dialled", KEYWORD, "Where the question's phones are dialled."),
    Field("until", TIME, "When it ends unless renewed."),
    Field("shared", FLAG, "Others who ask the same, and share it, are told."),
)

NOTICES = (
    Field("id", KEYWORD, "Notice id; also the document id."),
    Field("agency", KEYWORD, "Who is told."),
    Field("kind", KEYWORD, "What of."),
    Field("time", TIME, "When it happened."),
    Field("position", LONG, "Offset in the topic: readers go on after the last one they saw."),
    Field("case", KEYWORD, "The receiver's own case key."),
    Field("reference", KEYWORD, "Stands for another agency's case."),
    Field("disclosure", KEYWORD, "Thread id."),
    Field("subscription", KEYWORD, "The receiver's subscription."),
    Field("other_agency", KEYWORD, "The other agency."),
    Field("purpose", KEYWORD, "For what."),
    Field("band", KEYWORD, "How likely a match is."),
)

HIT_ADMISSIONS = (
    Field("id", UNSEARCHED, "Question id, <link id>-<side that asks>, or a day's count; also the document id."),
    Field("asker", KEYWORD, "Agency that asks."),
    Field("owner", KEYWORD, "Agency that owns what is asked about."),
    Field("time", TIME, "When it was first told, or counted last."),
    Field("asks", UNSEARCHED, "Hash of the case that asked; none where the link shows no more."),
    Field("band", UNSEARCHED, "The band that was told."),
    Field("contact", KEPT, "Whom its agency was told to ask.", personal=True),
    Field("spent", UNSEARCHED_LONG, "Answers given on that day."),
)

HIT_ALLOWANCES = (
    Field("owner", KEYWORD, "Agency that allows; the document id is <owner>|<agency>."),
    Field("agency", KEYWORD, "Agency that is allowed more."),
    Field("daily", UNSEARCHED_LONG, "Hit-only answers a day."),
    Field("until", TIME, "When the default holds again."),
    Field("by", UNSEARCHED, "Subject of who allowed it."),
    Field("time", TIME, "When."),
)

AUDIT = (
    Field("id", UNSEARCHED, "Chain and sequence; also the document id."),
    Field("position", LONG, "Offset in the topic: the order of acts."),
    Field("kind", UNSEARCHED, "What was done."),
    Field("time", TIME, "When."),
    Field("subject", TERMS, "Who did it.", personal=True),
    Field("agency", TERMS, "His agency."),
    Field("country", UNSEARCHED, "Its country."),
    Field("purpose", UNSEARCHED, "For what."),
    Field("case_reference", UNSEARCHED, "For which case of his own."),
    Field("object", UNSEARCHED, "What was acted on besides cases."),
    Field("owners", TERMS, "Agencies whose cases were shown."),
    Field("shown", KEPT, "The cases that were shown, and in which form."),
    Field("entry", KEPT, "The whole entry, its query encrypted, of which proofs for owners are made.", personal=True),
)

CATALOGUE: dict[str, tuple[Field, ...]] = {
    "cases": CASES,
    "links": LINKS,
    "rejected": REJECTED,
    "reviews": REVIEWS,
    "assignments": ASSIGNMENTS,
    "disclosures": DISCLOSURES,
    "subscriptions": SUBSCRIPTIONS,
    "notices": NOTICES,
    "hit_admissions": HIT_ADMISSIONS,
    "hit_allowances": HIT_ALLOWANCES,
    "audit": AUDIT,
}


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
