"""Static membership of a worker in its consumer group.

A member with an instance id keeps its partitions when it restarts within the session timeout. The price: the broker
hands it its old assignment even if it asks for other topics, and aiokafka sends no LeaveGroup for it. So a worker looks
before it joins what the group knows of its instance, and removes that where it no longer holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kafka.admin import KafkaAdminClient, MemberToRemove
from kafka.errors import GroupIdNotFoundError, NoError, UnknownMemberIdError

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.runtime.worker_slots import WorkerSlot


class FencedError(LiaisonError):
    """Another worker has joined with this one's instance id."""

    def __init__(self, slot: WorkerSlot) -> None:
        super().__init__(
            f"another worker has the place of this one (group {slot.group}, instance {slot.instance_id}): "
            f"{slot.home} was copied, or is shared by machines without locks that hold for all; "
            "give each machine its own LIAISON_HOME, delete workers/id in the copy, and start this worker again"
        )


class GroupUnreachableError(LiaisonError):
    """A group can't be read or changed now; nothing was done."""


@contextmanager
def _group_admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    try:
        with admin_client(settings) as client:
            yield client
    except LiaisonError as error:
        raise GroupUnreachableError(str(error)) from error


def subscription_of(settings: Settings, slot: WorkerSlot) -> frozenset[str] | None:
    """The topics that the group holds this slot's instance to read; None where it is no member, none if not known.

    A group that is rebalancing does not tell. Raises GroupUnreachableError.
    """
    with _group_admin(settings) as client:
        found = client.describe_groups([slot.group])[slot.group]
    if found["error"] is not None and GroupIdNotFoundError.__name__ not in found["error"]:
        raise GroupUnreachableError(f"group {slot.group} can't be read: {found['error']}")
    for member in found["members"]:
        if member["group_instance_id"] == slot.instance_id:
            metadata = member["member_metadata"]
            return frozenset(metadata["topics"]) if isinstance(metadata, dict) else frozenset()
    return None


def leave_group(settings: Settings, slot: WorkerSlot, reason: str) -> None:
    """Remove the slot's instance from its group: the others share its partitions at once.

    Raises GroupUnreachableError.
    """
    member = MemberToRemove(group_instance_id=slot.instance_id, reason=reason)
    with _group_admin(settings) as client:
        (result,) = client.remove_group_members(slot.group, [member]).values()
    if result not in (NoError, UnknownMemberIdError):
        raise GroupUnreachableError(f"group {slot.group} does not let {slot.instance_id} go: {result.__name__}")


def prepare_to_join(settings: Settings, slot: WorkerSlot, topics: Iterable[str]) -> None:
    """Leave the group where it holds the slot's instance to read other topics than these.

    Raises FencedError where the slot's last worker was fenced and the other still has its place.
    Raises GroupUnreachableError.
    """
    held = subscription_of(settings, slot)
    if held is not None and slot.was_fenced:
        raise FencedError(slot)
    slot.note_fenced(fenced=False)
    if held is not None and held != frozenset(topics):
        leave_group(settings, slot, "subscription changed")
