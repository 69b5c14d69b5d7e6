"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from pipeline.api.routes.answers import json_response
from pipeline.api.routes.asking import runtime_of
from pipeline.errors import LiaisonError

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Liveness", response_class=Response)
async def healthz() -> Response:
    """Always 200 while the process answers at all."""
    return json_response({"status": "alive"})


@router.get("/readyz", summary="Readiness", response_class=Response)
async def readyz(request: Request) -> Response:
    """200 when the index answers, else 503. `behind` where it lacks what was pushed LIAISON_MAX_INDEX_LAG ago.

    `without` is how many agencies keep a transaction open: what they pushed behind it is not in, all else is.

    A backlog takes no server out of use: it can still write decisions and take in records, and other agencies' cases
    are as fresh as ever.
    """
    runtime = runtime_of(request)
    try:
        await runtime.reader.read_case("-")
    except LiaisonError:
        return json_response({"status": "the index does not answer"}, 503)
    as_of, allowed = runtime.as_of(), runtime.settings.max_index_lag
    late = bool(allowed) and (as_of is None or (runtime.clock() - as_of).total_seconds() > allowed)
    status, held = "behind" if late else "ready", len(runtime.without())
    return json_response({"status": status, "as_of": as_of and as_of.isoformat(), "without": held})
