"""One way to reach Elasticsearch: the address, credentials and certificate authority of the settings."""

from __future__ import annotations

from typing import Any

from elasticsearch import AsyncElasticsearch, OrjsonSerializer

from pipeline.settings import Settings

REQUEST_TIMEOUT_S = 30.0


def connect(settings: Settings, url: str = "") -> AsyncElasticsearch:
    """A client for `url`, by default the settings' own; no request is made yet. Close it after use."""
    return AsyncElasticsearch(
        url or settings.elasticsearch_url,
        serializer=OrjsonSerializer(),
        request_timeout=REQUEST_TIMEOUT_S,
        # Sniffing and dead-node marking make one address unreachable after a restart; we retry ourselves.
        node_class="aiohttp",
        **_credentials(settings),
    )


def _credentials(settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if settings.elasticsearch_username:
        given["basic_auth"] = (settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value())
    if settings.elasticsearch_ca_file is not None:
        given["ca_certs"] = str(settings.elasticsearch_ca_file)
    return given
