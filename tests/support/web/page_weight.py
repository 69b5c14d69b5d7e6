"""What a page's first load takes over the wire, and when its largest text stands, as Chromium counts them."""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Page

LARGEST_PAINT = """() => new Promise((tell) => {
  const paints = new PerformanceObserver((list) => tell(list.getEntries().at(-1).startTime));
  paints.observe({ type: "largest-contentful-paint", buffered: true });
})"""


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
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    answers: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    network.on("Network.responseReceived", lambda event: answers.update({event["requestId"]: event["response"]}))
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    paint_ms = page.evaluate(LARGEST_PAINT)
    network.detach()
    files = (_describe(answers[request], size) for request, size in sizes.items() if request in answers)
    return PageLoad(tuple(sorted(files, key=lambda file: -file.size_bytes)), paint_ms)


def _describe(answer: dict[str, Any], size_bytes: int) -> LoadedFile:
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    path = "/" + answer["url"].split("/", 3)[3]
    return LoadedFile(path, size_bytes, headers.get("content-encoding", ""), headers.get("cache-control", ""))
