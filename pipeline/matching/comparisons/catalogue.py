"""All comparisons on one page: each with its levels, their probabilities and where these come from.

A comparison is a row of COMPARISONS and its name in the rows of pipeline.records.entity_types, which also say in which
order an explanation shows them. It is one module, long as it is, because whoever weighs one field must see how the
others are weighed. A field that is compared in a few lines is compared here; the others have modules of their own, and
what sketches hold of a field, with the bound that follows, is in the modules named `..._rows`.

Modules name a comparison's levels by their index, in the order of the rows here.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import product

from rapidfuzz import fuzz

from pipeline.locale import N_
from pipeline.matching.comparisons import address, birth_date, birth_place, email, identifier, other_names, phone
from pipeline.matching.comparisons.address_rows import ADDRESS_BOUND, may_share_door
from pipeline.matching.comparisons.birth_date_rows import PARTIAL_BOUND, WHOLE_BOUND
from pipeline.matching.comparisons.birth_place_rows import BIRTH_PLACE_BOUND
from pipeline.matching.comparisons.bounds import NONE
from pipeline.matching.comparisons.comparison import (
    ALL,
    PERSON,
    VEHICLE,
    Comparison,
    ComparisonResult,
    Level,
    Table,
    stronger_of,
)
from pipeline.matching.comparisons.name import comparison as names
from pipeline.matching.comparisons.name.best_names import bound_names
from pipeline.matching.comparisons.name.bound import NAME_BOUND
from pipeline.matching.comparisons.number_rows import PHONE_BOUND, may_share_line, may_share_number, number_bound
from pipeline.matching.comparisons.person_rows import GENDER_BOUND, NATIONALITY_BOUND
from pipeline.matching.comparisons.vehicle_numbers import (
    PLATE_DIFFERENT,
    PLATE_EDIT,
    PLATE_SAME,
    VIN_DIFFERENT,
    VIN_EDIT_CHECKED,
    VIN_SAME,
    compare_plates,
    compare_vins,
    number_value,
)
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.countries import are_compatible
from pipeline.records.entity_types import ENTITY_TYPES, ENTITY_TYPES_BY_NAME
from pipeline.records.normalised import GeoPoint

# Bits of names against strangers come from their words; the levels serve the companion hypotheses.
NAME = Comparison(
    "name",
    "names",
    N_("Name"),
    N_("the name"),
    (
        Level("same", 0.55, 1.0e-4, 0.006, 0.55, 0.008),
        Level("longer", 0.20, 3.0e-4, 0.014, 0.20, 0.010),
        Level("near", 0.10, 1.0e-3, 0.020, 0.10, 0.020),
        Level("family_differs", 0.025, 1.0e-2, 0.020, 0.025, 0.025),
        Level("partial", 0.070, 3.0e-2, 0.070, 0.070, 0.070),
        Level("other_parts", 0.010, 1.0e-2, 0.010, 0.010, 0.010),
        Level("alike", 0.015, 1.6e-2, 0.050, 0.020, 0.050),
        Level("given_differs", 0.00025, 1.25e-3, 0.050, 0.0005, 0.050),
        Level("conflict", 0.00275, 1.375e-2, 0.550, 0.0055, 0.550),
        Level("different", 0.002, 0.939, 0.400, 0.004, 0.400),
    ),
    (
        "estimated: a household shares the family name and rarely a given name (in 2 of 100 pairs given names are a "
        "letter apart, in 5 a middle one agrees beside another first one); who is named after another bears the name "
        "as that one does; companies of a group share the group's name"
    ),
    names.compare,
    names.name_value,
    also_reads=("addresses", "phones"),
    bound=NAME_BOUND,
    bounded=ALL,
    ceiling=bound_names,
)

OTHER_NAMES = Comparison(
    "other_names",
    "names",
    N_("Other names"),
    N_("the other names"),
    (
        Level("several_more", 0.15, 3.0e-4, 8.0e-4, 1.0e-3, 5.0e-2),
        Level("one_more", 0.30, 6.0e-3, 1.5e-2, 2.0e-2, 1.5e-1),
    ),
    (
        "estimated: of the people whose records have several names each, 3 in 10 bear a second one in both, half as "
        "many a third; of strangers who share a name 6 in 1,000 share another by chance, of families one in 50 is "
        "mixed up"
    ),
    other_names.compare,
    names.name_value,
    least=other_names.FEWEST,
    bound=other_names.OTHER_NAMES_BOUND,
    bounded=ALL,
)

BIRTH_DATE_SOURCE = (
    "u: births spread over 60 years and 365 days, so u(same) = 1/21,900; h: of 100 pairs of a household one are twins, "
    "or one's date is held for the other's, and one in 20 are two years apart; of those named after another one in "
    "200 are cousins two years apart; m is judgement: 81 of 100 dates are copied "
    "without a slip, each kind of slip (a digit, day and month swapped, 1 January for an unknown day) befalls 1 to 5, "
    "and wrong years are near the right ones more often than not"
)

BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    N_("Date of birth"),
    N_("the date of birth"),
    (
        Level("same", 0.815, 4.6e-5, 0.01, 0.0005, 0.01),
        Level("day_month_swapped", 0.02, 4.0e-5, 0.0003, 0.0001, 0.0003),
        Level("same_first_january", 0.03, 1.0e-4, 0.001, 0.0002, 0.001),
        Level("one_digit", 0.05, 6.0e-4, 0.002, 0.0005, 0.002),
        Level("same_year_month", 0.02, 1.3e-3, 0.003, 0.0005, 0.003),
        Level("same_day_month", 0.015, 2.5e-3, 0.004, 0.003, 0.004),
        Level("same_year", 0.02, 1.5e-2, 0.02, 0.004, 0.02),
        Level("year_off_one", 0.01, 3.2e-2, 0.08, 0.006, 0.08),
        Level("years_apart", 0.0012, 0.033, 0.05, 0.005, 0.05),
        Level("different", 0.0128, 0.907, 0.83, 0.98, 0.83),
    ),
    BIRTH_DATE_SOURCE,
    birth_date.compare_whole,
    birth_date.date_value,
    several="birth_dates",
    beside="birth_date_partial",
    bound=WHOLE_BOUND,
    bounded=PERSON,
)

BIRTH_DATE_PARTIAL = Comparison(
    "birth_date_partial",
    "birth_date",
    N_("Partial date of birth"),
    N_("the partial date of birth"),
    (
        Level("same_year_month", 0.80, 1.4e-3, 0.01, 0.0005, 0.01),
        Level("same_year", 0.85, 1.7e-2, 0.03, 0.004, 0.03),
        Level("year_off_one", 0.08, 3.3e-2, 0.08, 0.006, 0.08),
        Level("years_estimated", 0.06, 0.12, 0.2, 0.02, 0.2),
        Level("years_apart", 0.004, 0.033, 0.05, 0.005, 0.05),
        Level("different", 0.045, 0.907, 0.84, 0.98, 0.84),
    ),
    BIRTH_DATE_SOURCE,
    birth_date.compare_partial,
    birth_date.date_value,
    bound=PARTIAL_BOUND,
    bounded=PERSON,
)

BIRTH_DATE_TEXT = Comparison(
    "birth_date_text",
    "birth_date_text",
    N_("Unreadable date of birth"),
    N_("the unreadable date of birth"),
    (
        Level("agrees", 0.80, 3.0e-4, 0.01, 0.0005, 0.01),
        Level("look_alike_digit", 0.08, 5.3e-4, 0.01, 0.0005, 0.01),
        Level("agrees_in_part", 0.70, 1.2e-2, 0.05, 0.01, 0.05),
        Level("one_character", 0.12, 4.0e-3, 0.01, 0.002, 0.01),
        Level("different", 0.08, 0.98, 0.95, 0.99, 0.95),
    ),
    (
        "m is judgement, not counts: a date that nobody could read agrees in 4 of 5 where its characters are known; u "
        "is that of dates by chance, higher the fewer characters are known, and h that of companions' birth dates; 6 "
        "of the 45 pairs of digits look alike, hence u(look_alike_digit) = 6/45 of u(one_character)"
    ),
    birth_date.compare_text,
    birth_date.date_value,
    also_reads=("birth_date", "birth_dates"),
    sketched=False,
)

BIRTH_PLACE = Comparison(
    "birth_place",
    "birth_place",
    N_("Place of birth"),
    N_("the place of birth"),
    (
        Level("same", 0.60, 4.0e-3, 0.60, 0.30, 0.60),
        Level("near", 0.15, 3.0e-3, 0.15, 0.08, 0.15),
        Level("word_in_common", 0.10, 1.5e-2, 0.10, 0.10, 0.10),
        Level("different", 0.15, 0.98, 0.15, 0.52, 0.15),
    ),
    (
        "m, u and h are judgement, not counts: places are spelt or rounded to a city otherwise in 4 of 10; strangers "
        "share one in 4 of 1,000, families in 4 of 10; a model's term frequencies replace u(same) for the place in "
        "hand"
    ),
    birth_place.compare,
    lambda entity, index: entity.all_birth_places[index],
    several="birth_places",
    bound=BIRTH_PLACE_BOUND,
    bounded=PERSON,
)


def compare_birth_countries(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Countries of birth: same or different; a former state (Soviet Union) and one that it became say nothing."""
    p, q = a.birth_country, b.birth_country
    if not p or not q:
        return None
    if p == q:
        return table.results[0]
    return None if are_compatible(p.upper(), q.upper()) else table.results[1]


