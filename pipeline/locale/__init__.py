"""Texts that people read, in each of LANGUAGES: one gettext catalogue a language for every layer.

English is the source and stands in the code: in translate("..."), N_("..."), NN_("one", "many") or NC_("context",
"..."), and where an error is raised. <language>.po beside this module holds another language, compiled in memory when
first used, so that no compiled catalogue can be out of date. tests/unit/test_locale.py names the lines of a catalogue
that are wrong, what it lacks and what it no longer needs. docs/how-to/add-a-language.md has the steps for one more.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple


class Language(NamedTuple):
    """A language that everything is written in: its own name, and how it writes numbers, by CLDR."""

    name: str
    decimal: str
    grouping: str
    percent: str
    """What follows the number, with its space."""
    territory: str | None = None
    """Whose dates and country names are used, where the language alone does not say."""


SOURCE: Final = "en"
"""The language that stands in the code, and that is used where no other fits."""

LANGUAGES = {
    SOURCE: Language("English", ".", ",", "%", "GB"),
    "es": Language("Español", ",", ".", "\N{NO-BREAK SPACE}%"),
    "fr": Language("Français", ",", "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}%"),
}
"""What everything is written in, in the order of the menu; the first is the source."""

CATALOGUES = Path(__file__).parent

END_OF_CONTEXT = "\4"
"""What gettext puts between a context and its message."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a message that is translated elsewhere
    """Mark a message for the catalogue."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Mark a message that has a singular and a plural."""
    return one, many


def NC_(context: str, message: str) -> str:  # noqa: N802 - as N_
    """Mark a message that other languages say differently by context, such as "missing" of a person or of a word."""
    return context + END_OF_CONTEXT + message


def translate(message: str, language: str, **values: object) -> str:
    """The message in one of LANGUAGES, with `values` put in; English where the catalogue lacks it."""
    if not message:
        return ""  # which gettext keeps for the catalogue's own header
    text = catalogue(language).gettext(message).rpartition(END_OF_CONTEXT)[2]
    return text.format(**values) if values else text


def translate_plural(one: str, many: str, count: int, language: str) -> str:
    """The message for that many, its {places} still empty."""
    return catalogue(language).ngettext(one, many, count)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of <language>.po; the source where there is none."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
