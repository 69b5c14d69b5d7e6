"""A bug in intake, in a real worker: no record is rejected for it, its own partition waits alone, the worker ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.records.hashing import partition_of
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

POISON = "poison"
AGENCIES = ("fr-pj", "be-fp", "de-bk", "nl-np")
ATTEMPTS = 10
"""In a row that fail, after which the worker ends: three quarters of a minute, in which the good records must come."""


def test_a_bug_rejects_nothing_and_holds_up_its_own_partition_alone(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor, tmp_path: Path
) -> None:
    home = partition_of(f"fr-pj:{POISON}".encode(), installation.settings.case_partitions)
    poison = records.message("fr-pj", POISON)
    behind = records.message("fr-pj", "behind")._replace(partition=home)
    others = [records.message(agency, f"c{number}") for number in range(20) for agency in AGENCIES[1:]]
    held = installation.push([poison, behind])
    broken = start_stage("intake", "--fail-on", POISON, "--give-up-after", str(ATTEMPTS))
    log = tmp_path / "stage_process-0.log"
    wait_for(lambda: f"failed inside on {held[0]}: KeyError" in log.read_text())

    passed = installation.push(others)
    wait_for(lambda: set(passed) <= set(installation.receipts()))
    assert not set(held) & set(installation.receipts())
    assert broken.poll() is None

    held += installation.push([records.message(agency, POISON) for agency in AGENCIES[1:]])
    assert broken.wait(PATIENCE_S) == 1
    *_, last = log.read_text().splitlines()
    assert last.startswith(f"liaison: {ATTEMPTS} attempts failed inside without one that did not")
    assert "Case" not in log.read_text(), "the words of an error may be the record's"
    assert set(installation.receipts()) == set(passed)
    assert installation.accounting().rejected == {}

    start_stage("intake")
    wait_for(lambda: set(held) <= set(installation.receipts()))
    outcomes = [installation.receipts()[position] for position in held]
    assert [outcome.reason or outcome.outcome for outcome in outcomes] == ["accepted", "misrouted", *["accepted"] * 3]
    assert installation.accounting().balanced
