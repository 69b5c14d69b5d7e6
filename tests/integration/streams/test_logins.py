"""Each way to prove to Kafka who one is, by each of our clients: passwords of both kinds, certificates, tokens."""

from __future__ import annotations

import asyncio
import gc
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
)

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.errors import LiaisonError
from pipeline.feeds.client import FeedClient
from pipeline.feeds.pushing import case_producer
from pipeline.ops.agencies.cli import format_environment
from pipeline.records.agencies import Agency
from pipeline.secret_file import make_secret
from pipeline.settings import Settings
from pipeline.streams.catalogues.rights import agency_grants, role_grants
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.connection import LoginRefusedError, check_login, client_options, login_name
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.installation.command import new_home
from support.kafka.many_logins import Authority, Logins, TokenIssuer, many_logins
from support.kafka.secure_broker import admits
from support.records.builder import event_bytes
from support.waiting import wait

pytestmark = [
    pytest.mark.engines,
    pytest.mark.rare,
    pytest.mark.xdist_group("logins"),
    pytest.mark.timeout(300),
    # Both libraries leave sockets of TLS open for a while whose login was refused.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

By = Callable[[str], Settings]


@pytest.fixture(scope="module")
def logins(engines: Endpoints) -> Iterator[Logins]:
    home = Path(tempfile.mkdtemp(prefix="liaison-logins-"))
    with many_logins(home, engines.elasticsearch) as made:

        async def prepare() -> None:
            await apply_all(made.passwords)
            for name, country in (("fr-pj", "FR"), ("de-bk", "DE")):
                await registry.register_agency(made.passwords, Agency(name, country))

        asyncio.run(prepare())
        yield made
    shutil.rmtree(home)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # sockets that kafka-python 3.0.12 left after failed handshakes


@pytest.fixture(params=["certificate", "token"])
def by(request: pytest.FixtureRequest, logins: Logins) -> By:
    return logins.by_certificate if request.param == "certificate" else logins.by_token


def by_password(logins: Logins, name: str, mechanism: str, *, renew: bool = True) -> Settings:
    """An agency's settings on another machine, with a password of this kind."""
    operator = logins.passwords.model_copy(update={"kafka_sasl_mechanism": mechanism})
    made = users.make_user(operator, name, agency_grants(operator, name), renew=renew)
    given = dict(line.split("=", 1) for line in format_environment(operator, made).splitlines())
    assert given["LIAISON_KAFKA_SASL_MECHANISM"] == mechanism
    known = {name.removeprefix("LIAISON_").lower(): value for name, value in given.items()}
    return Settings(**known, home=Path("/nowhere"), elasticsearch_url=operator.elasticsearch_url)  # type: ignore[arg-type]


def grant(operator: Settings, *agencies: str) -> None:
    for name in agencies:
        made = users.make_user(operator, name, agency_grants(operator, name))
        assert made.password == ""


def librdkafka(settings: Settings) -> AdminClient:
    """A client that is neither of ours."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_url, "security.protocol": settings.kafka_security_protocol,
        "ssl.ca.location": str(settings.kafka_ca_file), "log_level": 0,
    }  # fmt: skip
    if settings.kafka_certificate_file:
        options |= {
            "ssl.certificate.location": str(settings.kafka_certificate_file),
            "ssl.key.location": str(settings.kafka_key_file),
        }
    else:
        options |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism, "sasl.username": settings.kafka_username,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }  # fmt: skip
    return AdminClient(options)


def produce(settings: Settings, topic: str) -> None:
    """By aiokafka."""

    async def send() -> None:
        async with AIOKafkaProducer(**client_options(settings)) as producer:
            await producer.send_and_wait(topic, b"{}", key=b"x")

    asyncio.run(send())


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_passwords_of_both_kinds_by_each_client(logins: Logins, mechanism: str) -> None:
    agency = by_password(logins, "fr-pj", mechanism)
    wait(lambda: admits(agency))
    produce(agency, "cases.fr-pj")
    sent: list[BaseException | None] = []
    with case_producer(agency) as producer:  # kafka-python
        producer.send("fr-pj", b"fr-pj:1", b"{}", sent.append)
    assert sent == [None]
    assert "cases.fr-pj" in librdkafka(agency).list_topics(timeout=20).topics
    with FeedClient("fr-pj", agency) as client:
        assert client.push(f"by-{mechanism}", [b"{}"], validate=False).sent == 1


def test_a_password_of_one_kind_is_none_of_the_other_and_both_go_on_side_by_side(logins: Logins) -> None:
    weaker = by_password(logins, "de-bk", "SCRAM-SHA-256")
    stronger = by_password(logins, "de-bk", "SCRAM-SHA-512", renew=False)
    assert stronger.kafka_password, "it had none of this kind yet"
    for agency in (weaker, stronger):
        wait(lambda agency=agency: admits(agency))  # type: ignore[misc]
    for agency, other in ((weaker, "SCRAM-SHA-512"), (stronger, "SCRAM-SHA-256")):
        with pytest.raises(LoginRefusedError, match="de-bk"):
            check_login(agency.model_copy(update={"kafka_sasl_mechanism": other}))
    operator = logins.passwords.model_copy(update={"kafka_sasl_mechanism": "SCRAM-SHA-512"})
    again = users.make_user(operator, "de-bk", agency_grants(operator, "de-bk"))
    assert again.password == "", "it has one of this kind"
    login = users.read_logins(operator)["de-bk"]
    assert login.mechanism == "SCRAM_SHA_512"
    users.remove_user(operator, "de-bk")
    wait(lambda: not admits(weaker) and not admits(stronger))
    users.restore_user(operator, "de-bk", agency_grants(operator, "de-bk"), login)
    wait(lambda: admits(stronger))


def reconcile_as_strimzi(operator: Settings, names: Iterable[str]) -> None:
    """What Strimzi's user operator does every two minutes to users without a KafkaUser, by its source (1.3).

    It lists who has access lists, rates or a password of any kind, and deletes lists, rates and passwords of
    SCRAM-SHA-512; deleting one that is not there is no error.
    """
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    with admin_client(operator) as client:
        for name in names:
            client.delete_acls([ACLFilter(f"User:{name}", None, ACLOperation.ANY, ACLPermissionType.ANY, anything)])
            users.set_rate(client, name, None)
            client.alter_user_scram_credentials([UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_512)])


def test_strimzis_user_operator_takes_rights_of_all_and_passwords_of_one_kind(logins: Logins) -> None:
    weaker, operator = by_password(logins, "fr-pj", "SCRAM-SHA-256"), logins.passwords
    stronger = by_password(logins, "fr-pj", "SCRAM-SHA-512")
    users.limit_rate(operator, "fr-pj", 2_000_000)
    for agency in (weaker, stronger):
        wait(lambda agency=agency: admits(agency))  # type: ignore[misc]
    reconcile_as_strimzi(operator, ["fr-pj"])
    wait(lambda: not admits(stronger))
    assert admits(weaker), "a password of the kind that Strimzi does not keep stays"
    assert "fr-pj" not in users.read_limits(operator)
    with FeedClient("fr-pj", weaker) as client, pytest.raises(LiaisonError):
        client.push("without-rights", [b"{}"], validate=False)
    renewed = users.make_user(operator, "fr-pj", agency_grants(operator, "fr-pj"))
    assert renewed.password == "", "the one that it has goes on"
    with FeedClient("fr-pj", weaker) as client:
        assert client.push("with-rights", [b"{}"], validate=False).sent == 1


def test_certificates_and_tokens_by_each_client(logins: Logins, by: By) -> None:
    operator, agency = by("operator"), by("fr-pj")
    grant(operator, "fr-pj", "de-bk")
    users.limit_rate(operator, "fr-pj", 2_000_000)
    assert users.read_limits(operator)["fr-pj"] == 2_000_000
    produce(agency, "cases.fr-pj")
    sent: list[BaseException | None] = []
    with case_producer(agency) as producer:
        producer.send("fr-pj", b"fr-pj:1", b"{}", sent.append)
    assert sent == [None]
    upload = f"by-{agency.kafka_security_protocol}"
    with FeedClient("fr-pj", agency) as client:
        assert client.push(upload, [b"{}"], validate=False).sent == 1
    with FeedClient("de-bk", agency) as client, pytest.raises(LiaisonError):
        client.push(upload, [b"{}"], validate=False)
    if agency.kafka_certificate_file:
        assert "cases.fr-pj" in librdkafka(agency).list_topics(timeout=20).topics
    users.remove_user(operator, "fr-pj")
    with FeedClient("fr-pj", agency) as client, pytest.raises(LiaisonError):
        client.push(f"{upload}-later", [b"{}"], validate=False)


def test_a_worker_logs_in_by_a_certificate_or_token(logins: Logins, by: By, tmp_path: Path) -> None:
    operator, agency, worker = by("operator"), by("fr-pj"), by("intake")
    grant(operator, "fr-pj")
    users.make_user(operator, "intake", role_grants(operator, "intake"))
    secret = tmp_path / "secret"
    make_secret(Settings(secret_file=secret))
    given = worker.model_dump(include={name for name in Settings.model_fields if name.startswith("kafka_")},
                              exclude_defaults=True, exclude={"kafka_password"})  # fmt: skip
    known = {name: str(value) for name, value in given.items()} | {"secret_file": str(secret)}
    if worker.kafka_token_url:
        known["kafka_password"] = TokenIssuer.SECRET
    home = new_home(tmp_path / "home")
    with home.start("worker", "intake", metrics_port="0", **known) as process:
        try:
            with FeedClient("fr-pj", agency) as client:
                upload = f"worker-{agency.kafka_security_protocol}"
                pushed = client.push(upload, [event_bytes(case="fr-pj:7")], validate=False)
                (receipt,) = client.receipts_of(pushed, timeout_s=120)
            assert receipt.outcome
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_a_token_from_a_file_is_read_anew_for_each_connection(logins: Logins, tmp_path: Path) -> None:
    operator, file = logins.by_token("operator"), tmp_path / "token"
    grant(operator, "fr-pj")
    agency = logins.by_token("fr-pj", kafka_token_url="", kafka_username="", kafka_password="", kafka_token_file=file)
    file.write_text(logins.issuer.token("fr-pj", life_s=-300))
    with pytest.raises(LoginRefusedError, match="it has ended, or is not of the issuer"):
        check_login(agency)
    file.write_text(logins.issuer.token("fr-pj", aud="another"))
    with pytest.raises(LoginRefusedError, match="audience"):
        check_login(agency)
    file.write_text(f"{logins.issuer.token('fr-pj')}\n")
    check_login(agency)
    with FeedClient("fr-pj", agency) as client:
        assert client.push("by-file", [b"{}"], validate=False).sent == 1
    assert login_name(agency) == "of this token"


def test_a_token_is_asked_for_once_and_used_by_all_clients(logins: Logins) -> None:
    grant(logins.by_token("operator"), "fr-pj")
    agency = logins.by_token("fr-pj", kafka_token_scope="kafka")
    before = len(logins.issuer.asked)
    for _ in range(3):
        produce(agency, "cases.fr-pj")
    assert logins.issuer.asked[before:] == ["fr-pj"]


def test_a_wrong_secret_and_a_dead_endpoint_are_told_at_once(logins: Logins) -> None:
    wrong = logins.by_token("fr-pj", kafka_password="x" * 24)
    with pytest.raises(LiaisonError, match=r"refused fr-pj a token \(HTTP 401\)"), admin_client(wrong):
        pass
    dead = logins.by_token("fr-pj", kafka_token_url="http://127.0.0.1:9/token")
    with pytest.raises(LiaisonError, match="does not answer"), admin_client(dead):
        pass


def test_a_certificate_of_another_authority_and_none_are_refused_at_once(logins: Logins, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "other").client("operator")
    with pytest.raises(LoginRefusedError, match="LIAISON_KAFKA_CERTIFICATE_FILE"):
        check_login(logins.by_certificate("operator", **stranger))
    known = endpoints(logins.passwords)
    assert known.kafka
    with pytest.raises(KafkaException):
        librdkafka(logins.by_certificate("operator", **stranger)).list_topics(timeout=3)
