"""Why a request was answered or refused, as its audit entry states it. It tells nothing of any record."""

from __future__ import annotations

from enum import StrEnum


class RequestRule(StrEnum):
    """The rule that decided on a request; which rule showed a record (release.Rule) stands beside the record."""

    ROLE = "role"
    """A role of the bearer's allows it."""
    OPERATOR = "operator"
    """The bearer operates the installation."""
    COMMAND = "command"
    """Whoever may run the installation's commands may do it."""
    TRAIL = "trail"
    """The audit trail's own entry, which no person asked for."""
    NOT_SHOWN = "not_shown"
    """Refused: what was named does not exist or is not shown to the bearer, and which of the two is not looked into."""
    NO_SESSION = "no_session"
    """Refused: no token, or one that does not hold."""
    NOT_ALLOWED = "not_allowed"
    """Refused: the bearer's roles or agency do not allow it."""
    NO_GROUNDS = "no_grounds"
    """Refused: purpose or case reference is missing or not on the list."""
    MALFORMED = "malformed"
    """Refused: what was asked is incomplete or makes no sense."""
