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
WORDS: Mapping = {"type": "text", "analyzer": "words", "norms": False, "index_options": "docs"}
"""No norms and no term counts: a constant score needs neither, and neither may tell of a hidden record."""


@dataclass(frozen=True)
class IndexField:
    """One field: dotted `path`, its Elasticsearch mapping, a sentence, and whether it holds personal data."""

    path: str
    mapping: Mapping
    meaning: str
    personal: bool = False


CASES = (
    IndexField("case", KEYWORD, "Case key, <agency>:<case_id>; also the document id."),
    IndexField("digest", TERMS, "What agencies' opaque references to the case stand for."),
    IndexField("agency", KEYWORD, "The agency that owns the case."),
    IndexField("country", KEYWORD, "That agency's country, ISO 3166-1 alpha-2."),
    IndexField("version", UNSEARCHED_LONG, "The agency's version of the case."),
    IndexField("state", KEYWORD, "live, or a tombstone: withdrawn by its owner, or expired."),
    IndexField("hash", UNSEARCHED, "Fingerprint hash: a link is shown only while it names this one."),
    IndexField("status", UNSEARCHED, "The record's status as sent."),
    IndexField("handling.code", KEYWORD, "Handling code, H0 to H3."),
    IndexField("handling.releasable_to", KEYWORD, "Countries that may see the case, or * for all."),
    IndexField("handling.purposes", KEYWORD, "Purposes that the owner allows."),
    IndexField("handling.caveat", UNSEARCHED, "The owner's caveat, shown with the content."),
    IndexField("caveat_translations", KEPT, "The owner's translations of its caveat, by language."),
    IndexField("contact", KEPT, "Whom to ask at the owner agency.", personal=True),
    IndexField("retain_until", DAY, "From this day on the case is invisible."),
    IndexField("opened", DAY, "Day the case was opened."),
    IndexField("closed", DAY, "Day the case was closed."),
    IndexField("language", UNSEARCHED, "Language of title, summary and caveat, BCP 47."),
    IndexField("offences", KEYWORD, "Offences, as scheme:code."),
    IndexField("policing_goals", INTEGER, "Global Policing Goals, 1 to 7."),
    IndexField("types", KEYWORD, "Types of its entities."),
    IndexField("roles", KEYWORD, "Roles of its entities, in lower case."),
    IndexField("text", WORDS, "Folded words of title, summary and things, for free text search.", personal=True),
    IndexField("keys", TERMS, "Blocking keys: a search meets a case where two would meet.", personal=True),
    IndexField(
        "terms", TERMS, "Search terms, <kind>:<form>, of names, numbers, places and whole birth dates.", personal=True
    ),
    IndexField(
        "equals",
        TERMS,
        "Of what shows as a hit at most: its whole numbers, and the words of its whole names with name and birth date.",
        personal=True,
    ),
    IndexField("data", KEPT, "The record as the agency sent it.", personal=True),
    IndexField("order", ORDER, "Which of equal candidates come first: as the installation's secret has it."),
    IndexField("card", PACKED, "What ranks the case against a search and shows it in a list.", personal=True),
    IndexField("entities", KEPT_PACKED, "Of a case too large for its card, the entities.", personal=True),
    IndexField("warnings", KEPT, "What intake doubted: code, JSON pointer, message.", personal=True),
    IndexField(
        "provenance", KEPT, "Source position, ingest time, content hash, schema version, generation, signature."
    ),
)

LINKS = (
    IndexField("link", SORTED, "Link id; also the document id."),
    IndexField("state", KEYWORD, "live, or a tombstone: retracted."),
    IndexField("generation", UNSEARCHED, "Generation of the model that judged the pair."),
    IndexField("cases", TERMS, "Both case keys, for the links of a case."),
    *(
        field
        for side in "ab"
        for field in (
            IndexField(f"{side}.case", UNSEARCHED, f"Case key of side {side}; a.case < b.case."),
            IndexField(f"{side}.version", UNSEARCHED_LONG, f"Version of side {side} that was judged."),
            IndexField(f"{side}.hash", UNSEARCHED, f"Fingerprint hash of side {side} that was judged."),
            IndexField(f"{side}.agency", KEYWORD, f"Owner agency of side {side}."),
            IndexField(f"{side}.country", UNSEARCHED, f"Country of side {side}."),
        )
    ),
    IndexField("audience", TERMS, "Who may see it: countries, * or agency:<name>. Narrows; reading decides."),
    IndexField("retain_until", DAY, "From this day on one of its cases is over: queries leave it out."),
    IndexField("score", INTEGER, "Match weight of the pair, hundredths of a bit."),
    IndexField(
        "probability",
        {"type": "double", "index": False, "doc_values": False},
        "Calibrated probability that both speak of the same.",
    ),
    IndexField("band", KEYWORD, "certain, probable or possible."),
    IndexField("evidence", KEPT, "The explanation of the score.", personal=True),
    IndexField("equal_a", UNSEARCHED_LONG, "Equal in a and a hit-only b: 1 a number, 2 name and date, 3 both."),
    IndexField("equal_b", UNSEARCHED_LONG, "The same the other way round."),
    IndexField(
        "basis", UNSEARCHED, "shared: two who are not one bear one number. None: same, both speak of one thing."
    ),
)

