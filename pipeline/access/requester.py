"""Who asks, in which role, and for what: purposes are a closed list, and nothing is looked up without one."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pipeline.access.text_limits import CASE_REFERENCE, TooLongError, require_within
from pipeline.errors import LiaisonError


class Role(StrEnum):
    """What a token lets its bearer do."""

    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    OPS = "ops"
    FEED = "feed"
    OPERATOR = "operator"


READERS = frozenset({Role.INVESTIGATOR, Role.SUPERVISOR})
"""Roles that read cases; the operator of the installation reads all of them."""


class Purpose(StrEnum):
    """What data may be asked for; owners allow each purpose by naming it in a case's handling."""

    INVESTIGATION = "investigation"
    PROSECUTION = "prosecution"
    PREVENTION = "prevention"
    MISSING_PERSON = "missing_person"
    BORDER_CHECK = "border_check"
    CORRELATION = "correlation"
    """That agencies are told of links by hits; nobody searches for it."""


ASKABLE = frozenset(Purpose) - {Purpose.CORRELATION}


class Requester(msgspec.Struct, frozen=True):
    """Who a token names."""

    subject: str
    agency: str
    country: str
    roles: frozenset[Role]

    @property
    def reads(self) -> bool:
        """Whether the roles allow reading cases at all."""
        return bool(READERS & self.roles)

    @property
    def operates(self) -> bool:
        """Whether this is the installation's operator, who sees all and is audited like everyone."""
        return Role.OPERATOR in self.roles


class Grounds(msgspec.Struct, frozen=True):
    """Why something is asked: every search, read, export or disclosure states both."""

    purpose: Purpose
    case_reference: str


class GroundsError(LiaisonError):
    """Grounds are missing, not on the list or too long; `fields` names them."""

    def __init__(self, *fields: str, cause: LiaisonError | None = None) -> None:
        if cause is None:
            purposes = ", ".join(sorted(ASKABLE))
            super().__init__(
                "missing or invalid: {fields}; purposes are {purposes}", fields=", ".join(fields), purposes=purposes
            )
        else:
            super().__init__(cause.message, **cause.values)
        self.fields = fields


def parse_grounds(purpose: str | None, case_reference: str | None) -> Grounds:
    """The grounds of a request. Raises GroundsError before anything is looked up."""
    stated = next((askable for askable in ASKABLE if askable == purpose), None)
    reference = (case_reference or "").strip()
    if stated is None:
        raise GroundsError(*(["purpose"] if reference else ["purpose", "case_reference"]))
    if not reference:
        raise GroundsError("case_reference")
    try:
        require_within(CASE_REFERENCE, reference)
    except TooLongError as error:
        raise GroundsError(error.field, cause=error) from error
    return Grounds(stated, reference)
