"""The README's pictures, from a demo that is running (make pictures).

    python -m support.web.pictures URL QUESTION FOLDER

QUESTION is the one that the demo prints: it finds records, and of another's only that there is one. It is asked by the
prepared people, and what they do is in the demo's records afterwards.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from playwright.sync_api import Browser, Locator, Page, expect

from pipeline.demo.generator import generate_feed
from pipeline.demo.messages import ACCEPTED
from support.web.browser import NARROW, WIDE, BrowserUser, browser

CLAIRE, PIETER, SOFIE, NOOR = "claire@fr-pj", "pieter@be-fp", "sofie@be-fp", "noor@liaison-ops"
LINES = "Jan Kowalski\nNobody Atall 1950-01-01\ncity:Lyon"


class Album:
    """Takes pictures of pages into a folder."""

    def __init__(self, opened: Browser, url: str, folder: Path) -> None:
        self._opened, self._url, self._folder = opened, url, folder
        self._link = ""

    def desk(self, subject: str, reference: str, language: str = "en-GB") -> BrowserUser:
        """Somebody who has signed in."""
        desk = BrowserUser(self._opened, self._url, language)
        desk.sign_in(subject, reference)
        return desk

    def take(self, page: Page, name: str, size: tuple[int, int] = WIDE, theme: str = "light") -> None:
        """One picture, without what has just been said."""
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.evaluate("document.getElementById('said')?.replaceChildren()")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.screenshot(path=self._folder / f"{name}.png")
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.evaluate("document.documentElement.dataset.theme = 'light'")

    @staticmethod
    def follow(page: Page, link: Locator) -> None:
        """Go where a link leads, until the page is drawn."""
        with page.expect_navigation():
            link.click()
        expect(page.locator("h1").first).to_be_attached()
        expect(page.locator("[aria-busy]")).to_have_count(0)

    def signs_in(self) -> None:
        page = BrowserUser(self._opened, self._url).page
        page.goto("/sign-in")
        self.take(page, "sign-in")

    def investigates(self, question: str) -> None:
        """Claire asks, reads a case and a link, and asks for what she may not see."""
        desk = self.desk(CLAIRE, "2026/4711")
        page = desk.page
        desk.ask(question)
        expect(page.locator(".results li.hit").first).to_be_visible()
        expect(page.locator("#facets").first).to_be_visible()
        self.take(page, "search")
        hit = page.locator(".results li.hit").first
        if hit.get_by_text("Request access").count():  # not asked for yet
            hit.get_by_text("Request access").click()
            hit.get_by_label("Reason").fill("the same man in two cases")
            hit.get_by_role("button", name="Send request").click()
            expect(page.locator("#said")).to_contain_text("Request sent")
        self.follow(page, page.locator(".results .name[href]").first)
        self.take(page, "case")
        self.take(page, "case-narrow", NARROW)
        page.get_by_role("tab", name="People").click()
        self.follow(page, page.get_by_role("link", name="All records of this person").first)
        self.take(page, "entity")
        page.go_back()
        page.get_by_role("tab", name="Links").click()
        self.follow(page, page.locator("#panel-links a[data-open][href*='/links/']").first)
        self._link = urlsplit(page.url).path
        self.take(page, "link")
        self.take(page, "link-dark", theme="dark")
        self.checks(page, question)
        desk.ask(question)
        page.get_by_role("button", name="Alert me to new matches").click()
        expect(page.locator("#said")).to_contain_text("Alert created")
        page.goto("/subscriptions")
        expect(page.locator("tr[data-row]").first).to_be_visible()
        self.take(page, "subscriptions")
        page.goto("/statistics")
        expect(page.locator("tr[data-row]").first).to_be_visible()
        self.take(page, "statistics")

    def checks(self, page: Page, question: str) -> None:
        page.goto("/checks")
        page.get_by_label("Or paste one search per line").fill(f"{question}\n{LINES}")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/checks/*")
        expect(page.locator("tr[data-row]").first).to_be_visible()
        self.take(page, "list-check")

    def relates(self, key: str) -> None:
        """Claire reads how the people and things of a case belong together."""
        page = self.desk(CLAIRE, "2026/4711").page
        page.goto(f"/cases/{key}#tab=things")
        expect(page.locator("#panel-things [data-row]").first).to_be_visible()
        self.take(page, "relations")
        page.goto(f"/chart?case={key}")
        expect(page.locator("[data-chart-count]")).not_to_be_empty()
        self.take(page, "relations-dark", theme="dark")

    def reads_french(self, key: str) -> None:
        """The same in French, as the browser asks for it."""
        page = self.desk(CLAIRE, "2026/4711", "fr-FR").page
        page.goto(self._link)
        expect(page.get_by_role("heading", name="Détail du score")).to_be_attached()
        self.take(page, "link-french")
        page.goto(f"/cases/{key}#tab=people")
        expect(page.locator("#panel-people [data-row]").first).to_be_visible()
        self.take(page, "case-french")

    def owns(self) -> None:
        """Pieter reads what an agency is asked, and who was shown its records."""
        page = self.desk(PIETER, "BX/12").page
        for name in ("disclosures", "notices", "inbox", "records"):
            page.goto(f"/{name}")
            expect(page.locator("[data-row]").first).to_be_visible()
            if name == "inbox":
                expect(page.locator("#evidence .summary")).to_be_visible()
                self.take(page, "inbox-narrow", NARROW)
            self.take(page, name)

    def audits(self) -> None:
        """Sofie reads what her agency's people did, and whether the trail is whole."""
        page = self.desk(SOFIE, "AUD/3").page
        expect(page.locator("[data-row]").first).to_be_visible()
        self.take(page, "audit")

    def operates(self) -> None:
        page = self.desk(NOOR, "CHG/5").page
        expect(page.get_by_role("heading", name="Operations")).to_be_visible()
        self.take(page, "operations")


def find_related_case() -> str:
    """The case of Claire's agency in the demo that states the most kinds of relations, of those with a true pair."""
    feed = generate_feed()
    last = {message.key: message.value for message in feed.messages if message.outcome == ACCEPTED}
    paired = {key.encode() for pair in feed.pairs for key in pair}
    kinds = {
        key.decode(): {relation["type"] for relation in orjson.loads(value)["data"].get("relations", ())}
        for key, value in last.items()
        if key in paired and value and key.startswith(CLAIRE.partition("@")[2].encode())
    }
    return max(sorted(kinds), key=lambda key: len(kinds[key]))


if __name__ == "__main__":
    url, question, folder = sys.argv[1:]
    with browser() as opened:
        album = Album(opened, url, Path(folder))
        album.signs_in()
        album.investigates(question)
        related = find_related_case()
        album.relates(related)
        album.reads_french(related)
        album.owns()
        album.audits()
        album.operates()
