"""A local Kafka with three ways to log in: passwords (its own listener), certificates and tokens, and who issues these.

The tokens' issuer is a token endpoint on loopback with its keys (JWKS), served by this process.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from pipeline.engines.credentials import BrokerCredentials
from pipeline.localstack import stack
from pipeline.localstack.elasticsearch import Elasticsearch
from pipeline.localstack.engine import EngineLaunch
from pipeline.localstack.kafka import Kafka
from pipeline.settings import Settings
from support.kafka.secure_broker import secure_broker
from support.ports import own_ports

HOST: Final = "127.0.0.1"
OPERATOR: Final = "operator"
AUDIENCE: Final = "kafka"
BEARER: Final = "org.apache.kafka.common.security.oauthbearer"


class Authority:
    """Signs certificates, which it leaves as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        folder.mkdir(exist_ok=True)
        self._name = _subject("authority")
        limits = x509.BasicConstraints(ca=True, path_length=0)
        made = self._issue(self._name, self._key.public_key()).add_extension(limits, critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._sign(made))

    def server(self) -> Path:
        """A key and its certificate for loopback in one file, as a broker takes it."""
        file = self._folder / "server.pem"
        file.write_bytes(b"".join(self._certify(HOST, x509.IPAddress(ip_address(HOST)))))
        return file

    def client(self, name: str) -> dict[str, Path]:
        """The settings of who is called CN=<name>, and no more, as Strimzi's and cert-manager's certificates may be."""
        files = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        for file, content in zip(files, self._certify(name, x509.DNSName(name)), strict=True):
            file.write_bytes(content)
            file.chmod(0o600)
        return dict(zip(("kafka_key_file", "kafka_certificate_file"), files, strict=True))

    def _certify(self, name: str, address: x509.GeneralName) -> tuple[bytes, bytes]:
        """A private key (PKCS #8, which Java reads too) and its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._issue(_subject(name), key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return key.private_bytes(*plain), self._sign(made)

    def _issue(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        begin = datetime.now(UTC) - timedelta(days=1)
        made = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number())
        made = made.not_valid_before(begin).not_valid_after(begin + timedelta(days=30))
        own = x509.SubjectKeyIdentifier.from_public_key(key)
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return made.add_extension(own, critical=False).add_extension(by, critical=False)

    def _sign(self, made: x509.CertificateBuilder) -> bytes:
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class TokenIssuer:
    """Gives whoever names a client and the right secret a token with that `sub`."""

    SECRET: ClassVar[str] = "s" * 24

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, auto_kid=True)
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, KeySet([issuer._key]).as_dict(private=False))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                given = self.headers.get("Authorization", "").removeprefix("Basic ")
                client, _, secret = base64.b64decode(given).decode().partition(":")
                if secret != issuer.SECRET:
                    self._answer(401, {"error": "invalid_client"})
                    return
                issuer.asked.append(client)
                self._answer(200, {"access_token": issuer.token(client), "token_type": "Bearer", "expires_in": 600})

            def _answer(self, status: int, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, subject: str, life_s: int = 600, **claims: Any) -> str:
        """A token that ends so many seconds from now."""
        now = int(time.time())
        held = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now - 700, "exp": now + life_s} | claims
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, held, self._key)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class ManyLogins(Kafka):
    """The local broker with two listeners more."""

    ports: range = range(0)
    authority: Path = Path()
    server: Path = Path()
    issuer: str = ""

    def _broker_settings(
        self, launch: EngineLaunch, data: Path, access: BrokerCredentials | None
    ) -> Mapping[str, object]:
        known = super()._broker_settings(launch, data, access)
        more = f",CERTIFICATES://{HOST}:{self.ports[0]},TOKENS://{HOST}:{self.ports[1]}"
        protocols = known["listener.security.protocol.map"]
        stores = {
            f"listener.name.{name}.ssl.{store}.{key}": value
            for name in ("certificates", "tokens")
            for store, file in (("keystore", self.server), ("truststore", self.authority))
            for key, value in (("type", "PEM"), ("location", file))
        }
        return {
            **known,
            **stores,
            "listeners": f"{known['listeners']}{more}",
            "advertised.listeners": f"{known['advertised.listeners']}{more}",
            "listener.security.protocol.map": f"{protocols},CERTIFICATES:SSL,TOKENS:SASL_SSL",
            "super.users": f"{known['super.users']};User:CN={OPERATOR};User:{OPERATOR}",
            "listener.name.certificates.ssl.client.auth": "required",
            "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.tokens.oauthbearer.sasl.jaas.config": f"{BEARER}.OAuthBearerLoginModule required;",
            "listener.name.tokens.oauthbearer.sasl.server.callback.handler.class": (
                f"{BEARER}.OAuthBearerValidatorCallbackHandler"
            ),
            "sasl.oauthbearer.jwks.endpoint.url": f"{self.issuer}/keys",
            "sasl.oauthbearer.expected.audience": AUDIENCE,
            "sasl.oauthbearer.expected.issuer": self.issuer,
        }

    def launch_command(self, launch: EngineLaunch) -> list[str]:
        java, *rest = super().launch_command(launch)
        return [java, f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.issuer}/keys", *rest]


@dataclass(frozen=True)
class Logins:
    """The broker's addresses, and settings to reach it by; `passwords` are the operator's."""

    passwords: Settings
    authority: Authority
    issuer: TokenIssuer
    ports: range

    def by_certificate(self, name: str, **more: object) -> Settings:
        """Who shows a certificate CN=<name>."""
        return self._settings(self.ports[0], "SSL", **{**self.authority.client(name), **more})

    def by_token(self, name: str, **more: object) -> Settings:
        """Who asks the issuer for tokens of <name>."""
        asked = {"kafka_token_url": f"{self.issuer.url}/token", "kafka_username": name,
                 "kafka_password": TokenIssuer.SECRET, "kafka_sasl_mechanism": "OAUTHBEARER"}  # fmt: skip
        return self._settings(self.ports[1], "SASL_SSL", **{**asked, **more})

    def _settings(self, port: int, protocol: str, **more: object) -> Settings:
        known: dict[str, Any] = {
            "home": self.passwords.home / "elsewhere", "kafka_url": f"{HOST}:{port}",
            "kafka_ca_file": self.authority.file, "kafka_security_protocol": protocol,
            "elasticsearch_url": self.passwords.elasticsearch_url,
        }  # fmt: skip
        return Settings(**(known | more))


@contextmanager
def many_logins(home: Path, elasticsearch: str) -> Iterator[Logins]:
    """The broker, until left. It takes the place of the local Kafka in this process meanwhile."""
    authority, issuer, ports = Authority(home / "certificates"), TokenIssuer(), own_ports(2)
    server = authority.server()
    former = stack.ENGINES
    own = ManyLogins(ports=ports, authority=authority.file, server=server, issuer=issuer.url)
    stack.ENGINES = (own, Elasticsearch())  # type: ignore[misc]
    try:
        files = {"kafka_keystore_file": server, "kafka_ca_file": authority.file}
        with secure_broker(home / "broker", elasticsearch, **files) as operator:
            yield Logins(operator, authority, issuer, ports)
    finally:
        stack.ENGINES = former  # type: ignore[misc]
        issuer.close()
