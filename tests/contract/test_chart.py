"""Holds the Helm chart to Kubernetes' schemas, to the settings, and to what every pod and every value must keep to."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from pipeline.cli.main import build_cli
from pipeline.index.rights import USERS
from pipeline.ops.agencies.cli import format_environment
from pipeline.ops.manifests import eck_users
from pipeline.ops.plan import chart_values, plan_installation, read_constants
from pipeline.secret_file import make_secret
from pipeline.settings import Settings, settings
from pipeline.streams.catalogues.rights import ROLES
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.monitoring.status_port import API_PLACE
from pipeline.streams.provisioning.users import Credentials
from pipeline.streams.workers.supervisor import STAGES
from pipeline.streams.workers.worker import port_of
from support.helm import (
    CHART,
    EXAMPLES,
    KUBERNETES,
    ROOT,
    Manifest,
    needs_helm,
    render,
    run_helm,
    template,
    values_words,
)
from support.processes import warm

IMAGE_SETS = {"LIAISON_HOME": "/var/lib/liaison"}
"""What the Dockerfile sets."""

INSTALLATIONS = ("", *sorted(file.stem for file in EXAMPLES.glob("*.yaml")))
"""The chart's own values, and each example's."""

ALL_ON = ('nextGeneration={"id":"g0000000000000001","image":{"tag":"9.9.9"}}', "backup.enabled=true")
MORE = ("monitoring.podMonitor=true", "monitoring.rules=true", "autoscaling.enabled=true", 'api.tls="x"',
        'api.trustedProxies="10.0.0.7"', 'api.people.secret="people"')  # fmt: skip

FILES = (
    "home", "secret_file", "audit_keys", "audit_log_key_file", "lists", "kafka_ca_file", "kafka_certificate_file",
    "kafka_key_file", "kafka_token_file", "elasticsearch_ca_file", "api_certificate_file", "api_key_file",
    "people_file",
)  # fmt: skip
"""Settings that name a file or folder of a container."""

SEARCHES = {"elasticsearch_url", "elasticsearch_username"}
NEEDS = {
    "worker": {"secret_file"},
    "worker project": {"secret_file"} | SEARCHES,
    "worker notify": {"secret_file", "audit_keys"} | SEARCHES,
    "worker attest": {"secret_file", "audit_log_key_file"},
    "serve": {"secret_file", "audit_keys", "lists", "trusted_proxies", "token_issuer", "oidc_client_id", "people_file"}
    | SEARCHES,
    "ops retention": {"secret_file", "audit_keys"} | SEARCHES,
    "operator": {"secret_file", "audit_keys", "audit_log_key_file"} | SEARCHES,
    "backup": {"secret_file", "audit_keys", "audit_log_key_file"} | SEARCHES,
}
"""By process, what must be set beside Kafka."""

CUSTOM = {"ScaledObject", "PodMonitor", "PrometheusRule"}
"""Kinds that are not Kubernetes' own: the validator has no schemas of them."""

pytestmark = [needs_helm, pytest.mark.xdist_group("chart")]

Container = tuple[Manifest, Manifest]


@cache
def rendered(values: str = "") -> tuple[Manifest, ...]:
    """All that the chart can make: every part that may be switched on is."""
    return render(values, *ALL_ON, *MORE)


