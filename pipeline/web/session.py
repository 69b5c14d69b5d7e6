"""Who looks at a page: cookies hold the token and the grounds of the working session, nothing is kept at the server.

The token is signed by whoever issued it and the grounds are the user's own statement, so neither needs a seal of ours;
both cookies are HttpOnly, SameSite=Lax, and end with the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pipeline.access.release import Rule
from pipeline.access.requester import Grounds, GroundsError, Requester, Role, parse_grounds
from pipeline.access.tokens import TokenError
from pipeline.api.admission import limit_rate
from pipeline.api.headers import NONCE
from pipeline.api.runtime import Runtime
from pipeline.api.session import Session
from pipeline.web import csrf
from pipeline.web.i18n import Words, choose_language, load_words
from pipeline.web.page_template import DENSITIES, THEMES
from pipeline.web.site import Site

TOKEN, GROUNDS, LANGUAGE, THEME = "liaison_token", "liaison_grounds", "liaison_language", "liaison_theme"
DENSITY = "liaison_density"
VISIT = "liaison_visit"
"""Where a request's state keeps its visit."""

YEAR_S = 365 * 24 * 3600


class Visit(NamedTuple):
    """One page for one visitor; `requester` and `grounds` are None until signed in."""

    runtime: Runtime
    words: Words
    theme: str
    requester: Requester | None = None
    grounds: Grounds | None = None
    token: str = ""
    csrf: str = ""
    """The token that this browser's forms hold (pipeline.web.csrf)."""
    nonce: str = ""
    """What the page's own scripts bear (pipeline.api.headers)."""
    note_shown: Callable[[str, Rule, str], None] = lambda *_: None
    """Told of each case that the page shows, by which rule, and of its handling code."""
    density: str = DENSITIES[0]
    phones: Mapping[str, str] = {}
    """People's phones by their sign-in names (`Site.phones`)."""

    @property
    def signed_in(self) -> bool:
        """Whether there is somebody with a stated purpose."""
        return self.requester is not None and self.grounds is not None

    @property
    def who(self) -> str:
        """The subject who is signed in."""
        return self.requester.subject if self.requester else ""

    @property
    def roles(self) -> frozenset[Role]:
        """What the token lets its bearer do."""
        return self.requester.roles if self.requester else frozenset()

    def new_session(self, file_form: str = "") -> Session:
        """A session of the services for one request; each action makes its own, so that each has its own time.

        With `file_form` what it reads is recorded as an export in that form.
        """
        if self.requester is None or self.grounds is None:
            raise TokenError("nobody is signed in")
        language, note = self.words.language, self.note_shown
        return Session(self.runtime, self.requester, self.grounds, language, note_shown=note, file_form=file_form)

    async def check_session(self) -> None:
        """Raises TokenError where the session has ended since, KeysAwayError while that can't be told."""
        await self.runtime.requester(self.token)

    async def admit_action(self) -> None:
        """Let one action of an open page pass. Raises as `check_session`, and TooManyRequestsError beyond a rate."""
        await limit_rate(self.runtime, await self.runtime.requester(self.token))


async def get_visit(request: Request, site: Site) -> Visit:
    """Who sends this request; admission finds out, and whatever then serves it goes by that."""
    held: Visit | None = getattr(request.state, VISIT, None)
    if held is None:
        held = await _read_visit(request, site)
        setattr(request.state, VISIT, held)
    return held


async def _read_visit(request: Request, site: Site) -> Visit:
    """Read a request's cookies; a token that does not hold any more is as good as none."""
    cookies, runtime = request.cookies, site.runtime
    token = cookies.get(TOKEN, "")
    language = choose_language(request.headers.get("accept-language", ""), cookies.get(LANGUAGE, ""))
    theme, density = cookies.get(THEME, ""), cookies.get(DENSITY, "")
    words = load_words(language).knowing(runtime.agencies, site.names)
    found = Visit(
        runtime, words, theme if theme in THEMES else THEMES[0], token=token,
        csrf=csrf.make_form_token(csrf.ensure_secret(request), token), nonce=getattr(request.state, NONCE, ""),
        density=density if density in DENSITIES else DENSITIES[0], phones=site.phones,
    )  # fmt: skip
    try:
        requester = await runtime.requester(token)
        return found._replace(requester=requester, grounds=_parse_grounds(cookies.get(GROUNDS, "")))
    except TokenError:
        return found


def _parse_grounds(cookie: str) -> Grounds | None:
    try:
        stated = msgspec.json.decode(unquote(cookie), type=dict[str, str])
        return parse_grounds(stated.get("purpose"), stated.get("case_reference"))
    except (msgspec.DecodeError, GroundsError):
        return None


def set_session_cookies(response: Response, request: Request, token: str, stated: Grounds) -> None:
    """Set the cookies of a working session."""
    csrf.set_cookie(response, request, TOKEN, token)
    set_grounds_cookie(response, request, stated)


def set_grounds_cookie(response: Response, request: Request, stated: Grounds) -> None:
    """Go on with these grounds."""
    csrf.set_cookie(response, request, GROUNDS, quote(msgspec.json.encode(stated).decode()))


def clear_session_cookies(response: Response) -> None:
    """End the working session."""
    response.delete_cookie(TOKEN)
    response.delete_cookie(GROUNDS)


def set_preference_cookie(response: Response, request: Request, name: str, value: str) -> None:
    """Keep a choice of language, theme or density for a year."""
    csrf.set_cookie(response, request, name, value, YEAR_S)
