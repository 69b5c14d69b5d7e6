"""`liaison ops scorecard` on the real engines."""

from __future__ import annotations

import json

import pytest

from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]


@pytest.mark.timeout(300)
def test_an_agencys_data_is_judged_by_what_became_of_it(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    whole = records.message("fr-pj", "whole")
    undated = records.person()
    del undated["birth_date"]
    feed = [
        whole,
        whole,
        records.message("fr-pj", "amended", people=[undated]),
        records.message("fr-pj", "amended", 2),
        records.message("fr-pj", "lacking", people=[undated | {"phones": ["0"]}]),
        records.message("fr-pj", "broken")._replace(value=b"{"),
        records.message("be-fp", "other"),
    ]
    installation.push(feed)
    start_all()
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)

    answer = liaison("scorecard", "--agency", "fr-pj", "--json")
    (found,) = json.loads(answer.stdout).values()
    counts = {name: count for name, count in found["all"].items() if name != "rates"}
    assert counts == {
        "records": 6,
        "rejected": 1,
        "duplicate": 1,
        "warning": 1,
        "placeholder": counts["placeholder"],
        "invalid": counts["invalid"],
        "cases": 3,
        "missing": 1,
        "crowded": 0,
    }
    assert counts["placeholder"] + counts["invalid"] == 1
    assert sum(day["records"] for day in found["days"].values()) == 6
    assert "be-fp" in liaison("scorecard").stdout
    unknown = liaison("scorecard", "--agency", "nobody")
    assert (unknown.returncode, unknown.stderr) == (1, "liaison: not registered: nobody\n")
