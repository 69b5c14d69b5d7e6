from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import LiaisonError
from pipeline.web.site import PREPARED, first_of_each_agency, read_names


def test_the_demos_story_has_a_seeker_an_owner_and_a_stranger_of_an_agency_each() -> None:
    seeker, owner, stranger = (person.requester.agency for person in first_of_each_agency(PREPARED)[:3])
    assert len({seeker, owner, stranger}) == 3


def test_the_first_person_of_an_agency_stands_for_it() -> None:
    names = [person.name for person in first_of_each_agency(PREPARED)]
    assert names[:3] == ["Claire Martin", "Pieter Janssens", "Ewa Nowak"]


def test_names_of_people_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    assert read_names(None) == {}
    file.write_text('{"anna@fr-pj": "Anna Keller"}')
    assert read_names(file) == {"anna@fr-pj": "Anna Keller"}
    for wrong in ("", "[]", '{"anna@fr-pj": 7}'):
        file.write_text(wrong)
        with pytest.raises(LiaisonError, match="LIAISON_PEOPLE_FILE"):
            read_names(file)
    with pytest.raises(LiaisonError, match="LIAISON_PEOPLE_FILE"):
        read_names(tmp_path / "none.json")
