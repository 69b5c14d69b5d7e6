"""Whatever is sent, the answer is an answer or a problem, never a failure of ours."""

from __future__ import annotations

import pytest
from api_runtime import Api, record

QUESTIONS = (
    "name:* OR 1=1", '"unclosed', "a AND (b OR", "/re.*gex/", "field:[* TO *]", "~0.8^10", "\\", "{}[]!&&||", "born:x",
    "ivan\x00petrov\x1b[31m", "\u202eivan", "\ud7ff\U0010ffff", "é" * 999, "x" * 10_000, " ", "1" * 500, "*?*?" * 100,
    "'; DROP INDEX cases; --", "${jndi:ldap://x}", "a " * 400,
)  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_breaks_the_search(api: Api, question: str) -> None:
    api.hold(record("fr-pj"))
    answer = await api.post("/v1/search", {"question": question})
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"question":' * 10_000, b"\xff", b"", b"null", b'{"question": NaN}']
)
async def test_no_body_breaks_the_search(api: Api, body: bytes) -> None:
    answer = await api.request("POST", "/v1/search", content=body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/cases/%00", "/v1/cases/%ff", "/v1/cases/" + "x" * 600, "/v1/links?case=%00"])
async def test_no_key_breaks_reading(api: Api, path: str) -> None:
    assert (await api.get(path)).status_code in (404, 422)


async def test_a_cursor_of_nonsense_is_a_problem(api: Api) -> None:
    api.hold(record("fr-pj"))
    for cursor in ("x", "é", "A" * 900, "A" * 3000):
        assert (await api.post("/v1/search", {"question": "ivan", "cursor": cursor})).status_code == 422
