"""Containers that were given the wrong things: each says what is wrong, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from support.images.compose import Service
from support.images.machines import MakeMachine
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.xdist_group("images")]


@pytest.mark.parametrize("name", ["intake", "api"])
def test_a_container_without_its_volume_does_not_start(
    from_image: str, make_machine: MakeMachine, services: dict[str, Service], name: str
) -> None:
    machine = make_machine("machine", from_image)
    done = machine.try_run(replace(services[name], volumes={}))
    assert done.returncode != 0
    assert "no secret in /var/lib/liaison/secret; put the installation's own back" in done.stderr


@pytest.mark.parametrize("words", [("ops", "secret", "new"), ("worker", "intake")])
def test_a_volume_that_belongs_to_root_is_named_with_what_mends_it(
    from_image: str, make_machine: MakeMachine, services: dict[str, Service], words: tuple[str, ...]
) -> None:
    machine = make_machine("machine", from_image)
    os.chown(machine.volume("liaison"), 0, 0)
    machine.volume("liaison").chmod(0o755)
    done = machine.try_run(services["liaison"], *words)
    assert done.returncode == 1
    assert done.stderr.startswith("liaison: LIAISON_HOME, /var/lib/liaison, can't be written to by user 10001")
    assert "`chown -R 10001 /var/lib/liaison`" in done.stderr


def test_of_two_machines_with_one_home_one_ends_and_says_why(
    from_image: str, make_machine: MakeMachine, services: dict[str, Service], wait_for: WaitFor
) -> None:
    """A volume that was copied; two containers of one machine share one, each with a slot of its own."""
    machine = make_machine("machine", from_image)
    machine.run(services["liaison"], "ops", "secret", "new")
    machine.run(services["topics"])
    machine.run(services["liaison"], "ops", "agency", "add", "fr-pj", "--country", "FR")
    first = machine.start(services["intake"])
    wait_for(first.is_healthy)
    other = make_machine("other", from_image)
    subprocess.run(["cp", "-a", str(machine.volumes), str(other.volumes)], check=True)
    second = other.start(services["intake"])
    why = "another worker has the place of this one"
    wait_for(lambda: any(why in one.output() for one in (first, second)))
    assert [one for one in (first, second) if one.process.poll() is None]
