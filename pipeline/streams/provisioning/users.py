"""The users of a broker that asks who one is: a SCRAM password, access lists and a rate for each agency and worker.

A broker that knows its users by certificates or tokens is given access lists and rates alone, for the names by which it
knows them (`principal_of`).

Rates are Kafka's own quotas, by principal. Whoever exceeds one is answered later by the broker, which every producer
understands: nothing is refused or lost. A rate holds for each broker, since each measures for itself what it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import for_code
from kafka.protocol.admin import (
    AlterClientQuotasRequest,
    DescribeClientQuotasRequest,
)
from pydantic import SecretStr

from pipeline.engines.credentials import MECHANISM, new_password
from pipeline.engines.endpoints import kafka_access
from pipeline.engines.file_lock import exclusive
from pipeline.engines.layout import StackLayout
from pipeline.errors import LiaisonError
from pipeline.private_files import write_private
from pipeline.settings import Settings
from pipeline.streams.catalogues.rights import KafkaRight, role_grants
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.connection import SCRAM, asks_for_credentials, keeps_passwords, principal_of

PRODUCER_RATE: Final = "producer_byte_rate"
USER: Final = "user"

_NAME: Final = "\0"
"""Stands for any user's name."""

ANY_NAMED: Final = 2
"""Match type of DescribeClientQuotas (KIP-546): every entity of the type that has a name."""


def set_rate(client: KafkaAdminClient, user: str, rate_bytes_s: int | None) -> None:
    """Let a user send at most so many bytes a second to each broker; None: as much as it likes. Raises LiaisonError."""
    entry = AlterClientQuotasRequest.EntryData
    change = entry(
        entity=[entry.EntityData(entity_type=USER, entity_name=user)],
        ops=[entry.OpData(key=PRODUCER_RATE, value=float(rate_bytes_s or 0), remove=rate_bytes_s is None)],
    )
    answer = _send_request(client, AlterClientQuotasRequest(entries=[change], validate_only=False))
    for entry in answer.entries:
        if entry.error_code:
            raise LiaisonError(f"Kafka refused the rate of {user}: {entry.error_message}")


def read_rates(client: KafkaAdminClient) -> dict[str, int]:
    """The rates that are set, in bytes a second, by user. Raises KafkaError."""
    component = DescribeClientQuotasRequest.ComponentData
    named = component(entity_type=USER, match_type=ANY_NAMED, match=None)
    answer = _send_request(client, DescribeClientQuotasRequest(components=[named], strict=True))
    if answer.error_code:
        raise for_code(answer.error_code)(f"Kafka did not report its rates: {answer.error_message}")
    return {
        entry.entity[0].entity_name: int(value.value)
        for entry in answer.entries or ()
        for value in entry.values
        if value.key == PRODUCER_RATE
    }


def _send_request(client: KafkaAdminClient, request: Any) -> Any:
    """The answer to a request for which kafka-python's admin client has a message and no call."""
    manager = client._manager  # noqa: SLF001 - pinned; tests/integration/streams/test_rights.py
    return manager.run(manager.send, request)


ANY_HOST: Final = "*"


class Credentials(msgspec.Struct, frozen=True):
    """A user of the broker; where the password is empty, the user has one that only its owner knows, or needs none."""

    user: str
    password: str = ""


class KafkaLogin(msgspec.Struct, frozen=True):
    """What Kafka knows a user's password by (RFC 5802): with it a user is made elsewhere whose password stays."""

    salt: bytes
    salted_password: bytes
    iterations: int
    mechanism: str = ScramMechanism.SCRAM_SHA_256.name
    """By kafka-python's name. Logins that earlier versions kept are of the default."""


def make_user(settings: Settings, name: str, grants: Iterable[KafkaRight], *, renew: bool = False) -> Credentials:
    """Give a user these rights, and a password if it is new or is to have another.

    The password is of the kind that LIAISON_KAFKA_SASL_MECHANISM names; one of the other kind goes on beside it. Where
    Kafka keeps no passwords, what is returned is the name by which it knows the user. Raises LiaisonError.
    """
    user = settings.namespace + name
    mechanism = _password_kind(settings)
    with admin_client(settings) as client:
        add_rights(client, principal_of(settings, user), grants)
        if mechanism is None:
            return Credentials(principal_of(settings, user))
        if not renew and mechanism in _password_kinds(client, user):
            return Credentials(user)
        password = new_password()
        made = UserScramCredentialUpsertion(user, mechanism, password.encode())
        _alter_credentials(client, made)
    _keep_login(settings, name, KafkaLogin(made.salt, made.salted_password, made.iterations, mechanism.name))
    return Credentials(user, password)


def password_mechanism(settings: Settings) -> str:
    """How users log in whose passwords Kafka keeps: as LIAISON_KAFKA_SASL_MECHANISM says, if that is one of SCRAM."""
    return settings.kafka_sasl_mechanism if settings.kafka_sasl_mechanism.startswith(SCRAM) else MECHANISM


def _password_kind(settings: Settings) -> ScramMechanism | None:
    """The kind of the passwords that are made; None where Kafka keeps none."""
    if not keeps_passwords(settings):
        return None
    chosen = password_mechanism(settings)
    try:
        return ScramMechanism[chosen.replace("-", "_")]
    except KeyError:
        raise LiaisonError(f"LIAISON_KAFKA_SASL_MECHANISM: {chosen} is no kind of password that Kafka keeps") from None


