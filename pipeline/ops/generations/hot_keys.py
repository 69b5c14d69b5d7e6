"""Keys that too many cases bear, over what a generation holds: which, and what a stop list of them saves and costs.

A generation's topic is read two or three times, so that memory stays bounded however many keys there are; each key is
counted in the partition where its block is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import msgspec
from aiokafka import TopicPartition

from pipeline.correlation.crowded_blocks import MOST_DRAWN, BlockSurvey, KeySieve
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.stop_lists import StopCosts, StopProposal
from pipeline.matching.fingerprint import Fingerprint
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation

_decode = msgspec.json.Decoder(Fingerprint).decode


async def find_hot_keys(settings: Settings, generation: Generation, over: int) -> set[int]:
    """The blocking keys that more than `over` cases bear now."""
    own = generation.apply_to_settings(settings)
    found: set[int] = set()
    for source in _sources(own, generation):
        survey = await _survey_partition(own, source, over, drawn=0)
        found |= {block.key for block in survey.find_blocks(most=None)}
    return found


async def propose_stop_list(
    settings: Settings,
    generation: Generation,
    matcher: Matcher,
    over: int,
    worth: int,
    on_partition: Callable[[], object] = lambda: None,
) -> tuple[StopProposal, ...]:
    """What leaving out the keys that more than `over` cases bear would save and cost, the largest blocks first.

    `worth` is how many pairs a link may cost (stop_lists.WORTH). `on_partition` is called after each partition of
    `blocks` that was read.
    """
    own = generation.apply_to_settings(settings)
    sources = _sources(own, generation)
    blocks = []
    for source in sources:
        blocks += (await _survey_partition(own, source, over, drawn=MOST_DRAWN)).find_blocks()
        on_partition()
    costs = StopCosts(blocks, matcher)
    for source in sources if blocks else ():
        async for cases in _read_cases(own, source):
            costs.add_cases(cases)
        on_partition()
    return costs.propose(worth)


def _sources(settings: Settings, generation: Generation) -> list[TopicPartition]:
    name = topics.topic_name(settings, topics.BLOCKS, generation=generation.id)
    return [TopicPartition(name, partition) for partition in range(settings.block_partitions)]


async def _survey_partition(settings: Settings, source: TopicPartition, over: int, drawn: int) -> BlockSurvey:
    sieve = KeySieve(source.partition, settings.block_partitions)
    async for cases in _read_cases(settings, source):
        sieve.add_cases(cases)
    survey = BlockSurvey(sieve, over, drawn)
    async for cases in _read_cases(settings, source):
        survey.add_cases(cases)
    return survey


async def _read_cases(settings: Settings, source: TopicPartition) -> AsyncIterator[list[Fingerprint]]:
    async for records in read_partitions(settings, {source: 0}):
        yield [_decode(record.value) for record in records if record.value is not None]
