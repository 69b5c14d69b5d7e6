"""E-mail addresses."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import SHARED_CAP, Comparison, ComparisonResult, Level, Table, stronger_of
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same", 0.55, 3.0e-7, 0.18, 0.02, 0.20),
    Level("one_edit", 0.06, 3.0e-6, 0.015, 0.005, 0.03),
    Level("same_local_part", 0.06, 1.0e-4, 0.02, 0.01, 0.04),
    Level("near", 0.03, 1.0e-4, 0.02, 0.01, 0.03),
    Level("same_role", 0.01, 1.0e-3, 0.01, 0.01, 0.05),
    Level("different", 0.29, 0.98, 0.75, 0.94, 0.65),
)
SAME, EDIT, LOCAL, NEAR, ROLE, DIFFERENT = range(6)
SOURCE = (
    "m, u and h are judgement, not counts: people use several addresses, so 29 of 100 true pairs share none; "
    "strangers share one as good as never, companions use one mailbox in 1 of 10"
)

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


EMAIL = Comparison(
    "email",
    "emails",
    N_("E-mail address"),
    N_("the e-mail address"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, index: entity.emails[index],
    selector=True,
)
