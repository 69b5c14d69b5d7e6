"""Ten tasks of an investigator's day in a browser, in keys and clicks, on the data of a demo that is running.

    make bench-day DEMO_URL=http://127.0.0.1:8000 QUESTION="..." BENCH_ARGS="--only phone --only list"

QUESTION is the one that the demo prints: it finds records, and of one of another agency's only that there is one. Each
task begins on the first page of somebody who has signed in, goes the shortest way that a practised person has, and ends
where its goal is seen; one whose goal is not reached stops the run. Each key counts, also a letter that is typed and
one with Ctrl or Shift, and each click, also the choice of a file. What the tasks do is in the demo's records
afterwards, so each run wants a fresh demo.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from playwright.sync_api import Browser, Download, Locator, expect
from python_calamine import CalamineWorkbook

from pipeline.demo.generator import generate_feed
from pipeline.demo.messages import ACCEPTED
from support.web.browser import BrowserUser, browser

CLAIRE, MARC, PIETER = "claire@fr-pj", "marc@fr-pj", "pieter@be-fp"

ROWS: Final = 500
"""Of the list that is checked."""

LINKS: Final = 10
"""Of the inbox that are reviewed."""

LIST_PATIENCE_MS: Final = 300_000
"""A list of ROWS is checked within it, also on busy cores."""


class Counted(NamedTuple):
    """Keys pressed and clicks made."""

    keys: int = 0
    clicks: int = 0


class Hand:
    """Somebody's hand on keyboard and mouse, which counts what it does."""

    def __init__(self, user: BrowserUser) -> None:
        self.user, self.page, self.counted = user, user.page, Counted()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.counted = self.counted._replace(keys=self.counted.keys + len(keys))

    def type(self, said: str) -> None:
        """Type what the focus takes."""
        self.page.keyboard.type(said)
        self.counted = self.counted._replace(keys=self.counted.keys + len(said))

    def click(self, what: Locator) -> None:
        what.click()
        self.counted = self.counted._replace(clicks=self.counted.clicks + 1)

    def choose_file(self, field: Locator, file: Path) -> None:
        """Open the choice of files and take one: two clicks."""
        field.set_input_files(file)
        self.counted = self.counted._replace(clicks=self.counted.clicks + 2)

    def go(self, key: str) -> None:
        """Go to a page by its key behind g."""
        with self.page.expect_navigation():
            self.press("g", key)
        self.user.is_drawn()

    def ask(self, question: str) -> None:
        """Search from wherever one is, until what is found stands, or the one record that was meant."""
        if not self.page.locator("#question").evaluate("(field) => field === document.activeElement"):
            self.press("/")
        self.type(question)
        self.press("Enter")
        expect(self.page.locator("#found :is(.results, [data-state]), [role=tablist]").first).to_be_attached()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def say(self, question: str) -> None:
        """Search in words, and take all that is offered for them."""
        self.ask(question)
        self.click(self.page.locator(".chip.offer", has_text="All of them"))

    def save(self, what: Locator) -> Download:
        """Click what saves a file."""
        with self.page.expect_download() as waited:
            self.click(what)
        return waited.value


class Day:
    """The people of the day, each at a browser of their own, and what of the demo's records the tasks are about."""

    def __init__(self, opened: Browser, url: str, question: str, home: Path) -> None:
        self._opened, self._url = opened, url
        self.question, self.home = question, home
        self._cases = read_own_cases()
        self.case = min(self._cases)

    def begin(self, subject: str) -> Hand:
        """Somebody before the first page."""
        user = BrowserUser(self._opened, self._url)
        user.sign_in(subject, "2026/4711")
        user.page.goto("/")
        user.is_drawn()
        return Hand(user)

    @property
    def phone(self) -> str:
        """A French number of an own case, as people write it in the country: 06 75 72 81 45."""
        numbers = (
            phone
            for case in self._cases.values()
            for entity in case["entities"]
            for phone in entity.get("phones", ())
            if re.fullmatch(r"\+33[67]\d{8}", phone)
        )
        return " ".join(re.findall("..", "0" + next(numbers).removeprefix("+33")))

    def write_list(self) -> Path:
        """A table of names, the people of own cases first and then nobody in particular."""
        names = [
            " ".join(filter(None, (entity["names"][0].get("given"), entity["names"][0].get("family"))))
            for case in self._cases.values()
            for entity in case["entities"]
            if entity.get("names") and entity["names"][0].get("family")
        ]
        lines = [f"R{at};{names[at % len(names)]}" for at in range(ROWS)]
        file = self.home / "passengers.csv"
        file.write_text("\n".join(("id;name", *lines)), encoding="utf-8")
        return file


