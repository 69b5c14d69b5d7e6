"""An installation of 0.3.0 goes on under this version's image, by the steps of deploy/README.md, and goes back.

Records are taken in and searches answered all the while. Or it is lost, and this version restores its backup. The image
of 0.3.0 is built from the repository's history.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import build_images
import httpx
import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from pipeline.engines.endpoints import Endpoints
from support.images.compose import ENTRYPOINT, Service, read_services
from support.images.containers import USER, Machine, Running, container
from support.images.machines import STATED, MakeMachine, doing, observed, start_up
from support.installation.installation import Installation
from support.installation.leftovers import delete_indices_and_templates, delete_topics_and_groups
from support.installation.records import COUNTRIES, Message, RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare, pytest.mark.timeout(1800), pytest.mark.xdist_group("images")]

FORMER = "6c97505a0d66e049b54b88104950fd7b7cf20137"
FORMER_TAG = "localhost/liaison-tests-former"
AGENCIES = ("fr-pj", "be-fp")
FOUND = "found "
TOKEN = ("token", "--agency", "fr-pj", "--country", "FR", "--hours", "24")
BACKUP = "/var/lib/liaison-backups/day"


def history(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(build_images.ROOT), *words], capture_output=True, check=False)


@pytest.fixture(scope="module")
def former_container(bases: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A container of the image of 0.3.0, by today's Dockerfile."""
    archive = history("archive", FORMER)
    if archive.returncode:
        pytest.skip("0.3.0 is not in this clone's history (a shallow clone?): git fetch --unshallow")
    tree = tmp_path_factory.mktemp("former")
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
    shutil.copy2(build_images.ROOT / "deploy" / "Dockerfile", tree / "deploy" / "Dockerfile")
    build_images.build(*bases, [FORMER_TAG], tree)
    with container(FORMER_TAG) as name:
        yield name


