"""What bears a namespace on shared engines, and how it is deleted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # At run time only where the engines are used: these imports take a second, which unit tests need not pay.
    from elasticsearch import Elasticsearch
    from kafka import KafkaAdminClient


def delete_topics_and_groups(admin: KafkaAdminClient, prefix: str) -> None:
    """Delete a namespace's topics, and of its groups those that have no members any more."""
    from kafka.errors import KafkaError

    if topics := [topic for topic in admin.list_topics() if topic.startswith(prefix)]:
        admin.delete_topics(topics)
    # A group that still has members goes when they time out.
    with suppress(KafkaError):
        if groups := [group for group in _group_names(admin) if group.startswith(prefix)]:
            admin.delete_groups(groups)


def _group_names(admin: KafkaAdminClient) -> list[str]:
    return [group["group_id"] for group in admin.list_groups()]


def delete_indices_and_templates(client: Elasticsearch, prefix: str) -> None:
    """Delete a namespace's indices, and what they are made by."""
    if indices := list(client.indices.get(index=f"{prefix}*", expand_wildcards="all")):
        client.indices.delete(index=indices)
    for template in client.indices.get_index_template()["index_templates"]:
        if template["name"].startswith(prefix):
            client.indices.delete_index_template(name=template["name"])
    for template in client.cluster.get_component_template()["component_templates"]:
        if template["name"].startswith(prefix):
            client.cluster.delete_component_template(name=template["name"])
