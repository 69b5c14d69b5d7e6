"""What each tab of a large case takes: time until it stands, height, elements, calls to the index.

    PYTHONPATH=tests python tests/benchmarks/web/large_case.py [--entities 100] [--links 500] [--loads 5]

A server of pages over an index in memory and Chromium on the same machine. Times are medians of loads of the whole page
at that tab, from the request until the tab has its content, and count on an idle core only.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from pipeline.matching.model import load_model
from pipeline.web.pages import case
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import BrowserUser, browser
from support.web.large_case import KEY, hold_large_case
from support.web.memory_site import memory_site

PLACES = tuple(f"/cases/{KEY}#tab={tab.name}" for tab in case.TABS.tabs)
FILLED = "[role=tabpanel]:not([hidden], [aria-busy=true]) > *"
SIZE = "[document.documentElement.scrollHeight, document.querySelectorAll('*').length]"


def open_tab(page: Page, place: str) -> float:
    """Load the page at a tab; the milliseconds until that has its content."""
    page.goto("about:blank")
    begun = time.perf_counter()
    page.goto(place, wait_until="commit")
    tab = place.rpartition("=")[2]
    page.wait_for_selector(f"#panel-{tab}{FILLED}")
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Print a line a tab."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entities", type=int, default=100)
    parser.add_argument("--links", type=int, default=500)
    parser.add_argument("--loads", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        api = Api(PureStages(load_model()), Path(home))
        api.now = datetime.now(UTC)
        hold_large_case(api, asked.entities, asked.links)
        with memory_site(api) as site, browser() as chromium:
            user = BrowserUser(chromium, site.url)
            user.sign_in("pieter@be-fp", "BX/12")
            print("      ms  pixels  elements  calls")
            for place in PLACES:
                times = [open_tab(user.page, place) for _ in range(asked.loads)]
                before = len(api.engine.calls)
                open_tab(user.page, place)
                height, elements = user.page.evaluate(SIZE)
                calls = len(api.engine.calls) - before
                print(f"{median(times):8.0f}  {height:6}  {elements:8}  {calls:5}  {place}")


if __name__ == "__main__":
    main()
