"""Holds deploy/kubernetes to Kubernetes' published schemas, to the settings and to what every pod must keep to."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from pipeline.cli.main import build_cli
from pipeline.ops.agencies.cli import format_environment
from pipeline.secret_file import make_secret
from pipeline.settings import Settings, settings
from pipeline.streams.monitoring.status_port import API_PLACE
from pipeline.streams.provisioning.users import Credentials
from pipeline.streams.workers.supervisor import STAGES
from pipeline.streams.workers.worker import port_of
from support.processes import warm

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"

VERSION = "1.33"

IMAGE_SETS = {"LIAISON_HOME": "/var/lib/liaison"}
"""What the Dockerfile sets."""

FILES = ("home", "secret_file", "audit_keys", "audit_log_key_file", "lists", "kafka_ca_file", "elasticsearch_ca_file")
"""Settings that name a file or folder of a container."""

NEEDS = {
    "worker": {"secret_file"},
    "worker notify": {"secret_file", "audit_keys"},
    "worker attest": {"secret_file", "audit_log_key_file"},
    "serve": {"secret_file", "audit_keys", "lists", "trusted_proxies", "token_issuer", "token_keys"},
    "ops retention": {"secret_file", "audit_keys"},
    "operator": {"secret_file", "audit_keys", "audit_log_key_file"},
}
"""By process, what must be set beside the engines and the user that it is known by."""

OWN_SCHEMAS = {"Kustomization", "ScaledObject"}
"""Not Kubernetes' own kinds: their schemas are not in the validator."""


