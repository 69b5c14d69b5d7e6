"""Tests of the blocking keys: what shares one, what does not, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest

from pipeline.correlation import keys as catalogue
from pipeline.correlation.key_kinds import CATALOGUE, KIND_NUMBERS, KeyKind, kind_of, make_key, owner_partition
from pipeline.correlation.keys import EXACT, MAX_KEYS, hold_all_exact
from pipeline.correlation.thing_keys import LONGEST_HELD
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.model import load_model
from pipeline.records.dates import birth_date
from pipeline.records.names import normalise_name
from pipeline.records.normalised import (
    GeoPoint,
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedPhone,
    PartialDate,
    TimeSpan,
)

RARITY = 1500
"""The shipped model's."""


def keys(entities: Iterable[EntityPrint], stop: Collection[int] = frozenset(), rarity: int = RARITY) -> tuple[int, ...]:
    return catalogue.blocking_keys(entities, stop, rarity)


@pytest.mark.parametrize(
    "stated", [("1980-05-03", "1955"), ("1979/1982",), ("1981~", "1955-01-02"), ("1980-05-03", "1991-12-24")]
)
def test_any_of_several_birth_dates_finds_the_person(stated: tuple[str, ...]) -> None:
    dates = tuple(map(birth_date, stated))
    name = normalise_name("Zbigniew Oczko", "", "", "", "", "primary", "person")
    found = entity_print(NormalisedEntity("p", "person", names=(name,), birth_dates=dates))
    alone = person("Oczko", PartialDate(1980, 5, 3))
    assert set(keys([found])) & set(keys([alone]))
    assert len(keys([found])) > len(keys([person("Zbigniew Oczko")]))


@pytest.mark.parametrize("text", ["198z-05-03", "1982-O5-03", "1982-05-O3", "1982-03-05"])
def test_a_damaged_date_is_found_by_what_is_intact(text: str) -> None:
    damaged, whole = person("Zbigniew Oczko", written=text.lower()), person("Zbygniev Oczko", PartialDate(1982, 5, 3))
    named = set(keys([person("Zbigniew Oczko")])) & set(keys([person("Zbygniev Oczko")]))
    assert len(set(keys([damaged])) & set(keys([whole]))) > len(named)


def test_day_and_month_find_common_names_where_the_year_is_damaged() -> None:
    damaged, whole = person("Ali John", written="19?2-05-03"), person("Ali John", PartialDate(1982, 5, 3))
    assert KeyKind.NAMES_DATE in map(kind_of, set(keys([damaged])) & set(keys([whole])))


def test_an_impossible_month_is_the_day() -> None:
    damaged, whole = person("Oczko", written="1963-21-04"), person("Oczko", PartialDate(1963, 4, 21))
    assert set(keys([damaged])) == set(keys([whole]))


def test_forty_birth_dates_leave_room_for_others() -> None:
    name = normalise_name("Zbigniew Oczko", "", "", "", "", "primary", "person")
    dates = tuple(birth_date(f"{1930 + k}-05-03") for k in range(40))
    assert len(keys([entity_print(NormalisedEntity("p", "person", names=(name,), birth_dates=dates))])) < MAX_KEYS / 2


def test_the_shipped_model_asks_for_the_rarity_that_is_tested() -> None:
    assert load_model().key_rarity == RARITY


def person(
    name: str,
    born: PartialDate | None = None,
    *,
    written: str = "",
    birth_place: str = "",
    addresses: tuple[NormalisedAddress, ...] = (),
    phones: tuple[NormalisedPhone, ...] = (),
    emails: tuple[str, ...] = (),
) -> EntityPrint:
    return entity_print(
        NormalisedEntity(
            "p",
            "person",
            names=(normalise_name(name, "", "", "", "", "primary", "person"),) if name else (),
            birth_date=born,
            birth_date_text=written,
            birth_place=birth_place,
            addresses=addresses,
            phones=phones,
            emails=emails,
        )
    )


def organisation(name: str, *addresses: NormalisedAddress) -> EntityPrint:
    named = normalise_name(name, "", "", "", "", "primary", "organisation")
    return entity_print(NormalisedEntity("o", "organisation", names=(named,), addresses=addresses))


