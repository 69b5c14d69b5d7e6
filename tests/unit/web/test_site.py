from __future__ import annotations

from pipeline.web.site import PREPARED, first_of_each_agency


def test_the_demos_story_has_a_seeker_an_owner_and_a_stranger_of_an_agency_each() -> None:
    seeker, owner, stranger = (person.requester.agency for person in first_of_each_agency(PREPARED)[:3])
    assert len({seeker, owner, stranger}) == 3


def test_the_first_person_of_an_agency_stands_for_it() -> None:
    names = [person.name for person in first_of_each_agency(PREPARED)]
    assert names[:3] == ["Claire Martin", "Pieter Janssens", "Ewa Nowak"]
