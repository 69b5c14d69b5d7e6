"""What a page's first load takes over the wire, and when its largest text stands, as Chromium counts them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from support.web.browser import PATIENCE_MS

LARGEST_PAINT = """() => new Promise((tell) => {
  const paints = new PerformanceObserver((list) => tell(list.getEntries().at(-1).startTime));
  paints.observe({ type: "largest-contentful-paint", buffered: true });
})"""

LOADED = """() => document.querySelector("h1") && !document.querySelector("[aria-busy=true]")
  && document.body.offsetHeight && document.fonts.status === 'loaded'"""
"""The page has its content, and the letters that it needs: they are asked for once it is laid out."""

COME = "() => performance.getEntriesByType('resource').map((file) => file.name)"

NEVER_ENDED = {"EventSource", "Font"}
"""Chromium names fonts that it then does not load, as no letter needs them any more; LOADED waits for those it does."""

POLL_MS = 50


class LoadedFile(NamedTuple):
    """One answer: its size with headers, as it was sent, and how long browsers may keep it."""

    path: str
    size_bytes: int
    encoding: str
    kept: str


class PageLoad(NamedTuple):
    """A page loaded with an empty cache."""

    files: tuple[LoadedFile, ...]
    largest_paint_ms: float

    @property
    def size_bytes(self) -> int:
        """All that came, headers included."""
        return sum(file.size_bytes for file in self.files)


def load_page(page: Page, path: str) -> PageLoad:
    """Load a page of the browser's site as on a first visit."""
    page.goto("about:blank")  # ends what the page before is still loading, such as letters of its examples
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    answers: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    under_way: set[str] = set()
    ended: set[str] = set()

    def begin(event: dict[str, Any]) -> None:
        if event["type"] not in NEVER_ENDED:
            under_way.add(event["requestId"])

    def end(event: dict[str, Any]) -> None:
        under_way.discard(event["requestId"])
        if (answer := answers.get(event["requestId"])) and answer["url"].startswith("http"):
            sizes[event["requestId"]] = event.get("encodedDataLength", 0)
            ended.add(answer["url"])

    network.on("Network.requestWillBeSent", begin)
    network.on("Network.responseReceived", lambda event: answers.update({event["requestId"]: event["response"]}))
    network.on("Network.loadingFinished", end)
    network.on("Network.loadingFailed", end)
    page.goto(path)
    page.wait_for_function(LOADED)
    for _ in range(PATIENCE_MS // POLL_MS):
        if not under_way and ended.issuperset(page.evaluate(COME)):
            break
        page.wait_for_timeout(POLL_MS)
    else:
        pytest.fail(f"not all has come: {under_way}, {page.evaluate(COME)}")
    paint_ms = page.evaluate(LARGEST_PAINT)
    network.detach()
    files = (_describe(answers[request], size) for request, size in sizes.items())
    return PageLoad(tuple(sorted(files, key=lambda file: -file.size_bytes)), paint_ms)


def _describe(answer: dict[str, Any], size_bytes: int) -> LoadedFile:
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    path = "/" + answer["url"].split("/", 3)[3]
    return LoadedFile(path, size_bytes, headers.get("content-encoding", ""), headers.get("cache-control", ""))
