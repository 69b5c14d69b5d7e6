"""Words of which organisations' names are made, in scripts without blanks or with an article: 銀行, البنك."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from pipeline.records.scripts import UNPARTED, script_of

_ARTICLE = "ال"


def part_words(word: str) -> list[str]:
    """A word in a script without blanks, parted at the words that are known: 朝鮮貿易銀行 is 朝鮮, 貿易, 銀行."""
    if word.isascii() or script_of(word) not in UNPARTED:
        return [word]
    return [part for part in _known_words().split(word) if part]


@lru_cache(maxsize=8192)
def english_of(word: str) -> str:
    """The English word for a word of this table, or for an English one of it; "" for others."""
    known = _english()
    return known.get(word) or (known.get(word.removeprefix(_ARTICLE), "") if word.startswith(_ARTICLE) else "")


@cache
def _english() -> dict[str, str]:
    text = files("pipeline.records").joinpath("organisation_words.toml").read_text("utf-8")
    table: dict[str, str] = tomllib.loads(text)["words"]
    return {word: english for english, words in table.items() for word in (english, *words.split())}


@cache
def _known_words() -> re.Pattern[str]:
    """Longer words first, so that 研究所 is one."""
    words = (word for word in _english() if script_of(word) in UNPARTED)
    return re.compile(f"({'|'.join(sorted(words, key=lambda word: (-len(word), word)))})")
