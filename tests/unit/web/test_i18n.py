from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.records.agencies import Agency
from pipeline.web.i18n import choose_language, load_words


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("", "", "en"), ("fr", "", "fr"), ("ca,es;q=0.9", "", "es"),
        ("fr-BE,fr;q=0.9,en;q=0.8", "", "fr"), ("de,en;q=0.5,fr;q=0.4", "", "en"),
        ("de, pl", "", "en"), ("fr;q=0", "", "en"), ("fr;q=x", "", "en"), ("fr", "en", "en"), ("en", "xx", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_best_that_the_browser_accepts(
    accepted: str, chosen: str, language: str
) -> None:
    assert choose_language(accepted, chosen) == language


def test_numbers_dates_and_countries_follow_the_language() -> None:
    english, french = load_words("en"), load_words("fr")
    moment = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
    assert (english.format_date("2026-11-24"), french.format_date("2026-11-24")) == ("24 Nov 2026", "24 nov. 2026")
    assert english.format_date("1980-05") == "1980-05"
    assert english.format_minute(moment) == "24 Nov 2026 09:05"
    assert (english.country_name("DE"), french.country_name("DE"), english.country_name("ZZ-")) == (
        "Germany",
        "Allemagne",
        "ZZ-",
    )
    assert english.format_number(12_345) == "12,345"
    assert load_words("es").format_number(12_345.5) == "12.345,5"
    assert french.format_span(timedelta(days=-3)) == "3\N{NO-BREAK SPACE}jours"


def test_a_browser_writes_dates_as_the_server_does() -> None:
    assert [load_words(language).tag for language in ("en", "es", "fr")] == ["en-GB", "es", "fr"]


def test_a_plural_is_chosen_by_the_language() -> None:
    assert load_words("en").plural("{count} record", "{count} records", 0) == "0 records"
    assert load_words("fr").plural("{count} record", "{count} records", 0) == "0 fiche"


def test_an_agency_has_its_full_name_before_its_code() -> None:
    agencies = {"be-fp": Agency("be-fp", "BE", title="Police fédérale"), "fr-pj": Agency("fr-pj", "FR")}
    plain = load_words("en")
    words = plain.knowing(agencies)
    assert [words.agency_name(code) for code in ("be-fp", "fr-pj", "nl-np")] == [
        "Police fédérale (be-fp)", "fr-pj", "nl-np",
    ]  # fmt: skip
    assert words.agency_title("be-fp") == "Police fédérale"
    assert plain.agency_name("be-fp") == "be-fp", "the words that all share know nobody"


def test_a_person_has_the_name_before_the_sign_in_name() -> None:
    words = load_words("en").knowing({}, {"anna@fr-pj": "Anna Keller"})
    assert [words.person_name(login) for login in ("anna@fr-pj", "bert@be-fp", "")] == [
        "Anna Keller (anna@fr-pj)", "bert@be-fp", "",
    ]  # fmt: skip
    assert load_words("en").person_name("anna@fr-pj") == "anna@fr-pj"


def test_two_days_are_one_span_in_each_language() -> None:
    said = [load_words(language).format_days("2026-03-01", "2026-03-31") for language in ("en", "fr", "es")]
    assert said == ["1–31 Mar 2026", "1–31 mars 2026", "1–31 mar 2026"]
    two = "1 Mar\N{THIN SPACE}–\N{THIN SPACE}30 Apr 2026"
    assert load_words("en").format_days("2026-03-01", "2026-04-30") == two
