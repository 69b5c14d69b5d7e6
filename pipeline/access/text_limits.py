"""How long the texts may be that people state and that are kept: each limit once, with its reason. Pure.

Who states a longer one is told which, and nothing is kept: a text that was cut would say what nobody wrote. What an
earlier version kept may be longer; it is still read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.errors import LiaisonError
from pipeline.locale import N_


class TextLimit(NamedTuple):
    """`most` characters of a text; `field` is what requests call it, `refusal` what is said of a longer one."""

    most: int
    field: str
    refusal: str


CASE_REFERENCE: Final = TextLimit(
    200, "case_reference", N_("the case reference has more than {most} characters; shorten it")
)
"""Several times what agencies number their cases with. It is in each audit entry, in every alert and request."""

SUBJECT: Final = TextLimit(255, "assignee", N_("the user has more than {most} characters; use their sign-in name"))
"""What OpenID Connect allows a `sub` (OpenID Connect Core 1.0, section 2)."""

REASON: Final = TextLimit(2000, "reason", N_("the reason has more than {most} characters; shorten it"))
"""A page of text, and a bound on what a message of decisions holds."""

COMMENT: Final = TextLimit(REASON.most, "comment", N_("the comment has more than {most} characters; shorten it"))
"""As of a reason."""

LABEL: Final = TextLimit(200, "label", N_("the name has more than {most} characters; shorten it"))
"""What an agency calls an alert, or a record that it asks about: a few words, or the search that found it."""


TITLE: Final = TextLimit(200, "title", N_("the name has more than {most} characters; shorten it"))
"""What a case folder or a chart in it is called."""

NOTE: Final = TextLimit(20_000, "text", N_("the note has more than {most} characters; shorten it or part it in two"))
"""Ten pages of text: what a folder's page shows of each note, and a bound on what a message holds."""


class TooLongError(LiaisonError):
    """A text has more characters than its limit; `field` names it."""

    def __init__(self, limit: TextLimit) -> None:
        super().__init__(limit.refusal, most=limit.most)
        self.field = limit.field


def require_within(limit: TextLimit, text: str) -> None:
    """Raises TooLongError for a text that is longer than its limit."""
    if len(text) > limit.most:
        raise TooLongError(limit)
