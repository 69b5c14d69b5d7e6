"""What every request brings: a token, a purpose and a case reference, a language. Nothing is read before all hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pipeline.access.requester import ASKABLE, GroundsError, Requester, parse_grounds
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.api.problems import UnauthenticatedError, UnprocessableError
from pipeline.api.runtime import Runtime
from pipeline.api.session import Session
from pipeline.locale import LANGUAGES

PURPOSE_HEADER = "Liaison-Purpose"
REFERENCE_HEADER = "Liaison-Case-Reference"

_bearer = HTTPBearer(auto_error=False, description="A signed token; `liaison token` makes development ones.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def runtime_of(request: Request) -> Runtime:
    """The server's runtime."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def requester_of(request: Request, _: Bearer) -> Requester:
    """Who asks, as the admission has found. Raises UnauthenticatedError where nobody was admitted."""
    found: Requester | None = getattr(request.state, "requester", None)
    if found is None:
        raise UnauthenticatedError()
    return found


Requesting = Annotated[Requester, Depends(requester_of)]


async def session_of(
    request: Request,
    requester: Requesting,
    purpose: Annotated[
        str | None,
        Header(alias=PURPOSE_HEADER, description=f"One of {', '.join(sorted(ASKABLE))}.", examples=["investigation"]),
    ] = None,
    case_reference: Annotated[
        str | None,
        Header(
            alias=REFERENCE_HEADER,
            description=f"Your own case that this is for, in at most {CASE_REFERENCE.most} characters.",
            examples=["2026/4711"],
        ),
    ] = None,
    accept_language: Annotated[str | None, Header(description=f"{', '.join(LANGUAGES)}.", examples=["fr"])] = None,
) -> Session:
    """The request's session. Raises UnprocessableError naming what is missing of the grounds."""
    try:
        stated = parse_grounds(purpose, case_reference)
    except GroundsError as error:
        raise UnprocessableError(error, *error.fields) from error
    return Session(runtime_of(request), requester, stated, request.state.language, request.state.request_id)


SessionOf = Annotated[Session, Depends(session_of)]
