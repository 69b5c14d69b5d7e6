"""A small matcher whose verdicts are easy to see: cases are linked by two shared words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.bounds.sketches import Sketches
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.handling import Contact, Handling
from pipeline.matching.matcher import THRESHOLD
from pipeline.matching.score.scoring import Judgement

OPEN = Handling("H0", ("*",), ("correlation",))


class WordMatcher:
    """Judges by the words in common; explains by the versions; rules out each pair of cases that both have a sketch.

    `exact`: any word in common is an exact match.
    """

    def __init__(self, threshold: float = THRESHOLD, *, exact: bool = False) -> None:
        self.threshold, self._exact = threshold, exact
        self.screened = 0

    def may_link(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        self.screened += len(a.counts)
        return np.array((a.counts == 0) | (b.counts == 0), np.bool_)

    cut = 0

    def exceeds_bound(self, a: Fingerprint, b: Fingerprint) -> bool:
        """Whether a link is ruled out, as any with two sketches is."""
        return bool(a.sketch and b.sketch) and self.find_link(a, b) is not None

    def meet(self, pairs: Iterable[tuple[Fingerprint, Fingerprint]]) -> None:
        """Nothing is cheaper at once."""

    def find_link(self, a: Fingerprint, b: Fingerprint) -> Judgement | None:
        judgement = self.judge(a, b)
        return judgement if judgement.probability >= self.threshold else None

    def judge(self, a: Fingerprint, b: Fingerprint) -> Judgement:
        shared = len({entity.id for entity in a.entities} & {entity.id for entity in b.entities})
        probability = (0.1, 0.3, 0.6, 0.95)[min(shared, 3)]
        return Judgement(
            100 * shared, probability, (Band.NONE, Band.NONE, Band.POSSIBLE, Band.PROBABLE)[min(shared, 3)]
        )

    def explain(self, a: Fingerprint, b: Fingerprint, basis: Basis) -> object:
        return [a.version, b.version]

    def exact_match(self, asking: tuple[EntityPrint, ...], held: tuple[EntityPrint, ...]) -> ExactMatch:
        return ExactMatch.NAME if self._exact and set(asking) & set(held) else ExactMatch.NONE


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
def matcher() -> Callable[..., WordMatcher]:
    """A matcher of words: `matcher(threshold=...)`."""
    return WordMatcher


@pytest.fixture
def case() -> Callable[..., Fingerprint]:
    return case_of


@pytest.fixture
def withdrawn() -> Callable[[str, int], Fingerprint]:
    return lambda name, version: Fingerprint(
        f"{name[0]}:{name}", version, "withdrawn", name[0], name[0].upper() * 2, withdrawn=True
    )
