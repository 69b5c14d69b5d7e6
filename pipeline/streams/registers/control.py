"""The topic `control`: which generations exist, each with its model, and which of them is active.

All processes follow it: intake writes the fingerprints of the active generation, readers read it, and only its project
stage tells agencies of links. A generation's model travels with it, so that no worker needs a file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from typing import Final, Literal, NamedTuple

import msgspec
from aiokafka import TopicPartition

from pipeline.access.audit import PLAIN_FORMAT
from pipeline.errors import LiaisonError
from pipeline.matching.model import Model, generation_id, take_on
from pipeline.matching.model_file import ModelFile, encode_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.positions import RejectedBatch
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import plain_consumer, read_table, watch_table

ACTIVE: Final = "active_generation"
ONE: Final = "generation"
AUDIT_FORMAT: Final = "audit_format"
"""The key of what says in which format entries of `audit` may be written."""


class ControlSetting(
    msgspec.Struct, frozen=True, omit_defaults=True, rename={"correlate_partitions": "block_partitions"}
):
    """Value of topic `control`: a generation that is computed, with what it is computed with, or which is active.

    Or a damaged batch that an operator gives up, or, under the key `audit_format`, up to which format every process
    reads the audit trail. Version 0.3.0 ends at a value whose `setting` it does not know, and passes over a
    `rejected_batch` whose key names no partition: so that one bears the name. `block_partitions` too is a name of an
    earlier version, whose values are read.
    """

    setting: Literal["active_generation", "generation", "rejected_batch"]
    value: str
    by: str
    time: str
    correlate_partitions: int = 0
    model: msgspec.Raw = msgspec.Raw(b"null")
    born: tuple[int, ...] = ()
    batch: RejectedBatch | None = None
    audit_format: int = 0


@dataclass(frozen=True)
class Generation:
    """A generation that is computed: `model` is its model file, `by` set it up at `time`.

    `born` are the ends of the partitions of `accepted` at that moment: a record before them that names this generation
    was taken in during an earlier life of it, and its fingerprint is not in `fingerprints`.
    """

    id: str
    by: str
    time: str
    correlate_partitions: int
    model: bytes
    born: tuple[int, ...] = ()

    def read_model_file(self) -> ModelFile:
        """The model's file. Raises LiaisonError where this program can't read it."""
        try:
            return msgspec.json.decode(self.model, type=ModelFile)
        except msgspec.MsgspecError as error:
            raise LiaisonError(self._unreadable) from error

    def compile_model(self) -> Model:
        """The model, ready to score. Raises LiaisonError where this program makes another generation of it.

        It would fingerprint or score otherwise than those who set the generation up (pipeline.matching.model).
        """
        try:
            made = Model(self.read_model_file())
        except (ValueError, KeyError) as error:
            raise LiaisonError(self._unreadable) from error
        if (own := generation_id(made, self.correlate_partitions)) != self.id:
            raise LiaisonError(
                f"generation {self.id} is another version's of Liaison, which must run its workers; "
                f"this one makes {own} of its model: compute that by `liaison ops generation build`, then switch"
            )
        return made

    def take_model_on(self, otherwise: str) -> Model:
        """The model for another generation: this program's own where it shipped with another version of Liaison.

        What an operator set in it stays. Raises LiaisonError where it was trained for comparisons of another version,
        with what an operator does `otherwise`.
        """
        try:
            return take_on(self.read_model_file())
        except (LiaisonError, ValueError, KeyError) as error:
            raise LiaisonError(f"{self._unreadable}: {otherwise}") from error

    @property
    def _unreadable(self) -> str:
        return f"this version of Liaison can't read the model of generation {self.id}"

    def apply_to_settings(self, settings: Settings) -> Settings:
        """The settings, with what the generation fixes."""
        return settings.model_copy(update={"correlate_partitions": self.correlate_partitions})


class GenerationControl(NamedTuple):
    """All that `control` says; `active` is "" before the first generation is registered.

    `audit_format` is the latest format of audit entries that every process reads: none is written in a later one.
    """

    active: str
    generations: dict[str, Generation]
    audit_format: int = PLAIN_FORMAT

    def find_generation(self, wanted: str = "") -> Generation:
        """A generation, the active one by default. Raises LiaisonError for one that is not registered."""
        found = self.generations.get(wanted or self.active)
        if found is None and wanted:
            raise LiaisonError(f"no generation {wanted}; see `liaison ops generation status`")
        if found is None:
            raise LiaisonError("no generation yet; run `liaison topics apply`")
        return found


_decode = msgspec.json.Decoder(ControlSetting).decode


def decode_control(table: Mapping[bytes, bytes]) -> GenerationControl:
    """What the values of the topic say, by their keys."""
    settings = [_decode(table[key]) for key in sorted(table)]
    active = next((setting.value for setting in settings if setting.setting == ACTIVE), "")
    return GenerationControl(
        active,
        {
            one.value: Generation(one.value, one.by, one.time, one.correlate_partitions, bytes(one.model), one.born)
            for one in settings
            if one.setting == ONE
        },
        max((one.audit_format for one in settings), default=0) or PLAIN_FORMAT,
    )


async def read_control(settings: Settings) -> GenerationControl:
    """What holds now. Raises LiaisonError before `topics apply`."""
    return decode_control(await read_table(settings, await _find_topic(settings)))


async def watch_control(settings: Settings) -> AsyncGenerator[GenerationControl]:
    """What holds now, and then after every change; never ends. Raises LiaisonError before `topics apply`."""
    async with aclosing(watch_table(settings, await _find_topic(settings))) as tables:
        async for table in tables:
            yield decode_control(table)


async def _find_topic(settings: Settings) -> str:
    topic = topics.topic_name(settings, topics.CONTROL)
    # aiokafka asks for a missing topic without a pause. In a thread: a broker that hangs must not hold up the loop.
    await asyncio.to_thread(read_ids, settings, [topic])
    return topic


async def wait_for_change(settings: Settings, seen: Callable[[GenerationControl], object], known: object) -> None:
    """Return as soon as what is `seen` of the control topic differs from what is known."""
    async with aclosing(watch_control(settings)) as states:
        async for held in states:
            if seen(held) != known:
                return


async def changed_for(settings: Settings, held: GenerationControl, wanted: str) -> None:
    """Return once what a worker stands on is another: its generation has gone, or another one is active."""

    def seen(now: GenerationControl) -> object:
        return not wanted or wanted in now.generations, now.active

    await wait_for_change(settings, seen, seen(held))


def new_generation(model: Model, correlate_partitions: int) -> Generation:
    """The generation that this program makes of a model."""
    by, time = _author_and_time()
    return Generation(
        generation_id(model, correlate_partitions),
        by,
        time,
        correlate_partitions,
        encode_model(model.file, canonical=True),
    )


def tell_replaced(former: Generation, taken: ModelFile) -> str:
    """What an operator is told where this program's own model is taken for a generation's; "" where that stays."""
    if (version := former.read_model_file().version) == taken.version:
        return ""
    return f"model {version} shipped with another version of Liaison: {taken.version} of this one is taken"


async def register_generation(settings: Settings, generation: Generation) -> None:
    """Make a generation known, whose topics must be there; workers then begin to compute it."""
    born = await _ends_of_accepted(settings)
    setting = ControlSetting(
        ONE,
        generation.id,
        generation.by,
        generation.time,
        generation.correlate_partitions,
        msgspec.Raw(generation.model),
        born,
    )
    await _write_setting(settings, _generation_key(generation.id), setting)


async def _ends_of_accepted(settings: Settings) -> tuple[int, ...]:
    accepted = topics.topic_name(settings, topics.ACCEPTED)
    partitions = [TopicPartition(accepted, p) for p in range(topics.partition_count(settings, topics.ACCEPTED))]
    async with plain_consumer(settings, partitions) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return tuple(ends[partition] for partition in partitions)


async def activate_generation(settings: Settings, generation: str) -> None:
    """Make a registered generation the active one."""
    await _write_setting(settings, ACTIVE, ControlSetting(ACTIVE, generation, *_author_and_time()))


async def deactivate_all(settings: Settings) -> None:
    """Leave no generation active: workers and readers wait for one."""
    await _write_setting(settings, ACTIVE, None)


async def reject_batch(settings: Settings, batch: RejectedBatch) -> None:
    """Order that a damaged batch be given up: whoever finds it damaged still goes on after it."""
    where = f"{batch.topic}-{batch.partition}-{batch.offset}"
    await _write_setting(settings, batch.key, ControlSetting(batch.SETTING, where, *_author_and_time(), batch=batch))


async def set_audit_format(settings: Settings, newest: int) -> None:
    """Say that every process reads entries of the audit trail up to this format, so that they are written in it."""
    said = ControlSetting(RejectedBatch.SETTING, str(newest), *_author_and_time(), audit_format=newest)
    await _write_setting(settings, AUDIT_FORMAT, said)


async def remove_generation(settings: Settings, generation: str) -> None:
    """Forget a generation; its workers end."""
    await _write_setting(settings, _generation_key(generation), None)


def _generation_key(generation: str) -> str:
    return f"{ONE}|{generation}"


def _author_and_time() -> tuple[str, str]:
    """Who sets something, and when; a container's user may have no name."""
    try:
        by = getuser()
    except (KeyError, OSError):
        by = f"uid {os.getuid()}"
    return by, datetime.now(UTC).isoformat(timespec="milliseconds")


async def _write_setting(settings: Settings, key: str, setting: ControlSetting | None) -> None:
    value = None if setting is None else msgspec.json.encode(setting)
    async with plain_producer(settings) as producer:
        await producer.send_and_wait(topics.topic_name(settings, topics.CONTROL), value, key=key.encode())
