"""What surrounds a case: its neighbourhood, its timeline, one of its entities across cases."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from pipeline.api.problems import NotFoundError
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.routes.links import CaseKeyQuery
from pipeline.api.services import entities
from pipeline.api.services import graph as service

router = APIRouter(prefix="/v1", tags=["surroundings"])

NODE = {"id": "fr-pj:2026-004711", "view": "full", "agency": "fr-pj", "country": "FR", "title": "Vol à main armée"}
AS_OF = "2026-11-24T12:00:00+00:00"
GRAPH: dict[str, Any] = {"as_of": AS_OF, "nodes": [NODE], "edges": [], "complete": True, "left_out": 0}
TIMELINE: dict[str, Any] = {
    "as_of": AS_OF,
    "events": [
        {"when": "2026-10-28", "what": "opened", "case": "fr-pj:2026-004711", "agency": "fr-pj", "entity": None},
    ],
}
ENTITY: dict[str, Any] = {
    "as_of": AS_OF,
    "type": "person",
    "appearances": [
        {"case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR", "band": "certain", "caveat": None,
         "entity": {"id": "p1", "type": "person", "birth_date": "1980-05-01"}},
    ],
    "facts": [{"field": "birth_date", "value": "1980-05-01", "cases": ["fr-pj:2026-004711"]}],
    "relations": [
        {"case": "fr-pj:2026-004711", "country": "FR", "type": "owner", "outgoing": True, "start": "2024-01-02",
         "end": None, "other": {"id": "v1", "type": "vehicle", "plate": "1-ABC-234"}},
    ],
    "complete": True,
}  # fmt: skip


@router.get(
    "/graph",
    summary="Network of a case",
    response_class=Response,
    responses=describe_responses(service.GraphAnswer, GRAPH, NotFoundError),
)
async def graph(
    session: SessionOf, case: CaseKeyQuery, depth: Annotated[int, Query(ge=1, le=service.DEEPEST)] = 1
) -> Response:
    """Cases within a few links; the way never leads through one that is only a hit."""
    return json_response(await service.read_graph(session, case, depth))


@router.get(
    "/timeline",
    summary="Timeline of a case",
    response_class=Response,
    responses=describe_responses(service.TimelineAnswer, TIMELINE, NotFoundError),
)
async def timeline(session: SessionOf, case: CaseKeyQuery) -> Response:
    """Openings, closings and events of a case and of those linked to it that you may read."""
    return json_response(await service.read_timeline(session, case))


@router.get(
    "/entities",
    summary="One entity across cases",
    response_class=Response,
    responses=describe_responses(entities.EntityAnswer, ENTITY, NotFoundError),
)
async def entity(
    session: SessionOf, case: CaseKeyQuery, entity: Annotated[str, Query(min_length=1, max_length=200, examples=["p1"])]
) -> Response:
    """The entities of cases that you may read that, by all their links together, are this one; what each says of it."""
    return json_response(await entities.resolve_entity(session, case, entity))