def read_own_cases() -> dict[str, dict[str, Any]]:
    """The last version of each case of Claire's agency in the demo."""
    agency = CLAIRE.partition("@")[2].encode()
    last = {message.key: message.value for message in generate_feed().messages if message.outcome == ACCEPTED}
    own = {key.decode(): value for key, value in last.items() if key and value and key.startswith(agency)}
    held = {key: orjson.loads(value)["data"] for key, value in sorted(own.items())}
    return {key: case for key, case in held.items() if case.get("entities")}


def find_who_used_a_phone(day: Day) -> Counted:
    """Type a number nationally, as it was read out, and see that the first result has exactly that number."""
    hand = day.begin(CLAIRE)
    hand.ask(day.phone)
    expect(hand.page.locator(".results > li").first).to_contain_text("Exact number")
    return hand.counted


def find_burglaries_in_a_town(day: Day) -> Counted:
    """Say it in words, and take what is offered for them."""
    hand = day.begin(CLAIRE)
    hand.say("burglaries in Lyon")
    expect(hand.page.locator(".understood").first).to_contain_text("Burglary")
    expect(hand.page.locator("#found .results > li").first).to_contain_text("lyon")
    return hand.counted


def narrow_by_month(day: Day) -> Counted:
    """The records about one kind of offence that were opened in one month."""
    hand = day.begin(CLAIRE)
    hand.say("thefts in January")
    expect(hand.page.locator("#chosen")).to_contain_text("1 Jan")
    expect(hand.page.locator("#found .results > li").first).to_be_visible()
    return hand.counted


def check_a_list(day: Day) -> Counted:
    """Check a table of 500 names, and take home a workbook in which each of them stands."""
    hand = day.begin(CLAIRE)
    page = hand.page
    hand.go("l")
    hand.choose_file(page.locator("#file-list"), day.write_list())
    hand.click(page.get_by_role("button", name="Continue"))
    expect(page.get_by_role("heading", name="Check the columns")).to_be_visible()
    hand.click(page.locator(".mapping .button.main"))
    expect(page.get_by_role("heading", name="passengers.csv")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=LIST_PATIENCE_MS)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    book = CalamineWorkbook.from_path(hand.save(page.get_by_role("button", name="Export as XLSX")).path())
    rows = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    held = {cell for row in rows for cell in row if str(cell).startswith("R")}
    assert held >= {f"R{at}" for at in range(ROWS)}, "people of the list are missing from the file"
    return hand.counted


def share_a_folder(day: Day) -> Counted:
    """Make a folder and let a colleague look at it."""
    day.begin(MARC)  # who has never signed in can't be shared with
    hand = day.begin(CLAIRE)
    page = hand.page
    hand.go("f")
    hand.click(page.locator("#title-new"))
    hand.type("Kestrel")
    hand.press("Enter")
    with page.expect_navigation():
        hand.click(page.get_by_role("link", name="Kestrel").first)
    hand.user.is_drawn()
    hand.click(page.locator("#subject-share"))
    hand.type(MARC)
    hand.press("Enter")
    expect(page.locator("table", has_text="Marc Dubois")).to_be_visible()
    return hand.counted


def review_links_of_the_inbox(day: Day) -> Counted:
    """Decide on ten links, each once its evidence is drawn."""
    hand = day.begin(CLAIRE)
    page = hand.page
    hand.go("i")
    drawn = "document.querySelector('[data-row][aria-current]')?.dataset.link"
    for _ in range(LINKS):
        page.wait_for_function(f"document.querySelector('#evidence [data-shown]')?.dataset.shown === {drawn}")
        hand.press("1")
    expect(page.locator(".reviewed")).to_have_count(LINKS)
    expect(page.locator("[data-busy], .failed")).to_have_count(0)
    return hand.counted