def thing(kind: str, value: str, *, make: str = "", entity: str = "vehicle") -> EntityPrint:
    return entity_print(NormalisedEntity("t", entity, identifiers=(NormalisedIdentifier(kind, value),), make=make))


def event(latitude: float, longitude: float, start: int) -> EntityPrint:
    return entity_print(
        NormalisedEntity("e", "event", place=GeoPoint(latitude, longitude), span=TimeSpan(start, start + 600))
    )


def shared(a: EntityPrint, b: EntityPrint) -> set[KeyKind]:
    return {kind_of(one) for one in set(keys((a,))) & set(keys((b,)))}


BORN = PartialDate(1984, 3, 11)


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        (person("Zbigniew Oczko", BORN), person("Zbigniew Oczka", BORN), KeyKind.NAME_YEAR),
        (person("Zbigniew Oczko"), person("Oczko Zbigniew"), KeyKind.NAME_PAIR),
        (person("Иван Петровский", BORN), person("Ivan Petrovsky", BORN), KeyKind.NAME_DATE),
        (person("William Kowalska"), person("Bill Kowalska"), KeyKind.NAME_PAIR),
        (person("Anna Kowalska", BORN), person("Anna Kowalska", PartialDate(1984, 11, 3)), KeyKind.NAME_DATE),
        (person("Maria Garcia", BORN), person("Elena Garcia", PartialDate(1948, 3, 11)), KeyKind.NAME_DATE),
        (person("Maria Garcia", BORN), person("Maria Oczko", BORN), KeyKind.NAME_DATE),
        (person("Ali John", BORN), person("Ali John", PartialDate(1948, 3, 11)), KeyKind.NAMES_DATE),
        (person("Anna Kowalska", BORN), person("Anna Kowalska", PartialDate(1984, 3)), KeyKind.NAME_YEAR),
        (person("Anna Kowalska", BORN), person("A. Nowak", PartialDate(1984, 3, 11)), KeyKind.DATE_INITIAL),
        (person("Oczko", BORN), person("Oczko", written="1984-3?-11"), KeyKind.NAME_YEAR),
        (person("Anna", BORN, birth_place="Łódź"), person("Nowak", BORN, birth_place="lodz"), KeyKind.DATE_PLACE),
        (
            person("Maria Garcia", addresses=(NormalisedAddress(postcode="90-001"),)),
            person("Maria Garcia", addresses=(NormalisedAddress(postcode="90-002"),)),
            KeyKind.NAMES_PLACE,
        ),
        (
            person("", addresses=(NormalisedAddress(house="12", postcode="75011"),)),
            person("", addresses=(NormalisedAddress(house="12", postcode="75011"),)),
            KeyKind.HOUSE,
        ),
        (
            person("", addresses=(NormalisedAddress(house="12", street="rue de la roquette", city="paris"),)),
            person("", addresses=(NormalisedAddress(house="12", street="r de la roquette", city="paris"),)),
            KeyKind.HOUSE,
        ),
        (
            person("", emails=("anna.kowalska@example.com",)),
            person("", emails=("anna.kowalska@exmaple.com",)),
            KeyKind.EMAIL_NAME,
        ),
        (person("", emails=("ak@millerlaw.pl",)), person("", emails=("ak@milllerlaw.pl",)), KeyKind.EMAIL_USER),
        (person("", emails=("oczko77@firma.pl",)), person("", emails=("oczcko77@firma.pl",)), KeyKind.EMAIL_DOMAIN),
        (
            person("", phones=(NormalisedPhone("+33612345670", "612345670"),)),
            entity_print(NormalisedEntity("n", "phone", phones=(NormalisedPhone("+32612345670", "612345670"),))),
            KeyKind.PHONE_TAIL,
        ),
        (thing("passport", "12AB34567"), thing("passport", "12AB34567", entity="document"), KeyKind.IDENTIFIER),
        (thing("passport", "I2AB345O7"), thing("passport", "12A8345O7"), KeyKind.IDENTIFIER),
        (thing("passport", "12AB34567"), thing("passport", "12AB34967"), KeyKind.IDENTIFIER_NEAR),
        (thing("passport", "428616375"), thing("passport", "42866375"), KeyKind.IDENTIFIER_NEAR),
        (thing("passport", "428616375"), thing("passport", "4286163575"), KeyKind.IDENTIFIER_NEAR),
        (thing("passport", "428616375"), thing("passport", "248616375"), KeyKind.IDENTIFIER_NEAR),
        (thing("vin", "WVWZZZ1JZXW000010"), thing("vin", "WVWZZZ1JZXW000070"), KeyKind.IDENTIFIER_NEAR),
        (thing("plate", "AB123CD"), thing("plate", "AB12*"), KeyKind.PLATE),
        (thing("plate", "AB123CD"), thing("plate", "??123CD"), KeyKind.PLATE),
        (thing("plate", "AB123CD", make="renault"), thing("plate", "AB1??CD", make="renault"), KeyKind.PLATE),
        (event(48.85, 2.35, 1_790_000_000), event(48.862, 2.334, 1_790_007_000), KeyKind.EVENT),
        (organisation("Oczkowski Transport GmbH"), organisation("Transport Oczkowski sp. z o.o."), KeyKind.TITLE),
        (organisation("International Business Machines"), organisation("IBM"), KeyKind.TITLE),
        (
            organisation("Oczkowski Spedition", NormalisedAddress(city="Łódź")),
            organisation("Oczkowski Fracht", NormalisedAddress(city="Łódź")),
            KeyKind.TITLE_PLACE,
        ),
    ],
)
def test_a_likely_pair_shares_a_key(a: EntityPrint, b: EntityPrint, kind: KeyKind) -> None:
    assert kind in shared(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (person("Maria Garcia"), person("Maria Garcia")),
        (person("John Smith", PartialDate(1984, 1, 1)), person("Mary Jones", PartialDate(1984, 1, 1))),
        (person("Zbigniew Oczko", BORN), person("Marta Wiśniewska", PartialDate(1990, 7, 2))),
        (thing("plate", "AB123CD", make="renault"), thing("plate", "XY987ZZ", make="renault")),
        (event(48.85, 2.35, 1_790_000_000), event(48.85, 2.35, 1_790_000_000 + 13 * 3600)),
        (event(48.85, 2.35, 1_790_000_000), event(48.95, 2.35, 1_790_000_000)),
        (organisation("Acme Transport"), organisation("Global Transport")),
    ],
)
def test_what_is_common_shares_none(a: EntityPrint, b: EntityPrint) -> None:
    assert not shared(a, b)


