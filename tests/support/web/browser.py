"""A real browser for tests, people at it, and what every page must hold: no finding by axe.

LIAISON_BROWSER names the executable.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.access.requester import Purpose
from pipeline.web import csrf
from support.web.page_checks import find_violations

EXECUTABLE = os.environ.get("LIAISON_BROWSER", "/usr/bin/chromium")

WIDE, NARROW = (1280, 800), (400, 800)
UNUSED = (
    # Pages that each window loads for what is typed into its address bar, in a process of their own: two thirds of what
    # most tests ask of the browser.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # A process for a page to come; no test opens so many.
    "SpareRendererForSitePerProcess",
    # What Playwright 1.65 names, for this list replaces its own.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""Features of Chromium that no page needs."""

SWITCHES = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--disable-features={','.join(UNUSED)}")
"""Without a graphics process, whose frames clicks would wait for: emulated on busy cores, it has stopped giving any."""

PATIENCE_MS = 30_000
"""Two busy cores may take this long over a page."""

GETS_A_FRAME = """new Promise((tell) => {
  requestAnimationFrame(() => tell(true));
  setTimeout(() => tell(false), 5000);
})"""
"""Whether a window is drawn, within seconds."""


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium; the test is skipped where none is installed, but never in CI."""
    if not Path(EXECUTABLE).exists() and not os.environ.get("CI"):
        pytest.skip(f"no browser at {EXECUTABLE}: install chromium or set LIAISON_BROWSER")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(SWITCHES))
        yield opened
        opened.close()


class BrowserUser:
    """One person at a browser of their own."""

    def __init__(self, opened: Browser, url: str, language: str = "en-GB") -> None:
        self.url = url
        context = opened.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, locale=language, base_url=url)
        context.set_default_timeout(PATIENCE_MS)
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def sign_in(self, subject: str, reference: str) -> None:
        """Choose a prepared person and state a case reference."""
        self.page.goto("/sign-in")
        self.page.check(f"input[value='{subject}']")
        self.page.fill("#case_reference", reference)
        self.page.click("button.main")
        expect(self.page.locator(".grounds .reference")).to_have_text(reference)

    def enter(self, subject: str, reference: str, place: str) -> None:
        """Open a page as a prepared person who has signed in: by the form's request, without a look at the form."""
        secret = "of-a-test"
        self.page.context.add_cookies([{"name": csrf.COOKIE, "value": secret, "url": self.url, "httpOnly": True}])
        stated = {"person": subject, "purpose": Purpose.INVESTIGATION, "case_reference": reference}
        form: dict[str, str | float | bool] = {**stated, csrf.FIELD: csrf.make_form_token(secret, "")}
        answer = self.page.request.post("/sign-in", form=form, max_redirects=0)
        assert "wrong=" not in answer.headers["location"]
        self.page.goto(place)
        expect(self.page.locator(".grounds .reference")).to_have_text(reference)

    def hears(self) -> None:
        """Wait until the page is told of notices: what comes before that is not counted as new."""
        self.page.wait_for_function("Object.keys(localStorage).some((key) => key.startsWith('liaison-notices-last:'))")

    def ask(self, question: str) -> None:
        """Search by keyboard, until the answer stands; what stood before is not taken for it."""
        if urlsplit(self.page.url).path == "/search":
            self._is_answered()
        self.page.evaluate("document.querySelectorAll('#found > *').forEach((old) => (old.dataset.before = ''))")
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("/")
        self.page.fill("#question", question)
        self.page.keyboard.press("Enter")
        self._is_answered()

    def _is_answered(self) -> None:
        """Until the last question has its answer, whose facets may still be counted."""
        expect(self.page.locator("#found > :not([data-before])").first).to_be_attached()
        expect(self.page.locator("#found [aria-busy]")).to_have_count(0)

    def is_drawn(self) -> None:
        """Until the page has its content."""
        expect(self.page.locator("h1")).to_have_count(1)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def holds(self, name: str, *, dark: bool = False) -> None:
        """The page is free of faults and of findings by axe, and not wider than a telephone; `dark`: also then."""
        self.is_drawn()
        assert self.faults == []
        self._is_accessible(name)
        self._resize(NARROW)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], f"{name} is too wide"
        self._resize(WIDE)
        if dark:
            self._darken(name)

    def _resize(self, size: tuple[int, int]) -> None:
        """Until it is drawn in this size: of several windows one may get no frame any more, for which clicks wait."""
        width, height = size
        self._draw_in(width, height)
        while not self.page.evaluate(GETS_A_FRAME):
            self._draw_in(width + 1, height)
            self._draw_in(width, height)

    def _draw_in(self, width: int, height: int) -> None:
        """To the front as well: it is the windows behind that most often get none."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.bring_to_front()

    def _darken(self, name: str) -> None:
        self.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        self._is_accessible(f"{name}, dark")
        self.page.evaluate("document.documentElement.dataset.theme = 'light'")

    def _is_accessible(self, name: str) -> None:
        assert find_violations(self.page) == [], name
