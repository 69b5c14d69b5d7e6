"""Files that a browser sends and keeps, under its own session: exports, lists, and what was found for a list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.api.entity_rows import SUFFIX
from pipeline.api.list_planning import MOST_BYTES
from pipeline.api.list_template import TEMPLATE_TYPES, TemplateForm, write_template
from pipeline.api.problems import ProblemError, translate_error
from pipeline.api.result_files import RESULT_TYPES, ResultForm, name_results, write_results
from pipeline.api.services import audit, cross_reference, exports, folders, list_checks, list_drafts, list_results
from pipeline.api.services.exports import ENDINGS, MEDIA_TYPES, ExportFormat, TableFormat, What
from pipeline.api.services.result_tables import MOST_ROWS, ResultList, tabulate
from pipeline.api.session import Session
from pipeline.api.streaming import name_file, start_file
from pipeline.web import error_pages as astray
from pipeline.web.addresses import folder_path, list_columns_path, list_path
from pipeline.web.components.form import RESULTS_PATH
from pipeline.web.i18n import load_words
from pipeline.web.pages.audit import FILE as AUDIT
from pipeline.web.pages.audit import parse_act_filter
from pipeline.web.pages.checks import parse_list_filter
from pipeline.web.pages.list_columns import parse_targets
from pipeline.web.pages.statistics import PATH as EXPORT
from pipeline.web.session import get_visit
from pipeline.web.sign_in import SEE_OTHER, is_own_form
from pipeline.web.site import Site
from pipeline.web.vocabulary import PURPOSES

CHECKS: Final = "/checks"

JSON: Final = "application/json"
"""What a page's script takes, and no browser that leads its reader elsewhere."""

MAPPED_ALREADY: Final = (".ndjson", ".jsonl", SUFFIX)
"""Files whose fields say what they are."""

ROOM: Final = 64 << 10
"""What a form may take besides the list, chart or file in it."""


def make_router(site: Site) -> APIRouter:
    """The routes of files; the API has its own for programs."""
    routes = APIRouter(include_in_schema=False)
    _add_export_routes(routes, site)
    _add_result_routes(routes, site)
    _add_folder_routes(routes, site)
    _add_list_routes(routes, site)
    return routes


def _add_export_routes(routes: APIRouter, site: Site) -> None:
    """What can be kept of cases, links and acts."""

    @routes.post(EXPORT)
    async def export(
        request: Request, what: Annotated[What, Form()], form: Annotated[ExportFormat, Form()]
    ) -> Response:
        async def answer(session: Session) -> Response:
            parts = exports.export_records(session, what, form)
            return await start_file(session, parts, MEDIA_TYPES[form], name_file(f"{what}.{ENDINGS[form]}"))

        return await serve_signed_in(site, request, answer)

    @routes.post(AUDIT)
    async def acts(request: Request, form: Annotated[TableFormat, Form()]) -> Response:
        wanted = parse_act_filter({name: str(value) for name, value in (await request.form()).items()})

        async def answer(session: Session) -> Response:
            parts = audit.export_acts(session, wanted, form)
            return await start_file(session, parts, audit.MEDIA_TYPES[form], name_file(f"audit.{ENDINGS[form]}"))

        return await serve_signed_in(site, request, answer)


def _add_result_routes(routes: APIRouter, site: Site) -> None:
    """What a page lists, as a person reads it in a spreadsheet."""

    @routes.post(RESULTS_PATH)
    async def results(
        request: Request, what: Annotated[ResultList, Form()], form: Annotated[ResultForm, Form()],
        place: Annotated[str, Form()], only: Annotated[str, Form()] = "",
    ) -> Response:  # fmt: skip
        async def answer(session: Session) -> Response:
            table = await tabulate(session, what, place, _read_marks(only))
            about = _describe_file(session, len(table.rows))
            name = name_results(what, form, table.tell_left_out(session.language), session.language)
            content = await asyncio.to_thread(write_results, form, table, about, session.language, session.now)
            return Response(content, media_type=RESULT_TYPES[form], headers=name_file(name))

        return await serve_signed_in(site, request, answer, file_form=form)


def _read_marks(only: str) -> frozenset[str]:
    """The cases or links of ticked rows, by what these are kept as: "record be-fp:1"."""
    try:
        marks = msgspec.json.decode(only or "[]", type=list[str])
    except msgspec.MsgspecError:
        return frozenset()
    return frozenset(mark.partition(" ")[2] for mark in marks[:MOST_ROWS])


def _describe_file(session: Session, rows: int) -> list[tuple[str, str]]:
    """Who made a file, when and for what."""
    words, who, stated = load_words(session.language), session.requester, session.grounds
    return [
        (words("Exported by"), f"{who.subject} · {who.agency}"),
        (words("Time (UTC)"), words.format_minute(session.now)),
        (words("Purpose"), words.label(PURPOSES, stated.purpose)),
        (words("Your case reference"), stated.case_reference),
        (words("Rows"), words.format_number(rows)),
        (words("Handling"), words("Heed the caveats in this file. Every export is logged, with the records in it.")),
    ]