def restore_user(settings: Settings, name: str, grants: Iterable[KafkaRight], login: KafkaLogin) -> None:
    """Give a user these rights, and the password that it had elsewhere. Raises LiaisonError."""
    user = settings.namespace + name
    kind = ScramMechanism[login.mechanism]
    made = UserScramCredentialUpsertion(user, kind, b"", iterations=login.iterations, salt=login.salt)
    made.salted_password = login.salted_password
    with admin_client(settings) as client:
        add_rights(client, user, grants)
        _alter_credentials(client, made)
    _keep_login(settings, name, login)


def list_users(settings: Settings, names: Iterable[str]) -> tuple[str, ...]:
    """Which of these are users with a password, sorted; none where Kafka keeps no passwords."""
    users = {settings.namespace + name: name for name in names}
    if not users or not keeps_passwords(settings):
        return ()
    with admin_client(settings) as client:
        found = client.describe_user_scram_credentials(list(users))
    return tuple(sorted(name for user, name in users.items() if found[user]["credential_infos"]))


def read_logins(settings: Settings) -> dict[str, KafkaLogin]:
    """What this home has kept of the users that it made, by their names: Kafka tells nobody."""
    try:
        return _logins.decode(_logins_file(settings).read_bytes())
    except FileNotFoundError:
        return {}


_logins: Final = msgspec.json.Decoder(dict[str, KafkaLogin])


def _logins_file(settings: Settings) -> Path:
    return StackLayout.of(settings.home).access.with_name(f"{settings.namespace}logins.json")


def _keep_login(settings: Settings, name: str, login: KafkaLogin | None) -> None:
    """Keep a user's login in this home, for a sealed backup; None forgets it."""
    file = _logins_file(settings)
    with exclusive(file.with_suffix(".lock")):
        held = read_logins(settings)
        if login is None and name not in held:
            return
        kept = {**held, name: login} if login else {user: one for user, one in held.items() if user != name}
        write_private(file, msgspec.json.encode(kept).decode())


def limit_rate(settings: Settings, name: str, rate_bytes_s: int | None) -> None:
    """Let a user send at most so many bytes a second to each broker; None lifts the limit. Raises LiaisonError."""
    with admin_client(settings) as client:
        set_rate(client, principal_of(settings, settings.namespace + name), rate_bytes_s)


def read_limits(settings: Settings) -> dict[str, int]:
    """The limits that are set, in bytes a second, by the user's name; none where Kafka has no users of ours."""
    if not asks_for_credentials(settings):
        return {}
    before, _, after = principal_of(settings, f"{settings.namespace}{_NAME}").partition(_NAME)
    with admin_client(settings) as client:
        return {user.removeprefix(before).removesuffix(after): rate for user, rate in read_rates(client).items()}


def remove_user(settings: Settings, name: str) -> None:
    """Take a user's rights, rate and password away; connections that it has open can do nothing more."""
    user = settings.namespace + name
    principal = principal_of(settings, user)
    with admin_client(settings) as client:
        anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        client.delete_acls([ACLFilter(f"User:{principal}", None, ACLOperation.ANY, ACLPermissionType.ANY, anything)])
        set_rate(client, principal, None)
        for kind in _password_kinds(client, user):
            _alter_credentials(client, UserScramCredentialDeletion(user, kind))
    _keep_login(settings, name, None)


def add_rights(client: KafkaAdminClient, user: str, grants: Iterable[KafkaRight]) -> None:
    """Add these rights to what a user may do. Raises LiaisonError where the broker does not take them."""
    failed = client.create_acls([_to_acl(user, grant) for grant in grants])["failed"]
    if failed:
        raise LiaisonError(f"Kafka refused {len(failed)} access rules: {failed[0][1]}")


def as_role(settings: Settings, role: str) -> Settings:
    """On a local Kafka that asks: the settings of a worker's own user, which its first start makes. Elsewhere as given.

    Its password lies beside the operator's, readable by this machine's user alone.
    """
    if kafka_access(settings) is None or settings.kafka_username:
        return settings
    file = StackLayout.of(settings.home).access.with_name(f"{settings.namespace}{role}.json")
    with exclusive(file.with_suffix(".lock")):
        made = make_user(settings, role, role_grants(settings, role), renew=not file.exists())
        if made.password:
            write_private(file, msgspec.json.encode(made).decode())
        held = msgspec.json.decode(file.read_bytes(), type=Credentials)
    return settings.model_copy(update={"kafka_username": held.user, "kafka_password": SecretStr(held.password)})


def _password_kinds(client: KafkaAdminClient, user: str) -> list[ScramMechanism]:
    """The mechanisms for which a user has a password."""
    known = client.describe_user_scram_credentials([user])[user]["credential_infos"]
    return [ScramMechanism(info["mechanism"]) for info in known]


def _alter_credentials(
    client: KafkaAdminClient, change: UserScramCredentialUpsertion | UserScramCredentialDeletion
) -> None:
    for user, error in client.alter_user_scram_credentials([change]).items():
        if error:
            raise LiaisonError(f"Kafka refused to change the password of {user}: {error}")


def _to_acl(user: str, grant: KafkaRight) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if grant.prefix else ACLResourcePatternType.LITERAL
    resource = ResourcePattern(ResourceType[grant.kind], grant.name, pattern)
    return ACL(f"User:{user}", ANY_HOST, ACLOperation[grant.operation], ACLPermissionType.ALLOW, resource)
