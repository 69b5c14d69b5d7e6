"""Decisions through Kafka into the index: effective before acknowledged, told once, rebuilt from what Kafka keeps."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
import pytest
from elasticsearch import Elasticsearch

from pipeline.access.alerts import Alert, close_alert, make_alert
from pipeline.access.break_glass import GlassReason, add_review, open_alone, request_opening
from pipeline.access.disclosure_threads import Disclosure, GlassVerdict, Urgency
from pipeline.access.disclosures import DisclosureAsk, add_grant, add_request, add_revocation, new_thread
from pipeline.access.notices import NoticeKind
from pipeline.access.release import CaseMeta, View, decide
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.reviews import Assignment, Review, Verdict, undo_review
from pipeline.access.text_limits import CASE_REFERENCE
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader, ThreadKind
from pipeline.index.engine import connect
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices
from pipeline.matching.handling import Handling
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from support.access.requesters import make_requester
from support.correlation.key_rings import RING
from support.installation.installation import Installation
from support.installation.notices import read_notices
from support.processes.starting import Process, Start
from support.waiting import WaitFor

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LINK = "0" * 32
CASE = CaseMeta("fr-pj:1", "fr-pj", Handling("H2", ("BE",), ("investigation",)))
ASKER = make_requester("be-fp", subject="asker")
OWNER = make_requester("fr-pj", subject="owner")
WHY = Grounds(Purpose.INVESTIGATION, "be 2026/7")
ASKED = add_request(
    new_thread(RING, CASE, ASKER), CASE, ASKER, WHY, DisclosureAsk("urgent", Urgency.URGENT, NOW + DAY), NOW
)
GRANTED = add_grant(ASKED, CASE, OWNER, NOW + 9 * DAY, "", NOW)
WANTED, JUSTIFIED = GlassReason("a life"), GlassVerdict.JUSTIFIED
REVIEW = Review("r1", LINK, "be-fp:1", "fr-pj:1", 1, 2, "g1", Verdict.SAME, "be-fp", "asker", NOW)

T = TypeVar("T")


class Decisions(NamedTuple):
    """Where decisions are written and read."""

    log: DecisionLog
    reader: DecisionReader

    async def disclose(self, disclosure: Disclosure) -> None:
        """Write a thread and wait until it is effective."""
        await self.reader.wait_until_effective(
            "disclosures", disclosure.id, await self.log.write(topics.DISCLOSURES, disclosure.id, disclosure)
        )

    async def seen(self) -> View:
        """How the asker sees the case under what is granted now."""
        grants = await self.reader.read_grants([CASE.case], ASKER)
        return decide(CASE, ASKER, Purpose.INVESTIGATION, NOW, grants).view


def run(settings: Settings, what: Callable[[Decisions], Awaitable[T]]) -> T:
    async def with_decisions() -> T:
        async with connect(settings) as client, DecisionLog(settings) as log:
            return await what(Decisions(log, DecisionReader(client, Indices(settings.namespace, ""), RING)))

    return asyncio.run(with_decisions())


StartProject = Callable[[], Process]


@pytest.fixture
def project(
    installation: Installation,
    start_stage: Start,
    wait_for: WaitFor,
    elasticsearch_client: Elasticsearch,
) -> StartProject:
    """Starts the project stage, and returns its process once it has made its indices.

    Decisions wait for it: it has yet to join its group.
    """

    def start() -> Process:
        process = start_stage("project")
        prefix = installation.settings.namespace
        names = [f"{prefix}{kind}" for kind in CATALOGUE]
        wait_for(lambda: elasticsearch_client.indices.exists_alias(name=names))
        elasticsearch_client.cluster.health(index=f"{prefix}*", wait_for_status="yellow", timeout="60s")
        return process

    return start


@pytest.fixture
def settings(installation: Installation, project: StartProject) -> Settings:
    """An installation whose project stage runs."""
    project()
    found: Settings = installation.settings
    return found


def test_what_was_acknowledged_is_effective(settings: Settings) -> None:
    async def story(decisions: Decisions) -> list[View]:
        views = [await decisions.seen()]
        for step in (ASKED, GRANTED, add_revocation(GRANTED, OWNER, "", NOW)):
            await decisions.disclose(step)
            views.append(await decisions.seen())
        return views

    assert run(settings, story) == [View.HIT, View.HIT, View.FULL, View.HIT]


def test_each_side_lists_its_threads(settings: Settings) -> None:
    async def story(decisions: Decisions) -> list[list[Disclosure | None]]:
        await decisions.disclose(GRANTED)
        asked = [await decisions.reader.list_disclosures(agency, role, 10) for agency, role in SIDES]
        return [[disclosure for disclosure, _ in found] for found in asked]

    assert run(settings, story) == [[GRANTED], [], [GRANTED], []]


SIDES = [("be-fp", "requester"), ("be-fp", "owner"), ("fr-pj", "owner"), ("fr-pj", "requester")]


def test_each_kind_of_thread_is_found_and_what_awaits_its_review_beneath_a_later_step(settings: Settings) -> None:
    def own(subject: str) -> Disclosure:
        return new_thread(RING, CASE, ASKER, subject)

    requested = request_opening(own("asking"), CASE, ASKER, WHY, WANTED, NOW)
    alone = open_alone(own("alone"), CASE, ASKER, WHY, WANTED, DAY, NOW)
    ended = add_revocation(open_alone(own("ended"), CASE, ASKER, WHY, WANTED, DAY, NOW), OWNER, "", NOW)
    reviewed = add_review(open_alone(own("reviewed"), CASE, ASKER, WHY, WANTED, DAY, NOW), OWNER, JUSTIFIED, "yes", NOW)
    again = request_opening(ended, CASE, ASKER, WHY, WANTED, NOW)

    async def story(decisions: Decisions) -> tuple[dict[ThreadKind, list[Disclosure | None]], list[list[Disclosure]]]:
        for disclosure in (ASKED, requested, alone, reviewed, again):
            await decisions.disclose(disclosure)
        found = {
            kind: [
                disclosure for disclosure, _ in await decisions.reader.list_disclosures("fr-pj", "owner", 10, kind=kind)
            ]
            for kind in ThreadKind
        }
        return found, [
            [disclosure async for disclosure in decisions.reader.late_reviews(NOW + at * DAY)] for at in (1, 2)
        ]

    found, late = run(settings, story)
    assert found == {
        ThreadKind.ALL: [again, reviewed, alone, requested, ASKED],
        ThreadKind.ASKED: [ASKED],
        ThreadKind.AWAITING_ANSWER: [ASKED],
        ThreadKind.BREAK_GLASS: [again, reviewed, alone, requested],
        ThreadKind.AWAITING_CONFIRMATION: [again, requested],
        ThreadKind.AWAITING_REVIEW: [again, alone],
    }
    assert late == [[], [alone, again]]


def test_reviews_and_assignments_are_read_as_soon_as_they_are_effective(settings: Settings) -> None:
    async def story(decisions: Decisions) -> tuple[list[Review], list[Review], dict[str, str], dict[str, str]]:
        kept = []
        for review in (REVIEW, undo_review(REVIEW, ASKER, NOW)):
            offset = await decisions.log.write(topics.REVIEWS, review.id, review)
            await decisions.reader.wait_until_effective("reviews", review.id, offset)
            kept.append((await decisions.reader.reviews_of([LINK]))[LINK])
        assigned = Assignment(LINK, "be-fp", "someone", "asker", NOW)
        offset = await decisions.log.write(topics.ASSIGNMENTS, assigned.id, assigned)
        await decisions.reader.wait_until_effective("assignments", assigned.id, offset)
        own, other = [await decisions.reader.read_assignees(agency, [LINK]) for agency in ("be-fp", "fr-pj")]
        return kept[0], kept[1], own, other

    first, second, own, other = run(settings, story)
    assert first == [REVIEW]
    assert [review.undone for review in second] == [True]
    assert (own, other) == ({LINK: "someone"}, {})


def test_a_notice_goes_to_each_agency_once_even_if_the_stage_is_killed(
    settings: Settings, start_stage: Start, wait_for: WaitFor
) -> None:
    killed = start_stage("notify", "--kill-after", "transaction")

    async def ask(decisions: Decisions) -> None:
        await decisions.disclose(ASKED)

    run(settings, ask)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    start_stage("notify")

    async def answer(decisions: Decisions) -> None:
        await decisions.disclose(GRANTED)

    run(settings, answer)
    wait_for(lambda: len(read_notices(settings)) == 2)
    expected = [("fr-pj", NoticeKind.DISCLOSURE_REQUEST), ("be-fp", NoticeKind.DISCLOSURE_ANSWER)]
    assert [(one.agency, one.kind) for one in read_notices(settings)] == expected

    def read_by(agency: str, after: int = -1) -> list[Any]:
        return run(settings, lambda decisions: decisions.reader.list_notices(agency, after, 10))

    (notice,) = wait_for(lambda: read_by("be-fp"))
    assert notice.reference == ASKED.id
    assert read_by("be-fp", notice.position) == []


def test_the_index_is_rebuilt_from_what_kafka_keeps(
    installation: Installation,
    project: StartProject,
    wait_for: WaitFor,
    elasticsearch_client: Elasticsearch,
    kafka_admin: Any,
) -> None:
    first, settings = project(), installation.settings
    run(settings, lambda decisions: decisions.disclose(ASKED))
    run(settings, lambda decisions: decisions.disclose(GRANTED))
    first.send_signal(signal.SIGINT)  # for good: a group with members is not deleted
    first.wait(timeout=60)
    elasticsearch_client.indices.delete(index=Indices(settings.namespace, "").first_index("disclosures"))
    kafka_admin.delete_groups([f"{settings.namespace}project-{installation.generation}"])
    project()

    def is_open() -> bool:
        try:
            return run(settings, lambda decisions: decisions.seen()) is View.FULL
        except LiaisonError:  # the new index is there a moment before its shard
            return False

    wait_for(is_open)


@pytest.mark.rare
def test_an_alert_from_before_case_references_had_a_limit_is_listed_and_stopped(settings: Settings) -> None:
    """Elasticsearch refuses a term of more than 32,766 bytes, so its document was never there."""
    long = make_alert("0" * 32, "ivan petrov", "", ASKER, WHY, NOW)
    long = msgspec.structs.replace(long, case_reference="x" * 40_000)

    async def write(decisions: Decisions, value: Alert) -> None:
        offset = await decisions.log.write(topics.SUBSCRIPTIONS, value.id, value)
        await decisions.reader.wait_until_effective("subscriptions", value.id, offset)

    async def story(decisions: Decisions) -> list[str]:
        await write(decisions, long)
        held = await decisions.reader.alerts_of([long.id])
        await write(decisions, close_alert(held[long.id], NOW))
        over = await decisions.reader.alerts_of([long.id])
        return [held[long.id].case_reference, over[long.id].state]

    assert run(settings, story) == ["x" * CASE_REFERENCE.most, "ended"]
