"""Signing in and out, and the switches: plain forms and redirects, as only those can set cookies."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from pipeline.access.requester import Grounds, GroundsError, parse_grounds
from pipeline.access.token_keys import issue_token
from pipeline.access.tokens import KeysAwayError, TokenError
from pipeline.locale import LANGUAGES, SOURCE
from pipeline.streams.audit.decision_log import DecisionError
from pipeline.web import csrf, provider, session
from pipeline.web.page_template import DENSITIES, THEMES
from pipeline.web.site import WORKING_DAY, Site, find_person

HOME = "/"
"""Leads on to where the visitor's roles begin."""

SEE_OTHER = 303

OPEN_FORMS = frozenset({"/sign-in", "/sign-out", "/language", "/theme"})
"""Forms that nobody need be signed in for."""

Text = Annotated[str, Form()]


def make_router(site: Site) -> APIRouter:
    """The routes of one site; none of them is part of the API's description."""
    routes = APIRouter(include_in_schema=False)
    _add_sign_in_routes(routes, site)
    _add_switch_routes(routes)
    return routes


def _add_sign_in_routes(routes: APIRouter, site: Site) -> None:
    """The ways in and out."""

    @routes.post("/sign-in")
    async def sign_in(
        request: Request, person: Text = "", token: Text = "", purpose: Text = "", case_reference: Text = "",
        after: Text = HOME,
    ) -> Response:  # fmt: skip
        if not await is_own_form(request):
            return redirect_to_form(after, "origin")
        try:
            stated = parse_grounds(purpose, case_reference)
        except GroundsError as error:
            return redirect_to_form(after, *error.fields)
        if person == provider.CHOICE:
            return await _redirect_to_provider(site, request, stated, after)
        return await _start_session(site, request, _choose_token(site, person, token), stated, after)

    @routes.get("/sign-in/back")
    async def back(request: Request) -> Response:
        try:
            arrived = await provider.complete_sign_in(site, request)
        except TokenError:
            return redirect_to_form(HOME, "token")
        entered = await _start_session(site, request, arrived.token, arrived.grounds, arrived.after)
        entered.delete_cookie(provider.COOKIE)
        return entered

    @routes.post("/sign-out")
    async def sign_out(request: Request, after: Text = HOME) -> Response:
        if not await is_own_form(request):
            return redirect_to_form(HOME, "origin")
        response = redirect_to_form(after, *await _end_session(site, request))
        session.clear_session_cookies(response)
        return response


async def _end_session(site: Site, request: Request) -> tuple[str, ...]:
    """End the session for all servers; what is wrong where it ends in this browser alone."""
    try:
        await site.runtime.end_session(request.cookies.get(session.TOKEN, ""))
    except (DecisionError, KeysAwayError):
        return ("sign-out",)
    except TokenError:  # it had ended
        return ()
    return ()


def _add_switch_routes(routes: APIRouter) -> None:
    """What a visitor may change meanwhile: grounds, language, theme, how high rows are."""

    @routes.post("/grounds")
    async def restate(request: Request, purpose: Text = "", case_reference: Text = "", back: Text = HOME) -> Response:
        if not await is_own_form(request):
            return redirect_to_form(back, "origin")
        try:
            stated = parse_grounds(purpose, case_reference)
        except GroundsError as error:
            return redirect_to_form(back, *error.fields)
        response = RedirectResponse(safe_path(back), SEE_OTHER)
        session.set_grounds_cookie(response, request, stated)
        return response

    @routes.post("/language")
    async def language(request: Request, value: Text = "", back: Text = HOME) -> Response:
        return await _set_preference(request, session.LANGUAGE, value if value in LANGUAGES else SOURCE, back)

    @routes.post("/theme")
    async def theme(request: Request, value: Text = "", back: Text = HOME) -> Response:
        return await _set_preference(request, session.THEME, value if value in THEMES else THEMES[0], back)

    @routes.post("/density")
    async def density(request: Request, value: Text = "", back: Text = HOME) -> Response:
        kept = value if value in DENSITIES else DENSITIES[0]
        return await _set_preference(request, session.DENSITY, kept, back)


def _choose_token(site: Site, person: str, token: str) -> str:
    """The token that was given, or one for a prepared person."""
    found = find_person(site.people, person)
    runtime = site.runtime
    return issue_token(runtime.settings, found.requester, runtime.clock(), WORKING_DAY) if found else token.strip()


async def _redirect_to_provider(site: Site, request: Request, stated: Grounds, after: str) -> Response:
    try:
        return await provider.redirect_to_provider(site, request, stated, safe_path(after))
    except TokenError:
        return redirect_to_form(after, "provider")


async def _start_session(site: Site, request: Request, token: str, stated: Grounds, after: str) -> Response:
    try:
        await site.runtime.requester(token)
    except TokenError:
        return redirect_to_form(after, "token")
    response = RedirectResponse(safe_path(after), SEE_OTHER)
    session.set_session_cookies(response, request, token, stated)
    return response


async def _set_preference(request: Request, name: str, value: str, back: str) -> Response:
    if not await is_own_form(request):
        return redirect_to_form(back, "origin")
    response = RedirectResponse(safe_path(back), SEE_OTHER)
    session.set_preference_cookie(response, request, name, value)
    return response


def redirect_to_form(after: str, *wrong: str) -> Response:
    """Back to the form, naming the fields that were wrong; a question in the address stays there, told to nobody."""
    named = f"&wrong={','.join(wrong)}" if wrong else ""
    return RedirectResponse(f"/sign-in?after={quote(safe_path(after))}{named}", SEE_OTHER)


def safe_path(target: str) -> str:
    """A path of this site, whatever was asked for: a redirect must not lead elsewhere."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return target if safe else HOME


async def is_own_form(request: Request) -> bool:
    """Whether a form was sent from one of our own pages, to this browser's session; call it before the form counts."""
    if not csrf.is_same_origin(request.headers):
        return False
    return csrf.has_valid_token(
        request, request.cookies.get(session.TOKEN, ""), csrf.read_form_token(await request.form())
    )
