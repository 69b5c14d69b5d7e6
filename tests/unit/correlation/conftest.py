"""A small matcher whose verdicts are easy to see: cases are linked by two shared words."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pipeline.correlation.correlator import Correlator
from pipeline.correlation.store import MemoryStore
from pipeline.matching.fingerprint import Contact, EntityPrint, Fingerprint, Handling
from pipeline.matching.score.scoring import Judgement

OPEN = Handling("H0", ("*",), ("correlation",))


def by_words(a: Fingerprint, b: Fingerprint, _: None) -> Judgement:
    shared = len({entity.id for entity in a.entities} & {entity.id for entity in b.entities})
    probability = (0.1, 0.3, 0.6, 0.95)[min(shared, 3)]
    return Judgement(100 * shared, probability, ("", "", "possible", "probable")[min(shared, 3)])


def versions_of(a: Fingerprint, b: Fingerprint, _: None) -> object:
    return [a.version, b.version]


def case_of(name: str, words: str, version: int = 1, *, keys: tuple[int, ...] = (), **given: object) -> Fingerprint:
    """Case `name`, whose first letter is its agency and country, with one key a letter unless told."""
    made = Fingerprint(
        case=f"{name[0]}:{name}",
        version=version,
        hash=f"{words} {given} {keys}",
        agency=name[0],
        country=name[0].upper() * 2,
        handling=OPEN,
        contact=Contact(f"unit of {name[0]}"),
        keys=keys or tuple(sorted({ord(word[0]) for word in words.split()})),
        entities=tuple(EntityPrint(word, "word") for word in words.split()),
    )
    return msgspec.structs.replace(made, **given)


@pytest.fixture
def matcher() -> tuple[Callable[..., Judgement], Callable[..., object]]:
    """The judge and what explains it."""
    return by_words, versions_of


@pytest.fixture
def case() -> Callable[..., Fingerprint]:
    return case_of


@pytest.fixture
def withdrawn() -> Callable[[str, int], Fingerprint]:
    return lambda name, version: Fingerprint(
        f"{name[0]}:{name}", version, "withdrawn", name[0], name[0].upper() * 2, withdrawn=True
    )


@pytest.fixture
def correlator() -> Callable[..., Correlator[None]]:
    """A correlator of partition `partition` of `partitions`, over a store of its own unless given."""

    def make(partition: int = 0, partitions: int = 1, **given: object) -> Correlator[None]:
        store = given.pop("store", None) or MemoryStore()
        return Correlator(store, partition, partitions, None, by_words, versions_of, generation="g", **given)  # type: ignore[arg-type]

    return make
