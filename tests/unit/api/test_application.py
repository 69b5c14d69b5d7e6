"""What every request meets before a service is asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import Role
from pipeline.streams.kafka.following import Follower
from support.access.requesters import ANNA, BERT, make_requester
from support.api.runtime import GROUNDS, Api
from support.index.documents import PureStages
from support.records.builder import record

BY_KEY = (
    "/v1/cases/fr-pj:{}", "/v1/links?case=fr-pj:{}", "/v1/graph?case=fr-pj:{}", "/v1/timeline?case=fr-pj:{}",
    "/v1/entities?case=fr-pj:{}&entity=p1", "/v1/deconfliction?case=fr-pj:{}", "/v1/manual-links?case=fr-pj:{}",
)  # fmt: skip
PATHS = ("/v1/cases/fr-pj:1", "/v1/links?case=fr-pj:1")


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_reads_without_a_token(api: Api, path: str) -> None:
    api.hold(record("fr-pj"))
    answer = await api.get(path, who=None)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert api.index.calls == []


async def test_an_expired_token_names_nobody(api: Api) -> None:
    headers = {**GROUNDS, "Authorization": f"Bearer {api.token(ANNA, timedelta(minutes=-5))}"}
    assert (await api.get(PATHS[0], who=None, headers=headers)).status_code == 401


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INVESTIGATOR, Role.SUPERVISOR, Role.OPERATOR}))
async def test_other_roles_read_no_case(api: Api, role: Role) -> None:
    api.hold(record("fr-pj"))
    for path in PATHS:
        assert (await api.get(path, who=make_requester("fr-pj", role))).status_code == 403
    assert api.index.calls == []


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, ["purpose", "case_reference"]),
        ({"Liaison-Purpose": "investigation"}, ["case_reference"]),
        ({"Liaison-Purpose": "curiosity", "Liaison-Case-Reference": "1"}, ["purpose"]),
        ({"Liaison-Purpose": "correlation", "Liaison-Case-Reference": "1"}, ["purpose"]),
        ({"Liaison-Purpose": "investigation", "Liaison-Case-Reference": " "}, ["case_reference"]),
    ],
)
async def test_grounds_are_asked_for_before_anything_is_queried(
    api: Api, headers: dict[str, str], fields: list[str]
) -> None:
    api.hold(record("fr-pj"))
    for path in PATHS:
        answer = await api.get(path, headers=headers)
        assert (answer.status_code, answer.json()["fields"]) == (422, fields)
    assert (api.index.calls, set(api.audit.kinds())) == ([], {ActKind.REFUSED})


async def test_nothing_is_disclosed_while_it_cannot_be_recorded(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("fr-pj:1", "be-fp:1")
    api.audit.away = True
    answers = [await api.get(path) for path in PATHS]
    answers.append(await api.post("/v1/search", {"question": "ivan petrov"}))
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert b"fr-pj" not in answer.content


@pytest.mark.parametrize(("behind_s", "status"), [(0, 200), (300, 200), (301, 503), (None, 503)])
async def test_nothing_is_read_from_an_index_that_is_too_old(api: Api, behind_s: int | None, status: int) -> None:
    api.hold(record("fr-pj"))
    api.behind = None if behind_s is None else timedelta(seconds=behind_s)
    for path in (*PATHS, "/v1/graph?case=fr-pj:1", "/v1/export/cases", "/v1/statistics", "/v1/notices", "/v1/inbox"):
        answer = await api.get(path)
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, "30" if status == 503 else None)
    if status == 503:
        assert (api.index.calls, api.audit.acts) == ([], [])


@pytest.mark.parametrize(("backlog_s", "status"), [(0, "ready"), (300, "ready"), (301, "behind")])
async def test_a_backlog_is_told_and_takes_no_server_out_of_use(api: Api, backlog_s: int, status: str) -> None:
    api.backlog = timedelta(seconds=backlog_s)
    answer = await api.get("/readyz", who=None)
    assert answer.status_code == 200
    assert answer.json() == {"status": status, "as_of": (api.now - api.backlog).isoformat(), "without": 0}


async def test_a_server_that_has_ceased_to_follow_something_is_not_ready_and_says_why(api: Api) -> None:
    """What others record there is unknown to it: hits that were told, sessions that were ended."""
    going = asyncio.Event()

    async def follow(follower: Follower) -> None:
        follower.note_caught_up()
        await going.wait()

    async with api.runtime.followers.keep("ended sessions", follow) as follower:
        await follower.wait_caught_up()
        assert (await api.get("/readyz", who=None)).status_code == 200
        going.set()
        await follower.task
        answer = await api.get("/readyz", who=None)
    assert answer.status_code == 503
    assert answer.json() == {"status": "ended sessions can't be followed: its task has ended"}
    assert (await api.get("/readyz", who=None)).status_code == 200


async def test_an_answer_names_the_agencies_that_it_is_told_without_to_who_may_read_alone(api: Api) -> None:
    assert "Liaison-Without" not in (await api.get("/v1/subscriptions")).headers
    api.without = ("be-fp", "nl-np")
    assert (await api.get("/v1/subscriptions")).headers["Liaison-Without"] == "be-fp, nl-np"
    assert "Liaison-Without" not in (await api.get("/v1/subscriptions", who=None)).headers
    told = await api.get("/readyz", who=None)
    assert (told.json()["without"], "Liaison-Without" in told.headers) == (2, False)


async def test_where_nobody_knows_how_fresh_the_index_is_an_answer_does_not_say_that_it_is(
    stages: PureStages, tmp_path: Path
) -> None:
    api = Api(stages, tmp_path, max_index_lag=0.0)
    api.hold(record("fr-pj"))
    api.behind = None
    assert (await api.get("/v1/cases/fr-pj:1")).json()["as_of"] == "1970-01-01T00:00:00+00:00"


async def test_unknown_and_forbidden_are_one_answer(api: Api) -> None:
    api.hold(record("fr-pj", "h3", code="H3"), record("fr-pj", "de", to=("DE",)), record("fr-pj", "h2", code="H2"))
    headers = {**GROUNDS, "X-Request-ID": "the-same-1"}
    for path in BY_KEY:
        answers = [await api.get(path.format(one), who=BERT, headers=headers) for one in ("h3", "de", "h2", "none")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({(answer.content, tuple(answer.headers.items())) for answer in answers}) == 1


async def test_a_request_id_is_taken_over_or_made(api: Api) -> None:
    given = await api.get("/healthz", headers={"X-Request-ID": "my-1"})
    assert given.headers["x-request-id"] == "my-1"
    made = await api.get("/healthz", headers={"X-Request-ID": "my 1\t<"})
    assert len(made.headers["x-request-id"]) == 32
    assert made.headers["cache-control"] == "no-store"


async def test_a_misshapen_body_is_a_problem_without_its_values(api: Api) -> None:
    answer = await api.post("/v1/search", {"question": "ivan", "limit": "secret", "more": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "secret" not in answer.text
    assert set(answer.json()["fields"]) == {"body.limit", "body.more"}


async def test_an_address_that_is_none_is_a_problem(api: Api) -> None:
    assert (await api.get("/v1/nothing")).json()["status"] == 404
    assert (await api.get("/v1/search")).json()["title"] == "Method Not Allowed"


async def test_the_document_is_openapi_3_1_and_whole(api: Api) -> None:
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    named = {ref.removeprefix("#/components/schemas/") for ref in _references(document)}
    assert named <= document["components"]["schemas"].keys()


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for part in value.values() for ref in _references(part)]
    return [ref for part in value for ref in _references(part)] if isinstance(value, list) else []


async def test_the_documentation_needs_no_other_host(api: Api) -> None:
    page = (await api.get("/docs", who=None)).text
    assert "/static-offline-docs/swagger-ui-bundle.js" in page
    assert "https://" not in page
    assert (await api.get("/static-offline-docs/swagger-ui-bundle.js", who=None)).status_code == 200
