"""Subscribing to a question: what it rests on is said where it is asked."""

from __future__ import annotations

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.text_limits import LABEL
from pipeline.api.services.subscriptions import SubscriptionAnswer, create_subscription
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import text
from pipeline.web.page import OpenPage
from pipeline.web.vocabulary import PURPOSES


def draw_subscribe_form(view: OpenPage) -> None:
    """The form for a new saved search."""
    words = view.words

    async def sent(fields: Sent) -> None:
        asked = subscribe_to_question(view, fields["question"], label=fields.get("label", ""))
        await view.run_action(asked, words("Alert created"))

    with form(sent):
        field(
            words("Search terms"),
            "question",
            "subscription",
            required=True,
            maxlength="1000",
            autocomplete="off",
            dir="auto",
        )
        draw_label_field(words("Name (optional)"), "subscription")
        text("p", describe_terms(view), "small quiet")
        submit_button(words("Create alert"))


def draw_label_field(word: str, mark: str, held: str = "") -> None:
    """The field for what a saved search is called; `mark` makes its id the only one of the page."""
    field(word, "label", mark, value=held, maxlength=LABEL.most, autocomplete="off", dir="auto")


async def subscribe_to_question(
    view: OpenPage, question: str, filters: Filters = NO_FILTERS, label: str = ""
) -> SubscriptionAnswer:
    """Make the saved search with its filters; its phones are dialled in the country of the requester."""
    session = view.visit.new_session()
    return await create_subscription(session, question, session.requester.country, filters, label=label)


def describe_terms(view: OpenPage) -> str:
    """For what, and how long, a saved search is asked."""
    stated = view.visit.new_session().grounds
    return view.words(
        "Runs for 90 days on every new or changed case. Purpose: {purpose}; your case: {reference}.",
        purpose=view.words.label(PURPOSES, stated.purpose),
        reference=stated.case_reference,
    )
