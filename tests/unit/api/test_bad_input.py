"""Whatever is sent, the answer is an answer or a problem, never a failure of ours."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.access.audit import ActKind
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.search import Search, search
from pipeline.api.services.statistics import count_statistics
from pipeline.web.components.filters import parse_filters
from support.access.requesters import ANNA
from support.api.bad_questions import BODIES, QUESTIONS
from support.api.runtime import Api
from support.records.builder import record


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


@pytest.mark.parametrize(
    "filters",
    [{"agencies": ["x" * 200_000]}, {"countries": ["x" * 200_000]}, {"offences": ["ICCS:0501", "x" * 200_000]},
     {"goals": [10**30]}, {"goals": [0]}],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
async def test_a_filter_that_no_case_can_meet_is_a_problem(api: Api, filters: dict[str, Any]) -> None:
    """Recorded in the audit, 200,000 characters do not fit Kafka, and the answer was that nothing can be recorded."""
    answer = await api.post("/v1/search", {"question": "ivan", "filters": filters})
    assert (answer.status_code, api.audit.kinds()) == (422, [ActKind.REFUSED])
    in_an_address = {name: [str(value)[:60_000] for value in values] for name, values in filters.items()}
    assert (await api.get("/v1/statistics", params=in_an_address)).status_code == 422


async def test_a_page_that_is_narrowed_by_such_a_filter_is_a_problem_too(api: Api) -> None:
    with pytest.raises(UnprocessableError, match="more than 128 characters"):
        await search(api.session(ANNA), Search(filters=parse_filters({"offence": "x" * 200_000})))
    with pytest.raises(UnprocessableError, match="more than 128 characters"):
        await count_statistics(api.session(ANNA), parse_filters({"agency": "x" * 200_000}))


@pytest.mark.parametrize("path", ["/v1/cases/{}", "/v1/links?case={}", "/v1/graph?case={}", "/v1/timeline?case={}",
                                  "/v1/entities?case=fr-pj:1&entity={}"])  # fmt: skip
async def test_a_key_of_any_length_is_a_problem(api: Api, path: str) -> None:
    api.hold(record("fr-pj"))
    assert (await api.get(path.format("x" * 60_000))).status_code in (404, 422)
    assert set(api.audit.kinds()) <= {ActKind.REFUSED}
    assert "xx" not in repr(api.audit.acts)
