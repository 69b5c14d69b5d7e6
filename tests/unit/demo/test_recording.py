"""Tests of how records are noted."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from random import Random

import pytest
from rapidfuzz.distance import OSA

from pipeline.demo.countries import load_countries
from pipeline.demo.recording import RecordedEntity, Register, misread_date, misread_digit, mistype, recorded_birth_date
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


@pytest.mark.parametrize("name", ["Müller", "Иванов", "Παπαδόπουλος", "العلوي", "O'Brien"])
def test_a_slip_is_one_edit_and_keeps_the_first_letter(name: str) -> None:
    rng = Random(1)
    slips = {mistype(rng, name) for _ in range(200)}
    assert all(OSA.distance(name, slip) <= 1 for slip in slips)
    assert all(slip[0] == name[0] for slip in slips)
    assert len(slips) > 5


def test_names_too_short_to_slip_in_stay() -> None:
    assert mistype(Random(1), "王") == "王"
    assert mistype(Random(1), "Li") == "Li"


def test_one_digit_is_wrong_and_never_the_prefix() -> None:
    rng = Random(1)
    for _ in range(100):
        wrong = misread_digit(rng, "+33612345678")
        assert sum(a != b for a, b in zip(wrong, "+33612345678", strict=True)) == 1
        assert wrong[:2] == "+3"
    assert misread_digit(rng, "ABC") == "ABC"


def test_a_misread_date_is_no_date_any_more() -> None:
    text = misread_date(Random(1), "1980-05-17")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        date.fromisoformat(text)


def test_recorded_birth_dates_are_mostly_right_and_always_dates_or_text() -> None:
    rng, born = Random(1), date(1980, 5, 7)
    seen: Counter[str] = Counter()
    for _ in range(3_000):
        (field, text), *rest = recorded_birth_date(rng, born).items()
        assert rest == []
        if field == "birth_date" and len(text) == 10:
            date.fromisoformat(text)
        seen["text" if field == "birth_date_text" else text] += 1
    assert 0.82 < seen["1980-05-07"] / 3_000 < 0.92
    assert {"1980-07-05", "1980-05", "1980", "text"} <= set(seen)
