"""Disclosure: what its handling lets one requester or agency see of one case or link at one moment. Pure.

| code | released to the requester, purpose allowed | anyone else |
|------|--------------------------------------------|-------------|
| H0   | full                                       | nothing     |
| H1   | full, with the owner's caveat              | nothing     |
| H2   | hit; full under a grant                    | nothing     |
| H3   | nothing                                    | nothing     |

The owner agency's investigators and supervisors and the installation's operator see every live case in full. Nothing
else decides by handling. Who asks here:

| who asks                                      | what                                                                 |
|-----------------------------------------------|----------------------------------------------------------------------|
| each answer to people                         | `decide` for each case, `decide_link` and `passes_gate` for links    |
| the queries before them                       | narrowed by `narrow_cases`, `narrow_links`                           |
| hits, and notices to the owner of the other   | `release_counterpart`, `may_know`                                    |
| alerts (matches of their questions)           | `release_match`                                                      |
| shared questions                              | `release_shared_question`                                            |
| break-glass                                   | `may_break_glass`, `may_confirm_glass`                               |

Answers to people are built in one place, pipeline/api/answering.py; docs/reference/ways-out.md lists every operation
and file, made from the table of operations.

Other modules carry the answers out: they read, redact, record and send. Whether a question meets a hit-only record
exactly is hit_gate's to say, and is found before; how often somebody is answered is said by hit_ledger for agencies, by
the API's hit_budget for people, by guesses for one name asked with many values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from pipeline.access.requester import Purpose, Requester
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState, is_expired
from pipeline.correlation.projection import CounterpartView
from pipeline.matching.bands import HIT_BAND, Band, ExactMatch
from pipeline.matching.handling import Contact, Handling, OwnerScope
from pipeline.records.model import EVERY_COUNTRY, FULL_CODES, HIT_ONLY, SILENT, is_released

STRICTNESS: Final = ("H0", "H1", HIT_ONLY, SILENT)
"""The handling codes, the least strict first."""

SILENT_CODES: Final = frozenset({SILENT})
"""Of cases that to others are not there. Their owners alone are told of what concerns them."""

GRANTED: Final = "hits"
"""Before the words of a link that shows only to a requester who has been granted a hit-only side of it."""


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


class LinkSight(NamedTuple):
    """How a requester sees a link, and the band that it may know: HIT_BAND of a link with a hit-only side."""

    view: LinkView
    band: Band


UNSEEN: Final = LinkSight(LinkView.NOTHING, Band.NONE)

HIT_VIEWS: Final = frozenset({LinkView.HIT_A, LinkView.HIT_B})
"""Views of a link with a hit-only side."""


class Viewer(NamedTuple):
    """For whom and what a query is narrowed."""

    agency: str
    country: str
    purpose: str


class CaseScope(NamedTuple):
    """Which cases a query brings: those of `codes`, released to one of `countries`, allowed for `purpose`.

    `own`: besides, all of the agency `agency`; else none of them.
    """

    codes: frozenset[str]
    countries: tuple[str, ...]
    purpose: str
    agency: str
    own: bool


class LinkScope(NamedTuple):
    """Which links a query brings: those with one of `words` in their audience, and of `opened` cases more.

    Of the cases that a grant opened, those with one of `opened_words`, which show to nobody without one: a query that
    brought them of all cases would bring what it must not count.
    """

    words: tuple[str, ...]
    opened_words: tuple[str, ...]
    opened: tuple[str, ...]


def decide(case: CaseMeta, requester: Requester, purpose: Purpose, now: datetime, grants: Iterable[Grant] = ()) -> Rule:
    """The rule by which `requester` sees `case`, or does not, for `purpose` at the aware time `now`.

    `grants` are those that may open the case to the requester; which of them is in force is decided here. In this
    order, since the first rule that holds is recorded and explained:

    1. A withdrawn or expired case is gone for everyone, so that no role and no grant brings it back.
    2. The operator sees all else: it answers for the installation, and is audited like everyone.
    3. Who reads no cases reads none, not even the own agency's: roles go before ownership.
    4. The owner agency sees its own, whatever its handling says to others.
    5. Others: what `_decide_foreign` says of release, purpose and code.
    6. Grants come last, and open a hit alone: no grant reaches what is silent, not released or not for the purpose.
       One to the agency goes before a break-glass: it is the owner's own decision.
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
    rule = _decide_foreign(case.handling, requester.country, purpose)
    if rule is not Rule.HIT_ONLY:
        return rule
    subjects = {grant.subject for grant in grants if _in_force(grant, case, requester, now)}
    if not subjects:
        return Rule.HIT_ONLY
    return Rule.GRANTED if "" in subjects else Rule.BREAK_GLASS


