"""Whether a token that holds may be used now: its claims against the registry, and itself against the deny-list."""

from __future__ import annotations

from typing import Final

from pipeline.access.requester import Requester, Role
from pipeline.access.revocations import DenyList, TokenBearer
from pipeline.access.tokens import TokenError
from pipeline.records.agencies import AgencyState, Registry

STAFF: Final = frozenset({Role.OPERATOR, Role.OPS})
"""Those who run the installation: they need no agency that takes part."""


def check_session(bearer: TokenBearer, registry: Registry, denied: DenyList) -> None:
    """Raises TokenError where the agency does not take part, or the session was ended."""
    check_agency(bearer.requester, registry)
    if denied.covers(bearer):
        raise TokenError("the session has ended; sign in again")


def check_agency(requester: Requester, registry: Registry) -> None:
    """Raises TokenError unless the agency takes part and is of the country that the token says.

    Policy opens records by country, so an issuer that names another one for an agency would open those of others.
    """
    agency = registry.get(requester.agency)
    if agency is None:
        if not requester.roles or requester.roles - STAFF:
            raise TokenError("the token's agency is not registered here")
        return
    if agency.state is AgencyState.REMOVED:
        raise TokenError("the token's agency has left this installation")
    if agency.country != requester.country:
        raise TokenError("the token names another country than its agency's")
