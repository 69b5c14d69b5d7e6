"""A read by key asks the index for the same, whether the key stands for a hit-only case, a silent one, or none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.access.disclosures import thread_ids
from pipeline.correlation.claims import link_id
from pipeline.matching.handling import Handling
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA
from support.api.runtime import GROUNDS, NOW, Api
from support.correlation.key_rings import RING
from support.records.builder import record

BY_KEY = (
    "/v1/cases/{}",
    "/v1/links?case={}",
    "/v1/graph?case={}&depth=3",
    "/v1/timeline?case={}",
    "/v1/entities?case={}&entity=p1",
    "/v1/deconfliction?case={}",
    "/v1/manual-links?case={}",
)
CLOSED = ("nl-np:hit", "nl-np:silent", "nl-np:elsewhere", "nl-np:none")
LARGE = "x" * 3_900


@pytest.fixture
async def closed(api: Api) -> Api:
    """Cases that Anna may not read, of one of which she was granted a look that has ended."""
    hit, silent, elsewhere = (
        record("nl-np", name, code=code, to=to, summary=LARGE)
        for name, code, to in (("hit", "H2", ("*",)), ("silent", "H3", ("*",)), ("elsewhere", "H0", ("DE",)))
    )
    api.hold(record("fr-pj"), hit, silent, elsewhere)
    step = ThreadStep(Move.GRANT, "nl-np", "owner", NOW, until=NOW - timedelta(days=1), under=Handling("H2", ("*",)))
    thread = Disclosure(thread_ids(RING, "fr-pj", "nl-np:hit")[-1], "nl-np:hit", "nl-np", "fr-pj", "", (step,))
    await api.decided.write(topics.DISCLOSURES, thread.id, thread)
    return api


async def asked(api: Api, method: str, path: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Status and body of an answer, and the calls that it cost: their kind and index."""
    api.index.calls.clear()
    answer = await api.request(method, path, headers=GROUNDS | {"X-Request-ID": "the-same-1"})
    return answer.status_code, answer.content, [(call.kind, call.where) for call in api.index.calls]


@pytest.mark.parametrize("path", BY_KEY)
async def test_a_refused_read_costs_the_same_calls_for_a_hit_a_silence_and_nothing(closed: Api, path: str) -> None:
    answers = [await asked(closed, "GET", path.format(key)) for key in CLOSED]
    assert answers == [answers[0]] * len(CLOSED)
    status, _, calls = answers[0]
    assert status == 404
    assert calls == [("get", "disclosures"), ("search", "cases")]


async def test_a_link_named_by_its_id_costs_the_same_calls_too(closed: Api) -> None:
    for other in CLOSED[:2]:
        closed.link("fr-pj:1", other)
    ids = [link_id("fr-pj:1", other) for other in CLOSED]
    answers = [await asked(closed, "GET", f"/v1/links/{one}/reviews") for one in ids]
    assert answers == [answers[0]] * len(CLOSED)
    assert ("get", "disclosures") in answers[0][2]


async def test_nothing_is_fetched_of_what_is_refused(closed: Api) -> None:
    closed.index.calls.clear()
    for key in CLOSED:
        assert (await closed.get(f"/v1/cases/{key}")).status_code == 404
    assert all(call.ids == () for call in closed.index.calls if call.where == "cases")


async def test_what_is_readable_and_ones_own_is_read_in_real_time(closed: Api) -> None:
    closed.hold(record("be-fp"))
    for key in ("fr-pj:1", "be-fp:1"):
        assert (await closed.get(f"/v1/cases/{key}")).json()["case"]["case"] == key
    closed.index.calls.clear()
    await closed.get("/v1/cases/fr-pj:1")
    assert [(call.kind, call.where) for call in closed.index.calls] == [("get", "cases")]


async def test_a_grant_in_force_opens_it_still(closed: Api) -> None:
    under = Handling("H2", ("*",), ("investigation", "correlation"))
    step = ThreadStep(Move.GRANT, "nl-np", "owner", NOW, until=NOW + timedelta(days=1), under=under)
    thread = Disclosure(thread_ids(RING, "fr-pj", "nl-np:hit")[-1], "nl-np:hit", "nl-np", "fr-pj", "", (step,))
    await closed.decided.write(topics.DISCLOSURES, thread.id, thread)
    assert (await closed.get("/v1/cases/nl-np:hit", ANNA)).json()["case"]["data"]["summary"] == LARGE
