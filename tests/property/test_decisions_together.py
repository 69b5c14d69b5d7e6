"""Decisions of several servers that share transactions, while requests are lost, late or hang and writers give up.

Each writer hears what became of its own decision: what is said to be kept is there once, what is said to have failed
never comes, and what replaces a value stands directly above it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import (
    DecisionError,
    DecisionLog,
    NewValue,
    OvertakenError,
    UnknownDecisionError,
)
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import ANSWER_S
from support.kafka.transactions_imitation import Fault, Kafka, run_without_waiting

SETTINGS: Final = Settings(namespace="together-")
TOPICS: Final = (topics.ASSIGNMENTS, topics.DISCLOSURES, topics.FOLDERS)
KEYS: Final = "abcd"
PLACES: Final = tuple(product(TOPICS, KEYS))
SERVERS: Final = 2
LATER_S: Final = 60.0
"""By then whatever is late has come, and Kafka has ended what was left open."""


class Value(msgspec.Struct, frozen=True):
    """As good as a decision: whose it is."""

    name: str


class Writer(NamedTuple):
    """Somebody who decides on `places`, of topics and keys, on what is kept there or whatever that is."""

    server: int
    places: tuple[tuple[topics.Topic, str], ...]
    replaces: bool
    after: float
    thinks: float
    patience: float | None


class Ending(NamedTuple):
    """What a writer was told, after how many seconds, and what it decided."""

    told: str
    took: float
    values: Sequence[NewValue]
    offsets: Sequence[int] = ()


times = st.sampled_from((0.0, 0.0, 0.0, 0.02, 0.3, 2.0))
writers = st.lists(
    st.builds(
        Writer,
        st.integers(0, SERVERS - 1),
        st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True).map(tuple),
        st.booleans(),
        times,
        times,
        st.none() | st.sampled_from((0.0, 0.03, 0.06, 1.0)),
    ),
    min_size=1,
    max_size=14,
)
faults = st.lists(st.sampled_from((*(Fault.NONE,) * 8, *Fault)), max_size=25)


def name_of(topic: topics.Topic) -> str:
    return topics.topic_name(SETTINGS, topic)


def read_last(kafka: Kafka, topic: topics.Topic, key: str) -> Value:
    *_, last = (value for _, name, value in kafka.committed(name_of(topic)) if name == key.encode())
    return msgspec.json.decode(last, type=Value)


async def decide(kafka: Kafka, log: DecisionLog, number: int, writer: Writer) -> Ending:
    await asyncio.sleep(writer.after)
    values = [
        NewValue(topic, key, Value(str(number)), read_last(kafka, topic, key) if writer.replaces else None)
        for topic, key in writer.places
    ]
    await asyncio.sleep(writer.thinks)
    loop = asyncio.get_running_loop()
    begun, told, offsets = loop.time(), "kept", list[int]()
    try:
        async with asyncio.timeout(writer.patience):
            offsets = await log.write_all(values)
    except OvertakenError:
        told = "overtaken"
    except UnknownDecisionError:
        told = "unknown"
    except DecisionError:
        told = "failed"
    except TimeoutError:
        told = "gave up"
    return Ending(told, loop.time() - begun, values, offsets)


async def take_part(kafka: Kafka, wanted: Sequence[Writer]) -> list[Ending]:
    for topic in TOPICS:
        for key in KEYS:
            kafka.keep(name_of(topic), key.encode(), msgspec.json.encode(Value("first")))
    logs = [DecisionLog(SETTINGS) for _ in range(SERVERS)]
    endings = await asyncio.gather(*(
        decide(kafka, logs[writer.server], number, writer) for number, writer in enumerate(wanted)
    ))  # fmt: skip
    await asyncio.sleep(LATER_S)
    for log in logs:
        await log.__aexit__(None, None, None)
    await asyncio.sleep(LATER_S)
    return endings


def assert_told(kafka: Kafka, endings: Sequence[Ending]) -> None:
    """Everybody was told what is so."""
    held = {topic: kafka.committed(name_of(topic)) for topic in TOPICS}
    found = Counter(
        (topic, key.decode(), msgspec.json.decode(value, type=Value).name)
        for topic, entries in held.items()
        for _, key, value in entries
    )
    for number, (told, took, values, offsets) in enumerate(endings):
        assert took <= ANSWER_S + 0.01, "answered in time"
        counts = {found[one.topic, one.key, str(number)] for one in values}
        expected = {"kept": [{1}], "overtaken": [{0}], "failed": [{0}]}.get(told, [{0}, {1}])
        assert counts in expected, f"{number} was told {told}"
        for one, at in zip(values, offsets, strict=False):
            assert (at, one.key.encode(), msgspec.json.encode(one.value)) in held[one.topic]
        if told == "overtaken":
            assert any(one.replaces != read_last(kafka, one.topic, one.key) for one in values), "nobody was faster"


def assert_replaced(kafka: Kafka, endings: Sequence[Ending]) -> None:
    """Of a key what replaces another value stands directly above it."""
    for topic in TOPICS:
        last: dict[bytes, Value] = {}
        for _, key, content in kafka.committed(name_of(topic)):
            value = msgspec.json.decode(content, type=Value)
            if value.name != "first":
                (own,) = [
                    one for one in endings[int(value.name)].values if (one.topic, one.key) == (topic, key.decode())
                ]
                assert own.replaces in (None, last[key]), f"{value.name} was made on another value"
            last[key] = value


def decide_together(wanted: Sequence[Writer], drawn: Sequence[Fault], *, parts: bool = False) -> list[Ending]:
    kafka = Kafka(drawn, parts=parts)
    with pytest.MonkeyPatch.context() as patch:
        kafka.install(patch)
        endings = run_without_waiting(take_part(kafka, wanted))
    assert_told(kafka, endings)
    assert_replaced(kafka, endings)
    return endings


@given(writers, faults, st.booleans())
def test_each_writer_hears_what_became_of_its_decision(wanted: list[Writer], drawn: list[Fault], parts: bool) -> None:
    for ending in decide_together(wanted, drawn, parts=parts):
        event(ending.told)


@given(writers)
def test_where_nothing_fails_each_decision_is_kept_or_overtaken(wanted: list[Writer]) -> None:
    endings = decide_together([writer._replace(patience=None) for writer in wanted], ())
    assert {ending.told for ending in endings} <= {"kept", "overtaken"}


# ── the law finds what it is for ──

ON_A: Final = ((topics.DISCLOSURES, "a"),)
ALONE: Final = Writer(0, ON_A, replaces=True, after=0.0, thinks=0.0, patience=None)


async def find_nothing(*_: object) -> set[tuple[str, str]]:
    return set()


def test_the_law_finds_that_nobody_looks_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DecisionLog, "_find_changed", find_nothing)
    with pytest.raises(AssertionError, match="made on another value"):
        decide_together([ALONE, ALONE._replace(server=1)], ())


def test_the_law_finds_that_one_key_is_decided_twice_in_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.streams.audit.decision_log._Decision.keys", frozenset())
    with pytest.raises(AssertionError, match="made on another value"):
        decide_together([ALONE, ALONE], ())


def test_the_law_finds_that_a_lost_answer_is_taken_for_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pipeline.streams.audit.decision_log._Decision.explain_failure", lambda _: DecisionError("not saved")
    )
    with pytest.raises(AssertionError, match="was told failed"):
        decide_together([ALONE], (Fault.NONE, Fault.NONE, Fault.LOST))
