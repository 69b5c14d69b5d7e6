"""I3 over HTTP: of two real installations one holds records more that their readers may not know of.

One runs after the other, with the same secret, the same ids and the same pushes, and each is asked the same story
(tests/support/no_leak/story.py). What is answered must be the same, but for what tests/support/no_leak/twins.py names.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

import pytest
from kafka import KafkaAdminClient

from pipeline.access.audit import ActKind
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.token_keys import LOCAL_KEY, issue_token
from pipeline.api.list_store import ListStore
from pipeline.correlation.claims import link_id
from pipeline.engines.endpoints import Endpoints
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.private_files import write_private
from pipeline.settings import Settings
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.monitoring.lag import measure_lag
from support.correlation.key_rings import FIRST
from support.installation.fixtures import STAGE_PROCESS
from support.installation.installation import Installation
from support.installation.provisioning import provision
from support.installation.records import Message
from support.no_leak import story
from support.no_leak.story import PEOPLE, Until
from support.no_leak.twins import Answers, Asker, compared, differing
from support.no_leak.worlds import CaseSpec
from support.ports import own_port
from support.processes.starting import started
from support.waiting import wait

pytestmark = [
    pytest.mark.engines,
    pytest.mark.rare,
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("twin installations"),
]

STAGES = ("intake", "correlate", "project", "notify", "attest")
SERVER_PROCESS = "support.web.server_process"
LIFE = timedelta(hours=12)

NewNamespace = Callable[[], AbstractContextManager[str]]


class Twin:
    """One of the two while it runs."""

    def __init__(self, settings: Settings, admin: KafkaAdminClient, tokens: dict[str, str]) -> None:
        self._settings, self._installed, self._tokens = settings, Installation(settings, admin), tokens
        self._port = own_port()

    def start(self, running: ExitStack) -> Asker:
        """Start its processes; who asks it."""
        settings = self._settings
        asyncio.run(provision(settings, story.COUNTRIES))
        environment = os.environ | {
            f"LIAISON_{name.upper()}": str(getattr(settings, name)) for name in settings.model_fields_set
        }
        start_stage = running.enter_context(started(STAGE_PROCESS, environment, settings.home))
        for stage in STAGES:
            start_stage(stage)
        running.enter_context(started(SERVER_PROCESS, environment, settings.home))(str(self._port), "--seeded")
        wait(lambda: accepts(LOOPBACK, self._port))
        url = f"http://{LOOPBACK}:{self._port}"
        return running.enter_context(Asker(url, settings.namespace, self._tokens, self._wait_until))

    def push(self, specs: Iterable[CaseSpec]) -> None:
        """Push these cases, and wait until they have gone through."""
        self._installed.push([Message(*one) for one in story.push_of(specs)])
        self._wait_until(Until.REST)

    def links(self) -> set[str]:
        """The ids of its links, also of those that hardly anybody may know of."""
        return {*self._installed.visible_links()}

    async def acts(self) -> Counter[tuple[str, str]]:
        """How many acts of each kind its audit holds, by agency."""
        return Counter([(entry.agency, entry.kind) async for entry in read_entries(self._settings)])

    def _wait_until(self, until: Until) -> None:
        wait(self._is_at_rest if until is Until.REST else self._are_lists_done)

    def _is_at_rest(self) -> bool:
        return self._installed.at_rest() and not any(lag.lag for lag in asyncio.run(measure_lag(self._settings)))

    def _are_lists_done(self) -> bool:
        cipher = QueryCipher(keys_in(self._settings.audit_key_folder))
        lists = ListStore(self._settings.list_folder, cipher, self._settings.namespace)
        return all(lists.read_progress(job).is_done for job in lists.list_all_jobs())


class Told(NamedTuple):
    """What an installation answered: to the story, and at its end, when it may have been given another record."""

    answers: Answers
    closing: Answers
    links: set[str]
    acts: Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def tell(
    engines: Endpoints,
    kafka_admin: KafkaAdminClient,
    new_namespace: NewNamespace,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Told]:
    """Run an installation that holds further records from the start, or at the end."""
    base = tmp_path_factory.mktemp("twins")
    write_private(base / "secret", FIRST)
    signing = Settings(home=base, secret_file=None)
    tokens = {name: issue_token(signing, who, datetime.now(UTC), LIFE) for name, who in PEOPLE.items()}

    def run(hidden: Iterable[CaseSpec] = (), last: Iterable[CaseSpec] = ()) -> Told:
        home = tmp_path_factory.mktemp("twin")
        write_private(home / LOCAL_KEY, (base / LOCAL_KEY).read_bytes())
        with new_namespace() as namespace, ExitStack() as running:
            settings = Settings(
                kafka_url=engines.kafka, elasticsearch_url=engines.elasticsearch, namespace=namespace, home=home,
                secret_file=base / "secret", case_partitions=1, correlate_partitions=1, max_index_lag=0,
                request_rate=1_000_000,
            )  # fmt: skip
            twin = Twin(settings, kafka_admin, tokens)
            asker = twin.start(running)
            answers = asker.ask_all(story.opening())
            for at, batch in enumerate(story.BATCHES):
                twin.push([*(hidden if at == story.HIDDEN_BEFORE else ()), *batch])
            answers += asker.ask_all(story.main_part())
            links, acts = twin.links(), asyncio.run(twin.acts())
            if last:
                twin.push(last)
            return Told(answers, asker.ask_all(story.closing()), links, acts)

    return run


@pytest.fixture(scope="module")
def without(tell: Callable[..., Told]) -> Told:
    """The installation that never held what is hidden; at its end it is given a record that is hidden from nobody."""
    return tell(last=[story.READABLE])


@pytest.fixture(scope="module")
def holding(tell: Callable[..., Told]) -> Told:
    """The one that holds what is hidden."""
    return tell(hidden=story.HIDDEN)


def test_hidden_records_change_no_answer(without: Told, holding: Told) -> None:
    assert differing(without.answers, holding.answers) == {}


def test_the_hidden_records_are_there_and_linked(without: Told, holding: Told) -> None:
    linked = {link_id("be-fp:0", story.SILENT.key), link_id("be-fp:0", story.UNRELEASED.key)}
    assert linked | {link_id("be-fp:1", story.UNGUESSED.key)} <= holding.links - without.links
    shown = {step.who: answer.body for step, answer in holding.answers if step.path == "/v1/search"}
    assert story.SILENT.key in shown["owner"]
    assert story.UNRELEASED.key in shown["neighbour"]


def test_hidden_records_add_no_act(without: Told, holding: Told) -> None:
    """Nor one of those whose audit nobody here reads.

    Of who listens to streams acts are as many as their polls, and the log signs its head as time goes by.
    """
    listening = {"be-fp", "lu-pg"}
    added = (holding.acts - without.acts) + (without.acts - holding.acts)
    by_time = {act for act in added if act[0] in listening or act[1] is ActKind.CHECKPOINT}
    assert {act: count for act, count in added.items() if act not in by_time} == {}


OWNERS_ALONE = {
    "GET /v1/disclosures/{name}/evidence", "POST /v1/disclosures/{name}/grant", "POST /v1/disclosures/{name}/refuse",
    "POST /v1/disclosures/{name}/revoke", "POST /v1/break-glass/{name}/review",
}  # fmt: skip
"""What those whose answers are compared are refused, as they own no hit-only record."""


def test_each_operation_is_answered_and_not_refused_alone(without: Told) -> None:
    answers = compared(without.answers).items()
    given = {
        operation for (operation, _), found in answers if any(one.status < HTTPStatus.BAD_REQUEST for one in found)
    }
    assert {operation for (operation, _), _ in answers} - given == OWNERS_ALONE


SHOWING = {
    "POST /v1/search", "POST /v1/search/facets", "GET /v1/cases/{key}", "GET /v1/links", "GET /v1/links/{link}",
    "GET /v1/graph", "GET /v1/timeline", "GET /v1/entities", "GET /v1/deconfliction", "GET /v1/statistics",
    "GET /v1/export/{what}", "POST /export", "GET /cases/{key:path}", "GET /chart",
    "POST /v1/chart/expand", "POST /v1/chart/hubs",
    "GET /entities/{entity}/of/{key:path}", "GET /links/{link_id}/of/{key:path}", "GET /notices", "GET /statistics",
}  # fmt: skip
"""Operations that show a record to whom it is released: there a leak would be found."""


def test_a_record_that_may_be_read_is_found(without: Told, holding: Told) -> None:
    assert SHOWING - {operation for operation, _ in differing(without.closing, holding.closing)} == set()
