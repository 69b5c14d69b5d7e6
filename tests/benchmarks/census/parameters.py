"""Every share of the census-like generator in one frozen table, with what it is taken from.

Three kinds of sources. **Society** (households, births, moves, marriages) follows what censuses of European countries
publish, rounded: one birth in sixty is of twins, seven of ten children live with both parents, a quarter to two fifths
of the people live elsewhere five years later. **Slips of typing** follow the generators of the field: FEBRL's dsgen
(Christen 2005; Christen and Pudjijono 2009) and GeCo (Tran, Vatsalan and Christen 2013) edit single letters (insert,
delete, substitute, transpose), swap fields, replace by variants and leave values out, and Splink's fake_1000 does the
same at high rates (every second record has a slip, every fifth value is missing). Forms written by hand and typed by
clerks lie between: one to three of a hundred names wrong, one birth date in twenty. `LIGHT` takes the low end, `HEAVY`
the high end. **What neither generator has and files of agencies do** is a choice, set to what is plausible: lent
numbers, placeholders, 1 January, names of another of the household.

Every share is a probability for one value of one record, unless its comment says otherwise. None was fitted to what any
tool finds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SocietyParameters:
    """The people, and what five years between the two collections change."""

    families: int = 400
    """Families of three generations that the region starts from: 2,500 people, 2,100 of them in each collection."""

    children: tuple[float, ...] = (0.10, 0.20, 0.42, 0.20, 0.08)
    """Couples with none, one, … children."""

    twins: float = 1 / 60
    """Births; the offices of statistics report 14 to 17 of 1,000."""

    alike_twins: float = 0.3
    """Twins whose given names begin with one letter."""

    leaves_home: float = 0.85
    """Children of 24 and more who have a household of their own."""

    lives_alone: float = 0.3
    """Those of them who have no partner."""

    unmarried: float = 0.2
    """Couples who are not married; each keeps the name."""

    separated: float = 0.12
    """Couples with children who live apart: the father alone elsewhere."""

    under_one_roof: float = 0.1
    """Old parents who live with a child."""

    in_one_street: float = 0.2
    """Old parents who live in the street of a child."""

    flats: float = 0.25
    """Households in a house of four to eight flats; the number of the flat is recorded for half of them."""

    landline: float = 0.5
    """Households with a telephone of their own."""

    moved: float = 0.28
    """Households that live elsewhere five years later."""

    moved_out: float = 0.45
    """People of 18 to 30 with their parents who live elsewhere five years later."""

    wed: float = 0.5
    """Of those who moved out, and of the unmarried couples, those who married since."""

    divorced: float = 0.04
    """Wives who live elsewhere, with the name of their birth again."""

    died: float = 0.25
    """People of 75 and more within five years."""

    born: float = 0.3
    """Couples with a woman below 40 who have one more child."""

    new_mobile: float = 0.2
    """People whose mobile number changed."""

    covered: float = 0.85
    """People whom one collection has: a census reaches 94 to 98 of a hundred, an agency's file fewer."""


@dataclass(frozen=True)
class RecordingParameters:
    """How a collection writes down a person."""

    no_middle: float
    initial_middle: float
    """Middle names by their letter alone."""

    called_by_middle: float
    """People who give the middle name as their given name."""

    nickname: float
    initial_given: float
    given_typed_wrong: float
    respelt: float
    """Names written otherwise, as they sound or in another romanisation; for each of given and family name."""

    family_typed_wrong: float
    swapped_names: float
    """Given name in the field of the family name, and the reverse."""

    former_name: float
    """Of those whose family name changed, those who are recorded under the former one."""

    both_names: float
    """Of those, those who are recorded under both, with a hyphen."""

    relatives_given: float
    """The given name of another of the household, a line too high or too low."""

    nobody: float
    """A word for nobody in place of the given name."""

    no_birth_date: float
    first_january: float
    """The year is known alone, and the form wants a day."""

    year_only: float
    birth_date_typed_wrong: float
    day_month_swapped: float
    year_off: float
    birth_date_unreadable: float
    """One or two figures are letters, as scanned."""

    no_gender: float
    wrong_gender: float
    no_address: float
    no_postcode: float
    former_address: float
    """Of those who moved, those who are recorded where they lived before."""

    street_typed_wrong: float
    postcode_typed_wrong: float
    city_typed_wrong: float
    no_phone: float
    no_phone_words: float
    """A word or a row of zeros in place of a phone."""

    lent_phone: float
    """The mobile number of another of the household; a child's is always a parent's."""

    phone_typed_wrong: float
    no_number: float
    lent_number: float
    """The identity number of another of the household; children twice as often."""

    number_typed_wrong: float
    no_birth_place: float


LIGHT = RecordingParameters(
    no_middle=0.25, initial_middle=0.30, called_by_middle=0.01,
    nickname=0.04, initial_given=0.005, given_typed_wrong=0.02, respelt=0.015, family_typed_wrong=0.02,
    swapped_names=0.003, former_name=0.10, both_names=0.10, relatives_given=0.001, nobody=0.002,
    no_birth_date=0.01, first_january=0.012, year_only=0.002, birth_date_typed_wrong=0.02, day_month_swapped=0.004,
    year_off=0.005, birth_date_unreadable=0.001,
    no_gender=0.01, wrong_gender=0.003,
    no_address=0.01, no_postcode=0.02, former_address=0.05, street_typed_wrong=0.03, postcode_typed_wrong=0.01,
    city_typed_wrong=0.005,
    no_phone=0.25, no_phone_words=0.03, lent_phone=0.08, phone_typed_wrong=0.01,
    no_number=0.65, lent_number=0.01, number_typed_wrong=0.01,
    no_birth_place=0.10,
)  # fmt: skip
"""A well-kept register: a third of the records has a slip."""

HEAVY = RecordingParameters(
    no_middle=0.50, initial_middle=0.40, called_by_middle=0.03,
    nickname=0.10, initial_given=0.04, given_typed_wrong=0.12, respelt=0.06, family_typed_wrong=0.12,
    swapped_names=0.02, former_name=0.25, both_names=0.15, relatives_given=0.004, nobody=0.012,
    no_birth_date=0.10, first_january=0.05, year_only=0.02, birth_date_typed_wrong=0.10, day_month_swapped=0.03,
    year_off=0.03, birth_date_unreadable=0.03,
    no_gender=0.05, wrong_gender=0.01,
    no_address=0.08, no_postcode=0.15, former_address=0.20, street_typed_wrong=0.15, postcode_typed_wrong=0.06,
    city_typed_wrong=0.04,
    no_phone=0.45, no_phone_words=0.06, lent_phone=0.15, phone_typed_wrong=0.05,
    no_number=0.85, lent_number=0.03, number_typed_wrong=0.05,
    no_birth_place=0.40,
)  # fmt: skip
"""Typed in haste and scanned: most records have a slip, a third of the values is missing."""

SOCIETY = SocietyParameters()
