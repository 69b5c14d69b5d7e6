from __future__ import annotations

from random import Random

import phonenumbers
import pytest
from stdnum import iban, imei

from pipeline.demo.countries import (
    Country,
    account_number,
    device_number,
    fill_pattern,
    load_countries,
    mobile_number,
    vehicle_number,
)
from pipeline.records.vehicles import vin_verdict

ALL = load_countries().values()


def test_there_are_eight_agencies_in_eight_countries() -> None:
    assert len({country.agency for country in ALL}) == len(load_countries()) == 8


@pytest.mark.parametrize("country", ALL, ids=lambda country: country.code)
def test_numbers_hold_to_their_countrys_plan(country: Country) -> None:
    rng = Random(1)
    for _ in range(20):
        number = phonenumbers.parse(mobile_number(rng, country))
        assert phonenumbers.region_code_for_number(number) == country.code
    if country.bban:
        assert all(iban.is_valid(account_number(rng, country)) for _ in range(5))


def test_devices_and_vehicles_bear_valid_check_digits() -> None:
    rng = Random(1)
    assert all(imei.is_valid(device_number(rng)) for _ in range(50))
    assert all(vin_verdict(vehicle_number(rng)) for _ in range(50))


def test_a_pattern_keeps_what_is_neither_letter_nor_digit() -> None:
    made = fill_pattern(Random(1), "LL-DDD L")
    assert made[2] == "-"
    assert made[6] == " "
    assert made[3:6].isdigit()
    assert made[:2].isalpha()