def _decide_foreign(handling: Handling, country: str, purpose: str) -> Rule:
    """What handling shows to a country that is not the owner's agency, without a grant: every way out rests on this.

    1. Release and 2. purpose go before the code: they say whether this country may know of the case for this at all.
    3. Codes that nobody knows show what silence shows: a new code must not open what an old one closed.
    """
    if not is_released(handling.releasable_to, country):
        return Rule.NOT_RELEASED
    if purpose not in handling.purposes:
        return Rule.PURPOSE
    if handling.code in FULL_CODES:
        return Rule.RELEASED
    return Rule.HIT_ONLY if handling.code == HIT_ONLY else Rule.SILENT


def find_access_end(case: CaseMeta, requester: Requester, now: datetime, grants: Iterable[Grant]) -> datetime | None:
    """When the last of the grants ends that open a hit-only case to `requester` at `now`; None where none does."""
    return max((grant.until for grant in grants if _in_force(grant, case, requester, now)), default=None)


def _in_force(grant: Grant, case: CaseMeta, requester: Requester, now: datetime) -> bool:
    return (
        grant.case == case.case
        and grant.agency == requester.agency
        and grant.subject in ("", requester.subject)
        and now < grant.until
        and not is_stricter(case.handling, grant.under)
    )


def is_stricter(now: Handling, before: Handling) -> bool:
    """Whether handling lets anyone see less than before: that suspends what was granted before.

    Where either code is none that we know, nothing stays granted.
    """
    if now.code not in STRICTNESS or before.code not in STRICTNESS:
        return True
    return (
        STRICTNESS.index(now.code) > STRICTNESS.index(before.code)
        or (EVERY_COUNTRY not in now.releasable_to and not set(before.releasable_to) <= set(now.releasable_to))
        or not set(before.purposes) <= set(now.purposes)
    )


def decide_link(a: View, b: View, band: Band, exact_a: ExactMatch, exact_b: ExactMatch) -> LinkSight:
    """How a link is seen by one who sees its sides so; `band` is that of all evidence, NONE of what is no link.

    `exact_a` is by what side a, as a question, meets a hit-only side b; `exact_b` the other way round.

    1. Silence wins: where either side is nothing, there is no link.
    2. Two hits are none: what asks must be a record that they read.
    3. Who reads both sides sees the link with its band; what is no link is only ever a hit, so they see nothing.
    4. Who reads one side sees the other as a hit if the one that they read meets it exactly. The band is that of all
       hits: another one would tell what the hidden record says.

    A link of step 4 shows only once it `passes_gate`.
    """
    if View.NOTHING in (a, b) or (a, b) == (View.HIT, View.HIT):
        return UNSEEN
    if View.HIT not in (a, b):
        return LinkSight(LinkView.FULL, band) if band else UNSEEN
    view, asks = (LinkView.HIT_A, exact_b) if a is View.HIT else (LinkView.HIT_B, exact_a)
    return LinkSight(view, HIT_BAND) if asks else UNSEEN


def passes_gate(asks: str, answered: str | None) -> bool:
    """Whether a link with a hit-only side shows to those who read the other: once the gate has answered what that asks.

    `asks` is the hash of the asking side's content now, `answered` of what the gate answered last. Other content is
    another question, which may be over the agency's budget or a guess (hit_ledger).
    """
    return answered == asks


