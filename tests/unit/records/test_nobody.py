"""Names of nobody."""

from __future__ import annotations

import pytest

from pipeline.records.names import normalise_name


def tokens(full: str = "", given: str = "", family: str = "") -> list[str]:
    return [token.text for token in normalise_name(full, given, "", family, "", "", "person").tokens]


@pytest.mark.parametrize(
    "name",
    [
        "daughter of", "Daughter of Maria Lopez", "husband", "Gentleman", "hijo", "hija de Maria", "baby boy", "NN",
        "no last name", "No Name Given", "apellido", "N.N.", "FNU LNU", "fils de", "Tochter von Eva", "жена",
        "زوجة", "婴儿", "recién nacido", "sin apellido", "wife of", "son of",
        "syn", "CORKA", "noworodek", "κόρη", "γιος",
    ],
)  # fmt: skip
def test_words_for_nobody_are_a_missing_value(name: str) -> None:
    found = normalise_name(name, "", "", "", "", "", "person")
    assert found.flags == ("placeholder",)
    assert not found.tokens


@pytest.mark.parametrize(
    ("full", "given", "family", "kept"),
    [
        ("FNU Lopez", "", "", ["lopez"]),
        ("Baby Boy Lopez", "", "", ["lopez"]),
        ("", "Maria", "No Last Name", ["maria"]),
        ("", "Husband", "Lopez", ["lopez"]),
        ("Ana sin apellido", "", "", ["ana"]),
    ],
)
def test_they_are_dropped_from_a_name_that_has_other_words(full: str, given: str, family: str, kept: list[str]) -> None:
    assert tokens(full, given, family) == kept


@pytest.mark.parametrize(
    "name", ["Son Heung-min", "Husband Smith", "Mari Boine", "Baby Varghese", "Anna Sohn", "Bernardo Padre", "Child"]
)
def test_names_that_are_such_words_stay(name: str) -> None:
    assert len(tokens(name)) == len(name.replace("-", " ").split())


def test_whom_mail_is_sent_to_is_another() -> None:
    for entity_type in ("person", "organisation"):
        assert not normalise_name("Care of Peleng Trading", "", "", "", "", "", entity_type).tokens
        assert normalise_name("Care Peleng", "", "", "", "", "", entity_type).tokens


def test_organisations_may_be_called_so() -> None:
    found = normalise_name("Gentleman", "", "", "", "", "", "organisation")
    assert [token.text for token in found.tokens] == ["gentleman"]
