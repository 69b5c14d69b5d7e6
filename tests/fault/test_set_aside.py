"""A record that ends its stage's process, or its work never: it is set aside, others go on, a replay mends it."""

from __future__ import annotations

import asyncio
import signal

import pytest

from pipeline.streams.monitoring.set_aside import SetAside, order_replay, read_set_aside
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import Ports
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(240)]

POISON = "poison"
MOST_ENDS = 8
"""Processes that may end until the record is set aside: two narrow down what was in hand, two are its attempts, and
others may have been about to begin theirs."""


def aside(installation: Installation) -> list[SetAside]:
    return asyncio.run(read_set_aside(installation.settings))


def end_until_set_aside(stage: str, installation: Installation, start_stage: Start, wait_for: WaitFor) -> int:
    """Start the stage again and again, as a supervisor does; how many of its processes ended."""
    for ended in range(MOST_ENDS):
        worker = start_stage(stage, "--end-on", POISON)
        wait_for(lambda worker=worker: worker.poll() is not None or bool(aside(installation)))  # type: ignore[misc]
        if worker.poll() is None:
            worker.terminate()
            assert worker.wait(PATIENCE_S) == 0
            return ended
        assert worker.returncode == -signal.SIGKILL
    raise AssertionError(f"{MOST_ENDS} processes ended, and nothing is set aside")


@pytest.mark.parametrize("stage", ["intake", "correlate"])
def test_a_record_that_ends_its_process_is_set_aside_and_links_are_a_batchs_after_its_replay(
    stage: str, records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    feed = records.feed(60)
    shared = records.person()
    poison = [records.message(agency, case, 1, [shared]) for agency, case in (("fr-pj", POISON), ("be-fp", "other"))]
    sent = [*feed[:30], *poison, *feed[30:]]
    positions = installation.push(sent)
    others = {"intake", "correlate", "project"} - {stage}
    for other in sorted(others):
        start_stage(other)
    ended = end_until_set_aside(stage, installation, start_stage, wait_for)
    assert ended >= 2

    broken = start_stage(stage, "--end-on", POISON)
    wait_for(lambda: not installation.waiting(), deadline_s=120)
    assert broken.poll() is None
    found = aside(installation)
    assert {one.stage for one in found} == {stage}
    account = installation.accounting()
    assert account.balanced
    if stage == "intake":
        assert [one.position for one in found] == [positions[30]]
        assert (account.set_aside, account.decided) == (1, len(sent) - 1)
        assert positions[30] not in installation.receipts()
    else:
        assert (account.set_aside, account.decided) == (0, len(sent))
    assert installation.visible_links() != installation.batch_links(sent)
    broken.terminate()
    assert broken.wait(PATIENCE_S) == 0
    assert aside(installation) == found, "a worker that is told to end counts nothing"

    asyncio.run(order_replay(installation.settings, found))
    start_stage(stage, "--look-every", "0.5")
    wait_for(lambda: not aside(installation), deadline_s=120)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(sent), deadline_s=120)
    installation.holds(sent)
    assert installation.accounting().set_aside == 0


SOON_S, LATE_S = "4", "600"
"""How long work may stand still, and how long a step may take, until a worker of these tests calls itself dead: one of
both soon, where a worker's own are a minute and ten."""


@pytest.mark.parametrize(
    ("stage", "options", "problem"),
    [
        ("intake", ["--patience", SOON_S, LATE_S], "the event loop has not turned"),
        ("correlate", ["--patience", SOON_S, LATE_S], "the event loop has not turned"),
        ("correlate", ["--patience", LATE_S, SOON_S, "--all-large"], "a step of the work in hand has not ended"),
    ],
)
def test_work_without_end_is_told_with_its_place_and_set_aside_after_two_kills(
    stage: str, options: list[str], problem: str, records: RecordMaker, installation: Installation, start_stage: Start,
    wait_for: WaitFor, ports: Ports,
) -> None:  # fmt: skip
    """What a cluster does: it asks /healthz, kills the worker that is dead by its own word, and starts another."""
    feed, shared = records.feed(40), records.person()
    poison = [records.message(agency, case, 1, [shared]) for agency, case in (("fr-pj", POISON), ("be-fp", "other"))]
    positions = installation.push([*feed[:20], *poison, *feed[20:]])
    for other in sorted({"intake", "correlate", "project"} - {stage}):
        start_stage(other)
    told: list[str] = []
    while not aside(installation):
        assert len(told) < MOST_ENDS, told
        worker = start_stage(stage, "--hang-on", POISON, *options)
        wait_for(lambda: aside(installation) or ports.why_restart(stage))
        if not aside(installation):
            told.append(ports.why_restart(stage))
            worker.kill()
            worker.wait()
    assert len(told) >= 2
    assert all(one.startswith(problem) and ", offset " in one for one in told), told
    (found,) = aside(installation)
    assert found.stage == stage
    (topic, partition), offset = found.suspect
    assert told[-1].strip().endswith(f"{topic}-{partition}, offset {offset} to {offset}"), "at last it is alone"
    wait_for(lambda: installation.visible_links() == installation.batch_links(feed), deadline_s=120)
    if stage == "intake":
        assert found.position == positions[20]
        wait_for(lambda: installation.accounting().set_aside == 1)
    assert ports.why_restart(stage) == ""