def may_know(claim: Claim, receiver: ClaimSide, other: ClaimSide) -> bool:
    """Whether the receiver's agency may be told that the other side is there, whether or not the claim is of a link.

    1. The receiver's own record allows the purpose of hits: what its owner keeps from correlation asks nothing.
    2. What the other side's handling shows to the receiver's country for that purpose. Own cases are no exception: an
       agency reads links among them, and is told of those that it has not kept silent.
    3. A hit-only side answers exact questions alone.
    """
    if Purpose.CORRELATION not in receiver.handling.purposes:
        return False
    rule = _decide_foreign(other.handling, receiver.country, Purpose.CORRELATION)
    return rule is Rule.RELEASED or (rule is Rule.HIT_ONLY and bool(_asks_by(claim, receiver)))


def release_counterpart(claim: Claim, receiver: ClaimSide, other: ClaimSide) -> CounterpartView | None:
    """What a hit may tell the receiver's agency of the other side; None if it must not know.

    1. A claim that was retracted tells nothing: nothing is left to know of.
    2. What `may_know` keeps back is kept back here.
    3. Of a hit-only record: that it is there, in the one band of all hits, once the receiver's record meets it exactly.
    4. Of any other: the link with band and basis, where there is one.
    """
    if claim.state is ClaimState.RETRACTED or not may_know(claim, receiver, other):
        return None
    if other.handling.code == HIT_ONLY:
        exact = _asks_by(claim, receiver)
        return CounterpartView(other.agency, other.contact, HIT_BAND, False, receiver.hash, exact=exact)
    return CounterpartView(other.agency, other.contact, claim.band, True, basis=claim.basis) if claim.band else None


def _asks_by(claim: Claim, receiver: ClaimSide) -> ExactMatch:
    return claim.exact_a if receiver.case == claim.a.case else claim.exact_b


def release_match(query: ClaimSide, case: ClaimSide, exact: ExactMatch, band: Band, scope: OwnerScope) -> Band:
    """The band in which an agency is told that its alert `query` met `case`; NONE where it is not told.

    `query` is released to the country of its agency alone, for the purpose that it was saved for. `exact` is by what it
    meets the case, `band` how well.

    1. Only cases within `scope`: a match tells whose the case is, hit-only or not.
    2. Own cases, whatever their handling.
    3. What the case's handling shows to that country for that purpose, in the band of the match.
    4. A hit-only case that the search meets exactly, in the one band of all hits.
    """
    if not scope.includes(case.agency, case.country):
        return Band.NONE
    (country,), (purpose,) = query.handling.releasable_to, query.handling.purposes
    rule = Rule.OWNER if case.agency == query.agency else _decide_foreign(case.handling, country, purpose)
    if rule is Rule.HIT_ONLY:
        return HIT_BAND if exact else Band.NONE
    return band if rule.view is View.FULL else Band.NONE


def release_shared_question(asker: str, other: str, exact: ExactMatch) -> bool:
    """Whether two agencies, which both share what they ask, are told of each other.

    1. Not an agency of itself: it knows what it asks.
    2. Only where both ask for the same by exact parts, as of a hit-only record: a likeness would tell what the other
       asks.
    """
    return asker != other and bool(exact)


_SHOWN_CODES: Final = FULL_CODES | {HIT_ONLY}
"""What shows to others at all."""


def narrow_cases(viewer: Viewer, *views: View) -> CaseScope:
    """The cases that one may see in one of these views without a grant; `decide` is asked of each that is found.

    With FULL among the views the viewer's own agency's are in it, else they are left out.
    """
    codes = (FULL_CODES if View.FULL in views else frozenset()) | ({HIT_ONLY} if View.HIT in views else set())
    return CaseScope(codes, (EVERY_COUNTRY, viewer.country), viewer.purpose, viewer.agency, View.FULL in views)


