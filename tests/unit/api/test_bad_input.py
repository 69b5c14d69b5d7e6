"""Whatever is sent, the answer is an answer or a problem, never a failure of ours."""

from __future__ import annotations

import pytest
from api_runtime import Api, record
from bad_questions import BODIES, QUESTIONS


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_breaks_the_search(api: Api, question: str) -> None:
    api.hold(record("fr-pj"))
    answer = await api.post("/v1/search", {"question": question})
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_no_body_breaks_the_search(api: Api, body: bytes) -> None:
    answer = await api.request("POST", "/v1/search", content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/cases/%00", "/v1/cases/%ff", "/v1/cases/" + "x" * 600, "/v1/links?case=%00"])
async def test_no_key_breaks_reading(api: Api, path: str) -> None:
    assert (await api.get(path)).status_code in (404, 422)


async def test_a_cursor_of_nonsense_is_a_problem(api: Api) -> None:
    api.hold(record("fr-pj"))
    for cursor in ("x", "é", "A" * 900, "A" * 3000):
        assert (await api.post("/v1/search", {"question": "ivan", "cursor": cursor})).status_code == 422