def ask_for_access_and_read(day: Day) -> Counted:
    """Find that there is a record, ask its owner for it, and read it once that grants it: both people's acts."""
    asker = day.begin(CLAIRE)
    asker.user.hears()  # so that the answer comes to a page that is open by then
    asker.ask(day.question)
    hit = asker.page.locator(".results li.hit").first
    asker.click(hit.get_by_text("Request access"))
    expect(hit.locator("form :focus")).to_have_count(1)
    asker.press("Tab")
    asker.type("the same man")
    asker.press("Control+Enter")
    expect(hit.locator("[data-state=requested]")).to_be_visible()
    owner = day.begin(PIETER)
    owner.go("d")
    owner.click(owner.page.get_by_role("button", name="Grant access").first)
    expect(owner.page.locator(".results li[data-row]").first).to_contain_text("Granted")
    asker.go("n")
    row = asker.page.locator("tr[data-row]", has_text="Access granted").first
    with asker.page.expect_navigation():
        asker.click(row.locator("a[href^='/cases/']"))
    expect(asker.page.locator("main")).to_contain_text("Access until")
    return Counted(*map(sum, zip(asker.counted, owner.counted, strict=True)))


def chart_two_cases(day: Day) -> Counted:
    """Tick two results, put them into a folder, open it as a chart, and save the picture."""
    hand = day.begin(CLAIRE)
    page = hand.page
    hand.ask("city:Lyon")
    hand.press("Escape", "j", "x", "j", "x", "f")
    expect(page.locator("#keep")).to_be_visible()
    if not page.locator("#keep-title").evaluate("(field) => field === document.activeElement"):
        hand.click(page.locator("#keep-title"))
    hand.type("Merlin")
    hand.press("Enter")
    expect(page.locator("#said")).to_contain_text("Added to Merlin")
    hand.go("f")
    with page.expect_navigation():
        hand.click(page.get_by_role("link", name="Merlin").first)
    hand.user.is_drawn()
    with page.expect_navigation():
        hand.click(page.get_by_role("link", name="Chart").last)
    page.wait_for_function("(window.liaison?.chart?.()?.nodes().length ?? 0) >= 2")
    hand.click(page.locator("summary", has_text="Files"))
    picture = hand.save(page.get_by_role("button", name="Save as PNG"))
    assert picture.path().read_bytes().startswith(b"\x89PNG")
    return hand.counted


def print_a_case(day: Day) -> Counted:
    """Open a case by its number and print it, with who, why and how to handle it at its head."""
    hand = day.begin(CLAIRE)
    page = hand.page
    hand.ask(day.case)
    expect(page.locator("[role=tablist]")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    hand.press("Control+p")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".printed")).to_contain_text("2026/4711")
    expect(page.locator("main [data-state=trouble]")).to_have_count(0)
    return hand.counted


def set_an_alert(day: Day) -> Counted:
    """Search for somebody, and be told of what comes later."""
    hand = day.begin(CLAIRE)
    hand.ask(day.question)
    hand.click(hand.page.get_by_role("button", name="Alert me to new matches"))
    expect(hand.page.locator("#said")).to_contain_text("Alert created")
    return hand.counted


TASKS: Final[dict[str, Callable[[Day], Counted]]] = {
    "phone": find_who_used_a_phone,
    "town": find_burglaries_in_a_town,
    "month": narrow_by_month,
    "list": check_a_list,
    "folder": share_a_folder,
    "inbox": review_links_of_the_inbox,
    "access": ask_for_access_and_read,
    "chart": chart_two_cases,
    "print": print_a_case,
    "alert": set_an_alert,
}


def main() -> None:
    """Print a line a task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("question")
    parser.add_argument("--only", action="append", choices=TASKS)
    asked = parser.parse_args()
    print(f"{'task':10} {'keys':>5} {'clicks':>6}  what")
    with tempfile.TemporaryDirectory() as home, browser() as opened:
        day = Day(opened, asked.url, asked.question, Path(home))
        for name in asked.only or TASKS:
            task = TASKS[name]
            counted = task(day)
            print(f"{name:10} {counted.keys:5} {counted.clicks:6}  {(task.__doc__ or '').splitlines()[0]}", flush=True)


if __name__ == "__main__":
    main()
