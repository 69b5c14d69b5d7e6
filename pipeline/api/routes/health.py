"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from pipeline.api.routes.answers import answer
from pipeline.api.routes.asking import runtime_of
from pipeline.errors import LiaisonError

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="The process lives", response_class=Response)
async def healthz() -> Response:
    """Always 200 while the process answers at all."""
    return answer({"status": "alive"})


@router.get("/readyz", summary="The index answers", response_class=Response)
async def readyz(request: Request) -> Response:
    """200 when reads can be answered, else 503."""
    try:
        await runtime_of(request).reader.case("-")
    except LiaisonError:
        return answer({"status": "the index does not answer"}, 503)
    return answer({"status": "ready"})
