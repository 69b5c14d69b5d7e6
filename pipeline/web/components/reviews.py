"""Reviews of a link: what was said of it so far, the form for one's own with its reason, and taking that back.

Links that people made where no score does are reviews too: what was linked so, and the form for another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Annotated, Final

from msgspec import Meta
from nicegui.events import GenericEventArguments

from pipeline.access.reviews import ReviewRow, Verdict
from pipeline.access.text_limits import REASON
from pipeline.api.answers import ManualLinkRow, ReviewedLink, ReviewsAnswer
from pipeline.api.problems import ConflictError
from pipeline.api.services.reviews import (
    LinkReview,
    find_changed_reviews,
    link_manually,
    read_reviews,
    retract_review,
    review_link,
)
from pipeline.errors import LiaisonError
from pipeline.matching.explain.words import FIELDS
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import badge, draw_colour
from pipeline.web.components.form import Sent, field, form, limit_text, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.page_events import read_event
from pipeline.web.vocabulary import REVIEWS

AGAIN: Final = "reviews_again"
"""What an open link page asks every few seconds while it is seen (static/keys.js): whether a colleague decided."""

UNDO: Final = "undo_review"
"""What the page tells when an own review is to be undone: its id. The click names no element of the page, so it isn't
lost where the reviews are drawn anew meanwhile."""

ReviewName = Annotated[str, Meta(max_length=64)]


def draw_link_reviews(view: OpenPage, judged: ReviewedLink) -> None:
    """The link's colour, the reviews, and the form for a new one."""
    _ReviewDesk(view, judged)


class _ReviewDesk:
    """What was said of a link and the form below, which keeps what is typed while the rest is drawn anew.

    `seen` is the own review that the form's reader saw in force: a decision that replaces another one is refused once.
    """

    def __init__(self, view: OpenPage, judged: ReviewedLink) -> None:
        self.view, self.link, self.seen = view, judged.link, judged.own
        self.shown = judged.own
        with box("div", "stack close", data_again=AGAIN) as self.told:
            draw_reviews(view, judged)
        _draw_review_form(view.words, self.decide)
        view.kept[AGAIN] = self
        view.listen(AGAIN, partial(_look_again, view))
        view.listen(UNDO, partial(_undo, view))

    async def decide(self, fields: Sent) -> None:
        """Save what the form says, and tell what else was decided at the same moment."""
        said = LinkReview(Verdict(fields["verdict"]), fields["reason"], "action" in fields, self.seen)
        answer = await self.view.run_action(self._review(said), self.view.words("Decision saved"))
        if answer and answer.notice:
            self.view.show_message(answer.notice, bad=True)

    async def _review(self, said: LinkReview) -> ReviewsAnswer:
        try:
            return await review_link(self.view.visit.new_session(), self.link, said)
        except ConflictError:
            self.seen = (await self.show_now()).own
            raise

    async def look_again(self) -> None:
        """Show what a colleague decided meanwhile; `seen` stays, so that a decision at that moment replaces nothing."""
        if await find_changed_reviews(self.view.visit.new_session(), {self.link: self.shown}):
            await self.show_now()

    async def show_now(self) -> ReviewedLink:
        """Draw what holds now in the place of what held. Raises LiaisonError, and leaves all as it is."""
        judged = (await read_reviews(self.view.visit.new_session(), self.link)).judged
        self.told.clear()
        with self.told:
            draw_reviews(self.view, judged)
        self.shown = judged.own
        return judged


async def _look_again(view: OpenPage) -> None:
    """Let the desk that is drawn now look; what can't be read now, the next look shows."""
    desk: _ReviewDesk = view.kept[AGAIN]
    with suppress(LiaisonError):
        await desk.look_again()


def draw_reviews(view: OpenPage, judged: ReviewedLink, *, undoable: bool = True) -> None:
    """The link's colour and the reviews; one's own can be undone here, unless the page has a way of its own."""
    words = view.words
    with box("p", "row"):
        draw_colour(words, judged.colour)
        if judged.disputed:
            badge(words("Disputed"), "warn")
    _draw_evidence_changes(words, judged)
    if judged.reviews:
        with box("ol", "stack small"):
            for review in judged.reviews:
                _draw_review(view, review, undoable=undoable)


