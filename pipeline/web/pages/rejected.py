"""What intake rejected in the last week: for which reasons, whose, and sending it again."""

from __future__ import annotations

from urllib.parse import urlencode

from pipeline.api.services.operations import MOST, RejectedAnswer, summarise_rejections
from pipeline.locale import N_
from pipeline.ops.replay.rejections import Rejection, RejectionFilter
from pipeline.web.addresses import REJECTED, rejected_path
from pipeline.web.components import states
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.replay import show_preview
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, parameters: Parameters) -> RejectedAnswer:
    """The rejections of one reason, or all."""
    return await summarise_rejections(visit.new_session(), parameters.get("reason", ""))


def draw(view: OpenPage, found: RejectedAnswer) -> None:
    """The reasons, the rejections, and the form that sends them again."""
    words, reason = view.words, view.parameters.get("reason", "")
    with box("div", "heading"):
        with box("p", "trail"):
            link(words("Operations"), "/operations", data_up="")
        text("h1", words("Rejected messages"))
    if reason:
        with box("p", "row"):
            text("span", reason, "tag code")
            link(words("All reasons"), REJECTED)
    elif len(found.counts) > 1:
        _draw_reasons(words, found.counts)
    if found.rejections:
        _draw_replay_form(view, reason)
        shown = words("latest {count}", count=MOST) if len(found.rejections) == MOST else words("newest first")
        with panel(words.plural("{count} message", "{count} messages", sum(found.counts.values())), shown, tight=True):
            draw_table(words("Rejected messages"), _rejection_columns(words), found.rejections)
    else:
        states.draw_empty(words("No rejected messages"))


def _draw_reasons(words: Words, counts: dict[str, int]) -> None:
    with box("p", "row"):
        for name, count in counts.items():
            link(f"{name} {words.format_number(count)}", f"{REJECTED}?{urlencode({'reason': name})}", "button slight")


def _draw_replay_form(view: OpenPage, reason: str) -> None:
    """Asks whose messages are to be sent again, then shows what that would change."""
    words = view.words

    async def sent(fields: Sent) -> None:
        await show_preview(view, place, RejectionFilter(reason, fields["agency"].strip()))

    with panel(words("Replay rejected messages")):
        with form(sent, "filters"):
            field(words("Only from agency"), "agency", "again", maxlength="64", autocomplete="off", placeholder="fr-pj")
            submit_button(words("Preview"), "button")
            text(
                "p",
                words(
                    "Fixed messages are accepted; the rest are rejected again; already accepted ones count as "
                    "duplicates."
                ),
                "small quiet",
            )
        place = box("div", "stack")


def _rejection_columns(words: Words) -> list[TableColumn[Rejection]]:
    return [
        TableColumn(
            words("Time"),
            lambda rejection: link(
                words.format_minute(rejection.time), rejected_path(rejection.position), "nowrap", data_open=""
            ),
        ),
        TableColumn(words("Agency"), lambda rejection: text("span", rejection.agency or "–")),
        TableColumn(words("Reason"), lambda rejection: text("span", rejection.reason, "code")),
        TableColumn(words("Field"), lambda rejection: text("span", rejection.pointer or "–", "code breaks")),
        TableColumn(words("Problem"), lambda rejection: text("span", rejection.message)),
        TableColumn(words("Position"), lambda rejection: text("span", rejection.place, "code small quiet nowrap")),
        TableColumn(words("Bytes"), lambda rejection: text("span", words.format_number(rejection.size)), "number"),
    ]


PAGE = Page(REJECTED, N_("Rejected messages"), "operations", load, draw)
