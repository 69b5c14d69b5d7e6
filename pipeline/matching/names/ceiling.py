"""What two names can weigh at most: found without aligning their tokens, at a third of the cost of comparing them."""

from __future__ import annotations

from pipeline.matching.names.comparison import CULTURE, NUMBERS_AGREE
from pipeline.matching.names.joined_words import may_join, most_joined
from pipeline.matching.names.prints import NamePrint
from pipeline.matching.names.token_pairs import OTHER, PERSONAL


def most_bits(a: NamePrint, b: NamePrint) -> int:
    """Hundredths of a bit, 0 or more, that the bits of `compare(a, b)` never exceed.

    Each token is given the best it can find, even if others find the same; what contradicts or is missing is left out.
    """
    if not a.tokens or not b.tokens:
        return 0
    gains = _gains(a, b)
    if may_join(a, b):
        gains += most_joined(a, b)
    if may_join(b, a):
        gains += most_joined(b, a)
    numbers = NUMBERS_AGREE if a.numbers and a.numbers == b.numbers and not a.person else 0
    return numbers + (sum([gain + CULTURE for gain in gains if gain > -CULTURE]) - CULTURE if gains else 0)


def _gains(a: NamePrint, b: NamePrint) -> list[int]:
    most = (PERSONAL if a.person else OTHER).most
    gains = []
    for x in a.tokens:
        best = 0
        for y in b.tokens:
            found = most(x, y)
            if found > best:
                best = found
        if best:
            gains.append(best)
    return gains
