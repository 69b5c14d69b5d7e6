from __future__ import annotations

import pytest

from pipeline.access.requester import Requester, Role
from pipeline.access.session_checks import check_agency
from pipeline.access.tokens import TokenError
from pipeline.records.agencies import Agency, AgencyState
from support.access.requesters import make_requester

REGISTRY = {"fr-pj": Agency("fr-pj", "FR"), "be-fp": Agency("be-fp", "BE", state=AgencyState.REMOVED)}
READING = sorted(set(Role) - {Role.OPS, Role.OPERATOR})


@pytest.mark.parametrize("role", Role)
def test_an_agency_that_takes_part_is_believed_of_its_own_country_alone(role: Role) -> None:
    check_agency(make_requester("fr-pj", role), REGISTRY)
    with pytest.raises(TokenError, match="country"):
        check_agency(make_requester("fr-pj", role, country="DE"), REGISTRY)


@pytest.mark.parametrize("role", Role)
def test_one_that_has_left_opens_nothing(role: Role) -> None:
    with pytest.raises(TokenError, match="has left"):
        check_agency(make_requester("be-fp", role), REGISTRY)


@pytest.mark.parametrize("roles", [(), *((role,) for role in READING), *((Role.OPS, role) for role in READING)])
def test_one_that_nobody_knows_opens_nothing(roles: tuple[Role, ...]) -> None:
    with pytest.raises(TokenError, match="is not registered here"):
        check_agency(Requester("anna", "xx-made-up", "FR", frozenset(roles)), REGISTRY)


def test_who_runs_the_installation_needs_no_agency() -> None:
    check_agency(make_requester("", Role.OPERATOR), REGISTRY)
    check_agency(make_requester("liaison-ops", Role.OPS, country="NL"), REGISTRY)