BIRTH_COUNTRY = Comparison(
    "birth_country",
    "birth_country",
    N_("Country of birth"),
    N_("the country of birth"),
    (Level("same", 0.90, 0.50, 0.90, 0.85, 0.90), Level("different", 0.10, 0.50, 0.10, 0.15, 0.10)),
    (
        "estimated; u between that of strangers of one nationality (most were born there) and of two, so that what a "
        "nationality has said does not count twice"
    ),
    compare_birth_countries,
    lambda entity, _index: entity.birth_country.upper(),
)


def compare_genders(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Gender: same or different. A contradiction takes little from a strong name: registers err.

    Where both have a name, agreement adds nothing: given names that agree already tell the gender, and those of
    brothers, which conflict, are of one.
    """
    if not a.gender or not b.gender:
        return None
    if a.gender != b.gender:
        return table.results[1]
    return table.neutral[0] if a.names and b.names else table.results[0]


GENDER = Comparison(
    "gender",
    "gender",
    N_("Gender"),
    N_("the gender"),
    (Level("same", 0.965, 0.50, 0.50, 0.965, 0.50), Level("different", 0.035, 0.50, 0.50, 0.035, 0.50)),
    "m: historical_50k, where transliterated names and data entry err in about 3 records of 100; u, h: two genders",
    compare_genders,
    lambda entity, _index: entity.gender,
    also_reads=("names",),
    bound=GENDER_BOUND,
    bounded=PERSON,
)


def compare_nationalities(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Nationalities: one in common (rarer ones say more), or none."""
    if not a.nationalities or not b.nationalities:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.nationalities)), range(len(b.nationalities))):
        if a.nationalities[i] == b.nationalities[j]:
            best = stronger_of(table.result(0, table.adjust_weight(0, a.nationalities[i]), i, j), best)
    return best or table.results[1]


