"""Writes the files of a language, to be filled in: pipeline/locale/<code>.po and pipeline/records/offences/<code>.toml.

    python tools/language_file.py de

Every message of French and every offence code of English is in them, empty, or with the translation that the language's
files have already; what is no longer needed goes. tests/unit/test_locale.py names the lines that are still empty.
"""

from __future__ import annotations

import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

PIPELINE: Final = Path(__file__).parents[1] / "pipeline"
CATALOGUES: Final = PIPELINE / "locale"
OFFENCES: Final = PIPELINE / "records" / "offences"
COMPLETE: Final = "fr"
"""A language of which tests hold that it has every message."""

WIDTH: Final = 118
"""Characters of a line between its quotes."""

HEADER: Final = """\
# What people read, in {name}: our own translation. English stands in the code, see pipeline/locale/__init__.py.
msgid ""
msgstr ""
"Language: {code}\\n"
"Plural-Forms: nplurals={plurals}; plural={rule};\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

OFFENCE_HEADER: Final = """\
# Offences by code, in {name}: [name, words by which people ask for it besides].
#
# Ours. UNODC's {name} edition was not at hand; where the two differ, theirs is right.
"""


def make_catalogue(code: str) -> str:
    """The text of a language's catalogue: every message, with the translation that its file has already."""
    held, made = _read_catalogue(code), Catalog(locale=code)
    plural = get_plural(code)
    for message in _read_catalogue(COMPLETE):
        if not message.id:
            continue
        mine = held.get(message.id, message.context)
        empty = [""] * plural.num_plurals if message.pluralizable else ""
        made.add(message.id, mine.string if mine and mine.string else empty, context=message.context)
    written = io.BytesIO()
    write_po(written, made, width=WIDTH, omit_header=True)
    name = Locale.parse(code).english_name
    return HEADER.format(name=name, code=code, plurals=plural.num_plurals, rule=plural.plural_expr) + (
        written.getvalue().decode()
    )


def make_offences(code: str) -> str:
    """The text of a language's table of offences: every code, with the names that its file has already."""
    held = _read_offences(code)
    lines = [OFFENCE_HEADER.format(name=Locale.parse(code).english_name)]
    for number in _read_offences("en"):
        if len(number) == len("01") and len(lines) > 1:
            lines.append("")
        lines.append(f'"{number}" = {json.dumps(held.get(number, ["", ""]), ensure_ascii=False)}')
    return "\n".join([*lines, ""])


def _read_catalogue(code: str) -> Catalog:
    file = CATALOGUES / f"{code}.po"
    return read_po(io.BytesIO(file.read_bytes() if file.exists() else b""), locale=code)


def _read_offences(code: str) -> dict[str, list[str]]:
    file = OFFENCES / f"{code}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


if __name__ == "__main__":
    [language] = sys.argv[1:]
    for path, text in (
        (CATALOGUES / f"{language}.po", make_catalogue(language)),
        (OFFENCES / f"{language}.toml", make_offences(language)),
    ):
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(PIPELINE.parent))
