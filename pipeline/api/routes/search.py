"""POST /v1/search; the question is in the body, so that it is in no server's log of addresses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.api.routes.answers import answer, described
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import search as service

router = APIRouter(prefix="/v1", tags=["search"])

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "results": [
        {"view": "full", "case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR", "title": "Vol à main armée",
         "caveat": None, "score": 2310, "met": ["name", "key"], "evidence": []},
    ],
    "next": None,
}  # fmt: skip


class SearchBody(BaseModel):
    """A search."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[
        str,
        Field(
            description="Names in any script, numbers, phones, plates (AB?12*), dates, words; quotes and name:, born:,"
            " phone:, email:, number:, plate:, city:, text: say outright what a word is.",
            examples=["иван петров 1980-05", "plate:AB?12*"],
        ),
    ]
    country: Annotated[
        str, Field(pattern="^([A-Z]{2})?$", description="Where phones without a country code are dialled.")
    ] = ""
    limit: Annotated[int, Field(ge=1, le=service.MOST)] = 20


@router.post(
    "/search",
    summary="Find the cases that speak of what is asked",
    response_class=Response,
    responses=described(service.SearchAnswer, EXAMPLE),
)
async def search(body: SearchBody, session: SessionOf) -> Response:
    """The likeliest cases first, each with the reasons why it matched."""
    return answer(await service.search(session, service.Search(**body.model_dump())))