NATIONALITY = Comparison(
    "nationality",
    "nationalities",
    N_("Nationality"),
    N_("the nationality"),
    (Level("same", 0.90, 0.20, 0.85, 0.90, 0.85), Level("different", 0.10, 0.80, 0.15, 0.10, 0.15)),
    (
        "m, u and h are judgement, not counts: records of one person name different ones in 1 of 10, as some have two; "
        "1 stranger in 5 shares one, and families mostly do (85 of 100); a model's term frequencies replace u(same) "
        "for the nationality in hand"
    ),
    compare_nationalities,
    lambda entity, _index: ", ".join(entity.nationalities).upper(),
    bound=NATIONALITY_BOUND,
    bounded=PERSON,
)

IDENTIFIER = Comparison(
    "identifier",
    "identifiers",
    N_("Identifier"),
    N_("the identifier"),
    (
        Level("same", 0.90, 2.0e-7, 5.0e-3, 5.0e-3, 1.0e-2),
        Level("same_confusable", 0.02, 2.0e-8, 1.0e-4, 1.0e-4, 1.0e-4),
        Level("same_invalid", 0.01, 2.0e-7, 1.0e-4, 1.0e-4, 1.0e-4),
        Level("same_type_unknown", 0.01, 5.0e-7, 1.0e-4, 1.0e-4, 1.0e-4),
        Level("same_other_country", 0.01, 5.0e-6, 1.0e-4, 1.0e-4, 1.0e-4),
        Level("one_edit_checked", 0.02, 1.5e-5, 1.0e-3, 1.0e-3, 2.0e-3),
        Level("one_edit", 0.03, 4.0e-4, 0.03, 0.01, 0.03),
        Level("renewed", 0.12, 0.95, 0.95, 0.95, 0.95),
        Level("conflict", 0.004, 0.95, 0.95, 0.95, 0.95),
        Level("each_its_own", 3.0e-5, 0.95, 0.95, 0.95, 0.95),
    ),
    (
        "m, u and h are judgement, not counts: a number is its holder's own, so strangers share one by error alone; of "
        "1,000 pairs of a household, or of a father and a son of one name, five have one number, lent or entered for "
        "the wrong one (a child's is mostly its parent's), of a group's companies ten, whose branches state the number "
        "of the body; documents issued to brothers, and companies registered, at one time have numbers that are near; "
        "documents are renewed in 12 of 100, and other slips are rare; of 100,000 records of a ship or company three "
        "bear the right number of another"
    ),
    identifier.compare,
    identifier.identifier_value,
    bound=number_bound("identifier", identifier.SAME, identifier.EDIT_CHECKED, NONE),
    bounded=ALL,
    may_share=may_share_number,
    selector=True,
)

