"""POST /v1/feeds/{agency}/cases: case records as NDJSON from agencies without Kafka; the answer is their receipts."""

from __future__ import annotations

import uuid
from typing import Annotated

from aiokafka.errors import KafkaError
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from pipeline.access.audit import Act, ActKind, RequestRule
from pipeline.access.requester import Role
from pipeline.api import metrics
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ProblemError,
    RequestTooLargeError,
    UnavailableError,
    UnsupportedMediaTypeError,
)
from pipeline.api.routes.endpoints import Requesting, Responses, describe_problems, runtime_of
from pipeline.errors import LiaisonError
from pipeline.feeds import gateway
from pipeline.feeds.client import UPLOAD_NAME
from pipeline.feeds.gateway import OtherFormatError, ReceivedUpload, TooLargeError
from pipeline.feeds.uploads import OtherLinesError
from pipeline.records.agencies import AgencyState
from pipeline.streams.audit.audit_log import ActTooLargeError, AuditError
from pipeline.streams.registers.registry import read_agencies

router = APIRouter(prefix="/v1", tags=["feeds"])

NDJSON = "application/x-ndjson"


UploadQuery = Annotated[
    str,
    Query(
        pattern=f"^({UPLOAD_NAME.pattern})?$",
        description="Names these records in this order: sent again under the same name after a cut connection, none"
        " goes twice, and all are answered; other records under the same name are refused. Left out, every request"
        " stands alone.",
    ),
]

RESPONSES: Responses = {
    200: {
        "description": "One JSON object a line: what was taken; each line left out with reason, JSON pointer and"
        " message; each receipt with its line; last, how many have no receipt yet.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    },
    **describe_problems(NotFoundError, ConflictError),
}
READ_TYPES = frozenset(
    {
        "", NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json",
        "application/cloudevents+json", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain",
    }
)  # fmt: skip
"""What senders call lines of JSON, or nothing in particular (curl: a form)."""

BODY = {"requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}}}


@router.post(
    "/feeds/{agency}/cases", summary="Send case records", response_class=StreamingResponse,
    responses=RESPONSES, openapi_extra=BODY, max_body_size=gateway.MOST_BYTES,
)  # fmt: skip
async def push(
    agency: str, request: Request, requester: Requesting, upload: UploadQuery = "", validate: bool = True
) -> StreamingResponse:
    """One record a line. With `validate`, lines that intake would reject are left out and told."""
    if not requester.operates and (Role.FEED not in requester.roles or requester.agency != agency):
        raise ForbiddenError("sending records needs a token of this agency with the role feed")
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in READ_TYPES:
        raise UnsupportedMediaTypeError("send one record a line, as JSON, not compressed, and nothing else")
    runtime = runtime_of(request)
    known = (await read_agencies(runtime.settings)).get(agency)
    if known is None or known.state is not AgencyState.ACTIVE:
        raise NotFoundError()
    name = upload or f"request-{uuid.uuid4().hex}"
    act = Act(
        ActKind.PUSH, requester.subject, requester.agency, requester.country, tuple(sorted(requester.roles)),
        request=request.state.request_id, object=f"{agency}/{name}",
        rule=RequestRule.OPERATOR if requester.operates else RequestRule.ROLE,
    )  # fmt: skip
    try:
        await runtime.audit.write(act)
        received: ReceivedUpload = await gateway.accept_upload(
            runtime.settings, known, name, request.stream(), validate=validate
        )
    except OtherFormatError as error:
        raise UnsupportedMediaTypeError(error) from error
    except OtherLinesError as error:
        raise ConflictError(error) from error
    except TooLargeError as error:
        raise RequestTooLargeError(error) from error
    except ActTooLargeError as error:
        raise RequestTooLargeError("what is asked is too long to be logged; shorten it") from error
    except AuditError as error:
        metrics.AUDIT_FAILURES.inc()
        raise UnavailableError("access can't be logged right now, so nothing was accepted; try again") from error
    except ClientDisconnect as error:
        raise ProblemError("the request ended early; send it again") from error
    except (LiaisonError, KafkaError) as error:
        raise UnavailableError(error) from error
    return StreamingResponse(gateway.stream_answer(runtime.settings, agency, received), media_type=NDJSON)
