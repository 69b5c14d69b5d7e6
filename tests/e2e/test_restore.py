"""An installation lost with its secret, keys and users, restored in a new home by the commands of deploy/README.md."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from elasticsearch import ApiError, Elasticsearch

from pipeline.access.reviews import Review, Verdict
from pipeline.engines.endpoints import Endpoints
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import bootstrap_servers
from pipeline.streams.kafka.reading import read_table
from pipeline.streams.provisioning.setup import apply_all
from support.installation.command import LIAISON
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.kafka.secure_broker import secure_broker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(500)]

PAGE = Path(__file__).parents[2] / "deploy" / "README.md"
COUNTRIES = {"fr-pj": "FR", "be-fp": "BE"}
RATE = 300_000


def documented() -> tuple[list[str], list[str]]:
    """The page's commands that back up, and those that restore."""
    section = PAGE.read_text(encoding="utf-8").partition("## Backup and restore\n")[2].partition("\n## ")[0]
    backup, restore = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return backup.strip().splitlines(), restore.strip().splitlines()


class Machine:
    """A home, and the commands that are run there."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self._folder = settings, folder
        own = {
            "HOME": settings.home, "NAMESPACE": settings.namespace, "ELASTICSEARCH_URL": settings.elasticsearch_url,
            "KAFKA_PORT": 0, "METRICS_PORT": 0,
        }  # fmt: skip
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
        path = f"{LIAISON.parent}:{os.environ['PATH']}"
        self.environment = clean | {f"LIAISON_{name}": str(value) for name, value in own.items()} | {"PATH": path}

    def run(self, command: str, **more: str) -> str:
        """Run a command to its end, which must be good."""
        command = command.replace("/srv/backups/2026-11-25", "backup").replace("/etc/liaison/passphrase", "passphrase")
        done = subprocess.run(
            ["bash", "-c", command], env=self.environment | more, cwd=self._folder, capture_output=True, text=True,
            check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def credentials(self, agency: str) -> dict[str, str]:
        """What an agency's engineer sets, but where this Kafka is."""
        text = (self._folder / f"{agency}.env").read_text(encoding="utf-8")
        given = dict(line.split("=", 1) for line in text.splitlines())
        return given | {
            "LIAISON_KAFKA_URL": ",".join(bootstrap_servers(self.settings)),
            "LIAISON_HOME": str(self._folder),
        }

    @contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """All workers, until the end."""
        with (self._folder / f"{self.settings.home.name}.log").open("wb") as log:
            process = subprocess.Popen([str(LIAISON), "worker", "all"], env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def visible(installation: Installation) -> dict[str, tuple[int, int, int]]:
    """The links that readers see; none before there is an index."""
    try:
        return installation.visible_links()
    except (ApiError, LiaisonError):
        return {}


def reviews(settings: Settings) -> dict[bytes, bytes]:
    return asyncio.run(read_table(settings, topics.topic_name(settings, topics.REVIEWS)))


async def review(settings: Settings, link: str) -> None:
    judged = Review("r1", link, "be-fp:1", "fr-pj:1", 1, 1, "g", Verdict.SAME, "fr-pj", "anna", datetime.now(UTC), "so")
    async with DecisionLog(settings) as log:
        await log.write(topics.REVIEWS, judged.id, judged)


def test_all_is_there_again_and_everybody_gets_in_by_the_pages_commands(
    engines: Endpoints,
    namespace: str,
    records: RecordMaker,
    elasticsearch_client: Elasticsearch,
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    backup, restore = documented()
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    passphrase.chmod(0o600)
    own = {"namespace": namespace, "secret_file": None}
    person = records.person(names=[{"given": "Ivan", "family": "Petrov"}], birth_date="1980-05-14")
    person["phones"] = ["+33612345678"]
    with secure_broker(tmp_path / "old", engines.elasticsearch, **own) as settings:
        old = Machine(settings, tmp_path)
        asyncio.run(apply_all(settings))
        for agency, country in COUNTRIES.items():
            old.run(f"liaison ops agency add {agency} --country {country} --max-rate {RATE} --credentials {agency}.env")
            (tmp_path / f"{agency}.ndjson").write_bytes(records.message(agency, "1", people=[person]).event + b"\n")
        with old.working():
            for agency in COUNTRIES:
                old.run(f"liaison feed push {agency}.ndjson --agency {agency} --wait", **old.credentials(agency))
            installation = Installation(settings)
            links = wait_for(lambda: visible(installation), deadline_s=120)
            asyncio.run(review(settings, *links))
            judged = reviews(settings)
            verify = "liaison ops audit verify --json"
            wait_for(lambda: json.loads(old.run(verify))["log"]["heads"], deadline_s=60)
            key = old.run("liaison ops audit key")
            (tmp_path / "tags.json").write_text(old.run("liaison ops audit tag-keys fr-pj"))
            witness = "liaison feed witness --agency fr-pj --no-publish"
            old.run(f"{witness} --log-key {key.strip()} --tag-keys tags.json", **old.credentials("fr-pj"))
            for command in backup:
                told = old.run(command)
        assert "sealed in the backup" in told
        assert key.split("+")[0] in told
    shutil.rmtree(tmp_path / "old")
    elasticsearch_client.indices.delete(index=list(elasticsearch_client.indices.get(index=f"{namespace}*")))

    settings = Settings(home=tmp_path / "new", kafka_url="", elasticsearch_url=engines.elasticsearch, **own)  # type: ignore[arg-type]
    new = Machine(settings, tmp_path)
    try:
        before, (workers, *after) = restore[:3], restore[3:]
        assert workers.startswith("liaison worker all")
        for command in before:
            new.run(command)
        with new.working():
            installation = Installation(settings)
            wait_for(lambda: visible(installation) == links, deadline_s=120)
            assert reviews(settings) == judged
            for command in after:
                new.run(command)
            assert new.run("liaison ops audit key") == key
            for agency in COUNTRIES:
                (tmp_path / "again.ndjson").write_bytes(records.message(agency, "2").event + b"\n")
                new.run(f"liaison feed push again.ndjson --agency {agency} --wait", **new.credentials(agency))
            new.run(witness, **new.credentials("fr-pj"))
            rates = {one["name"]: one["max_rate"] for one in json.loads(new.run("liaison ops agency list --json"))}
            assert rates == dict.fromkeys(COUNTRIES, RATE)
    finally:
        new.run("liaison down")
