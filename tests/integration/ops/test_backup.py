"""A backup of a working installation, cut off and gone on with, and its restore into one that holds nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.alerts import make_alert
from pipeline.access.audit import FACTS_FORMAT
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.access.folders import (
    FolderChart,
    ItemKind,
    Reference,
    Sight,
    add_visit,
    edit_item,
    make_folder,
    make_item,
)
from pipeline.access.guesses import AskedGuesses, GuessLedger, NamedGuess
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.reviews import Review, Verdict
from pipeline.errors import LiaisonError
from pipeline.index.decisions import DecisionReader
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.ops.backup import run as backing_up
from pipeline.ops.backup.files import BackupFolder
from pipeline.ops.backup.restore import restore_installation
from pipeline.ops.backup.run import copy_installation
from pipeline.ops.operation import audit_operation
from pipeline.secret_file import make_secret
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.audit.guess_log import GuessLog, guess_partition
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.kafka.topic_plans import find_differences
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.times import now
from support.access.requesters import make_requester
from support.installation.fixtures import STAGE_PROCESS
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES
from support.processes import warm
from support.processes.starting import Start, started
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(500), pytest.mark.rare]

ANNA = make_requester("fr-pj", subject="anna")
LINK = "0" * 32
NOW = datetime.now(UTC)


class CutOffError(Exception):
    """The process ends here."""


def cut_off_after(reads: int) -> Callable[[], None]:
    """A count that ends the work when it has been told of so many steps."""
    left = reads

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise CutOffError

    return count


def until_done(work: Callable[[Callable[[], None]], Any], first: int, step: int) -> tuple[Any, int]:
    """Let work be cut off after ever more steps until it gets through; returns its result and how often it was."""
    cuts = 0
    while True:
        try:
            return work(cut_off_after(first + cuts * step)), cuts
        except CutOffError:
            cuts += 1


async def decide(settings: Settings) -> None:
    """A review, a disclosure and an alert, each twice, as a person who thinks again."""
    async with DecisionLog(settings) as log:
        for verdict in (Verdict.UNSURE, Verdict.SAME):
            judged = Review("r1", LINK, "be-fp:1", "fr-pj:1", 1, 1, "g", verdict, "fr-pj", "anna", NOW, "a reason")
            await log.write(topics.REVIEWS, judged.id, judged)
        for move in (Move.REQUEST, Move.GRANT):
            step = ThreadStep(move, "be-fp", "bert", NOW, until=NOW + timedelta(days=9))
            await log.write(topics.DISCLOSURES, "d1", Disclosure("d1", "be-fp:1", "be-fp", "fr-pj", steps=(step,)))
        query = make_alert("q1", "Ivan Petrov", "FR", ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), NOW)
        await log.write(topics.SUBSCRIPTIONS, query.id, query)
        folder = make_folder("f1", "Kestrel", ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), NOW)
        note = edit_item(make_item("ab" * 8, folder, Reference(ItemKind.NOTE), ANNA, NOW), ANNA, NOW, text="a note")
        visit = add_visit(None, folder, ANNA, {note.id: Sight(b"123456")}, NOW)
        chart = FolderChart("f1", note.id, "fr-pj", NOW, "{}")
        await log.write_all([
            NewValue(topics.FOLDERS, folder.id, folder), NewValue(topics.FOLDER_ITEMS, note.key, note),
            NewValue(topics.FOLDER_CHARTS, note.key, chart), NewValue(topics.FOLDER_VISITS, "f1|anna", visit),
        ])  # fmt: skip
    async with audit_operation(settings, "something"):
        pass


async def decided(settings: Settings) -> list[Any]:
    """Every decision as readers see it, what was indexed a moment ago included."""
    async with connect(settings) as client:
        await client.indices.refresh(index=f"{settings.namespace}*")
        reader = DecisionReader(client, Indices(settings.namespace, ""), key_ring(settings))
        return [
            (await reader.reviews_of([LINK]))[LINK],
            await reader.read_threads(["d1"]),
            await reader.list_alerts("fr-pj", 10),
            await reader.list_folders("fr-pj", "anna"),
            await reader.list_folder_items("f1", 10),
            await reader.read_chart("f1", "ab" * 8),
            await reader.read_visit("f1", "anna"),
        ]


def known(installation: Installation) -> dict[tuple[str, str, str], str]:
    """What agencies know after all hits: the band by receiver, case and reference."""
    found: dict[tuple[str, str, str], str] = {}
    for hit in installation.hits():
        key = hit["receiver"], hit["case"], hit["reference"]
        found.pop(key, None)
        if hit["kind"] != "retracted":
            found[key] = hit.get("band", "")
    return found


@pytest.fixture
def elsewhere(engine_settings: Settings, tmp_path: Path) -> Installation:
    """An installation without anything but what `liaison topics apply` makes."""
    own = {"namespace": f"{engine_settings.namespace}2-", "home": tmp_path / "elsewhere"}
    found = Installation(engine_settings.model_copy(update=own))
    asyncio.run(apply_all(found.settings))
    return found


@pytest.fixture
def environment(engine_environment: dict[str, str], elsewhere: Installation) -> dict[str, str]:
    own = {"LIAISON_NAMESPACE": elsewhere.settings.namespace, "LIAISON_HOME": str(elsewhere.settings.home)}
    return engine_environment | own


@pytest.fixture
def start_there(environment: dict[str, str], elsewhere: Installation) -> Iterator[Start]:
    elsewhere.settings.home.mkdir()
    with started(STAGE_PROCESS, environment, elsewhere.settings.home) as start:
        yield start


def test_links_decisions_and_audit_are_as_before_however_often_it_was_cut_off(
    records: RecordMaker,
    installation: Installation,
    elsewhere: Installation,
    environment: dict[str, str],
    start_all: Callable[[], Any],
    start_there: Start,
    wait_for: WaitFor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, folder = installation.settings, BackupFolder(tmp_path / "backup")
    feed = records.feed(60)
    start_all()
    installation.push(feed)
    asyncio.run(decide(settings))
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=120)

    monkeypatch.setattr(backing_up, "SEGMENT_BYTES", 1)
    done, cuts = until_done(lambda count: asyncio.run(copy_installation(settings, folder, now, count)), 1, 5)
    assert cuts > 1
    assert done.finished
    with pytest.raises(LiaisonError, match="stop the workers first"):
        asyncio.run(restore_installation(settings, folder, lambda: None))

    back, cuts = until_done(lambda count: asyncio.run(restore_installation(elsewhere.settings, folder, count)), 2, 12)
    assert cuts > 1
    assert back.agencies == 4
    assert asyncio.run(read_control(elsewhere.settings)).audit_format == FACTS_FORMAT
    assert asyncio.run(restore_installation(elsewhere.settings, folder, lambda: None)).records == 0
    for stage in STAGES:
        start_there(stage)
    wait_for(elsewhere.at_rest, deadline_s=120)
    assert elsewhere.visible_links() == installation.visible_links() == installation.batch_links(feed)
    keys = {(message.key or b"").decode() for message in feed}
    assert elsewhere.cases(keys) == installation.cases(keys)
    assert asyncio.run(decided(elsewhere.settings)) == asyncio.run(decided(settings))
    assert known(elsewhere) == known(installation)
    verified = warm.run(["ops", "audit", "verify", "--json"], environment)
    assert json.loads(verified.stdout)["findings"] == []

    again = [*feed, records.message("fr-pj", "new")]
    elsewhere.push(again)
    wait_for(lambda: elsewhere.at_rest() and elsewhere.accounting().decided == len(again), deadline_s=120)
    counted = elsewhere.accounting()
    assert counted.balanced
    assert counted.accepted == 1, "intake knows every version that came before the backup"
    assert elsewhere.visible_links() == installation.visible_links()


def ask(settings: Settings, borns: Iterable[int], about: str = "") -> list[bool]:
    """Whether each of these dates with one name is refused."""

    async def answers() -> list[bool]:
        async with GuessLog(settings, GuessLedger(), now) as log:
            guesses = [NamedGuess(("0123456789abcdef",), f"{born:08x}") for born in borns]
            return [bool(await log.ask(AskedGuesses("fr-pj", about, (guess,)))) for guess in guesses]

    return asyncio.run(answers())


def held_guesses(settings: Settings) -> list[tuple[int, bytes | None]]:
    async def all_of_them() -> list[tuple[int, bytes | None]]:
        start = {guess_partition(settings): 0}
        return [(one.timestamp, one.value) async for part in read_partitions(settings, start) for one in part]

    return asyncio.run(all_of_them())


def test_what_was_guessed_is_guessed_still_with_the_days_in_which_it_counts(
    installation: Installation, elsewhere: Installation, tmp_path: Path
) -> None:
    """Whoever lost an installation could else ask three more dates with each name; new guesses count by their day."""
    settings, folder = installation.settings, BackupFolder(tmp_path / "backup")
    asyncio.run(decide(settings))
    assert ask(settings, range(1, 5), "fr-pj:9") == [False, False, False, True]
    before = held_guesses(settings)
    asyncio.run(copy_installation(settings, folder, now, lambda: None))
    asyncio.run(restore_installation(elsewhere.settings, folder, lambda: None))
    restored = now().timestamp() * 1000
    assert held_guesses(elsewhere.settings) == before
    assert ask(elsewhere.settings, range(1, 6)) == [False, False, False, True, True]
    late = held_guesses(elsewhere.settings)[len(before) :]
    assert late
    assert all(at >= restored for at, _ in late)
    planned = topics.plan_topics(elsewhere.settings, [], [])
    assert not [one for one in find_differences(elsewhere.settings, planned) if "timestamp" in one.key]


def test_what_it_would_not_go_with_is_refused_before_anything_is_written(
    records: RecordMaker, installation: Installation, elsewhere: Installation, tmp_path: Path
) -> None:
    folder = BackupFolder(tmp_path / "backup")
    asyncio.run(decide(installation.settings))
    asyncio.run(copy_installation(installation.settings, folder, now, lambda: None))
    another = make_secret(Settings(secret_file=tmp_path / "another"))
    [own] = key_ring(installation.settings).ids
    held = f"PARTITIONS={installation.settings.case_partitions}"
    for wrong, told in (({"secret_file": another}, f"{another} .* {own}"), ({"case_partitions": 8}, held)):
        other = Settings(**(elsewhere.settings.model_dump() | wrong))
        with pytest.raises(LiaisonError, match=told):
            asyncio.run(restore_installation(other, folder, lambda: None))
    asyncio.run(decide(elsewhere.settings))
    with pytest.raises(LiaisonError, match="is not empty"):
        asyncio.run(restore_installation(elsewhere.settings, folder, lambda: None))