REJECTED = (
    IndexField("position", KEYWORD, "Source position, <topic>-<partition>-<offset>; also the document id."),
    IndexField("topic", KEYWORD, "Source topic."),
    IndexField("partition", INTEGER, "Source partition."),
    IndexField("offset", LONG, "Source offset."),
    IndexField("agency", KEYWORD, "Agency of the source topic."),
    IndexField("reason", KEYWORD, "Rejection reason of the closed list, or index_refused."),
    IndexField("pointer", KEYWORD, "JSON pointer to the fault."),
    IndexField("message", UNSEARCHED, "The fault in words; never echoes a value."),
    IndexField("size", INTEGER, "Bytes of the original, which stays in the topic `rejected`."),
    IndexField("time", TIME, "When it was rejected."),
)

REVIEWS = (
    IndexField("id", KEYWORD, "Review id; also the document id."),
    IndexField("position", LONG, "Offset in the topic: the order of decisions."),
    IndexField("link", KEYWORD, "Link id."),
    IndexField("case_a", KEYWORD, "Case key of side a."),
    IndexField("case_b", KEYWORD, "Case key of side b."),
    IndexField("version_a", LONG, "Version of side a that was judged."),
    IndexField("version_b", LONG, "Version of side b that was judged."),
    IndexField("generation", KEYWORD, "Generation of the link that was judged; none for a manual link."),
    IndexField("verdict", KEYWORD, "same, different, related or unsure."),
    IndexField("agency", KEYWORD, "The reviewer's agency."),
    IndexField("reviewer", KEYWORD, "Subject of the reviewer."),
    IndexField("time", TIME, "When it was judged."),
    IndexField("reason", UNSEARCHED, "Why, in the reviewer's words."),
    IndexField("action", FLAG, "The confirmed link needs action."),
    IndexField("manual", FLAG, "An investigator made the link."),
    IndexField("evidence", UNSEARCHED, "Digests of the comparisons that the review was made on."),
    IndexField("undone", FLAG, "It was taken back."),
    IndexField("undone_by", KEYWORD, "Subject of who took it back."),
    IndexField("undone_at", TIME, "When it was taken back."),
)

ASSIGNMENTS = (
    IndexField("link", KEYWORD, "Link id; the document id is <agency>|<link>."),
    IndexField("agency", KEYWORD, "Whose inbox."),
    IndexField("assignee", KEYWORD, "Subject of who is to judge it; empty for nobody."),
    IndexField("by", KEYWORD, "Subject of who said so."),
    IndexField("time", TIME, "When."),
)

DISCLOSURES = (
    IndexField("id", KEYWORD, "Thread id, the asking agency's reference; also the document id."),
    IndexField("position", LONG, "Offset in the topic: the order of decisions."),
    IndexField("case", KEYWORD, "Case key."),
    IndexField("owner", KEYWORD, "Agency that owns the case."),
    IndexField("requester", KEYWORD, "Agency that asks."),
    IndexField("subject", KEYWORD, "The supervisor whose break-glass it is; absent otherwise."),
    IndexField("move", KEYWORD, "The last step."),
    IndexField("time", TIME, "When the last step was taken."),
    IndexField("deadline", TIME, "When the owner's answer or review is due, of what awaits one."),
    IndexField("until", TIME, "When the grant ends."),
    IndexField("thread", KEPT, "All steps."),
)