def _add_folder_routes(routes: APIRouter, site: Site) -> None:
    """What a case folder keeps."""

    @routes.post("/folders/{name}/file")
    async def kept(request: Request, name: str, form: Annotated[TableFormat, Form()]) -> Response:
        async def answer(session: Session) -> Response:
            parts = folders.export_folder(session, name, form)
            return await start_file(
                session, parts, list_results.MEDIA_TYPES[form], name_file(f"folder.{ENDINGS[form]}")
            )

        return await serve_signed_in(site, request, answer, folder_path(name))


def _add_list_routes(routes: APIRouter, site: Site) -> None:
    """A list on its way: its template, its file, its columns, and what was found for it."""

    @routes.get("/checks/template/{form}")
    async def template(request: Request, form: TemplateForm) -> Response:
        content = write_template(form, (await get_visit(request, site)).words.language)
        return Response(content, media_type=TEMPLATE_TYPES[form], headers=name_file(f"liaison-list.{form}"))

    @routes.post(CHECKS, max_body_size=MOST_BYTES + ROOM, form_limits={"max_part_size": MOST_BYTES + ROOM})
    async def submit(
        request: Request, key: Annotated[str, Form()] = "", lines: Annotated[str, Form()] = "",
        file: Annotated[UploadFile | None, File()] = None,
    ) -> Response:  # fmt: skip
        return await serve_signed_in(site, request, lambda session: _submit_list(session, key, lines, file), CHECKS)

    @routes.post("/checks/{name}/start")
    async def check(request: Request, name: str) -> Response:
        targets = parse_targets(await request.form())  # as the form stands, be it faster than the page was told

        async def answer(session: Session) -> Response:
            checked = await list_drafts.check_draft(session, name, targets)
            return RedirectResponse(list_path(checked.list.id), SEE_OTHER)

        return await serve_signed_in(site, request, answer, list_columns_path(name))

    @routes.post("/checks/{name}/file")
    async def found(request: Request, name: str, form: Annotated[list_results.ListFileFormat, Form()]) -> Response:
        wanted = parse_list_filter({field: str(value) for field, value in (await request.form()).items()})

        async def answer(session: Session) -> Response:
            parts = list_results.export_results(session, name, form, wanted)
            return await start_file(
                session, parts, list_results.MEDIA_TYPES[form], name_file(list_results.name_export(session, name, form))
            )

        return await serve_signed_in(site, request, answer)

    @routes.post("/folders/{name}/cross-reference")
    async def cross(request: Request, name: str) -> Response:
        async def answer(session: Session) -> Response:
            made = await cross_reference.cross_reference_folder(session, name)
            return RedirectResponse(list_path(made.list.id), SEE_OTHER)

        return await serve_signed_in(site, request, answer)

    @routes.post("/folders/{name}/entities")
    async def entities(request: Request, name: str) -> Response:
        async def answer(session: Session) -> Response:
            parts = cross_reference.export_folder_entities(session, name)
            return await start_file(session, parts, MEDIA_TYPES["ftm"], name_file(f"folder.{ENDINGS['ftm']}"))

        return await serve_signed_in(site, request, answer)


async def serve_signed_in(
    site: Site,
    request: Request,
    answer: Callable[[Session], Awaitable[Response]],
    back: str = "",
    file_form: str = "",
) -> Response:
    """What `answer` gives for a signed-in visitor; what is wrong is said on a page that leads `back`.

    With `file_form` what is read is recorded as an export. A page's script, which says that it takes JSON, is told in
    it where the answer leads, or what is wrong.
    """
    visitor, to_script = await get_visit(request, site), request.headers.get("Accept") == JSON
    if not visitor.signed_in or not await is_own_form(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    try:
        found = await answer(visitor.new_session(file_form))
        leads = isinstance(found, RedirectResponse) and to_script
        return JSONResponse({"goes": found.headers["Location"]}) if leads else found
    except ProblemError as problem:
        if to_script:
            said = translate_error(problem, visitor.words.language)
            return JSONResponse({"detail": said}, status_code=problem.status)
        return await astray.render_problem(site, request, problem, back)


async def _submit_list(session: Session, key: str, lines: str, file: UploadFile | None) -> Response:
    """Take in the table of a form and lead to its columns; what needs no mapping is a list at once.

    Raises as the services do.
    """
    session.require_reader()
    name = (file.filename or "") if file is not None else ""
    if file is not None and name and not name.lower().endswith(MAPPED_ALREADY):
        draft = await list_drafts.submit_draft(session, await file.read(), name, key)
        return RedirectResponse(list_columns_path(draft.draft.id), SEE_OTHER)
    raw = await file.read() if file is not None and name else _encode_questions(lines)
    answer = await list_checks.submit_list(session, raw, "ndjson", key, name)
    return RedirectResponse(list_path(answer.list.id), SEE_OTHER)


def _encode_questions(lines: str) -> bytes:
    """Lines that were written into a form, each a question, as a list."""
    questions = (line for line in lines.splitlines() if line.strip())
    return b"\n".join(msgspec.json.encode({"question": line}) for line in questions)
