"""Words of the explanations. Every field, level, entity type and token level has one in each language (a test holds it)."""

from __future__ import annotations

SENTENCES = {
    "en": {
        "verdict": "{band}: probability {probability} ({bits} bits).",
        "certain": "Certain link", "probable": "Probable link", "possible": "Possible link", "none": "No link",
        "prior": "Before any evidence: {bits} bits.",
        "entities": "{a} and {b}: {bits} bits.",
        "attempts": "For the number of entities compared: {bits} bits.",
        "rarity": "1 in {number}",
        "without_none": "Without {field} it would be below the threshold.",
        "without": "Without {field}: {band}, probability {probability}.",
        "steady": "No single agreement decides: without any one of them the band would be the same.",
        "model": "Model {model} ({hash}).",
    },
    "fr": {
        "verdict": "{band} : probabilité {probability} ({bits} bits).",
        "certain": "Lien certain", "probable": "Lien probable", "possible": "Lien possible", "none": "Aucun lien",
        "prior": "Avant tout indice : {bits} bits.",
        "entities": "{a} et {b} : {bits} bits.",
        "attempts": "Pour le nombre d'entités comparées : {bits} bits.",
        "rarity": "1 sur {number}",
        "without_none": "Sans {field}, ce serait en dessous du seuil.",
        "without": "Sans {field} : {band}, probabilité {probability}.",
        "steady": "Aucune concordance ne décide à elle seule : sans l'une quelconque, la catégorie serait la même.",
        "model": "Modèle {model} ({hash}).",
    },
}  # fmt: skip

TYPES = {
    "en": {
        "person": "Person", "organisation": "Organisation", "vehicle": "Vehicle", "phone": "Phone", "account": "Account",
        "document": "Document", "vessel": "Vessel", "weapon": "Weapon", "address": "Address", "event": "Event",
    },
    "fr": {
        "person": "Personne", "organisation": "Organisation", "vehicle": "Véhicule", "phone": "Téléphone",
        "account": "Compte", "document": "Document", "vessel": "Navire", "weapon": "Arme", "address": "Adresse",
        "event": "Événement",
    },
}  # fmt: skip

COMPANIONS = {
    "en": {
        "person": "{bits}  they may be two people of one household or family",
        "organisation": "{bits}  they may be two companies of one group",
    },
    "fr": {
        "person": "{bits}  ce peuvent être deux personnes d'un même foyer ou d'une même famille",
        "organisation": "{bits}  ce peuvent être deux sociétés d'un même groupe",
    },
}

FIELDS = {
    "en": {
        "name": "the name", "birth_date": "the birth date", "birth_date_partial": "the partial birth date",
        "birth_date_text": "the unreadable birth date", "identifier": "the identifier", "phone": "the phone number",
        "email": "the e-mail address", "address": "the address", "gender": "the gender", "nationality": "the nationality",
        "birth_place": "the birth place", "vin": "the VIN", "plate": "the plate", "make": "the make", "model": "the model",
        "colour": "the colour", "calibre": "the calibre", "when_where": "the time and place", "method": "the method",
        "coordinates": "the coordinates",
    },
    "fr": {
        "name": "le nom", "birth_date": "la date de naissance", "birth_date_partial": "la date de naissance partielle",
        "birth_date_text": "la date de naissance illisible", "identifier": "l'identifiant",
        "phone": "le numéro de téléphone", "email": "l'adresse électronique", "address": "l'adresse", "gender": "le sexe",
        "nationality": "la nationalité", "birth_place": "le lieu de naissance", "vin": "le numéro de châssis",
        "plate": "la plaque", "make": "la marque", "model": "le modèle", "colour": "la couleur", "calibre": "le calibre",
        "when_where": "le moment et le lieu", "method": "le mode opératoire", "coordinates": "les coordonnées",
    },
}  # fmt: skip

