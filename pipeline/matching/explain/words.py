"""What fields, levels, entity types and codes of an explanation are called."""

from __future__ import annotations

from pipeline.locale import N_, translate
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.records.dates import CIRCA, RANGE
from pipeline.records.entity_types import ENTITY_TYPES

TYPES = {row.name: row.label for row in ENTITY_TYPES}

COMPANIONS = {row.name: row.companions for row in ENTITY_TYPES if row.companions}
"""What the alternative explanation is, by type and kind of companions."""

HOLDERS = {
    "person": N_("two people"),
    "organisation": N_("two organisations"),
    "account": N_("two accounts"),
    "document": N_("two documents"),
    "phone": N_("two phones"),
    "vehicle": N_("two vehicles"),
    "vessel": N_("two vessels"),
}
"""Who has a number in common, by type."""

FIELDS = {comparison.name: comparison.label for comparison in CATALOGUE}
"""What a comparison is called in a table or a chart."""

FIELD_PHRASES = {comparison.name: comparison.phrase for comparison in CATALOGUE}
"""The same within a sentence."""

LEVELS = {
    "same": N_("same"),
    "partial": N_("agrees, parts missing"),
    "family_differs": N_("different family name"),
    "other_parts": N_("each has other parts"),
    "alike": N_("what differs is alike"),
    "given_differs": N_("one given name agrees, another differs"),
    "conflict": N_("some parts agree, others differ"),
    "different": N_("different"),
    "day_month_swapped": N_("day and month swapped"),
    "same_first_january": N_("same, but a 1 January"),
    "one_digit": N_("one digit different"),
    "same_year_month": N_("same year and month"),
    "same_day_month": N_("same day and month"),
    "same_year": N_("same year"),
    "year_off_one": N_("one year apart"),
    "years_estimated": N_("two to five years apart, known by the year alone"),
    "years_apart": N_("two years apart"),
    "agrees": N_("agrees"),
    "look_alike_digit": N_("one look-alike digit different"),
    "agrees_in_part": N_("agrees as far as legible"),
    "one_character": N_("one character different"),
    "same_confusable": N_("same except look-alike characters"),
    "same_invalid": N_("same, but the check digit is invalid"),
    "same_type_unknown": N_("same number, type unknown"),
    "same_other_country": N_("same number, another country"),
    "one_edit_checked": N_("one character different; the check digit shows which is wrong"),
    "one_edit": N_("one character different"),
    "each_its_own": N_("each has a valid number of its own"),
    "renewed": N_("different number, as after renewal"),
    "same_national": N_("same, country code differs or is missing"),
    "same_tail": N_("same subscriber number"),
    "same_local_part": N_("same name, different domain"),
    "same_role": N_("same shared mailbox"),
    "longer": N_("agrees, one is longer"),
    "near": N_("near"),
    "same_door": N_("same house and street"),
    "same_street": N_("same street"),
    "same_postcode": N_("same postcode"),
    "same_unit_postcode": N_("same postcode, shared by a few addresses"),
    "near_postcode": N_("postcode one character different"),
    "same_city": N_("same city"),
    "word_in_common": N_("one word in common"),
    "confusable": N_("same except look-alike characters"),
    "partial_long": N_("partial; all known characters match"),
    "partial_short": N_("partial; the few known characters match"),
    "same_spot_and_hour": N_("same place and hour"),
    "near_spot_and_hours": N_("within 2 km and 6 hours"),
    "same_town_and_day": N_("same town and day"),
    "same_area_and_days": N_("same area within days"),
    "apart": N_("far apart"),
    "similar": N_("similar"),
    "same_spot": N_("same place"),
    "one_more": N_("one more name in common"),
    "several_more": N_("several more names in common"),
}

NAME_LEVELS = {
    "same": N_("all words agree"),
    "near": N_("almost agrees"),
}
"""Levels of names that say something else than those of other fields: what each word is, the words themselves tell."""

TOKEN_LEVELS = {
    "same": N_("same"),
    "same after folding": N_("same without accents"),
    "nickname or variant": N_("short form or variant"),
    "translation": N_("translation"),
    "same in another script": N_("same when romanised"),
    "same romanisation": N_("same when romanised"),
    "one edit": N_("one character different"),
    "near": N_("near"),
    "faint": N_("possibly the same, in another script"),
    "initial": N_("initial"),
    "acronym of": N_("acronym"),
    "missing": N_("missing"),
    "different": N_("different"),
}


def describe_birth_date(stated: str, language: str) -> str:
    """A birth date as a record states it, a range or a date about in words."""
    first, _, last = stated.removesuffix(CIRCA).partition(RANGE)
    said = translate("{first} to {last}", language, first=first, last=last) if last else first
    return translate("about {date}", language, date=said) if stated.endswith(CIRCA) else said


GENDERS = {"male": N_("male"), "female": N_("female"), "other": N_("other"), "unknown": N_("unknown")}

IDENTIFIER_TYPES = {
    "passport": N_("passport"),
    "national_id": N_("identity number"),
    "driving_licence": N_("driving licence"),
    "social_security": N_("social security number"),
    "tax_id": N_("tax number"),
    "vat": N_("VAT number"),
    "lei": N_("legal entity identifier"),
    "identity_card": N_("identity card"),
    "residence_permit": N_("residence permit"),
    "company_number": N_("company number"),
    "account_number": N_("account number"),
    "card": N_("payment card"),
    "birth_certificate": N_("birth certificate"),
    "iban": "IBAN",
    "imei": "IMEI",
    "imo": "IMO",
}
"""The types that most people have heard of; others are shown as sent."""
