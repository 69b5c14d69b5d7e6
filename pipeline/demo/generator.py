"""The demo's feed: case files and bad input shuffled into one sequence of messages, with its truth kept aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import msgspec

from pipeline.demo.case_files import CaseFile, Version
from pipeline.demo.countries import load_countries
from pipeline.demo.list_truth import TrueListPair
from pipeline.demo.malformed import STORIES
from pipeline.demo.messages import ACCEPTED, DUPLICATE, Message, make_message
from pipeline.demo.recording import Register
from pipeline.demo.scenario import Scenario
from pipeline.demo.truth import TrueCase, TruePair, true_pairs
from pipeline.demo.world import World
from pipeline.records.agencies import Agency
from pipeline.records.messages import Reason

SEED = 20261124
"""The README's figures, and the story that the demo tells, are of this one."""
RESENT = 80
"""Messages sent twice, as agencies' outboxes do after a lost acknowledgement."""
STALE = 40
"""Old versions that arrive once more after a later one."""
OVERTAKEN = 0.25
"""Share of the cases with three versions whose second arrives last."""
TELLINGS = 2
"""How often each story of malformed.py is told, each time by another agency."""


class DemoFeed(msgspec.Struct, frozen=True):
    """The messages in the order in which they are sent, the agencies that send them, and the truth.

    `is_labelled`: every case says which real people and things it shows. Otherwise `list_truth` has what is known of
    some pairs, and `types` the type of each case's first entity.
    """

    agencies: tuple[Agency, ...]
    messages: tuple[Message, ...]
    cases: tuple[TrueCase, ...]
    is_labelled: bool = True
    list_truth: tuple[TrueListPair, ...] = ()
    types: Mapping[str, str] = {}

    @property
    def pairs(self) -> set[TruePair]:
        """The true pairs: across countries among the final, not withdrawn versions, and those that lists tell of."""
        return true_pairs(self.cases) | {pair.cases for pair in self.list_truth}

    @property
    def outcomes(self) -> Counter[str]:
        """How many messages must be accepted, be duplicates, or be rejected for each reason."""
        return Counter(message.outcome for message in self.messages)


def generate_feed(seed: int = SEED) -> DemoFeed:
    """The feed of this seed: the same seed gives the same bytes in the same order."""
    rng = Random(seed)  # noqa: S311 - reproducible, not secret
    files = Scenario(seed).build_cases()
    queues = [_arrival_order(rng, file) for file in files]
    _append_repeats(rng, queues)
    queues += _malformed_queues(rng, len(files))
    final = [file.last for file in files if not file.last.withdrawn]
    return DemoFeed(
        agencies=tuple(
            Agency(country.agency, country.code, title=country.title) for country in load_countries().values()
        ),
        messages=tuple(_interleave(rng, queues)),
        cases=tuple(TrueCase(version.case, version.country, version.shows) for version in final),
    )


def write_truth(feed: DemoFeed, path: Path) -> None:
    """One JSON object a line: case_a, case_b of every true pair."""
    lines = (msgspec.json.encode({"case_a": first, "case_b": second}) for first, second in sorted(feed.pairs))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(lines) + b"\n")


def _arrival_order(rng: Random, file: CaseFile) -> list[Message]:
    """A case's messages: its versions in order, except that now and then the third overtakes the second."""
    versions = list(file.versions)
    if len(versions) == 3 and rng.random() < OVERTAKEN:
        versions[1], versions[2] = versions[2], versions[1]
    return list(_expect_outcomes(versions))


def _expect_outcomes(versions: list[Version]) -> Iterator[Message]:
    highest = 0
    for version in versions:
        yield make_message(version, version.value, ACCEPTED if version.number > highest else Reason.STALE_VERSION.value)
        highest = max(highest, version.number)


def _append_repeats(rng: Random, queues: list[list[Message]]) -> None:
    """Append repeated messages: of a case's last version (duplicates), and of its first after a second (stale)."""
    for queue in rng.sample(queues, RESENT):
        last = [message for message in queue if message.outcome == ACCEPTED][-1]
        queue.append(msgspec.structs.replace(last, outcome=DUPLICATE))
    amended = [queue for queue in queues if sum(message.outcome == ACCEPTED for message in queue) > 1]
    for queue in rng.sample(amended, STALE):
        queue.append(msgspec.structs.replace(queue[0], outcome=Reason.STALE_VERSION.value))


def _malformed_queues(rng: Random, number: int) -> list[list[Message]]:
    """Every kind of bad input, told by agencies in turn about people nobody else meets."""
    world = World(Random(rng.random()))  # noqa: S311 - reproducible, not secret
    queues = []
    for place, story in enumerate(list(STORIES.values()) * TELLINGS):
        country = list(load_countries().values())[place % len(load_countries())]
        recorded = Register(rng, country).record_person(world.make_person(), "suspect")
        file = CaseFile(rng, country, number + place + 1, [recorded])
        queues.append(list(story(file.last)))
    return queues


def _interleave(rng: Random, queues: list[list[Message]]) -> Iterator[Message]:
    """Interleave the queues at random, each in its own order."""
    turns = [number for number, queue in enumerate(queues) for _ in queue]
    rng.shuffle(turns)
    waiting = [iter(queue) for queue in queues]
    for turn in turns:
        yield next(waiting[turn])
