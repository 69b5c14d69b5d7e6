"""/v1/list-checks: upload a list, see how far it has come, fetch what was found, delete it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from pipeline.api.cursors import CURSOR_CHARS
from pipeline.api.list_planning import COLUMNS, MOST_BYTES, ListFormat
from pipeline.api.problems import ConflictError, NotFoundError, RequestTooLargeError
from pipeline.api.routes.answers import describe_problems, describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import list_checks as service
from pipeline.api.services.export_formats import TableFormat
from pipeline.api.services.list_checks import FoundFilter, ListFilter
from pipeline.api.streaming import start_file
from pipeline.matching.bands import Band

router = APIRouter(prefix="/v1", tags=["list checks"])

ListIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the list.", examples=["3b1e" * 8])]

FoundParameter = Annotated[
    FoundFilter,
    Query(
        description="Rows with a match in a band, with weaker results alone, with nothing, not put to hit-only "
        "records, or refused."
    ),
]
BandParameter = Annotated[Band, Query(description="Rows whose best match is in this band.")]

FORMS: dict[str, ListFormat] = {"text/csv": "csv", "application/x-ndjson": "ndjson"}

ROW: dict[str, Any] = {
    "id": "3b1e" * 8, "title": "passengers.xlsx", "state": "running", "rows": 4000, "done": 1200,
    "purpose": "investigation", "case_reference": "2026/1", "created": "2026-11-24T12:00:00+00:00",
    "expires": "2026-11-25T12:00:00+00:00", "not_asked": 0,
}  # fmt: skip
ONE: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "list": ROW}
SEVERAL: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "lists": [ROW]}
RESULTS: dict[str, Any] = {
    "as_of": "2026-11-24T12:00:00+00:00",
    "rows": [
        {"row": 1, "line": 2, "id": "A-17", "query": 'name:"Ivan Petrov" born:"1980-05-01"', "problem": None,
         "hint": None, "not_asked": "",
         "hits": [],
         "matches": [{"view": "full", "case": "fr-pj:2026-004711", "agency": "fr-pj", "country": "FR",
                      "title": "Vol à main armée", "caveat": None, "band": "certain", "score": 2310,
                      "met": ["name", "key"],
                      "about": {"entity": "p1", "type": "person", "name": "Ivan Petrov", "born": "1980-05-01"},
                      "compared": [{"field": "name", "label": "name", "level": "same",
                                    "agreement": "all words agree", "asked": "ivan petrov", "record": "ivan petrov",
                                    "bits": 1497}]}]},
    ],
    "next": None,
}  # fmt: skip
BODY = {
    "requestBody": {
        "required": True,
        "description": f"Columns or fields {', '.join(COLUMNS)}; several values of one cell are parted by |, or are a"
        " list.",
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": "id,name,born\nA-17,Ivan Petrov,1980-05-01\n"},
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id":"A-17","phone":"+33612345678"}\n'},
        },
    }
}


@router.post(
    "/list-checks",
    summary="Upload a list",
    status_code=202,
    response_class=Response,
    responses=describe_responses(service.ListCheckAnswer, ONE, ConflictError, RequestTooLargeError, status=202),
    openapi_extra=BODY,
    max_body_size=MOST_BYTES,
)
async def submit(
    request: Request,
    session: SessionOf,
    idempotency_key: Annotated[
        str, Header(max_length=100, description="Sent again with the same key, a list is taken in once.")
    ] = "",
) -> Response:
    """Up to 10,000 rows; each is asked as a search of yours, and audited as one. Results are kept for a day."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = FORMS.get(kind, "csv")
    return json_response(await service.submit_list(session, await request.body(), form, idempotency_key), 202)


@router.get(
    "/list-checks",
    summary="My lists",
    response_class=Response,
    responses=describe_responses(service.ListChecksAnswer, SEVERAL),
)
async def list_checks(session: SessionOf) -> Response:
    """The latest first."""
    return json_response(await service.read_list_checks(session))


@router.get(
    "/list-checks/{name}",
    summary="Progress of a list",
    response_class=Response,
    responses=describe_responses(service.ListCheckAnswer, ONE, NotFoundError),
)
async def list_check(session: SessionOf, name: ListIdPath) -> Response:
    """Its rows, how many of them have been asked, and how many of those were not put to hit-only records."""
    return json_response(await service.read_list_check(session, name))


@router.get(
    "/list-checks/{name}/results",
    summary="Results by page",
    response_class=Response,
    responses=describe_responses(service.ListResultsAnswer, RESULTS, NotFoundError),
)
async def results(
    session: SessionOf,
    name: ListIdPath,
    limit: Annotated[int, Query(ge=1, le=service.MOST)] = 50,
    cursor: Annotated[str, Query(max_length=CURSOR_CHARS)] = "",
    found: FoundParameter = "",
    band: BandParameter = Band.NONE,
) -> Response:
    """Row by row, as far as they have been asked; what you may no longer see is left out.

    A filter may leave a page with fewer rows than `limit`, or none: `next` goes on.
    """
    wanted = ListFilter(found, band)
    return json_response(await service.read_results(session, name, limit, cursor, wanted))


@router.get(
    "/list-checks/{name}/file",
    summary="Results as a file",
    response_class=Response,
    responses=describe_problems(NotFoundError),
)
async def result_file(
    session: SessionOf,
    name: ListIdPath,
    form: Annotated[TableFormat, Query(description="excel: CSV with a byte order mark.")] = "csv",
    found: FoundParameter = "",
    band: BandParameter = Band.NONE,
) -> Response:
    """The same for all rows: CSV with columns for people, `score` in bits, or NDJSON as in pages."""
    found_rows = service.export_results(session, name, form, ListFilter(found, band))
    return await start_file(session, found_rows, service.MEDIA_TYPES[form])


@router.delete(
    "/list-checks/{name}",
    summary="Delete a list",
    response_class=Response,
    responses=describe_responses(service.ListCheckAnswer, ONE, NotFoundError),
)
async def forget(session: SessionOf, name: ListIdPath) -> Response:
    """The list and what was found are gone at once; work on it ends."""
    return json_response(await service.delete_list(session, name))
