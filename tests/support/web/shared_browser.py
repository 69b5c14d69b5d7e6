"""The browser that tests of several modules share: to start one takes as much as four tests ask of it.

Playwright's loop runs in this thread for as long as its browser is open, so it ends before a test that may run another.
Playwright is imported only where the browser is asked for: most processes of a session never do.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER_TESTS = "shared browser"
"""The xdist group of tests with a browser: one process runs them all, and starts one."""

_open = ExitStack()
_shared: list[Browser] = []


def share_browser() -> Browser:
    """The browser of this process; started for who is first to ask, and again where it has died."""
    from support.web.browser import browser

    if not _shared or not _shared[0].is_connected():
        end_shared_browser()
        _shared.append(_open.enter_context(browser()))
    return _shared[0]


def end_shared_browser() -> None:
    """End it, if there is one."""
    _shared.clear()
    _open.close()
