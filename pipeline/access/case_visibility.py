"""Who could see a case, by which rule, and what other handling would change: the policy, asked for everybody. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from pipeline.access.release import STRICTNESS, CaseMeta, Grant, Rule, View, decide
from pipeline.access.requester import ASKABLE, Purpose, Requester, Role
from pipeline.errors import LiaisonError
from pipeline.matching.handling import Handling
from pipeline.records.agencies import Agency, AgencyState
from pipeline.records.model import EVERY_COUNTRY

PURPOSES: Final = tuple(purpose for purpose in Purpose if purpose in ASKABLE)
"""What somebody can state, in a fixed order."""

OPERATOR: Final = Requester("", "", "", frozenset({Role.OPERATOR}))

MOST_WORDS: Final = 300
"""Countries or purposes that are asked about together: there are 249 countries."""

_COUNTRY: Final = re.compile("[A-Z]{2}")


class HandlingChangeError(LiaisonError):
    """Other handling that no record can have; `field` names what is wrong."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class HandlingChange(msgspec.Struct, frozen=True):
    """Other handling that is asked about; what is None stays as it is."""

    code: str | None = None
    releasable_to: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None

    def apply_to(self, handling: Handling) -> Handling | None:
        """The handling with this change; None where nothing is asked about."""
        asked = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        return msgspec.structs.replace(handling, **asked) if asked else None


class HandlingWords(msgspec.Struct, frozen=True):
    """What of a case's handling decides who sees it, each word written out."""

    code: str
    releasable_to: tuple[str, ...]
    purposes: tuple[str, ...]


class AgencyView(msgspec.Struct, frozen=True):
    """How the people of an agency who read cases see the case for a purpose; `changed_*` under the other handling.

    The installation's operator is the agency "".
    """

    agency: str
    country: str
    purpose: Purpose
    view: View
    rule: Rule
    changed_view: View | None
    changed_rule: Rule | None


class PersonalGrantView(msgspec.Struct, frozen=True):
    """A person who has opened the case by break-glass, for which purposes; `changed_purposes` under other handling."""

    agency: str
    subject: str
    until: datetime
    purposes: tuple[Purpose, ...]
    changed_purposes: tuple[Purpose, ...] | None


class CaseVisibility(msgspec.Struct, frozen=True):
    """Who could see a case; `changed` is the other handling that was asked about."""

    case: str
    handling: HandlingWords
    changed: HandlingWords | None
    agencies: tuple[AgencyView, ...]
    people: tuple[PersonalGrantView, ...]


def handling_change(
    code: str | None = None, releasable_to: Sequence[str] | None = None, purposes: Sequence[str] | None = None
) -> HandlingChange:
    """A change by its words; empty ones count for nothing. Raises HandlingChangeError."""
    countries, allowed = _without_empty(releasable_to), _without_empty(purposes)
    if max(len(countries or ()), len(allowed or ())) > MOST_WORDS:
        raise HandlingChangeError("more countries than there are", "releasable_to")
    if code is not None and code not in STRICTNESS:
        raise HandlingChangeError("handling must be H0, H1, H2 or H3", "handling")
    if any(country != EVERY_COUNTRY and not _COUNTRY.fullmatch(country) for country in countries or ()):
        raise HandlingChangeError("a country is two capital letters, such as FR; * is every country", "releasable_to")
    if not set(allowed or ()) <= set(Purpose):
        raise HandlingChangeError("unknown purpose", "purposes")
    return HandlingChange(code, countries, allowed)


def explain_visibility(
    case: CaseMeta,
    agencies: Iterable[Agency],
    grants: Sequence[Grant],
    now: datetime,
    change: HandlingChange = HandlingChange(),  # noqa: B008 - frozen
) -> CaseVisibility:
    """The policy's decision for each active agency and purpose, and for each person with a grant of its own.

    `grants` are all on this case. Agencies are sorted by name; the operator comes first.
    """
    other = change.apply_to(case.handling)
    changed = None if other is None else msgspec.structs.replace(case, handling=other)
    active = {agency.name: agency for agency in agencies if agency.state is AgencyState.ACTIVE}
    readers = [OPERATOR, *(_agency_reader(active[name]) for name in sorted(active))]
    rows = tuple(_agency_view(case, changed, who, purpose, now, grants) for who in readers for purpose in PURPOSES)
    personal = [grant for grant in grants if grant.subject and grant.agency in active]
    people = [_personal_view(case, changed, grant, active[grant.agency], now) for grant in personal]
    held = sorted((view for view in people if view.purposes), key=lambda view: (view.agency, view.subject))
    return CaseVisibility(
        case.case, _handling_words(case.handling), _handling_words(other) if other else None, rows, tuple(held)
    )


def _handling_words(handling: Handling) -> HandlingWords:
    return HandlingWords(handling.code, handling.releasable_to, handling.purposes)


def _agency_reader(agency: Agency, subject: str = "", role: Role = Role.INVESTIGATOR) -> Requester:
    """Anybody of the agency who reads cases; grants to one person alone do not count without a subject."""
    return Requester(subject, agency.name, agency.country, frozenset({role}))


def _agency_view(
    case: CaseMeta, changed: CaseMeta | None, who: Requester, purpose: Purpose, now: datetime, grants: Sequence[Grant]
) -> AgencyView:
    rule = decide(case, who, purpose, now, grants)
    then = decide(changed, who, purpose, now, grants) if changed else None
    return AgencyView(who.agency, who.country, purpose, rule.view, rule, then.view if then else None, then)


def _personal_view(
    case: CaseMeta, changed: CaseMeta | None, grant: Grant, agency: Agency, now: datetime
) -> PersonalGrantView:
    who = _agency_reader(agency, grant.subject, Role.SUPERVISOR)
    held = _opened_purposes(case, who, grant, now)
    then = _opened_purposes(changed, who, grant, now) if changed else None
    return PersonalGrantView(grant.agency, grant.subject, grant.until, held, then)


def _opened_purposes(case: CaseMeta, who: Requester, grant: Grant, now: datetime) -> tuple[Purpose, ...]:
    """The purposes for which a person reads the case under the grant alone."""
    return tuple(purpose for purpose in PURPOSES if decide(case, who, purpose, now, [grant]) is Rule.BREAK_GLASS)


def _without_empty(words: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(filter(None, words))
