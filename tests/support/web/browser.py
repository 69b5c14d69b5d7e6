"""A real browser for tests, people at it, and what every page must hold: no finding by axe.

LIAISON_BROWSER names the executable, where it is none of EXECUTABLES.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.access.requester import Purpose
from pipeline.web import csrf
from support.absences import lack_package
from support.waiting import PATIENCE_S
from support.web.page_checks import find_violations

EXECUTABLES = ("chromium-headless-shell", "chromium")
"""Debian's names for them. The shell, for which Playwright is made, comes first: it has no desktop's windows, of which
one that lies behind others may get no frame any more, and takes less CPU."""

SWITCHES = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
"""Without a graphics card, which would be emulated: on busy cores that has stopped giving frames."""

WIDE, NARROW = (1280, 800), (400, 800)

PATIENCE_MS = int(PATIENCE_S * 1000)

FRAME_MS = 30_000
"""A window that is drawn at all gets a frame within this time, also on busy cores."""

GETS_A_FRAME = """(patience_ms) => new Promise((tell) => {
  requestAnimationFrame(() => tell(true));
  setTimeout(() => tell(false), patience_ms);
})"""
"""Whether a window is drawn within that time. Clicks wait for frames."""


def find_browser() -> str | None:
    """The path of the browser to test with: LIAISON_BROWSER, or the first of EXECUTABLES that is installed."""
    return os.environ.get("LIAISON_BROWSER") or next(filter(None, map(shutil.which, EXECUTABLES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium; the test is skipped where none is installed, but never in CI."""
    found = find_browser()
    if found is None:
        lack_package(f"no browser: install Debian's package {EXECUTABLES[0]}, or name one by LIAISON_BROWSER")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(SWITCHES))
        yield opened
        opened.close()


class BrowserUser:
    """One person at a browser of their own."""

    def __init__(self, opened: Browser, url: str, language: str = "en-GB", scale: float = 1) -> None:
        """`scale`: pixels of the screen to one of the window, 2 where the page is zoomed to 200%."""
        self.url = url
        width, height = WIDE
        self._context = opened.new_context(
            viewport={"width": width, "height": height}, locale=language, base_url=url, device_scale_factor=scale
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.faults: list[str] = []
        self.page = self._open_window()

    def _open_window(self) -> Page:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        return page

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
        """Until the page has its content and, if it speaks to its server, this has taken it on.

        A page that comes to a busy server too late is not taken on: it loads itself again, and what was done is gone.
        """
        expect(self.page.locator("h1")).to_have_count(1)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.page.wait_for_function("!window.socket || window.did_handshake", timeout=PATIENCE_MS)

    def holds(self, name: str, *, dark: bool = False) -> None:
        """The page is free of faults and of findings by axe, and not wider than a telephone.

        Axe looks at the dark theme if `dark`, else at the light one; of every page both are asked by test_every_page.
        """
        self.is_drawn()
        assert self.faults == []
        if dark:
            self._wear("dark")
        assert find_violations(self.page) == [], f"{name}{', dark' if dark else ''}"
        if dark:
            self._wear("light")
        self.resize(NARROW)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], f"{name} is too wide"
        self.resize(WIDE)

    def _wear(self, theme: str) -> None:
        self.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")

    def resize(self, size: tuple[int, int], patience_ms: int = FRAME_MS) -> None:
        """Have the page drawn in this size, of pixels; in a new window where this one gets no frame any more.

        AssertionError where a new window gets none either.
        """
        width, height = size
        self.page.set_viewport_size({"width": width, "height": height})
        if self.page.evaluate(GETS_A_FRAME, patience_ms):
            return
        place = self.page.url
        self.page.close()
        self.page = self._open_window()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(place)
        self.is_drawn()
        assert self.page.evaluate(GETS_A_FRAME, FRAME_MS), f"{place} is not drawn"
