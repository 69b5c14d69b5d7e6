"""POST /v1/search; the question is in the body, so that it is in no server's log of addresses."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from pipeline.access.opaque import CURSOR_CHARS
from pipeline.api.routes.answers import answer, described
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import search as service
from pipeline.index.filters import LONGEST, is_day


def _day(text: str) -> str:
    if not is_day(text):
        raise ValueError("not a day")
    return text


router = APIRouter(prefix="/v1", tags=["search"])

EXAMPLE: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "results": [
        {"view": "full", "case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR", "title": "Vol à main armée",
         "caveat": None, "score": 2310, "band": "certain", "met": ["name", "key"],
         "why": ["+23.1  birth date: same day"], "evidence": []},
    ],
    "hits": [
        {"view": "hit", "reference": "9a7e" * 10, "agency": "be-fp", "contact": {"unit": "DJSOC"}, "band": "certain"},
    ],
    "hits_left": 199,
    "next": None,
}  # fmt: skip


Day = Annotated[str, AfterValidator(_day), Field(examples=["2026-10-28"])]


Value = Annotated[str, Field(max_length=LONGEST)]
StrictGoal = Annotated[StrictInt, Field(ge=1, le=7)]
Goal = Annotated[int, Field(ge=1, le=7)]


class FiltersBody(BaseModel):
    """What narrows a search; all that are given must hold."""

    model_config = ConfigDict(extra="forbid")

    agencies: Annotated[list[Value], Field(max_length=50, description="Owner agencies.")] = []
    countries: Annotated[list[Value], Field(max_length=50, description="Owners' countries.")] = []
    offences: Annotated[list[Value], Field(max_length=50, description="scheme:code.", examples=[["ICCS:0501"]])] = []
    goals: Annotated[list[StrictGoal], Field(max_length=7, description="Global Policing Goals, 1 to 7.")] = []
    opened_from: Day | None = None
    opened_to: Day | None = None
    closed_from: Day | None = None
    closed_to: Day | None = None
    open_only: StrictBool = False


class FiltersQuery(FiltersBody):
    """The same in an address, where everything is text."""

    goals: Annotated[list[Goal], Field(max_length=7, description="Global Policing Goals, 1 to 7.")] = []
    open_only: bool = False


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
    ] = ""
    country: Annotated[
        str, Field(pattern="^([A-Z]{2})?$", description="Where phones without a country code are dialled.")
    ] = ""
    limit: Annotated[StrictInt, Field(ge=1, le=service.MOST)] = 20
    cursor: Annotated[str, Field(max_length=CURSOR_CHARS, description="`next` of the page before.")] = ""
    filters: FiltersBody = FiltersBody()
    share: Annotated[
        StrictBool,
        Field(description="Agencies that share a standing query for the same are told, and so are you."),
    ] = False


@router.post(
    "/search",
    summary="Search cases",
    response_class=Response,
    responses=described(service.SearchAnswer, EXAMPLE),
)
async def search(body: SearchBody, session: SessionOf) -> Response:
    """The likeliest cases first, each with the reasons why it matched."""
    return answer(await service.search(session, msgspec.convert(body.model_dump(), service.Search)))
