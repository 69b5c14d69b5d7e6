"""`liaison worker all`: it waits for agencies, takes in new ones, restarts what dies, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.registry import read_agencies, register_agency
from pipeline.streams.workers.supervisor import STAGES
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import Ports
from support.processes import warm
from support.waiting import PATIENCE_S, WaitFor

pytestmark = pytest.mark.engines


def liaison(*words: str) -> list[str]:
    return [sys.executable, "-c", "from pipeline.cli.main import main; main()", *words]


@pytest.fixture
def supervisor(engine_environment: dict[str, str], ports: Ports, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "all.log").open("wb") as log:
        process = subprocess.Popen(liaison("worker", "all"), env=engine_environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def stages(process: subprocess.Popen[bytes]) -> dict[str, psutil.Process]:
    """The supervisor's children by stage."""
    found = {}
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):  # one that has just ended
            line = child.cmdline()
            if "worker" in line:
                found[line[line.index("worker") + 1]] = child
    return found


@pytest.mark.timeout(240)
@pytest.mark.rare
def test_a_supervised_installation_from_its_first_agency_to_its_end(
    engine_settings: Settings,
    make_installation: type[Installation],
    records: RecordMaker,
    supervisor: Any,
    ports: Ports,
    wait_for: WaitFor,
) -> None:
    def restarts(reason: str) -> float:
        return ports.total("intake", "liaison_worker_restarts_total", reason=reason)

    asyncio.run(apply_all(engine_settings))
    installation = make_installation(engine_settings)
    wait_for(lambda: stages(supervisor).keys() == set(STAGES))
    asyncio.run(register_agency(engine_settings, Agency("fr-pj", "FR")))
    installation.push([records.message("fr-pj", "one")])
    wait_for(lambda: installation.accounting().accepted == 1)

    asyncio.run(register_agency(engine_settings, Agency("be-fp", "BE")))
    installation.push([records.message("be-fp", "two")])
    wait_for(lambda: installation.accounting().accepted == 2)

    assert (restarts("changed"), restarts("died")) == (1, 0), "counted through the worker's own exec"

    killed = stages(supervisor)["intake"]
    killed.kill()
    installation.push([records.message("fr-pj", "three")])
    wait_for(lambda: installation.accounting().accepted == 3)
    wait_for(installation.at_rest)
    assert installation.accounting().balanced
    assert len(installation.cases(["fr-pj:one", "be-fp:two", "fr-pj:three"])) == 3

    assert restarts("died") == 1, "counted by the supervisor"

    last = stages(supervisor)
    assert last["intake"].pid != killed.pid
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(PATIENCE_S) == 0
    assert not any(child.is_running() for child in last.values())


@pytest.mark.rare
def test_stages_end_when_their_supervisor_is_killed(
    engine_settings: Settings, supervisor: Any, wait_for: WaitFor
) -> None:
    asyncio.run(apply_all(engine_settings))
    wait_for(lambda: stages(supervisor).keys() == set(STAGES))
    children = list(stages(supervisor).values())
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not any(child.is_running() for child in children))


def test_registering_twice_is_harmless_and_another_country_is_refused(engine_settings: Settings) -> None:
    from pipeline.errors import LiaisonError

    async def register() -> None:
        await register_agency(engine_settings, Agency("fr-pj", "FR"))
        await register_agency(engine_settings, Agency("fr-pj", "FR"))
        with pytest.raises(LiaisonError, match="already registered, for FR"):
            await register_agency(engine_settings, Agency("fr-pj", "BE"))
        with pytest.raises(LiaisonError, match="ISO 3166"):
            await register_agency(engine_settings, Agency("be-fp", "Belgium"))
        with pytest.raises(LiaisonError, match="1 to 32"):
            await register_agency(engine_settings, Agency("Be fp", "BE"))

    asyncio.run(register())
    assert list(asyncio.run(read_agencies(engine_settings))) == ["fr-pj"]


def test_a_worker_without_topics_says_what_to_do(engine_environment: dict[str, str]) -> None:
    done = warm.run(["worker", "correlate"], engine_environment)
    assert done.returncode == 1
    assert "run `liaison topics apply`" in done.stderr
    assert "Traceback" not in done.stderr
