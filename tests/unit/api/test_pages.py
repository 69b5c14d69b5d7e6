"""Pages: full, in order, without totals; cursors that tell nothing and open for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.case_filters import Filters
from pipeline.api.problems import UnavailableError, UnprocessableError
from pipeline.api.quotas import RequestRates
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import record


async def test_every_result_comes_on_one_page_alone(api: Api) -> None:
    api.hold(*(record("be-fp", str(number), to=("FR",)) for number in range(7)), record("be-fp", "x", to=("DE",)))
    for asked in (Search("ivan petrov", limit=3), Search(filters=Filters(agencies=("be-fp",)), limit=3)):
        seen: list[str] = []
        sizes, cursor = [], ""
        while True:
            page = await search(api.session(ANNA), Search(asked.question, "", 3, cursor, asked.filters))
            seen += [row.case for row in page.results]
            sizes.append(len(page.results))
            if page.next is None:
                break
            cursor = page.next
        assert (seen, sizes) == ([f"be-fp:{number}" for number in range(7)], [3, 3, 1])


async def test_links_are_paged_in_order_and_hits_after_their_band(api: Api) -> None:
    api.hold(record("fr-pj"), *(record("be-fp", str(n)) for n in range(3)), record("nl-np", code="H2"))
    for other in ("be-fp:0", "be-fp:1", "be-fp:2", "nl-np:1"):
        api.link("fr-pj:1", other)
    whole = (await list_links(api.session(ANNA), "fr-pj:1")).links
    assert [bool(row.hit) for row in whole] == [False, False, False, True]
    first = await list_links(api.session(ANNA), "fr-pj:1", 3)
    assert first.next is not None
    second = await list_links(api.session(ANNA), "fr-pj:1", 3, first.next)
    assert (first.links + second.links, second.next) == (whole, None)


async def test_a_cursor_is_its_holders_alone(api: Api) -> None:
    api.hold(*(record("be-fp", str(number)) for number in range(3)))
    page = await search(api.session(ANNA), Search("ivan petrov", limit=1))
    assert page.next is not None
    for who, question in ((BERT, "ivan petrov"), (ANNA, "ivan petrow")):
        with pytest.raises(UnprocessableError):
            await search(api.session(who), Search(question, "", 1, page.next))


async def test_filters_narrow_what_is_found(api: Api) -> None:
    api.hold(
        record("be-fp", "1", opened="2026-01-10", offences=[{"scheme": "ICCS", "code": "0501"}], policing_goals=[3]),
        record("de-bka", "2", opened="2026-03-10", closed="2026-04-01"),
    )
    for filters, found in (
        (Filters(opened_from="2026-01-10", opened_to="2026-01-31"), ["be-fp:1"]),
        (Filters(offences=("ICCS:0501",)), ["be-fp:1"]),
        (Filters(goals=(3, 5)), ["be-fp:1"]),
        (Filters(closed_from="2026-03-31"), ["de-bka:2"]),
        (Filters(open_only=True), ["be-fp:1"]),
        (Filters(countries=("DE", "BE")), ["be-fp:1", "de-bka:2"]),
        (Filters(agencies=("be-fp",), countries=("DE",)), []),
    ):
        for question in ("ivan petrov", ""):
            answer = await search(api.session(ANNA), Search(question, filters=filters))
            assert [row.case for row in answer.results] == found


async def test_an_index_too_far_behind_answers_nobody(api: Api) -> None:
    api.hold(record("fr-pj"))
    api.behind = timedelta(seconds=301)
    answer = await api.get("/v1/links?case=fr-pj:1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    api.behind = timedelta(seconds=299)
    assert (await api.get("/v1/links?case=fr-pj:1")).json()["as_of"] == (api.now - api.behind).isoformat()
    api.backlog = timedelta(hours=2)
    flooded = await api.get("/v1/links?case=fr-pj:1")
    assert flooded.status_code == 200, "one agency's flood shuts no reading"
    assert flooded.json()["as_of"] == (api.now - api.behind - api.backlog).isoformat()
    api.behind = None
    with pytest.raises(UnavailableError):
        await list_links(api.session(ANNA), "fr-pj:1")
    assert len(api.audit.acts) == 2


async def test_who_asks_too_fast_is_told_when_to_come_back(api: Api) -> None:
    api.hold(record("fr-pj"))
    api.runtime.rates = RequestRates(2)
    answers = [await api.get("/v1/cases/fr-pj:1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) <= 60
    assert (await api.get("/v1/cases/fr-pj:1", who=BERT)).status_code == 200
