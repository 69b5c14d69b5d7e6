"""The chart on a real API server: installed, upgraded, scaled and taken away. No pod runs; `make test-chart-server`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.helm import CHART, ROOT, find_helm, run_helm, tools_folder, values_words
from support.ports import own_ports
from support.waiting import wait

HOST = "127.0.0.1"
TOKEN = "t" * 32


def programs() -> Path:
    """Where `make test-chart-server` builds etcd and kube-apiserver."""
    version = re.search(r"^KUBERNETES_VERSION := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    return tools_folder() / f"kubernetes-{version[1]}"


pytestmark = [
    pytest.mark.rare,
    pytest.mark.xdist_group("chart-server"),
    pytest.mark.skipif(
        find_helm() is None or not (programs() / "kube-apiserver").exists(),
        reason="no API server here: `make test-chart-server` builds it",
    ),
]


class Cluster:
    """An API server that knows no nodes."""

    def __init__(self, folder: Path, port: int) -> None:
        self.config = folder / "kubeconfig"
        self._client = httpx.Client(
            base_url=f"https://{HOST}:{port}", headers={"Authorization": f"Bearer {TOKEN}"}, verify=False, timeout=30
        )
        server = {"name": "x", "cluster": {"server": f"https://{HOST}:{port}", "insecure-skip-tls-verify": True}}
        known = {"clusters": [server], "users": [{"name": "x", "user": {"token": TOKEN}}]}
        context = {"contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}], "current-context": "x"}
        self.config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **known, **context}))

    def is_ready(self) -> bool:
        try:
            return self._client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stateful_sets(self, namespace: str) -> dict[str, Any]:
        """By name."""
        held = self._client.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets").raise_for_status().json()
        return {one["metadata"]["name"]: one["spec"] for one in held["items"]}

    def scale(self, namespace: str, name: str, replicas: int) -> None:
        body = {"spec": {"replicas": replicas}}
        kind = {"Content-Type": "application/merge-patch+json"}
        path = f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"
        self._client.patch(path, json=body, headers=kind).raise_for_status()

    def orphan(self, namespace: str, name: str) -> None:
        """Delete a StatefulSet and leave its pods."""
        path = f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"
        self._client.delete(path, params={"propagationPolicy": "Orphan"}).raise_for_status()
        self._client.patch(path, json={"metadata": {"finalizers": None}},
                           headers={"Content-Type": "application/merge-patch+json"})  # fmt: skip

    def claims(self, namespace: str) -> set[str]:
        held = self._client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims").raise_for_status().json()
        return {one["metadata"]["name"] for one in held["items"]}

    def helm(self, action: str, namespace: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A release `liaison`; hooks are left out, since no job would end."""
        chart = [CHART] if action != "uninstall" else []
        options = ("--namespace", namespace, "--kubeconfig", str(self.config), "--no-hooks")
        return run_helm(action, "liaison", *chart, *options, *words)

    def define_kind(self, group: str, version: str, kind: str) -> None:
        """A custom kind of which nothing more is known: what it takes is its operator's to say."""
        plural = f"{kind.lower()}s"
        shape = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        body = {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": version, "served": True, "storage": True, "schema": shape}]},
        }  # fmt: skip
        self._client.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=body).raise_for_status()
        wait(lambda: self._client.get(f"/apis/{group}/{version}/{plural}").status_code == 200)

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("kubernetes")
    etcd, peers, port = own_ports(3)
    key = folder / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    tokens = folder / "tokens.csv"
    tokens.write_text(f"{TOKEN},admin,admin,system:masters\n")
    store = f"http://{HOST}:{etcd}"
    commands: tuple[list[str | Path], ...] = (
        [programs() / "etcd", "--data-dir", folder / "etcd", "--unsafe-no-fsync", "--listen-client-urls", store,
         "--advertise-client-urls", store, "--listen-peer-urls", f"http://{HOST}:{peers}"],
        [programs() / "kube-apiserver", "--etcd-servers", store, "--secure-port", str(port), "--bind-address", HOST,
         "--cert-dir", folder / "certificates", "--service-account-issuer", f"https://{HOST}",
         "--service-account-key-file", key, "--service-account-signing-key-file", key,
         "--service-cluster-ip-range", "10.0.0.0/24", "--authorization-mode", "RBAC", "--token-auth-file", tokens],
    )  # fmt: skip
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("w"))
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.terminate)
        made = Cluster(folder, port)
        stack.callback(made.close)
        wait(made.is_ready)
        made.define_kind("keda.sh", "v1alpha1", "ScaledObject")
        made.define_kind("monitoring.coreos.com", "v1", "PodMonitor")
        made.define_kind("monitoring.coreos.com", "v1", "PrometheusRule")
        yield made


