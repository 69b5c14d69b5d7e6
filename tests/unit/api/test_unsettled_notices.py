"""A notice that comes before its case can be read is told once it can, and delays no other."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.access.case_filters import Filters
from pipeline.access.notices import Notice, NoticeKind
from pipeline.api.paging import PageCursor
from pipeline.api.routes.notices import stream_events
from pipeline.api.services.alerts import create_alert
from pipeline.api.services.notices import MOST_AHEAD, find_start_cursor, list_notices
from pipeline.matching.bands import Band
from pipeline.streams.catalogues import topics
from support.access.requesters import ANNA
from support.api.runtime import NOW, Api
from support.records.builder import record


async def tell(api: Api, name: str, **of: Any) -> None:
    notice = Notice(name, "fr-pj", NoticeKind.EXPIRY, NOW, **of)
    await api.decided.write(topics.NOTICES, notice.id, notice)


class Reader:
    """Anna, who goes on where she was."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.cursor: str | None = None

    async def poll(self, limit: int = 50) -> list[str]:
        answer = await list_notices(self.api.session(ANNA), limit, self.cursor)
        self.cursor = answer.next
        return [row.id for row in answer.notices]


async def test_one_whose_case_is_not_indexed_yet_is_told_once_it_is(api: Api) -> None:
    api.settled.end = 0
    reference = api.session(ANNA).make_reference("be-fp:1")
    await tell(api, "own", case="fr-pj:1")
    await tell(api, "other", reference=reference)
    await tell(api, "neither")
    anna = Reader(api)
    assert await anna.poll() == ["neither"]
    assert await anna.poll() == []
    api.hold(record("be-fp"))
    assert await anna.poll() == ["other"]
    api.settled.end = 1
    assert await anna.poll() == []
    assert await anna.poll() == []


async def test_one_that_searches_show_behind_a_later_one_is_told(api: Api) -> None:
    """As of an index of several shards, one of which is refreshed first."""
    api.settled.end, api.decided.first = 0, 5
    await tell(api, "later")
    anna = Reader(api)
    assert await anna.poll() == ["later"]
    api.decided.first = 3
    api.decided.values.clear()
    await tell(api, "earlier")
    assert await anna.poll() == ["earlier"]
    assert await anna.poll() == []


async def test_a_later_version_that_passes_an_alerts_filters_is_waited_for(api: Api) -> None:
    narrowed = Filters(offences=("ICCS:0501",))
    alert = (await create_alert(api.session(ANNA), "ivan petrov born:1980-05-01", filters=narrowed)).subscription
    api.settled.end = 0
    api.hold(record("fr-pj"))
    await tell(api, "n1", case="fr-pj:1", subscription=alert.id, band=Band.CERTAIN)
    anna = Reader(api)
    assert await anna.poll() == []
    api.hold(record("fr-pj", version=2, offences=[{"scheme": "ICCS", "code": "0501"}]))
    assert await anna.poll() == ["n1"]


async def test_what_is_settled_and_may_not_be_read_is_waited_for_no_longer(api: Api) -> None:
    api.settled.end = 0
    await tell(api, "n0", case="fr-pj:1")
    await tell(api, "n1")
    anna = Reader(api)
    assert await anna.poll() == ["n1"]
    api.settled.end = 2
    assert await anna.poll() == []
    api.hold(record("fr-pj"))
    assert await anna.poll() == [], "its cursor has passed what was hidden when it was settled"


async def test_very_many_at_once_wait_for_the_index_and_hurry_it(api: Api) -> None:
    api.settled.end = 0
    for number in range(MOST_AHEAD + 3):
        await tell(api, f"n{number}")
    anna = Reader(api)
    assert await anna.poll(100) == [f"n{number}" for number in range(MOST_AHEAD)]
    assert await anna.poll(100) == []
    await api.settled.wait_hurried(0.0, 3600.0)  # returns, since it was hurried
    api.settled.end = MOST_AHEAD + 1
    assert await anna.poll(100) == [f"n{number}" for number in range(MOST_AHEAD, MOST_AHEAD + 3)]
    assert await anna.poll(100) == []


