"""Pictures to look at of the pages that no guide shows, each with content, in every language, theme and size.

    PYTHONPATH=tests .venv/bin/python -m support.web.page_pictures FOLDER [PAGE ...]

What is read of Kafka is held in memory. Nothing of it is in a document.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.access.break_glass import GlassReason
from pipeline.access.requester import Role
from pipeline.api.list_worker import run_round
from pipeline.api.services.break_glass import open_alone
from pipeline.api.services.cross_reference import cross_reference_records
from pipeline.matching.model import load_model
from pipeline.ops.generations.run import GenerationStatus
from pipeline.ops.status.overview import AgencyFeed, Overview, SilentRecords, StorageSize, WaitingRecords
from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.ops.status.throughput import Throughput, TopicRate
from support.access.requesters import make_requester
from support.api.runtime import Api
from support.index.documents import PureStages
from support.records.builder import RawCase, event, person, record
from support.temporary_folders import make_folder
from support.web.browser import WIDE, BrowserUser, browser
from support.web.guide_pictures import PIETER, REFERENCE, hold_cases, hold_work
from support.web.held_operations import RejectedTopic, hold_operations
from support.web.memory_site import memory_site

NOOR, SOFIE = "noor@liaison-ops", "sofie@be-fp"
PHONE, ZOOMED = (390, 844), (640, 400)
SPANS = 30


class Look(NamedTuple):
    """How a page is looked at: in a language, theme and window, whose pixels are drawn as so many."""

    name: str
    language: str = "en-GB"
    theme: str = "light"
    size: tuple[int, int] = WIDE
    scale: int = 1


LOOKS = (
    Look("light"),
    Look("dark", theme="dark"),
    Look("french", "fr-FR"),
    Look("spanish", "es-ES"),
    Look("phone", size=PHONE, scale=2),
    Look("phone-french", "fr-FR", size=PHONE, scale=2),
    Look("zoomed", size=ZOOMED, scale=2),
    Look("zoomed-spanish", "es-ES", size=ZOOMED, scale=2),
)


class Subject(NamedTuple):
    """A page before somebody, and what is done on it first."""

    name: str
    who: str
    place: str
    act: Callable[[Page], object] = lambda _: None


def _make_raid(agency: str, number: int, title: str, minutes: int) -> RawCase:
    """A raid of one night on the same shop, as each agency has it."""
    place = {
        "id": "e1", "type": "event", "start": f"2026-10-27T22:{minutes:02}:00Z", "latitude": 50.6365,
        "longitude": 3.0635, "method": "ram raid",
    }  # fmt: skip
    contact = {"unit": "Brigade de répression du banditisme", "phone": "+33 1 40 79 00 00", "email": f"brb@{agency}.eu"}
    return record(agency, f"raid-{number}", title=title, entities=[place], contact=contact)


def hold_raids(api: Api) -> None:
    """Hold the raid as three agencies have it."""
    api.hold(
        _make_raid("be-fp", 1, "Ram raid on a jeweller's, Rue de Béthune", 0),
        _make_raid("fr-pj", 2, "Vol à la voiture-bélier, bijouterie de la rue de Béthune", 10),
        _make_raid("fr-pj", 3, "Surveillance d'une équipe de braqueurs", 25),
        _make_raid("de-bka", 4, "Blitzeinbruch Lille", 5),
    )


def reject_messages(topic: RejectedTopic) -> None:
    """What feeds send in error, each reason at least once."""
    for number in range(1, 5):
        bad = record("fr-pj", str(number), entities=[person("Jean Valjean", id="p1", birth_date="1982-02-30")])
        topic.reject(orjson.dumps(event(bad)), f"fr-pj:{number}".encode())
    topic.reject(b'{"specversion": "1.0", "data": {"agency"', b"be-fp:9")
    topic.reject(orjson.dumps(event(record("be-fp", "10", title=7))), b"be-fp:10")
    topic.reject(orjson.dumps(event(record("be-fp", "2"))), b"be-fp:2", shift=1)


def see_busy_overview(now: datetime) -> Overview:
    """An installation of four agencies on an ordinary day: one feed silent, one group behind, a model being built."""
    begins = tuple(now - timedelta(hours=1) + timedelta(minutes=2) * at for at in range(SPANS))

    def count(most: int) -> tuple[int, ...]:
        return tuple(most * (3 + at * 7 % 11) // 14 for at in range(SPANS))

    topics = {
        "accepted": 2_400, "links.m7": 900, "cases.fr-pj": 1_600, "cases.be-fp": 700, "cases.de-bka": 0, "audit": 90,
    }  # fmt: skip
    lags = [
        *(PartitionLag("correlate-m7", "fingerprints.m7-0d41c7e2", at, 400 - 90 * at, 12.0 - at) for at in range(3)),
        PartitionLag("project-m7", "accepted", 2, 12_034, 3_605.4),
        PartitionLag("intake", "cases.fr-pj", 0, 0),
    ]
    made, built = (now - timedelta(days=40)).isoformat(), now.isoformat()
    behind, workers = {"project": 12_034, "correlate": 930}, {"project": 2, "correlate": 4}
    return Overview(
        waiting=[WaitingRecords(lag.stage, lag.topic, lag.records) for lag in lags],
        feeds=[
            AgencyFeed("fr-pj", "FR", now - timedelta(minutes=1), silent=False),
            AgencyFeed("be-fp", "BE", now - timedelta(minutes=7), silent=False),
            AgencyFeed("de-bka", "DE", now - timedelta(days=3), silent=True),
            AgencyFeed("pl-kg", "PL", None, silent=True),
        ],
        rejected={"date": 4, "not_json": 1, "schema": 1, "misrouted": 1},
        generations=[
            GenerationStatus("m7-0d41c7e2", True, "shipped-2026-11", 0, NOOR, made, behind, workers, 1.0),
            GenerationStatus(
                "m8-99aa01b3", False, "shipped-2026-12", 0, NOOR, built, {"derive": 9}, {"derive": 2}, 0.4
            ),
        ],
        indices=[
            StorageSize("cases-m7-0d41c7e2-1", 812_340_000, 1_204_321),
            StorageSize("links-m7-0d41c7e2-1", 96_000_000, 402_113),
        ],
        stores=[StorageSize("correlate-m7-0d41c7e2", 1_904_000_000), StorageSize("intake", 88_000_000)],
        throughput=Throughput(begins, 120.0, tuple(TopicRate(topic, count(most)) for topic, most in topics.items())),
        lags=lags,
        silent=[SilentRecords("fr-pj", 2_048, 12, 77), SilentRecords("be-fp", 40, 0, 1)],
    )


async def hold_everything(api: Api) -> str:
    """Hold what the pages show beside the operators'; returns the id of a list that found records."""
    chief, owner = (make_requester(name[-5:], Role.INVESTIGATOR, Role.SUPERVISOR, subject=name)
                    for name in ("marc@fr-pj", PIETER))  # fmt: skip
    await hold_work(api)
    session = api.session(chief)
    await open_alone(session, session.make_reference("be-fp:2026-4709"), GlassReason("A threat to a child's life.", 2))
    own = [f"be-fp:2026-470{number}" for number in (1, 3, 5, 7)]
    name: str = (await cross_reference_records(api.session(owner), own, "Warehouse burglaries")).list.id
    while await run_round(api.runtime):
        pass
    return name


