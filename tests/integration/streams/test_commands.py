"""The commands about topics, agencies and lag, as an operator runs them."""

from __future__ import annotations

import json

import pytest

from pipeline.streams.catalogues.topics import CATALOGUE, Scope
from support.installation.command import RunLiaison
from support.processes import warm

pytestmark = pytest.mark.engines


@pytest.fixture
def liaison(engine_environment: dict[str, str]) -> RunLiaison:
    return lambda *words: warm.run(words, engine_environment)


def test_from_nothing_to_a_registered_agency(liaison: RunLiaison) -> None:
    assert json.loads(liaison("ops", "agency", "list", "--json").stdout) == []
    created = json.loads(liaison("topics", "apply", "--json").stdout)
    shared = [topic for topic in CATALOGUE if topic.scope is not Scope.AGENCY]
    assert len(created["created"]) == len(shared)
    assert created["differences"] == []
    assert "4 topics created" in liaison("ops", "agency", "add", "fr-pj", "--country", "FR").stderr
    assert f"0 topics created, {len(shared) + 4} already existed" in liaison("topics", "apply").stdout
    listed = json.loads(liaison("ops", "agency", "list", "--json").stdout)
    assert listed == [
        {
            "name": "fr-pj",
            "country": "FR",
            "state": "active",
            "max_rate": None,
            "require_signatures": False,
            "tell_silent_owners": [],
            "title": "",
        }
    ]
    lag = json.loads(liaison("ops", "lag", "--json").stdout)
    waiting = [one for one in lag if one["lag"]]
    assert {one["topic"].partition("-")[2] for one in waiting} == {"audit"}, "what was done is told by no worker yet"
    assert liaison("ops", "lag").stdout.endswith(f"{sum(one['lag'] for one in waiting)} records behind in all\n")


def test_a_broker_that_asks_nobody_holds_nobody_to_a_rate(liaison: RunLiaison) -> None:
    refused = liaison("ops", "agency", "add", "fr-pj", "--country", "FR", "--max-rate", "300000")
    assert refused.returncode == 1
    assert refused.stderr.startswith("liaison: this Kafka does not ask who sends")
    assert json.loads(liaison("ops", "agency", "list", "--json").stdout) == []


def test_a_server_without_a_model_ends_in_one_line(liaison: RunLiaison) -> None:
    failed = liaison("serve")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "missing topics" in failed.stderr


def test_an_expected_failure_is_one_line(liaison: RunLiaison) -> None:
    refused = liaison("ops", "agency", "add", "Fr pj", "--country", "FR")
    assert refused.returncode == 1
    assert refused.stderr.startswith("liaison: an agency name takes")
    assert refused.stderr.count("\n") == 1
    missing = liaison("ops", "lag")
    assert missing.returncode == 1
    assert "missing topics" in missing.stderr
    assert liaison("ops", "agency", "add", "fr-pj").returncode == 2
