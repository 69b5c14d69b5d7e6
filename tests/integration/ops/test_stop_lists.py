"""A stop list proposed for a generation in use, as a batch run over the same records proposes it, and built with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.correlation.batch import LineReader, make_fingerprints
from pipeline.correlation.stop_lists import propose_stops
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

SWITCHBOARD = "+33140000000"


def test_keys_that_everybody_has_are_proposed_and_stopped(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    liaison: RunLiaison,
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    start_all()
    sent: list[Any] = []
    for number in range(6):
        one = records.person(phones=[SWITCHBOARD])
        sent += [records.message(agency, f"c{number}", 1, [one]) for agency in ("fr-pj", "be-fp")]
    sent.append(records.message("fr-pj", "c0", 2, [records.person()]))
    installation.push(sent)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(sent), deadline_s=120)

    path, model = tmp_path / "stops.ndjson", load_model()
    done = liaison("generation", "suggest", "--over", "4", "-o", str(path), "--json")
    assert done.returncode == 0, done.stderr
    proposed = json.loads(done.stdout)
    last = {one.case: one for one in make_fingerprints(LineReader().read_cases([m.event for m in sent]), model)}
    expected = propose_stops(list(last.values()), ModelMatcher(model), over=4)
    assert proposed == list(msgspec.to_builtins(expected))
    assert [one["cases"] for one in proposed if one["kind"] == "phone_tail"] == [11]
    assert SWITCHBOARD[-7:] not in done.stdout

    shown = liaison("generation", "suggest", "--over", "4")
    assert shown.returncode == 0, shown.stderr
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.stdout.splitlines() if "│" in line]
    assert [row[:2] for row in rows if row[0]] == [[one["kind"], str(one["cases"])] for one in proposed]
    stops = sum(one["stop"] for one in proposed)
    assert f"{len(proposed)} keys are borne by more than 4 cases each; {stops} of them are worth leaving out" in (
        " ".join(shown.stdout.split())
    )

    stopped = {one["key"] for one in proposed if one["stop"]}
    built = json.loads(liaison("generation", "build", "--stop-list", str(path), "--json").stdout)
    assert sum(built["stopped"].values()) == len(stopped)
    statuses = {one["id"]: one for one in json.loads(liaison("generation", "status", "--json").stdout)}
    assert statuses[built["generation"]]["stop_keys"] == len(stopped)
