from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from pipeline.access.requester import Role
from pipeline.ops.generations.run import GenerationStatus
from pipeline.ops.status.overview import AgencyFeed, Overview, SilentRecords, StorageSize, WaitingRecords
from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.ops.status.throughput import Throughput, TopicRate
from pipeline.web.layout import home_path
from pipeline.web.page import Parameters
from pipeline.web.pages.operations import HEIGHT, PAD, PAGE, WIDTH, render_sparkline
from pipeline.web.session import Visit
from support.access.requesters import ANNA, make_requester
from support.api.runtime import NOW, Api
from support.web.pages import opened

NOOR = make_requester("liaison-ops", Role.OPS, country="NL")
MADE = "2026-11-24T09:00:00+00:00"

SEEN = Overview(
    waiting=[WaitingRecords("project-g1", "accepted", 1234)],
    feeds=[
        AgencyFeed("pl-kg", "PL", None, silent=True),
        AgencyFeed("fr-pj", "FR", NOW, silent=False),
    ],
    rejected={"not_json": 3},
    generations=[GenerationStatus("g1", True, "model-7", 0, "", MADE, {"project": 5}, {"project": 2}, 1.0)],
    indices=[StorageSize("cases-g1-1", 12_340_000, 4321)],
    stores=[],
    throughput=Throughput((NOW,), 120.0, (TopicRate("accepted", (240,)),)),
    lags=[PartitionLag("project-g1", "accepted", 3, 1234, 95.4), PartitionLag("intake", "cases.fr-pj", 0, 0)],
    silent=[SilentRecords("es-gc", 2048, 2011, 77)],
)


async def test_it_says_what_may_need_a_hand(api: Api) -> None:
    async def load(_: Visit, __: Parameters) -> Overview:
        return SEEN

    said = (await opened(api, PAGE._replace(load=load), NOOR)).said()
    for told in (
        "1,234",
        "No data for 24 h",
        "Poland",
        "not_json",
        "model-7",
        "12.3 MB",
        "4,321",
        "95 s",
        "1 group caught up",
        "24 Nov 2026 09:00",
        "es-gc",
        "2,048",
        "2,011",
        "77",
    ):
        assert told in said


async def test_only_those_who_operate_see_it(api: Api) -> None:
    assert "Your role does not allow this" in (await opened(api, PAGE, ANNA)).said()
    assert api.audit.acts == []


async def test_a_long_delay_is_told_in_hours(api: Api) -> None:
    late = replace(SEEN, lags=[PartitionLag("project-g1", "accepted", 3, 1234, 4.02 * 3600)])

    async def load(_: Visit, __: Parameters) -> Overview:
        return late

    assert "Longest delay 4 hr" in (await opened(api, PAGE._replace(load=load), NOOR)).said()


@pytest.mark.parametrize(
    ("roles", "path"),
    [
        ({Role.INVESTIGATOR}, "/"),
        ({Role.OPS}, "/operations"),
        ({Role.AUDITOR}, "/audit"),
        ({Role.FEED}, "/"),
        ({Role.OPERATOR}, "/"),
    ],
)
def test_everybody_begins_at_the_first_page_of_his_roles(roles: set[Role], path: str) -> None:
    assert home_path(frozenset(roles)) == path


def points(counts: list[int]) -> list[tuple[float, float]]:
    line = fromstring(render_sparkline(counts)).find("path[@class='line']")
    assert line is not None
    found = (point.split() for point in line.get("d", "").removeprefix("M").split("L"))
    return [(float(x), float(y)) for x, y in found]


def test_the_greatest_count_reaches_the_top_and_nothing_the_ground() -> None:
    assert points([0, 5, 10]) == [(0, HEIGHT - PAD), (WIDTH / 2, HEIGHT / 2), (WIDTH, PAD)]


def test_a_line_without_counts_lies_on_the_ground() -> None:
    assert points([0, 0]) == [(0, HEIGHT - PAD), (WIDTH, HEIGHT - PAD)]
    assert points([]) == [(0, HEIGHT)]