def named(one: Manifest) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def by_name(manifests: tuple[Manifest, ...], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pod_templates(manifests: tuple[Manifest, ...]) -> Iterator[Manifest]:
    for one in manifests:
        spec = one.get("spec", {}).get("jobTemplate", one).get("spec", {})
        if "template" in spec:
            yield one | {"pod": spec["template"]["spec"], "templates": spec.get("volumeClaimTemplates", ())}


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def running(manifests: tuple[Manifest, ...]) -> dict[str, Container]:
    """Each container with its object, by the command that it runs; by its name where it runs none of ours."""
    return {
        " ".join(container.get("args", [container["name"]])): (one, container)
        for one in pod_templates(manifests)
        for container in containers(one["pod"])
    }


def secret_content(name: str, key: str | None) -> dict[str, str]:
    """What a Secret holds that is made as values.yaml says."""
    if key is not None:
        return {key: "p" * 32}
    operator = Settings(kafka_url="kafka:9092", kafka_security_protocol="SASL_SSL", namespace="liaison-")
    lines = format_environment(operator, Credentials(name, "p" * 32)).splitlines()
    return dict(line.split("=", 1) for line in lines)


def environment_of(one: Manifest, container: Manifest) -> dict[str, str]:
    """What a container finds in its environment."""
    assert one["pod"]["enableServiceLinks"] is False
    found = dict(IMAGE_SETS)
    for source in container.get("envFrom", ()):
        found |= secret_content(source["secretRef"]["name"], None)
    for given in container["env"]:
        held = given.get("valueFrom", {}).get("secretKeyRef")
        found[given["name"]] = secret_content(held["name"], held["key"])[held["key"]] if held else given["value"]
    return found


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


@pytest.mark.parametrize("values", INSTALLATIONS)
def test_objects_keep_to_the_published_schemas(values: str) -> None:
    own = [one for one in rendered(values) if one["kind"] not in CUSTOM]
    assert len(own) > 25
    for one in own:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    assert {one["kind"] for one in rendered(values)} >= CUSTOM


def test_what_the_schema_does_not_know_is_found() -> None:
    wrong = json.loads(json.dumps(by_name(rendered(), "StatefulSet")["liaison-intake"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["liveness"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_helm_has_nothing_to_say_of_the_chart() -> None:
    done = run_helm("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout
    assert "[ERROR]" not in done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("workers=2", "workers"),
        ('kafka.user="x"', "user"),
        ("stages.corelate={}", "corelate"),
        ('stages.correlate.resources.limits.mem="1Gi"', "mem"),
        ('kafka.login="kerberos"', "login"),
        ('kafka.securityProtocol="TLS"', "securityProtocol"),
        ("partitions.cases=0", "cases"),
        ('settings.LIAISON_HIT_BUGDET="9"', "LIAISON_HIT_BUGDET"),
        ('settings.LIAISON_KAFKA_URL="x:1"', "LIAISON_KAFKA_URL"),
        ('api.storage="20 GB"', "storage"),
        ('image.digest="sha256:1"', "digest"),
    ],
)
def test_a_value_that_means_nothing_is_refused_and_named(wrong: str, said: str) -> None:
    done = template(*values_words("", [wrong]))
    assert done.returncode != 0
    assert said in done.stderr
    assert "schema" in done.stderr


def test_a_name_that_pods_could_not_bear_is_refused() -> None:
    done = template(release="l" * 50)
    assert "set fullnameOverride" in done.stderr


def closed_objects(schema: Any, at: str = "values") -> Iterator[str]:
    """Where a schema lets any name through."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("additionalProperties") is not False:
            yield at
        for name, part in schema.items():
            yield from closed_objects(part, f"{at}.{name}")


def test_every_object_of_the_schema_is_closed_and_every_value_has_its_place_there() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert list(closed_objects(schema)) == []
    held = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))

    def differences(values: Any, part: Any, at: str) -> Iterator[str]:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
        if "properties" in part and isinstance(values, dict):
            names = part["properties"].keys() - {"global"}
            yield from (f"{at}.{name}" for name in names ^ values.keys() if not at.endswith((".requests", ".limits")))
            for name in names & values.keys():
                yield from differences(values[name], part["properties"][name], f"{at}.{name}")

    assert sorted(differences(held, schema, "values")) == []


def test_sizes_are_those_of_the_plan() -> None:
    constants = read_constants()
    planned = chart_values(plan_installation(1_000_000, 10, 3, constants), constants)
    held = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert held["kafka"]["replicationFactor"] == planned["kafka"]["replicationFactor"]
    assert held["partitions"] == planned["partitions"]
    assert {stage: held["stages"][stage] for stage in planned["stages"]} == planned["stages"]


def test_the_plans_values_are_values_of_the_chart(tmp_path: Path) -> None:
    constants = read_constants()
    for cases in (5_000_000, 1_000_000_000):
        planned = chart_values(plan_installation(cases, 200, 3, constants), constants)
        (tmp_path / "sizes.yaml").write_text(yaml.safe_dump(planned))
        done = template("--values", tmp_path / "sizes.yaml", "--set", "autoscaling.enabled=true")
        assert done.returncode == 0, done.stderr
        made = tuple(one for one in yaml.safe_load_all(done.stdout) if one)
        held = by_name(made, "StatefulSet")["liaison-correlate"]["spec"]["template"]["spec"]["containers"][0][
            "resources"
        ]
        assert held == planned["stages"]["correlate"]["resources"]
        scaled = by_name(made, "ScaledObject")["liaison-correlate"]["spec"]
        assert scaled["maxReplicaCount"] == planned["partitions"]["correlate"]


def test_correlate_has_more_than_two_gibibytes_for_five_million_cases() -> None:
    constants = read_constants()
    planned = chart_values(plan_installation(5_000_000, 10, 3, constants), constants)
    assert planned["stages"]["correlate"]["resources"]["limits"]["memory"] == "2496Mi"


@pytest.mark.parametrize("values", INSTALLATIONS)
def test_pods_run_as_nobody_of_importance_and_can_change_nothing(values: str) -> None:
    found = list(pod_templates(rendered(values)))
    assert len(found) == 13
    for one in found:
        pod = one["pod"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in containers(pod):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def role_of(command: str) -> str:
    first, _, rest = command.partition(" ")
    return {"worker": rest.split()[0] if rest else "", "serve": "api"}.get(first, "operator")


@pytest.mark.parametrize("values", INSTALLATIONS)
def test_each_process_has_a_kafka_user_of_its_own(values: str) -> None:
    for command, (one, container) in running(rendered(values)).items():
        user = f"liaison-{role_of(command)}"
        held = {given["name"]: given for given in container["env"]}
        volumes = {volume["name"]: volume for volume in one["pod"]["volumes"]}
        if values == "":
            assert container["envFrom"] == [{"secretRef": {"name": user}}]
        elif values == "strimzi-and-eck":
            assert held["LIAISON_KAFKA_USERNAME"]["value"] == user
            assert held["LIAISON_KAFKA_PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": user, "key": "password"}
        elif values == "certificates":
            assert volumes["kafka"]["secret"]["secretName"] == user
            assert held["LIAISON_KAFKA_KEY_FILE"]["value"] == "/etc/liaison-kafka/tls.key"
        else:
            assert one["pod"]["serviceAccountName"] == user
            [token] = volumes["kafka"]["projected"]["sources"]
            assert token["serviceAccountToken"]["audience"] == "kafka"


def test_no_proxy_is_believed_until_one_is_named() -> None:
    """Whoever sits in a network that is believed can say to come from any address."""

    def proxies(*sets: str) -> set[str]:
        pods = (one["spec"]["template"]["spec"] for one in render("", *sets) if one["kind"] == "StatefulSet")
        variables = (each for pod in pods for held in pod["containers"] for each in held.get("env", ()))
        return {each.get("value", "") for each in variables if each["name"] == "LIAISON_TRUSTED_PROXIES"}

    assert proxies() <= {""}
    assert proxies('api.trustedProxies="10.0.0.7"') == {"10.0.0.7"}


def test_users_are_those_of_the_catalogues() -> None:
    held = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert held["kafka"]["users"] == {role: f"liaison-{role}" for role in (*ROLES, "operator")}
    roles = {user.process for user in USERS}
    made = {one["stringData"]["username"]: one["metadata"]["name"] for one in eck_users(Settings(namespace="liaison-"))}
    searchers = held["elasticsearch"]["users"]
    assert searchers.keys() == roles
    assert {one["username"]: one["secret"] for one in searchers.values()} == made


@pytest.mark.parametrize("values", INSTALLATIONS)
def test_the_program_loads_the_settings_of_each_container_and_finds_its_files(
    values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command, (one, container) in running(rendered(values)).items():
        environment = environment_of(one, container)
        known = {f"LIAISON_{field.upper()}" for field in Settings.model_fields}
        assert {name for name in environment if name.startswith("LIAISON_")} - known == set()
        held = loaded(environment, monkeypatch)
        words = command.split(" --generation")[0]
        wanted = NEEDS.get(words) or NEEDS.get(words.split()[0], set())
        assert {name for name in {*wanted, "kafka_url"} if not getattr(held, name)} == set(), command
        assert bool(held.elasticsearch_password.get_secret_value()) is (
            role_of(command) in {"project", "notify", "api", "operator"}
        )
        assert held.replication_factor == 3
        assert held.namespace == "liaison-"
        mounted = {PurePosixPath(mount["mountPath"]): mount for mount in container["volumeMounts"]}
        for name in FILES:
            if path := getattr(held, name):
                assert {PurePosixPath(path), *PurePosixPath(path).parents} & mounted.keys(), f"{command} {name}: {path}"


@pytest.mark.parametrize("command", ["worker intake", "worker correlate", "worker project", "worker notify",
    "worker attest", "worker derive --generation x", "serve --host 0.0.0.0 --port 8000", "topics apply", "ops sweep",
    "ops retention", "ops backup /backups/x --passphrase pyproject.toml"])  # fmt: skip
def test_the_command_line_takes_the_arguments(command: str) -> None:
    found: Any = typer.main.get_command(build_cli())
    rest = command.split()
    while subcommands := getattr(found, "commands", None):
        found = subcommands[rest.pop(0)]
    found.make_context(command, rest)


def test_no_other_command_is_run() -> None:
    ours = {command.replace("g0000000000000001", "x") for command in running(rendered())}
    assert ours == {"worker intake", "worker correlate", "worker project", "worker notify", "worker attest",
        "worker derive --generation x", "worker correlate --generation x", "worker project --generation x",
        "serve --host 0.0.0.0 --port 8000", "topics apply", "ops sweep", "ops retention", "backup",
        "operator"}  # fmt: skip


@pytest.mark.parametrize("values", INSTALLATIONS)
def test_every_mount_is_of_a_volume_and_every_claim_is_there(values: str) -> None:
    claims = by_name(rendered(values), "PersistentVolumeClaim").keys() | {"liaison-backups"}
    for one in pod_templates(rendered(values)):
        pod, templates = one["pod"], one["templates"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert not volumes.keys() & {template["metadata"]["name"] for template in templates}
        given = volumes.keys() | {template["metadata"]["name"] for template in templates}
        mounted = {mount["name"] for container in containers(pod) for mount in container["volumeMounts"]}
        assert mounted == given, named(one)
        asked = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in volumes.values()
            if "persistentVolumeClaim" in volume
        }
        assert asked <= claims
        if "secret" in volumes:
            assert volumes["secret"]["secret"] == {"secretName": "liaison-secret", "defaultMode": 0o440}
            assert pod["securityContext"]["fsGroup"] == 10001


def test_every_worker_and_server_keeps_its_home() -> None:
    """Slots and stores are there, and the sealed registry entries that it saw last (registry_pins)."""
    kept = {
        name
        for name, one in by_name(rendered(), "StatefulSet").items()
        if "home" in {template["metadata"]["name"] for template in one["spec"].get("volumeClaimTemplates", ())}
    }
    stages = {f"liaison-{stage}" for stage in STAGES}
    assert kept == stages | {"liaison-api", "liaison-next-derive", "liaison-next-correlate", "liaison-next-project"}
    assert by_name(rendered(), "Deployment") == {}
    operator = by_name(rendered(), "StatefulSet")["liaison-operator"]["spec"]["template"]["spec"]
    assert {"name": "home", "persistentVolumeClaim": {"claimName": "liaison-operator"}} in operator["volumes"]
    services = by_name(rendered(), "Service")
    for one in by_name(rendered(), "StatefulSet").values():
        assert services[one["spec"]["serviceName"]]["spec"]["clusterIP"] == "None"


def test_topics_are_applied_before_each_install_and_upgrade_but_not_before_a_restore() -> None:
    job = by_name(rendered(), "Job")["liaison-topics"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "before-hook-creation" in job["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    used = {named(one) for one in rendered() if "helm.sh/hook" in one["metadata"].get("annotations", {})}
    assert used == {"Job liaison-topics"}, "a hook finds nothing of the release yet, so it needs nothing of it"
    assert "serviceAccountName" not in job["spec"]["template"]["spec"]
    restoring = render("", "restoring=true", "autoscaling.enabled=true")
    assert by_name(restoring, "Job") == {}
    replicas = {name: one["spec"].get("replicas") for name, one in by_name(restoring, "StatefulSet").items()}
    assert replicas == dict.fromkeys([*(f"liaison-{stage}" for stage in STAGES), "liaison-api"], 0) | {
        "liaison-operator": 1
    }
    assert by_name(restoring, "ScaledObject") == {}
    assert all(one["spec"]["suspend"] for one in by_name(restoring, "CronJob").values())


def test_the_hook_of_service_accounts_has_its_own() -> None:
    made = rendered("service-accounts")
    hooks = {named(one) for one in made if "helm.sh/hook" in one["metadata"].get("annotations", {})}
    assert hooks == {"Job liaison-topics", "ServiceAccount liaison-operator"}
    operator = running(made)["operator"]
    assert environment_of(*operator)["LIAISON_KAFKA_PRINCIPAL"] == "system:serviceaccount:liaison:{user}"


def test_a_second_generation_is_computed_by_the_next_version_beside_the_first() -> None:
    made = running(rendered())
    for stage in ("derive", "correlate", "project"):
        assert made[f"worker {stage} --generation g0000000000000001"][1]["image"].endswith(":9.9.9")
    version = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
    assert made["worker correlate"][1]["image"] == f"registry.example/liaison-pipeline:{version}"
    assert made["topics apply"][1]["image"].endswith(":9.9.9")
    assert made["operator"][1]["image"].endswith(":9.9.9")
    alone = render("")
    assert "liaison-next-derive" not in by_name(alone, "StatefulSet")


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
        one, container = running(rendered())[command]
        folders = {mount["mountPath"]: tmp_path / mount["name"] for mount in container["volumeMounts"]}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        given = {name: on_this_machine(value, folders) for name, value in environment_of(one, container).items()}
        done = warm.run(command.split(), elsewhere | given | here)
        assert (command, done.returncode) == (command, 0), done.stderr
        if command == "ops sweep":
            assert done.stdout == "there is no index yet, so there is nothing to clear\n"


def test_workers_are_probed_where_they_answer_and_leave_their_group_for_good() -> None:
    workers = {command: one for command, one in running(rendered()).items() if command.startswith("worker")}
    assert len(workers) == 8
    for command, (_, container) in workers.items():
        stage = command.split()[1]
        assert container["ports"] == [{"name": "status", "containerPort": port_of(stage, Settings(metrics_port=9601))}]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sh", "-c", "kill -INT 1"]


def test_prometheus_finds_every_process_and_all_alerts() -> None:
    monitor = by_name(rendered(), "PodMonitor")["liaison"]["spec"]
    assert [one["port"] for one in monitor["podMetricsEndpoints"]] == ["status"]
    for command, (_, container) in running(rendered()).items():
        if command.startswith(("worker", "serve")):
            assert "status" in {port["name"] for port in container["ports"]}
    (api,) = [one for command, one in running(rendered()).items() if command.startswith("serve")]
    assert {"name": "status", "containerPort": 9601 + API_PLACE} in api[1]["ports"]
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    assert by_name(rendered(), "PrometheusRule")["liaison"]["spec"] == alerts


def test_no_secret_is_written_down_and_every_variable_is_a_setting() -> None:
    secret = {f"LIAISON_{name.upper()}" for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    for values in INSTALLATIONS:
        assert by_name(rendered(values), "Secret") == {}
        for one, container in running(rendered(values)).values():
            assert not {given["name"] for given in container["env"] if "value" in given} & secret, named(one)
    text = "".join(path.read_text(encoding="utf-8") for path in CHART.rglob("*") if path.is_file())
    known = {f"LIAISON_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"LIAISON_[A-Z_]+", text)) <= known


def test_scaling_follows_the_lag_up_to_the_partitions_one_at_a_time() -> None:
    made = render("", "autoscaling.enabled=true", "partitions.cases=8", "partitions.correlate=32")
    scaled = by_name(made, "ScaledObject")
    assert {name: one["spec"]["maxReplicaCount"] for name, one in scaled.items()} == {
        "liaison-intake": 8,
        "liaison-correlate": 32,
        "liaison-project": 8,
    }
    for name, one in scaled.items():
        assert one["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in by_name(made, "StatefulSet")[name]["spec"], "an upgrade would set it back"
        behavior = one["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert [policy["value"] for way in behavior.values() for policy in way["policies"]] == [1, 1]
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 3600
        assert "liaison_lag_records" in one["spec"]["triggers"][0]["metadata"]["query"]


@pytest.mark.parametrize(("values", "kind", "annotation"), [
    ("", "Service", "traefik.ingress.kubernetes.io/service.sticky.cookie"),
    ("certificates", "Ingress", "nginx.ingress.kubernetes.io/affinity"),
    ("service-accounts", "Ingress", "haproxy.org/cookie-persistence"),
])  # fmt: skip
def test_a_browser_stays_at_one_server(values: str, kind: str, annotation: str) -> None:
    assert annotation in by_name(rendered(values), kind)["liaison-api"]["metadata"]["annotations"]


def test_without_an_ingress_a_browser_stays_by_its_address() -> None:
    made = render("", "ingress.enabled=false")
    assert by_name(made, "Ingress") == {}
    assert by_name(made, "Service")["liaison-api"]["spec"]["sessionAffinity"] == "ClientIP"


def test_workers_of_a_stage_are_spread_over_zones_and_one_alone_may_be_put_out() -> None:
    for stage in ("intake", "correlate", "project", "api"):
        one = by_name(rendered(), "StatefulSet")[f"liaison-{stage}"]
        spread = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        assert all(each["labelSelector"] == one["spec"]["selector"] for each in spread)
        budget = by_name(rendered(), "PodDisruptionBudget")[f"liaison-{stage}"]["spec"]
        assert budget == {"maxUnavailable": 1, "selector": one["spec"]["selector"]}


def test_settings_that_clash_are_not_made() -> None:
    """What the examples set together, the program's clients take."""
    held = Settings(kafka_url="kafka:9093", kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="OAUTHBEARER",
                    kafka_token_file=Path("/var/run/secrets/liaison-kafka/token"))  # fmt: skip
    assert client_options(held)["sasl_mechanism"] == "OAUTHBEARER"
