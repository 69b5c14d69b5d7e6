"""The pages of who runs the installation, in a real browser: how far groups are behind, what was rejected, replaying.

Kafka's part is held in memory: the messages that were rejected and those that are sent again. What a replay would
change is intake's own decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import orjson
import pytest
from playwright.sync_api import Browser, Locator, expect

from pipeline.ops.generations.run import GenerationStatus
from pipeline.ops.status.overview import AgencyFeed, Overview, SilentRecords, StorageSize, WaitingRecords
from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.ops.status.throughput import Throughput, TopicRate
from support.api.runtime import Api
from support.records.builder import event, person, record
from support.web.browser import BrowserUser
from support.web.held_operations import RejectedTopic, Resent, hold_operations
from support.web.memory_site import MemorySite
from support.web.shared_browser import BROWSER_TESTS

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group(BROWSER_TESTS)]

NOOR = "noor@liaison-ops"


def _see_overview(now: datetime) -> Overview:
    """One group far behind in one partition, another just so, a third not at all."""
    lags = [
        PartitionLag("project-g1", "accepted", 2, 1_234, 95.4),
        PartitionLag("correlate-g1", "postings.g1", 0, 3, 2.0),
        PartitionLag("intake", "cases.fr-pj", 0, 0),
    ]
    made = now.isoformat()
    return Overview(
        waiting=[WaitingRecords("project-g1", "accepted", 1_234), WaitingRecords("correlate-g1", "postings.g1", 3)],
        feeds=[AgencyFeed("fr-pj", "FR", now, silent=False), AgencyFeed("be-fp", "BE", None, silent=True)],
        rejected={"date": 1, "misrouted": 1},
        generations=[GenerationStatus("g1", True, "model-7", 0, "", made, {"project": 5}, {"project": 2}, 1.0)],
        indices=[StorageSize("cases-g1-1", 12_340_000, 4_321)],
        stores=[],
        throughput=Throughput(
            (now,), 120.0, (TopicRate("accepted", (240,)), TopicRate("cases.fr-pj", (12,)), TopicRate("expiries", (0,)))
        ),
        lags=lags,
        silent=[SilentRecords("fr-pj", 12, 3, 1)],
    )


@pytest.fixture
def rejected(api: Api, monkeypatch: pytest.MonkeyPatch) -> RejectedTopic:
    """A date that does not exist, and a good record that went to a wrong partition."""
    topic = RejectedTopic(api.settings.case_partitions, api.now)
    bad = record("fr-pj", "1", entities=[person("Jean Valjean", id="p1", birth_date="1982-02-30")])
    topic.reject(orjson.dumps(event(bad)), b"fr-pj:1")
    topic.reject(orjson.dumps(event(record("be-fp", "2"))), b"be-fp:2", shift=1)

    hold_operations(monkeypatch, topic, _see_overview(api.now))
    return topic


@pytest.fixture
def noor(opened: Browser, site: MemorySite, rejected: RejectedTopic) -> Iterator[BrowserUser]:
    """Who runs the installation, at her first page; no page of hers fails."""
    user = BrowserUser(opened, site.url)
    user.sign_in(NOOR, "CHG/5")
    user.page.goto("/operations")
    expect(user.page.get_by_role("heading", name="Operations", exact=True)).to_be_visible()
    yield user
    assert user.faults == []


def _panel(user: BrowserUser, title: str) -> Locator:
    """The part of the page under this heading."""
    return user.page.locator("section.panel", has=user.page.get_by_role("heading", name=title, exact=True))


def test_groups_are_listed_by_partition_with_their_lag_the_longest_first(noor: BrowserUser) -> None:
    groups = _panel(noor, "Consumer groups")
    expect(groups).to_contain_text("1 group caught up")
    rows = groups.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("project-g1")
    assert rows.nth(0).locator("td, th").all_inner_texts()[1:] == ["accepted", "2", "1,234", "95 s"]
    assert rows.nth(1).locator("td, th").all_inner_texts()[1:] == ["postings.g1", "0", "3", "2 s"]
    noor.holds("operations with lag", dark=True)


def test_every_state_of_a_feed_is_whole_in_view(noor: BrowserUser) -> None:
    """The table lay in half of the page, whose edge cut it."""
    for size in ((1280, 800), (1024, 768)):
        noor.resize(size)
        edge = _panel(noor, "Feeds").bounding_box()
        badge = noor.page.get_by_text("No data for 24 h", exact=True).bounding_box()
        assert edge is not None
        assert badge is not None
        assert badge["x"] + badge["width"] < edge["x"] + edge["width"]


def test_who_follows_the_figures_stays_where_they_are_and_what_they_opened_stays_open(noor: BrowserUser) -> None:
    page = noor.page
    page.get_by_text("1 idle topic").click()
    for place in (page.get_by_label("Refresh every 10 s"), page.get_by_role("link", name="date")):
        place.focus()
        page.evaluate("document.querySelector('main h1').dataset.before = ''; emitEvent('tick', {})")
        expect(page.locator("main h1:not([data-before])")).to_have_count(1)
        expect(place).to_be_focused()
        expect(page.get_by_text("expiries", exact=True)).to_be_visible()


def test_from_a_reason_to_the_rejected_message_its_outline_alone(noor: BrowserUser) -> None:
    page = noor.page
    _panel(noor, "Rejected messages").get_by_role("link", name="date").click()
    row = page.locator("tr[data-row]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("/data/entities/0/birth_date")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Rejected message of fr-pj")).to_be_visible()
    problem = _panel(noor, "Fields").locator("tbody tr", has_text="/data/entities/0/birth_date")
    expect(problem).to_contain_text("is not a date of the calendar")
    for hidden in ("Valjean", "1982-02-30"):
        expect(page.locator("main")).not_to_contain_text(hidden)
    noor.holds("a rejected message", dark=True)
    noor.resize((390, 844))
    expect(page.get_by_role("cell", name="is not a date of the calendar")).to_have_count(1)
    empty = _panel(noor, "Fields").locator("tbody tr", has_text="/data/title").locator("td").last
    expect(empty).to_be_hidden()
    page.go_back()
    expect(row).to_have_count(1)


def test_one_message_is_sent_again_after_a_preview(noor: BrowserUser, rejected: RejectedTopic) -> None:
    page = noor.page
    bad = rejected.messages[0]
    page.goto(f"/operations/rejected/{bad.position}")
    place = _panel(noor, "Replay this message")
    place.get_by_role("button", name="Preview").click()
    expect(place.locator("tbody tr")).to_contain_text("Rejected again")
    expect(place.locator("tbody tr")).to_contain_text("date")
    place.get_by_role("button", name="Cancel").click()
    expect(place.locator("tbody tr")).to_have_count(0)
    assert rejected.resent == []
    page.reload()
    place.get_by_role("button", name="Preview").click()
    place.get_by_role("button", name="Replay 1 message").click()
    expect(page.locator("#said")).to_contain_text("1 message replayed")
    assert rejected.resent == [Resent(bad.position.partition, b"fr-pj:1", bad.position)]


def test_a_replay_of_many_says_first_what_it_would_change(noor: BrowserUser, rejected: RejectedTopic) -> None:
    page = noor.page
    page.goto("/operations/rejected")
    form = _panel(noor, "Replay rejected messages")
    form.get_by_role("button", name="Preview").click()
    outcomes = form.locator("tbody tr")
    expect(outcomes).to_have_count(2)
    expect(outcomes.filter(has_text="be-fp")).to_contain_text("Accepted: a new record")
    expect(outcomes.filter(has_text="fr-pj")).to_contain_text("Rejected again")
    noor.holds("a replay's preview")
    form.get_by_label("Only from agency").fill("be-fp")
    page.keyboard.press("Enter")
    expect(outcomes).to_have_count(1)
    assert rejected.resent == []
    form.get_by_role("button", name="Replay 1 message").click()
    expect(page.locator("#said")).to_contain_text("1 message replayed")
    moved = rejected.messages[1]
    assert [(one.key, one.origin) for one in rejected.resent] == [(b"be-fp:2", moved.position)]
    assert rejected.resent[0].partition != moved.position.partition, "it goes to where its case belongs"
