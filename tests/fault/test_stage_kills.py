"""SIGKILL of each stage right after each of its effects: nothing is lost, doubled or contradicted."""

from __future__ import annotations

import signal

import pytest

from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]

STAGES = ("intake", "correlate", "project")
EFFECTS = ("publish", "transaction", "commit", "sync")


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_killed_after_an_effect(
    stage: str, effect: str, records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    feed = records.feed(90)
    half = len(feed) // 2
    installation.push(feed[:half])
    for other in STAGES:
        if other != stage:
            start_stage(other)
    killed = start_stage(stage, "--kill-after", effect)
    assert killed.wait(timeout=90) == -signal.SIGKILL
    installation.push(feed[half:])
    start_stage(stage)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)
    installation.holds(feed)


SOURCES = ("fingerprints", "postings", "pairs", "watches")


@pytest.mark.parametrize("effect", EFFECTS)
def test_correlate_killed_after_an_effect_of_each_of_its_sources(
    effect: str, records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    """One worker after the other, each with what the former left undone."""
    start_stage("intake")
    start_stage("project")
    sent = []
    for source in SOURCES:
        part = records.feed(30, source[:2])
        installation.push(part)
        sent += part
        killed = start_stage("correlate", "--kill-after", effect, "--kill-on", source)
        assert killed.wait(timeout=90) == -signal.SIGKILL
    start_stage("correlate")
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(sent), deadline_s=120)
    installation.holds(sent)


def test_a_stage_stopped_past_its_session_comes_back_as_a_zombie(
    records: RecordMaker, installation: Installation, start_stage: Start, start_all: StartAll, wait_for: WaitFor
) -> None:
    feed = records.feed(150)
    third = len(feed) // 3
    zombies = [start_stage(stage) for stage in STAGES]
    installation.push(feed[:third])
    wait_for(lambda: installation.accounting().decided > 0)
    for zombie in zombies:
        zombie.send_signal(signal.SIGSTOP)
    installation.push(feed[third : 2 * third])
    start_all()
    wait_for(lambda: installation.accounting().decided == 2 * third, deadline_s=90)
    for zombie in zombies:
        zombie.send_signal(signal.SIGCONT)
    installation.push(feed[2 * third :])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)
    installation.holds(feed)


def test_two_workers_a_stage_joining_and_leaving(
    records: RecordMaker, installation: Installation, start_stage: Start, start_all: StartAll, wait_for: WaitFor
) -> None:
    feed = records.feed(240)
    quarter = len(feed) // 4
    first = start_all()
    installation.push(feed[:quarter])
    seconds = [start_stage(stage) for stage in STAGES]
    installation.push(feed[quarter : 2 * quarter])
    wait_for(lambda: installation.accounting().decided > quarter, deadline_s=90)
    for worker in first:
        worker.terminate()
    installation.push(feed[2 * quarter : 3 * quarter])
    assert [worker.wait(timeout=60) for worker in first] == [0, 0, 0]
    start_all()
    seconds[1].kill()
    installation.push(feed[3 * quarter :])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)
    installation.holds(feed)
