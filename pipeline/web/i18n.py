"""What pages say, in each of LANGUAGES: messages of pipeline/locale, and numbers, dates and countries by CLDR."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from babel import Locale, dates, numbers

from pipeline.api import problems
from pipeline.locale import LANGUAGES, N_, translate, translate_plural
from pipeline.records.agencies import Registry


class Words:
    """One language's messages, numbers and dates; times are shown in UTC, which agencies of all countries share."""

    def __init__(self, language: str, agencies: Registry | None = None) -> None:
        """`agencies` are those whose full names are known."""
        self.language = language
        self._agencies: Registry = agencies or {}
        self._people: Mapping[str, str] = {}
        self._locale = Locale(language, territory=LANGUAGES[language].territory)

    @property
    def tag(self) -> str:
        """The language with whose dates and numbers it is written in, for the browser: en-GB (BCP 47)."""
        return str(self._locale).replace("_", "-")

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language, with `values` put in."""
        return translate(message, self.language, **values)

    def label(self, names: Mapping[Any, str], code: object) -> str:
        """What a code of a closed list is called; the code itself where it is not listed."""
        return self(names[code]) if code in names else str(code)

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for that many; {count} is written out."""
        return translate_plural(one, many, count, self.language).format(count=self.format_number(count), **values)

    def format_number(self, value: float) -> str:
        """A number with the language's grouping."""
        return numbers.format_decimal(value, locale=self._locale)

    def format_megabytes(self, size: int) -> str:
        """A size in bytes as millions of them."""
        return self(N_("{count} MB"), count=self.format_number(round(size / 1e6, 1)))

    def format_date(self, value: str | date) -> str:
        """A date, also one of which only year or month is known, such as 1980-05: that stays as it is."""
        if isinstance(value, str):
            if len(value) < len("2026-01-01"):
                return value
            value = date.fromisoformat(value[:10])
        return dates.format_date(value, "d MMM y", locale=self._locale)

    def format_days(self, first: str, last: str) -> str:
        """From one day to another: 1–31 Mar 2026."""
        days = date.fromisoformat(first), date.fromisoformat(last)
        said: str = dates.format_interval(*days, "yMMMd", locale=self._locale)
        return said

    def format_minute(self, value: str | datetime) -> str:
        """A time to the minute, in UTC."""
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        return dates.format_datetime(at, "d MMM y HH:mm", locale=self._locale)

    def format_time(self, value: str) -> str:
        """The time of a day to the minute, in UTC."""
        return dates.format_datetime(datetime.fromisoformat(value), "HH:mm", locale=self._locale)

    def format_second(self, value: str) -> str:
        """A time to the second, in UTC."""
        return dates.format_datetime(datetime.fromisoformat(value), "d MMM y HH:mm:ss", locale=self._locale)

    def format_span(self, value: timedelta) -> str:
        """How long, in the largest unit that says enough: 3 days, 5 hours."""
        said: str = dates.format_timedelta(abs(value), threshold=1.5, locale=self._locale)
        return said

    def format_short_span(self, value: timedelta) -> str:
        """How long, to a third or better: 60 mins, 5 hr."""
        said: str = dates.format_timedelta(value, threshold=3, format="short", locale=self._locale)
        return said

    def knowing(self, agencies: Registry, people: Mapping[str, str] | None = None) -> Words:
        """The same words, with the full names of agencies, and those of people by their sign-in names."""
        made = copy(self)
        made._agencies, made._people = agencies, people or {}  # noqa: SLF001 - its own
        return made

    def person_name(self, login: str) -> str:
        """What somebody is called with the sign-in name behind it; that alone where no more is known."""
        name = self._people.get(login)
        return f"{name} ({login})" if name else login

    def agency_title(self, code: str) -> str:
        """An agency's full name; its code where none was given."""
        agency = self._agencies.get(code)
        return agency.title if agency and agency.title else code

    def agency_name(self, code: str) -> str:
        """An agency's full name with its code behind it: "Police fédérale (be-fp)"; the code alone without one."""
        title = self.agency_title(code)
        return f"{title} ({code})" if title != code else code

    def language_name(self, tag: str) -> str:
        """A language's name by its BCP 47 tag; the tag itself where there is none."""
        languages = self._locale.languages
        name: str = languages.get(tag.replace("-", "_")) or languages.get(tag.partition("-")[0], tag)
        return name

    def country_name(self, code: str) -> str:
        """A country's name; the code itself where there is none."""
        name: str = self._locale.territories.get(code, code)
        return name


@cache
def load_words(language: str) -> Words:
    """The words of one of LANGUAGES."""
    return Words(language)


def choose_language(accepted: str, chosen: str = "") -> str:
    """The language of a request: what was chosen by the switch, else the best of Accept-Language, else English."""
    return chosen if chosen in LANGUAGES else problems.negotiate_language(accepted)
