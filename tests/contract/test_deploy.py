"""Holds deploy/ to the Compose specification, to the settings, and to the engines that the tests run on."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices

from pipeline.localstack.artifacts import pinned_jars
from pipeline.localstack.kafka import server_settings
from pipeline.ops.plan import plan_installation, read_constants
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import CATALOGUE
from pipeline.streams.workers.supervisor import STAGES
from support.ports import own_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"

VARIABLES = {f"LIAISON_{field.upper()}" for field in Settings.model_fields}

FORMER = {
    str(name)
    for field in Settings.model_fields.values()
    if isinstance(field.validation_alias, AliasChoices)
    for name in field.validation_alias.choices
} - VARIABLES
"""What earlier versions called settings, which is read too."""

EMBEDDED = {"LIAISON_ENGINE_CACHE", "LIAISON_ENGINE_MIRROR", "LIAISON_OFFLINE", "LIAISON_KAFKA_PORT"} | {
    "LIAISON_ELASTICSEARCH_PORT", "LIAISON_KAFKA_HEAP", "LIAISON_KAFKA_KEYSTORE_FILE", "LIAISON_ELASTICSEARCH_HEAP",
}  # fmt: skip
"""What only `liaison up` reads."""

OWN_ADDRESSES = {
    "controller.quorum.voters", "listeners", "advertised.listeners", "inter.broker.listener.name",
    "listener.security.protocol.map", "log.dirs",
}  # fmt: skip
"""Broker settings in which a container differs from the embedded broker."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    held: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return held


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def named(path: Path) -> set[str]:
    return set(re.findall(r"LIAISON_[A-Z_]+", path.read_text(encoding="utf-8")))


def pinned_version(engine: str, module: str) -> str:
    return next(jar.coordinate for jar in pinned_jars([engine])[engine] if jar.coordinate.startswith(module)).split(
        ":"
    )[-1]


def test_compose_keeps_to_the_specification() -> None:
    found = checked(COMPOSE)
    assert found.returncode == 0, found.stdout + found.stderr


def test_what_the_specification_does_not_know_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    text = COMPOSE.read_text(encoding="utf-8")
    wrong.write_text(text.replace("healthcheck:", "health_check:"), encoding="utf-8")
    found = checked(wrong)
    assert found.returncode == 1
    assert "health_check" in found.stdout


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile", "example.env", "README.md"])
def test_every_variable_is_a_setting(name: str) -> None:
    assert named(DEPLOY / name) <= VARIABLES | FORMER


def test_the_documents_table_names_every_setting_of_a_deployment() -> None:
    assert named(DEPLOY / "README.md") >= VARIABLES - EMBEDDED


