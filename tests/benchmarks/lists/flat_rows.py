"""Flat rows of the sets for tools that compare columns, cleaned as such a tool's users are advised to.

Runs in the other tools' environment (normality, followthemoney). Names are in lower case and Latin letters; words for
nobody, numbers of one repeated figure, and days that a form made up are missing.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

Row = dict[str, Any]
NOBODY = {
    "unknown",
    "n k",
    "nk",
    "na",
    "n a",
    "not given",
    "baby",
    "fnu",
    "lnu",
    "nn",
    "none",
    "null",
    "agnosto",
    "brak",
}
LEGAL_FORMS = {
    "co", "company", "ltd", "limited", "llc", "inc", "corp", "corporation", "plc", "sa", "srl", "gmbh", "ag", "jsc",
    "ojsc", "pjsc", "ooo", "bv", "nv", "pte", "pvt", "de", "cv", "the", "of", "and",
}  # fmt: skip


@cache
def latin(text: str) -> str:
    """Lower case, Latin letters and figures, single spaces."""
    from normality import ascii_text

    return " ".join(re.sub(r"[^a-z0-9]+", " ", ascii_text(text).lower().replace("'", "")).split())


def sorted_words(text: str) -> str:
    return " ".join(sorted(latin(text).split()))


def split_date(text: str) -> tuple[str | None, str | None]:
    """`(full date or None, year or None)`; the first of January is taken for a year that is known alone."""
    year = text[:4] if re.match(r"\d{4}", text) else None
    is_full = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) and not text.endswith("-01-01")
    return (text if is_full else None), year


def census_row(row: dict[str, str]) -> Row:
    """A row of a census-like collection."""
    given, middle, family = (latin(row[part]) or None for part in ("given", "middle", "family"))
    full, year = split_date(row["birth_date"])
    phone = re.sub(r"\D", "", row["phone"])
    number = re.sub(r"[^A-Z0-9]", "", row["number"].upper())
    door = latin(f"{row['house']} {row['street']}") if row["street"] else None
    return {
        "unique_id": row["unique_id"], "given": None if given in NOBODY else given, "middle": middle, "family": family,
        "birth_date": full, "birth_year": year, "gender": row["gender"] or None,
        "birth_place": latin(row["birth_place"]) or None,
        "door": door, "street": latin(row["street"]) or None, "city": latin(row["city"]) or None,
        "postcode": latin(row["postcode"]).replace(" ", "") or None,
        "phone": phone if len(phone) > 6 and len(set(phone)) > 1 else None, "number": number or None,
    }  # fmt: skip


def list_row(key: str, entity: dict[str, Any]) -> Row:
    """An entry of a sanction list; arrays are sorted and have no duplicates, empty ones are missing."""
    is_body = entity["type"] != "person"
    names = [
        " ".join(one[part] for part in ("full", "given", "middle", "family") if one.get(part))
        for one in entity["names"]
    ]
    words = [sorted_words(one) for one in names]
    if is_body:
        words = [" ".join(word for word in one.split() if word not in LEGAL_FORMS) or one for one in words]
    known = [one for one in words if one and one not in NOBODY]
    dates = [split_date(one) for one in entity.get("birth_dates", [entity.get("birth_date", "")])]
    full = [whole for whole, _ in dates if whole]
    addresses = entity.get("addresses", [])
    places = [
        " ".join(one[part] for part in ("full", "house", "street", "city", "postcode") if one.get(part))
        for one in addresses
    ]
    sorted_places = [sorted_words(one) for one in places]
    countries = [one["country"] for one in addresses if one.get("country")] + entity.get("nationalities", [])
    numbers = [re.sub(r"[^A-Z0-9]", "", one["value"].upper()) for one in entity.get("identifiers", [])]
    return {
        "unique_id": key, "name": known[0] if known else None, "names": _array(known),
        "words": _array(word for one in known for word in one.split() if len(word) > 2),
        "birth_date": full[0] if full else None, "birth_dates": _array(full),
        "birth_year": next((year for _, year in dates if year), None), "birth_years": _array(year for _, year in dates),
        "birth_place": latin(entity.get("birth_place") or " ".join(entity.get("birth_places", [])[:1])) or None,
        "countries": _array(country_code(one) for one in countries),
        "places": _array(sorted_places), "place": next((one for one in sorted_places if one), None),
        "numbers": _array(one for one in numbers if len(one) > 4),
    }  # fmt: skip


def _array(values: Any) -> list[str] | None:
    return sorted({one for one in values if one}) or None


@cache
def country_code(text: str) -> str:
    """Followthemoney's code of a country, or the text."""
    from followthemoney.types import registry

    return registry.country.clean(text) or latin(text)


def leave_out_common_words(rows: list[Row], most: int) -> None:
    """Drop words that more than `most` rows have, which say too little to block on."""
    often = Counter(word for row in rows for word in row["words"] or ())
    for row in rows:
        row["words"] = [word for word in row["words"] or () if often[word] <= most] or None
