from __future__ import annotations

import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.session_checks import check_agency
from pipeline.access.tokens import TokenError
from pipeline.records.agencies import Agency, AgencyState

REGISTRY = {"fr-pj": Agency("fr-pj", "FR"), "be-fp": Agency("be-fp", "BE", state=AgencyState.REMOVED)}
READING = sorted(set(Role) - {Role.OPS, Role.OPERATOR})


def someone(agency: str, country: str, *roles: Role) -> Requester:
    return Requester("anna", agency, country, frozenset(roles))


@pytest.mark.parametrize("role", Role)
def test_an_agency_that_takes_part_is_believed_of_its_own_country_alone(role: Role) -> None:
    check_agency(someone("fr-pj", "FR", role), REGISTRY)
    with pytest.raises(TokenError, match="country"):
        check_agency(someone("fr-pj", "DE", role), REGISTRY)


@pytest.mark.parametrize("role", Role)
def test_one_that_has_left_opens_nothing(role: Role) -> None:
    with pytest.raises(TokenError, match="no longer"):
        check_agency(someone("be-fp", "BE", role), REGISTRY)


@pytest.mark.parametrize("roles", [(), *((role,) for role in READING), *((Role.OPS, role) for role in READING)])
def test_one_that_nobody_knows_opens_nothing(roles: tuple[Role, ...]) -> None:
    with pytest.raises(TokenError, match="does not take part"):
        check_agency(someone("xx-made-up", "FR", *roles), REGISTRY)


def test_who_runs_the_installation_needs_no_agency() -> None:
    check_agency(someone("", "", Role.OPERATOR), REGISTRY)
    check_agency(someone("liaison-ops", "NL", Role.OPS), REGISTRY)
