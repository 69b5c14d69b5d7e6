"""What the convergence property correlates with: a small matcher whose verdicts are easy to see, and the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.access.hit_gate import exact_match
from pipeline.correlation.keys import blocking_keys
from pipeline.correlation.matcher import Matcher, PairJudgement, SmallScreen, SmallSketches
from pipeline.matching.bands import Band, Basis, ExactMatch
from pipeline.matching.bounds.sketches import Sketches, make_sketch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint, entity_print
from pipeline.matching.matcher import THRESHOLD, ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.score.scoring import Judgement
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NormalisedEntity, NormalisedIdentifier, NormalisedPhone, PartialDate


class WorldMatcher(NamedTuple):
    """What the world correlates with: entities to draw from, their keys and sketches, and the matcher of pairs."""

    pool: tuple[EntityPrint, ...]
    keys: Callable[[tuple[EntityPrint, ...]], tuple[int, ...]]
    sketch: Callable[..., bytes]
    """Of entities, and whether the case is `hit_only`."""
    pairs: Matcher
    screen: SmallScreen

    def linked(self, one: Fingerprint, other: Fingerprint) -> PairJudgement | None:
        """The definition of a link, written down once more without homes and meeting places."""
        a, b = sorted((one, other), key=lambda fingerprint: fingerprint.case)
        if not may_meet(a, b):
            return None
        judgement = self.pairs.judge(a, b)
        return judgement if judgement.probability >= THRESHOLD else None

    def asks(self, asking: Fingerprint, held: Fingerprint) -> bool:
        """Whether a case meets a hit-only one exactly; link or no link, it is told as a hit."""
        meets = held.handling.code == "H2" and may_meet(asking, held)
        return meets and bool(self.pairs.exact_match(asking.entities, held.entities))

    def claimed(self, one: Fingerprint, other: Fingerprint) -> bool:
        """Whether anything is told of a pair."""
        return self.linked(one, other) is not None or self.asks(one, other) or self.asks(other, one)


def may_meet(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two cases are of two countries and share a key."""
    gone = one.withdrawn or other.withdrawn
    return not gone and one.country != other.country and not set(one.keys).isdisjoint(other.keys)


def synthetic_keys(entities: tuple[EntityPrint, ...]) -> tuple[int, ...]:
    """Two keys an attribute, few enough that the smallest shared one often changes."""
    numbers = [int(entity.id) for entity in entities]
    return tuple(sorted({number % 5 for number in numbers} | {5 + number % 3 for number in numbers}))


BANDS = (Band.NONE, Band.NONE, Band.POSSIBLE, Band.PROBABLE, Band.CERTAIN)
"""By the number of attributes that two cases share."""


class SyntheticMatcher:
    """A link from two shared attributes on; explained by the versions; nothing is screened out.

    One that shares attribute 0 is the link of a shared number.
    """

    threshold = THRESHOLD
    cut = 0

    def may_link(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        return np.ones(len(a.counts), np.bool_)

    def exceeds_bound(self, a: Fingerprint, b: Fingerprint) -> bool:
        return False

    def meet(self, pairs: Iterable[tuple[Fingerprint, Fingerprint]]) -> None:
        """Nothing is cheaper at once."""

    def find_link(self, a: Fingerprint, b: Fingerprint) -> Judgement | None:
        judgement = self.judge(a, b)
        return judgement if judgement.probability >= self.threshold else None

    def judge(self, a: Fingerprint, b: Fingerprint) -> Judgement:
        shared = len(set(a.entities) & set(b.entities))
        probability = (0.1, 0.3, 0.6, 0.95, 0.99)[min(shared, 4)]
        lent = any(entity.id == "0" for entity in set(a.entities) & set(b.entities))
        return Judgement(
            100 * shared, probability, BANDS[min(shared, 4)], Basis.SHARED if lent and shared > 1 else Basis.SAME
        )

    def explain(self, a: Fingerprint, b: Fingerprint, basis: Basis) -> object:
        return [a.version, b.version]

    def exact_match(self, asking: tuple[EntityPrint, ...], held: tuple[EntityPrint, ...]) -> ExactMatch:
        """An even attribute in common is exact; not the same in both directions, as the real one is not."""
        shared = {entity for entity in set(asking) & set(held) if int(entity.id) % 2 == 0}
        return ExactMatch.NUMBER if shared and len(asking) <= len(held) else ExactMatch.NONE


class SyntheticScreen:
    """Rules out pairs that share no attribute: they are no link, and none meets the other exactly."""

    words = 1

    def make_sketches(self, fingerprints: Sequence[Fingerprint]) -> SmallSketches:
        held = [sum(1 << int(entity.id) for entity in set(fingerprint.entities)) for fingerprint in fingerprints]
        return np.array(held, np.uint32).reshape(-1, 1)

    def may_link(self, asking: SmallSketches, held: SmallSketches) -> NDArray[np.bool_]:
        return np.asarray((asking & held)[:, 0] != 0)


class UnscreenedMatcher(ModelMatcher):
    """The real one without its screen: what that must change nothing of."""

    def may_link(self, a: Sketches, b: Sketches) -> NDArray[np.bool_]:
        return np.ones(len(a.counts), np.bool_)


SYNTHETIC = WorldMatcher(
    tuple(EntityPrint(str(number), "attribute") for number in range(6)),
    synthetic_keys,
    lambda _, hit_only: b"",
    SyntheticMatcher(),
    SyntheticScreen(),
)


def person(
    given: str,
    family: str,
    born: PartialDate | None,
    phones: tuple[NormalisedPhone, ...] = (),
    passport: str = "",
    gender: str = "",
) -> NormalisedEntity:
    name = normalise_name("", given, "", family, "", "primary", "person")
    identifiers = (NormalisedIdentifier("passport", passport, "FR"),) if passport else ()
    return NormalisedEntity(
        "p", "person", names=(name,), birth_date=born, phones=phones, identifiers=identifiers, gender=gender
    )


def real() -> WorldMatcher:
    """The real matcher with entities that match, nearly match, or only share a key."""
    model = load_model()
    phone = NormalisedPhone("+33612345678", "612345678")
    entities = (
        person("Zbigniew", "Oczko", PartialDate(1980, 5, 14), passport="12AB34567"),
        person("Zbigniew", "Oczka", PartialDate(1980, 5, 14)),
        person("Иван", "Петров", PartialDate(1975, 2, 3), (phone,)),
        person("Ivan", "Petrov", PartialDate(1975, 2, 3)),
        person("Ivan", "Petrov", PartialDate(1991, 11, 30)),
        person("Maria", "Oczko", None, passport="12AB34567"),
        person("Gertrud", "Lindqvist", PartialDate(1991, 11, 30), passport="12AB34567"),
        person("Ivan", "Petrov", PartialDate(1991, 11, 30), passport="99ZZ00001", gender="female"),
        NormalisedEntity("n", "phone", phones=(phone,)),
        NormalisedEntity("v", "vehicle", identifiers=(NormalisedIdentifier("plate", "AB123CD", "FR"),), make="renault"),
    )
    pool = tuple(
        msgspec.structs.replace(entity_print(entity), id=f"e{number}") for number, entity in enumerate(entities)
    )
    return WorldMatcher(
        pool,
        lambda held: blocking_keys(held, model.stop_keys, model.key_rarity),
        make_sketch,
        ModelMatcher(model, find_exact_match=exact_match),
        SmallSketchScreen(model, THRESHOLD),
    )


def unscreened(matcher: Matcher) -> Matcher:
    """The same matcher without its screen."""
    return UnscreenedMatcher(load_model()) if isinstance(matcher, ModelMatcher) else matcher
