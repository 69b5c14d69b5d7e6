"""Lists whose items move while they are read: each item comes once, as it is when it is shown, or not at all."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from pipeline.access.case_filters import Filters
from pipeline.access.disclosure_threads import Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.api.paging import CURSOR_BYTES, LONG_CURSOR_BYTES, NAME_BYTES, NONCE_BYTES, TAG_BYTES
from pipeline.api.services.disclosures import grant_disclosure, list_disclosures, request_disclosure
from pipeline.api.services.inbox import list_inbox
from pipeline.api.services.links import list_links
from pipeline.api.services.search import Search, search
from pipeline.correlation.key_ring import ID_BYTES
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.records.builder import person, record

CASES = range(9)
STRONG: dict[str, Any] = {"phones": ["+33612345678"], "birth_date": "1980-05-01"}
LIKELY: dict[str, Any] = {"birth_date": "1980-05"}
WEAK = {"birth_date": "1980"}

Page = Callable[[str], Awaitable[tuple[Sequence[str], str | None]]]
"""The names of the items of the page behind a cursor, and the next one."""

Between = Callable[[], object]


def man(number: int, known: dict[str, Any], version: int = 1, **fields: Any) -> Any:
    """A case of the other agency's about the man, of whom this much is known."""
    return record("be-fp", str(number), version=version, entities=[person("Ivan Petrov", id="p1", **known)], **fields)


def key(number: int) -> str:
    return f"be-fp:{number}"


def keys(*numbers: int) -> list[str]:
    return [key(number) for number in numbers]


async def read(page: Page, *between: Between) -> list[list[str]]:
    """All pages that hold anything, with what happens between them."""
    pages, cursor, meanwhile = [], "", iter(between)
    while True:
        names, following = await page(cursor)
        pages.append(list(names))
        if following is None:
            return [names for names in pages if names]
        cursor = following
        next(meanwhile, lambda: None)()


def calls(api: Api) -> list[str]:
    return [call.kind for call in api.index.calls if call.kind in ("open", "close")]


@pytest.fixture
def found(api: Api) -> Page:
    """A search of three results a page."""
    api.hold(*(man(number, STRONG if number < 3 else LIKELY) for number in CASES))

    async def page(cursor: str) -> tuple[Sequence[str], str | None]:
        asked = Search("ivan petrov 1980-05-01", limit=3, cursor=cursor, filters=Filters(agencies=("be-fp",)))
        answer = await search(api.session(ANNA), asked)
        return [row.case for row in answer.results], answer.next

    return page


@pytest.fixture
def pairs(api: Api) -> dict[str, str]:
    """The links of one case to nine others, as the others are known; by link id the other case."""
    man = person("Ivan Petrov", id="p1", **STRONG)
    api.hold(record("fr-pj", entities=[man]))
    return dict(entry for number in CASES for entry in linked(api, number, STRONG if number < 3 else LIKELY))


def linked(api: Api, number: int, known: dict[str, Any], version: int = 1, **fields: Any) -> Iterable[tuple[str, str]]:
    api.hold(man(number, known, version, **fields))
    yield api.link("fr-pj:1", key(number)), key(number)


@pytest.fixture(params=["links", "inbox"])
def listed(request: pytest.FixtureRequest, api: Api, pairs: dict[str, str]) -> Page:
    """The other cases of three links a page."""

    async def page(cursor: str) -> tuple[Sequence[str], str | None]:
        session = api.session(ANNA)
        if request.param == "links":
            told = await list_links(session, "fr-pj:1", 3, cursor)
            return [pairs[row.link_id] for row in told.links], told.next
        waiting = await list_inbox(session, limit=3, cursor=cursor)
        return [pairs[row.link_id] for row in waiting.links], waiting.next

    return page


async def test_what_moves_in_a_search_comes_once(api: Api, found: Page) -> None:
    pages = await read(
        found,
        lambda: api.hold(man(0, WEAK, 2), man(8, STRONG, 2)),
        lambda: api.hold(man(3, WEAK, 2), man(7, STRONG, 2), man(9, STRONG)),
    )
    assert pages == [keys(0, 1, 2), keys(8, 3, 4), keys(5, 6, 7)]


