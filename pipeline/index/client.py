"""One way to reach Elasticsearch: the address, credentials and certificate authority of the settings."""

from __future__ import annotations

from typing import Any

from elasticsearch import AsyncElasticsearch, OrjsonSerializer

from pipeline.localstack.stack import endpoints
from pipeline.settings import Settings

REQUEST_TIMEOUT_S = 30.0


def connect(settings: Settings) -> AsyncElasticsearch:
    """A client for the Elasticsearch that the settings name, or else the local one; close it after use.

    No request is made yet. Raises LiaisonError if there is neither.
    """
    return AsyncElasticsearch(
        settings.elasticsearch_url or endpoints(settings).elasticsearch,
        serializer=OrjsonSerializer(),
        request_timeout=REQUEST_TIMEOUT_S,
        **_credentials(settings),
    )


def _credentials(settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if settings.elasticsearch_username:
        given["basic_auth"] = (settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value())
    if settings.elasticsearch_ca_file is not None:
        given["ca_certs"] = str(settings.elasticsearch_ca_file)
    return given