def test_two_reports_of_one_event_always_share_a_cell() -> None:
    """Within a quarter of a cell in place and time, wherever the grids' lines run."""
    for step in range(200):
        a = event(40 + 0.013 * step, 2 + 0.017 * step, 1_790_000_000 + 4111 * step)
        b = event(40 + 0.013 * step + 0.019, 2 + 0.017 * step - 0.019, 1_790_000_000 + 4111 * step + 3 * 3600 - 60)
        assert KeyKind.EVENT in shared(a, b)


def test_keys_ascend_and_are_exact_in_every_json_reader() -> None:
    found = keys((person("Zbigniew Oczko", BORN), thing("passport", "12AB34567")))
    assert list(found) == sorted(set(found))
    assert 0 <= found[0] <= found[-1] < 2**53


def test_keys_are_the_same_for_ever() -> None:
    """A change here changes the generation: raise FORMS in pipeline.matching.model with it."""
    assert make_key(KeyKind.IDENTIFIER, "12A834567") == 193248281707249
    assert keys((thing("passport", "12AB34567"),))[0] == 193248281707249
    assert keys((person("Zbigniew Oczko", BORN),))[0] == 3714272968873825


def test_stop_keys_are_left_out() -> None:
    entities = (person("Zbigniew Oczko", BORN),)
    found = keys(entities)
    assert keys(entities, frozenset(found[:2])) == found[2:]


