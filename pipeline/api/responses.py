"""Problems as HTTP responses."""

from __future__ import annotations

import orjson
from fastapi import Request, Response

from pipeline.api.problems import ProblemError
from pipeline.api.routes.answers import PROBLEM_TYPE


def problem_response(request: Request, problem: ProblemError) -> Response:
    """A problem as its response."""
    language: str = request.state.language
    body = orjson.dumps(problem.json_members(request.state.request_id, language))
    headers = {**problem.headers, "Content-Language": language}
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)
