"""What compose.yaml starts, run from the image as its user: records in, restarts under load, all lost, all back.

The services' commands, environment, volumes and health checks are read from compose.yaml. What only a container engine
shows is not here (deploy/README.md, "What has been run").
"""

from __future__ import annotations

import json
import shutil
import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from elasticsearch import ApiError, Elasticsearch
from kafka import KafkaAdminClient

from pipeline.access.requester import Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.engines.endpoints import Endpoints
from pipeline.errors import LiaisonError
from pipeline.times import now
from support.images.compose import ENTRYPOINT, Service
from support.images.containers import USER
from support.images.machines import MakeMachine, doing, observed, start_up
from support.installation.installation import Installation
from support.installation.leftovers import delete_indices_and_templates, delete_topics_and_groups
from support.installation.records import COUNTRIES, Message, RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900), pytest.mark.xdist_group("images")]

AGENCIES = ("fr-pj", "be-fp")
SEARCHED = "Zyxwakanary"
HOUR = timedelta(hours=1)


def pushing(installation: Installation, messages: list[Message], pieces: int) -> AbstractContextManager[None]:
    """Push messages piece by piece all the while, and the rest at the end."""
    size = -(-len(messages) // pieces)

    def push(over: threading.Event) -> None:
        for start in range(0, len(messages), size):
            installation.push(messages[start : start + size])
            over.wait(1)

    return doing(push)


def instances(installation: Installation) -> set[str]:
    """The static members of all groups."""
    admin = installation.client
    assert admin is not None
    groups = [group["group_id"] for group in admin.list_groups()]
    own = [group for group in groups if group.startswith(installation.settings.namespace)]
    found = admin.describe_groups(own).values()
    return {member["group_instance_id"] for group in found for member in group["members"]}


def visible(installation: Installation) -> dict[str, tuple[int, int, int]]:
    """The links that readers see; none before there is an index."""
    try:
        return installation.visible_links()
    except (ApiError, LiaisonError):
        return {}


def test_records_come_in_and_are_found_whatever_is_restarted_or_lost(
    engines: Endpoints,
    kafka_admin: KafkaAdminClient,
    elasticsearch_client: Elasticsearch,
    namespace: str,
    from_image: str,
    make_machine: MakeMachine,
    services: dict[str, Service],
    records: RecordMaker,
    wait_for: WaitFor,
) -> None:
    machine, command = make_machine("machine", from_image), services["liaison"]
    machine.run(command, "ops", "secret", "new")
    machine.run(services["topics"])
    assert " 0 topics created" in f" {machine.run(services['topics'])}"
    for agency in AGENCIES:
        machine.run(command, "ops", "agency", "add", agency, "--country", COUNTRIES[agency])
    running = start_up(machine, services)
    running["correlate 2"] = machine.start(services["correlate"])

    person = records.person(names=[{"given": "Ivan", "family": SEARCHED}])
    first = [records.message(agency, "first", people=[person]) for agency in AGENCIES]
    feed = machine.volume("feed")
    for message in first:
        path = feed / f"{message.agency}.ndjson"
        path.write_bytes(message.event + b"\n")
        shutil.chown(path, USER, USER)
        machine.run(
            command, "feed", "push", f"/feed/{message.agency}.ndjson", "--agency", message.agency, "--wait",
            mounts={feed: "/feed:ro"},
        )  # fmt: skip
    installation = observed(machine, engines, kafka_admin)
    wait_for(lambda: len(visible(installation)) == 1)
    for name, one in running.items():
        if one.service.health and name != "correlate 2":  # whose port is another's
            wait_for(one.is_healthy)
    token = machine.run(command, "token", "--agency", AGENCIES[0], "--country", "FR").strip()
    asked = ("search", SEARCHED, "--json", "--token", token, "--purpose", "investigation", "--case-ref", "C-1")
    assert json.loads(machine.run(command, *asked))
    early = issue_token(
        installation.settings.model_copy(update={"home": machine.volume("liaison")}),
        Requester("anna", AGENCIES[0], "FR", frozenset({Role.INVESTIGATOR})), now() + HOUR, HOUR,
    )  # fmt: skip
    assert "clock" in machine.try_run(command, *(early if word == token else word for word in asked)).stderr
    wait_for(lambda: "cases ended" in running["retention"].output())

    members = instances(installation)
    messages = [message for message in records.feed(300) if message.agency in AGENCIES]
    with pushing(installation, messages, 40):
        for name in ("intake", "correlate", "project", "correlate 2", "api"):
            assert running[name].end(), running[name].output()
            running[name] = machine.start(services[name.split(" ")[0]])
            if name != "correlate 2":
                wait_for(running[name].is_healthy)
    expected = installation.batch_links(first + messages)
    wait_for(lambda: installation.at_rest() and visible(installation) == expected, deadline_s=180)
    installation.holds(first + messages)
    assert instances(installation) == members
    assert json.loads(machine.run(command, *asked))

    told = machine.run(services["backup"])
    assert "sealed in the backup" in told
    links = installation.visible_links()
    machine.end_all()
    wait_for(lambda: not instances(installation))  # stopped for now, a worker stays a member until its session is over
    delete_topics_and_groups(kafka_admin, namespace)
    delete_indices_and_templates(elasticsearch_client, namespace)

    other = make_machine("other", from_image)
    other.volume("backups").rmdir()
    machine.volume("backups").rename(other.volume("backups").parent / "backups")
    finished = f"/var/lib/liaison-backups/{next(other.volume('backups').iterdir()).name}"
    keeper = replace(services["backup"], entrypoint=ENTRYPOINT)
    for word in ("unseal", "restore"):
        other.run(keeper, "ops", word, finished, "--passphrase", "/run/secrets/passphrase")
    other.run(services["topics"])
    start_up(other, services)
    again = observed(other, engines, kafka_admin)
    wait_for(lambda: visible(again) == links, deadline_s=120)
    other.run(command, "ops", "audit", "verify")
