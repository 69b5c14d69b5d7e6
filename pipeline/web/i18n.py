"""What pages say, in English and French: gettext catalogues, compiled in memory when first used.

The catalogues are the .po files alone; nothing compiled is kept, so none can be out of date. English is the source: a
new message is written in the code, in words("...") or N_("..."), and added to locale/fr.po; a test names what lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers

from pipeline.api import languages
from pipeline.matching.explain.wording import LANGUAGES

CATALOGUES = Path(__file__).with_name("locale")


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a message that is translated elsewhere
    """Mark a message for the catalogue."""
    return message


class Words:
    """One language's messages, numbers and dates; times are shown in UTC, which agencies of all countries share."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = languages.catalogue(CATALOGUES, language)
        self._locale = Locale(language, territory="GB" if language == "en" else None)

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language, with `values` put in."""
        said = self._messages.gettext(message)
        return said.format(**values) if values else said

    def of(self, names: Mapping[Any, str], code: object) -> str:
        """What a code of a closed list is called; the code itself where it is not listed."""
        name = str(names.get(code, code))
        return self(name) if name else ""

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for that many; {count} is written out."""
        return self._messages.ngettext(one, many, count).format(count=self.number(count), **values)

    def number(self, value: float) -> str:
        """A number with the language's grouping."""
        return numbers.format_decimal(value, locale=self._locale)

    def megabytes(self, size: int) -> str:
        """A size in bytes as millions of them."""
        return self(N_("{count} MB"), count=self.number(round(size / 1e6, 1)))

    def day(self, value: str | date) -> str:
        """A date, also one of which only year or month is known, such as 1980-05: that stays as it is."""
        if isinstance(value, str):
            if len(value) < len("2026-01-01"):
                return value
            value = date.fromisoformat(value[:10])
        return dates.format_date(value, "d MMM y", locale=self._locale)

    def moment(self, value: str | datetime) -> str:
        """A time to the minute, in UTC."""
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        return dates.format_datetime(at, "d MMM y HH:mm", locale=self._locale)

    def instant(self, value: str) -> str:
        """A time to the second, in UTC."""
        return dates.format_datetime(datetime.fromisoformat(value), "d MMM y HH:mm:ss", locale=self._locale)

    def span(self, value: timedelta) -> str:
        """How long, in the largest unit that says enough: 3 days, 5 hours."""
        said: str = dates.format_timedelta(abs(value), threshold=1.5, locale=self._locale)
        return said

    def country(self, code: str) -> str:
        """A country's name; the code itself where there is none."""
        name: str = self._locale.territories.get(code, code)
        return name


@cache
def words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language)


def preferred(accepted: str, chosen: str = "") -> str:
    """The language of a request: what was chosen by the switch, else the best of Accept-Language, else English."""
    return chosen if chosen in LANGUAGES else languages.preferred(accepted)
