"""Who is to judge a link: investigators take links and give them back, supervisors assign them to anyone."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.access.requester import Role
from pipeline.api.services.inbox import assign_link
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import box, text
from pipeline.web.page import OpenPage


def draw_assignment(view: OpenPage, row: Row) -> None:
    """The assignee of an inbox row, and what changes it."""
    words, name, assignee = view.words, row["link_id"], row["assignee"]
    mine = assignee == view.visit.who
    with box("div", "row"):
        text("span", assignee or "–")
        if mine:
            _draw_button(view, name, words("Unassign"), "")
        else:
            _draw_button(view, name, words("Assign to me"), view.visit.who)
    if Role.SUPERVISOR in view.visit.roles:
        _draw_assign_form(view, name)


def _draw_button(view: OpenPage, link: str, word: str, assignee: str) -> None:
    async def pressed() -> None:
        await _assign_link(view, link, assignee)

    text("button", word, "button slight", type="button", data_act="").on("click", pressed)


def _draw_assign_form(view: OpenPage, link: str) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        await _assign_link(view, link, fields["assignee"].strip())

    with box("details", "more"):
        text("summary", words("Assign to someone else"))
        with form(sent):
            field(words("User"), "assignee", link, required=True, maxlength="256", autocomplete="off")
            submit_button(words("Assign"))


async def _assign_link(view: OpenPage, link: str, assignee: str) -> None:
    await view.run_action(assign_link(view.visit.new_session(), link, assignee), view.words("Assigned"))
