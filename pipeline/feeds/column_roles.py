"""Guesses what a table's columns hold, by their names in several languages and by their values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from stdnum import iban

from pipeline.feeds.dates import DateReading, stated_dates
from pipeline.records.countries import country_code

SAMPLE_VALUES = 400
"""Values of a column that are looked at."""
MOST = 0.8
"""The share of a column's values that must fit: registers are never clean."""

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
DATE_FORMATS = (
    "%Y-%m-%d", DAY_FIRST, MONTH_FIRST, "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%d %B %Y", "%Y%m%d",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%m/%Y", "%Y-%m", "%Y",
)  # fmt: skip

WORDS: Mapping[str, tuple[str, ...]] = {
    "issuer": ("passport country", "passeport pays", "country of issue", "issuing country", "issuer"),
    "birth_country": ("country of birth", "birth country", "pays naissance", "country of birth id"),
    "given": ("given", "first", "first name", "firstname", "forename", "prenom", "vorname", "nombre", "nome",
              "voornaam", "imie"),
    "family": ("family", "surname", "last", "last name", "lastname", "nom", "nachname", "familienname", "apellido",
               "apellidos", "cognome", "achternaam", "nazwisko"),
    "alias": ("alias", "aka", "a k a", "other name", "nickname", "surnom", "alias name"),
    "lei": ("lei",),
    "organisation": ("company", "company name", "organisation name", "organization name",
                     "organisation", "organization", "societe", "firma", "empresa", "azienda", "bedrijf"),
    "full": ("name", "full name", "whole name", "nom complet", "name full", "nombre completo"),
    "birth_date": ("born", "birth", "dob", "date of birth", "birth date", "birthdate", "naissance", "date naissance",
                   "ne", "nee", "ne e",
                   "geboren", "geburtsdatum", "nacimiento", "nascita", "geboortedatum", "data urodzenia"),
    "birth_place": ("place of birth", "birth place", "pob", "lieu naissance", "geburtsort", "lugar nacimiento"),
    "gender": ("sex", "gender", "sexe", "geschlecht", "sexo", "sesso", "geslacht", "plec"),
    "nationality": ("nationality", "nationalities", "citizenship", "nationalite", "staatsangehorigkeit", "nacionalidad",
                    "cittadinanza", "nationaliteit", "obywatelstwo"),
    "phone": ("phone", "phones", "telephone", "telephones", "tel", "mobile", "telefon", "telefono", "telefoon"),
    "email": ("email", "e mail", "mail", "courriel"),
    "passport": ("passport", "passport number", "passport no", "passeport", "reisepass", "pasaporte", "paszport"),
    "national_id": ("national id", "id card", "identity card", "nin", "cni", "personalausweis", "dni", "pesel", "bsn"),
    "street": ("address", "street", "adresse", "rue", "strasse", "direccion", "calle", "indirizzo", "via", "straat"),
    "city": ("city", "town", "ville", "stadt", "ort", "ciudad", "citta", "stad", "miasto"),
    "postcode": ("postcode", "zip", "zip code", "postal code", "code postal", "plz", "codigo postal", "cap"),
    "country": ("country", "pays", "land", "pais", "paese", "kraj"),
    "plate": ("plate", "licence plate", "registration", "immatriculation", "plaque", "kennzeichen", "matricula"),
    "vin": ("vin", "chassis"),
    "imo": ("imo",),
    "iban": ("iban",),
    "title": ("title", "subject", "objet", "betreff", "asunto", "offence", "reason"),
    "opened": ("opened", "date", "open date", "date ouverture", "created", "datum", "fecha"),
    "case_id": ("id", "case", "case id", "case no", "case number", "number", "no", "nr", "ref", "reference", "numero",
                "dossier", "aktenzeichen", "key"),
}  # fmt: skip
"""Words by which columns go, in small letters without accents, signs as blanks; the first role that fits is taken."""

SMALL_WORDS = frozenset(("of", "the", "de", "du", "des", "der", "del", "di", "da", "la", "le"))
"""Left out where names are compared: date of birth, date de naissance."""

NO_VALUES = ("type", "kind", "code", "status", "details")
"""Last words of columns that tell of what kind another is: `alias type` holds no alias."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
MOST_NAME_PARTS = 9
"""Numbered columns from Name 1 on that are parts of one name: those of one digit; the UK's list has six."""

SOME = 0.2
"""The share of dates in a column that is called a date of birth: the others go to the text beside it."""