SUBSCRIPTIONS = (
    IndexField("id", KEYWORD, "Alert id; also the document id."),
    IndexField("position", LONG, "Offset in the topic: the order of decisions."),
    IndexField("agency", KEYWORD, "Whose it is."),
    IndexField("state", KEYWORD, "active, or ended without content."),
    IndexField("time", TIME, "When it was made, renewed or ended."),
    IndexField("version", LONG, "Grows with every renewal."),
    IndexField("country", KEYWORD, "The agency's country."),
    IndexField("owner", KEYWORD, "Subject of who made it."),
    IndexField("purpose", KEYWORD, "For what."),
    IndexField("case_reference", KEYWORD, "For which case of the agency's."),
    IndexField("question", UNSEARCHED, "What is asked.", personal=True),
    IndexField("dialled", KEYWORD, "Where the question's phones are dialled."),
    IndexField("until", TIME, "When it ends unless renewed."),
    IndexField("shared", FLAG, "Others who ask the same, and share it, are told."),
    IndexField("filters", KEPT, "What its matches are narrowed to."),
    IndexField("label", UNSEARCHED, "What its agency calls it.", personal=True),
    IndexField("labelled", TIME, "When it was last named after its making."),
    IndexField("made", TIME, "When it was made: what orders an agency's list."),
)

NOTICES = (
    IndexField("id", KEYWORD, "Notice id; also the document id."),
    IndexField("agency", KEYWORD, "Who is told."),
    IndexField("kind", KEYWORD, "What of."),
    IndexField("time", TIME, "When it happened."),
    IndexField("position", LONG, "Offset in the topic: readers go on after the last one they saw."),
    IndexField("case", KEYWORD, "The receiver's own case key."),
    IndexField("reference", KEYWORD, "Stands for another agency's case."),
    IndexField("disclosure", KEYWORD, "Thread id."),
    IndexField("subscription", KEYWORD, "The receiver's alert."),
    IndexField("other_agency", KEYWORD, "The other agency."),
    IndexField("purpose", KEYWORD, "For what."),
    IndexField("band", KEYWORD, "How likely a match is."),
    IndexField("count", UNSEARCHED_LONG, "How many of the receiver's own cases it is about."),
)

HIT_ADMISSIONS = (
    IndexField("id", UNSEARCHED, "Question id, <link id>-<side that asks>, or a day's count; also the document id."),
    IndexField("asker", KEYWORD, "Agency that asks."),
    IndexField("owner", KEYWORD, "Agency that owns what is asked about."),
    IndexField("time", TIME, "When it was first told, or counted last."),
    IndexField("asks", UNSEARCHED, "Hash of the case that asked; none where the link shows no more."),
    IndexField("band", UNSEARCHED, "The band that was told."),
    IndexField("contact", KEPT, "Whom its agency was told to ask.", personal=True),
    IndexField("spent", UNSEARCHED_LONG, "Answers given on that day."),
    IndexField("kinds", UNSEARCHED, "What of it: birth dates, types of numbers."),
    IndexField("refused", UNSEARCHED, "What a case or alert guessed too much, as digests."),
    IndexField("offset", UNSEARCHED_LONG, "Where in hit_guesses it did."),
)

HIT_ALLOWANCES = (
    IndexField("owner", KEYWORD, "Agency that allows; the document id is <owner>|<agency>."),
    IndexField("agency", KEYWORD, "Agency that is allowed more."),
    IndexField("daily", UNSEARCHED_LONG, "Hit-only answers a day."),
    IndexField("until", TIME, "When the default holds again."),
    IndexField("by", UNSEARCHED, "Subject of who allowed it."),
    IndexField("time", TIME, "When."),
)

FOLDERS = (
    IndexField("id", KEYWORD, "Folder id; also the document id."),
    IndexField("position", LONG, "Offset in the topic: the order of decisions."),
    IndexField("agency", KEYWORD, "Whose it is."),
    IndexField("state", KEYWORD, "open, or ended without content."),
    IndexField("time", TIME, "When it was changed last."),
    IndexField("version", UNSEARCHED_LONG, "Grows with every change."),
    IndexField("title", UNSEARCHED, "What it is called.", personal=True),
    IndexField("purpose", UNSEARCHED, "For what."),
    IndexField("case_reference", UNSEARCHED, "For which case of the agency's.", personal=True),
    IndexField("members", KEPT, "Who shares it, and in which role.", personal=True),
    IndexField("subjects", TERMS, "The subjects of those.", personal=True),
    IndexField("made", TIME, "When it was made: what orders a list of folders."),
    IndexField("until", TIME, "When it ends unless renewed."),
)

