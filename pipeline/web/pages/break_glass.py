"""Break-glass: what was opened of our records without asking, and what our supervisors asked for or opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from pipeline.access.disclosure_threads import THREAD_STATE_LABELS, GlassVerdict
from pipeline.access.disclosures import AccessRequestRow
from pipeline.access.requester import Role
from pipeline.access.text_limits import COMMENT
from pipeline.api.services.break_glass import confirm_opening, list_break_glass, review_opening, withdraw_request
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.badges import badge
from pipeline.web.components.form import Sent, field, form, select_field
from pipeline.web.components.markup import box, text
from pipeline.web.components.tables import panel
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.pages.access_requests import draw_revoke_form, draw_thread_head, draw_thread_steps, draw_thread_timer
from pipeline.web.session import Visit
from pipeline.web.vocabulary import GLASS_REVIEWS, OVERSIGHTS

FIRST = {"overdue": 0, "awaiting_review": 1, "awaiting_confirmation": 1}
"""What somebody is to act on comes before the rest."""


class BreakGlassPageData(NamedTuple):
    """Break-glass on our records, and by our supervisors."""

    theirs: tuple[AccessRequestRow, ...]
    ours: tuple[AccessRequestRow, ...]


async def load(visit: Visit, _: Parameters) -> BreakGlassPageData:
    """Both lists, what awaits somebody first however old it is."""
    theirs, ours = [await _list_openings(visit, mine) for mine in (False, True)]
    return BreakGlassPageData(theirs, ours)


async def _list_openings(visit: Visit, mine: bool) -> tuple[AccessRequestRow, ...]:
    awaited = (await list_break_glass(visit.new_session(), mine, awaiting=True)).disclosures
    latest = (await list_break_glass(visit.new_session(), mine)).disclosures
    rows = {row.id: row for row in (*awaited, *latest)}
    return tuple(sorted(rows.values(), key=lambda row: FIRST.get(row.oversight or "", len(FIRST))))


def draw(view: OpenPage, loaded: BreakGlassPageData) -> None:
    """Show both lists."""
    words = view.words
    text("h1", words("Emergency access"))
    with panel(words("On our records"), words("we review what a supervisor opened alone"), tight=True):
        _draw_threads(view, loaded.theirs, _draw_owner_actions)
    with panel(words("By our supervisors"), words("a second supervisor confirms"), tight=True):
        _draw_threads(view, loaded.ours, _draw_own_actions)


def _draw_threads(
    view: OpenPage, rows: tuple[AccessRequestRow, ...], actions: Callable[[OpenPage, AccessRequestRow], None]
) -> None:
    if not rows:
        states.draw_empty(view.words("No emergency access"))
        return
    with box("ol", "results"):
        for row in rows:
            _draw_thread(view, row, actions)


def _draw_thread(view: OpenPage, row: AccessRequestRow, actions: Callable[[OpenPage, AccessRequestRow], None]) -> None:
    words, looked = view.words, row.oversight
    with box("li", data_row=""):
        draw_thread_head(view, row)
        with box("p", "score small"):
            if looked:
                badge(words.label(OVERSIGHTS, looked), "warn" if looked in FIRST else "plain")
            if looked != row.state:
                badge(words.label(THREAD_STATE_LABELS, row.state), "plain")
            draw_thread_timer(view, row)
        with box("div", "told"):
            draw_thread_steps(view, row)
        with box("div", "why"):
            actions(view, row)


def _draw_owner_actions(view: OpenPage, row: AccessRequestRow) -> None:
    if row.oversight in ("awaiting_review", "overdue") and Role.SUPERVISOR in view.visit.roles:
        _draw_review_form(view, row.id)
    elif row.state == "granted":
        draw_revoke_form(view, row.id)


def _draw_review_form(view: OpenPage, name: str) -> None:
    """The owner's review, with a word to the agency; what is not justified is closed by it."""
    words = view.words

    async def sent(fields: Sent) -> None:
        act = review_opening(view.visit.new_session(), name, GlassVerdict(fields["verdict"]), fields["comment"])
        await view.run_action(act, words("Review saved"))

    with form(sent, "filters"):
        select_field(words("Decision"), "verdict", name, {code: words(word) for code, word in GLASS_REVIEWS.items()})
        field(words("Comment"), "comment", name, required=True, maxlength=COMMENT.most)
        text("button", words("Save review"), "button main", type="submit")


def _draw_own_actions(view: OpenPage, row: AccessRequestRow) -> None:
    if row.oversight != "awaiting_confirmation" or Role.SUPERVISOR not in view.visit.roles:
        return
    words, name = view.words, row.id
    if row.subject == view.visit.who:
        _draw_button(words("Withdraw request"), _withdraw_handler(view, name))
    else:
        _draw_button(words("Confirm"), _confirm_handler(view, name))


def _withdraw_handler(view: OpenPage, name: str) -> Callable[[], Awaitable[None]]:
    async def pressed() -> None:
        await view.run_action(withdraw_request(view.visit.new_session(), name), view.words("Request withdrawn"))

    return pressed


def _confirm_handler(view: OpenPage, name: str) -> Callable[[], Awaitable[None]]:
    async def pressed() -> None:
        await view.run_action(
            confirm_opening(view.visit.new_session(), name), view.words("Confirmed: the requester now has access")
        )

    return pressed


def _draw_button(word: str, pressed: Callable[[], Awaitable[None]]) -> None:
    text("button", word, "button", type="button").on("click", pressed)


PAGE = Page("/break-glass", N_("Emergency access"), "break-glass", load, draw)