@pytest.mark.parametrize("values", ["", "strimzi-and-eck", "certificates", "service-accounts"])
def test_every_object_is_taken(cluster: Cluster, values: str) -> None:
    sets = ("autoscaling.enabled=true", "monitoring.podMonitor=true", "monitoring.rules=true", "backup.enabled=true",
            'nextGeneration.id="g1"')  # fmt: skip
    namespace = f"n-{values or 'own'}"
    done = cluster.helm("install", namespace, "--create-namespace", *values_words(values, sets))
    assert done.returncode == 0, done.stderr
    assert len(cluster.stateful_sets(namespace)) == 10


def test_an_upgrade_changes_what_may_be_changed_and_leaves_scaled_stages_alone(cluster: Cluster) -> None:
    assert cluster.helm("install", "upgraded", "--create-namespace").returncode == 0
    done = cluster.helm("upgrade", "upgraded", "--set", "image.tag=v9", "--set", "stages.correlate.replicas=3",
                        "--set", "settings.LIAISON_HIT_BUDGET=9", "--set", "storageWhenScaled=Delete")  # fmt: skip
    assert done.returncode == 0, done.stderr
    held = cluster.stateful_sets("upgraded")
    assert held["liaison-correlate"]["replicas"] == 3
    assert held["liaison-intake"]["template"]["spec"]["containers"][0]["image"].endswith(":v9")
    cluster.scale("upgraded", "liaison-correlate", 4)
    done = cluster.helm("upgrade", "upgraded", "--set", "autoscaling.enabled=true")
    assert done.returncode == 0, done.stderr
    assert cluster.stateful_sets("upgraded")["liaison-correlate"]["replicas"] == 4


def test_two_versions_go_side_by_side_by_the_documented_steps(cluster: Cluster) -> None:
    """Of deploy/helm/README.md: what is of which version after each step."""
    former, new = ("--set", "image.tag=v1"), ("--set", "nextGeneration.image.tag=v2")
    generation = ("--set", "nextGeneration.id=g1")
    assert cluster.helm("install", "two", "--create-namespace", *former).returncode == 0
    own = set(cluster.stateful_sets("two"))
    stages = {f"liaison-next-{stage}" for stage in ("derive", "correlate", "project")}
    steps: tuple[tuple[tuple[str, ...], set[str], set[str]], ...] = (
        ((*former, *new), {"liaison-operator"}, own - {"liaison-operator"}),
        ((*former, *new, *generation), {"liaison-operator", *stages}, own - {"liaison-operator"}),
        (("--set", "image.tag=v2", *generation), own | stages, set()),
        (("--set", "image.tag=v2"), own, set()),
    )
    for words, of_new, of_former in steps:
        done = cluster.helm("upgrade", "two", *words)
        assert done.returncode == 0, done.stderr
        tags = {name: image_tag(held) for name, held in cluster.stateful_sets("two").items()}
        assert tags == dict.fromkeys(of_new, "v2") | dict.fromkeys(of_former, "v1")


def image_tag(held: dict[str, Any]) -> str:
    (container,) = held["template"]["spec"]["containers"]
    return str(container["image"].rpartition(":")[2])


def test_larger_volumes_take_a_stateful_set_anew_which_leaves_its_pods(cluster: Cluster) -> None:
    assert cluster.helm("install", "larger", "--create-namespace").returncode == 0
    refused = cluster.helm("upgrade", "larger", "--set", "stages.correlate.storage=12Gi")
    assert "updates to statefulset spec" in refused.stderr
    cluster.orphan("larger", "liaison-correlate")
    wait(lambda: "liaison-correlate" not in cluster.stateful_sets("larger"))
    done = cluster.helm("upgrade", "larger", "--set", "stages.correlate.storage=12Gi")
    assert done.returncode == 0, done.stderr
    (home,) = cluster.stateful_sets("larger")["liaison-correlate"]["volumeClaimTemplates"]
    assert home["spec"]["resources"]["requests"]["storage"] == "12Gi"


def test_what_holds_keys_and_lists_outlives_the_release(cluster: Cluster) -> None:
    assert cluster.helm("install", "gone", "--create-namespace").returncode == 0
    assert cluster.helm("uninstall", "gone").returncode == 0
    assert cluster.claims("gone") == {f"liaison-{name}" for name in ("audit-keys", "audit-log", "lists", "operator")}
