"""Chinese characters that are written differently in Taiwan, mainland China and Japan, and are one character."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def fold_han(text: str) -> str:
    """The text in simplified characters: 張偉 and 张伟, 渡邊 and 渡辺 become equal, what only sounds alike does not."""
    return text.translate(_variants())


@cache
def _variants() -> dict[int, str]:
    lines = files("pipeline.matching.names").joinpath("data/han_variants.txt").read_text("utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return {ord(variant): simplified for variant, simplified in zip(pairs[::2], pairs[1::2], strict=True)}
