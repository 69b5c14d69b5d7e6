"""Everything that is not an answer, as problem details (RFC 9457), in the caller's language.

Messages never echo stored values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pipeline.errors import LiaisonError
from pipeline.locale import LANGUAGES, SOURCE, translate


def translate_error(error: LiaisonError, language: str) -> str:
    """An error's message in one of LANGUAGES."""
    values = {name: translate(str(value), language) for name, value in error.values.items()}
    return translate(error.message, language, **values)


def negotiate_language(accepted: str) -> str:
    """The best of LANGUAGES by an Accept-Language header (RFC 9110, 12.5.4), English where it names none."""
    wanted = sorted((_parse_weight(part) for part in accepted.split(",")), key=lambda weighted: -weighted[1])
    return next((name for name, weight in wanted if name in LANGUAGES and weight > 0), SOURCE)


def _parse_weight(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    try:
        weight = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return name.strip().split("-")[0].lower(), weight


PROBLEM_TYPE: Final = "application/problem+json"


BLANK: Final = "about:blank"
"""The type of a problem that its status says all of (RFC 9457, 4.2.1)."""


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | UnsetType = UNSET
    fields: Annotated[list[str], Meta(description="What is missing or wrong.")] | UnsetType = UNSET
    case: Annotated[str, Meta(description="The case that you have access to already.")] | UnsetType = UNSET
    request_id: str | UnsetType = UNSET


Detail = str | LiaisonError
"""What there is to say of a problem; a message with {places} is an error with their values."""


class ProblemError(LiaisonError):
    """Ends a request with `status`; `title` is the same for all of its kind, `detail` is about this one."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: Detail = "",
        headers: Mapping[str, str] | None = None,
        *,
        fields: list[str] | UnsetType = UNSET,
        case: str | UnsetType = UNSET,
    ) -> None:
        said = LiaisonError(detail) if isinstance(detail, str) else detail
        super().__init__(said.message or self.title, **said.values)
        self.detailed = bool(said.message)
        self.headers = dict(headers or {})
        self.fields, self.case = fields, case

    def describe(self, request_id: str, language: str) -> Problem:
        """What is answered, in one of LANGUAGES."""
        detail = translate_error(self, language) if self.detailed else UNSET
        title, named = translate(self.title, language), request_id or UNSET
        return Problem(BLANK, title, self.status, detail, self.fields, self.case, named)


class UnauthenticatedError(ProblemError):
    """No token, or one that does not hold."""

    status, title = 401, "Not signed in"

    def __init__(self, detail: Detail = "") -> None:
        super().__init__(detail, {"WWW-Authenticate": "Bearer"})


class ForbiddenError(ProblemError):
    """The token's roles do not allow this."""

    status, title = 403, "Access denied"


class NotFoundError(ProblemError):
    """There is no such thing, or none for this requester: the two are one answer."""

    status, title = 404, "Not found"


class StalledRequestError(ProblemError):
    """The request's body stopped coming."""

    status, title = 408, "Request timed out"

    def __init__(self, detail: Detail) -> None:
        super().__init__(detail, {"Connection": "close"})


class ConflictError(ProblemError):
    """What was asked contradicts what holds now."""

    status, title = 409, "Conflict"


class RequestTooLargeError(ProblemError):
    """More in one request, or in one line, than is taken; of a feed's records, what was sent by then stays sent."""

    status, title = 413, "Too large"


class UnsupportedMediaTypeError(ProblemError):
    """The body is of a kind that is not read here: compressed, or of another format."""

    status, title = 415, "Unsupported format"


class UnprocessableError(ProblemError):
    """What was asked is incomplete or makes no sense; `fields` names where."""

    status, title = 422, "Invalid request"

    def __init__(self, detail: Detail, *fields: str) -> None:
        super().__init__(detail, fields=list(fields))


class TooManyRequestsError(ProblemError):
    """Beyond what a subject may ask in a time; says when to come back."""

    status, title = 429, "Too many requests"

    def __init__(self, detail: Detail, after_s: int) -> None:
        super().__init__(detail, {"Retry-After": str(after_s)})


class UnavailableError(ProblemError):
    """Kafka, Elasticsearch or the index's freshness does not allow an answer now."""

    status, title = 503, "Temporarily unavailable"

    def __init__(self, detail: Detail, after_s: int = 5) -> None:
        super().__init__(detail, {"Retry-After": str(after_s)})
