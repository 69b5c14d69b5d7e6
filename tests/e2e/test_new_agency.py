"""A new agency from nothing to its first accepted record and first hit, by the commands of pipeline/feeds/README.md."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import feeds
from pipeline.engines.endpoints import Endpoints
from pipeline.feeds.client import FeedClient
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.installation.command import LIAISON
from support.installation.records import COUNTRIES, RecordMaker
from support.kafka.secure_broker import secure_broker

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(400)]

FEEDS = Path(feeds.__file__).parent
MOST_COMMANDS = 6


@pytest.fixture
def operator(engines: Endpoints, namespace: str, tmp_path: Path) -> Iterator[Settings]:
    with secure_broker(tmp_path / "home", engines.elasticsearch, namespace=namespace) as settings:
        yield settings


@pytest.fixture
def environment(operator: Settings) -> dict[str, str]:
    """Of the operator's machine."""
    own = {
        "LIAISON_HOME": str(operator.home), "LIAISON_NAMESPACE": operator.namespace,
        "LIAISON_ELASTICSEARCH_URL": operator.elasticsearch_url, "LIAISON_KAFKA_URL": "",
    }  # fmt: skip
    return {**os.environ, **own, "PATH": f"{LIAISON.parent}:{os.environ['PATH']}"}


@pytest.fixture
def workers(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Start all workers; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        with (tmp_path / "workers.log").open("wb") as log:
            command = [str(LIAISON), "worker", "all"]
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


def documented() -> list[str]:
    """The commands of the document's first code block."""
    block = re.search(r"```sh\n(.*?)```", (FEEDS / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block
    return block[1].strip().splitlines()


async def installed(operator: Settings) -> None:
    await apply_all(operator)
    await registry.register_agency(operator, Agency("be-fp", COUNTRIES["be-fp"]))


def test_the_documents_commands_lead_to_the_first_accepted_record_and_the_first_hit(
    operator: Settings, environment: dict[str, str], workers: Callable[[], None], records: RecordMaker, tmp_path: Path
) -> None:

    asyncio.run(installed(operator))
    workers()
    with FeedClient("be-fp", operator) as other:
        known = records.person(names=[{"given": "Ivan", "family": "Petrov"}], birth_date="1980-05-14")
        known["phones"] = ["+33612345678"]
        other.push("x", [records.message("be-fp", "1", people=[known]).value or b""])

    commands = documented()
    assert len(commands) <= MOST_COMMANDS
    shutil.copy(FEEDS / "kits" / "samples" / "police-csv.csv", tmp_path / "register.csv")
    script = "set -e\n" + "\n".join(commands)
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 accepted" in done.stderr
    assert done.stdout.startswith("new        fr-pj:2026-004711  be-fp")
    assert "Traceback" not in done.stderr
    assert "WARNING" not in done.stderr
