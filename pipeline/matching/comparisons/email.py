"""E-mail addresses."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.comparison import SHARED_CAP, ComparisonResult, Table, stronger_of
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.operations import DONE

SAME, EDIT, LOCAL, NEAR, ROLE, DIFFERENT = range(6)

MIN_LOCAL = 5
"""Characters of a local part from which it is taken for one person's at two domains. A choice: shorter ones, such as
"anna", are many people's."""

NEAR_EDITS = 3
"""Edits of a whole address (OSA) within which two are near, if both begin alike. A choice: more edits make another
address of most short ones."""

ROLE_MAILBOXES = frozenset(
    {"info", "contact", "admin", "office", "mail", "sales", "support", "service", "kontakt", "secretariat", "accueil",
     "noreply", "no-reply", "hello", "enquiries", "webmaster", "postmaster", "direction", "presse", "press"}
)  # fmt: skip
"""RFC 2142 and habit: the local part names a role, not a person."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare e-mail addresses; the best pair counts.

    Same; one edit; same local part at another domain; up to three edits; the same role mailbox (info@), which a whole
    office reads; different. An address that the model lists as shared counts for little.
    """
    if not a.emails or not b.emails:
        return None
    DONE.operations += len(a.emails) * len(b.emails)
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.emails)), range(len(b.emails))):
        level = email_level(a.emails[i], b.emails[j])
        bits = table.weights[level]
        if level < DIFFERENT and (a.emails[i] in table.shared or b.emails[j] in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger_of(table.result(level, bits, i, j), best)
    return best


def email_level(p: str, q: str) -> int:
    """The level of two addresses."""
    if p == q:
        return ROLE if p.partition("@")[0] in ROLE_MAILBOXES else SAME
    edits = OSA.distance(p, q, score_cutoff=NEAR_EDITS)
    local_p, local_q = p.partition("@")[0], q.partition("@")[0]
    if edits == 1:
        return EDIT
    if local_p == local_q and len(local_p) >= MIN_LOCAL and local_p not in ROLE_MAILBOXES:
        return LOCAL
    return NEAR if edits <= NEAR_EDITS and local_p[:1] == local_q[:1] else DIFFERENT
