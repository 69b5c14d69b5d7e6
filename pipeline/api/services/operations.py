"""The installation at a glance, for those who operate it; it tells of no case."""

from __future__ import annotations

from aiokafka.errors import KafkaError

from pipeline.access.audit import Kind
from pipeline.access.requester import Role
from pipeline.api.problems import Unavailable
from pipeline.api.session import Session
from pipeline.ops.overview import Overview, overview


async def operations(session: Session) -> Overview:
    """What waits, is silent, was rejected, is active, and how large it is. Raises Forbidden, Unavailable."""
    session.require(Role.OPS)
    await session.audit(Kind.OPERATION, about="overview")
    try:
        return await overview(session.runtime.settings, session.now)
    except (KafkaError, OSError) as error:
        raise Unavailable("Kafka does not answer") from error
