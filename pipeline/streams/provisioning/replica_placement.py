"""Which brokers take the replicas that partitions lack. Pure: no broker is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

ReplicaAssignment = Mapping[TopicPartition, Sequence[int]]
"""The ids of the brokers that hold each partition, the preferred leader first."""


def add_replicas(
    assigned: ReplicaAssignment, racks: Mapping[int, str | None], replicas: int
) -> dict[TopicPartition, list[int]]:
    """Returns the new assignment of each partition that has fewer than `replicas`; what it has it keeps, in order.

    A new replica goes to a broker of a rack that holds none of the partition's, if there is one, and of those to the
    broker that holds fewest replicas. `racks` are the brokers that may take one, with the rack of each; a partition
    gets no more replicas than they allow.
    """
    held = Counter(broker for brokers in assigned.values() for broker in brokers)
    changed: dict[TopicPartition, list[int]] = {}
    for partition in sorted(assigned):
        brokers = list(assigned[partition])
        while len(brokers) < replicas and (free := sorted(racks.keys() - brokers)):
            used = {racks[broker] for broker in brokers if racks.get(broker) is not None}
            chosen = min(free, key=lambda broker: (racks[broker] in used, held[broker]))
            held[chosen] += 1
            brokers.append(chosen)
        if len(brokers) > len(assigned[partition]):
            changed[partition] = brokers
    return changed