def link_audience(
    a: ClaimSide,
    b: ClaimSide,
    exact_a: ExactMatch = ExactMatch.NONE,
    exact_b: ExactMatch = ExactMatch.NONE,
    *,
    linked: bool = True,
) -> tuple[str, ...]:
    """<country or *>|<purpose> for which both sides are shown; agency:<owner>|<purpose> where the other is to them.

    `exact_a` and `exact_b` are the claim's: a hit-only side that the other does not meet exactly shows under a grant.
    They narrow a query before `decide_link` is asked, and never leave out what it shows; roles, retention and grants
    are left to `decide`. Of a claim that is no link (not `linked`) the words are those of whoever sees a hit-only side
    as a hit; some of these may see it in full after all, which `decide_link` leaves out.
    """
    if not linked:
        return tuple(sorted({*_hit_words(a, b, exact_a), *_hit_words(b, a, exact_b)}))
    kind = "" if _may_reveal(a, b, exact_a) or _may_reveal(b, a, exact_b) else f"{GRANTED}|"
    purposes = set(a.handling.purposes) & set(b.handling.purposes)
    words = {f"{kind}{country}|{purpose}" for country in _shared_countries(a, b) for purpose in purposes}
    return tuple(sorted({*words, *_owner_words(a, b, exact_a), *_owner_words(b, a, exact_b)}))


def requester_words(viewer: Viewer, *, granted: bool = False) -> tuple[str, ...]:
    """The words of an `audience` that let this requester through; `granted` also with a grant for one side."""
    places = (
        f"{EVERY_COUNTRY}|{viewer.purpose}",
        f"{viewer.country}|{viewer.purpose}",
        f"agency:{viewer.agency}|{viewer.purpose}",
    )
    return (*places, *(f"{GRANTED}|{place}" for place in places)) if granted else places


def narrow_links(viewer: Viewer, opened: Iterable[str]) -> LinkScope:
    """The links that one may see, whom a grant or break-glass opened the cases `opened`.

    It is wide enough where one of these has closed since: `decide_link` is asked of each link that is found.
    """
    words = requester_words(viewer)
    return LinkScope(words, requester_words(viewer, granted=True)[len(words) :], tuple(opened))


def _hit_words(full: ClaimSide, hit: ClaimSide, exact: ExactMatch) -> Iterator[str]:
    """Those who see one side in full, and the other, which it meets exactly, as a hit."""
    if exact and hit.handling.code == HIT_ONLY:
        yield from _owner_words(full, hit, exact)
        if full.handling.code in FULL_CODES:
            purposes = set(full.handling.purposes) & set(hit.handling.purposes)
            yield from (f"{country}|{purpose}" for country in _shared_countries(full, hit) for purpose in purposes)


def _may_reveal(full: ClaimSide, other: ClaimSide, exact: ExactMatch) -> bool:
    """Whether whoever reads one side in full without a grant may know of the other."""
    return full.handling.code in FULL_CODES and (other.handling.code != HIT_ONLY or bool(exact))


def _owner_words(owner: ClaimSide, other: ClaimSide, exact: ExactMatch) -> Iterator[str]:
    handling = other.handling
    if handling.code in _SHOWN_CODES and is_released(handling.releasable_to, owner.country):
        kind = f"{GRANTED}|" if handling.code == HIT_ONLY and not exact else ""
        yield from (f"{kind}agency:{owner.agency}|{purpose}" for purpose in handling.purposes)


def _shared_countries(a: ClaimSide, b: ClaimSide) -> frozenset[str]:
    first, second = _released_countries(a), _released_countries(b)
    if EVERY_COUNTRY in first:
        return second
    return first if EVERY_COUNTRY in second else first & second


def _released_countries(side: ClaimSide) -> frozenset[str]:
    if side.handling.code not in _SHOWN_CODES:
        return frozenset()
    countries = frozenset(side.handling.releasable_to)
    return frozenset({EVERY_COUNTRY}) if EVERY_COUNTRY in countries else countries


def is_silent(handling: Handling) -> bool:
    """Whether to others there is no such case; its owner alone is told of what concerns it."""
    return handling.code in SILENT_CODES


def is_withheld(handling: Handling) -> bool:
    """Whether others see nothing of such a case, or a hit: then it is found by what it is equal to."""
    return handling.code not in FULL_CODES


def asks_gate(handling: Handling) -> bool:
    """Whether what tells another agency of a case passes the gate first, as of a hit-only record.

    The gate counts the answers by agency and lets guesses meet nothing (hit_ledger, guesses).
    """
    return handling.code == HIT_ONLY


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