PHONE = Comparison(
    "phone",
    "phones",
    N_("Phone number"),
    N_("the phone number"),
    (
        Level("same", 0.50, 5.0e-7, 0.50, 0.50, 0.30),
        Level("same_national", 0.02, 2.0e-6, 0.02, 0.02, 0.02),
        Level("same_tail", 0.01, 1.5e-5, 0.01, 0.01, 0.01),
        Level("one_digit", 0.02, 1.5e-4, 0.02, 0.02, 0.05),
        Level("different", 0.45, 0.95, 0.45, 0.45, 0.62),
    ),
    (
        "estimated: half of all true pairs with a phone on both sides share one, as people change and collect numbers; "
        "where it is a landline or a parent's, a household shares it as often, and has lines of neighbouring numbers; "
        "a group has lines of its own for each company or one exchange"
    ),
    phone.compare,
    lambda entity, index: entity.phones[index].e164,
    bound=PHONE_BOUND,
    bounded=ALL,
    may_share=may_share_line,
    selector=True,
)

EMAIL = Comparison(
    "email",
    "emails",
    N_("E-mail address"),
    N_("the e-mail address"),
    (
        Level("same", 0.55, 3.0e-7, 0.18, 0.02, 0.20),
        Level("one_edit", 0.06, 3.0e-6, 0.015, 0.005, 0.03),
        Level("same_local_part", 0.06, 1.0e-4, 0.02, 0.01, 0.04),
        Level("near", 0.03, 1.0e-4, 0.02, 0.01, 0.03),
        Level("same_role", 0.01, 1.0e-3, 0.01, 0.01, 0.05),
        Level("different", 0.29, 0.98, 0.75, 0.94, 0.65),
    ),
    (
        "m, u and h are judgement, not counts: people use several addresses, so 29 of 100 true pairs share none; "
        "strangers share one as good as never, companions use one mailbox in 1 of 10"
    ),
    email.compare,
    lambda entity, index: entity.emails[index],
    selector=True,
)

