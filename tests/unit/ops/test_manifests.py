"""What Strimzi's and ECK's objects allow is what the catalogues allow, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.errors import LiaisonError
from pipeline.index.rights import USERS, index_patterns
from pipeline.ops.manifests import (
    RESOURCES,
    STRIMZI,
    Manifest,
    eck_roles,
    eck_users,
    elasticsearch_roles,
    strimzi_topics,
    strimzi_users,
)
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, KafkaOperation, KafkaRight, agency_grants, role_grants
from pipeline.streams.catalogues.topics import min_insync_replicas

SETTINGS = Settings(namespace="liaison-", replication_factor=3, case_partitions=8, correlate_partitions=16)
AGENCIES = ("de-bk", "fr-pj")


def rights_of(user: Manifest) -> Iterator[KafkaRight]:
    """The rights of a KafkaUser in our own words."""
    kinds = {theirs: ours for ours, theirs in RESOURCES.items()}
    for acl in user["spec"].get("authorization", {"acls": []})["acls"]:
        resource = acl["resource"]
        for operation in acl["operations"]:
            named = KafkaOperation[operation.upper()]
            yield KafkaRight(kinds[resource["type"]], resource["name"], named, resource["patternType"] == "prefix")


def test_each_user_has_the_rights_of_the_catalogue() -> None:
    users = {user["metadata"]["name"]: user for user in strimzi_users(SETTINGS, "kafka", AGENCIES, "tls", {})}
    wanted = {f"liaison-{role}": role_grants(SETTINGS, role) for role in ROLES}
    wanted |= {f"liaison-{agency}": agency_grants(SETTINGS, agency) for agency in AGENCIES}
    assert users.keys() == wanted.keys() | {"liaison-operator"}
    for name, grants in wanted.items():
        assert list(rights_of(users[name])) == grants
        assert {acl["host"] for acl in users[name]["spec"]["authorization"]["acls"]} == {"*"}
    assert "authorization" not in users["liaison-operator"]["spec"], "a super user, named in the Kafka object"
    assert {user["spec"]["authentication"]["type"] for user in users.values()} == {"tls"}
    assert {user["apiVersion"] for user in users.values()} == {STRIMZI}


def test_rates_are_quotas_of_whom_they_are_given_for() -> None:
    made = strimzi_users(SETTINGS, "kafka", AGENCIES, "scram-sha-512", {"fr-pj": 2_000_000})
    rates = {user["metadata"]["name"]: user["spec"]["quotas"] for user in made if "quotas" in user["spec"]}
    assert rates == {"liaison-fr-pj": {"producerByteRate": 2_000_000}}


def test_each_topic_is_as_topics_apply_makes_it() -> None:
    made = {topic["spec"]["topicName"]: topic for topic in strimzi_topics(SETTINGS, "kafka", AGENCIES, "g1")}
    planned = topics.plan_topics(SETTINGS, AGENCIES, ["g1"])
    assert made.keys() == {topic.name for topic in planned}
    for topic in planned:
        spec = made[topic.name]["spec"]
        assert (spec["partitions"], spec["replicas"]) == (topic.partitions, 3)
        assert spec["config"] == topic.topic.configuration() | {"min.insync.replicas": str(min_insync_replicas(3))}
        assert made[topic.name]["metadata"]["labels"] == {"strimzi.io/cluster": "kafka"}
    assert made["liaison-audit_log"]["metadata"]["name"] == "liaison-audit-log"


def test_roles_and_users_of_the_index_are_those_of_the_catalogue() -> None:
    roles = elasticsearch_roles(SETTINGS)
    assert roles.keys() == {"liaison-project", "liaison-notify", "liaison-api", "liaison-operator"}
    by_role = dict(zip(roles, USERS, strict=True))
    for name, role in roles.items():
        assert role["indices"] == [
            {"names": list(index_patterns(SETTINGS)), "privileges": list(by_role[name].privileges)}
        ]
        assert role.keys() == {"indices"}, "none does anything to the cluster"
    assert yaml.safe_load(eck_roles(SETTINGS)["stringData"]["roles.yml"]) == roles
    users = eck_users(SETTINGS)
    assert [user["stringData"]["roles"] for user in users] == list(roles)
    assert all(user["stringData"]["username"] == user["stringData"]["roles"] for user in users)
    assert len({user["stringData"]["password"] for user in users}) == len(users)


def test_without_a_namespace_users_are_called_after_the_product() -> None:
    assert elasticsearch_roles(Settings()).keys() == elasticsearch_roles(SETTINGS).keys()
    assert "cases" in index_patterns(Settings())


def test_a_namespace_that_kubernetes_does_not_take_is_refused() -> None:
    with pytest.raises(LiaisonError, match="LIAISON_NAMESPACE"):
        strimzi_users(Settings(namespace="Our_"), "kafka", [], "tls", {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--login", "kerberos"), "logins are scram-sha-512"),
        (("--agency", "x", "--max-rate", "x=fast"), "a rate is AGENCY=BYTES"),
        (("--max-rate", "x=1000"), "a rate is AGENCY=BYTES"),
    ],
)
def test_words_that_mean_nothing_are_refused(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(build_cli(), ["ops", "manifests", "strimzi", "--cluster", "kafka", *words])
    assert done.exit_code == 2
    assert said in done.output


def test_what_is_printed_is_read_back() -> None:
    done = CliRunner().invoke(build_cli(), ["ops", "manifests", "strimzi", "--cluster", "kafka", "--agency", "fr-pj"])
    kinds = [one["kind"] for one in yaml.safe_load_all(done.output)]
    assert set(kinds) == {"KafkaTopic", "KafkaUser"}
    assert kinds.count("KafkaUser") == len(ROLES) + 2
    done = CliRunner().invoke(build_cli(), ["ops", "manifests", "eck"])
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(done.output)] == ["liaison-elasticsearch-roles"]
