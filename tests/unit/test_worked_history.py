"""The history that docs/streams.md tells of homes and meeting places is what they do: two cases that share a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.correlation.home_store import MemoryHomeStore
from pipeline.correlation.key_kinds import owner_partition
from pipeline.correlation.postings import decode_postings
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    JudgedClaim,
    Posting,
    ProtocolMessage,
    Watch,
    case_id,
    decode_pair_message,
)
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.handling import Handling
from pipeline.records.normalised import NormalisedEntity, NormalisedPhone
from support.convergence.matchers import real
from support.convergence.stages import FINGERPRINTS, PAIRS, WATCHES, HomeWorker, MeetingWorker
from support.convergence.world import World

PAGE: Final = Path(__file__).parents[2] / "docs" / "streams.md"
OPEN: Final = Handling("H0", ("*",), ("correlation",))
PARTITIONS: Final = 3
B, A = "a:1", "b:1"
"""The case whose id is the lower one is A, whatever it is called."""
NAMES: Final = {case_id(case): case for case in (A, B)}


def _phone(number: str) -> EntityPrint:
    return entity_print(NormalisedEntity("n", "phone", phones=(NormalisedPhone(f"+33{number}", number),)))


SHARED, OTHER = _phone("612345678"), _phone("612345680")


class ToldWorld(World):
    """A world that notes, for each transaction of a home or a meeting place, what it sends."""

    def __init__(self) -> None:
        super().__init__(real(), PARTITIONS)
        self.rows: list[dict[str, Any]] = []
        self.sent_last: list[str] = []

    def send_from_home(self, worker: HomeWorker, positions: Any, messages: Sequence[ProtocolMessage]) -> None:
        super().send_from_home(worker, positions, messages)
        self.sent_last = [self._tell(message) for message in messages]

    def send_from_meeting_place(self, worker: MeetingWorker, applied: int, asks: Sequence[Ask]) -> None:
        super().send_from_meeting_place(worker, applied, asks)
        self.sent_last = [self._tell(ask) for ask in asks]

    def _tell(self, message: ProtocolMessage) -> str:
        if isinstance(message, Posting):
            return f"posting to {message.partition}: {self._tell_posting(message.case, message.value)}"
        if isinstance(message, JudgedClaim):
            claim = message.claim
            return f"{claim.state} {claim.a.case} v{claim.a.version}, {claim.b.case} v{claim.b.version}"
        if isinstance(message, Ask):
            return f"ask for {NAMES[message.a]}, {NAMES[message.b]}"
        if isinstance(message, Answer):
            return f"answer: {NAMES[message.b]} v{message.version.fingerprint.version}"
        on = "on" if message.on else "off"
        if isinstance(message, Watch):
            return f"watch {NAMES[message.b]} {on}, v{message.order_b // 2} judged"
        return f"follow {on}"

    def _tell_posting(self, case: bytes, value: bytes) -> str:
        found = decode_postings([case], [value], self.matcher.screen.words)
        keys = {0: "no key", 1: "1 key"}[int(found.counts[0])]
        return f"{NAMES[case]} v{int(found.orders[0]) // 2}, {keys}"

    def tell_record(self, key: Any, value: Any) -> str:
        """A record, as it is taken."""
        if isinstance(value, bytes):
            if len(key) == len(case_id(A)):
                return f"posting: {self._tell_posting(key, value)}"
            return self._tell(decode_pair_message(key, value))
        first = ", the first" if value.first else ""
        return f"{value.version.fingerprint.case} v{value.version.fingerprint.version}{first}"

    def step_home(self, at: int, source: str, crash: str = "") -> None:
        """A home takes what waits in a source."""
        home = self.homes[at]
        log = {FINGERPRINTS: self.fingerprints, PAIRS: self.pairs, WATCHES: self.watches}[source][at]
        waiting = log.records(home.kept.positions[source].offset, log.end)
        home.step(source, 100, crash)
        self._note(f"home {at}", waiting, crash)

    def step_place(self, at: int) -> None:
        """A meeting place takes what waits."""
        waiting = self.postings[at].records(self.met[at], self.postings[at].end)
        self.places[at].step(100, "")
        self._note(f"meeting place {at}", waiting, "")

    def _note(self, at: str, waiting: Sequence[tuple[int, Any, Any]], crash: str) -> None:
        takes = [self.tell_record(key, value) for _, key, value in waiting]
        row = {"at": at, "takes": takes, "sends": self.sent_last}
        self.rows.append(row | ({"then": crash} if crash else {}))

    def note_home(self, at: int, what: str) -> None:
        """What a home's store knows after it was opened."""
        store = self.homes[at].home.store
        flags = [name for name, on in (("rebuilt", store.rebuilt), ("behind", store.behind)) if on]
        cases = [NAMES[case] for case in store.get_versions(list(NAMES))]
        watching, followed = (
            [NAMES[one] for some in found for one in some]
            for found in (store.get_watching(list(NAMES)), store.get_followed(list(NAMES)))
        )
        knows = {"store": flags, "holds": cases, "watched by": watching, "follows": followed}
        self.rows.append({"at": f"home {at}", "opens": what, **knows})


def _play() -> list[dict[str, Any]]:
    world = ToldWorld()
    home_a, home_b = 2, 1
    # 1. Two cases, one phone.
    world.send(B, (SHARED,), OPEN, "", withdrawn=False)
    world.send(A, (SHARED,), OPEN, "", withdrawn=False)
    world.intake.step(100, "")
    world.step_home(home_b, FINGERPRINTS)
    world.step_place(0)
    world.step_home(home_a, FINGERPRINTS)
    world.step_place(0)
    world.step_home(home_b, PAIRS)
    # 2. The judge crashes behind its transaction, before its store has the outcome.
    world.step_home(home_a, PAIRS, "before storing")
    world.note_home(home_a, "its own store")
    world.step_home(home_b, WATCHES)
    world.step_home(home_a, WATCHES)
    # 3. An amendment that changes nothing to match on.
    world.amend_nothing(B)
    world.intake.step(100, "")
    world.step_home(home_b, FINGERPRINTS)
    world.step_home(home_a, PAIRS)
    # 4. Another amendment, whose home has lost its store; compaction has left the last version alone.
    world.send(B, (OTHER,), OPEN, "", withdrawn=False)
    world.intake.step(100, "")
    world.fingerprints[home_b].compact(world.fingerprints[home_b].end)
    world.move_home(home_b, MemoryHomeStore())
    world.note_home(home_b, "a new store")
    world.step_home(home_b, FINGERPRINTS)
    world.step_place(0)
    world.step_home(home_a, PAIRS)
    world.step_home(home_b, WATCHES)
    return world.rows


def test_the_history_is_what_homes_and_meeting_places_do() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    told = [json.loads(line) for line in block.splitlines()]
    assert told == _play()


def test_the_phones_lie_where_the_page_says() -> None:
    world = ToldWorld()
    owners = [owner_partition(key, PARTITIONS) for one in (SHARED, OTHER) for key in world.matcher.keys((one,))]
    assert owners == [0, 2]
    assert case_id(A) < case_id(B)
