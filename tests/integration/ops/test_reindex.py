"""Reindexing on the real engines while records arrive and readers read: no request fails, none misses a document."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

LEAST_READS = 5
BETWEEN_READS_S = 0.05
"""A reader that never pauses takes half of the machine from the reindex that it watches."""


class Readers:
    """Reads all links and some cases again and again, until told to stop; keeps what it missed and what failed."""

    def __init__(self, settings: Any, cases: set[str], links: set[str]) -> None:
        self.reads = 0
        self.wrong: list[str] = []
        self._settings, self._cases, self._links = settings, cases, links
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()))

    def __enter__(self) -> Readers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _read(self) -> None:
        async with connect(self._settings) as client:
            reader = IndexReader(client, Indices(self._settings.namespace, ""))
            while not self._stop.wait(BETWEEN_READS_S):
                try:
                    found = {link.link async for link in reader.every_link()}
                    held = await reader.read_cases(self._cases)
                except Exception as error:
                    self.wrong.append(repr(error))
                    continue
                self.wrong += [f"missed {one}" for one in (self._links - found) | (self._cases - set(held))]
                self.reads += 1


@pytest.mark.timeout(700)
def test_searches_are_complete_while_the_indices_are_replaced_under_load(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    wait_for: WaitFor,
    liaison: RunLiaison,
    elasticsearch_client: Elasticsearch,
    engine_environment: dict[str, str],
) -> None:
    feed, more = records.feed(90), records.feed(60, prefix="d")
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=240)
    links = set(installation.visible_links())
    cases = set(installation.cases({message.case for message in feed}))
    before = set(elasticsearch_client.indices.get(index=f"{installation.settings.namespace}*").body)

    engine_environment |= {"LIAISON_INDEX_SHARDS": "2,cases=3"}
    with Readers(installation.settings, cases, links) as readers:
        wait_for(lambda: readers.reads > 0)
        pushing = threading.Thread(target=lambda: [installation.push(more[n : n + 5]) for n in range(0, len(more), 5)])
        pushing.start()
        done = liaison("reindex", "--json")
        pushing.join()
        wait_for(lambda: readers.reads > LEAST_READS)
    assert done.returncode == 0, done.stderr
    rebuilt = {one["kind"]: one for one in json.loads(done.stdout)}
    assert readers.wrong == []
    after = set(elasticsearch_client.indices.get(index=f"{installation.settings.namespace}*").body)
    assert not before & after
    assert {one["index"] for one in rebuilt.values()} == after
    assert {one["refused"] for one in rebuilt.values()} == {0}

    count = len(feed) + len(more)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == count, deadline_s=240)
    installation.holds([*feed, *more])
    assert liaison("reindex", "--kind", "nothing").returncode == 1

    own = Indices(installation.settings.namespace, installation.generation)
    assert [
        setting(elasticsearch_client, own.write_alias(kind), "number_of_shards") for kind in ("cases", "links")
    ] == [
        "3",
        "2",
    ]
    engine_environment |= {"LIAISON_INDEX_REPLICAS": "0,cases=0-2"}
    done = liaison("reindex", "--replicas-only", "--json")
    assert set(json.loads(done.stdout)) == after
    assert setting(elasticsearch_client, own.write_alias("cases"), "auto_expand_replicas") == "0-2"
    assert setting(elasticsearch_client, own.write_alias("links"), "auto_expand_replicas") == "false"
    engine_environment |= {"LIAISON_INDEX_SHARDS": "case=3"}
    done = liaison("reindex")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert 'LIAISON_INDEX_SHARDS: there is no index "case"' in done.stderr


def setting(client: Elasticsearch, index: str, name: str) -> str:
    (body,) = client.indices.get_settings(index=index).body.values()
    return str(body["settings"]["index"][name])


@pytest.mark.timeout(700)
def test_a_reindex_that_was_killed_is_run_again(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    wait_for: WaitFor,
    liaison: RunLiaison,
    elasticsearch_client: Elasticsearch,
) -> None:
    """What it left behind: an index in the making, and writes blocked."""
    feed = records.feed(40)
    start_all()
    installation.push(feed[:20])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 20, deadline_s=240)
    own = Indices(installation.settings.namespace, installation.generation).write_alias("cases")
    elasticsearch_client.indices.create(index=f"{own}-2", aliases={f"{own}-next": {}})
    elasticsearch_client.indices.add_block(index=f"{own}-1", block="write")
    installation.push(feed[20:])
    done = liaison("reindex", "--kind", "cases", "--json")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=240)
    installation.holds(feed)
