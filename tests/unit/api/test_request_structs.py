"""Bodies and queries as structs: what does not fit is a 422 that names each place and fault, never a value."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from pipeline.access.case_filters import Filters
from pipeline.access.requester import Role
from pipeline.api.request_structs import body_of, model_of
from pipeline.api.routes.parameters import BreakGlassRequest
from pipeline.api.services.search import Search
from support.access.requesters import ANNA, make_requester
from support.api.runtime import Api
from support.records.builder import record

DAY = "2026-12-01T12:00:00Z"
HIT = "9a7e" * 10
LINK = "0c1f" * 8
SENTENCE = "invalid: "

MALFORMED: dict[str, list[tuple[Any, str]]] = {
    "POST /v1/search": [
        ({"question": 1}, "body.question: string type"),
        ({"question": None}, "body.question: string type"),
        ({"country": "fr"}, "body.country: string pattern mismatch"),
        ({"country": "FR\n"}, "body.country: string pattern mismatch"),
        ({"limit": 0}, "body.limit: greater than equal"),
        ({"limit": 101}, "body.limit: less than equal"),
        ({"limit": "20"}, "body.limit: int type"),
        ({"limit": 20.0}, "body.limit: int type"),
        ({"limit": True}, "body.limit: int type"),
        ({"cursor": "A" * 2263}, "body.cursor: string too long, at most 2262"),
        ({"share": 1}, "body.share: bool type"),
        ({"evidence": 1}, "body.evidence: bool type"),
        ({"share": "true"}, "body.share: bool type"),
        ({"unknown": 1}, "body.unknown: extra forbidden"),
        (
            {"unknown": 1, "limit": 0, "question": 2},
            "body.question: string type; body.limit: greater than equal; body.unknown: extra forbidden",
        ),
        ({"filters": None}, "body.filters: model attributes type"),
        ({"filters": {"agencies": "be-fp"}}, "body.filters.agencies: list type"),
        ({"filters": {"agencies": ["x" * 129]}}, "body.filters.agencies.0: string too long, at most 128"),
        (
            {"filters": {"agencies": ["x"] * 51}},
            "body.filters.agencies: 51 were sent, but at most 50 are taken; leave some out",
        ),
        ({"filters": {"goals": [0]}}, "body.filters.goals.0: greater than equal"),
        ({"filters": {"goals": [8]}}, "body.filters.goals.0: less than equal"),
        ({"filters": {"goals": [10**30]}}, "body.filters.goals.0: less than equal"),
        ({"filters": {"goals": ["6"]}}, "body.filters.goals.0: int type"),
        ({"filters": {"goals": [1] * 8}}, "body.filters.goals: 8 were sent, but at most 7 are taken; leave some out"),
        (
            {"filters": {"goals": [1, 9, 2, 9]}},
            "body.filters.goals.1: less than equal; body.filters.goals.3: less than equal",
        ),
        ({"filters": {"opened_from": "2026-02-30"}}, "body.filters.opened_from: value error"),
        ({"filters": {"opened_from": "26-02-03"}}, "body.filters.opened_from: value error"),
        ({"filters": {"closed_to": 20260203}}, "body.filters.closed_to: string type"),
        ({"filters": {"open_only": "yes"}}, "body.filters.open_only: bool type"),
        ({"filters": {"unknown": []}}, "body.filters.unknown: extra forbidden"),
        (
            {"filters": {"opened_from": "x", "goals": [9], "agencies": [1]}},
            (
                "body.filters.agencies.0: string type; body.filters.goals.0: less than equal;"
                " body.filters.opened_from: value error"
            ),
        ),
        ([], "body: model attributes type"),
    ],
    "POST /v1/disclosures": [
        ({}, "body.reference: missing; body.reason: missing; body.deadline: missing"),
        ({"reference": "", "reason": "x", "deadline": DAY}, "body.reference: string too short"),
        (
            {"reference": "x" * 65, "reason": "x" * 2001, "deadline": DAY},
            "body.reference: string too long, at most 64; body.reason: string too long, at most 2000",
        ),
        ({"reference": HIT, "reason": "x", "deadline": "2026-12-01T12:00:00"}, "body.deadline: timezone aware"),
        ({"reference": HIT, "reason": "x", "deadline": "2026-12-01"}, "body.deadline: timezone aware"),
        ({"reference": HIT, "reason": "x", "deadline": "soon"}, "body.deadline: datetime from date parsing"),
        ({"reference": HIT, "reason": "x", "deadline": None}, "body.deadline: datetime type"),
        ({"reference": HIT, "reason": "x", "deadline": []}, "body.deadline: datetime type"),
        ({"reference": HIT, "reason": "x", "deadline": DAY, "urgency": "soon"}, "body.urgency: enum"),
        ({"reference": HIT, "reason": "x", "deadline": DAY, "urgency": 1}, "body.urgency: enum"),
    ],
    "POST /v1/disclosures/x/grant": [
        ({}, "body.until: missing"),
        ({"until": "x"}, "body.until: datetime from date parsing"),
        ({"until": DAY, "reason": 1}, "body.reason: string type"),
    ],
    "POST /v1/disclosures/x/refuse": [
        ({"reason": 1}, "body.reason: string type"),
        ({"reason": "x" * 2001}, "body.reason: string too long, at most 2000"),
        ({"reason": None}, "body.reason: string type"),
    ],
    "POST /v1/break-glass": [
        ({}, "body.reference: missing; body.reason: missing"),
        ({"reference": HIT, "reason": ""}, "body.reason: string too short"),
        ({"reference": HIT, "reason": "x", "hours": 0}, "body.hours: greater than equal"),
        ({"reference": HIT, "reason": "x", "hours": 9}, "body.hours: less than equal"),
        ({"reference": HIT, "reason": "x", "hours": "many"}, "body.hours: int parsing"),
        ({"reference": HIT, "reason": "x", "hours": 2.5}, "body.hours: int from float"),
        ({"reference": HIT, "reason": "x", "urgent": "perhaps"}, "body.urgent: bool parsing"),
        ({"reference": HIT, "reason": "x", "urgent": None}, "body.urgent: bool type"),
    ],
    "POST /v1/break-glass/x/review": [
        ({"verdict": "justified", "comment": "x" * 2001}, "body.comment: string too long, at most 2000"),
        ({}, "body.verdict: missing; body.comment: missing"),
        ({"verdict": "fine", "comment": "x"}, "body.verdict: enum"),
        ({"verdict": "justified", "comment": ""}, "body.comment: string too short"),
    ],
    f"POST /v1/links/{LINK}/reviews": [
        ({}, "body.verdict: missing; body.reason: missing"),
        ({"verdict": "maybe", "reason": "x"}, "body.verdict: enum"),
        ({"verdict": "same", "reason": ""}, "body.reason: string too short"),
        ({"verdict": "same", "reason": "x", "action": 1}, "body.action: bool type"),
        ({"verdict": "same", "reason": "x", "action": "true"}, "body.action: bool type"),
    ],
    "POST /v1/manual-links": [
        ({}, "body.case_a: missing; body.case_b: missing; body.reason: missing"),
        (
            {"case_a": "", "case_b": "x" * 513, "reason": "x"},
            "body.case_a: string too short; body.case_b: string too long, at most 512",
        ),
    ],
    f"PUT /v1/inbox/{LINK}": [
        ({"assignee": 1}, "body.assignee: string type"),
        ({"assignee": "x" * 256}, "body.assignee: string too long, at most 255"),
    ],
    "POST /v1/subscriptions": [
        ({"question": "x" * 1001}, "body.question: string too long, at most 1000"),
        ({"fields": {"born": "1980"}}, "body.fields.born: list type"),
        ({"fields": {"born": ["x"] * 41}}, "body.fields.born: 41 were sent, but at most 40 are taken; leave some out"),
        ({"fields": {"name": ["x" * 1001]}}, "body.fields.name.0: string too long, at most 1000"),
        ({"fields": {"gender": ["male"]}}, "body.fields.gender: extra forbidden"),
        ({"question": "x", "country": "f"}, "body.country: string pattern mismatch"),
        ({"question": "x", "share": 0}, "body.share: bool type"),
        ({"question": "x", "label": "x" * 201}, "body.label: string too long, at most 200"),
    ],
    "PUT /v1/hit-allowances/be-fp": [
        ({}, "body.daily: missing; body.until: missing"),
        ({"daily": 0, "until": DAY}, "body.daily: greater than equal"),
        ({"daily": 100001, "until": DAY}, "body.daily: less than equal"),
        ({"daily": "5", "until": DAY}, "body.daily: int type"),
        ({"daily": 5.0, "until": DAY}, "body.daily: int type"),
        ({"daily": 5, "until": "2026-12-01"}, "body.until: timezone aware"),
    ],
}
"""By route: bodies that don't fit what is documented, and all that is wrong with each."""