def manifests() -> list[dict[str, Any]]:
    files = sorted(FOLDER.glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def named(one: dict[str, Any]) -> str:
    return f"{one['kind']} {one.get('metadata', {}).get('name', '')}"


def pods() -> list[dict[str, Any]]:
    specs = [one["spec"] for one in manifests() if one["kind"] in {"Deployment", "StatefulSet", "Job"}]
    specs += [one["spec"]["jobTemplate"]["spec"] for one in manifests() if one["kind"] == "CronJob"]
    return [spec["template"]["spec"] for spec in specs]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def running() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each container with its pod, by the command that it runs; by its name where it runs none of ours."""
    return {
        " ".join(container.get("args", [container["name"]])): (pod, container)
        for pod in pods()
        for container in containers(pod)
    }


def secrets() -> dict[str, dict[str, str]]:
    """The Secrets as configuration.yaml says they are made, by name."""
    operator = Settings(kafka_url="kafka:9092", kafka_security_protocol="SASL_SSL", case_partitions=4)
    made = {
        role: dict(
            line.split("=", 1) for line in format_environment(operator, Credentials(role, "p" * 32)).splitlines()
        )
        for role in (*STAGES, "api", "operator")
    }
    return {f"liaison-{role}": given for role, given in made.items()} | {
        "liaison": {"LIAISON_ELASTICSEARCH_PASSWORD": "p" * 32}
    }


def environment_of(pod: dict[str, Any], container: dict[str, Any]) -> dict[str, str]:
    """What a container finds in its environment, Kubernetes' own variables for services included."""
    [config] = [one["data"] for one in manifests() if one["kind"] == "ConfigMap"]
    found = dict(IMAGE_SETS)
    if pod.get("enableServiceLinks", True):
        for one in manifests():
            if one["kind"] == "Service":
                name = one["metadata"]["name"].upper().replace("-", "_")
                found |= {f"{name}_PORT": "tcp://10.0.0.1:8000", f"{name}_SERVICE_HOST": "10.0.0.1"}
    for source in container["envFrom"]:
        found |= config if "configMapRef" in source else secrets()[source["secretRef"]["name"]]
    return found | {given["name"]: given["value"] for given in container.get("env", ())}


def loaded(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings as the program reads them from this environment alone."""
    for name in [name for name in os.environ if name.startswith("LIAISON_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        return settings()
    finally:
        settings.cache_clear()


@pytest.mark.parametrize("manifest", [m for m in manifests() if m["kind"] not in OWN_SCHEMAS], ids=named)
def test_it_keeps_to_the_published_schema(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_what_the_schema_does_not_know_is_found() -> None:
    wrong = next(one for one in manifests() if one["kind"] == "Deployment")
    wrong["spec"]["template"]["spec"]["containers"][0]["liveness"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_kustomize_takes_every_file() -> None:
    (kustomization,) = (one for one in manifests() if one["kind"] == "Kustomization")
    assert set(kustomization["resources"]) == {p.name for p in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}


def test_pods_run_as_nobody_of_importance_and_can_change_nothing() -> None:
    assert len(pods()) == 9
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in containers(pod):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert {"secretRef": {"name": "liaison"}} in container["envFrom"]


def test_each_process_has_a_kafka_user_of_its_own() -> None:
    named = [
        (container["args"][0], container["args"][-1], container["envFrom"][-1]["secretRef"]["name"])
        for pod in pods()
        for container in containers(pod)
        if "args" in container
    ]
    workers = {f"liaison-{last}" for first, last, _ in named if first == "worker"}
    assert {secret for first, _, secret in named if first == "worker"} == workers == {f"liaison-{s}" for s in STAGES}
    assert {secret for first, _, secret in named if first == "serve"} == {"liaison-api"}
    assert {secret for first, _, secret in named if first in {"ops", "topics"}} == {"liaison-operator"}


@pytest.mark.parametrize("command", running())
def test_the_program_loads_the_settings_of_a_container_and_finds_its_files(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod, container = running()[command]
    environment = environment_of(pod, container)
    known = {f"LIAISON_{field.upper()}" for field in Settings.model_fields}
    assert {name for name in environment if name.startswith("LIAISON_")} - known == set()
    held = loaded(environment, monkeypatch)
    wanted = NEEDS.get(command) or NEEDS.get(command.split()[0], set())
    wanted |= {"kafka_url", "kafka_username", "elasticsearch_url", "elasticsearch_username"}
    assert {name for name in wanted if not getattr(held, name)} == set()
    assert held.kafka_password.get_secret_value()
    assert held.elasticsearch_password.get_secret_value()
    assert held.replication_factor == 3
    mounted = {PurePosixPath(mount["mountPath"]): mount for mount in container["volumeMounts"]}
    for name in FILES:
        if path := getattr(held, name):
            assert {PurePosixPath(path), *PurePosixPath(path).parents} & mounted.keys(), f"{name}: {path} is mounted"


@pytest.mark.parametrize("command", [command for command, (_, one) in running().items() if "args" in one])
def test_the_command_line_takes_the_arguments_of_a_container(command: str) -> None:
    found: Any = typer.main.get_command(build_cli())
    rest = command.split()
    while subcommands := getattr(found, "commands", None):
        found = subcommands[rest.pop(0)]
    found.make_context(command, rest)


def test_every_mount_is_of_a_volume_and_every_claim_is_there() -> None:
    claims = {one["metadata"]["name"] for one in manifests() if one["kind"] == "PersistentVolumeClaim"}
    for one in manifests():
        spec = one.get("spec", {}).get("jobTemplate", one).get("spec", {})
        if "template" not in spec:
            continue
        pod, templates = spec["template"]["spec"], spec.get("volumeClaimTemplates", ())
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert not volumes.keys() & {template["metadata"]["name"] for template in templates}
        given = volumes.keys() | {template["metadata"]["name"] for template in templates}
        mounted = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
        assert mounted == given
        asked = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes.values() if len(volume) > 1
                 and "persistentVolumeClaim" in volume}  # fmt: skip
        assert asked <= claims
        if "secret" in volumes:
            assert volumes["secret"]["secret"] == {"secretName": "liaison-secret", "defaultMode": 0o440}
            assert pod["securityContext"]["fsGroup"] == 10001


def test_whoever_trusts_the_registry_by_what_it_saw_keeps_its_home() -> None:
    """Intake, the API and operators' commands hold an entry against the last sealed one (registry_pins)."""
    kept = {
        one["metadata"]["name"]
        for one in manifests()
        if one["kind"] == "StatefulSet"
        and "home" in {template["metadata"]["name"] for template in one["spec"]["volumeClaimTemplates"]}
    }
    assert kept == {"liaison-intake", "liaison-api", "liaison-operator"}


def test_what_is_applied_again_can_be_changed() -> None:
    """A Job's template can't: applying the next version's would fail while the former Job is there."""
    assert [one["metadata"]["name"] for one in manifests() if one["kind"] == "Job"] == []
    [topics] = [one for one in manifests() if one.get("metadata", {}).get("name") == "liaison-topics"]
    assert topics["spec"]["suspend"] is True, "nothing applies topics unasked"
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert "kubectl create job" in readme
    assert f"--from=cronjob/{topics['metadata']['name']}" in readme


def on_this_machine(value: str, folders: dict[str, Path]) -> str:
    """A setting whose path lies in a container's volume, given the folders that stand for its volumes."""
    for mounted in sorted(folders, key=len, reverse=True):
        if value == mounted or value.startswith(f"{mounted}/"):
            return str(folders[mounted]) + value[len(mounted) :]
    return value


@pytest.mark.engines
@pytest.mark.rare
@pytest.mark.timeout(200)
def test_each_job_runs_with_what_its_manifest_gives_it(engine_environment: dict[str, str], tmp_path: Path) -> None:
    make_secret(Settings(secret_file=tmp_path / "secret" / "secret"))
    elsewhere = {name: value for name, value in engine_environment.items() if not name.startswith("LIAISON_")}
    here = {
        name: engine_environment[name]
        for name in ("LIAISON_KAFKA_URL", "LIAISON_ELASTICSEARCH_URL", "LIAISON_NAMESPACE")
    }
    here |= {"LIAISON_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT", "LIAISON_REPLICATION_FACTOR": "1"}
    for command in ("topics apply", "ops sweep", "ops retention"):  # in the pods' order, before any worker
        pod, container = running()[command]
        folders = {mount["mountPath"]: tmp_path / mount["name"] for mount in container["volumeMounts"]}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        given = {name: on_this_machine(value, folders) for name, value in environment_of(pod, container).items()}
        done = warm.run(command.split(), elsewhere | given | here)
        assert (command, done.returncode) == (command, 0), done.stderr
        if command == "ops sweep":
            assert done.stdout == "there is no index yet, so there is nothing to clear\n"


def test_workers_are_probed_where_they_answer() -> None:
    for one in manifests():
        stage = one.get("metadata", {}).get("labels", {}).get("app.kubernetes.io/component")
        if stage not in STAGES or "template" not in one["spec"]:
            continue
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["worker", stage]
        assert container["ports"] == [{"name": "status", "containerPort": port_of(stage, Settings(metrics_port=9601))}]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_worker_that_ends_with_its_pod_leaves_its_group_for_good() -> None:
    workers = [c for pod in pods() for c in containers(pod) if c.get("args", [""])[0] == "worker"]
    assert [c["lifecycle"]["preStop"]["exec"]["command"] for c in workers] == [["sh", "-c", "kill -INT 1"]] * 5


def test_the_api_is_scraped_where_it_answers() -> None:
    (api,) = [one for one in manifests() if one["kind"] == "StatefulSet" and one["metadata"]["name"] == "liaison-api"]
    pod = api["spec"]["template"]
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(9601 + API_PLACE)
    assert {"name": "status", "containerPort": 9601 + API_PLACE} in pod["spec"]["containers"][0]["ports"]


def test_no_secret_is_written_down_and_every_variable_is_a_setting() -> None:
    held = {key for one in manifests() if one["kind"] == "ConfigMap" for key in one["data"]}
    secret = {f"LIAISON_{name.upper()}" for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    assert not held & secret
    assert not [one for one in manifests() if one["kind"] == "Secret"]
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml"))
    assert set(re.findall(r"LIAISON_[A-Z_]+", text)) <= {f"LIAISON_{field.upper()}" for field in Settings.model_fields}


def test_scaling_follows_the_lag_of_a_deployment_that_is_there() -> None:
    scalable = {
        (one["kind"], one["metadata"]["name"]) for one in manifests() if one["kind"] in {"Deployment", "StatefulSet"}
    }
    scaled = [one for one in manifests() if one["kind"] == "ScaledObject"]
    assert len(scaled) == 3
    for one in scaled:
        target = one["spec"]["scaleTargetRef"]
        assert (target.get("kind", "Deployment"), target["name"]) in scalable
        assert "liaison_lag_records" in one["spec"]["triggers"][0]["metadata"]["query"]