TESTED = ("email", "iban")
"""Roles that values alone tell."""

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)
_PHONE = re.compile(r"^\+?[0-9 ()/.-]{6,20}$")
_SIGNS = re.compile(r"[^a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class ColumnRole(msgspec.Struct, frozen=True):
    """What a column is taken for, why, and for a date the formats that read it."""

    role: str
    reason: str
    formats: tuple[str, ...] = ()


def guess_role(name: str, values: Sequence[str]) -> ColumnRole | None:
    """The role of a column by its name, held against its values; by its values where the name tells nothing."""
    named = role_of_name(name)
    if named == "birth_date":
        formats, rest = fit_formats(values)
        sample = len(values[:SAMPLE_VALUES])
        if len(rest) <= (1 - SOME) * sample and formats:
            return ColumnRole(named, f"its name, and dates in {sample - len(rest)} of {sample} values", formats)
        return None
    if named == "opened":
        formats = guess_formats(values)
        return ColumnRole(named, "its name, and dates in it", formats) if formats else None
    if named and _fits(named, values):
        return ColumnRole(named, "its name")
    return next((ColumnRole(role, "its values") for role in TESTED if values and _fits(role, values)), None)


def role_of_name(name: str) -> str:
    """The role whose word the column's name is, or ends or begins with, in the plural too; "" for none."""
    plain = _plain(name)
    if any(_ends_with(plain, word) for word in NO_VALUES) and not any(
        plain in words for words in _PLAIN_WORDS.values()
    ):
        return ""
    for matches in (str.__eq__, _ends_with, _begins_with):
        for role, words in _PLAIN_WORDS.items():
            if any(matches(plain, word) or matches(plain.removesuffix("s"), word) for word in words):
                return role
    return ""


def name_parts(names: Iterable[str]) -> list[str]:
    """The columns that hold the words of one name by number, in its order: `Name 1` to `Name 6`, `FIRST_NAME` ..."""
    numbered = {number: name for name in names if (number := _part_number(_plain(name)))}
    return [numbered[number] for number in sorted(numbered)] if len(numbered) > 1 and 2 in numbered else []


def _part_number(plain: str) -> int:
    """Of `name 3` and `third name` 3; 0 for any other name of a column."""
    first, _, last = plain.partition(" ")
    if first == "name" and last.isdigit() and int(last) <= MOST_NAME_PARTS:
        return int(last)
    return ORDINALS.index(first) + 1 if last == "name" and first in ORDINALS else 0


def guess_formats(values: Sequence[str]) -> tuple[str, ...]:
    """The fewest formats that read most of the values, the commonest first; none where they are no dates."""
    chosen, rest = fit_formats(values)
    return chosen if len(rest) <= (1 - MOST) * len(values[:SAMPLE_VALUES]) else ()


def fit_formats(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The fewest formats that read whatever of the values can be read, the commonest first; and what can't."""
    rest, chosen = list(values[:SAMPLE_VALUES]), list[str]()
    while rest:
        read = {format_: [text for text in rest if _is_date(text, format_)] for format_ in DATE_FORMATS}
        best = max(DATE_FORMATS, key=lambda format_: len(read[format_]))
        if not read[best]:
            break
        chosen.append(best)
        rest = [text for text in rest if text not in set(read[best])]
    return tuple(chosen), rest


def is_order_open(values: Sequence[str]) -> bool:
    """Whether no value tells days from months: all are 12 or less."""
    return all(int(part) <= 12 for text in values[:SAMPLE_VALUES] for part in text.split("/")[:2] if part.isdigit())


def are_distinct(values: Sequence[str], filled: int, rows: int) -> bool:
    """Whether every row has a value of its own."""
    return filled == rows and len(set(values)) == len(values) > 0


def _is_date(text: str, format_: str) -> bool:
    return bool(stated_dates(text, DateReading((format_,))))


def _fits(role: str, values: Sequence[str]) -> bool:
    """Whether most of the values can be such; an empty column can be anything."""
    test = _TESTS.get(role)
    sample = values[:SAMPLE_VALUES]
    return test is None or sum(map(test, sample)) >= MOST * len(sample)


def _is_iban(text: str) -> bool:
    return bool(iban.is_valid(text))


def _is_country(text: str) -> bool:
    return any(country_code(part) for part in re.split("[,;/|]", text))


_TESTS: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: bool(_EMAIL.match(text)),
    "phone": lambda text: all(_PHONE.match(part.strip()) for part in re.split("[,;|]", text)),
    "iban": _is_iban,
    "nationality": _is_country,
    "country": _is_country,
    "birth_country": _is_country,
    "issuer": _is_country,
    "gender": lambda text: len(text) <= len("masculine"),
    "given": lambda text: not any(char.isdigit() for char in text),
    "family": lambda text: not any(char.isdigit() for char in text),
}


def _plain(name: str) -> str:
    humps = _HUMP.sub(" ", name)
    letters = unicodedata.normalize("NFKD", humps).encode("ascii", "ignore").decode().lower()
    return " ".join(word for word in _SIGNS.sub(" ", letters).split() if word not in SMALL_WORDS)


_PLAIN_WORDS = {role: tuple(map(_plain, words)) for role, words in WORDS.items()}


def _ends_with(name: str, word: str) -> bool:
    return name.endswith(f" {word}")


def _begins_with(name: str, word: str) -> bool:
    return name.startswith(f"{word} ")


def guess_separator(values: Iterable[str]) -> str:
    """The sign by which cells hold several values, "" where they hold one."""
    values = list(values)
    counts = {sign: sum(sign in text for text in values) for sign in ("|", ";", ",")}
    sign = max(counts, key=lambda one: counts[one])
    return sign if counts[sign] else ""
