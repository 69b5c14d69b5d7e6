"""The pages on the API's own application: one server, one runtime, one place where access is decided."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from nicegui import ui
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse, Response

from pipeline.api.headers import FORM_TARGETS
from pipeline.web import assets, chart_files, files, layout, live, provider
from pipeline.web import sign_in as signing
from pipeline.web.error_pages import serve_error_pages
from pipeline.web.opening import open_page
from pipeline.web.page import Page
from pipeline.web.page_admission import PageAdmission
from pipeline.web.page_sockets import bind_sockets
from pipeline.web.page_template import ICON, use_own_template
from pipeline.web.pages import PAGES
from pipeline.web.pages import sign_in as sign_in_page
from pipeline.web.session import get_visit
from pipeline.web.site import KnownPerson, PreparedPerson, Site

RECONNECT_S = 20.0
"""How long an open page may be out of reach, as on a train, before it has to be loaded again."""

BUILD_S = 20.0
"""How long a page may take to build its frame on a busy machine."""


def mount_pages(
    api: FastAPI, people: tuple[PreparedPerson, ...] = (), known: Mapping[str, KnownPerson] = MappingProxyType({})
) -> None:
    """Add all pages to the API's application; the last thing done to it, as pages answer what no route does.

    `people` may sign in by a click: only a demo on loopback names any. `known` are all others who sign in.
    """
    names = {person.requester.subject: person.name for person in people}
    names |= {login: person.name for login, person in known.items()}
    site = Site(api, people, names, {login: person.phone for login, person in known.items()})
    use_own_template()
    bind_sockets()
    api.user_middleware.insert(-1, Middleware(PageAdmission, site=site))  # around the limit of bodies, the innermost
    api.include_router(assets.make_router())
    api.include_router(signing.make_router(site))
    api.include_router(live.make_router(site))
    api.include_router(files.make_router(site))
    api.include_router(chart_files.make_router(site))
    for page in PAGES:
        _serve_page(page, site)
    _serve_sign_in(site)
    serve_error_pages(site)
    ui.run_with(
        api, title="Liaison", favicon=ICON.format(colour="#0a6270"), dark=False, tailwind=False,
        reconnect_timeout=RECONNECT_S, show_welcome_message=False, language=None,
    )  # fmt: skip


def _serve_page(page: Page[Any], site: Site) -> None:
    @ui.page(page.path, response_timeout=BUILD_S)
    async def show(request: Request) -> Response | None:
        visitor = await get_visit(request, site)
        if not visitor.signed_in:
            return RedirectResponse(f"{sign_in_page.PATH}?after={quote(request.url.path)}", signing.SEE_OTHER)
        if page.path == layout.HOME and (begins := layout.home_path(visitor.roles)) != layout.HOME:
            return RedirectResponse(begins, signing.SEE_OTHER)
        await open_page(visitor, dict(request.query_params) | request.path_params, page)
        return None


def _serve_sign_in(site: Site) -> None:
    @ui.page(sign_in_page.PATH, response_timeout=BUILD_S)
    async def sign_in(request: Request, after: str = signing.HOME, wrong: str = "") -> None:
        visitor = await get_visit(request, site)
        setattr(request.state, FORM_TARGETS, provider.form_targets(site.runtime.settings))
        sign_in_page.draw(visitor, site, signing.safe_path(after), tuple(wrong.split(",")))
