from __future__ import annotations

import re
from random import Random

import pytest

from pipeline.demo.countries import load_countries
from pipeline.demo.recording import RecordedEntity, Register
from pipeline.demo.world import TruePerson, World


def people(culture: str, count: int) -> list[TruePerson]:
    world = World(Random(1))
    found: list[TruePerson] = []
    while len(found) < count:
        person = world.make_person()
        found += [person] if person.culture.name == culture else []
    return found


def primary(recorded: RecordedEntity) -> str:
    name = recorded.fields["names"][0]
    return str(name.get("full") or f"{name['given']} {name['family']}")


@pytest.mark.parametrize(
    ("culture", "country", "script"),
    [
        ("bulgarian", "BG", r"[\u0400-\u04ff]"),
        ("russian", "BG", r"[\u0400-\u04ff]"),
        ("greek", "GR", r"[\u0370-\u03ff\u1f00-\u1fff]"),
        ("arabic", "MA", r"[\u0600-\u06ff]"),
        ("bulgarian", "FR", r"[A-Za-z]"),
        ("chinese", "DE", r"[A-Za-z]"),
    ],
)
def test_registers_write_in_their_own_script(culture: str, country: str, script: str) -> None:
    register = Register(Random(1), load_countries()[country])
    for person in people(culture, 20):
        assert re.search(script, primary(register.record_person(person, "suspect")))


def test_a_person_shows_that_person_and_nothing_else() -> None:
    (person,) = people("french", 1)
    assert Register(Random(1), load_countries()["FR"]).record_person(person, "suspect").shows == (person.id,)


def test_at_home_makes_the_address_certain() -> None:
    register = Register(Random(1), load_countries()["FR"])
    known = [
        register.record_person(person, "suspect", at_home=True).fields.get("addresses")
        for person in people("french", 30)
    ]
    assert all(known)


def test_fields_are_missing_about_as_often_as_they_should() -> None:
    register = Register(Random(1), load_countries()["FR"])
    records = [register.record_person(person, "suspect").fields for person in people("french", 300)]
    dated = sum("birth_date" in record or "birth_date_text" in record for record in records)
    assert 0.78 < dated / 300 < 0.92
    assert 0.4 < sum("phones" in record for record in records) / 300 < 0.6


def test_a_phones_line_and_device_are_two_real_things() -> None:
    world, register = World(Random(1)), Register(Random(1), load_countries()["FR"])
    for _ in range(50):
        thing = world.make_thing("phone")
        recorded = register.record_thing(thing)
        parts = [part for part in ("number", "imei") if part in recorded.fields]
        assert recorded.shows == tuple(f"{thing.id}-{part}" for part in parts)
        assert parts
