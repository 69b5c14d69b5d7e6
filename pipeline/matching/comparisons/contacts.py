"""Phones and e-mail addresses."""

from __future__ import annotations

from itertools import product

from rapidfuzz.distance import OSA

from pipeline.matching.comparisons.identifiers import ALL
from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table, stronger
from pipeline.matching.fingerprint import TAIL_DIGITS, EntityPrint, PhonePrint

PHONE = (
    Level("same", 0.50, 5.0e-7, 0.50),
    Level("same_national", 0.02, 2.0e-6, 0.01),
    Level("same_tail", 0.01, 1.5e-5, 0.005),
    Level("one_digit", 0.02, 1.5e-4, 0.005),
    Level("different", 0.45, 0.95, 0.48),
)
"""Half of all true pairs with a phone on both sides share one: people change and collect numbers. Where a household's
phone is a landline or a parent's, its members share it as often."""
SAME, NATIONAL, TAIL, ONE_DIGIT, DIFFERENT = range(5)

EMAIL = (
    Level("same", 0.55, 3.0e-7, 0.10),
    Level("one_edit", 0.06, 3.0e-6, 0.001),
    Level("same_local_part", 0.06, 1.0e-4, 0.005),
    Level("near", 0.03, 1.0e-4, 0.002),
    Level("same_role", 0.01, 1.0e-3, 0.01),
    Level("different", 0.29, 0.98, 0.83),
)
EMAIL_SAME, EMAIL_EDIT, EMAIL_LOCAL, EMAIL_NEAR, EMAIL_ROLE, EMAIL_DIFFERENT = range(6)

NEAR_DIGITS = 8
SHARED_CAP = 300
"""Hundredths of a bit for agreeing on a number that the model lists as shared: a call centre is not a person."""

MIN_LOCAL = 5
NEAR_EDITS = 3
ROLE_MAILBOXES = frozenset(
    {"info", "contact", "admin", "office", "mail", "sales", "support", "service", "kontakt", "secretariat", "accueil",
     "noreply", "no-reply", "hello", "enquiries", "webmaster", "postmaster", "direction", "presse", "press"}
)  # fmt: skip
"""RFC 2142 and habit: the local part names a role, not a person."""


def phone(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Phones: same E.164 number; same national significant number with another or a missing country code; same last
    seven digits where one side has no area code; one digit off or two exchanged; different. A number that the model
    lists as shared counts for little. The best pair of numbers counts."""
    if not a.phones or not b.phones:
        return None
    best: Found | None = None
    for i, j in product(range(len(a.phones)), range(len(b.phones))):
        level = phone_level(a.phones[i], b.phones[j])
        bits = table.weights[level]
        if level < DIFFERENT and (a.phones[i].e164 in table.shared or b.phones[j].e164 in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger((bits, level, i, j), best)
    return best


def phone_level(p: PhonePrint, q: PhonePrint) -> int:
    """The level of two numbers."""
    if p.e164 == q.e164:
        return SAME
    x, y = p.national, q.national
    if x == y:
        return NATIONAL
    if len(x) != len(y) and min(len(x), len(y)) >= TAIL_DIGITS and (x.endswith(y) or y.endswith(x)):
        return TAIL
    if min(len(x), len(y)) >= NEAR_DIGITS and OSA.distance(x, y, score_cutoff=1) <= 1:
        return ONE_DIGIT
    return DIFFERENT


def email(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """E-mail addresses: same; one edit; same local part at another domain; up to three edits; the same role mailbox
    (info@), which a whole office reads; different. An address that the model lists as shared counts for little. The
    best pair of addresses counts."""
    if not a.emails or not b.emails:
        return None
    best: Found | None = None
    for i, j in product(range(len(a.emails)), range(len(b.emails))):
        level = email_level(a.emails[i], b.emails[j])
        bits = table.weights[level]
        if level < EMAIL_DIFFERENT and (a.emails[i] in table.shared or b.emails[j] in table.shared):
            bits = min(bits, SHARED_CAP)
        best = stronger((bits, level, i, j), best)
    return best


def email_level(p: str, q: str) -> int:
    """The level of two addresses."""
    if p == q:
        return EMAIL_ROLE if p.partition("@")[0] in ROLE_MAILBOXES else EMAIL_SAME
    edits = OSA.distance(p, q, score_cutoff=NEAR_EDITS)
    local_p, local_q = p.partition("@")[0], q.partition("@")[0]
    if edits == 1:
        return EMAIL_EDIT
    if local_p == local_q and len(local_p) >= MIN_LOCAL and local_p not in ROLE_MAILBOXES:
        return EMAIL_LOCAL
    return EMAIL_NEAR if edits <= NEAR_EDITS and local_p[:1] == local_q[:1] else EMAIL_DIFFERENT


CONTACTS = (
    Comparison("phone", ALL, PHONE, phone, lambda one, index: one.phones[index].e164, selector=True),
    Comparison("email", ALL, EMAIL, email, lambda one, index: one.emails[index], selector=True),
)
