"""The policy: how one requester may see one case or link at one moment. Pure, and the only place that decides it.

| code | released to the requester, purpose allowed | anyone else |
|------|--------------------------------------------|-------------|
| H0   | full                                       | nothing     |
| H1   | full, with the owner's caveat              | nothing     |
| H2   | hit; full under a grant                    | nothing     |
| H3   | nothing                                    | nothing     |

The owner agency and the installation's operator see every live case in full. `decide` names the rule that holds; each
rule carries its view, so that what is recorded and explained is what was decided.
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


class Rule(StrEnum):
    """Why a case is seen as it is: the first of these that holds, in the order in which `decide` asks."""

    view: View

    def __new__(cls, name: str, view: View) -> Rule:
        """A rule by its name, which audit entries state, with the view that it gives."""
        rule = str.__new__(cls, name)
        rule._value_ = name
        rule.view = view
        return rule

    WITHDRAWN = "withdrawn", View.NOTHING
    """The owner has withdrawn the case."""
    EXPIRED = "expired", View.NOTHING
    """The case's retention has ended."""
    OPERATOR = "operator", View.FULL
    """The requester operates the installation."""
    READS_NOTHING = "reads_nothing", View.NOTHING
    """None of the requester's roles reads cases."""
    OWNER = "owner", View.FULL
    """The case is the requester's own agency's."""
    NOT_RELEASED = "not_released", View.NOTHING
    """The case is not released to the requester's country."""
    PURPOSE = "purpose", View.NOTHING
    """The owner does not allow the stated purpose."""
    RELEASED = "released", View.FULL
    """H0 or H1, released to the country for the purpose."""
    SILENT = "silent", View.NOTHING
    """A silent record: H3, or a code that nobody knows. As if there were no such case."""
    GRANTED = "granted", View.FULL
    """H2, which the owner has opened to the requester's agency."""
    BREAK_GLASS = "break_glass", View.FULL
    """H2, which the requester has opened by break-glass."""
    HIT_ONLY = "hit_only", View.HIT
    """H2: to whoever asks for its exact numbers or names, that there is a case."""


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
    """An owner's leave for one agency to read one hit-only case, or a supervisor's break-glass for their own use.

    `under` is the handling at that time; `subject` is "" for the whole agency.
    """

    case: str
    agency: str
    until: datetime
    under: Handling
    subject: str = ""


def decide(case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant] = ()) -> Rule:
    """The rule by which `requester` sees `case`, or does not, for `purpose` at the aware time `now`.

    `grants` are those that may open the case to the requester; which of them is in force is decided here.
    """
    if case.withdrawn:
        return Rule.WITHDRAWN
    if is_expired(case.retain_until, now):
        return Rule.EXPIRED
    if requester.operates:
        return Rule.OPERATOR
    if not requester.reads:
        return Rule.READS_NOTHING
    if case.agency == requester.agency:
        return Rule.OWNER
    return _decide_foreign(case, requester, purpose, now, grants)


def _decide_foreign(
    case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant]
) -> Rule:
    handling = case.handling
    if not is_released(handling.releasable_to, requester.country):
        return Rule.NOT_RELEASED
    if purpose not in handling.purposes:
        return Rule.PURPOSE
    if handling.code in FULL_CODES:
        return Rule.RELEASED
    if handling.code != HIT_ONLY:
        return Rule.SILENT
    return _decide_granted(case, requester, now, grants)


def _decide_granted(case: CaseMeta, requester: Requester, now: datetime, grants: Iterable[Grant]) -> Rule:
    """A grant to the agency goes before a break-glass: it is the owner's own decision."""
    subjects = {grant.subject for grant in grants if _in_force(grant, case, requester, now)}
    if not subjects:
        return Rule.HIT_ONLY
    return Rule.GRANTED if "" in subjects else Rule.BREAK_GLASS


def find_access_end(case: CaseMeta, requester: Requester, now: datetime, grants: Iterable[Grant]) -> datetime | None:
    """When the last of the grants ends that open a hit-only case to `requester` at `now`; None where none does."""
    return max((grant.until for grant in grants if _in_force(grant, case, requester, now)), default=None)


def decide_view(
    case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant] = ()
) -> View:
    """How `requester` may see `case`: the view of the rule that decides."""
    return decide(case, requester, purpose, now, grants).view


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
        _is_stricter_code(now.code, before.code)
        or _is_narrower(now.releasable_to, before.releasable_to)
        or not set(before.purposes) <= set(now.purposes)
    )


def _is_stricter_code(now: str, before: str) -> bool:
    """Where either is no code that we know, nothing stays granted."""
    if now not in STRICTNESS or before not in STRICTNESS:
        return True
    return STRICTNESS.index(now) > STRICTNESS.index(before)


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
    """Whether a supervisor may open this case with a reason: hit-only content that they see as a hit, never H3."""
    return "supervisor" in requester.roles and seen is View.HIT and case.handling.code == HIT_ONLY


def may_confirm_glass(case: CaseMeta, requester: Requester, seen: View, asked_by: str) -> bool:
    """Whether a supervisor may confirm what another, `asked_by`, of the same agency requested of a case that both see.

    Nobody confirms the own request, in whatever role.
    """
    return (
        "supervisor" in requester.roles
        and requester.subject != asked_by
        and seen is not View.NOTHING
        and case.handling.code == HIT_ONLY
    )