MALFORMED_QUERIES = (
    ("goals=0", "query.goals.0: greater than equal"),
    ("goals=x", "query.goals.0: int parsing"),
    ("goals=1&goals=8", "query.goals.1: less than equal"),
    ("goals=", "query.goals.0: int parsing"),
    ("open_only=perhaps", "query.open_only: bool parsing"),
    ("open_only=", "query.open_only: bool parsing"),
    ("opened_from=2026-02-30", "query.opened_from: value error"),
    ("opened_from=", "query.opened_from: value error"),
    ("agencies=" + "x" * 129, "query.agencies.0: string too long, at most 128"),
    ("unknown=1", "query.unknown: extra forbidden"),
    ("&".join(["agencies=x"] * 51), "query.agencies: 51 were sent, but at most 50 are taken; leave some out"),
    ("open_only=true&open_only=maybe", "query.open_only: bool parsing"),
)

FITTING: tuple[tuple[str, Any], ...] = (
    ("POST /v1/search", {"question": "ivan petrov", "filters": {"goals": [6], "opened_from": "2024-02-29"}}),
    ("POST /v1/disclosures", {"reference": HIT, "reason": "x", "urgency": "immediate", "deadline": DAY}),
    ("POST /v1/disclosures/x/grant", {"until": "2026-12-01T12:00+01:00", "unknown": 1}),
    ("POST /v1/disclosures/x/refuse", {}),
    ("POST /v1/break-glass", {"reference": HIT, "reason": "x", "hours": "2", "urgent": "true"}),
    ("POST /v1/break-glass/x/review", {"verdict": "not_justified", "comment": "x"}),
    (f"POST /v1/links/{LINK}/reviews", {"verdict": "same", "reason": "x", "action": True}),
    ("POST /v1/manual-links", {"case_a": "fr-pj:8", "case_b": "fr-pj:9", "reason": "x"}),
    (f"PUT /v1/inbox/{LINK}", {}),
    ("POST /v1/subscriptions", {"question": "ivan petrov 1980-05-01", "country": "FR", "share": True}),
    ("PUT /v1/hit-allowances/be-fp", {"daily": 5, "until": DAY}),
)


