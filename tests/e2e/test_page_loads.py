"""What pages weigh in a real browser, and what they say while their server is away; over an index in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from pipeline.matching.model import load_model
from support.api.runtime import Api
from support.index.documents import PureStages
from support.web.browser import BrowserUser
from support.web.many_scripts import hold_many_scripts
from support.web.memory_site import memory_site
from support.web.page_weight import load_page
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

MOST_BYTES = 250_000


@pytest.fixture(scope="module")
def user(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserUser]:
    """Pieter, signed in, before cases in many scripts."""
    api = Api(PureStages(load_model()), tmp_path_factory.mktemp("site"))
    api.now = datetime.now(UTC)
    hold_many_scripts(api)
    with memory_site(api) as site:
        user = BrowserUser(chromium, site.url)
        user.sign_in("pieter@be-fp", "BX/12")
        yield user
        user.page.context.close()


def test_the_first_load_of_a_case_page_is_small_and_all_but_the_page_is_kept(user: BrowserUser) -> None:
    loaded = load_page(user.page, "/cases/be-fp:1")
    assert user.faults == []
    assert loaded.size_bytes < MOST_BYTES, loaded.files
    kept = {file.path: "immutable" in file.kept for file in loaded.files}
    assert [path for path, is_kept in kept.items() if not is_kept] == ["/cases/be-fp:1"]
    assert not any("quasar" in path for path in kept)


def test_a_page_of_latin_letters_loads_no_other_script(user: BrowserUser) -> None:
    loaded = load_page(user.page, "/statistics")
    fonts = [file.path for file in loaded.files if ".woff2" in file.path]
    assert len(fonts) == 1, fonts


def test_a_page_that_has_lost_its_connection_says_so_to_everybody(user: BrowserUser) -> None:
    """A busy server loses connections at any time: no page may fail for the words that say so."""
    user.page.goto("/statistics")
    user.is_drawn()
    user.page.evaluate("socket.disconnect()")
    said = user.page.get_by_role("status").filter(has_text="Connection lost")
    expect(said).to_be_visible()
    user.holds("connection lost", dark=True)
    expect(said).to_be_visible()
