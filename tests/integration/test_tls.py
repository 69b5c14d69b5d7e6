"""TLS to Kafka, to Elasticsearch and to the API, by the settings alone, with certificates made here."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from elasticsearch import ConnectionError as Unreachable

from pipeline.engines.endpoints import Endpoints, endpoints
from pipeline.feeds.client import FeedClient
from pipeline.index.engine import connect
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues.rights import agency_grants
from pipeline.streams.provisioning import users
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.installation.command import LIAISON, new_home
from support.kafka.secure_broker import admits, secure_broker
from support.ports import own_port
from support.waiting import PATIENCE_S, wait

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]

HOST = "127.0.0.1"
PIECE = 1 << 16


class Certificates:
    """A certificate for loopback and its authority, as files, and another authority's."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert(HOST)
        self.authority, self.other = folder / "ca.pem", folder / "other.pem"
        self.chain, self.key, self.keystore = folder / "chain.pem", folder / "key.pem", folder / "keystore.pem"
        authority.cert_pem.write_to_path(self.authority)
        trustme.CA().cert_pem.write_to_path(self.other)
        self.chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.keystore.write_bytes(pkcs8(self.key.read_bytes()) + self.chain.read_bytes())


def pkcs8(key: bytes) -> bytes:
    """A private key in the form that Java reads."""
    loaded = serialization.load_pem_private_key(key, None)
    return loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def kafka(certificates: Certificates, engines: Endpoints) -> Iterator[Settings]:
    """The operator's settings for a broker that speaks TLS only."""
    home = Path(tempfile.mkdtemp(prefix="liaison-tls-"))
    files = {"kafka_keystore_file": certificates.keystore, "kafka_ca_file": certificates.authority}
    with secure_broker(home, engines.elasticsearch, **files) as operator:
        yield operator
    shutil.rmtree(home)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # sockets that kafka-python 3.0.12 left after failed handshakes; a later test was told of them


def test_kafka(kafka: Settings, certificates: Certificates, tmp_path: Path) -> None:
    async def prepare() -> None:
        await apply_all(kafka)
        await registry.register_agency(kafka, Agency("fr-pj", "FR"))

    asyncio.run(prepare())
    made = users.make_user(kafka, "fr-pj", agency_grants(kafka, "fr-pj"))
    given: dict[str, Any] = {
        "home": tmp_path, "kafka_url": endpoints(kafka).kafka, "kafka_security_protocol": "SASL_SSL",
        "kafka_username": made.user, "kafka_password": made.password, "kafka_ca_file": certificates.authority,
    }  # fmt: skip
    agency = Settings(**given)
    wait(lambda: admits(agency))
    with FeedClient("fr-pj", agency) as client:
        assert client.push("x", [b"{}"], validate=False).sent == 1
        assert list(client.receipts()) == []
    wrong = ({"kafka_ca_file": certificates.other}, {"kafka_security_protocol": "SASL_PLAINTEXT"})
    for refused in [push(tmp_path, **{name: str(value) for name, value in (given | one).items()}) for one in wrong]:
        with refused:
            _, errors = refused.communicate(timeout=200)
        assert refused.returncode == 1
        assert "can't be reached" in errors


def push(folder: Path, **settings: str) -> subprocess.Popen[str]:
    """As a process of its own: after a failed handshake kafka-python 3.0.12 leaves its socket open to the end."""
    feed = folder / "feed.ndjson"
    feed.write_text("{}\n")
    return new_home(folder).start("feed", "push", str(feed), "--no-validate", "--agency", "fr-pj", **settings)


class Terminator:
    """Takes TLS off each connection on loopback and passes it on."""

    def __init__(self, certificates: Certificates, target: tuple[str, int]) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.chain, certificates.key)
        self._context, self._target = context, target
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(connection,), daemon=True).start()

    def _pass_on(self, connection: socket.socket) -> None:
        """Both ways at once, until one side ends."""
        with (
            suppress(OSError),
            closing(connection),
            self._context.wrap_socket(connection, server_side=True) as inside,
            socket.create_connection(self._target) as outside,
        ):
            back = threading.Thread(target=_copy, args=(outside, inside), daemon=True)
            back.start()
            _copy(inside, outside)
            outside.shutdown(socket.SHUT_WR)
            back.join()

    def close(self) -> None:
        self._listening.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)


def test_elasticsearch(certificates: Certificates, engines: Endpoints) -> None:
    plain = urlsplit(engines.elasticsearch)
    with closing(Terminator(certificates, (plain.hostname or HOST, plain.port or 9200))) as proxy:
        trusting = Settings(
            elasticsearch_url=f"https://{HOST}:{proxy.port}", elasticsearch_ca_file=certificates.authority
        )
        assert asyncio.run(status(trusting, max_retries=3)) in ("green", "yellow")
        with pytest.raises(Unreachable):
            asyncio.run(status(trusting.model_copy(update={"elasticsearch_ca_file": certificates.other})))


async def status(settings: Settings, max_retries: int = 0) -> str:
    async with connect(settings) as client:
        return str((await client.options(max_retries=max_retries).cluster.health())["status"])


def test_the_api(
    certificates: Certificates, engine_settings: Settings, engine_environment: dict[str, str], tmp_path: Path,
    wait_for: Callable[..., object],
) -> None:  # fmt: skip
    asyncio.run(apply_all(engine_settings))
    port = own_port()
    own = {"LIAISON_API_CERTIFICATE_FILE": str(certificates.chain), "LIAISON_API_KEY_FILE": str(certificates.key)}
    with (tmp_path / "serve.log").open("wb") as log:
        command = [str(LIAISON), "serve", "--port", str(port)]
        server = subprocess.Popen(command, env={**os.environ, **engine_environment, **own}, stdout=log, stderr=log)
    trusting = ssl.create_default_context(cafile=certificates.authority)
    try:
        wait_for(lambda: answers(port, trusting), 90)
        assert not answers(port, ssl.create_default_context(cafile=certificates.other))
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{HOST}:{port}/healthz", timeout=PATIENCE_S)
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def answers(port: int, trust: ssl.SSLContext) -> bool:
    try:
        return httpx.get(f"https://{HOST}:{port}/healthz", verify=trust, timeout=PATIENCE_S).is_success
    except httpx.TransportError:
        return False
