"""Unreadable and damaged batches among good ones, through real workers: what harms one batch harms no other."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from pipeline.ops.replay.rejections import RejectionFilter, list_rejections
from pipeline.records.messages import Receipt
from pipeline.streams.catalogues import topics
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.kafka.fetch_proxy import FetchProxy
from support.kafka.record_batches import changed_at, made_batch, made_record, produce_raw, with_wrong_crc, zstd_bomb
from support.processes import warm
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

NOISE = bytes(range(256)) * 14_000
"""3.5 MB, which zstd_bomb stores as they are."""

ZEROS = 64 << 20
TIMES = 32
"""Records of so many zeros each: 2 GiB in all."""

TINY = 120_000
"""Records without content in one batch: more than the 100,000 that it may hold."""

UNREADABLE = TINY + 2 * (TIMES + 1)


@pytest.fixture
def proxy(installation: Installation) -> Iterator[FetchProxy]:
    with FetchProxy(installation.settings.kafka_url).running() as running:
        yield running


def produce(installation: Installation, agency: str, batch: bytes) -> int:
    topic = topics.topic_name(installation.settings, topics.CASES, agency=agency)
    return asyncio.run(produce_raw(installation.settings.kafka_url, topic, 0, batch))


def of_agency(installation: Installation, agency: str) -> list[Receipt]:
    topic = topics.topic_name(installation.settings, topics.CASES, agency=agency)
    return [receipt for receipt in installation.receipts().values() if receipt.position.topic == topic]


def liaison(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(words, environment)


def resident_mib(process: Any) -> int:
    return int(psutil.Process(process.pid).memory_info().rss) >> 20


def test_bombs_of_one_agency_hold_up_no_other(
    records: RecordMaker,
    installation: Installation,
    start_all: Callable[[], list[Any]],
    engine_environment: dict[str, str],
    wait_for: WaitFor,
) -> None:
    before = [records.message("be-fp", f"before-{number}") for number in range(20)]
    installation.push(before)
    intake, *_ = start_all()
    wait_for(lambda: len(of_agency(installation, "be-fp")) == len(before))
    resident = resident_mib(intake)

    bomb = zstd_bomb(NOISE, ZEROS, TIMES)
    tiny = made_batch(b"".join(made_record(at, None, None) for at in range(TINY)), TINY, codec=4)
    for batch in (bomb, bomb, tiny):
        produce(installation, "fr-pj", batch)
    good = [records.message(agency, f"good-{number}") for number in range(20) for agency in ("be-fp", "fr-pj")]
    installation.push(good)
    wait_for(lambda: len(of_agency(installation, "be-fp")) == len(before) + len(good) // 2)
    wait_for(lambda: len(of_agency(installation, "fr-pj")) == 3 + len(good) // 2)

    keys = [message.case for message in [*before, *good]]
    wait_for(lambda: len(installation.cases(keys)) == len(keys))
    ranges = sorted((r.reason, len(r.offsets)) for r in of_agency(installation, "fr-pj") if r.outcome == "rejected")
    assert ranges == [("unreadable_batch", TIMES + 1), ("unreadable_batch", TIMES + 1), ("unreadable_batch", TINY)]
    counted = installation.accounting()
    assert counted.balanced
    assert counted.rejected == {"unreadable_batch": UNREADABLE}
    assert resident_mib(intake) - resident < 300, "the limit of 64 MiB, the batches themselves and what malloc keeps"
    told = asyncio.run(list_rejections(installation.settings, RejectionFilter(agency="fr-pj")))
    assert sum(rejection.messages for rejection in told) == UNREADABLE
    commands_read_them(engine_environment, good=len(good) // 2)


def commands_read_them(environment: dict[str, str], good: int) -> None:
    """Each command that reads what agencies sent, or what came of it, goes past the bombs and counts them."""
    left = {"left": {"unreadable_batch": UNREADABLE}, "dry_run": True}
    for words, sent in ((("replay", "--from", "1h"), {"fr-pj": good}), (("rejected", "replay"), {})):
        done = liaison(environment, "ops", *words, "--agency", "fr-pj", "--dry-run", "--json")
        assert json.loads(done.stdout) == {"sent": sent, **left}, done.stderr
    receipts = liaison(environment, "feed", "receipts", "--agency", "fr-pj", "--outcome", "rejected").stdout
    assert receipts.count("..") == receipts.count("unreadable_batch") == 3
    for command in ("lag", "accounting"):
        done = liaison(environment, "ops", command)
        assert done.returncode == 0, done.stderr


def test_a_damaged_batch_waits_for_an_operator_while_others_go_on(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    proxy: FetchProxy,
    engine_environment: dict[str, str],
    wait_for: WaitFor,
) -> None:
    damaged = produce(installation, "fr-pj", made_batch(b"".join(made_record(at, b"k", b"v") for at in range(3)), 3))
    after = produce(installation, "fr-pj", made_batch(made_record(0, b"k", b"v"), 1))
    topic = topics.topic_name(installation.settings, topics.CASES, agency="fr-pj")
    hurt = changed_at(damaged + 1, with_wrong_crc)
    proxy.change = lambda name, partition, fetched: (
        hurt(name, partition, fetched) if (name, partition) == (topic, 0) else fetched
    )
    engine_environment["LIAISON_KAFKA_URL"] = proxy.address
    start_stage("intake")
    others = [records.message("be-fp", f"good-{number}") for number in range(20)]
    installation.push(others)
    wait_for(lambda: len(of_agency(installation, "be-fp")) == len(others))
    assert not of_agency(installation, "fr-pj")

    words = ("ops", "rejected", "batch", topic, "0", str(damaged), "--json")
    for _ in range(2):
        done = liaison(engine_environment, *words)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["last_offset"] == damaged + 2
    wait_for(lambda: len(of_agency(installation, "fr-pj")) == 2, deadline_s=90)
    outcomes = {
        (receipt.position.offset, receipt.last_offset): receipt.reason for receipt in of_agency(installation, "fr-pj")
    }
    assert outcomes == {(damaged, damaged + 2): "unreadable_batch", (after, None): "not_json"}
    lag = liaison(engine_environment, "ops", "lag")
    assert lag.returncode == 0, lag.stderr
