"""What an agency is told: only its own, only while it may still know of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.audit import ShownCase, ShownForm
from pipeline.access.disclosure_threads import Disclosure, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.notices import Notice, NoticeKind, disclosure_notice
from pipeline.access.requester import Requester, Role
from pipeline.api.answers import NoticeSubject, told
from pipeline.api.paging import CURSOR_BYTES, LENGTH_BYTES
from pipeline.api.problems import ForbiddenError
from pipeline.api.routes.notices import stream_events
from pipeline.api.services.alerts import create_alert, end_alert
from pipeline.api.services.disclosures import grant_disclosure, request_disclosure
from pipeline.api.services.notices import MOST, MOST_AHEAD, NoticePlace, is_of_topic, list_latest_notices, list_notices
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA, BERT, DORA, make_requester
from support.api.runtime import NOW, Api
from support.correlation.key_rings import RING
from support.records.builder import person, record

WANTED = DisclosureAsk("the same phone", Urgency.URGENT, NOW + timedelta(days=1))
KEY = "fr-pj:1"


async def tell(api: Api, notice: Notice) -> None:
    await api.decided.write(topics.NOTICES, notice.id, notice)


async def asked_and_granted(api: Api) -> None:
    """A hit that Bert asks for and Anna grants, told as the notify stage tells it."""
    api.hold(record("fr-pj", code="H2", to=("BE",)))
    name = (await request_disclosure(api.session(BERT), api.session(BERT).make_reference(KEY), WANTED)).disclosure.id
    await grant_disclosure(api.session(ANNA), name, NOW + timedelta(days=9))
    for _, value in list(api.decided.values):
        assert isinstance(value, Disclosure)
        notice = disclosure_notice(value, RING)
        assert notice is not None
        await tell(api, notice)


async def kinds(api: Api, who: Requester) -> list[tuple[str, str | None]]:
    return [(row.kind, row.case) for row in (await list_notices(api.session(who))).notices]


async def test_each_agency_reads_what_it_was_told(api: Api) -> None:
    await asked_and_granted(api)
    assert await kinds(api, ANNA) == [("disclosure_request", KEY)]
    assert await kinds(api, BERT) == [("disclosure_answer", KEY)]
    assert await kinds(api, DORA) == []
    assert api.audit.acts[-2].shown == (ShownCase(KEY, ShownForm.FULL, "granted"),)


async def test_rights_are_held_against_it_when_it_is_read(api: Api) -> None:
    await asked_and_granted(api)
    api.hold(record("fr-pj", code="H3", to=("BE",), version=2))
    assert await kinds(api, BERT) == []
    assert await kinds(api, ANNA) == [("disclosure_request", KEY)]
    api.hold(record("fr-pj", version=3, status="withdrawn"))
    assert await kinds(api, ANNA) == []


async def test_reading_goes_on_behind_the_last_notice(api: Api) -> None:
    empty = await list_notices(api.session(ANNA))
    assert empty.notices == ()
    for number in range(3):
        await tell(api, Notice(f"n{number}", "fr-pj", NoticeKind.EXPIRY, NOW))
    first = await list_notices(api.session(ANNA), limit=2, cursor=empty.next)
    rest = await list_notices(api.session(ANNA), limit=2, cursor=first.next)
    assert [row.id for answer in (first, rest) for row in answer.notices] == ["n0", "n1", "n2"]
    nothing = await list_notices(api.session(ANNA), cursor=rest.next)
    await tell(api, Notice("n3", "fr-pj", NoticeKind.EXPIRY, NOW))
    later = await list_notices(api.session(ANNA), cursor=nothing.next)
    assert [row.id for row in later.notices] == ["n3"]


async def test_people_read_the_latest_first_and_go_back(api: Api) -> None:
    for number in range(MOST + 2):
        await tell(api, Notice(f"n{number}", "fr-pj", NoticeKind.EXPIRY, NOW))
    first = await list_latest_notices(api.session(ANNA), limit=2)
    await tell(api, Notice("meanwhile", "fr-pj", NoticeKind.EXPIRY, NOW))
    rest = await list_latest_notices(api.session(ANNA), limit=MOST, cursor=first.next)
    assert [row.id for row in first.notices] == [f"n{MOST + 1}", f"n{MOST}"]
    assert [row.id for row in rest.notices] == [f"n{number}" for number in reversed(range(MOST))]
    assert rest.next is None
    assert (await list_latest_notices(api.session(ANNA), limit=1)).notices[0].id == "meanwhile"
    assert (await list_latest_notices(api.session(BERT))).notices == ()


async def holds() -> None:
    """The session goes on."""


async def test_a_stream_ends_with_its_session(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.api.routes.notices.POLL_S", 0.0)
    await tell(api, Notice("n0", "fr-pj", NoticeKind.EXPIRY, NOW))
    token = api.token(ANNA)

    async def check() -> None:
        await api.runtime.requester(token)

    streamed = stream_events(api.session(ANNA), None, check)
    assert b"n0" in await anext(streamed)
    await api.runtime.end_session(token)
    await tell(api, Notice("n1", "fr-pj", NoticeKind.EXPIRY, NOW))
    assert [event async for event in streamed] == []


async def test_a_stream_is_taken_up_by_its_last_event(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.api.routes.notices.POLL_S", 0.0)
    await tell(api, Notice("n0", "fr-pj", NoticeKind.EXPIRY, NOW))
    (event,) = [one async for one in stream_events(api.session(ANNA), None, holds, polls=1)]
    kind, name, data, *_ = event.decode().split("\n")
    row = msgspec.json.decode(data.removeprefix("data: "))
    assert (kind, row["id"]) == ("event: notice", "n0")
    written = len(api.audit.acts)
    quiet = [one async for one in stream_events(api.session(ANNA), name.removeprefix("id: "), holds, polls=1)]
    assert quiet == [b": still here\n\n"]
    assert len(api.audit.acts) == written
    api.audit.away = True
    assert [one async for one in stream_events(api.session(ANNA), None, holds, polls=3)] == []


async def test_who_may_not(api: Api) -> None:
    for role in (Role.OPS, Role.FEED, Role.AUDITOR):
        for what in (list_notices, list_latest_notices):
            call: Any = what
            with pytest.raises(ForbiddenError):
                await call(api.session(make_requester("fr-pj", role)))


async def test_over_http(api: Api) -> None:
    await tell(api, Notice("n0", "fr-pj", NoticeKind.EXPIRY, NOW))
    assert (await api.get("/v1/notices")).json()["notices"][0]["id"] == "n0"
    assert (await api.get("/v1/notices?cursor=nonsense")).status_code == 422
    assert (await api.get("/v1/agencies/me/accesses")).json()["accesses"] == []
    assert (await api.get("/v1/notices/stream", make_requester("fr-pj", Role.OPS))).status_code == 403


async def test_a_silent_cases_owner_reads_of_its_link_only_while_the_other_side_is_shown(api: Api) -> None:
    api.hold(record("fr-pj", code="H3"), record("be-fp", code="H2"))
    reference = api.session(ANNA).make_reference("be-fp:1")
    told = Notice("n1", "fr-pj", NoticeKind.SILENT_LINK, NOW, KEY, reference, other_agency="be-fp", band=Band.PROBABLE)
    await tell(api, told)
    (row,) = (await list_notices(api.session(ANNA))).notices
    assert (row.kind, row.case, row.reference, row.agency) == ("silent_link", KEY, reference, "be-fp")
    api.hold(record("be-fp", code="H3", version=2))
    assert await kinds(api, ANNA) == []


async def test_who_asks_the_same_is_told_to_a_saved_search_while_it_lasts(api: Api) -> None:
    query = (await create_alert(api.session(ANNA), "ivan petrov born:1980-05-01", share=True)).subscription
    assert query.shared
    for name, subscription in (("n1", query.id), ("n2", "")):
        kind = NoticeKind.SHARED_INTEREST
        await tell(
            api, Notice(name, "fr-pj", kind, NOW, subscription=subscription, other_agency="be-fp", band=Band.CERTAIN)
        )
    assert len(await kinds(api, ANNA)) == 2
    questions = [row.question for row in (await list_notices(api.session(ANNA))).notices]
    assert questions == ["ivan petrov born:1980-05-01", None]
    await end_alert(api.session(ANNA), query.id)
    assert await kinds(api, ANNA) == [("shared_interest", None)]


OFFSETS = st.integers(0, 2**63 - 1)

TOPIC, FORMER = (str(uuid.UUID(int=number)) for number in (1, 2))


def test_it_begins_before_all_and_goes_on_from_an_old_cursor() -> None:
    assert NoticePlace.from_cursor(None, TOPIC) == NoticePlace.from_cursor([-1], TOPIC) == NoticePlace(-1)
    assert NoticePlace.from_cursor([7], TOPIC) == NoticePlace(7)
    assert NoticePlace.from_cursor([7, 2, 1], TOPIC) == NoticePlace(7, (9, 10))
    assert is_of_topic([7], TOPIC)


def test_a_cursor_of_another_topic_begins_before_all() -> None:
    cursor = NoticePlace(7, (9,)).to_cursor(FORMER)
    assert NoticePlace.from_cursor(cursor, FORMER) == NoticePlace(7, (9,))
    assert NoticePlace.from_cursor(cursor, TOPIC) == NoticePlace()
    assert is_of_topic(cursor, FORMER)
    assert not is_of_topic(cursor, TOPIC)


@given(st.sets(OFFSETS, min_size=1, max_size=MOST_AHEAD + 1))
def test_a_cursor_brings_it_back_and_holds_whatever_fits(offsets: set[int]) -> None:
    passed, *ahead = sorted(offsets)
    place = NoticePlace(passed, tuple(ahead))
    assert NoticePlace.from_cursor(place.to_cursor(TOPIC), TOPIC) == place
    assert place.fits
    assert len(msgspec.msgpack.encode(place.to_cursor(TOPIC))) + LENGTH_BYTES <= CURSOR_BYTES
    assert not NoticePlace(0, tuple(range(1, MOST_AHEAD + 2))).fits


def test_what_is_settled_is_passed_and_what_is_not_is_named() -> None:
    first = NoticePlace().give(3, end=10)
    assert first == NoticePlace(3)
    second = first.give(12, end=10)
    assert second == NoticePlace(9, (12,))
    assert second.give(11, end=10) == NoticePlace(9, (11, 12))
    assert second.give(14, end=13) == NoticePlace(12, (14,))


@pytest.mark.parametrize(
    ("offset", "end", "then"),
    [(20, 15, NoticePlace(14, (16,))), (20, 30, NoticePlace(20)), (12, 30, NoticePlace(12, (16,)))],
)  # fmt: skip
def test_what_was_looked_at_in_vain_is_passed_once_it_is_settled(offset: int, end: int, then: NoticePlace) -> None:
    assert NoticePlace(9, (12, 16)).pass_settled(offset, end) == then


def test_a_server_that_knows_of_less_leads_nobody_back() -> None:
    assert NoticePlace(9, (12,)).pass_settled(20, end=0) == NoticePlace(9, (12,))
    assert NoticePlace(9, (12,)).give(14, end=0) == NoticePlace(9, (12, 14))


MAN = person("Иван Петров", id="p1", birth_date="1980-05-01", phones=["+33612345678"])
SISTER = person("Anna Petrova", id="p2", birth_date="1983-01-01")


async def hold(api: Api, version: int = 1, code: str = "H0", **man: Any) -> None:
    entities = [SISTER, MAN | man]
    api.hold(record("fr-pj", code=code, to=("BE",), title="Affair", version=version, entities=entities))


async def match(api: Api, question: str = "ivan petrov born:1980-05-01 +33612345678") -> None:
    """Tell Bert of a case of Anna's that his alert has met."""
    alert = (await create_alert(api.session(BERT), question)).subscription.id
    told = Notice(
        "n1", "be-fp", NoticeKind.SUBSCRIPTION_MATCH, NOW, reference=api.session(BERT).make_reference("fr-pj:1"),
        subscription=alert, other_agency="fr-pj", purpose="investigation", band=Band.CERTAIN,
    )  # fmt: skip
    await api.decided.write(topics.NOTICES, told.id, told)


