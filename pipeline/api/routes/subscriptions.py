"""/v1/subscriptions: alerts."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response
from msgspec import Meta

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.text_limits import LABEL
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.request_structs import body_of
from pipeline.api.routes.answers import describe_responses, json_response
from pipeline.api.routes.asking import SessionOf
from pipeline.api.services import subscriptions as service
from pipeline.search.questions import MAX_QUESTION_CHARS, CountryCode, QuestionFields, add_fields

router = APIRouter(prefix="/v1", tags=["subscriptions"])

SubscriptionIdPath = Annotated[str, Path(max_length=64, description="Subscription id.", examples=["3b1e" * 8])]


LABEL_SAID = "What your agency calls it; nobody else sees that."


class SubscriptionRequest(msgspec.Struct, frozen=True):
    """The question, as a search takes it in words, by fields or both, and where its phones are dialled."""

    question: Annotated[str, Meta(max_length=MAX_QUESTION_CHARS, examples=["иван петров born:1980-05-01"])] = ""
    country: Annotated[CountryCode, Meta(examples=["FR"])] = ""
    share: Annotated[bool, Meta(description="Agencies that ask the same, and share it, are told of each other.")] = (
        False
    )
    fields: QuestionFields = QuestionFields()
    filters: Annotated[
        Filters, Meta(description="Only what passes is told of; of hit-only records agency and country alone narrow.")
    ] = NO_FILTERS
    label: Annotated[str, Meta(max_length=LABEL.most, description=LABEL_SAID, examples=["Petrov, Tver"])] = ""


class SubscriptionLabelRequest(msgspec.Struct, frozen=True):
    """What a subscription is called from now on; "" takes its name away."""

    label: Annotated[str, Meta(max_length=LABEL.most, description=LABEL_SAID, examples=["Petrov, Tver"])]


SubscriptionLabelBody = Annotated[SubscriptionLabelRequest, body_of(SubscriptionLabelRequest)]
SubscriptionBody = Annotated[SubscriptionRequest, body_of(SubscriptionRequest)]

ROW: dict[str, Any] = {
    "id": "3b1e" * 8, "active": True, "label": "Petrov, Tver", "question": "иван петров born:1980-05-01",
    "country": "FR", "filters": {"countries": ["BE"], "roles": ["suspect"]}, "shared": False,
    "owner": "anna", "purpose": "investigation", "case_reference": "2026/1", "time": "2026-11-24T12:00:00+00:00",
    "until": "2027-02-22T12:00:00+00:00",
}  # fmt: skip
ONE: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "subscription": ROW}
SEVERAL: dict[str, Any] = {"as_of": "2026-11-24T12:00:00+00:00", "subscriptions": [ROW]}


@router.post(
    "/subscriptions",
    summary="Create a subscription",
    response_class=Response,
    responses=describe_responses(service.SubscriptionAnswer, ONE, ConflictError),
)
async def subscribe(session: SessionOf, body: SubscriptionBody) -> Response:
    """It is asked once of all cases held, then of every new or changed one, for ninety days."""
    asked = add_fields(body.question, body.fields)
    made = await service.create_subscription(
        session, asked, body.country, body.filters, share=body.share, label=body.label
    )
    return json_response(made)


@router.get(
    "/subscriptions",
    summary="Subscriptions of my agency",
    response_class=Response,
    responses=describe_responses(service.SubscriptionsAnswer, SEVERAL),
)
async def subscriptions(session: SessionOf) -> Response:
    """Those made last first; renewed or named, one keeps its place. One that has run out waits to be renewed."""
    return json_response(await service.list_subscriptions(session))


@router.post(
    "/subscriptions/{name}/renew",
    summary="Renew",
    response_class=Response,
    responses=describe_responses(service.SubscriptionAnswer, ONE, NotFoundError),
)
async def renew(session: SessionOf, name: SubscriptionIdPath) -> Response:
    """Ninety more days, on this request's purpose and case reference."""
    return json_response(await service.renew_subscription(session, name))


@router.put(
    "/subscriptions/{name}/label",
    summary="Name",
    response_class=Response,
    responses=describe_responses(service.SubscriptionAnswer, ONE, NotFoundError),
)
async def label(session: SessionOf, name: SubscriptionIdPath, body: SubscriptionLabelBody) -> Response:
    """Called so in the list and in its notices; it goes on as before, and tells nothing again."""
    return json_response(await service.label_subscription(session, name, body.label))


@router.delete(
    "/subscriptions/{name}",
    summary="End",
    response_class=Response,
    responses=describe_responses(service.SubscriptionAnswer, ONE, NotFoundError),
)
async def end(session: SessionOf, name: SubscriptionIdPath) -> Response:
    """What it asked is kept no longer."""
    return json_response(await service.end_subscription(session, name))
