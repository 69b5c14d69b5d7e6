from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.web.site import PREPARED, KnownPerson, first_of_each_agency, read_people


def test_the_demos_story_has_a_seeker_an_owner_and_a_stranger_of_an_agency_each() -> None:
    seeker, owner, stranger = (person.requester.agency for person in first_of_each_agency(PREPARED)[:3])
    assert len({seeker, owner, stranger}) == 3


def test_the_first_person_of_an_agency_stands_for_it() -> None:
    names = [person.name for person in first_of_each_agency(PREPARED)]
    assert names[:3] == ["Claire Martin", "Pieter Janssens", "Ewa Nowak"]


def test_names_of_people_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    assert read_people(None) == {}
    file.write_text(
        '{"anna@fr-pj": "Anna Keller", "eva@fr-pj": {"name": "Eva Roux", "phone": "+33 1 23 45 67 89"},'
        ' "jan@be-fp": {"name": "Jan Maes"}}'
    )
    assert read_people(file) == {
        "anna@fr-pj": KnownPerson("Anna Keller"),
        "eva@fr-pj": KnownPerson("Eva Roux", "+33 1 23 45 67 89"),
        "jan@be-fp": KnownPerson("Jan Maes"),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[]",
        '{"anna@fr-pj": 7}',
        '{"anna@fr-pj": ""}',
        '{"anna@fr-pj": {"phone": "117"}}',
        '{"anna@fr-pj": {"name": ""}}',
        '{"anna@fr-pj": {"name": "Anna Keller", "fone": "117"}}',
        '{"anna@fr-pj": {"name": "Anna Keller", "phone": 117}}',
    ],
)
def test_a_file_of_people_that_is_wrong_ends_the_start_in_one_line(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "people.json"
    file.write_text(wrong)
    with pytest.raises(LiaisonError, match=r"\ALIAISON_PEOPLE_FILE: [^\n]+\Z"):
        read_people(file)


def test_a_file_of_people_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(LiaisonError, match="LIAISON_PEOPLE_FILE"):
        read_people(tmp_path / "none.json")


@pytest.mark.parametrize(
    "phone", ["ask the desk", "+33 1 23 45 67 89\\n", "+33 (0)1 23 45 67", "12", "1" * 16, "tel:117"]
)
def test_whose_phone_is_none_is_said(tmp_path: Path, phone: str) -> None:
    file = tmp_path / "people.json"
    file.write_text(f'{{"anna@fr-pj": {{"name": "Anna Keller", "phone": "{phone}"}}}}')
    with pytest.raises(LiaisonError, match=r"\ALIAISON_PEOPLE_FILE: [^\n]+ anna@fr-pj [^\n]+\Z"):
        read_people(file)
