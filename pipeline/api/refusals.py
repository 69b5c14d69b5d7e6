"""Requests that are refused (401, 403, 415, 422) are on record too: who tries what they may not shows in the audit.

Recorded within the rate of a person's requests, and within one such rate for all whose token does not hold: what is
beyond that, or can't be recorded, is counted. A refusal discloses nothing, so it is answered either way.
"""

from __future__ import annotations

from typing import Final

import msgspec
from fastapi import Request, Response

from pipeline.access.audit import Act, ActKind, RequestRule
from pipeline.access.requester import GroundsError, Requester
from pipeline.api import metrics
from pipeline.api.metrics import request_method, request_route
from pipeline.api.problems import PROBLEM_TYPE, ProblemError
from pipeline.api.runtime import Runtime
from pipeline.streams.audit.audit_log import AuditError

RULES: Final = {
    401: RequestRule.NO_SESSION,
    403: RequestRule.NOT_ALLOWED,
    415: RequestRule.MALFORMED,
    422: RequestRule.MALFORMED,
}
"""The refusals that are recorded, by their status."""

NO_NAME: Final = "-"
"""Whoever has no valid token, all together."""

NOBODY: Final = Requester("", "", "", frozenset())


async def answer_refusal(request: Request, problem: ProblemError) -> Response:
    """The answer to a request that is refused, once that is on record."""
    await record_refusal(request, problem)
    return problem_response(request, problem)


def problem_response(request: Request, problem: ProblemError) -> Response:
    """A problem as its response."""
    language: str = request.state.language
    body = msgspec.json.encode(problem.describe(request.state.request_id, language))
    headers = {**problem.headers, "Content-Language": language}
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)


async def record_refusal(request: Request, problem: ProblemError) -> None:
    """Record who was refused, as far as the token tells, why, and on which route; never what was sent."""
    runtime: Runtime | None = getattr(request.app.state, "runtime", None)
    if problem.status not in RULES or runtime is None:
        return
    who: Requester = getattr(request.state, "requester", NOBODY)
    if await runtime.refusals.count_request(who.agency or NO_NAME, who.subject or NO_NAME):
        metrics.REFUSALS_NOT_RECORDED.inc()
        return
    act = Act(
        ActKind.REFUSED,
        subject=who.subject,
        agency=who.agency,
        country=who.country,
        roles=tuple(sorted(who.roles)),
        request=request.state.request_id,
        object=f"{problem.status} {request_method(request.scope)} {request_route(request.scope)}",
        rule=RequestRule.NO_GROUNDS if isinstance(problem.__cause__, GroundsError) else RULES[problem.status],
    )
    try:
        await runtime.audit.write(act)
    except AuditError:
        metrics.REFUSALS_NOT_RECORDED.inc()
