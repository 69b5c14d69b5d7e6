from __future__ import annotations

from collections import Counter

import pytest

from pipeline.records.countries import country_code
from pipeline.records.field_words import LANGUAGES_OF_FIELDS, fields_called, fold_heading, list_words, say_nothing
from pipeline.records.fields import gender
from pipeline.records.name_words import UNKNOWN_WORDS
from pipeline.records.names import normalise_name
from pipeline.records.placeholders import PLACEHOLDERS, is_placeholder
from pipeline.search.questions import ASKED_AS

AGREED = {"kraj", "pase"}
"""Words that mean one field of a question in one language and another in another: country and place, paese and pase."""


def test_a_word_has_one_meaning_in_one_language() -> None:
    for language in LANGUAGES_OF_FIELDS:
        meanings = {
            (fold_heading(word), asked) for field, asked in ASKED_AS.items() for word in list_words(field, language)
        }
        counts = Counter(word for word, _ in meanings)
        assert not [word for word, count in counts.items() if count > 1], language


def test_languages_that_disagree_about_a_prefix_are_known() -> None:
    words = {fold_heading(word) for field in ASKED_AS for word in list_words(field)}
    disagreed = {
        word for word in words if len({ASKED_AS[field] for field in fields_called(word) if field in ASKED_AS}) > 1
    }
    assert disagreed == AGREED


def test_the_reader_s_language_comes_first_then_the_table_s_order() -> None:
    assert fields_called("kraj") == fields_called("Kraj", "pl") == ("country", "place")
    assert fields_called("kraj", "sl") == ("place", "country")
    assert fields_called("xyz") == ()


def test_no_word_for_nothing_is_a_heading() -> None:
    for word in (*list_words("unknown"), *list_words("nothing")):
        assert set(fields_called(word)) <= {"unknown", "nothing"}, word


@pytest.mark.parametrize(
    "text",
    ["k.A.", "unbekannt", "Néant", "NEANT", "s/o", "sin datos", "okänd", "OKAND", "Άγνωστος", "Ej angivet", "n.v.t.",
     "nav zināms", "ni podatka", "няма данни", "미상", "non renseigne"],
)  # fmt: skip
def test_words_for_nothing_in_the_languages_of_the_columns(text: str) -> None:
    assert is_placeholder(text.casefold())


@pytest.mark.parametrize(
    "text", ["paris", "nc", "nd", "ingen", "neznašov", "nova", "via roma", "brake", "nilo", "s", "none street"]
)
def test_places_and_codes_are_no_words_for_nothing(text: str) -> None:
    assert not is_placeholder(text)


def test_no_country_is_a_word_for_nothing_but_namibia_s_code() -> None:
    assert {word for word in PLACEHOLDERS if word and country_code(word)} <= {"na"}


@pytest.mark.parametrize("full", ["Na Moon-hee", "Nil Karaca", "Nil Yalter", "None Tanaka", "Neant Dupont", "Brak Jan"])
def test_a_name_that_is_a_word_for_nothing_stays_beside_others(full: str) -> None:
    name = normalise_name(full, "", "", "", "", "", "person")
    assert full.split()[0].casefold() in {token.text for token in name.tokens}


def test_words_for_nothing_of_values_are_dropped_from_no_name() -> None:
    assert UNKNOWN_WORDS.isdisjoint(say_nothing("nothing") - {"null", "tbc", "tbd", "xxx", "entfällt"})
    assert normalise_name("Nepoznat", "", "", "", "", "", "person").flags == ("placeholder",)
    assert [token.text for token in normalise_name("Nepoznat Petrović", "", "", "", "", "", "person").tokens]


@pytest.mark.parametrize(
    ("text", "said"), [("x", "other"), ("unbekannt", ""), ("K.A.", ""), ("okänd", ""), ("zzz", None)]
)
def test_genders_that_are_not_known(text: str, said: str | None) -> None:
    assert gender(text) == said