ADDRESS = Comparison(
    "address",
    "addresses",
    N_("Address"),
    N_("the address"),
    (
        Level("same_door", 0.45, 5.0e-6, 0.45, 0.36, 0.30),
        Level("same_street", 0.08, 8.0e-5, 0.08, 0.07, 0.07),
        Level("same_unit_postcode", 0.10, 1.2e-4, 0.10, 0.09, 0.09),
        Level("same_postcode", 0.10, 4.0e-4, 0.10, 0.09, 0.09),
        Level("near_postcode", 0.04, 1.2e-3, 0.04, 0.04, 0.04),
        Level("same_city", 0.10, 8.0e-3, 0.10, 0.10, 0.10),
        Level("different", 0.23, 0.98, 0.23, 0.35, 0.40),
    ),
    (
        "m, u and h are judgement, not counts: people move, so 45 of 100 true pairs share a door; relatives live apart "
        "as often as one's own records differ, companies of a group more often; u(same_city) is that of a mid-sized "
        "town, and a model's term frequencies replace it for the city"
    ),
    address.compare,
    address.address_value,
    bound=ADDRESS_BOUND,
    bounded=ALL,
    may_share=may_share_door,
    selector=True,
)

VIN = Comparison(
    "vin",
    "identifiers",
    N_("VIN"),
    N_("the VIN"),
    (
        Level("same", 0.93, 1.0e-8, 1.0e-8),
        Level("confusable", 0.02, 1.0e-8, 1.0e-8),
        Level("one_edit_checked", 0.02, 1.0e-6, 1.0e-6),
        Level("one_edit", 0.01, 2.0e-5, 2.0e-5),
        Level("different", 0.004, 0.99, 0.99),
    ),
    (
        "m, u and h are judgement, not counts: a vehicle keeps its VIN, so that records differ by slips of the pen "
        "alone (5 of 100) or a true change (4 of 1,000); strangers share one by chance or cloning, and h is u"
    ),
    compare_vins,
    number_value,
    bound=number_bound("vin", VIN_SAME, VIN_EDIT_CHECKED, VIN_DIFFERENT),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)

PLATE = Comparison(
    "plate",
    "identifiers",
    N_("Plate"),
    N_("the plate"),
    (
        Level("same", 0.80, 3.0e-7, 3.0e-7),
        Level("confusable", 0.03, 1.0e-6, 1.0e-6),
        Level("partial_long", 0.70, 6.0e-5, 6.0e-5),
        Level("same_other_country", 0.02, 3.0e-6, 3.0e-6),
        Level("one_edit", 0.05, 6.0e-5, 6.0e-5),
        Level("partial_short", 0.70, 1.0e-2, 1.0e-2),
        Level("different", 0.09, 0.99, 0.99),
    ),
    "estimated: plates are changed and cloned, so even the same plate may be another car, another the same car",
    compare_plates,
    number_value,
    bound=number_bound("plate", PLATE_SAME, PLATE_EDIT, PLATE_DIFFERENT),
    bounded=VEHICLE,
    may_share=may_share_number,
    selector=True,
)


NEAR_WORD = 85
"""rapidfuzz ratio: one or two letters off."""


def compare_words(x: str, y: str, table: Table) -> ComparisonResult | None:
    """Levels 0 to 2: same, near, different."""
    if not x or not y:
        return None
    return table.results[0 if x == y else (1 if fuzz.ratio(x, y) >= NEAR_WORD else 2)]


def compare_exactly(x: str, y: str, table: Table) -> ComparisonResult | None:
    """Levels 0 and 1: same, different."""
    if not x or not y:
        return None
    return table.results[0 if x == y else 1]


def compare_makes(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Make of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.make, b.make, table)


MAKE = Comparison(
    "make",
    "make",
    N_("Make"),
    N_("the make"),
    (Level("same", 0.95, 0.08, 0.08), Level("near", 0.02, 0.005, 0.005), Level("different", 0.03, 0.91, 0.91)),
    (
        "m, u and h are judgement, not counts: records of one thing rarely differ in its make (3 of 100); strangers "
        "share one of a dozen common makes, and h is u, since companions' things are no more alike"
    ),
    compare_makes,
    lambda entity, _index: entity.make,
)


def compare_models(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Model of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.model, b.model, table)


