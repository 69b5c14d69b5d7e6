"""Holds deploy/ to the Compose specification, to the settings, and to the engines that the tests run on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices

from pipeline.localstack.artifacts import pinned_jars
from pipeline.localstack.kafka import server_settings
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import CATALOGUE
from pipeline.streams.workers.supervisor import STAGES

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


def test_our_containers_can_change_nothing_but_their_volume(services: dict[str, Any]) -> None:
    ours = [service for service in services.values() if service["image"] == "liaison-pipeline"]
    assert ours
    for service in ours:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        own = ["audit-log:/var/lib/liaison-audit-log"] if service.get("command") == ["attest"] else []
        assert service["volumes"] == ["liaison:/var/lib/liaison", *own]


def test_the_image_is_pinned_and_not_run_as_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases[0])
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]


def test_what_the_image_may_write_lies_in_its_volume() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for variable in ("HOME", "LIAISON_HOME"):
        assert re.findall(rf"^(?:ENV)? +{variable}=(\S+)", text, re.MULTILINE) == ["/var/lib/liaison"]
    assert "\nVOLUME /var/lib/liaison\n" in text
