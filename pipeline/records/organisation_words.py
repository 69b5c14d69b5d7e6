"""Words of which organisations' names are made, in scripts without blanks or with an article: 銀行, البنك."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from pipeline.records.scripts import UNPARTED, script_of

_ARTICLE = "ال"
_ONE_LETTER = str.maketrans("أإآىیکةہۀ", "اااييكههه")
"""Letters that Arabic and Persian keyboards exchange."""
_NONE: frozenset[str] = frozenset()


def part_words(word: str) -> list[str]:
    """A word in a script without blanks, parted at the words that are known: 朝鮮貿易銀行 is 朝鮮, 貿易, 銀行."""
    if word.isascii() or script_of(word) not in UNPARTED:
        return [word]
    return [part for part in _known_words().split(word) if part]


def english_of(word: str) -> frozenset[str]:
    """The English words for a word of this table, or for an English one of it; none for others."""
    folded = word if word.isascii() else word.translate(_ONE_LETTER)
    known = _english()
    return known.get(folded) or known.get(folded.removeprefix(_ARTICLE), _NONE)


@cache
def _english() -> dict[str, frozenset[str]]:
    text = files("pipeline.records").joinpath("organisation_words.toml").read_text("utf-8")
    table: dict[str, str] = tomllib.loads(text)["words"]
    found: dict[str, frozenset[str]] = {}
    for english, words in table.items():
        for word in (english, *words.translate(_ONE_LETTER).split()):
            found[word] = found.get(word, _NONE) | {english}
    return found


@cache
def _known_words() -> re.Pattern[str]:
    """Longer words first, so that 研究所 is one."""
    words = (word for word in _english() if script_of(word) in UNPARTED)
    return re.compile(f"({'|'.join(sorted(words, key=lambda word: (-len(word), word)))})")