async def test_a_page_is_left_off_among_what_is_not_settled(api: Api) -> None:
    api.settled.end = 2
    for number in range(5):
        await tell(api, f"n{number}")
    anna = Reader(api)
    pages = [await anna.poll(2) for _ in range(4)]
    assert pages == [["n0", "n1"], ["n2", "n3"], ["n4"], []]


def restore(api: Api) -> None:
    """Another topic of the same name, as after a restore, which is behind the former one."""
    api.settled.index = api.settled.index._replace(topic="t2")
    api.index.forget_documents("notices")
    api.decided.first = 0
    api.decided.values.clear()


async def test_after_a_restore_a_cursor_begins_anew_and_goes_on(api: Api) -> None:
    anna = Reader(api)
    for number in range(5):
        await tell(api, f"n{number}")
    assert len(await anna.poll()) == 5
    restore(api)
    await tell(api, "n4")
    await tell(api, "since")
    assert await anna.poll() == ["n4", "since"]
    await tell(api, "later")
    assert await anna.poll() == ["later"]


async def test_after_a_restore_a_page_waits_for_what_comes(api: Api) -> None:
    for number in range(5):
        await tell(api, f"n{number}")
    before = await find_start_cursor(api.session(ANNA), "")
    assert before
    assert await find_start_cursor(api.session(ANNA), before) == before
    restore(api)
    await tell(api, "n4")
    anna = Reader(api)
    anna.cursor = await find_start_cursor(api.session(ANNA), before)
    assert await anna.poll() == [], "the page shows it"
    await tell(api, "since")
    assert await anna.poll() == ["since"]


async def test_a_cursor_of_before_cursors_named_their_topic_goes_on(api: Api) -> None:
    anna = Reader(api)
    for number in range(3):
        await tell(api, f"n{number}")
    anna.cursor = PageCursor(api.session(ANNA), "notices").seal([0, 2])
    assert await anna.poll() == ["n1"]


async def holds() -> None:
    """The session goes on."""


def shown(events: list[bytes]) -> tuple[list[str], str]:
    """The notices among events, and the id of the last."""
    told = [event.decode().split("\n") for event in events if event.startswith(b"event: notice")]
    names = [msgspec.json.decode(data.removeprefix("data: "))["id"] for _, _, data, *_ in told]
    return names, told[-1][1].removeprefix("id: ") if told else ""


async def test_a_stream_tells_of_it_and_so_does_one_that_is_taken_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.api.routes.notices.POLL_S", 0.0)
    api.settled.end = 0
    await tell(api, "n0", case="fr-pj:1")
    await tell(api, "n1")
    stream = stream_events(api.session(ANNA), None, holds, polls=3)
    names, last = shown([await anext(stream)])
    assert names == ["n1"]
    api.hold(record("fr-pj"))
    assert shown([event async for event in stream])[0] == ["n0"]
    taken_up = [event async for event in stream_events(api.session(ANNA), last, holds, polls=1)]
    assert shown(taken_up)[0] == ["n0"]


async def test_who_begins_to_wait_is_told_of_what_was_there_and_not_shown_yet(api: Api) -> None:
    api.settled.end = 1
    for name, case in (("old", "fr-pj:9"), ("late", "fr-pj:1"), ("there", "")):
        await tell(api, name, case=case)
    anna = Reader(api)
    anna.cursor = await find_start_cursor(api.session(ANNA), "")
    written = len(api.audit.acts)
    assert await anna.poll() == []
    api.hold(record("fr-pj"), record("fr-pj", "9"))
    assert await anna.poll() == ["late"]
    assert len(api.audit.acts) == written + 2, "to begin is to be shown nothing"


async def test_who_begins_while_nothing_is_known_to_be_settled_waits_for_what_comes(api: Api) -> None:
    for number in range(MOST_AHEAD + 1):
        await tell(api, f"n{number}")
    api.settled.end = 0
    anna = Reader(api)
    anna.cursor = await find_start_cursor(api.session(ANNA), "")
    assert await anna.poll() == []
    await tell(api, "new")
    assert await anna.poll() == ["new"]
