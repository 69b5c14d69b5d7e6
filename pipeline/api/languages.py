"""What the API says besides data, in English and French: a gettext catalogue, as the pages have one.

English is the source and stands where a message is raised, in any layer, with {places} for values; a test names what
locale/fr.po lacks. Compiled in memory when first used, so that no compiled catalogue can be out of date.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from pipeline.errors import LiaisonError
from pipeline.matching.explain.wording import LANGUAGES

CATALOGUES = Path(__file__).with_name("locale")


def said(error: LiaisonError, language: str) -> str:
    """An error's message in one of LANGUAGES."""
    message = in_language(error.message, language)
    values = {name: in_language(str(value), language) for name, value in error.values.items()}
    return message.format(**values) if values else message


def in_language(message: str, language: str) -> str:
    """The message in one of LANGUAGES; as it is where the catalogue lacks it."""
    return catalogue(CATALOGUES, language).gettext(message) if message else ""


@cache
def catalogue(folder: Path, language: str) -> gettext.NullTranslations:
    """The messages of <folder>/<language>.po; English where there is none."""
    path = folder / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def preferred(accepted: str) -> str:
    """The best of LANGUAGES by an Accept-Language header (RFC 9110, 12.5.4), English where it names none."""
    wanted = sorted((_weighted(part) for part in accepted.split(",")), key=lambda one: -one[1])
    return next((name for name, weight in wanted if name in LANGUAGES and weight > 0), LANGUAGES[0])


def _weighted(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    try:
        weight = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return name.strip().split("-")[0].lower(), weight