MODEL = Comparison(
    "model",
    "model",
    N_("Model"),
    N_("the model"),
    (Level("same", 0.88, 0.02, 0.02), Level("near", 0.06, 0.01, 0.01), Level("different", 0.06, 0.97, 0.97)),
    (
        "m, u and h are judgement, not counts: records of one thing name its model alike in 88 of 100 and misspell it "
        "in 6; strangers share 1 of 50 common models, and h is u, since companions' things are no more alike"
    ),
    compare_models,
    lambda entity, _index: entity.model,
)


def compare_colours(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Colour: same or different; witnesses err, so the contradiction is weak."""
    return compare_exactly(a.colour, b.colour, table)


COLOUR = Comparison(
    "colour",
    "colour",
    N_("Colour"),
    N_("the colour"),
    (Level("same", 0.80, 0.16, 0.16), Level("different", 0.20, 0.84, 0.84)),
    (
        "m, u and h are judgement, not counts: witnesses err on a colour in 1 of 5; strangers share one of some six "
        "common colours, and h is u, since companions' things are no more alike"
    ),
    compare_colours,
    lambda entity, _index: entity.colour,
)


def compare_calibres(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Calibre of a weapon: same or different; a wrong one is rarely written down."""
    return compare_exactly(a.calibre, b.calibre, table)


CALIBRE = Comparison(
    "calibre",
    "calibre",
    N_("Calibre"),
    N_("the calibre"),
    (Level("same", 0.95, 0.15, 0.15), Level("different", 0.05, 0.85, 0.85)),
    (
        "m, u and h are judgement, not counts: a wrong calibre is rarely written down (5 of 100); strangers share one "
        "of some seven common calibres, and h is u, since companions' weapons are no more alike"
    ),
    compare_calibres,
    lambda entity, _index: entity.calibre,
)

SIMILAR_SHARE = 0.5
"""Share of the method's words in common."""


def compare_methods(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Method of an event: same words, half of them, one of them, none."""
    if not a.method or not b.method:
        return None
    common = len(set(a.method).intersection(b.method))
    if a.method == b.method:
        level = 0
    elif common >= SIMILAR_SHARE * max(len(a.method), len(b.method)):
        level = 1
    else:
        level = 2 if common else 3
    return table.results[level]


METHOD = Comparison(
    "method",
    "method",
    N_("Method"),
    N_("the method"),
    (
        Level("same", 0.30, 0.004, 0.004),
        Level("similar", 0.30, 0.03, 0.03),
        Level("word_in_common", 0.20, 0.12, 0.12),
        Level("different", 0.20, 0.85, 0.85),
    ),
    (
        "m, u and h are judgement, not counts: officers word one event's method alike in 3 of 10 and share half of "
        "the words in 3 more; of strangers' events 15 of 100 share some word, and h is u"
    ),
    compare_methods,
    lambda entity, _index: ", ".join(entity.method),
)

EARTH_M = 6_371_000.0
"""Metres: the Earth's mean radius (IUGG, 6,371,009 m), rounded. On a sphere distances err by some 0.5% at most."""


def distance_m(a: GeoPoint, b: GeoPoint) -> float:
    """Great-circle distance in metres (haversine)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def where_value(entity: EntityPrint, _index: int) -> str:
    """Coordinates, and the start (UTC, ISO 8601) where there is one."""
    place = "" if entity.place is None else f"{entity.place.latitude:.5f}, {entity.place.longitude:.5f}"
    return place if entity.span is None else f"{place} @ {_iso(entity.span.start)}"


def read_where(value: str) -> tuple[GeoPoint, datetime | None] | None:
    """What `where_value` wrote: the place and the start; None for what it did not write so."""
    place, _, start = value.partition(" @ ")
    latitude, _, longitude = place.partition(", ")
    try:
        return GeoPoint(float(latitude), float(longitude)), datetime.fromisoformat(start) if start else None
    except ValueError:
        return None


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


REACHES = ((250.0, 3600), (2_000.0, 6 * 3600), (15_000.0, 24 * 3600), (60_000.0, 72 * 3600))
"""Metres and seconds of each level of when_where but the last."""


def compare_when_where(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare distance and time gap of two events in one joint level.

    From the same spot and hour (250 m, 1 h) to the same area and days (60 km, 3 days); beyond that, apart. Both must be
    known on both sides.
    """
    if a.place is None or b.place is None or a.span is None or b.span is None:
        return None
    metres = distance_m(a.place, b.place)
    gap = max(0, a.span.start - b.span.end, b.span.start - a.span.end)
    level = next((k for k, (reach, seconds) in enumerate(REACHES) if metres <= reach and gap <= seconds), len(REACHES))
    return table.results[level]


WHEN_WHERE = Comparison(
    "when_where",
    "span",
    N_("Time and place"),
    N_("the time and place"),
    (
        Level("same_spot_and_hour", 0.55, 2.0e-6, 2.0e-6),
        Level("near_spot_and_hours", 0.25, 5.0e-5, 5.0e-5),
        Level("same_town_and_day", 0.12, 1.0e-3, 1.0e-3),
        Level("same_area_and_days", 0.05, 8.0e-3, 8.0e-3),
        Level("apart", 0.03, 0.99, 0.99),
    ),
    (
        "u: events spread evenly over a year and a country of 500 by 500 km with its towns, and h is u; m is "
        "judgement: more than half of the records of one event agree to 250 m and an hour, and 3 of 100 err beyond 60 "
        "km or 3 days"
    ),
    compare_when_where,
    where_value,
    also_reads=("place",),
)

SPOT_M, NEAR_M = 60.0, 500.0
"""Metres within which two positions are one spot, or near: choices, to which the shares of their source belong."""


def compare_coordinates(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Coordinates of an address: within 60 m, within 500 m, apart."""
    if a.place is None or b.place is None:
        return None
    metres = distance_m(a.place, b.place)
    return table.results[0 if metres <= SPOT_M else (1 if metres <= NEAR_M else 2)]


COORDINATES = Comparison(
    "coordinates",
    "place",
    N_("Coordinates"),
    N_("the coordinates"),
    (
        Level("same_spot", 0.80, 1.0e-6, 1.0e-6),
        Level("near", 0.15, 1.0e-4, 1.0e-4),
        Level("apart", 0.05, 0.999, 0.999),
    ),
    (
        "m, u and h are judgement, not counts: positions of one address agree to 60 m in 4 of 5 and to 500 m in most "
        "others, as geocoders differ; strangers' addresses spread over a country, and h is u"
    ),
    compare_coordinates,
    where_value,
)

COMPARISONS = (
    NAME,
    OTHER_NAMES,
    BIRTH_DATE,
    BIRTH_DATE_PARTIAL,
    BIRTH_DATE_TEXT,
    BIRTH_PLACE,
    BIRTH_COUNTRY,
    GENDER,
    NATIONALITY,
    IDENTIFIER,
    PHONE,
    EMAIL,
    ADDRESS,
    VIN,
    PLATE,
    MAKE,
    MODEL,
    COLOUR,
    CALIBRE,
    METHOD,
    WHEN_WHERE,
    COORDINATES,
)
"""In the order of this page."""


def _catalogue() -> tuple[Comparison, ...]:
    known = {comparison.name: comparison for comparison in COMPARISONS}
    named = dict.fromkeys(name for row in ENTITY_TYPES for name in row.comparisons)
    if lacking := sorted(named.keys() - known.keys()):
        raise LookupError(f"{', '.join(lacking)}: not in COMPARISONS of pipeline/matching/comparisons/catalogue.py")
    return tuple(known[name] for name in named)


CATALOGUE = _catalogue()
"""Those that a type of entity has."""

BY_NAME = {comparison.name: comparison for comparison in CATALOGUE}

SELECTORS = tuple(comparison for comparison in CATALOGUE if comparison.selector)
"""Comparisons whose agreement ties two entities of different types."""


def of_type(entity_type: str) -> tuple[Comparison, ...]:
    """The comparisons of two entities of one type, in its row's order.

    The order numbers those without room in a sketch (sketches.without_room), so that a new one goes to the end.
    """
    return tuple(BY_NAME[name] for name in ENTITY_TYPES_BY_NAME[entity_type].comparisons)
