"""Normalises single fields of an entity and notes what is doubtful about each, with its JSON pointer.

What a value becomes depends on the value alone, so results are remembered: the same names, towns and makes come
again and again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import structs
from stdnum import bic

from pipeline.records import dates, model, mrz, names
from pipeline.records.addresses import address
from pipeline.records.countries import country_code
from pipeline.records.doubts import Doubt, Doubts
from pipeline.records.identifier_types import CHECKED
from pipeline.records.identifiers import identifier
from pipeline.records.limits import MAX_LETTERS, MOST_LETTERS, Limit
from pipeline.records.normalised import (
    BirthDate,
    GeoPoint,
    NormalisedAddress,
    NormalisedIdentifier,
    NormalisedName,
    NormalisedPhone,
    PartialDate,
    TimeSpan,
)
from pipeline.records.phones import phone
from pipeline.records.placeholders import PLACEHOLDERS, is_placeholder, is_placeholder_date, is_placeholder_number

_MALE = """
    m male man masculin masculine homme h männlich maennlich mann masculino hombre varón varon maschio maschile
    uomo mannelijk man mężczyzna mezczyzna mužský muž man mand mies férfi ferfi bărbat barbat masculin мужской муж
    м мужчина чоловіча чоловік ч άνδρας α erkek e ذكر זכר 男 남 남성 1
"""
_FEMALE = """
    f female woman feminin feminine féminin femme w weiblich frau femenino mujer femmina femminile donna feminino
    mulher vrouwelijk vrouw v kobieta k ženský žena kvinna kvinde nainen nő no femeie женский жен ж женщина жіноча
    жінка γυναίκα γ kadın kadin أنثى נקבה 女 여 여성 2
"""
_OTHER = """
    x other diverse divers d non-binary nonbinary intersex autre otro altro inne другой інша 9
"""
UNKNOWN = PLACEHOLDERS | {"u", "0", "<"}
"""Says that it is not known, which is an ordinary answer and no doubt."""


_WORDS = {
    word: name for name, words in (("male", _MALE), ("female", _FEMALE), ("other", _OTHER)) for word in words.split()
}


@lru_cache(maxsize=1024)
def gender(text: str) -> str | None:
    """male, female or other; "" where it says that it is not known; None for any other word.

    Digits are those of ISO/IEC 5218 (0 not known, 1 male, 2 female, 9 not applicable).
    """
    word = text.strip().casefold()
    bare = word.rstrip(".")
    return _WORDS.get(bare) or ("" if word in UNKNOWN or bare in UNKNOWN else None)


DECIMALS = 6
"""A millionth of a degree is 11 cm: more than any report knows."""


def place(latitude: float | None, longitude: float | None) -> GeoPoint | None:
    """The position, rounded; None where half of it is missing or both are 0, which devices send when they know none."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return GeoPoint(round(latitude, DECIMALS), round(longitude, DECIMALS))