LEVELS = {
    "en": {
        "same": "same", "partial": "agrees, parts missing", "family_differs": "another family name",
        "conflict": "some parts agree, others contradict", "different": "different", "day_month_swapped": "day and month swapped",
        "same_first_january": "same, but a 1 January", "one_digit": "one digit off", "same_year_month": "same year and month",
        "same_day_month": "same day and month", "same_year": "same year", "year_off_one": "a year off", "agrees": "agrees",
        "agrees_in_part": "agrees as far as legible", "one_character": "one character off",
        "same_confusable": "same but for look-alike characters", "same_invalid": "same, but its check digit fails",
        "same_type_unknown": "same number, type unknown", "same_other_country": "same number, another country",
        "one_edit_checked": "one edit, and the check digit tells which is wrong", "one_edit": "one edit",
        "renewed": "another number, as after a renewal", "same_national": "same, country code differs or is missing",
        "same_tail": "same subscriber number", "same_local_part": "same name at another domain", "near": "near",
        "same_door": "same door", "same_street": "same street", "same_postcode": "same postcode",
        "near_postcode": "postcode one character off", "same_city": "same city", "word_in_common": "a word in common",
        "confusable": "same but for look-alike characters", "partial_long": "partial, all known characters fit",
        "partial_short": "partial, the few known characters fit", "same_spot_and_hour": "same spot and hour",
        "near_spot_and_hours": "within 2 km and 6 hours", "same_town_and_day": "same town and day",
        "same_area_and_days": "same area within days", "apart": "apart", "similar": "similar", "same_spot": "same spot",
    },
    "fr": {
        "same": "identique", "partial": "concorde, des parties manquent", "family_differs": "autre nom de famille",
        "conflict": "certaines parties concordent, d'autres se contredisent", "different": "différent",
        "day_month_swapped": "jour et mois inversés", "same_first_january": "identique, mais un 1er janvier",
        "one_digit": "un chiffre d'écart", "same_year_month": "mêmes année et mois", "same_day_month": "mêmes jour et mois",
        "same_year": "même année", "year_off_one": "un an d'écart", "agrees": "concorde",
        "agrees_in_part": "concorde pour ce qui est lisible", "one_character": "un caractère d'écart",
        "same_confusable": "identique aux caractères semblables près",
        "same_invalid": "identique, mais la clé de contrôle est fausse", "same_type_unknown": "même numéro, type inconnu",
        "same_other_country": "même numéro, autre pays", "one_edit_checked": "un caractère d'écart, la clé dit lequel est faux",
        "one_edit": "un caractère d'écart", "renewed": "autre numéro, comme après un renouvellement",
        "same_national": "identique, indicatif du pays différent ou absent", "same_tail": "même numéro d'abonné",
        "same_local_part": "même nom chez un autre fournisseur", "near": "proche", "same_door": "même porte",
        "same_street": "même rue", "same_postcode": "même code postal", "near_postcode": "code postal à un caractère près",
        "same_city": "même ville", "word_in_common": "un mot en commun", "confusable": "identique aux caractères semblables près",
        "partial_long": "partielle, tous les caractères connus concordent",
        "partial_short": "partielle, les rares caractères connus concordent", "same_spot_and_hour": "même endroit, même heure",
        "near_spot_and_hours": "à moins de 2 km et de 6 heures", "same_town_and_day": "même ville, même jour",
        "same_area_and_days": "même région à quelques jours", "apart": "éloigné", "similar": "semblable",
        "same_spot": "même endroit",
    },
}  # fmt: skip

TOKEN_LEVELS = {
    "en": {
        "same": "same", "same after folding": "same without accents", "nickname or variant": "nickname or variant",
        "same romanisation": "same when romanised", "one edit": "one edit", "near": "near", "initial": "initial",
        "missing": "missing", "different": "different",
    },
    "fr": {
        "same": "identique", "same after folding": "identique sans accents", "nickname or variant": "diminutif ou variante",
        "same romanisation": "même romanisation", "one edit": "une lettre d'écart", "near": "proche", "initial": "initiale",
        "missing": "absent", "different": "différent",
    },
}  # fmt: skip
