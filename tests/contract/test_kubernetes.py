"""Holds deploy/kubernetes to Kubernetes' published schemas, to the settings and to what every pod must keep to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pipeline.settings import Settings
from pipeline.streams.monitoring.status_port import API_PLACE
from pipeline.streams.workers.supervisor import STAGES
from pipeline.streams.workers.worker import port_of

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"

VERSION = "1.33"

OWN_SCHEMAS = {"Kustomization", "ScaledObject"}
"""Not Kubernetes' own kinds: their schemas are not in the validator."""


def manifests() -> list[dict[str, Any]]:
    files = sorted(FOLDER.glob("*.yaml"))
    return [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def named(one: dict[str, Any]) -> str:
    return f"{one['kind']} {one.get('metadata', {}).get('name', '')}"


def pods() -> list[dict[str, Any]]:
    specs = [one["spec"] for one in manifests() if one["kind"] in {"Deployment", "Job"}]
    specs += [one["spec"]["jobTemplate"]["spec"] for one in manifests() if one["kind"] == "CronJob"]
    return [spec["template"]["spec"] for spec in specs]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


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
    assert len(pods()) == 8
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
    ]
    workers = {f"liaison-{last}" for first, last, _ in named if first == "worker"}
    assert {secret for first, _, secret in named if first == "worker"} == workers == {f"liaison-{s}" for s in STAGES}
    assert {secret for first, _, secret in named if first == "serve"} == {"liaison-api"}
    assert {secret for first, _, secret in named if first in {"ops", "topics"}} == {"liaison-operator"}


def test_whoever_reads_or_deletes_keys_of_query_text_has_the_same() -> None:
    config = next(one["data"] for one in manifests() if one["kind"] == "ConfigMap")
    mounted = {
        container["args"][-1] if container["args"][0] != "serve" else "serve"
        for pod in pods()
        for container in containers(pod)
        if config["LIAISON_AUDIT_KEYS"] in {mount["mountPath"] for mount in container["volumeMounts"]}
    }
    assert mounted == {"serve", "notify", "retention"}


def test_whatever_issues_references_has_the_installations_secret_where_the_settings_look() -> None:
    config = next(one["data"] for one in manifests() if one["kind"] == "ConfigMap")
    folder, name = config["LIAISON_SECRET_FILE"].rsplit("/", 1)
    assert name == "secret", "the key that `kubectl create secret --from-file=secret` makes"
    mounted = []
    for pod in pods():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for container in containers(pod):
            for mount in container["volumeMounts"]:
                if mount["mountPath"] == folder:
                    assert volumes[mount["name"]]["secret"] == {"secretName": "liaison-secret", "defaultMode": 0o440}
                    assert (mount["readOnly"], pod["securityContext"]["fsGroup"]) == (True, 10001)
                    mounted.append(container["args"][0])
    assert sorted(mounted) == ["serve", *["worker"] * 5]


def test_workers_are_probed_where_they_answer() -> None:
    for one in manifests():
        stage = one.get("metadata", {}).get("labels", {}).get("app.kubernetes.io/component")
        if one["kind"] != "Deployment" or stage == "api":
            continue
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["worker", stage]
        assert container["ports"] == [{"name": "status", "containerPort": port_of(stage, Settings(metrics_port=9601))}]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_worker_whose_home_goes_with_its_pod_leaves_its_group_for_good() -> None:
    workers = [c for pod in pods() for c in containers(pod) if c["args"][0] == "worker"]
    homes = {volume["name"]: volume for pod in pods() for volume in pod["volumes"]}
    assert "emptyDir" in homes["home"]
    assert [c["lifecycle"]["preStop"]["exec"]["command"] for c in workers] == [["sh", "-c", "kill -INT 1"]] * 5


def test_the_api_is_scraped_where_it_answers() -> None:
    (api,) = [one for one in manifests() if one["kind"] == "Deployment" and one["metadata"]["name"] == "liaison-api"]
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
    deployments = {one["metadata"]["name"] for one in manifests() if one["kind"] == "Deployment"}
    scaled = [one for one in manifests() if one["kind"] == "ScaledObject"]
    assert len(scaled) == 3
    for one in scaled:
        assert one["spec"]["scaleTargetRef"]["name"] in deployments
        assert "liaison_lag_records" in one["spec"]["triggers"][0]["metadata"]["query"]
