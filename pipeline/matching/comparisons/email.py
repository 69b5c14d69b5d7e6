"""E-mail addresses."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    SHARED_CAP,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    Table,
    stronger_of,
)
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.operations import DONE

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


class EmailLevel(ComparisonLevel):
    """How two e-mail addresses agree."""

    SAME = 0.55, 3.0e-7, 0.18, 0.02, 0.20
    ONE_EDIT = 0.06, 3.0e-6, 0.015, 0.005, 0.03
    SAME_LOCAL_PART = 0.06, 1.0e-4, 0.02, 0.01, 0.04
    NEAR = 0.03, 1.0e-4, 0.02, 0.01, 0.03
    SAME_ROLE = 0.01, 1.0e-3, 0.01, 0.01, 0.05
    DIFFERENT = 0.29, 0.98, 0.75, 0.94, 0.65


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
        if level < EmailLevel.DIFFERENT and (a.emails[i] in table.shared or b.emails[j] in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger_of(table.result(level, bits, i, j), best)
    return best


def email_level(p: str, q: str) -> EmailLevel:
    """The level of two addresses."""
    if p == q:
        return EmailLevel.SAME_ROLE if p.partition("@")[0] in ROLE_MAILBOXES else EmailLevel.SAME
    edits = OSA.distance(p, q, score_cutoff=NEAR_EDITS)
    local_p, local_q = p.partition("@")[0], q.partition("@")[0]
    if edits == 1:
        return EmailLevel.ONE_EDIT
    if local_p == local_q and len(local_p) >= MIN_LOCAL and local_p not in ROLE_MAILBOXES:
        return EmailLevel.SAME_LOCAL_PART
    return EmailLevel.NEAR if edits <= NEAR_EDITS and local_p[:1] == local_q[:1] else EmailLevel.DIFFERENT


EMAIL = Comparison(
    "email",
    "emails",
    N_("E-mail address"),
    N_("the e-mail address"),
    EmailLevel,
    (
        "m, u and h are judgement, not counts: people use several addresses, so 29 of 100 true pairs share none; "
        "strangers share one as good as never, companions use one mailbox in 1 of 10"
    ),
    compare,
    lambda entity, index: entity.emails[index],
    selector=True,
)
