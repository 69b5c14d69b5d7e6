"""Records that are odd in full: intake's reading, bounded keys and prints, and scores that mean something."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.correlation.keys import MAX_KEYS
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases
from pipeline.records.entity_types import normalise
from pipeline.records.limits import ENTITY_VALUES, MAX_TOKENS
from pipeline.records.messages import Reason
from pipeline.records.validation import RefusedError, read
from support.records.builder import RawEntity, event_bytes, person

LARGEST = 10_000
"""Bytes of the fingerprint of a case about one odd person."""

BORN = "1984-03-11"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def take_in(model: Model, *entities: RawEntity, agency: str = "fr-pj") -> Fingerprint:
    case = read(event_bytes(agency, "1", entities)).case
    return make_fingerprint(case, normalise(case), model)


def assert_bounded(found: Fingerprint) -> None:
    assert len(found.keys) <= MAX_KEYS
    assert len(msgspec.msgpack.encode(found)) <= LARGEST


def is_link(a: Fingerprint, b: Fingerprint, model: Model) -> bool:
    return bool(judge_cases(a, b, model).band)


def meet(a: Fingerprint, b: Fingerprint) -> bool:
    return not set(a.keys).isdisjoint(b.keys)


def test_forty_birth_dates(model: Model) -> None:
    dates = [f"{1940 + at}-{1 + at % 12:02d}-{1 + at % 28:02d}" for at in range(40)]
    many = take_in(model, person("Zbigniew Oczko", birth_dates=dates))
    one = take_in(model, person("Zbigniew Oczko", birth_date=dates[17]), agency="de-bka")
    other = take_in(model, person("Marta Lis", birth_date=dates[17]), agency="de-bka")
    assert_bounded(many)
    assert len(many.entities[0].birth_dates) == 40 <= ENTITY_VALUES
    assert meet(many, one)
    assert is_link(many, one, model)
    assert not is_link(many, other, model)


def test_forty_birth_dates_of_a_person_of_many_names(model: Model) -> None:
    names = [{"full": f"Zbigniew{chr(97 + at % 26)} Oczko{chr(97 + at // 2)}ski"} for at in range(50)]
    dates = [f"{1940 + at}-{1 + at % 12:02d}-{1 + at % 28:02d}" for at in range(40)]
    found = take_in(model, {"type": "person", "names": names, "birth_dates": dates, "birth_places": ["Kraków, Polska"]})
    assert 0 < len(found.keys) <= MAX_KEYS


@pytest.mark.parametrize("stated", ["1985/1980", "1980-05/1980-04", "1980-05-02/1980-05-01", "1980/1970~"])
def test_a_range_that_ends_before_it_begins_is_rejected(stated: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(event_bytes("fr-pj", "1", [person("Zbigniew Oczko", birth_dates=["1990", stated])]))
    assert [(problem.reason, problem.pointer) for problem in refused.value.problems] == [
        (Reason.DATE, "/data/entities/0/birth_dates/1")
    ]


@pytest.mark.parametrize("name", ["abcdefghijklmnopqrst" * 3, "ж" * 60, "x" * 60])
def test_a_name_of_sixty_tokens_of_one_letter_yields_no_key_and_no_link_to_another(model: Model, name: str) -> None:
    name = " ".join(name)
    found = take_in(model, person(name, birth_date=BORN))
    assert_bounded(found)
    assert all(len(one.tokens) <= MAX_TOKENS for one in found.entities[0].names)
    assert not take_in(model, person(name)).keys
    for other in ("Anna Xenia Zhukova", "A. X. Z."):
        assert not is_link(found, take_in(model, person(other, birth_date=BORN), agency="de-bka"), model)


def test_an_alias_that_is_the_name_fifty_times_is_the_name_once(model: Model) -> None:
    once = take_in(model, person("Zbigniew Oczko", birth_date=BORN))
    names = [{"full": "Zbigniew Oczko"}, *[{"full": "Zbigniew Oczko", "kind": "alias"}] * 49]
    again = take_in(model, {"type": "person", "names": names, "birth_date": BORN})
    assert again.keys == once.keys
    assert again.entities == once.entities
    other = take_in(model, person("Zbigniew Oczko", birth_date=BORN), agency="de-bka")
    assert judge_cases(other, again, model) == judge_cases(other, once, model)


@pytest.mark.parametrize(
    "name", [{"patronymic": "Иванович"}, {"given": "", "patronymic": "Ivanovich"}, {"full": "bin Mohammed"}]
)
def test_a_fathers_name_alone_makes_no_link(model: Model, name: dict[str, str]) -> None:
    found = take_in(model, {"type": "person", "names": [{part: text for part, text in name.items() if text}]})
    other = take_in(model, person("Иван Иванович Петров"), agency="de-bka")
    assert_bounded(found)
    assert not is_link(found, other, model)
    assert not is_link(found, found, model)


def test_two_people_of_whom_nothing_is_known(model: Model) -> None:
    one, other = take_in(model, {"type": "person"}), take_in(model, {"type": "person"}, agency="de-bka")
    assert one.keys == other.keys == ()
    assert not is_link(one, other, model)


def test_placeholders_in_every_field_are_nothing(model: Model) -> None:
    nobody = person(
        "unknown", birth_date="1900-01-01", phones=["0000000"], identifiers=[{"type": "id", "value": "000000"}]
    )
    one, other = take_in(model, nobody), take_in(model, nobody, agency="de-bka")
    assert one.keys == ()
    assert not is_link(one, other, model)


def test_a_damaged_date_and_number_still_find_the_person(model: Model) -> None:
    whole = person("Anna Lee", birth_date="1982-05-30", identifiers=[{"type": "passport", "value": "428-61-6375"}])
    damaged = person(
        "Ana Lea", birth_date_text="1982-05-3O", identifiers=[{"type": "passport", "value": "428-6?-6375"}]
    )
    assert meet(take_in(model, whole), take_in(model, damaged, agency="de-bka"))
    nameless = person(identifiers=[{"type": "passport", "value": "428-6|-6375"}])
    assert meet(take_in(model, whole), take_in(model, nameless, agency="de-bka"))


@pytest.mark.parametrize("married", ["Wrzesniewska", "Wrzesniewska-Oczko"])
def test_a_family_name_changed_by_marriage_meets_by_given_name_and_birth_date(model: Model, married: str) -> None:
    before = person(given="Anna", family="Oczko", birth_date=BORN, gender="female")
    after = person(given="Anna", family=married, birth_date=BORN, gender="female")
    assert meet(take_in(model, before), take_in(model, after, agency="de-bka"))
