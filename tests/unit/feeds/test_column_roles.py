from __future__ import annotations

import hashlib

import pytest

from pipeline.feeds.column_roles import (
    FURTHER_FIELDS,
    PAIRED_FIELDS,
    ROLES,
    guess_formats,
    guess_role,
    guess_separator,
    role_of_name,
)
from pipeline.records.field_words import LANGUAGES_OF_FIELDS, fold_words, list_words

OFFICIAL_LANGUAGES = 24
BY_A_NEIGHBOUR = {"pt: number"}
"""Written there as in a neighbour's language: número."""

HELD_WORDS = "a206b635a8eeaa3a"
ADDED = {f"title: {word}" for word in ("crime", "straftat", "titel", "titolo", "titre", "titulo")}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("PRENOM", "given"),
        ("Prénom", "given"),
        ("firstName", "given"),
        ("last_name", "family"),
        ("Nachname", "family"),
        ("NAME_FULL", "full"),
        ("Date of Birth", "birth_date"),
        ("DOB", "birth_date"),
        ("Lieu de naissance", "birth_place"),
        ("Date d'ouverture", "opened"),
        ("PASSEPORT_PAYS", "issuer"),
        ("PASSEPORT", "passport"),
        ("PLAQUES", "plate"),
        ("Group ID", "case_id"),
        ("Alias Type", ""),
        ("Alias 1", "alias"),
        ("GEB_DAT", "birth_date"),
        ("Geb.-Dat.", "birth_date"),
        ("D.N.", "birth_date"),
        ("FEC_NAC", "birth_date"),
        ("DATA_URODZ", "birth_date"),
        ("FOEDSELSDATO", "birth_date"),
        ("Ημερομηνία γέννησης", "birth_date"),
        ("Дата на раждане", "birth_date"),
        ("Dáta breithe", "birth_date"),
        ("Data tat-twelid", "birth_date"),
        ("Születési idő", "birth_date"),
        ("Dzimšanas datums", "birth_date"),
        ("Gimimo data", "birth_date"),
        ("Data nașterii", "birth_date"),
        ("Syntymäaika", "birth_date"),
        ("Sünniaeg", "birth_date"),
        ("Datum rođenja", "birth_date"),
        ("Dátum narodenia", "birth_date"),
        ("STAATSANG", "nationality"),
        ("STAATSANGEHOERIGKEIT", "nationality"),
        ("Državljanstvo", "nationality"),
        ("AUSWEIS_NR", "national_id"),
        ("Ausweisnr.", "national_id"),
        ("N° passeport", "passport"),
        ("N° pass", "passport"),
        ("Nº PASAPORTE", "passport"),
        ("Numer paszportu", "passport"),
        ("KFZ_KENNZ", "plate"),
        ("Telefonnr.", "phone"),
        ("GESCHL", "gender"),
        ("Επώνυμο", "family"),
        ("Efternamn", "family"),
        ("Imię", "given"),
        ("Ügyszám", "case_id"),
        ("Numéro de dossier", "case_id"),
        ("AZ", "case_id"),
        ("AZ der Sache", ""),
        ("XYZ", ""),
    ],
)
def test_a_column_is_known_by_its_name(name: str, role: str) -> None:
    assert role_of_name(name) == role


def test_a_name_is_held_against_the_values() -> None:
    assert guess_role("NATIONALITY", ["FR", "Germany", "Afghan"])
    assert guess_role("NATIONALITY", ["red", "green", "blue"]) is None
    assert guess_role("PHONE", ["yes", "no"]) is None
    assert guess_role("BORN", ["yes", "no"]) is None
    assert guess_role("PHONE", []) is not None
    assert guess_role("STAATSANG", ["deutsch", "FR", "polnisch", "DE"]) is not None


@pytest.mark.parametrize(("values", "role"), [(["Celje", "Ptuj"], "birth_place"), (["SI", "Croatia"], "birth_country")])
def test_a_word_of_two_fields_is_the_one_that_its_values_fit(values: list[str], role: str) -> None:
    found = guess_role("Kraj rojstva", values)
    assert found is not None
    assert found.role == role


def test_every_field_has_words_in_the_official_languages() -> None:
    official = [language for language in LANGUAGES_OF_FIELDS if list_words("birth", language)]
    assert len(official) == OFFICIAL_LANGUAGES
    lacking = {
        f"{language}: {field}"
        for language in official
        for field in ("given", "family", "birth", "country", "gender", "nationality", "street", "city", "number")
        if not list_words(field, language)
    }
    assert lacking <= BY_A_NEIGHBOUR


def _words_of_roles() -> set[str]:
    """Each word or pair of words and the role that it tells, in one line."""
    pairs = {
        f"{role}: {first} {second}"
        for role, fields in PAIRED_FIELDS.items()
        for one, other in (fields, fields[::-1])
        for first in fold_words([one])
        for second in fold_words([other])
    }
    return pairs | {f"{role}: {word}" for role in ROLES for word in fold_words([role, *FURTHER_FIELDS.get(role, ())])}


def test_every_word_tells_the_roles_that_it_told() -> None:
    """The digest is that of 0.3.0's lists; ADDED may grow, as words that the table has besides."""
    words = _words_of_roles()
    assert words >= ADDED
    assert hashlib.sha256("\n".join(sorted(words - ADDED)).encode()).hexdigest()[:16] == HELD_WORDS


def test_values_tell_what_a_name_does_not() -> None:
    found = guess_role("contact", ["a@example.org", "b@example.org"])
    assert found is not None
    assert (found.role, found.reason) == ("email", "its values")


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["1980-05-01", "1981-12-31"], ("%Y-%m-%d",)),
        (["31/12/1980", "01/02/1981", "1982"], ("%d/%m/%Y", "%Y")),
        (["12/31/1980", "01/02/1981"], ("%m/%d/%Y",)),
        (["03 Feb 1971", "1975"], ("%d %b %Y", "%Y")),
        (["x", "y", "1975-01-01"], ()),
        ([], ()),
    ],
)
def test_the_fewest_formats_that_read_most_dates_are_taken(values: list[str], formats: tuple[str, ...]) -> None:
    assert guess_formats(values) == formats


@pytest.mark.parametrize(("values", "sign"), [(["a|b", "c"], "|"), (["a,b", "c;d", "e,f"], ","), (["a"], ""), ([], "")])
def test_cells_with_several_values_tell_their_sign(values: list[str], sign: str) -> None:
    assert guess_separator(values) == sign
