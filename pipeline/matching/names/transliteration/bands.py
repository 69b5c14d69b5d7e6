"""Measures the bands of the likelihood ratio: the scores that given shares of random pairs exceed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pipeline.matching.names.transliteration.corridors import Corridor
from pipeline.matching.names.transliteration.likelihood import Likelihood
from pipeline.matching.names.transliteration.model import Bands, TransliterationModel

_RANDOM_PAIRS = 100_000
"""Enough that ten of them exceed the score of the rarest rate. Fewer would leave that score to chance; the time grows
with their number."""
_RATES = (1e-4, 1e-3, 1e-2)
"""Shares of random pairs that exceed the score of each band, by which token_levels tells SOUND, NEAR and FAINT apart. A
choice: lower rates miss more true pairs (Bands.recall)."""
_SEED = 11
"""Any seed would do; a fixed one makes the same bands of the same model."""


def random_pairs(pairs: Sequence[tuple[str, str, int]], count: int) -> list[tuple[str, str]]:
    """Draw `count` pairs (Latin, other script) from two different names of `pairs`; the seed is fixed."""
    rng = random.Random(_SEED)  # noqa: S311 - a fixed sample, no secret
    chosen: list[tuple[str, str]] = []
    while len(chosen) < count:
        (latin, _, _), (other, source, _) = rng.choice(pairs), rng.choice(pairs)
        if latin != other:
            chosen.append((latin, source))
    return chosen


def measure_bands(corridor: Corridor, model: TransliterationModel, pairs: Sequence[tuple[str, str, int]]) -> Bands:
    """Measure the scores that the shares _RATES of random pairs exceed, and the share of the true pairs above each."""
    ratio = Likelihood(corridor, model).ratio
    chance = sorted((ratio(source, latin) for latin, source in random_pairs(pairs, _RANDOM_PAIRS)), reverse=True)
    true = [ratio(source, latin) for latin, source, _ in pairs]
    first, second, third = (chance[round(rate * len(chance))] for rate in _RATES)
    shares = [round(sum(value > limit for value in true) / len(true), 4) for limit in (first, second, third)]
    return Bands((first, second, third), (shares[0], shares[1], shares[2]))