FOLDER_ITEMS = (
    IndexField("id", SORTED, "Item id; the document id is <folder>|<id>."),
    IndexField("position", LONG, "Offset in the topic: the order of decisions."),
    IndexField("folder", KEYWORD, "Folder id."),
    IndexField("agency", KEYWORD, "Whose folder it is."),
    IndexField("version", UNSEARCHED_LONG, "Grows with every change."),
    IndexField("time", TIME, "When it was changed last."),
    IndexField("removed", FLAG, "It was removed: a mark without content."),
    IndexField("kept", FLAG, "It was not removed."),
    IndexField("place", SORTED, "Where it stands in the folder: sorted by its bytes, then by id."),
    IndexField("cases", TERMS, "The cases that it refers to, for those who answer a person what is held of them."),
    IndexField("reference", KEPT, "What it refers to.", personal=True),
    IndexField("sides", UNSEARCHED, "The cases of a link."),
    IndexField("text", UNSEARCHED, "A note.", personal=True),
    IndexField("title", UNSEARCHED, "What a chart is called.", personal=True),
    IndexField("by", UNSEARCHED, "Subject of who added it."),
    IndexField("added", TIME, "When it was added."),
    IndexField("edited", TIME, "When a note or chart was written anew."),
    IndexField("edition", UNSEARCHED_LONG, "How often it was."),
    IndexField("edited_by", UNSEARCHED, "Subject of who edited a note or chart last."),
)

FOLDER_CHARTS = (
    IndexField("folder", KEYWORD, "Folder id; the document id is <folder>|<item>."),
    IndexField("item", UNSEARCHED, "Item id."),
    IndexField("agency", KEYWORD, "Whose folder it is."),
    IndexField("time", TIME, "When it was saved."),
    IndexField("content", UNSEARCHED, "The chart, JSON as text.", personal=True),
)

FOLDER_VISITS = (
    IndexField(
        "folder", KEYWORD, "Folder id; the document id is <folder>|<subject>, of a chart <folder>/<item>|<subject>."
    ),
    IndexField("item", UNSEARCHED, "Item id of a chart."),
    IndexField("subject", UNSEARCHED, "Whose visit.", personal=True),
    IndexField("agency", KEYWORD, "Their agency."),
    IndexField("time", TIME, "When."),
    IndexField("seen", KEPT_PACKED, "How items were seen last, as keyed digests."),
    IndexField("before", KEPT_PACKED, "How those were seen before, that were found otherwise on this visit."),
    IndexField("since", TIME, "When the visit before this one ended."),
)

AUDIT = (
    IndexField("id", UNSEARCHED, "Chain and sequence; also the document id."),
    IndexField("position", LONG, "Offset in the topic: the order of acts."),
    IndexField("kind", UNSEARCHED, "What was done."),
    IndexField("time", TIME, "When."),
    IndexField("subject", TERMS, "Who did it.", personal=True),
    IndexField("agency", TERMS, "His agency."),
    IndexField("country", UNSEARCHED, "Its country."),
    IndexField("purpose", UNSEARCHED, "For what."),
    IndexField("case_reference", UNSEARCHED, "For which case of their own."),
    IndexField("object", UNSEARCHED, "What was acted on besides cases."),
    IndexField("owners", TERMS, "Agencies whose cases were shown."),
    IndexField("shown", KEPT, "The cases that were shown, and in which form."),
    IndexField(
        "entry", KEPT, "The whole entry, its query encrypted, of which proofs for owners are made.", personal=True
    ),
)

CATALOGUE: dict[str, tuple[IndexField, ...]] = {
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
    "folders": FOLDERS,
    "folder_items": FOLDER_ITEMS,
    "folder_charts": FOLDER_CHARTS,
    "folder_visits": FOLDER_VISITS,
    "audit": AUDIT,
}


def strict_mapping(fields: tuple[IndexField, ...]) -> Mapping:
    """The Elasticsearch mapping of a list of fields: nested by their dotted paths, each object strict."""
    root: Mapping = {"dynamic": "strict", "properties": {}}
    for field in fields:
        *parents, leaf = field.path.split(".")
        place = root
        for parent in parents:
            place = place["properties"].setdefault(parent, {"dynamic": "strict", "properties": {}})
        place["properties"][leaf] = dict(field.mapping)
    return root
