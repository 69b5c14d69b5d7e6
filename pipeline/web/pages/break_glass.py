"""Break-glass: what was opened of our records without asking, and what our supervisors asked for or opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from pipeline.access.disclosures import THREAD_STATE_LABELS, GlassVerdict
from pipeline.access.redaction import Row
from pipeline.access.requester import Role
from pipeline.api.services.break_glass import break_glasses, confirm, review, withdraw
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.form import Sent, choice, field, form
from pipeline.web.components.markup import box, text
from pipeline.web.components.panel import panel
from pipeline.web.components.threads import revocation_form, thread_head, thread_steps, thread_timer
from pipeline.web.components.words_with_frames import tag
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import GLASS_VERDICTS, OVERSIGHTS

FIRST = {"overdue": 0, "awaiting_review": 1, "awaiting_confirmation": 1}
"""What somebody is to act on comes before the rest."""


class BreakGlassPageData(NamedTuple):
    """Break-glass on our records, and by our supervisors."""

    theirs: tuple[Row, ...]
    ours: tuple[Row, ...]


async def load(visit: Visit, _: Parameters) -> BreakGlassPageData:
    """Both lists, what awaits somebody first however old it is."""
    theirs, ours = [await _listed(visit, mine) for mine in (False, True)]
    return BreakGlassPageData(theirs, ours)


async def _listed(visit: Visit, mine: bool) -> tuple[Row, ...]:
    awaited = (await break_glasses(visit.session(), mine, awaiting=True)).disclosures
    latest = (await break_glasses(visit.session(), mine)).disclosures
    rows = {row["id"]: row for row in (*awaited, *latest)}
    return tuple(sorted(rows.values(), key=lambda row: FIRST.get(row["oversight"], len(FIRST))))


def draw(view: OpenPage, loaded: BreakGlassPageData) -> None:
    """Show both lists."""
    words = view.words
    text("h1", words("Emergency access"))
    with panel(words("On our records"), words("we review what a supervisor opened alone"), tight=True):
        _threads(view, loaded.theirs, _owner_actions)
    with panel(words("By our supervisors"), words("a second supervisor confirms"), tight=True):
        _threads(view, loaded.ours, _own_actions)


def _threads(view: OpenPage, rows: tuple[Row, ...], actions: Callable[[OpenPage, Row], None]) -> None:
    if not rows:
        states.empty(view.words("No emergency access"))
        return
    with box("ol", "results"):
        for row in rows:
            _thread(view, row, actions)


def _thread(view: OpenPage, row: Row, actions: Callable[[OpenPage, Row], None]) -> None:
    words, looked = view.words, row["oversight"]
    with box("li", data_row=""):
        with box("div", "grow stack"):
            thread_head(row)
            thread_steps(view, row)
        with box("p", "score small"):
            if looked:
                tag(words.of(OVERSIGHTS, looked), "warn" if looked in FIRST else "plain")
            if looked != row["state"]:
                tag(words.of(THREAD_STATE_LABELS, row["state"]), "plain")
            thread_timer(view, row)
        with box("div", "why"):
            actions(view, row)


def _owner_actions(view: OpenPage, row: Row) -> None:
    if row["oversight"] in ("awaiting_review", "overdue") and Role.SUPERVISOR in view.visit.roles:
        _review(view, row["id"])
    elif row["state"] == "granted":
        revocation_form(view, row["id"])


def _review(view: OpenPage, name: str) -> None:
    """The owner's verdict, with a word to the agency; what is not justified is closed by it."""
    words = view.words

    async def sent(fields: Sent) -> None:
        act = review(view.visit.session(), name, GlassVerdict(fields["verdict"]), fields["comment"])
        await view.act(act, words("Review saved"))

    with form(sent, "filters"):
        choice(words("Decision"), "verdict", name, {code: words(word) for code, word in GLASS_VERDICTS.items()})
        field(words("Comment"), "comment", name, required=True, maxlength="2000")
        text("button", words("Save review"), "button main", type="submit")


def _own_actions(view: OpenPage, row: Row) -> None:
    if row["oversight"] != "awaiting_confirmation" or Role.SUPERVISOR not in view.visit.roles:
        return
    words, name = view.words, row["id"]
    if row["subject"] == view.visit.who:
        _button(words("Withdraw request"), _withdraws(view, name))
    else:
        _button(words("Confirm"), _confirms(view, name))


def _withdraws(view: OpenPage, name: str) -> Callable[[], Awaitable[None]]:
    async def pressed() -> None:
        await view.act(withdraw(view.visit.session(), name), view.words("Request withdrawn"))

    return pressed


def _confirms(view: OpenPage, name: str) -> Callable[[], Awaitable[None]]:
    async def pressed() -> None:
        await view.act(confirm(view.visit.session(), name), view.words("Confirmed: the requester now has access"))

    return pressed


def _button(word: str, pressed: Callable[[], Awaitable[None]]) -> None:
    text("button", word, "button", type="button").on("click", pressed)


PAGE = Page("/break-glass", N_("Emergency access"), "break-glass", load, draw)
