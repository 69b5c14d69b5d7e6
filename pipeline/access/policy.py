"""The policy: how one requester may see one case or link at one moment. Pure, and the only place that decides it.

| code | released to the requester, purpose allowed | anyone else |
|------|--------------------------------------------|-------------|
| H0   | full                                       | nothing     |
| H1   | full, with the owner's caveat              | nothing     |
| H2   | hit; full under a grant                    | nothing     |
| H3   | nothing                                    | nothing     |

The owner agency and the installation's operator see every live case in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from pipeline.access.requester import Purpose, Requester
from pipeline.correlation.visibility import is_expired
from pipeline.matching.fingerprint import Contact, Handling
from pipeline.records.handling import EVERY_COUNTRY, FULL_CODES, HIT_ONLY, SILENT, is_released

STRICTNESS = ("H0", "H1", HIT_ONLY, SILENT)


class View(StrEnum):
    """How a case is seen: its content, only that it is there, or not at all."""

    FULL = "full"
    HIT = "hit"
    NOTHING = "nothing"


class LinkView(StrEnum):
    """How a link is seen: with its evidence, with one side as a hit and no evidence, or not at all."""

    FULL = "full"
    HIT_A = "hit_a"
    """Side a is only a hit."""
    HIT_B = "hit_b"
    NOTHING = "nothing"


class CaseMeta(msgspec.Struct, frozen=True):
    """What deciding on a case needs, from its realtime document."""

    case: str
    agency: str
    handling: Handling
    contact: Contact = Contact()
    withdrawn: bool = False
    retain_until: str = ""


class Grant(msgspec.Struct, frozen=True):
    """An owner's leave for one agency to read one hit-only case, or a supervisor's break-glass for himself.

    `under` is the handling at that time; `subject` is "" for the whole agency.
    """

    case: str
    agency: str
    until: datetime
    under: Handling
    subject: str = ""


def view(case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant] = ()) -> View:
    """How `requester` may see `case` for `purpose` at the aware time `now`, under the grants in force."""
    if case.withdrawn or is_expired(case.retain_until, now):
        return View.NOTHING
    if requester.operates:
        return View.FULL
    if not requester.reads:
        return View.NOTHING
    if case.agency == requester.agency:
        return View.FULL
    return _foreign(case, requester, purpose, now, grants)


def _foreign(case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant]) -> View:
    handling = case.handling
    if not is_released(handling.releasable_to, requester.country) or purpose not in handling.purposes:
        return View.NOTHING
    if handling.code in FULL_CODES:
        return View.FULL
    if handling.code != HIT_ONLY:
        return View.NOTHING
    return View.FULL if any(_in_force(grant, case, requester, now) for grant in grants) else View.HIT


def _in_force(grant: Grant, case: CaseMeta, requester: Requester, now: datetime) -> bool:
    return (
        grant.case == case.case
        and grant.agency == requester.agency
        and grant.subject in ("", requester.subject)
        and now < grant.until
        and not is_stricter(case.handling, grant.under)
    )


def is_stricter(now: Handling, before: Handling) -> bool:
    """Whether handling lets anyone see less than before: that suspends what was granted before."""
    return (
        STRICTNESS.index(now.code) > STRICTNESS.index(before.code)
        or _is_narrower(now.releasable_to, before.releasable_to)
        or not set(before.purposes) <= set(now.purposes)
    )


def _is_narrower(now: tuple[str, ...], before: tuple[str, ...]) -> bool:
    return EVERY_COUNTRY not in now and not set(before) <= set(now)


def link_view(a: View, b: View) -> LinkView:
    """How a link is seen by one who sees its sides so: one side in full and the other at least as a hit, or nothing.

    Silence wins: where either side is nothing, there is no link.
    """
    if View.NOTHING in (a, b) or (a, b) == (View.HIT, View.HIT):
        return LinkView.NOTHING
    if a is View.HIT:
        return LinkView.HIT_A
    return LinkView.HIT_B if b is View.HIT else LinkView.FULL


def may_break_glass(case: CaseMeta, requester: Requester, seen: View) -> bool:
    """Whether a supervisor may open this case with a reason: hit-only content that he sees as a hit, never H3."""
    return "supervisor" in requester.roles and seen is View.HIT and case.handling.code == HIT_ONLY