def test_a_rarer_demand_leaves_fewer_keys() -> None:
    entities = (person("Anna Kowalska", BORN, birth_place="Kraków"),)
    assert len(keys(entities, rarity=1900)) < len(keys(entities, rarity=1500))


@pytest.mark.parametrize("number", ["428616375", "4286163750", "42861637501", "428616375012"])
def test_one_damaged_character_anywhere_leaves_a_key_of_a_number(number: str) -> None:
    """Wrong, or unreadable and therefore left out; and one too many, unless the number is then a long one."""
    for at in range(len(number)):
        wrong = number[:at] + ("9" if number[at] != "9" else "1") + number[at + 1 :]
        missing, more = number[:at] + number[at + 1 :], number[:at] + "7" + number[at:]
        for damaged in (wrong, missing, *([more] if len(more) <= LONGEST_HELD else [])):
            assert KeyKind.IDENTIFIER_NEAR in shared(thing("passport", number), thing("passport", damaged))


def test_among_few_cases_a_birth_date_or_a_name_alone_makes_a_key() -> None:
    assert {kind_of(one) for one in keys((person("Maria Garcia", BORN),), rarity=800)} >= {
        KeyKind.DATE,
        KeyKind.NAME_PAIR,
    }
    assert KeyKind.NAME in {kind_of(one) for one in keys((person("Anna Kowalska"),), rarity=800)}


def test_what_is_rare_enough_needs_no_company() -> None:
    alone = {kind_of(one) for one in keys((person("Wrzesniewski", BORN),))}
    assert KeyKind.NAME in alone
    assert KeyKind.NAME_YEAR not in alone


def test_the_order_of_entities_and_names_changes_nothing() -> None:
    entities = [person("Zbigniew Oczko", BORN), organisation("Oczkowski Transport GmbH"), thing("plate", "AB123CD")]
    assert keys(entities) == keys(reversed(entities))


def test_the_largest_case_stays_bounded_and_keeps_its_most_selective_keys() -> None:
    many = [person(f"Zbigniew Oczko{chr(97 + n % 26)}{n}", PartialDate(1950 + n % 50, 3, 11)) for n in range(150)]
    identified = [thing("passport", f"{n:09d}") for n in range(123_456_700, 123_456_750)]
    found = keys([*many, *identified])
    assert len(found) == MAX_KEYS
    assert {make_key(KeyKind.IDENTIFIER, f"{n:09d}") for n in range(123_456_700, 123_456_750)} <= set(found)


def test_a_typical_case_has_few_keys() -> None:
    home = NormalisedAddress(house="12", street="rue de la roquette", postcode="75011", city="paris")
    typical = person("Zbigniew Oczko", BORN, addresses=(home,), phones=(NormalisedPhone("+33612345670", "612345670"),))
    assert len(keys((typical, thing("plate", "AB123CD", make="renault")))) <= 33


def test_empty_entities_have_no_keys() -> None:
    assert keys((person(""), organisation(""), entity_print(NormalisedEntity("e", "event")))) == ()


def test_every_kind_is_in_the_catalogue_in_order() -> None:
    assert [entry.kind for entry in CATALOGUE] == list(KeyKind)
    assert KIND_NUMBERS <= 32, "five bits"
    assert all(entry.of and entry.brings and entry.cost for entry in CATALOGUE)


def test_partitions_share_the_keys_evenly() -> None:
    owned = [owner_partition(make_key(KeyKind.IDENTIFIER, str(number)), 4) for number in range(4000)]
    assert all(900 < owned.count(partition) < 1100 for partition in range(4))


def test_of_too_many_keys_those_of_what_is_exact_are_kept_first() -> None:
    people = [person(f"Oczko {at:03}a Kowalczyk", PartialDate(1900 + at, 5, 3)) for at in range(100)]
    found = keys(people)
    assert len(found) == MAX_KEYS
    assert list(found) == sorted(found)
    alone = {key for one in people for key in keys([one]) if kind_of(key) in EXACT}
    assert alone <= set(found)
    assert hold_all_exact(found)
    assert not hold_all_exact([make_key(KeyKind.IDENTIFIER, f"{at}") for at in range(MAX_KEYS)])