def _simulate(page: Page) -> None:
    page.locator("select[name=handling]").select_option("H1")
    page.locator("input[name=releasable_to]").fill("FR, DE")
    page.locator("form:has(select[name=handling]) button[type=submit]").click()
    expect(page.locator("[role=img]", has_text="→").first).to_be_visible()


def _preview(page: Page) -> None:
    page.locator("section.panel form button").click()
    expect(page.locator("section.panel form").locator("xpath=..").locator("tbody tr").first).to_be_visible()


def _draw_chart(page: Page) -> None:
    expect(page.locator("[data-chart-count]")).not_to_be_empty()
    page.wait_for_timeout(800)  # the layout moves


def take_page(opened: Browser, url: str, subject: Subject, folder: Path, looks: Iterable[Look] = LOOKS) -> None:
    """A page in each look, from its head to its end."""
    for look in looks:
        user = BrowserUser(opened, url, look.language, look.scale)
        user.resize(look.size)
        user.enter(subject.who, REFERENCE, subject.place)
        user.is_drawn()
        page = user.page
        page.evaluate(f"document.documentElement.dataset.theme = '{look.theme}'")
        subject.act(page)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        page.screenshot(path=folder / f"{subject.name}-{look.name}.png", full_page=True)
        page.context.close()


def main(folder: Path, wanted: set[str]) -> None:
    """Take those that are wanted, or all."""
    api = Api(PureStages(load_model()), make_folder("liaison-pages-"))
    api.now = datetime.now(UTC)
    hold_cases(api)
    hold_raids(api)
    topic = RejectedTopic(api.settings.case_partitions, api.now)
    reject_messages(topic)
    with pytest.MonkeyPatch.context() as patch, browser() as opened, memory_site(api) as site:
        hold_operations(patch, topic, see_busy_overview(api.now))
        with ThreadPoolExecutor(1) as thread:  # the browser's driver has a loop in this one
            found = thread.submit(asyncio.run, hold_everything(api)).result()
        subjects = (
            Subject("operations", NOOR, "/operations"),
            Subject("rejected", NOOR, "/operations/rejected", _preview),
            Subject("rejected-message", NOOR, f"/operations/rejected/{topic.messages[0].position}"),
            Subject("same-place", PIETER, "/deconfliction/of/be-fp:raid-1"),
            Subject("visibility", PIETER, "/visibility/of/be-fp:2026-4709", _simulate),
            Subject("found-records", PIETER, f"/checks/{found}/records"),
            Subject("chart", PIETER, "/chart?case=be-fp:2026-4701", _draw_chart),
            Subject("audit", SOFIE, "/audit"),
        )
        for subject in subjects:
            if not wanted or subject.name in wanted:
                take_page(opened, site.url, subject, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
