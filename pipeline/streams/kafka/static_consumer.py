"""A consumer that is a static member of its group, and notices when another takes its place.

Stock aiokafka sends heartbeats without the instance id. A member whose place was taken is then only told that it is
unknown, joins again and takes the place back: two workers with one instance id would take turns for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Request, RequestStruct
from aiokafka.protocol.group import HeartbeatRequest, HeartbeatResponse_v1, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.types import Int32, Schema, String

from pipeline.streams.kafka.fetching import BatchConsumer

FENCED_INSTANCE_ID: Final = 82
"""Kafka's error code for a member with whose instance id another has joined."""


class HeartbeatResponse_v3(HeartbeatResponse_v1):  # type: ignore[misc]  # noqa: N801 - named as aiokafka's are
    """The broker's answer to a heartbeat, of the version of its request."""

    API_VERSION = 3


class HeartbeatRequest_v3(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """A heartbeat with the instance that sends it, which aiokafka lacks."""

    API_KEY = 12
    API_VERSION = 3
    RESPONSE_TYPE = HeartbeatResponse_v3
    SCHEMA = Schema(
        ("group", String("utf-8")),
        ("generation_id", Int32),
        ("member_id", String("utf-8")),
        ("group_instance_id", String("utf-8")),
    )


class InstanceHeartbeat(Request[HeartbeatRequest_v3]):  # type: ignore[misc]
    """A heartbeat of a static member; brokers since 2.3 take it."""

    API_KEY = 12

    def __init__(self, *fields: Any) -> None:
        self._fields = fields

    def build(self, request_struct_class: type[HeartbeatRequest_v3]) -> HeartbeatRequest_v3:
        """Return the request with its fields."""
        return request_struct_class(*self._fields)


class StaticCoordinator(GroupCoordinator):  # type: ignore[misc]
    """aiokafka's coordinator of a static member; fenced, it neither joins nor sends heartbeats any more."""

    def __init__(self, *arguments: Any, on_fenced: Callable[[], None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._on_fenced = on_fenced
        self._fenced = False

    async def _send_req(self, request: Any) -> Any:
        if not isinstance(request, HeartbeatRequest | JoinGroupRequest | SyncGroupRequest):
            return await super()._send_req(request)
        if isinstance(request, HeartbeatRequest):
            request = InstanceHeartbeat(self.group_id, self.generation, self.member_id, self._group_instance_id)
        response = None if self._fenced else await super()._send_req(request)
        if response is not None and response.error_code != FENCED_INSTANCE_ID:
            return response
        if not self._fenced:
            self._fenced = True
            self._on_fenced()
        await self._closing
        raise KafkaError("fenced")


class StaticConsumer(BatchConsumer):
    """A consumer with a group instance id; `on_fenced` is called, in its loop, when another has joined with that id."""

    def __init__(self, *, on_fenced: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_fenced = on_fenced

    async def start(self) -> None:
        """Connect; replaces aiokafka's coordinator, which has done nothing before there is a subscription."""
        await super().start()
        stock: GroupCoordinator = self._coordinator
        await stock.close()
        self._client.cluster.remove_listener(stock._handle_metadata_update)  # noqa: SLF001
        self._coordinator: GroupCoordinator = StaticCoordinator(
            self._client,
            self._subscription,
            on_fenced=self._on_fenced,
            group_id=self._group_id,
            group_instance_id=self._group_instance_id,
            heartbeat_interval_ms=self._heartbeat_interval_ms,
            session_timeout_ms=self._session_timeout_ms,
            retry_backoff_ms=self._retry_backoff_ms,
            enable_auto_commit=False,
            assignors=self._partition_assignment_strategy,
            rebalance_timeout_ms=self._rebalance_timeout_ms,
            max_poll_interval_ms=self._max_poll_interval_ms,
        )
