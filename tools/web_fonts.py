# /// script
# dependencies = [
#     "brotli==1.2.1", "fonttools==4.68.0", "fontpkg-ibm-plex-sans==3.201", "fontpkg-ibm-plex-sans-arabic==1.101",
# ]
# ///
"""Makes the pages' fonts in pipeline/web/static/fonts: IBM Plex, cut by script, as WOFF2.

    uv run --no-project tools/web_fonts.py

A page loads the scripts that it shows and no other. The files are renamed: IBM's licence (SIL OFL 1.1, LICENSE beside
them) reserves the name Plex for the fonts as they were published. Made again, they are the same bytes.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parents[1] / "pipeline" / "web" / "static" / "fonts"
NAME = "Liaison Sans"
FAMILY, FULL, POSTSCRIPT, TYPOGRAPHIC = 1, 4, 6, 16
"""Names in a font by which it presents itself; OpenType, table name."""

WEIGHTS = (400, 600)
"""What the style sheet uses: regular, medium, semibold."""

FEATURES = (
    *("ccmp", "locl", "mark", "mkmk", "kern", "liga", "calt", "rlig", "init", "medi", "fina", "isol", "zero", "tnum"),
)
"""Layout features (OpenType) that any script here or the style sheet needs."""


class FontCut(NamedTuple):
    """One file: the characters of a script out of one font of a package."""

    name: str
    package: str
    source: str
    ranges: str


SANS = ("fontpkg_ibm_plex_sans", "IBMPlexSans[wdth,wght].ttf")
ARABIC = "fontpkg_ibm_plex_sans_arabic"
LETTERS = "0600-06FF,0750-077F,08A0-08FF,FB50-FDFF,FE70-FEFF"

CUTS = (
    FontCut("latin", *SANS, "0020-007E,00A0-00FF,0131,0152-0153,02C6,02DA,02DC,2013-2014,2018-201A,201C-201E,2020-2022,"
            "2026,2030,2039-203A,20AC,2116,2122,2190-2193,2205,2212,2248,2260,2264-2265"),
    FontCut("latin-more", *SANS, "0100-0130,0132-0151,0154-024F,1E00-1EFF"),
    FontCut("cyrillic", *SANS, "0400-052F,2DE0-2DFF,A640-A69F"),
    FontCut("greek", *SANS, "0370-03FF,1F00-1FFF"),
    FontCut("arabic", ARABIC, "IBMPlexSansArabic-Regular.ttf", LETTERS),
    FontCut("arabic-strong", ARABIC, "IBMPlexSansArabic-SemiBold.ttf", LETTERS),
)  # fmt: skip


def main() -> None:
    """Write every cut, and the licence."""
    FONTS.mkdir(exist_ok=True)
    for cut in CUTS:
        font = cut_font(cut)
        font.flavor = "woff2"
        font.save(FONTS / f"{cut.name}.woff2")
        print(f"{cut.name}: {(FONTS / f'{cut.name}.woff2').stat().st_size} bytes")
    shutil.copyfile(Path(str(files(SANS[0]))) / "LICENSE", FONTS / "LICENSE")


def cut_font(cut: FontCut) -> TTFont:
    """The font with the characters, weights and names that pages use."""
    font = TTFont(Path(str(files(cut.package))) / "files" / cut.source, recalcTimestamp=False)
    options = subset.Options(
        layout_features=list(FEATURES), name_IDs=[0, FAMILY, 2, FULL, POSTSCRIPT, 13, 14], hinting=False
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in parse_ranges(cut.ranges) for code in range(first, last + 1)])
    cutter.subset(font)
    if "fvar" in font:
        font = instantiateVariableFont(font, {"wdth": 100, "wght": WEIGHTS})
    rename(font)
    return font


def parse_ranges(text: str) -> list[tuple[int, int]]:
    """First and last code point of each range."""
    pairs = (part.split("-") for part in text.split(","))
    return [(int(pair[0], 16), int(pair[-1], 16)) for pair in pairs]


def rename(font: TTFont) -> None:
    """Take the reserved name out of what the font calls itself."""
    for record in font["name"].names:
        if record.nameID in (FAMILY, FULL, TYPOGRAPHIC):
            record.string = NAME
        elif record.nameID == POSTSCRIPT:
            record.string = NAME.replace(" ", "")


if __name__ == "__main__":
    main()
