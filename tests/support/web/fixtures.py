"""The fixtures of pages over an index in memory: the site, and a browser before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.memory_site import MemorySite, memory_site
from support.web.shared_browser import share_browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemorySite]:
    """The site of this process; a test shows its own Api in it."""
    with memory_site(Api(_load_stages(), tmp_path_factory.mktemp("site"))) as served:
        yield served


@pytest.fixture
def api(site: MemorySite, tmp_path: Path) -> Api:
    """What the site shows in a test, as of now: no case, until the test holds one."""
    shown = Api(_load_stages(), tmp_path)
    shown.now = datetime.now(UTC)
    site.show(shown)
    return shown


@cache
def _load_stages() -> PureStages:
    return PureStages(load_model())


@pytest.fixture(scope="module")
def chromium() -> Browser:
    """The browser that all tests of the group BROWSER_TESTS share."""
    return share_browser()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Browser]:
    """The browser; a test's windows are closed with it, lest they go on drawing."""
    yield chromium
    for context in chromium.contexts:
        context.close()
