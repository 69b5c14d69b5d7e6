from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from pipeline import web
from pipeline.web.i18n import CATALOGUES, preferred, words

KEYWORDS = {"words": None, "N_": None, "plural": (1, 2)}
"""What marks a message in the code."""


def _messages() -> set[str | tuple[str, ...]]:
    folder = str(Path(web.__file__).parent)
    found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def _places(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def test_every_message_of_the_pages_is_in_the_french_catalogue_and_nothing_else_is() -> None:
    with (CATALOGUES / "fr.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    held = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    assert held == _messages()


def test_translations_keep_the_places_where_values_go() -> None:
    with (CATALOGUES / "fr.po").open("rb") as file:
        for message in read_po(file, locale="fr"):
            for source, target in zip(_forms(message.id), _forms(message.string), strict=True):
                assert not message.id or _places(source) == _places(target)


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A message's singular and plural, or the one that it has."""
    return [text or ""] if text is None or isinstance(text, str) else list(text)


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("", "", "en"), ("fr", "", "fr"), ("fr-BE,fr;q=0.9,en;q=0.8", "", "fr"), ("de,en;q=0.5,fr;q=0.4", "", "en"),
        ("de, pl", "", "en"), ("fr;q=0", "", "en"), ("fr;q=x", "", "en"), ("fr", "en", "en"), ("en", "xx", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_best_that_the_browser_accepts(
    accepted: str, chosen: str, language: str
) -> None:
    assert preferred(accepted, chosen) == language


def test_numbers_dates_and_countries_follow_the_language() -> None:
    english, french = words("en"), words("fr")
    moment = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
    assert (english.day("2026-11-24"), french.day("2026-11-24")) == ("24 Nov 2026", "24 nov. 2026")
    assert english.day("1980-05") == "1980-05"
    assert english.moment(moment) == "24 Nov 2026 09:05"
    assert (english.country("DE"), french.country("DE"), english.country("ZZ-")) == ("Germany", "Allemagne", "ZZ-")
    assert english.number(12_345) == "12,345"
    assert french.span(timedelta(days=-3)) == "3\N{NO-BREAK SPACE}jours"


def test_a_plural_is_chosen_by_the_language() -> None:
    assert words("en").plural("{count} record", "{count} records", 0) == "0 records"
    assert words("fr").plural("{count} record", "{count} records", 0) == "0 dossier"