async def read(api: Api, language: str = "en") -> NoticeSubject | None:
    session = api.session(BERT)
    session.language = language
    (row,) = (await list_latest_notices(session, described=True)).notices
    return told(row.about)


async def test_of_several_people_it_is_the_one_whom_the_alert_asks_for(api: Api) -> None:
    await hold(api)
    await match(api)
    about = await read(api)
    assert about is not None
    assert (about.case, about.entity, about.name, about.born) == (
        "fr-pj:1", "p1", "Иван Петров", "1980-05-01",
    )  # fmt: skip
    assert sorted(about.agrees) == ["date of birth", "name", "phone number"]
    french = await read(api, "fr")
    assert french is not None
    assert "date de naissance" in french.agrees


async def test_it_is_by_what_the_case_says_now(api: Api) -> None:
    await hold(api)
    await match(api)
    await hold(api, 2, phones=["+33600000009"])
    about = await read(api)
    assert about is not None
    assert sorted(about.agrees) == ["date of birth", "name"]


async def test_a_hit_only_case_is_not_asked_for_what_it_says(api: Api) -> None:
    await hold(api, code="H2")
    await match(api)
    asked = []
    for described in (False, True):
        before = len(api.engine.calls)
        (row,) = (await list_latest_notices(api.session(BERT), described=described)).notices
        asked.append([(call.kind, call.where) for call in api.engine.calls[before:]])
    assert row.about is None
    assert asked[0] == asked[1]


@pytest.mark.parametrize("kind", [NoticeKind.SILENT_SEARCH, NoticeKind.EXPIRY])
async def test_a_notice_without_an_alert_names_the_case_and_nobody_in_it(api: Api, kind: NoticeKind) -> None:
    await hold(api)
    await api.decided.write(topics.NOTICES, "n1", Notice("n1", "fr-pj", kind, NOW, "fr-pj:1"))
    (row,) = (await list_latest_notices(api.session(ANNA), described=True)).notices
    about = told(row.about)
    assert about
    assert (about.title, about.name, about.agrees) == ("Affair", None, ())