def problem_of(faults: str) -> dict[str, Any]:
    """The documented members of a 422 body."""
    alone = "were sent" in faults
    fields = [fault.partition(": ")[0] for fault in ([faults] if alone else faults.split("; "))]
    return {"type": "about:blank", "title": "Invalid request", "status": 422,
            "detail": faults if alone else SENTENCE + faults, "fields": fields}  # fmt: skip


@pytest.mark.parametrize("route", MALFORMED)
async def test_what_does_not_fit_a_body_is_named(api: Api, route: str) -> None:
    method, path = route.split(" ")
    for body, faults in MALFORMED[route]:
        answer = await api.request(method, path, json=body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told.pop("request_id") == answer.headers["X-Request-ID"]
        assert told == problem_of(faults), body


@pytest.mark.parametrize(("query", "faults"), MALFORMED_QUERIES)
async def test_what_does_not_fit_a_query_is_named(api: Api, query: str, faults: str) -> None:
    answer = await api.get(f"/v1/statistics?{query}")
    assert answer.status_code == 422
    assert {name: value for name, value in answer.json().items() if name != "request_id"} == problem_of(faults)


@pytest.mark.parametrize("query", ["open_only=yes", "open_only=ON", "goals=1&goals=2&agencies=x&opened_to=2026-01-01"])
async def test_in_an_address_everything_is_text(api: Api, query: str) -> None:
    assert (await api.get(f"/v1/statistics?{query}")).status_code == 200


@pytest.mark.parametrize(("route", "body"), FITTING)
async def test_what_fits_reaches_its_service(api: Api, route: str, body: Any) -> None:
    api.hold(record("fr-pj"))
    method, path = route.split(" ")
    chief = make_requester("fr-pj", Role.INVESTIGATOR, Role.SUPERVISOR)
    assert (await api.request(method, path, chief, json=body)).status_code in (200, 404)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_form_of_another_site_is_no_body(api: Api, kind: str) -> None:
    """Browsers send these to other sites without asking first."""
    grounds = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "1", "Content-Type": kind}
    answer = await api.request("POST", "/v1/search", ANNA, grounds, content=b'{"question":"ivan"}')
    assert answer.status_code == 415


class SizedBody(msgspec.Struct):
    size: Annotated[int, Meta(gt=0)]


class MappingBody(msgspec.Struct):
    words: dict[str, str]


class RowsBody(msgspec.Struct):
    rows: tuple[str, ...] = msgspec.field(default_factory=lambda: ("one",))


@pytest.mark.parametrize("struct", [SizedBody, MappingBody, RowsBody])
def test_a_struct_that_its_model_could_not_hold_is_refused_when_its_route_is_imported(
    struct: type[msgspec.Struct],
) -> None:
    """What passed the model and failed the struct would be answered as a failure of ours."""
    with pytest.raises(TypeError):
        body_of(struct)


def test_a_model_has_the_fields_and_defaults_of_its_struct() -> None:
    model = model_of(Search, strict=True)
    assert list(model.model_fields) == list(Search.__struct_fields__)
    assert (model.__name__, model.__doc__) == (Search.__name__, Search.__doc__)
    assert list(model_of(Filters, strict=True).model_fields) == list(Filters.__struct_fields__)
    assert model_of(BreakGlassRequest, strict=False) is not model_of(BreakGlassRequest, strict=True)