def test_secrets_are_asked_for_and_never_written_down(services: dict[str, Any]) -> None:
    secret = {f"LIAISON_{name.upper()}" for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    given = {key: value for s in services.values() for key, value in s["environment"].items() if key in secret}
    assert given
    assert all(value.startswith(f"${{{key}:?") for key, value in given.items())
    example = (DEPLOY / "example.env").read_text(encoding="utf-8").splitlines()
    assert {f"{key}=" for key in given} == {line for line in example if line and not line.startswith("#")}


@pytest.mark.parametrize(
    ("service", "image", "module"),
    [
        ("kafka", "apache/kafka", "org.apache.kafka:kafka_"),
        ("elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch", "org.elasticsearch:elasticsearch:"),
    ],
)
def test_engines_are_those_that_the_tests_run_on(
    services: dict[str, Any], service: str, image: str, module: str
) -> None:
    assert services[service]["image"] == f"{image}:{pinned_version(service, module)}"


def test_the_broker_is_set_as_the_embedded_one(services: dict[str, Any]) -> None:
    expected = {key: str(value) for key, value in server_settings(9092, 9093, Path("data")).items()}
    given = {
        key.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for key, value in services["kafka"]["environment"].items()
    }
    assert set(given) == set(expected)
    assert {k: v for k, v in given.items() if k not in OWN_ADDRESSES} == {
        k: v for k, v in expected.items() if k not in OWN_ADDRESSES
    }
    assert int(given["message.max.bytes"]) >= max(topic.max_bytes for topic in CATALOGUE)


def test_ports_are_published_on_loopback_only(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_there_is_a_worker_for_each_stage(services: dict[str, Any]) -> None:
    workers = {
        name: service for name, service in services.items() if service.get("entrypoint") == ["liaison", "worker"]
    }
    assert {name: service["command"] for name, service in workers.items()} == {name: [name] for name in STAGES}


def ours(services: dict[str, Any]) -> dict[str, Any]:
    found = {name: service for name, service in services.items() if service["image"] == "${IMAGE:-liaison-pipeline}"}
    assert len(found) > len(STAGES)
    return found


def test_our_containers_can_change_nothing_but_their_volumes(services: dict[str, Any]) -> None:
    log, backups = "audit-log:/var/lib/liaison-audit-log", "backups:/var/lib/liaison-backups"
    more = {"attest": [log], "backup": [log, backups]}
    for name, service in ours(services).items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["volumes"] == ["liaison:/var/lib/liaison", *more.get(name, ())]


def test_every_container_has_a_limit_of_memory_and_of_logs(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["mem_limit"]
        assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}


def test_workers_may_take_what_a_plan_says_and_a_batch(services: dict[str, Any]) -> None:
    planned = plan_installation(1_000_000, 1.0, 1, read_constants())
    each = planned.memory_bytes / sum(planned.workers.values()) + Settings().max_batch_bytes
    for stage in STAGES:
        limit = str(services[stage]["mem_limit"]).partition(":-")[2].rstrip("g}")
        assert int(limit) << 30 >= each


def test_health_checks_start_nothing_dear_and_are_patient(services: dict[str, Any]) -> None:
    """A JVM or a Python that starts every ten seconds is most of what an idle installation does."""
    checked_services = {name: service["healthcheck"] for name, service in services.items() if "healthcheck" in service}
    assert {"kafka", "elasticsearch", "api", *STAGES} == set(checked_services)
    for check in checked_services.values():
        assert not {"python", "python3", "java"} & set(check["test"])
        assert not any(".sh" in word for word in check["test"])
        assert (check["interval"], check["retries"], check["start_period"]) == ("30s", 5, "2m")


def test_the_check_of_the_broker_is_whether_it_listens(services: dict[str, Any]) -> None:
    kind, *command = services["kafka"]["healthcheck"]["test"]
    assert kind == "CMD"
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = [word.replace("kafka/19092", f"127.0.0.1/{server.getsockname()[1]}") for word in command]
        assert here != command
        assert subprocess.run(here, check=False).returncode == 0
    assert subprocess.run(here, check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_a_container_is_healthy_by_its_own_word(status: int | None, healthy: bool) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if status and self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        port = server.server_address[1] if status else own_port()
        done = subprocess.run([DEPLOY / "healthy", str(port)], check=False, capture_output=True)
        if not status:
            subprocess.run([DEPLOY / "healthy", str(server.server_address[1])], check=False, capture_output=True)
    assert (done.returncode == 0) == healthy


def test_topics_and_retention_are_tried_again(services: dict[str, Any]) -> None:
    assert services["topics"]["restart"] == "on-failure"
    assert services["retention"]["restart"] == "unless-stopped"


def test_the_image_is_of_a_base_by_argument_and_not_run_as_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert bases == ["${BASE}", "user", "${BUILDER}", *["dependencies"] * 3, "user"]
    given = dict(line.removeprefix("ARG ").split("=") for line in lines[:10] if line.startswith("ARG "))
    assert given == dict.fromkeys(["BASE", "BUILDER"], "docker.io/library/python:3.11.14-slim-bookworm")
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]


def test_what_the_image_may_write_lies_in_its_volume() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for variable in ("HOME", "LIAISON_HOME"):
        assert re.findall(rf"^(?:ENV)? +{variable}=(\S+)", text, re.MULTILINE) == ["/var/lib/liaison"]
    assert "\nVOLUME /var/lib/liaison\n" in text
