"""What fields, levels, entity types and codes of an explanation are called."""

from __future__ import annotations

from pipeline.locale import N_

TYPES = {
    "person": N_("Person"),
    "organisation": N_("Organisation"),
    "vehicle": N_("Vehicle"),
    "phone": N_("Phone"),
    "account": N_("Account"),
    "document": N_("Document"),
    "vessel": N_("Vessel"),
    "weapon": N_("Weapon"),
    "address": N_("Address"),
    "event": N_("Event"),
}

COMPANIONS = {
    "person": N_("they may be two people of one household or family"),
    "organisation": N_("they may be two companies of one group"),
}

FIELDS = {
    "name": N_("the name"),
    "birth_date": N_("the birth date"),
    "birth_date_partial": N_("the partial birth date"),
    "birth_date_text": N_("the unreadable birth date"),
    "identifier": N_("the identifier"),
    "phone": N_("the phone number"),
    "email": N_("the e-mail address"),
    "address": N_("the address"),
    "gender": N_("the gender"),
    "nationality": N_("the nationality"),
    "birth_place": N_("the birth place"),
    "vin": N_("the VIN"),
    "plate": N_("the plate"),
    "make": N_("the make"),
    "model": N_("the model"),
    "colour": N_("the colour"),
    "calibre": N_("the calibre"),
    "when_where": N_("the time and place"),
    "method": N_("the method"),
    "coordinates": N_("the coordinates"),
}

LEVELS = {
    "same": N_("same"),
    "partial": N_("agrees, parts missing"),
    "family_differs": N_("another family name"),
    "conflict": N_("some parts agree, others contradict"),
    "different": N_("different"),
    "day_month_swapped": N_("day and month swapped"),
    "same_first_january": N_("same, but a 1 January"),
    "one_digit": N_("one digit off"),
    "same_year_month": N_("same year and month"),
    "same_day_month": N_("same day and month"),
    "same_year": N_("same year"),
    "year_off_one": N_("a year off"),
    "agrees": N_("agrees"),
    "agrees_in_part": N_("agrees as far as legible"),
    "one_character": N_("one character off"),
    "same_confusable": N_("same but for look-alike characters"),
    "same_invalid": N_("same, but its check digit fails"),
    "same_type_unknown": N_("same number, type unknown"),
    "same_other_country": N_("same number, another country"),
    "one_edit_checked": N_("one edit, and the check digit tells which is wrong"),
    "one_edit": N_("one edit"),
    "renewed": N_("another number, as after a renewal"),
    "same_national": N_("same, country code differs or is missing"),
    "same_tail": N_("same subscriber number"),
    "same_local_part": N_("same name at another domain"),
    "same_role": N_("the same office mailbox"),
    "longer": N_("agrees, one is longer"),
    "near": N_("near"),
    "same_door": N_("same house and street"),
    "same_street": N_("same street"),
    "same_postcode": N_("same postcode"),
    "same_unit_postcode": N_("same postcode, that of a few doors"),
    "near_postcode": N_("postcode one character off"),
    "same_city": N_("same city"),
    "word_in_common": N_("a word in common"),
    "confusable": N_("same but for look-alike characters"),
    "partial_long": N_("partial, all known characters fit"),
    "partial_short": N_("partial, the few known characters fit"),
    "same_spot_and_hour": N_("same spot and hour"),
    "near_spot_and_hours": N_("within 2 km and 6 hours"),
    "same_town_and_day": N_("same town and day"),
    "same_area_and_days": N_("same area within days"),
    "apart": N_("apart"),
    "similar": N_("similar"),
    "same_spot": N_("same spot"),
}

NAME_LEVELS = {
    "same": N_("all words agree"),
    "near": N_("nearly agrees"),
}
"""Levels of names that say something else than those of other fields: what each word is, the words themselves tell."""

TOKEN_LEVELS = {
    "same": N_("same"),
    "same after folding": N_("same without accents"),
    "nickname or variant": N_("a short or other form"),
    "same romanisation": N_("same when romanised"),
    "one edit": N_("one edit"),
    "near": N_("near"),
    "faint": N_("perhaps the same, in another script"),
    "initial": N_("initial"),
    "acronym of": N_("acronym of"),
    "missing": N_("missing"),
    "different": N_("different"),
}

VALUES = {
    "national_id": N_("identity number"),
    "driving_licence": N_("driving licence"),
    "social_security": N_("social security number"),
    "tax_id": N_("tax number"),
    "vat": N_("VAT number"),
    "lei": N_("legal entity identifier"),
    "male": N_("male"),
    "female": N_("female"),
    "other": N_("other"),
    "passport": N_("passport"),
}
"""Codes at the beginning of a value: genders, and the types of identifiers that most people have heard of."""
