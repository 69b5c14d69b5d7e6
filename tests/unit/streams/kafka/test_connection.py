"""Settings that say how Kafka is reached and who one is there: what follows from them, and which clash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import (
    asks_for_credentials,
    blocking_options,
    client_options,
    keeps_passwords,
    login_name,
    principal_of,
)
from pipeline.streams.kafka.tokens import AsyncTokens, BlockingTokens, token_source
from support.kafka.many_logins import Authority


def settings(**known: Any) -> Settings:
    return Settings(kafka_url="kafka:9093", **known)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def test_a_certificate_is_shown_over_tls(authority: Authority) -> None:
    own = settings(kafka_security_protocol="SSL", kafka_ca_file=authority.file, **authority.client("intake"))
    options = client_options(own)
    assert options["ssl_context"] is not None
    assert "sasl_mechanism" not in options
    assert asks_for_credentials(own)
    assert not keeps_passwords(own)
    assert login_name(own) == "of this certificate"


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"kafka_security_protocol": "TLS"}, "TLS is none of PLAINTEXT, SSL"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "SCRAM"}, "SCRAM is none of SCRAM-SHA-256"),
        ({"kafka_security_protocol": "SSL", "kafka_key_file": Path("x")}, "go together"),
        ({"kafka_security_protocol": "SSL", "kafka_ca_file": Path("/nowhere.pem")}, "LIAISON_KAFKA_CA_FILE"),
        ({"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": "OAUTHBEARER"}, "LIAISON_KAFKA_TOKEN_FILE"),
        (
            {
                "kafka_security_protocol": "SSL",
                "kafka_certificate_file": Path("/no.pem"),
                "kafka_key_file": Path("/no"),
            },
            "/no can't be read",
        ),
    ],
)
def test_settings_that_clash_are_named(known: dict[str, Any], said: str) -> None:
    for options in (client_options, blocking_options):
        with pytest.raises(LiaisonError, match=said):
            options(settings(**known))


def test_a_certificate_without_encryption_or_with_another_key_is_refused(authority: Authority) -> None:
    own, other = authority.client("intake"), authority.client("other")
    with pytest.raises(LiaisonError, match="shown over TLS alone"):
        client_options(settings(kafka_security_protocol="PLAINTEXT", **own))
    mixed = own | {"kafka_key_file": other["kafka_key_file"]}
    with pytest.raises(LiaisonError, match="are no certificate and its key"):
        client_options(settings(kafka_security_protocol="SSL", **mixed))


def test_a_key_that_everybody_can_open_and_one_with_a_passphrase_are_refused(authority: Authority) -> None:
    own = authority.client("intake")
    own["kafka_key_file"].chmod(0o644)
    with pytest.raises(LiaisonError, match="every user of this machine can open"):
        client_options(settings(kafka_security_protocol="SSL", **own))
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    own["kafka_key_file"].write_bytes(locked)
    own["kafka_key_file"].chmod(0o600)
    with pytest.raises(LiaisonError, match="without a passphrase"):
        client_options(settings(kafka_security_protocol="SSL", **own))


def test_users_are_called_as_kafka_knows_them(authority: Authority) -> None:
    by_password = settings(kafka_security_protocol="SASL_SSL")
    assert principal_of(by_password, "liaison-intake") == "liaison-intake"
    by_certificate = settings(kafka_security_protocol="SSL", **authority.client("x"))
    assert principal_of(by_certificate, "liaison-intake") == "CN=liaison-intake"
    by_token = settings(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="OAUTHBEARER")
    assert principal_of(by_token, "liaison-intake") == "liaison-intake"
    pods = by_token.model_copy(update={"kafka_principal": "system:serviceaccount:liaison:{user}"})
    assert principal_of(pods, "liaison-intake") == "system:serviceaccount:liaison:liaison-intake"
    with pytest.raises(LiaisonError, match=r"needs \{user\}"):
        principal_of(by_token.model_copy(update={"kafka_principal": "everybody"}), "intake")


def test_clients_of_both_libraries_share_one_source_of_tokens(tmp_path: Path) -> None:
    own = settings(
        kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="OAUTHBEARER", kafka_token_file=tmp_path / "token"
    )
    assert isinstance(client_options(own)["sasl_oauth_token_provider"], AsyncTokens)
    assert isinstance(blocking_options(own)["sasl_oauth_token_provider"], BlockingTokens)
    assert token_source(own) is token_source(own.model_copy())
