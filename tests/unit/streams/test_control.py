"""What `control` says of generations, without a broker; the commands that write it are in tests/integration/ops."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.control import Control, Setting, decoded, new
from pipeline.streams.supervisor import Job, jobs


def test_the_table_names_the_active_generation_and_all_that_are_computed() -> None:
    model = msgspec.Raw(b'{"version":"m"}')
    one = Setting("generation", "0123456789ab", "someone", "2026-11-01T10:00:00Z", 8, model)
    active = Setting("active_generation", "0123456789ab", "someone", "2026-11-01T11:00:00Z")
    held = decoded({str(at).encode(): msgspec.json.encode(each) for at, each in enumerate((one, active))})
    assert held.active == "0123456789ab"
    assert held.of().model == bytes(model)
    assert held.of("0123456789ab").settings(Settings()).block_partitions == 8
    with pytest.raises(LiaisonError, match="no generation ffffffffffff"):
        held.of("ffffffffffff")


def test_without_a_generation_it_says_what_to_do() -> None:
    with pytest.raises(LiaisonError, match="run `liaison topics apply`"):
        Control("", {}).of()


def test_a_generation_carries_the_model_that_makes_it() -> None:
    model = load_model()
    made = new(model, 4)
    assert made.compiled().content_hash == model.content_hash
    assert made.by
    with pytest.raises(LiaisonError, match=f"of the model of {made.id}: run another"):
        replace(made, block_partitions=5).compiled()
    with pytest.raises(LiaisonError, match="can't read the model"):
        replace(made, model=b'{"version":"m"}').compiled()


def test_a_supervisor_runs_what_this_program_can_compute() -> None:
    made = new(load_model(), 4)
    foreign = replace(made, id="ffffffffffff")
    held = Control(made.id, {made.id: made, foreign.id: foreign})
    every = {Job("intake", ""), Job("notify", "")}
    assert jobs(held) == every | {Job("correlate", made.id), Job("project", made.id)}
