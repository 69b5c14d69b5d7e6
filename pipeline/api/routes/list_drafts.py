"""/v1/list-drafts: upload a table whose columns are guessed, map them before a preview, take it in as a list."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from pipeline.api.list_planning import MOST_BYTES
from pipeline.api.list_template import TEMPLATE_TYPES, TemplateForm, write_template
from pipeline.api.problems import ConflictError, NotFoundError, RequestTooLargeError
from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_problems, describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.routes.list_checks import ONE as LIST
from pipeline.api.services import list_checks
from pipeline.api.services import list_drafts as service
from pipeline.api.streaming import name_file

router = APIRouter(prefix="/v1", tags=["list checks"])

DraftIdPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of the draft.", examples=["3b1e" * 8])]

DraftChangeBody = Annotated[service.ListDraftChange, body_of(service.ListDraftChange)]

SUMMARY: dict[str, Any] = {
    "id": "3b1e" * 8, "title": "passengers.xlsx", "rows": 212, "created": "2026-11-24T12:00:00+00:00",
    "expires": "2026-11-25T12:00:00+00:00",
}  # fmt: skip
DRAFT: dict[str, Any] = SUMMARY | {
    "columns": [
        {"name": "Nom", "filled": 212, "examples": ["Ivan Petrov"], "target": "name"},
        {"name": "Né le", "filled": 210, "examples": ["01/05/1980"], "target": "born"},
        {"name": "Siège", "filled": 212, "examples": ["12A"], "target": ""},
    ],
    "preview": [{"line": 2, "id": "", "question": 'name:"Ivan Petrov" born:"1980-05-01"'}],
    "hints": [
        {"kind": "unread_value", "count": 2, "column": "Né le", "examples": ["vers 1960"]},
        {"kind": "unread_column", "count": 212, "column": "Siège", "examples": ["12A"]},
    ],
    "header": True, "encoding": "", "sheet": "Sheet1", "sheets": ["Sheet1"],
}  # fmt: skip
ONE: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "draft": DRAFT}
SEVERAL: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "drafts": [SUMMARY]}
BODY = {
    "requestBody": {
        "required": True,
        "description": "A table: XLSX, XLS, XLSB, ODS, or CSV in any usual encoding, told by its content.",
        "content": {
            "application/octet-stream": {"schema": {}, "example": "Nom;Né le\nIvan Petrov;01/05/1980\n"},
        },
    }
}


@router.post(
    "/list-drafts",
    summary="Upload a table to map",
    status_code=201,
    response_class=Response,
    responses=describe_responses(service.ListDraftAnswer, ONE, ConflictError, RequestTooLargeError, status=201),
    openapi_extra=BODY,
    max_body_size=MOST_BYTES,
)
async def submit(
    request: Request,
    session: SessionOf,
    title: Annotated[str, Query(max_length=service.MAX_TITLE_CHARS, description="The file's name.")] = "",
    idempotency_key: Annotated[
        str, Header(max_length=100, description="Sent again with the same key, a table is taken in once.")
    ] = "",
) -> Response:
    """Its columns are guessed by their names and values. Nothing is searched before the draft is checked."""
    return json_response(await service.submit_draft(session, await request.body(), title, idempotency_key), 201)


@router.get(
    "/list-drafts",
    summary="My drafts",
    response_class=Response,
    responses=describe_responses(service.ListDraftsAnswer, SEVERAL),
)
async def drafts(session: SessionOf) -> Response:
    """The latest first."""
    return json_response(await service.read_drafts(session))


@router.get(
    "/list-template",
    summary="Template of a list",
    response_class=Response,
    responses=describe_problems(),
)
async def template(session: SessionOf, form: Annotated[TemplateForm, Query()] = "xlsx") -> Response:
    """A table to fill in, with a header in your language."""
    content = write_template(form, session.language)
    return Response(content, media_type=TEMPLATE_TYPES[form], headers=name_file(f"liaison-list.{form}"))


@router.get(
    "/list-drafts/{name}",
    summary="A draft with its preview",
    response_class=Response,
    responses=describe_responses(service.ListDraftAnswer, ONE, NotFoundError),
)
async def draft(session: SessionOf, name: DraftIdPath) -> Response:
    """Its columns, its first rows as they would be searched, and hints on what is left out."""
    return json_response(await service.read_draft(session, name))


@router.put(
    "/list-drafts/{name}",
    summary="Map the columns",
    response_class=Response,
    responses=describe_responses(service.ListDraftAnswer, ONE, NotFoundError),
)
async def change(session: SessionOf, name: DraftIdPath, body: DraftChangeBody) -> Response:
    """What each column is searched as, or how the file is read; the draft as it is then."""
    return json_response(await service.change_draft(session, name, body))


@router.post(
    "/list-drafts/{name}/check",
    summary="Check a draft",
    status_code=202,
    response_class=Response,
    responses=describe_responses(list_checks.ListCheckAnswer, LIST, NotFoundError, ConflictError, status=202),
)
async def check(session: SessionOf, name: DraftIdPath) -> Response:
    """The draft becomes a list of the same id, which is worked on from now on."""
    return json_response(await service.check_draft(session, name), 202)


@router.delete(
    "/list-drafts/{name}",
    summary="Delete a draft",
    response_class=Response,
    responses=describe_responses(service.ListDraftAnswer, ONE, NotFoundError),
)
async def forget(session: SessionOf, name: DraftIdPath) -> Response:
    """The table is gone at once."""
    return json_response(await service.delete_draft(session, name))
