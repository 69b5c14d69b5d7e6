"""Calibres in one spelling."""

from __future__ import annotations

import re
from functools import lru_cache

CALIBRES = {
    "9x19": ("9mm", "9x19mm", "9para", "9mmpara", "9mmparabellum", "9parabellum", "9mmluger", "9luger", "9x19para",
             "9x19parabellum", "9mmnato", "9x19luger"),
    "9x18": ("9x18mm", "9mmmakarov", "9makarov", "9x18makarov", "9mmmak"),
    "9x17": ("9x17mm", "9mmkurz", "9kurz", "9mmcourt", "9mmshort", "380acp", "380auto", "380"),
    "7.65x17": ("7.65x17mm", "7.65", "7.65mm", "7.65browning", "7.65mmbrowning", "32acp", "32auto"),
    "6.35x16": ("6.35", "6.35mm", "6.35browning", "6.35mmbrowning", "25acp", "25auto"),
    "7.62x39": ("7.62x39mm", "7.62x39m43"),
    "7.62x25": ("7.62x25mm", "7.62tokarev", "7.62mmtokarev", "7.62x25tokarev"),
    "7.62x51": ("7.62x51mm", "308win", "308winchester", "7.62nato", "7.62mmnato", "308"),
    "5.56x45": ("5.56x45mm", "5.56", "5.56mm", "5.56nato", "223rem", "223remington", "223"),
    "5.45x39": ("5.45x39mm", "5.45", "5.45mm"),
    "22lr": ("22", "22longrifle", "5.6mm", "22lfb", "22l.r"),
    "45acp": ("45auto", "11.43x23", "11.43mm", "45"),
    "40sw": ("40s&w", "10x22", "40smith&wesson"),
    "38special": ("38spl", "38spec", "9x29r"),
    "357magnum": ("357mag", "357"),
    "44magnum": ("44mag",),
    "12gauge": ("12/70", "12/76", "12ga", "12", "calibre12", "12bore", "12/67"),
    "16gauge": ("16/70", "16ga", "16", "calibre16"),
    "20gauge": ("20/70", "20/76", "20ga", "20", "calibre20"),
}  # fmt: skip
"""Designations of the C.I.P. tables to what agencies write for them, without blanks and leading points."""

_SPELLINGS = {word: name for name, words in CALIBRES.items() for word in (name, *words)}


@lru_cache(maxsize=4096)
def calibre(text: str) -> str:
    """The calibre's designation, or the text without blanks where it is not known."""
    plain = re.sub(r"\s+", "", text.casefold()).replace(",", ".").replace("×", "x").replace("х", "x")
    plain = re.sub(r"^(?:cal(?:iber|ibre)?\.?)(?=[\d.])", "", plain).lstrip(".").rstrip(".")
    return _SPELLINGS.get(plain, plain)