_INVISIBLE = re.compile("[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Controls, zero-width characters, direction marks."""

_EMAIL = re.compile(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+$")
_PARTS = ("full", "given", "middle", "family", "patronymic")
_MIN_PHONE_DIGITS = 3
"""Digits from which a text is read as a phone number: the shortest that people dial (112). Fewer are noted as a
doubt."""


class FieldReader:
    """Reads the fields of the entity at one JSON pointer; `country` is the case's, for phones without country code."""

    def __init__(self, pointer: str, country: str, doubts: Doubts) -> None:
        self._pointer = pointer
        self._country = country
        self._doubts = doubts

    def doubt(self, doubt: Doubt | Limit, *path: str | int) -> None:
        """Note a doubt about the field at `path` below this entity."""
        self._doubts.add(doubt, self._pointer + "".join(f"/{step}" for step in path))

    def text(self, value: str | None, *path: str | int) -> str:
        """Clean text in lower case, of a long one its beginning; "" for a placeholder."""
        if not value:
            return ""
        if len(value) > MOST_LETTERS:
            self.doubt(Limit.TEXT, *path)
            value = value[:MAX_LETTERS]
        text, doubts = _text(value)
        for doubt in doubts:
            self.doubt(doubt, *path)
        return text

    def texts(self, values: tuple[str, ...], field: str) -> tuple[str, ...]:
        """Clean texts in lower case, without placeholders."""
        return tuple([text for at, value in enumerate(values) if (text := self.text(value, field, at))])

    def country(self, value: str | None, *path: str | int) -> str:
        """The alpha-2 code of a country's code or name."""
        if not value or not (text := self.text(value, *path)):
            return ""
        code = country_code(text)
        if not code:
            self.doubt(Doubt.COUNTRY, *path)
        return code

    def countries(self, values: tuple[str, ...], field: str) -> tuple[str, ...]:
        """The codes of several countries, without those not known."""
        codes = [code for at, value in enumerate(values) if (code := self.country(value, field, at))]
        return tuple(dict.fromkeys(codes))

    def names(self, values: tuple[model.Name, ...], entity_type: str) -> tuple[NormalisedName, ...]:
        """Names that name somebody; what stands in brackets and is another name is one of its own."""
        kept: list[NormalisedName] = []
        for at, value in enumerate(values):
            if any(len(text) > MAX_LETTERS for part in _PARTS if (text := getattr(value, part))):
                value = self._cut_name(value, at)
            found, doubts = _names(value, entity_type)
            for doubt, part in doubts:
                self.doubt(doubt, "names", at, *part)
            kept += found
        return tuple([name for name in kept if name.tokens])

    def _cut_name(self, value: model.Name, at: int) -> model.Name:
        """What is read of a name with a long part."""
        parts = {part: text for part in _PARTS if (text := getattr(value, part)) and len(text) > MAX_LETTERS}
        for part in parts:
            self.doubt(Limit.LETTERS, "names", at, part)
        return structs.replace(value, **{part: text[:MAX_LETTERS] for part, text in parts.items()})

    def identifiers(self, values: tuple[model.Identifier, ...]) -> tuple[NormalisedIdentifier, ...]:
        """The identifiers of an entity's list."""
        return tuple(
            found
            for at, value in enumerate(values)
            for found in self.identifier(
                value.type, value.value, self.country(value.country, "identifiers", at, "country"),
                "identifiers", at, "value",
            )
        )  # fmt: skip

    def identifier(
        self, kind: str, value: str | None, country: str, *path: str | int
    ) -> tuple[NormalisedIdentifier, ...]:
        """One identifier, or none where there is no value or only a placeholder."""
        if not value:
            return ()
        if len(value) > MOST_LETTERS:
            self.doubt(Limit.TEXT, *path)
            value = value[:MAX_LETTERS]
        found, doubt = _identifier(kind, value, country)
        if doubt:
            self.doubt(doubt, *path)
        return () if found is None else (found,)

    def bank(self, value: str | None, *path: str | int) -> None:
        """Only doubts a BIC: it names a bank, so that two accounts which share it have nothing in common."""
        if self.text(value, *path) and not bic.is_valid(value or ""):
            self.doubt(Doubt.FORM, *path)

    def zone(self, value: str | None, *path: str | int) -> mrz.Mrz | None:
        """What a machine-readable zone says."""
        if not self.text(value, *path):
            return None
        found = mrz.read((value or "")[:MAX_LETTERS])
        if found is None:
            self.doubt(Doubt.MRZ, *path)
        elif found.failed:
            self.doubt(Doubt.CHECK_DIGIT, *path)
        return found

    def phones(self, values: tuple[str, ...], field: str) -> tuple[NormalisedPhone, ...]:
        """The numbers of a list."""
        found: list[NormalisedPhone] = []
        for at, value in enumerate(values):
            found += self.phone(value, self._country, field, at)
        return tuple(found)

    def phone(self, value: str | None, country: str, *path: str | int) -> tuple[NormalisedPhone, ...]:
        """One number, or none; `country` is where it is dialled from, the case's where that is ""."""
        if not value:
            return ()
        found, doubt = _phone(value[:MAX_LETTERS], country or self._country)
        if doubt:
            self.doubt(doubt, *path)
        return () if found is None else (found,)

    def emails(self, values: tuple[str, ...], field: str) -> tuple[str, ...]:
        """E-mail addresses in lower case."""
        found = []
        for at, value in enumerate(values):
            text = self.text(value, field, at).removeprefix("mailto:")
            if text and not _EMAIL.match(text):
                self.doubt(Doubt.EMAIL, field, at)
            elif text:
                found.append(text)
        return tuple(found)

    def addresses(self, values: tuple[model.PostalAddress, ...]) -> tuple[NormalisedAddress, ...]:
        """The addresses of a list that say anything."""
        found: list[NormalisedAddress] = []
        for at, value in enumerate(values):
            found += self.address(value, "addresses", at)
        return tuple(found)

    def address(self, value: model.PostalAddress | model.Address, *path: str | int) -> tuple[NormalisedAddress, ...]:
        """One address, or none where nothing is left of it."""
        country = self.country(value.country, *path, "country")
        stated = (value.full, value.house, value.street, value.unit, value.postcode, value.city, value.region)
        parts = [part or "" for part in stated]
        for at, part in enumerate(parts):
            if len(part) > MAX_LETTERS:
                self.doubt(Limit.LETTERS, *path, _ADDRESS[at])
                part = parts[at] = part[:MAX_LETTERS]
            if part and part[0] not in _DIGITS and _stands_for_none(part):
                self.doubt(Doubt.PLACEHOLDER, *path, _ADDRESS[at])
                parts[at] = ""
        found = address(*(*parts, country))
        return () if found == _NO_ADDRESS else (found,)

    def date(self, value: str | None, field: str) -> PartialDate | None:
        """A partial date that is not one that forms put where none is known."""
        if not value:
            return None
        date = dates.partial_date(value)
        if is_placeholder_date(date):
            self.doubt(Doubt.PLACEHOLDER, field)
            return None
        return date

    def birth_dates(self, values: tuple[str, ...], field: str) -> tuple[BirthDate, ...]:
        """Dates, ranges and dates about, without those of which an end is what forms put where none is known."""
        kept = []
        for at, value in enumerate(values):
            found = dates.birth_date(value)
            if is_placeholder_date(found.first) or is_placeholder_date(found.last):
                self.doubt(Doubt.PLACEHOLDER, field, at)
            else:
                kept.append(found)
        return tuple(kept)

    def gender(self, value: str | None) -> str:
        """male, female, other or ""."""
        found = gender(value or "")
        if found is None:
            self.doubt(Doubt.GENDER, "gender")
        return found or ""

    def place(self, latitude: float | None, longitude: float | None) -> GeoPoint | None:
        """A position of two known degrees."""
        if latitude is None and longitude is None:
            return None
        found = place(latitude, longitude)
        if found is None:
            self.doubt(Doubt.PLACE, "latitude" if longitude is None or latitude is not None else "longitude")
        return found

    def span(self, start: str | None, end: str | None) -> TimeSpan | None:
        """All seconds from the first that `start` may mean to the last that `end` may mean; either may be missing."""
        if not start and not end:
            return None
        first, last = dates.span_of(start or end or ""), dates.span_of(end or start or "")
        if last.end < first.start:
            self.doubt(Doubt.SPAN, "end")
            first, last = last, first
        return TimeSpan(first.start, last.end)


_DIGITS = frozenset("0123456789")
"""With which no placeholder begins."""
_ADDRESS = ("full", "house", "street", "unit", "postcode", "city", "region")
_NO_ADDRESS = NormalisedAddress()


@lru_cache(maxsize=65536)
def _text(value: str) -> tuple[str, tuple[Doubt, ...]]:
    cleaned = names.clean_text(value).casefold()
    doubts = (Doubt.INVISIBLE,) if is_invisible(value) else ()
    if is_placeholder(cleaned):
        return "", (*doubts, Doubt.PLACEHOLDER) if value.strip() else doubts
    return cleaned, doubts


def _stands_for_none(value: str) -> bool:
    """Whether `_text` doubts it as a placeholder; without being remembered where that costs more than it brings."""
    if value.isascii():
        return is_placeholder(names.clean_text(value).lower()) and bool(value.strip())
    return Doubt.PLACEHOLDER in _text(value)[1]


def is_invisible(value: str) -> bool:
    """Whether a text holds characters that nobody sees; line feeds and tabs are seen."""
    return not value.isprintable() and _INVISIBLE.search(value.translate(_LAYOUT)) is not None


_LAYOUT = str.maketrans("\n\r\t", "   ")


@lru_cache(maxsize=65536)
def _names(
    value: model.Name, entity_type: str
) -> tuple[tuple[NormalisedName, ...], tuple[tuple[Doubt | Limit, tuple[str, ...]], ...]]:
    """The name, with what stands in brackets and is another one; and its doubts, each with the part it is about."""
    stated = {part: text for part in _PARTS if (text := getattr(value, part))}
    doubts: list[tuple[Doubt | Limit, tuple[str, ...]]] = [
        (Doubt.INVISIBLE, (part,)) for part, text in stated.items() if is_invisible(text)
    ]
    raw = dict.fromkeys(_PARTS, "")
    for part, text in stated.items():
        if _is_no_name(text):
            doubts.append((Doubt.PLACEHOLDER, (part,)))
        else:
            raw[part] = text
    full, (others, more) = raw["full"], names.find_renderings(value.full or "")
    if more:
        doubts.append((Limit.RENDERINGS, ("full",)))
    if entity_type == "organisation":
        raw["full"], also = names.part_body_names(full)
        others += also
    name = names.normalise_name(**raw, kind=value.kind or "", entity_type=entity_type)
    if raw["full"] != full:
        name = structs.replace(name, text=names.clean_name(full))
    if "mixed_script" in name.flags:
        doubts.append((Doubt.MIXED_SCRIPT, ("full",) if full else ()))
    if "many_words" in name.flags:
        doubts.append((Limit.TOKENS, ("full",) if full else ()))
    further = [names.normalise_name(other, "", "", "", "", name.kind, entity_type) for other in others]
    return (name, *further), tuple(doubts)


@lru_cache(maxsize=65536)
def _is_no_name(part: str) -> bool:
    return names.is_placeholder(names.fold_case(names.clean_text(part)))


def _identifier(kind: str, value: str, country: str) -> tuple[NormalisedIdentifier | None, Doubt | None]:
    found = identifier(kind, value, country)
    if is_placeholder_number(found.value):
        return None, Doubt.PLACEHOLDER
    if found.valid is False:
        return found, Doubt.CHECK_DIGIT if found.type in CHECKED else Doubt.FORM
    return found, None


def _phone(value: str, country: str) -> tuple[NormalisedPhone | None, Doubt | None]:
    digits = "".join(filter(str.isdigit, value))
    if is_placeholder_number(digits) if digits else Doubt.PLACEHOLDER in _text(value)[1]:
        return None, Doubt.PLACEHOLDER  # no placeholder holds a digit
    found = phone(value, country) if len(digits) >= _MIN_PHONE_DIGITS else None
    return found, None if found and found.valid else Doubt.PHONE