async def test_what_moves_among_links_comes_once(api: Api, listed: Page) -> None:
    def move(down: int, up: int) -> None:
        assert [*linked(api, down, WEAK, 2), *linked(api, up, STRONG, 2)]

    pages = await read(listed, lambda: move(0, 8), lambda: move(3, 7))
    assert sorted(pages[0]) == keys(0, 1, 2)
    assert pages[1][0] == key(8)
    assert sorted(name for page in pages for name in page) == keys(*CASES)


async def test_what_is_taken_back_or_withheld_is_not_shown_from_a_point_in_time(
    api: Api, found: Page, listed: Page
) -> None:
    def withhold(version: int) -> None:
        assert [*linked(api, 7, LIKELY, version, to=("NL",)), *linked(api, 8, LIKELY, version, status="withdrawn")]

    def give_back() -> None:
        assert [*linked(api, 7, LIKELY, 3), *linked(api, 8, LIKELY, 3)]

    assert await read(found, lambda: None, lambda: withhold(2)) == [keys(0, 1, 2), keys(3, 4, 5), keys(6)]
    give_back()
    pages = await read(listed, lambda: None, lambda: withhold(4))
    before = {name for page in pages[:2] for name in page}
    assert set(pages[2]) == {*keys(*CASES)} - before - {*keys(7, 8)}


async def test_what_no_longer_answers_is_not_shown_for_what_it_was(api: Api, found: Page) -> None:
    other = [person("Zhou Wen", id="p1", birth_date="1955-11-30")]
    pages = await read(found, lambda: None, lambda: api.hold(record("be-fp", "7", version=2, entities=other)))
    assert pages == [keys(0, 1, 2), keys(3, 4, 5), keys(6, 8)]


async def test_a_point_in_time_is_opened_for_the_second_page_and_closed_with_the_last(
    api: Api, found: Page, listed: Page
) -> None:
    for page in (found, listed):
        api.index.calls.clear()
        _, cursor = await page("")
        assert calls(api) == []
        while cursor is not None:
            _, cursor = await page(cursor)
            assert calls(api) == (["open"] if cursor else ["open", "close"])


async def test_who_has_lost_the_point_in_time_goes_on_in_another(api: Api, found: Page, listed: Page) -> None:
    for page in (found, listed):
        pages = await read(page, lambda: None, api.index.forget_points)
        assert sorted(name for names in pages for name in names) == keys(*CASES)
        assert [len(names) for names in pages] == [3, 3, 3]


async def test_all_cursors_behind_first_pages_are_as_long(api: Api, found: Page, listed: Page) -> None:
    for page, first in ((found, CURSOR_BYTES - (100 - 3) * NAME_BYTES), (listed, CURSOR_BYTES)):
        _, second = await page("")
        _, third = await page(second or "")
        raw = [len(base64.urlsafe_b64decode((cursor or "") + "==")) for cursor in (second, third)]
        assert [size - ID_BYTES - NONCE_BYTES - TAG_BYTES for size in raw] == [first, LONG_CURSOR_BYTES]


async def test_a_request_that_gets_its_answer_while_the_list_is_read_comes_once(api: Api) -> None:
    api.hold(*(record("fr-pj", str(number), code="H2") for number in CASES), record("be-fp"))
    wanted = DisclosureAsk("the same phone", Urgency.URGENT, NOW + timedelta(days=1))
    named = {
        (
            await request_disclosure(api.session(BERT), api.session(BERT).make_reference(f"fr-pj:{number}"), wanted)
        ).disclosure.id: number
        for number in CASES
    }
    threads = {number: name for name, number in named.items()}

    async def page(cursor: str) -> list[Any]:
        answer = await list_disclosures(api.session(BERT), limit=3, cursor=cursor)
        return [[(named[row.id], row.state) for row in answer.disclosures], answer.next]

    async def answered(number: int) -> None:
        await grant_disclosure(api.session(ANNA), threads[number], NOW + timedelta(days=9))

    first, cursor = await page("")
    assert [number for number, _ in first] == [8, 7, 6]
    await answered(8)
    await answered(0)
    second, cursor = await page(cursor)
    await answered(5)
    await answered(1)
    third, cursor = await page(cursor)
    assert [number for number, _ in second] == [0, 5, 4]
    assert third == [(3, "requested"), (2, "requested"), (1, "granted")]
