from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.errors import LiaisonError
from pipeline.index.engine import connect
from pipeline.settings import Settings


async def test_credentials_go_with_every_request_and_stay_out_of_sight() -> None:
    settings = Settings(
        elasticsearch_url="https://search.example:9200",
        elasticsearch_username="liaison",
        elasticsearch_password=SecretStr("canary"),
    )
    async with connect(settings) as client:
        (node,) = client.transport.node_pool.all()
        assert node.base_url == "https://search.example:9200"
        assert client._headers["authorization"] == "Basic bGlhaXNvbjpjYW5hcnk="
        assert "canary" not in repr(client) + repr(settings)


async def test_every_address_is_a_node() -> None:
    async with connect(Settings(elasticsearch_url="https://one.example:9200, https://two.example")) as client:
        assert {node.base_url for node in client.transport.node_pool.all()} == {
            "https://one.example:9200", "https://two.example:443",
        }  # fmt: skip


async def test_a_certificate_authority_is_used(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    with pytest.raises(ValueError, match="ca_certs"):
        connect(Settings(elasticsearch_url="https://search.example:9200", elasticsearch_ca_file=missing))


async def test_without_an_address_or_a_local_stack_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="liaison up"):
        connect(Settings(home=tmp_path, elasticsearch_url="", kafka_url=""))
