"""A link's evidence in a real browser: relatives in words, lines that add up as printed, what numbers are of."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from support.api.runtime import Api
from support.records.builder import person, record
from support.waiting import wait
from support.web.browser import NARROW, BrowserUser
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

PASSPORT = [{"type": "passport", "value": "52NO43308", "country": "IL"}]


@pytest.fixture
def page_of(api: Api) -> str:
    """A link of a man who is written in two scripts, and of a car of both cases; its page."""
    known: dict[str, Any] = {
        "birth_date": "1978-10-15",
        "gender": "male",
        "birth_place": "Rennes",
        "identifiers": PASSPORT,
    }
    car = {"id": "v1", "type": "vehicle", "plate": "AB-123-CD", "make": "Renault"}
    api.hold(
        record("be-fp", entities=[person("Weinbaum Chaim", id="p1", **known), car]),
        record("fr-pj", entities=[person("חיים ויינבוים", id="p1", **known), {**car, "plate": "AB-124-CD"}]),
    )
    return f"/links/{api.link('be-fp:1', 'fr-pj:1')}/of/be-fp:1"


def _read_bits(page: Page, selector: str) -> list[Decimal]:
    said = page.locator(selector).all_inner_texts()
    return [Decimal(text.strip().replace("\N{MINUS SIGN}", "-")) for text in said if text.strip()]


def test_relatives_stand_in_words_and_all_lines_add_up(
    opened: Browser, site: MemorySite, api: Api, page_of: str
) -> None:
    user = BrowserUser(opened, site.url)
    user.enter("pieter@be-fp", "BX/12", page_of)
    user.is_drawn()
    page = user.page
    expect(page.locator(".companions")).to_have_count(1)
    expect(page.locator(".companions")).to_contain_text(
        re.compile(
            r"If these were relatives, they could share a borrowed passport, a family name or a date of birth\. "
            r"Relatives with all of this in common are rare \(1 in [\d,]+\)\. "
            r"Few pairs of records are relatives \(1 in 33,000\)\. The result stays certain\."
        )
    )
    expect(page.locator(".compare th", has_text="Could be relatives")).to_have_count(1)
    expect(page.locator(".waterfall .label", has_text="Could be relatives")).to_have_count(1)
    heading = Decimal(re.findall(r"[+\N{MINUS SIGN}][\d.]+", page.locator(".between").inner_text())[0])
    *steps, total = _read_bits(page, ".waterfall .amount")
    assert sum(steps) == total == heading
    bodies = page.locator(".compare tbody")
    pairs = []
    for at in range(bodies.count() - 1):
        pair, *lines = _read_bits(page, f".compare tbody:nth-of-type({at + 1}) td.number[data-column=Bits]")
        assert sum(lines) == pair
        pairs.append(pair)
    *others, score = _read_bits(page, f".compare tbody:nth-of-type({bodies.count()}) td.number[data-column=Bits]")
    assert sum(pairs) + sum(others) == score == heading
    for question in ("What are bits?", "What is 1 in N?", "What is the number of comparisons?"):
        mark = page.locator(f"button.term[aria-label='{question}']").first
        mark.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#term")).to_be_visible()
        expect(page.locator("#term")).not_to_be_empty()
        page.keyboard.press("Escape")
        expect(page.locator("#term")).to_be_hidden()
        expect(mark).to_be_focused()
    page.reload()
    user.holds("evidence of a link", dark=True)


def test_on_a_phone_plates_stay_whole_and_french_has_a_space_before_a_colon(
    opened: Browser, site: MemorySite, page_of: str
) -> None:
    user = BrowserUser(opened, site.url, "fr-FR")
    user.enter("pieter@be-fp", "BX/12", "/cases/be-fp:1")
    user.resize(NARROW)
    user.is_drawn()
    plate = user.page.locator("main a .nowrap", has_text="AB-123-CD").first
    assert plate.evaluate("one => getComputedStyle(one).whiteSpace") == "nowrap"
    user.page.goto(page_of)
    user.is_drawn()
    label = user.page.locator(".compare td[data-column]:not(:empty)").first
    assert label.evaluate("one => getComputedStyle(one, '::before').content").endswith('\xa0: "')
    assert user.faults == []


EVENT = ("42", "45")
"""Begins Socket.IO's events, without and with bytes behind. A page that gets no ping is disconnected within seconds; it
joins again if what answers it comes."""


class _SlowLine:
    """What a server tells a page, whose events may be late; pings and answers come in time."""

    def __init__(self, page: Page) -> None:
        self.late: list[str | bytes] = []
        self._is_late = False
        self._page: WebSocketRoute | None = None
        page.route_web_socket(re.compile("socket.io"), self._join)

    def _join(self, page: WebSocketRoute) -> None:
        self._page = page
        page.connect_to_server().on_message(self._tell)

    def _tell(self, told: str | bytes) -> None:
        if self._is_late and (isinstance(told, bytes) or told.startswith(EVENT)):
            self.late.append(told)
        elif self._page is not None:
            self._page.send(told)

    def hold(self) -> None:
        self._is_late = True

    def release(self) -> None:
        self._is_late = False
        assert self._page is not None
        for told in self.late:
            self._page.send(told)


def _decide(user: BrowserUser, verdict: str, reason: str) -> None:
    user.page.locator(f"input[value={verdict}]").check()
    user.page.get_by_label("Reason").fill(reason)
    user.page.get_by_role("button", name="Save decision").click()
    expect(user.page.locator("#said")).to_contain_text("Decision saved")


def test_undo_is_heard_where_a_colleagues_decision_is_drawn_at_the_same_moment(
    opened: Browser, site: MemorySite, api: Api, page_of: str
) -> None:
    pieter, lotte = (BrowserUser(opened, site.url) for _ in range(2))
    line = _SlowLine(pieter.page)
    pieter.enter("pieter@be-fp", "BX/12", page_of)
    _decide(pieter, "same", "the same tattoo")
    lotte.enter("lotte@be-fp", "BX/12", page_of)
    line.hold()
    api.now += timedelta(minutes=1)  # of two decisions at one time, either could be the later one
    _decide(lotte, "different", "the passport was lent")

    def is_drawn_anew() -> bool:
        pieter.page.evaluate("1")  # what comes is handed on meanwhile
        return any("the passport was lent" in str(told) for told in line.late)

    wait(is_drawn_anew)
    pieter.page.get_by_role("button", name="Undo").click()
    line.release()
    expect(pieter.page.locator("li", has_text="the same tattoo")).to_contain_text("Undone")
    assert pieter.faults == []


@pytest.mark.rare
def test_relatives_stand_in_words_in_french_and_on_a_phone(
    opened: Browser, site: MemorySite, api: Api, page_of: str
) -> None:
    user = BrowserUser(opened, site.url, "fr-FR")
    user.enter("pieter@be-fp", "BX/12", page_of)
    user.resize(NARROW)
    expect(user.page.locator(".companions")).to_contain_text(
        "S'il s'agissait de proches, ils pourraient avoir en commun"
    )
    expect(user.page.locator(".companions")).to_contain_text("Le résultat reste certain.")
    for question in (
        "Que sont les bits\u202f?",
        "Que veut dire 1 sur N\u202f?",
        "Qu'est-ce que le nombre de comparaisons\u202f?",
    ):
        assert user.page.locator(f'button.term[aria-label="{question}"]:visible').count(), question
    user.holds("evidence of a link, French", dark=True)
