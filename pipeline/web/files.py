"""Files that a browser sends and keeps, under its own session: exports, lists, and what was found for a list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import RedirectResponse, Response, StreamingResponse

from pipeline.api.list_rows import MOST_BYTES
from pipeline.api.list_rows import Form as ListForm
from pipeline.api.problems import ProblemError
from pipeline.api.services import audit, exports, list_checks
from pipeline.api.services.audit import ActsFormat
from pipeline.api.services.export_formats import MEDIA_TYPES, Format, What
from pipeline.api.session import Session
from pipeline.api.streaming import start_stream
from pipeline.web import error_pages as astray
from pipeline.web.addresses import list_path
from pipeline.web.components.exporting import PATH as EXPORT
from pipeline.web.pages.audit import FILE as AUDIT
from pipeline.web.pages.audit import parse_act_filter
from pipeline.web.session import get_visit
from pipeline.web.sign_in import SEE_OTHER, is_own_form
from pipeline.web.site import Site

ENDINGS: Final[dict[Format, str]] = {"ndjson": "ndjson", "csv": "csv", "ftm": "ftm.ndjson", "stix": "stix.json"}

ROOM: Final = 64 << 10
"""What a form may take besides the list in it."""


def make_router(site: Site) -> APIRouter:
    """The routes of files; the API has its own for programs."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(EXPORT)
    async def export(request: Request, what: Annotated[What, Form()], form: Annotated[Format, Form()]) -> Response:
        return await _serve_signed_in(site, request, lambda session: _export_response(session, what, form))

    @routes.post(AUDIT)
    async def acts(request: Request, form: Annotated[ActsFormat, Form()]) -> Response:
        sent = {name: str(value) for name, value in (await request.form()).items()}
        return await _serve_signed_in(
            site, request, lambda session: _acts_response(session, parse_act_filter(sent), form)
        )

    @routes.post("/checks", max_body_size=MOST_BYTES + ROOM, form_limits={"max_part_size": MOST_BYTES + ROOM})
    async def submit(
        request: Request, key: Annotated[str, Form()] = "", lines: Annotated[str, Form()] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        return await _serve_signed_in(site, request, lambda session: _submit_list(session, key, lines, file))

    @routes.post("/checks/{name}/file")
    async def found(request: Request, name: str, form: Annotated[ListForm, Form()]) -> Response:
        return await _serve_signed_in(site, request, lambda session: _results_response(session, name, form))

    return routes


async def _serve_signed_in(site: Site, request: Request, answer: Any) -> Response:
    """What `answer` gives for a signed-in visitor; what is wrong is said on a page."""
    visitor = await get_visit(request, site.runtime)
    if not visitor.signed_in or not await is_own_form(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    try:
        response: Response = await answer(visitor.new_session())
    except ProblemError as problem:
        return await astray.render_problem(site, request, problem)
    return response


async def _export_response(session: Session, what: What, form: Format) -> Response:
    return await _file_response(
        exports.export_records(session, what, form), f"{what}.{ENDINGS[form]}", MEDIA_TYPES[form]
    )


async def _acts_response(session: Session, wanted: audit.ActFilter, form: ActsFormat) -> Response:
    return await _file_response(audit.export_acts(session, wanted, form), f"audit.{form}", audit.MEDIA_TYPES[form])


async def _results_response(session: Session, name: str, form: ListForm) -> Response:
    return await _file_response(
        list_checks.export_results(session, name, form), f"found.{form}", list_checks.MEDIA_TYPES[form]
    )


async def _file_response(parts: AsyncIterator[bytes], name: str, kind: str) -> Response:
    kept = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(await start_stream(parts), media_type=kind, headers=kept)


async def _submit_list(session: Session, key: str, lines: str, file: UploadFile | None) -> Response:
    """Take in the list of a form, then lead to its page. Raises as `submit` does."""
    session.require_reader()
    raw, form = await _read_list(lines, file)
    answer = await list_checks.submit_list(session, raw, form, key)
    return RedirectResponse(list_path(answer.list.id), SEE_OTHER)


async def _read_list(lines: str, file: UploadFile | None) -> tuple[bytes, ListForm]:
    """A form's file, or the lines that were written into it, each a question."""
    if file is not None and file.filename:
        return await file.read(), "ndjson" if file.filename.endswith((".ndjson", ".jsonl")) else "csv"
    questions = (line for line in lines.splitlines() if line.strip())
    return b"\n".join(msgspec.json.encode({"question": line}) for line in questions), "ndjson"
