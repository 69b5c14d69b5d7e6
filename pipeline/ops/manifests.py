"""`liaison ops manifests`: topics, users and roles as objects of the operators that run Kafka and Elasticsearch.

Made of the same catalogues as what `liaison topics apply`, `ops agency add` and `ops credentials` do: Strimzi's
KafkaTopic and KafkaUser, and roles and users that ECK mounts into Elasticsearch. Nothing is read or written but the
settings and the model; so agencies are named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import typer
import yaml

from pipeline.command_settings import from_environment
from pipeline.engines.credentials import new_password
from pipeline.errors import LiaisonError
from pipeline.index.rights import OPERATOR, USERS, index_patterns
from pipeline.matching.model import load_model
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, KafkaRight, ResourceType, agency_grants, role_grants
from pipeline.streams.catalogues.topics import PlannedTopic
from pipeline.streams.kafka.topic_plans import wanted_configuration
from pipeline.streams.registers.control import new_generation
from pipeline.streams.registers.registry import check_agency

Manifest = dict[str, Any]

STRIMZI: Final = "kafka.strimzi.io/v1"
CLUSTER_LABEL: Final = "strimzi.io/cluster"
BASIC: Final = "kubernetes.io/basic-auth"
LOGINS: Final = ("scram-sha-512", "tls", "tls-external")
"""Of a KafkaUser: a password, a certificate that Strimzi makes, or one that comes from elsewhere, CN=<name>."""

OBJECT_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")

RESOURCES: Final = {
    ResourceType.TOPIC: "topic",
    ResourceType.GROUP: "group",
    ResourceType.TRANSACTIONS: "transactionalId",
}
DEFAULT_PREFIX: Final = "liaison-"
"""How users of the index are called where the installation has no namespace."""
ANY_COUNTRY: Final = "FR"
"""An agency's rights do not depend on its country."""


def strimzi_topics(settings: Settings, cluster: str, agencies: Iterable[str], generation: str) -> list[Manifest]:
    """A KafkaTopic for each topic of the installation, of these agencies and of a generation."""
    planned = topics.plan_topics(settings, agencies, [generation])
    return [_kafka_topic(settings, cluster, topic) for topic in planned]


def _kafka_topic(settings: Settings, cluster: str, planned: PlannedTopic) -> Manifest:
    return {
        "apiVersion": STRIMZI,
        "kind": "KafkaTopic",
        "metadata": _metadata(cluster, planned.name.replace("_", "-").lower()),
        "spec": {
            "topicName": planned.name,
            "partitions": planned.partitions,
            "replicas": settings.replication_factor,
            "config": wanted_configuration(planned, settings.replication_factor),
        },
    }


def strimzi_users(
    settings: Settings, cluster: str, agencies: Iterable[str], login: str, rates: Mapping[str, int]
) -> list[Manifest]:
    """A KafkaUser for each process and agency, with just the rights that it needs; rates are in bytes a second.

    The last is the operator's, who is to be one of the Kafka object's superUsers and has no rights of its own.
    """
    grants = {role: role_grants(settings, role) for role in ROLES}
    grants |= {agency: agency_grants(settings, agency) for agency in agencies}
    users = [_kafka_user(settings, cluster, name, login, rights, rates.get(name)) for name, rights in grants.items()]
    return [*users, _kafka_user(settings, cluster, OPERATOR, login, [], None)]


def _kafka_user(
    settings: Settings, cluster: str, name: str, login: str, rights: list[KafkaRight], rate: int | None
) -> Manifest:
    spec: Manifest = {"authentication": {"type": login}}
    if rights:
        spec["authorization"] = {"type": "simple", "acls": [_acl(right) for right in rights]}
    if rate:
        spec["quotas"] = {"producerByteRate": rate}
    return {
        "apiVersion": STRIMZI,
        "kind": "KafkaUser",
        "metadata": _metadata(cluster, settings.namespace + name),
        "spec": spec,
    }


def _acl(right: KafkaRight) -> Manifest:
    pattern = "prefix" if right.prefix else "literal"
    return {
        "resource": {"type": RESOURCES[right.kind], "name": right.name, "patternType": pattern},
        "operations": [right.operation.value.capitalize()],
        "host": "*",
    }


def _metadata(cluster: str, name: str) -> Manifest:
    return {"name": _check_name(name), "labels": {CLUSTER_LABEL: cluster}}


def _check_name(name: str) -> str:
    if not OBJECT_NAME.fullmatch(name):
        raise LiaisonError(
            f"{name} can't be the name of an object in Kubernetes (a-z, 0-9, - and .); choose another LIAISON_NAMESPACE"
        )
    return name


