"""A person as a collection writes it down: a flat row of text, and the case record made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from benchmarks.accuracy.data_sets import born, clean, name
from benchmarks.census.households import ADULT, Household, Inhabitant
from benchmarks.census.name_stocks import NameStock
from benchmarks.census.parameters import RecordingParameters
from benchmarks.census.slips import misread_digit, misscan, mistype, respell

Row = dict[str, str]


@dataclass
class Recorder:
    """Writes down people with the slips of its parameters; all chance comes from `rng`."""

    stock: NameStock
    shares: RecordingParameters
    day: date
    rng: Random
    slips: list[str] = field(default_factory=list)
    """The name of each parameter that has struck, for the tests."""

    def strikes(self, share: str, factor: float = 1.0) -> bool:
        """Whether a slip happens to this value."""
        if self.rng.random() < factor * getattr(self.shares, share):
            self.slips.append(share)
            return True
        return False

    def record(self, person: Inhabitant, household: Household) -> Row:
        """The row of one person of a household."""
        row = {"given": "", "middle": "", "family": ""}
        row |= self.write_names(person, household)
        row |= {"birth_date": self.write_birth_date(person.born), "gender": self.write_gender(person)}
        row |= {"birth_place": "" if self.strikes("no_birth_place") else person.birth_place}
        row |= self.write_dwelling(household) | {"phone": self.write_phone(person, household)}
        return row | self.write_number(person, household)

    def write_names(self, person: Inhabitant, household: Household) -> Row:
        given, middle = person.given, self.write_middle(person)
        others = [one.given for one in household.members if one is not person]
        if self.strikes("nobody"):
            given, middle = self.rng.choice(self.stock.nobody), ""
        elif others and self.strikes("relatives_given"):
            given = self.rng.choice(others)
        elif person.middle and self.strikes("called_by_middle"):
            given, middle = person.middle, ""
        elif given in self.stock.nicknames and self.strikes("nickname"):
            given = self.rng.choice(self.stock.nicknames[given])
        elif self.strikes("initial_given"):
            given = given[0]
        family = self.write_family(person)
        if self.strikes("given_typed_wrong"):
            given = mistype(given, self.rng)
        if self.strikes("respelt"):
            given = respell(given, self.stock.respellings, self.rng)
        if self.strikes("swapped_names"):
            given, family = family, given
        return {"given": given, "middle": middle, "family": family}

    def write_middle(self, person: Inhabitant) -> str:
        if not person.middle or self.strikes("no_middle"):
            return ""
        return person.middle[0] if self.strikes("initial_middle") else person.middle

    def write_family(self, person: Inhabitant) -> str:
        family = self.stock.family_for(person.family, person.gender)
        if person.former_family:
            former = self.stock.family_for(person.former_family, person.gender)
            if self.strikes("former_name"):
                family = former
            elif self.strikes("both_names"):
                family = f"{former}-{family}"
        if self.strikes("family_typed_wrong"):
            family = mistype(family, self.rng)
        return respell(family, self.stock.respellings, self.rng) if self.strikes("respelt") else family

    def write_birth_date(self, day: date) -> str:
        """An ISO date, a year, or what stands on the form."""
        if self.strikes("no_birth_date"):
            return ""
        if self.strikes("year_only"):
            return f"{day.year}"
        if self.strikes("first_january"):
            return f"{day.year}-01-01"
        year = day.year + self.rng.choice((-2, -1, -1, 1, 1, 10, -10)) if self.strikes("year_off") else day.year
        month, number = (day.day, day.month) if self.strikes("day_month_swapped") else (day.month, day.day)
        text = f"{year}-{month:02d}-{number:02d}"
        if self.strikes("birth_date_typed_wrong"):
            text = misread_digit(text, self.rng)
        return misscan(text, self.rng) if self.strikes("birth_date_unreadable") else text

    def write_gender(self, person: Inhabitant) -> str:
        if self.strikes("no_gender"):
            return ""
        gender = "fm"[person.gender == "f"] if self.strikes("wrong_gender") else person.gender
        return "female" if gender == "f" else "male"

    def write_dwelling(self, household: Household) -> Row:
        at = household.dwelling
        if household.former_dwelling is not None and self.strikes("former_address"):
            at = household.former_dwelling
        row = {"house": at.house, "unit": at.unit, "street": at.street, "city": at.city, "postcode": at.postcode}
        if self.strikes("no_address"):
            row |= {"house": "", "unit": "", "street": "", "postcode": ""}
        if self.strikes("no_postcode"):
            row["postcode"] = ""
        elif self.strikes("postcode_typed_wrong"):
            row["postcode"] = misread_digit(row["postcode"], self.rng)
        for value in ("street", "city"):
            if self.strikes(f"{value}_typed_wrong"):
                row[value] = mistype(row[value], self.rng)
        return row

    def write_phone(self, person: Inhabitant, household: Household) -> str:
        """A mobile or the household's telephone; a child has a parent's."""
        if self.strikes("no_phone_words"):
            return self.rng.choice(self.stock.no_phone)
        if self.strikes("no_phone"):
            return ""
        adults = [one for one in household.members if one.age(self.day) >= ADULT and one is not person]
        is_child = person.age(self.day) < ADULT
        phone = person.mobile
        if adults and (is_child or self.strikes("lent_phone")):
            phone = self.rng.choice(adults).mobile
        elif household.landline and self.rng.random() < 0.3:
            phone = household.landline
        return misread_digit(phone, self.rng) if self.strikes("phone_typed_wrong") else phone

    def write_number(self, person: Inhabitant, household: Household) -> Row:
        if self.strikes("no_number"):
            return {"number_type": "", "number": ""}
        kind, number = person.number
        others = [one for one in household.members if one is not person]
        if others and self.strikes("lent_number", 2.0 if person.age(self.day) < ADULT else 1.0):
            kind, number = self.rng.choice(others).number
        return {
            "number_type": kind,
            "number": misread_digit(number, self.rng) if self.strikes("number_typed_wrong") else number,
        }


def make_entity(row: Row, country: str) -> dict[str, Any]:
    """The row in the fields of the case record, as an agency's mapping would put it."""
    parts = ("house", "unit", "street", "postcode", "city")
    address = {part: row[part] for part in parts if row[part]}
    date_or_text = row["birth_date"]
    is_year = len(date_or_text) == 4 and date_or_text.isdigit()
    number = {"type": row["number_type"], "value": row["number"], "country": country}
    return clean(
        {
            "type": "person",
            "names": name(given=row["given"], middle=row["middle"], family=row["family"]),
            **({"birth_date": date_or_text} if is_year else born(date_or_text)),
            "birth_place": row["birth_place"],
            "gender": row["gender"],
            "addresses": [{**address, "country": country}] if address else [],
            "phones": [row["phone"]] if row["phone"] else [],
            "identifiers": [number] if row["number"] else [],
        }
    )
