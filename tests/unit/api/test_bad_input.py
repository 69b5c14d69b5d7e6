"""Whatever is sent, the answer is an answer or a problem, never a failure of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.text_limits import NOTE, REASON
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.chart import MOST_KNOWN
from pipeline.api.services.saved_charts import MOST_LINKS
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


TOO_LARGE_CHARTS: dict[str, tuple[dict[str, Any], str]] = {
    "nodes": (
        {"items": [{"places": [{"case": f"fr-pj:{number}"}]} for number in range(MOST_KNOWN + 1)]},
        f"body.items: {MOST_KNOWN + 1} were sent, but at most {MOST_KNOWN} are taken; leave some out",
    ),
    "edges": (
        {"items": [{"places": [{"case": "fr-pj:1"}]}], "links": [{"a": 0, "b": 0}] * 100_000},
        f"body.links: 100000 were sent, but at most {MOST_LINKS} are taken; leave some out",
    ),
}


@pytest.mark.parametrize("what", TOO_LARGE_CHARTS)
async def test_of_a_chart_that_is_too_large_it_is_said_which_limit_and_what_to_do(api: Api, what: str) -> None:
    body, said = TOO_LARGE_CHARTS[what]
    answer = await api.post("/v1/chart/open", body)
    assert (answer.status_code, answer.json()["detail"]) == (422, said)
    known = {"places": [{"case": "fr-pj:1"}], "known": ["be-fp:1"] * 100_000}
    answer = await api.post("/v1/chart/expand", known)
    assert (answer.status_code, answer.json()["fields"]) == (422, ["body.known"])


async def test_of_a_note_of_a_megabyte_with_markup_it_is_said_how_long_it_may_be(api: Api) -> None:
    folder = (await api.post("/v1/folders", {"title": "Kestrel"})).json()["folder"]["id"]
    answer = await api.post(f"/v1/folders/{folder}/notes", {"text": "<b>x</b>" * 125_000})
    assert answer.status_code == 422
    assert f"{NOTE.most}" in answer.json()["detail"]
    assert (await api.get(f"/v1/folders/{folder}")).json()["items"] == []


REASONS: dict[str, dict[str, Any]] = {
    "/v1/disclosures": {"reference": "x", "reason": ...},
    "/v1/break-glass": {"reference": "x", "reason": ..., "hours": 1, "urgent": True},
    "/v1/links/x/reviews": {"verdict": "same", "reason": ...},
    "/v1/reviews": {"links": ["x"], "verdict": "same", "reason": ...},
    "/v1/break-glass/x/review": {"verdict": "justified", "comment": ...},
}


@pytest.mark.parametrize("path", REASONS)
async def test_of_a_reason_of_a_megabyte_it_is_said_how_long_it_may_be(api: Api, path: str) -> None:
    """Before anything is read or written of it."""
    typed = "<b>мир\u202e</b>" * 45_000
    body = {name: typed if value is ... else value for name, value in REASONS[path].items()}
    answer = await api.post(path, body)
    assert answer.status_code == 422
    assert str(REASON.most) in answer.json()["detail"]
    assert (api.decided.values, api.index.calls) == ([], [])
    assert len(answer.content) < 1_000
    assert "<b>" not in repr(api.audit.acts)


async def test_of_a_request_that_is_too_large_it_is_said_how_large_it_may_be(api: Api) -> None:
    for path, most in (("/v1/chart/hubs", 1), ("/v1/chart/open", 4)):
        answer = await api.request("POST", path, content=bytes(5_000_000))
        assert answer.status_code == 413
        assert answer.json()["detail"] == f"the request has more than {most} MB; send less at once"

        async def in_parts() -> AsyncIterator[bytes]:
            for _ in range(50):
                yield bytes(100_000)

        assert (await api.request("POST", path, content=in_parts())).json()["detail"] == answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/cases/{}", "/v1/links?case={}", "/v1/graph?case={}", "/v1/timeline?case={}",
                                  "/v1/entities?case=fr-pj:1&entity={}"])  # fmt: skip
async def test_a_key_of_any_length_is_a_problem(api: Api, path: str) -> None:
    api.hold(record("fr-pj"))
    assert (await api.get(path.format("x" * 60_000))).status_code in (404, 422)
    assert set(api.audit.kinds()) <= {ActKind.REFUSED}
    assert "xx" not in repr(api.audit.acts)
