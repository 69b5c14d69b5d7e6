"""The whole flow on the real engines, also where workers die on the way: links, hits, documents, accounting."""

from __future__ import annotations

import signal

import pytest

from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = pytest.mark.engines


def test_links_are_those_of_a_batch_run_and_hits_go_to_both_agencies(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    feed = records.feed(150)
    workers = start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    accounting = installation.accounting()
    assert accounting.accepted + accounting.duplicate == len(feed)
    installation.holds(feed)
    for worker in workers:
        worker.terminate()
    assert [worker.wait(PATIENCE_S) for worker in workers] == [0, 0, 0]


@pytest.mark.timeout(240)
def test_killed_between_two_effects_the_accounting_balances_and_links_are_those_of_a_batch_run(
    records: RecordMaker, installation: Installation, start_stage: Start, start_all: StartAll, wait_for: WaitFor
) -> None:
    """The other points are in tests/fault, and for lanes in general in tests/contract/test_chunk_consumer.py."""
    feed = records.feed(100)
    killed_at_intake = start_stage("intake", "--kill-after", "transaction")
    installation.push(feed[: len(feed) // 2])
    assert killed_at_intake.wait(timeout=60) == -signal.SIGKILL
    killed = [
        start_stage("correlate", "--kill-after", "transaction"),
        start_stage("project", "--kill-after", "publish"),
    ]
    start_stage("intake")
    installation.push(feed[len(feed) // 2 :])
    assert killed[0].wait(timeout=60) == -signal.SIGKILL
    start_stage("correlate")
    assert killed[1].wait(timeout=60) == -signal.SIGKILL
    start_stage("project")
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    installation.holds(feed)


@pytest.mark.rare
def test_a_record_of_ours_that_cannot_be_read_is_kept_and_holds_up_nothing(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    installation.poison()
    feed = records.feed(30)
    installation.push(feed)
    start_all()
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    # By whoever meets it: of `accepted` the fingerprints' derivation and the index, of `fingerprints`, `pairs`,
    # `watches` and twice of `postings` correlate, of `links` the index; and what Elasticsearch refuses.
    assert sorted(installation.faults()) == ["correlate_failed"] * 6 + ["index_refused"] * 3
    installation.holds(feed)
