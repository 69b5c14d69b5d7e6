"""The countries of the demo and how their numbers look (countries.yml)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from random import Random
from string import ascii_uppercase, digits

import msgspec
import phonenumbers
import yaml
from stdnum import iban, luhn

from pipeline.records.vehicles import CHECK_POSITION, check_digit

VIN_CHARACTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
"""ISO 3779: never I, O or Q."""


class City(msgspec.Struct, frozen=True, array_like=True):
    """A city with one of its postcodes and its WGS 84 degrees."""

    name: str
    postcode: str
    latitude: float
    longitude: float


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country, its agency, and the patterns of its numbers (L a letter, D a digit).

    `title` is its agency's full name. `scripts` names the cultures whose own script its registers write; `weight` is
    its share of the cases; `titles` are what its cases are called, each with the ICCS codes of what that is; `caveat`
    is what its owner asks of who reads a case under one, `translations` are its own of that; `companies` (`legal_form`
    comes behind their names) and `clubs` are how such are called, with places for a family
    name and a city.
    """

    agency: str
    title: str
    language: str
    weight: int
    scripts: tuple[str, ...]
    mobile: tuple[str, ...]
    plate: str
    passport: str
    bban: str
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    titles: dict[str, tuple[str, ...]]
    caveat: str
    legal_form: str
    companies: tuple[str, ...]
    clubs: tuple[str, ...]
    translations: dict[str, str] = {}
    code: str = ""


@cache
def load_countries() -> dict[str, Country]:
    """Every country of countries.yml by its ISO 3166-1 code."""
    text = (resources.files("pipeline.demo") / "countries.yml").read_text(encoding="utf-8")
    written = {code: country | {"code": code} for code, country in yaml.safe_load(text).items()}
    return msgspec.convert(written, dict[str, Country])


def fill_pattern(rng: Random, pattern: str) -> str:
    """A pattern with its D and L drawn at random; everything else stays."""
    drawn = {"D": digits, "L": ascii_uppercase}
    return "".join(rng.choice(drawn[character]) if character in drawn else character for character in pattern)


def mobile_number(rng: Random, country: Country) -> str:
    """An E.164 mobile number that its country's numbering plan allows."""
    while True:
        number = fill_pattern(rng, rng.choice(country.mobile))
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            return number


def account_number(rng: Random, country: Country) -> str:
    """An IBAN whose check digits hold, the national ones included."""
    while True:
        bban = fill_pattern(rng, country.bban)
        number = f"{country.code}{iban.calc_check_digits(f'{country.code}00{bban}')}{bban}"
        if iban.is_valid(number):
            return number


def device_number(rng: Random) -> str:
    """An IMEI with its check digit; 35 is a real reporting body's prefix."""
    body = fill_pattern(rng, "35DDDDDDDDDDDD")
    return body + luhn.calc_check_digit(body)


def vehicle_number(rng: Random) -> str:
    """A VIN with a valid check digit."""
    drawn = "".join(rng.choice(VIN_CHARACTERS) for _ in range(17))
    return drawn[:CHECK_POSITION] + check_digit(drawn) + drawn[CHECK_POSITION + 1 :]
