"""Subscribing to a question: what it rests on is said where it is asked."""

from __future__ import annotations

from pipeline.api.services.subscriptions import SubscriptionAnswer, subscribe
from pipeline.web.components.form import Sent, field, form, send
from pipeline.web.components.markup import text
from pipeline.web.page import OpenPage
from pipeline.web.vocabulary import PURPOSES


def subscribing(view: OpenPage) -> None:
    """The form for a new standing query."""
    words = view.words

    async def sent(fields: Sent) -> None:
        await view.act(asked(view, fields["question"]), words("Alert created"))

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
        text("p", grounds_of(view), "small quiet")
        send(words("Create alert"))


async def asked(view: OpenPage, question: str) -> SubscriptionAnswer:
    """Make the standing query; its phones are dialled in the country of the requester."""
    session = view.visit.session()
    return await subscribe(session, question, session.requester.country)


def grounds_of(view: OpenPage) -> str:
    """For what, and how long, a standing query is asked."""
    stated = view.visit.session().grounds
    return view.words(
        "Runs for 90 days on every new or changed case. Purpose: {purpose}; your case: {reference}.",
        purpose=view.words.of(PURPOSES, stated.purpose),
        reference=stated.case_reference,
    )
