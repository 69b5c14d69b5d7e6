"""My work: how much waits in each of the viewer's lists, and the way to each; their list checks with their progress.

The browser alone knows which notifications are unread: it writes their number into its place (static/keys.js).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pipeline.api.answers import WorkAnswer, WorkCount
from pipeline.api.services.work import read_work
from pipeline.locale import N_, NN_
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.tables import panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.pages.checks import draw_lists
from pipeline.web.session import Visit

OVERDUE = NN_("{count} overdue", "{count} overdue")
UNCONFIRMED = NN_("{count} list with columns to confirm", "{count} lists with columns to confirm")


class WaitingItem(NamedTuple):
    """One list: what it is called, where it is, how many it has, and how many of those are late."""

    word: str
    path: str
    waiting: WorkCount
    late: WorkCount = WorkCount(0, more=False)


async def load(visit: Visit, _: Parameters) -> WorkAnswer:
    """All counts."""
    return await read_work(visit.new_session())


def draw(view: OpenPage, loaded: WorkAnswer) -> None:
    """A panel for each kind of work."""
    words = view.words
    text("h1", words("My work"))
    with panel(words("Links"), words("of your agency's cases"), tight=True):
        draw_waiting(words, list_links(loaded))
    with box("div", "halves"):
        with panel(words("Access requests"), words("without an answer"), tight=True):
            draw_waiting(words, list_requests(loaded))
        with panel(words("Alerts"), tight=True), box("ul", "tiles leads"):
            for item in list_alerts(loaded):
                _draw_item(words, item)
            draw_unread(words)
    with panel(words("Folders"), tight=True):
        draw_waiting(words, [WaitingItem(N_("Shared with me"), "/folders", WorkCount(loaded.folders, more=False))])
    with panel(words("Your lists"), tight=True):
        draw_lists(view, loaded.lists)
        if loaded.drafts:
            with box("p", "onward"):
                link(words.plural(*UNCONFIRMED, loaded.drafts), "/checks")
    view.call_script("countUnread")


def list_links(found: WorkAnswer) -> tuple[WaitingItem, ...]:
    """The lists of the inbox."""
    return (
        WaitingItem(N_("To review"), "/inbox", found.to_review),
        WaitingItem(N_("Assigned to me"), "/inbox#whose=mine", found.assigned),
        WaitingItem(N_("Unsure"), "/inbox#listed=unsure", found.unsure),
        WaitingItem(N_("Decided by me"), "/inbox#listed=mine", found.decided),
    )


def list_requests(found: WorkAnswer) -> tuple[WaitingItem, ...]:
    """Requests that nobody has answered."""
    return (
        WaitingItem(N_("Received, to answer"), "/disclosures", found.received, found.received_overdue),
        WaitingItem(N_("Sent, awaiting an answer"), "/disclosures", found.sent, found.sent_overdue),
    )


def list_alerts(found: WorkAnswer) -> tuple[WaitingItem, ...]:
    """The agency's alerts."""
    return (
        WaitingItem(N_("Active alerts"), "/subscriptions", WorkCount(found.alerts, more=False)),
        WaitingItem(N_("Alerts to renew"), "/subscriptions", WorkCount(found.alerts_ended, more=False)),
    )


def draw_waiting(words: Words, items: Iterable[WaitingItem]) -> None:
    """Lists beside each other, each with its count."""
    with box("ul", "tiles leads"):
        for item in items:
            _draw_item(words, item)


def _draw_item(words: Words, item: WaitingItem) -> None:
    with box("li", data_row=""), box("a", href=item.path, data_open=""):
        text("strong", format_count(words, item.waiting))
        text("span", words(item.word))
        if item.late.count:
            text("span", words.plural(*OVERDUE, item.late.count), "tag warn")


def draw_unread(words: Words, *, unless_none: bool = False) -> None:
    """The notifications that this browser has not shown yet; `unless_none` leaves out that there are none."""
    shown = {"data_unless_none": "", "hidden": ""} if unless_none else {}
    with box("li", data_row="", **shown), box("a", href="/notices", data_open=""):
        text("strong", words.format_number(0), data_unread="")
        text("span", words("Unread notifications"))


def format_count(words: Words, count: WorkCount) -> str:
    """A number; one that is not counted on has a plus behind it."""
    number = words.format_number(count.count)
    return words("{count}+", count=number) if count.more else number


PAGE = Page("/work", N_("My work"), "work", load, draw)
