"""One way to reach Elasticsearch: the addresses, credentials and certificate authority of the settings.

Requests go round the nodes. One that refuses or times out is left alone for a pause that grows; while all are, one is
tried nevertheless. Nodes are those that the settings name and no others: what a cluster tells of itself (sniffing) are
the addresses by which its nodes know each other, which often can't be reached, or may not be, from outside.
"""

from __future__ import annotations

from typing import Any, Final

from elasticsearch import AsyncElasticsearch, OrjsonSerializer

from pipeline.engines.endpoints import ELASTICSEARCH, engine_url
from pipeline.search_addresses import split_addresses
from pipeline.settings import Settings

REQUEST_TIMEOUT_S: Final = 30.0
"""For a node's answer where nobody waits: bulk requests and operations. A node that hangs is left for another after
this."""

READ_TIMEOUT_S: Final = 7.5
"""What somebody waits for a read in all, over every node that is tried."""

READ_TRIES: Final = 3
"""Tries of a read: one node may hang, and the next may wait for the one that hangs."""

FIRST_REST_S, LONGEST_REST_S = 2.0, 30.0
"""How long a node that failed is left alone, at first and at the most. A node that hangs costs one time-out a rest."""


def connect(settings: Settings) -> AsyncElasticsearch:
    """A client for the Elasticsearch that the settings name, or else the local one; close it after use.

    No request is made yet. Raises LiaisonError if there is neither, ValueError for addresses that can't be used.
    """
    return AsyncElasticsearch(
        cluster_addresses(settings),
        serializer=OrjsonSerializer(),
        request_timeout=REQUEST_TIMEOUT_S,
        dead_node_backoff_factor=FIRST_REST_S,
        max_dead_node_backoff=LONGEST_REST_S,
        **_credentials(settings),
    )


def connect_for_reading(settings: Settings) -> AsyncElasticsearch:
    """A client for reads that somebody waits for: each tries other nodes, and ends within READ_TIMEOUT_S.

    A node without another beside it has all of that time; it is asked again only where a connection broke.
    Raises as `connect` does.
    """
    client = connect(settings)
    several = len(client.transport.node_pool) > 1
    patience_s = READ_TIMEOUT_S / READ_TRIES if several else READ_TIMEOUT_S
    return client.options(request_timeout=patience_s, max_retries=READ_TRIES - 1, retry_on_timeout=several)


def cluster_addresses(settings: Settings) -> list[str]:
    """The cluster's addresses: the settings', else the local stack's. Raises LiaisonError without any."""
    return list(split_addresses(engine_url(ELASTICSEARCH, settings)))


def _credentials(settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if settings.elasticsearch_username:
        given["basic_auth"] = (settings.elasticsearch_username, settings.elasticsearch_password.get_secret_value())
    if settings.elasticsearch_ca_file is not None:
        given["ca_certs"] = str(settings.elasticsearch_ca_file)
    return given
