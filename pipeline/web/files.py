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
from pipeline.api.streaming import begun
from pipeline.web import astray
from pipeline.web.addresses import of_list
from pipeline.web.components.exporting import PATH as EXPORT
from pipeline.web.pages.audit import FILE as AUDIT
from pipeline.web.pages.audit import wanted_of
from pipeline.web.session import visit
from pipeline.web.sign_in import SEE_OTHER, is_own_form
from pipeline.web.site import Site

ENDINGS: Final[dict[Format, str]] = {"ndjson": "ndjson", "csv": "csv", "ftm": "ftm.ndjson", "stix": "stix.json"}

ROOM: Final = 64 << 10
"""What a form may take besides the list in it."""


def router(site: Site) -> APIRouter:
    """The routes of files; the API has its own for programs."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(EXPORT)
    async def export(request: Request, what: Annotated[What, Form()], form: Annotated[Format, Form()]) -> Response:
        return await _answer(site, request, lambda session: _exported(session, what, form))

    @routes.post(AUDIT)
    async def acts(request: Request, form: Annotated[ActsFormat, Form()]) -> Response:
        sent = {name: str(value) for name, value in (await request.form()).items()}
        return await _answer(site, request, lambda session: _acts(session, wanted_of(sent), form))

    @routes.post("/checks", max_body_size=MOST_BYTES + ROOM, form_limits={"max_part_size": MOST_BYTES + ROOM})
    async def submit(
        request: Request, key: Annotated[str, Form()] = "", lines: Annotated[str, Form()] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        return await _answer(site, request, lambda session: _submitted(session, key, lines, file))

    @routes.post("/checks/{name}/file")
    async def found(request: Request, name: str, form: Annotated[ListForm, Form()]) -> Response:
        return await _answer(site, request, lambda session: _found(session, name, form))

    return routes


async def _answer(site: Site, request: Request, answer: Any) -> Response:
    """What `answer` gives for a signed-in visitor; what is wrong is said on a page."""
    visitor = await visit(request, site.runtime)
    if not visitor.signed_in or not await is_own_form(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    try:
        response: Response = await answer(visitor.session())
    except ProblemError as problem:
        return await astray.answer(site, request, problem)
    return response


async def _exported(session: Session, what: What, form: Format) -> Response:
    return await _file(exports.export(session, what, form), f"{what}.{ENDINGS[form]}", MEDIA_TYPES[form])


async def _acts(session: Session, wanted: audit.ActFilter, form: ActsFormat) -> Response:
    return await _file(audit.acts_file(session, wanted, form), f"audit.{form}", audit.MEDIA_TYPES[form])


async def _found(session: Session, name: str, form: ListForm) -> Response:
    return await _file(list_checks.result_file(session, name, form), f"found.{form}", list_checks.MEDIA_TYPES[form])


async def _file(parts: AsyncIterator[bytes], name: str, kind: str) -> Response:
    kept = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(await begun(parts), media_type=kind, headers=kept)


async def _submitted(session: Session, key: str, lines: str, file: UploadFile | None) -> Response:
    """Take in the list of a form, then lead to its page. Raises as `submit` does."""
    session.require_reader()
    raw, form = await _list_in(lines, file)
    answer = await list_checks.submit(session, raw, form, key)
    return RedirectResponse(of_list(answer.list.id), SEE_OTHER)


async def _list_in(lines: str, file: UploadFile | None) -> tuple[bytes, ListForm]:
    """A form's file, or the lines that were written into it, each a question."""
    if file is not None and file.filename:
        return await file.read(), "ndjson" if file.filename.endswith((".ndjson", ".jsonl")) else "csv"
    questions = (line for line in lines.splitlines() if line.strip())
    return b"\n".join(msgspec.json.encode({"question": line}) for line in questions), "ndjson"