@dataclass
class Traffic:
    """Records that come and questions that are asked, one after the other, until the end."""

    push: Callable[[Message], object]
    records: RecordMaker
    token: str
    apis: tuple[str, ...]
    """Where each version's API is, if it runs: a proxy in front of them would ask the one that answers."""
    pushed: list[Message] = field(default_factory=list)
    unanswered: list[tuple[str, ...]] = field(default_factory=list)
    """What each API said where neither found anything."""

    def __post_init__(self) -> None:
        self._shared = [self.records.person() for _ in range(10)]

    def flowing(self) -> AbstractContextManager[None]:
        """A record and a question each second."""
        return doing(self._flow)

    def _flow(self, over: threading.Event) -> None:
        while not over.wait(1):
            self.push_one()
            said = tuple(map(self.ask, self.apis))
            if not any(words.startswith(FOUND) for words in said):
                self.unanswered.append(said)

    def push_one(self) -> None:
        """A record of either agency, about somebody of whom the other has one."""
        number = len(self.pushed)
        people = [self._shared[number // 2 % 10], self.records.person()]
        self.pushed.append(self.records.message(AGENCIES[number % 2], f"n{number}", people=people))
        self.push(self.pushed[-1])

    def ask(self, api: str) -> str:
        """What an API says to a search: FOUND and how many cases, or what else."""
        stated = {"Purpose": "investigation", "Case-Reference": "C-1"}
        headers = {f"Liaison-{name}": value for name, value in stated.items()}
        headers["Authorization"] = f"Bearer {self.token}"
        body = {"question": self._shared[0]["names"][0]["family"]}
        try:
            answer = httpx.post(f"{api}/v1/search", json=body, headers=headers, timeout=20)
        except httpx.TransportError as error:
            return repr(error)
        cases = answer.json()["results"] if answer.is_success else []
        return f"{FOUND}{len(cases)}" if cases else answer.text

    def finds(self, api: str) -> bool:
        """Whether an API finds what was pushed."""
        return self.ask(api).startswith(FOUND)


def generations(machine: Machine, command: Service) -> dict[str, dict[str, Any]]:
    """What `ops generation status` says of each."""
    return {one["id"]: one for one in json.loads(machine.run(command, "ops", "generation", "status", "--json"))}


def all_stages(services: dict[str, Service]) -> Service:
    """`worker all` where the key is that attest signs heads with."""
    return replace(services["attest"], entrypoint=ENTRYPOINT, command=("worker", "all"))


def end(running: dict[str, Running]) -> None:
    for one in running.values():
        one.end()


@dataclass
class Former:
    """An installation that 0.3.0's image runs, with records that it finds."""

    services: dict[str, Service]
    running: dict[str, Running]
    installation: Installation
    traffic: Traffic


StartFormer = Callable[[Machine], Former]


@pytest.fixture
def start_former(
    engines: Endpoints, kafka_admin: KafkaAdminClient, records: RecordMaker, wait_for: WaitFor
) -> StartFormer:
    """Starts one on a machine with its image."""

    def start(machine: Machine) -> Former:
        services = read_services(STATED, history("show", f"{FORMER}:deploy/compose.yaml").stdout.decode())
        command = services["liaison"]
        machine.run(command, "ops", "secret", "new")
        machine.run(services["topics"])
        for agency in AGENCIES:
            machine.run(command, "ops", "agency", "add", agency, "--country", COUNTRIES[agency])
        running = start_up(machine, services)
        token = machine.run(command, *TOKEN).strip()
        installation = observed(machine, engines, kafka_admin)
        api = machine.replaced["http://api:8000"]
        traffic = Traffic(lambda message: installation.push([message]), records, token, (api,))
        for _ in range(40):
            traffic.push_one()
        wait_for(lambda: traffic.finds(api), deadline_s=120)
        return Former(services, running, installation, traffic)

    return start


def test_records_and_searches_go_on_under_this_version_and_back(
    start_former: StartFormer,
    former_container: str,
    from_image: str,
    services: dict[str, Service],
    make_machine: MakeMachine,
    wait_for: WaitFor,
) -> None:
    before = make_machine("before", former_container)
    after = make_machine("after", from_image, beside=before)
    begun = start_former(before)
    former, traffic, installation = begun.services, begun.traffic, begun.installation
    traffic.apis = apis = (*traffic.apis, after.replaced["http://api:8000"])
    old, new = former["liaison"], services["liaison"]
    (first,) = generations(before, old)

    with traffic.flowing():
        after.run(services["topics"])
        after.run(new, "ops", "generation", "build")
        next_ = after.start(all_stages(services))
        way_back = before.start(all_stages(former))
        second = next(one for one in generations(after, new) if one != first)
        switch = ("ops", "generation", "switch", second)  # refused while it is behind
        wait_for(lambda: after.try_run(new, *switch).returncode == 0, deadline_s=240)
        ours = start_up(after, services)
        wait_for(ours["api"].is_healthy, deadline_s=240)
        wait_for(lambda: traffic.finds(apis[1]))
        end(begun.running)
        next_.end()
        pushed = len(traffic.pushed)
        wait_for(lambda: len(traffic.pushed) > pushed + 5)
    assert traffic.unanswered == []
    after.run(new, "ops", "accounting", "--wait", "60")
    after.run(new, "ops", "audit", "verify")
    wait_for(lambda: installation.visible_links() == installation.batch_links(traffic.pushed), deadline_s=120)

    with traffic.flowing():
        before.run(old, "ops", "generation", "switch", first)
        api = before.start(former["api"])
        wait_for(api.is_healthy, deadline_s=240)
        wait_for(lambda: traffic.finds(apis[0]))
        end(ours)
        pushed = len(traffic.pushed)
        wait_for(lambda: len(traffic.pushed) > pushed + 5)
    assert traffic.unanswered == []
    before.run(old, "ops", "accounting", "--wait", "60")
    wait_for(lambda: traffic.pushed[-1].case in before.run(old, "export", "links"))
    assert way_back.process.poll() is None
    before.run(old, "ops", "audit", "verify")
    for one in (next_, way_back):
        assert "signing key is not in" not in one.output()
    api.end()


def restore(machine: Machine, keeper: Service) -> bool:
    """Restore; False while a worker that was killed still counts as one that runs."""
    done = machine.try_run(keeper, "ops", "restore", BACKUP)
    if "stop the workers first" in done.stderr:
        return False
    assert done.returncode == 0, done.stderr
    return True


def test_a_backup_of_it_is_restored_by_this_version(
    kafka_admin: KafkaAdminClient,
    elasticsearch_client: Elasticsearch,
    engines: Endpoints,
    namespace: str,
    start_former: StartFormer,
    former_container: str,
    from_image: str,
    services: dict[str, Service],
    make_machine: MakeMachine,
    wait_for: WaitFor,
) -> None:
    before, after = make_machine("before", former_container), make_machine("after", from_image)
    begun = start_former(before)
    former = begun.services["liaison"]
    before.run(former, "ops", "accounting", "--wait", "60")
    keeper = replace(former, volumes={**begun.services["attest"].volumes, "backups": BACKUP.rpartition("/")[0]})
    before.run(keeper, "ops", "backup", BACKUP)
    before.end_all()
    delete_topics_and_groups(kafka_admin, namespace)
    delete_indices_and_templates(elasticsearch_client, namespace)

    for name in ("audit-log", "backups"):
        after.volume(name).rmdir()
        before.volume(name).rename(after.volume(name).parent / name)
    secret = after.volume("liaison") / "secret"
    shutil.copy2(before.volume("liaison") / "secret", secret)
    shutil.chown(secret, USER, USER)
    command, keeper = services["liaison"], replace(services["backup"], entrypoint=ENTRYPOINT)
    wait_for(lambda: restore(after, keeper), deadline_s=120)
    after.run(services["topics"])
    start_up(after, services)
    again = observed(after, engines, kafka_admin)
    api = after.replaced["http://api:8000"]
    begun.traffic.token = after.run(command, *TOKEN).strip()
    wait_for(lambda: begun.traffic.finds(api), deadline_s=120)
    wait_for(lambda: again.visible_links() == again.batch_links(begun.traffic.pushed), deadline_s=120)
    after.run(command, "ops", "audit", "verify")
