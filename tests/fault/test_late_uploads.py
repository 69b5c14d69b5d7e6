"""An upload behind a network that delays, repeats and reorders requests: every line is there once."""

from __future__ import annotations

import random
from functools import partialmethod

import pytest
from aiokafka import TopicPartition

from pipeline.errors import LiaisonError
from pipeline.feeds import pushing
from pipeline.feeds.checking import CheckedLine
from pipeline.feeds.pushing import PushResult, push_lines
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import FailFastProducer
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers import registry
from support.late_requests.proxy import Api, LateRequestProxy, Treatment
from support.late_requests.world import REQUEST_TIMEOUT_MS, treatment

pytestmark = pytest.mark.engines

LINES = 60
SEEDS = range(1, 9)


async def push_again_where_fenced(settings: Settings, upload: str, lines: list[CheckedLine]) -> PushResult:
    """As an agency does: its own InitProducerId, come late, has fenced the attempt."""
    while True:
        try:
            return await push_lines(settings, "fr-pj", upload, lines, lambda _lines: None)
        except LiaisonError as error:
            if "another run" not in str(error):
                raise


async def test_every_line_of_an_upload_is_sent_once(engine_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = partialmethod(FailFastProducer.__init__, request_timeout_ms=REQUEST_TIMEOUT_MS)
    monkeypatch.setattr(FailFastProducer, "__init__", impatient)
    monkeypatch.setattr(pushing, "CHUNK_LINES", 10)
    await registry.register_agency(engine_settings, Agency("fr-pj", "FR"))
    chance = random.Random(1)

    def treat(transactional_id: str, api: Api) -> Treatment:
        return treatment(chance)

    async with LateRequestProxy(engine_settings, treat) as proxy:
        for seed in SEEDS:
            lines = [CheckedLine(number, b"%d-%d" % (seed, number)) for number in range(1, LINES + 1)]
            pushed = await push_again_where_fenced(proxy.behind, str(seed), lines)
            assert (pushed.before + pushed.sent, pushed.reached.line) == (LINES, LINES)
            await proxy.deliver(f"{topics.upload_prefix(engine_settings, 'fr-pj')}{seed}")
    topic = topics.topic_name(engine_settings, topics.CASES, agency="fr-pj")
    starts = {TopicPartition(topic, number): 0 for number in range(engine_settings.case_partitions)}
    found = [record.value async for records in read_partitions(engine_settings, starts) for record in records]
    assert sorted(found) == sorted(b"%d-%d" % (seed, n) for seed in SEEDS for n in range(1, LINES + 1))
    assert sum(proxy.refused.values()) > 0