def elasticsearch_roles(settings: Settings) -> dict[str, Manifest]:
    """The roles of those processes that use the index, by name, as Elasticsearch's file roles.yml has them."""
    return {
        _index_user(settings, user.process): {
            "indices": [{"names": list(index_patterns(settings)), "privileges": list(user.privileges)}]
        }
        for user in USERS
    }


def _index_user(settings: Settings, process: str) -> str:
    return f"{settings.namespace or DEFAULT_PREFIX}{process}"


def eck_roles(settings: Settings) -> Manifest:
    """The Secret with all roles, which an Elasticsearch of ECK's names under auth.roles."""
    roles = yaml.safe_dump(elasticsearch_roles(settings), sort_keys=False)
    return _secret(f"{settings.namespace or DEFAULT_PREFIX}elasticsearch-roles", {"roles.yml": roles})


def eck_users(settings: Settings) -> list[Manifest]:
    """A Secret for each process that uses the index, named under auth.fileRealm; each has a new password."""
    prefix = settings.namespace or DEFAULT_PREFIX
    users = [_index_user(settings, user.process) for user in USERS]
    return [
        _secret(f"{prefix}elasticsearch-{name.removeprefix(prefix)}", _basic_login(name)) | {"type": BASIC}
        for name in users
    ]


def _basic_login(user: str) -> dict[str, str]:
    return {"username": user, "password": new_password(), "roles": user}


def _secret(name: str, content: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _check_name(name)}, "stringData": content}


def show_strimzi(
    cluster: Annotated[str, typer.Option("--cluster", help="The name of Strimzi's Kafka object.")],
    agency: Annotated[
        list[str] | None, typer.Option("--agency", help="An agency; once for each.", show_default=False)
    ] = None,
    login: Annotated[str, typer.Option("--login", help=f"How users log in: {', '.join(LOGINS)}.")] = LOGINS[0],
    max_rate: Annotated[
        list[str] | None,
        typer.Option(
            "--max-rate", metavar="AGENCY=BYTES", help="An agency's bytes a second to each broker.", show_default=False
        ),
    ] = None,
    generation: Annotated[
        str, typer.Option("--generation", help="Its topics; by default those of the model at hand.", show_default=False)
    ] = "",
) -> None:
    """Print Strimzi's objects for all topics and users, each user with just the rights that it needs.

    Apply them before `liaison topics apply`, `liaison ops agency add` and `ops credentials`, which then find all there
    and register the rest. Settings say namespace, partitions and replicas.
    Example: liaison ops manifests strimzi --cluster kafka --agency fr-pj --agency de-bk | kubectl apply -f -
    """
    settings, agencies = from_environment(), sorted(set(agency or []))
    if login not in LOGINS:
        raise typer.BadParameter(f"{login}: logins are {', '.join(LOGINS)}")
    for name in agencies:
        check_agency(Agency(name, ANY_COUNTRY))
    rates = _read_rates(max_rate or [], agencies)
    chosen = generation or new_generation(load_model(settings.model), settings.correlate_partitions).id
    made = strimzi_topics(settings, cluster, agencies, chosen)
    made += strimzi_users(settings, cluster, agencies, login, rates)
    _print_manifests(made)


def show_eck(
    with_users: Annotated[
        bool, typer.Option("--users", help="Also a Secret with each user and a new password, which are shown once.")
    ] = False,
) -> None:
    """Print Secrets with Elasticsearch's roles and users for ECK, with just the rights that they need.

    The Elasticsearch object names the first under auth.roles, the users' under auth.fileRealm.
    Example: liaison ops manifests eck --users | kubectl apply -f -
    """
    settings = from_environment()
    _print_manifests([eck_roles(settings), *(eck_users(settings) if with_users else [])])


def _read_rates(given: Iterable[str], agencies: list[str]) -> dict[str, int]:
    """The rates by agency. Raises BadParameter."""
    rates = {}
    for entry in given:
        name, _, rate = entry.partition("=")
        if name not in agencies or not rate.isdecimal() or not int(rate):
            raise typer.BadParameter(f"{entry}: a rate is AGENCY=BYTES, of an agency that --agency names")
        rates[name] = int(rate)
    return rates


def _print_manifests(manifests: list[Manifest]) -> None:
    """As YAML, a document each. Raises LiaisonError where two would have one name."""
    named = Counter((one["kind"], one["metadata"]["name"]) for one in manifests)
    if twice := [name for (_, name), count in named.items() if count > 1]:
        raise LiaisonError(f"two objects would be called {twice[0]}; choose another LIAISON_NAMESPACE")
    typer.echo(yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, explicit_start=True, width=200), nl=False)


class _Dumper(yaml.SafeDumper):
    """Text of several lines stays so, to be read."""


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _write_text)
