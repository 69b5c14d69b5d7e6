"""A generation that an earlier version of Liaison computes, as this version's commands and workers meet it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Final

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from pipeline.matching.model import load_model
from pipeline.matching.model_file import encode_model
from pipeline.matching.reference import SHIPPED
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.control import activate_generation, new_generation, read_control, register_generation
from support.installation.command import RunLiaison
from support.installation.installation import Installation
from support.matching.earlier_model import STOP_KEY, earlier_model
from support.processes.starting import Start
from support.waiting import PATIENCE_S

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(300)]

STAGES: Final = ("derive", "correlate", "project")
"""Those of a generation: they say so before they look for topics that only this version has, or touch an index."""

FORMER: Final = "0123456789ab"
"""No hash of this version's."""


def register_former(installation: Installation, kafka_admin: KafkaAdminClient) -> None:
    """What an earlier version set up: its generation in `control`, and the topics that it had."""
    names = [f"{installation.settings.namespace}{kind}.{FORMER}" for kind in ("blocks", "links")]
    partitions = {names[0]: 4, names[1]: installation.settings.case_partitions}
    kafka_admin.create_topics([NewTopic(name, partitions[name], 1) for name in names])
    own = new_generation(load_model(), 4)
    asyncio.run(register_generation(installation.settings, dataclasses.replace(own, id=FORMER)))


def test_it_is_listed_after_topics_apply_is_left_to_the_earlier_version_and_is_dropped_whole(
    installation: Installation, kafka_admin: KafkaAdminClient, start_stage: Start, liaison: RunLiaison, tmp_path: Path
) -> None:
    register_former(installation, kafka_admin)
    asyncio.run(apply_all(installation.settings))
    told = json.loads(liaison("generation", "status", "--json").stdout)
    assert {one["id"]: one["active"] for one in told} == {installation.generation: True, FORMER: False}
    refused = [start_stage(stage, "--generation", FORMER) for stage in STAGES]
    assert [worker.wait(PATIENCE_S) for worker in refused] == [1] * len(STAGES)
    for number in range(len(STAGES)):
        *_, last = (tmp_path / f"stage_process-{number}.log").read_text().splitlines()
        assert last.startswith(f"liaison: generation {FORMER} is another version's of Liaison"), STAGES[number]

    dropped = liaison("generation", "drop", FORMER)
    assert dropped.returncode == 0, dropped.stderr
    assert installation.left_of(FORMER) == []
    assert installation.left_of(installation.generation)


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        ("2026.10-3", 0, f"model 2026.10-3 shipped with another version of Liaison: {SHIPPED} of this one is taken"),
        ("trained", 1, f"can't read the model of generation {FORMER}: train one by `liaison batch train`, and give it"),
    ],
)
def test_a_build_takes_the_shipped_model_in_place_of_an_earlier_versions_and_refuses_a_trained_one(
    installation: Installation, liaison: RunLiaison, version: str, code: int, words: str
) -> None:
    own = new_generation(load_model(), 4)
    former = dataclasses.replace(own, id=FORMER, model=encode_model(earlier_model(version), canonical=True))
    asyncio.run(register_generation(installation.settings, former))
    asyncio.run(activate_generation(installation.settings, FORMER))
    built = liaison("generation", "build", "--json")
    assert built.returncode == code, built.stderr
    assert words in " ".join(built.stderr.split())
    if code == 0:
        made = asyncio.run(read_control(installation.settings)).generations[json.loads(built.stdout)["generation"]]
        assert (made.read_model_file().version, made.read_model_file().stop_keys) == (SHIPPED, (STOP_KEY,))
