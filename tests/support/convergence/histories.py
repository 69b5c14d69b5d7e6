"""Random histories of a small world, denser than a state machine's: most steps move a record on, or lose a store.

What goes wrong in a protocol takes several rare things in one order, such as a store that is lost while a version waits
that compaction has left out. Hypothesis seldom comes upon them, and thousands of these histories take a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random

from pipeline.correlation.home_store import MemoryHomeStore
from pipeline.correlation.meeting_store import MemoryMeetingStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.handling import Handling
from support.convergence.logs import CASES, FencedError, day
from support.convergence.matchers import WorldMatcher
from support.convergence.stages import SOURCES, HomeWorker
from support.convergence.world import World

VERSIONS = 30
"""Versions that are sent in a history."""

AFTER_ALL = 150
"""Steps after the last one was sent: what is under way goes on to be lost and to come late."""

WEIGHTS = {
    "send": (15, 6, 30),
    "intake": (15, 10, 20),
    "home": (45, 45, 30),
    "meeting place": (20, 20, 10),
    "case": (6, 6, 6),
    "link": (8, 8, 8),
    "clean": (5, 5, 10),
    "open home": (4, 8, 10),
    "open meeting place": (2, 3, 4),
    "zombie": (2, 4, 4),
    "retention": (2, 2, 2),
    "write again": (1, 1, 1),
}
"""How often each step comes: even, slow to send, and with much that goes wrong."""


class History:
    """One history, drawn by a seed."""

    def __init__(self, seed: int, matcher: WorldMatcher, partitions: int, handlings: Sequence[Handling]) -> None:
        self.random = random = Random(seed)
        self.world = World(matcher, partitions, random.choice((0, 1, 100)))
        self._handlings = handlings
        self._cases = random.sample(sorted(CASES), random.choice((2, 3, 5)))
        self._left = VERSIONS
        kind = random.randrange(3)
        self._steps: dict[str, Callable[[], None]] = {
            "send": self._send,
            "intake": self._intake,
            "home": lambda: self._take_at_home(random.choice(self.world.homes)),
            "meeting place": lambda: random.choice(self.world.places).step(random.choice((1, 1, 3, 8)), self._crash()),
            "case": lambda: self.world.index_cases(1),
            "link": lambda: self.world.index_links(1, self._crash()),
            "clean": self._clean,
            "open home": self._open_home,
            "open meeting place": self._open_meeting_place,
            "zombie": self._let_zombie_work,
            "retention": self._retain,
            "write again": self._write_again,
        }
        self._weights = [WEIGHTS[name][kind] for name in self._steps]

    def run(self, check_step: Callable[[World], None]) -> World:
        """All of it, and steps after nothing more is sent; `check_step` is called after what changes the index."""
        names, after = list(self._steps), AFTER_ALL
        while after:
            after -= not self._left
            (name,) = self.random.choices(names, self._weights)
            self._steps[name]()
            if name in ("case", "link", "write again"):
                check_step(self.world)
        return self.world

    def _crash(self) -> str:
        return self.random.choice(("before sending", "before storing")) if self.random.random() < 0.04 else ""

    def _send(self) -> None:
        """A version of a case: other content, the same, other fields; some are withdrawn, end, come late or again."""
        if not self._left:
            return
        self._left -= 1
        random, world, case, kind = self.random, self.world, self.random.choice(self._cases), self.random.random()
        if case in world.sent and kind < 0.15:
            world.amend_nothing(case)
        elif case in world.sent and kind < 0.3:
            world.extend(case, random.choice((day(2), day(5), "")))
        else:
            pool = world.matcher.pool
            held = tuple(pool[at] for at in sorted(random.sample(range(len(pool)), random.choice((2, 2, 3, 4)))))
            until = day(random.randrange(4)) if random.random() < 0.1 else ""
            handling = self._handlings[0] if random.random() < 0.7 else random.choice(self._handlings)
            world.send(case, held, handling, until, withdrawn=random.random() < 0.12)
        if random.random() < 0.2:
            world.inputs.append(random.choice(world.inputs))

    def _intake(self) -> None:
        self.world.intake.step(self.random.choice((1, 1, 3)), self._crash())
        self.world.intake.end(1, "")
        if self.random.random() < 0.02:
            self.world.intake.lose()

    def _take_at_home(self, worker: HomeWorker) -> None:
        worker.step(self.random.choice(SOURCES), self.random.choice((1, 1, 1, 3, 8)), self._crash())

    def _clean(self) -> None:
        random, world = self.random, self.world
        if random.random() < 0.2:
            world.purge(random.randrange(world.partitions))
            return
        log = random.choice([world.accepted, world.links, *(world.fingerprints * 4), *world.watches, *world.postings])
        last = world.projected if log is world.links else log.end
        log.compact(last if random.random() < 0.5 else random.randint(NO_OFFSET, max(NO_OFFSET, last)))

    def _open_home(self) -> None:
        """A new owner, with an empty store or with any that there was."""
        partition = self.random.randrange(self.world.partitions)
        former = [one for one in self.world.zombies if isinstance(one, HomeWorker) and one.partition == partition]
        kept = self.random.choice([MemoryHomeStore(), *(one.kept for one in former)])
        self.world.move_home(partition, kept if self.random.random() < 0.7 else MemoryHomeStore())

    def _open_meeting_place(self) -> None:
        partition = self.random.randrange(self.world.partitions)
        former = [one for one in self.world.zombies if not isinstance(one, HomeWorker) and one.partition == partition]
        stores = [MemoryMeetingStore(self.world.matcher.screen.words), *(one.kept for one in former)]
        self.world.move_meeting_place(partition, self.random.choice(stores))

    def _let_zombie_work(self) -> None:
        if self.world.zombies:
            zombie = self.random.choice(self.world.zombies)
            with suppress(FencedError):
                if isinstance(zombie, HomeWorker):
                    self._take_at_home(zombie)
                else:
                    zombie.step(3, "")

    def _retain(self) -> None:
        self.world.now += timedelta(days=self.random.choice((0, 0, 1)))
        self.world.retention(self.random.randint(1, len(CASES)))

    def _write_again(self) -> None:
        if self.world.written:
            self.world.write(self.random.choice(self.world.written))