def _draw_evidence_changes(words: Words, judged: ReviewedLink) -> None:
    """How the evidence differs from what our own review rests on."""
    if judged.new_evidence:
        fields = ", ".join(dict.fromkeys(words.label(FIELDS, field) for field, _ in judged.new_evidence))
        text("p", words("New since our review: {fields}", fields=fields), "notice")
    if judged.gone_evidence:
        gone = words.plural(
            "{count} comparison behind our review no longer exists",
            "{count} comparisons behind our review no longer exist",
            judged.gone_evidence,
        )
        text("p", gone, "notice")


def _draw_review(view: OpenPage, row: ReviewRow, *, undoable: bool) -> None:
    words = view.words
    with box("li"):
        with box("p", "row"):
            text("strong", words.label(REVIEWS, row.verdict))
            text("span", words.person_name(row.reviewer) if row.reviewer else words.agency_name(row.agency))
            draw_moment(words, row.time, "quiet")
            if row.undone:
                badge(words("Undone"), "plain")
            elif undoable and row.reviewer == view.visit.who:
                _draw_undo_button(words, row.id)
        if row.reason:
            bidi_text(row.reason, "p", "quiet")
        else:
            text("p", words("No reason given"), "quiet")


def _draw_undo_button(words: Words, name: str) -> None:
    """The button that takes back a review of one's own."""
    text("button", words("Undo"), "button slight", type="button", data_undo_review=name)


async def _undo(view: OpenPage, event: GenericEventArguments) -> None:
    name: str = read_event(event, ReviewName)
    await view.run_action(retract_review(view.visit.new_session(), name), view.words("Undone"))


def _draw_review_form(words: Words, sent: Callable[[Sent], Awaitable[None]]) -> None:
    with form(sent):
        with box("fieldset", "choices"):
            text("legend", words("Your decision"))
            for number, (verdict, word) in enumerate(REVIEWS.items(), start=1):
                with box("label", "choice"):
                    box("input", type="radio", name="verdict", value=verdict, required=True, data_press=str(number))
                    text("span", words(word))
                    text("kbd", number, aria_hidden="true")
        with box("label", "choice"):
            box("input", type="checkbox", name="action", value="yes")
            text("span", words("Confirmed, needs action"))
        field(words("Reason"), "reason", "verdict", "textarea", required=True, **limit_text(words))
        with box("div", "row"):
            submit_button(words("Save decision"))


def draw_manual_links(view: OpenPage, case: str, rows: Sequence[ManualLinkRow]) -> None:
    """The links of `case` made by hand, and the form."""
    view.listen(UNDO, partial(_undo, view))
    if rows:
        with box("ol", "stack small"):
            for row in rows:
                _draw_manual_link(view, case, row)
    _draw_link_form(view, case)


def _draw_manual_link(view: OpenPage, case: str, row: ManualLinkRow) -> None:
    words, other = view.words, row.case_b if row.case_a == case else row.case_a
    with box("li"):
        with box("p", "row"):
            link(other, case_path(other), "code")
            text("span", words.person_name(row.reviewer) if row.reviewer else words.agency_name(row.agency))
            draw_moment(words, row.time, "quiet")
            if row.reviewer == view.visit.who:
                _draw_undo_button(words, row.id)
        if row.reason:
            bidi_text(row.reason, "p", "quiet")


def _draw_link_form(view: OpenPage, case: str) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        made = link_manually(view.visit.new_session(), case, fields["other"].strip(), fields["reason"])
        await view.run_action(made, words("Link added"))

    with box("details", "more"):
        text("summary", words("Add a link"))
        with form(sent):
            field(
                words("Key of the other case"),
                "other",
                "by-hand",
                required=True,
                maxlength="256",
                placeholder="be-fp:…",
            )
            field(words("Reason"), "reason", "by-hand", "textarea", required=True, maxlength=REASON.most)
            submit_button(words("Link"))
