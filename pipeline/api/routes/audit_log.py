"""/v1/audit/log: the audit as a transparency log, by which an agency proves who saw its records."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from pipeline.api.routes.answers import describe_problems, describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import audit_log as service
from pipeline.api.streaming import start_file

router = APIRouter(prefix="/v1/audit/log", tags=["audit log"])

MAX_SIZE = 2**53 - 1
"""What every JSON reader holds exactly."""

Size = Annotated[int, Query(ge=1, le=MAX_SIZE, description="A size that the log has had.")]

NOTE = (
    "liaison.example/audit\n4711\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntime 2026-11-24T12:00:00+00:00\n\n"
    "\u2014 liaison.example/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo=\n"
)
A_NOTE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A signed note.", "content": {"text/plain": {"example": NOTE}}}
}
HASH = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
CONSISTENCY: dict[str, Any] = {"first": 4000, "second": 4711, "path": [HASH]}
INCLUSION: dict[str, Any] = {"index": 12, "size": 4711, "leaf": HASH, "path": [HASH]}
KEYS: dict[str, Any] = {"keys": {"5f083f0a": "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh-QQt4YwoJz8c"}}


@router.get(
    "/head",
    summary="The log's signed head",
    response_class=Response,
    responses=A_NOTE | describe_problems(),
)
async def head(session: SessionOf) -> Response:
    """A checkpoint (c2sp.org/tlog-checkpoint) of the last minute in which something was done; for auditors."""
    return Response(service.read_head(session), media_type="text/plain; charset=utf-8")


@router.get(
    "/consistency",
    summary="Proof that the log has only grown",
    response_class=Response,
    responses=describe_responses(service.ConsistencyAnswer, CONSISTENCY),
)
async def consistency(session: SessionOf, first: Size, second: Size) -> Response:
    """The proof between two sizes that the log has had."""
    return json_response(service.prove_consistency(session, first, second))


@router.get(
    "/inclusion",
    summary="Proof that a leaf is in the log",
    response_class=Response,
    responses=describe_responses(service.InclusionAnswer, INCLUSION),
)
async def inclusion(
    session: SessionOf, index: Annotated[int, Query(ge=0, le=MAX_SIZE, description="The leaf's index.")], size: Size
) -> Response:
    """The path of a leaf, which tells nothing of its entry, in the tree of a size that the log has had."""
    return json_response(service.prove_inclusion(session, index, size))


@router.get(
    "/keys",
    summary="Your agency's tag keys",
    response_class=Response,
    responses=describe_responses(service.TagKeysAnswer, KEYS),
)
async def keys(session: SessionOf) -> Response:
    """With them your agency finds what concerns it among the log's leaves; keep them to yourselves."""
    return json_response(await service.read_tag_keys(session))


@router.get(
    "/accesses", summary="Proof of who saw your records", response_class=Response, responses=describe_problems()
)
async def accesses(
    session: SessionOf,
    first: Annotated[int, Query(ge=0, le=MAX_SIZE, description="How many leaves your witness has seen.")] = 0,
) -> Response:
    """A file for `liaison feed verify-audit`: acts of your people, and others' in which your records were shown."""
    return await start_file(session, service.prove_accesses(session, first), "application/x-ndjson")
