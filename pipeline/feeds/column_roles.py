"""Guesses what a table's columns hold, by their names in several languages and by their values.

The names are those by which the columns of registers go, by field, in the official languages of the EU with usual
abbreviations: Bulgarian, Croatian, Czech, Danish, Dutch, English, Estonian, Finnish, French, German, Greek, Hungarian,
Irish, Italian, Latvian, Lithuanian, Maltese, Polish, Portuguese, Romanian, Slovak, Slovene, Spanish, Swedish. They are
written in small letters, without accents where a keyboard has none; a column's name is folded as these are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec
from stdnum import iban

from pipeline.feeds.dates import DateReading, stated_dates
from pipeline.records.countries import country_code


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.replace("\n", ",").split(",") if word.strip())


BIRTH: Final = _listed("""
    born, birth, geb, geboren, geburt, geburts, naissance, naiss, nais, nacimiento, nacim, nac, nascita, nasc,
    nato, nata, nascimento, geboorte, fodsel, fodsels, fodt, fodelse, fodd, syntyma, syntynyt, synt, sunni,
    synni, dzimsanas, dzim, dz, gimimo, gim, urodzenia, urodz, ur, narozeni, narodenia, nar, rojstva, roj,
    rodenja, rod, szuletesi, szuletes, szul, nasterii, nastere, nast, раждане, рожд, роден, γεννησης, γεννηση,
    γενν, twelid, breithe, bhreithe, breith
""")
DATE: Final = _listed("""
    date, dat, dt, datum, fecha, fec, data, dato, dag, aika, paiva, pvm, kuupaev, kp, aeg, datums, dátum, idő,
    ideje, дата, ημερομηνια, ημνια, ημ, ημερ, dáta
""")
PLACE: Final = _listed("""
    place, lieu, ort, lugar, luogo, local, plaats, sted, paikka, koht, vieta, miejsce, místo, miesto, kraj,
    mjesto, hely, helye, loc, locul, място, τοπος, post, ait
""")
COUNTRY: Final = _listed("""
    country, pays, land, staat, país, paese, stato, maa, riik, valsts, šalis, państwo, kraj, země, stát,
    krajina, štát, država, ország, țara, stat, държава, страна, χώρα, pajjiż, tír
""")
NUMBER: Final = _listed("""
    number, no, nr, num, numero, n, nummer, número, nº, čislo, č, číslo, szám, száma, številka, št, broj, br,
    numeris, numurs, numer, număr, номер, №, αριθμός, αρ, numru, uimhir, numéro, numro, nro
""")
PASSPORT: Final = _listed("""
    passport, pass, pp, ppt, passeport, reisepass, pasaporte, passaporto, passaporte, paspoort, pas, passi, pase,
    pasas, paso, paszport, paszportu, cestovní pas, cestovný pas, cestovného pasu, potni list, potnega lista,
    putovnica, putovnice, útlevél, pașaport, паспорт, διαβατήριο, διαβατηρίου, passaport
""")
IDENTITY_CARD: Final = _listed("""
    national id, id card, identity card, identity, ausweis, personalausweis, perso, carte identité, cni,
    documento identidad, dni, carta identità, cartão cidadão, bilhete identidade, identiteitskaart,
    identiteitsbewijs, id kort, legitimation, henkilökortti, isikutunnistus, id kaart, personas apliecība,
    asmens tapatybės kortelė, dowód, dowód osobisty, dowodu, občanský průkaz, op, občiansky preukaz,
    osebna izkaznica, osobna iskaznica, személyi igazolvány, szig, carte identitate, buletin, лична карта,
    ταυτότητα, ταυτότητας, αδτ, karta identità
""")
VEHICLE: Final = _listed(
    "kfz, pkw, lkw, fahrzeug, vehicle, véhicule, veh, vehículo, veicolo, voertuig, pojazdu, vozidla"
)
CASE: Final = _listed("""
    case, dossier, affaire, aktenzeichen, akte, vorgang, vorgangs, fall, geschäftszeichen, expediente, exp,
    atestado, fascicolo, pratica, processo, proc, zaak, sag, sags, ärende, asia, toimik, juhtum, lieta, lietas,
    byla, bylos, sprawa, sprawy, sygnatura, sygn, spis, spisu, spisová značka, zadeva, zadeve, predmet,
    predmeta, ügy, ügyirat, akta, dosar, дело, преписка, υπόθεση, υπόθεσης, φάκελος, każ, cás
""")

COLUMN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "issuer": _listed("""
        country of issue, issuing country, issuer, ausstellungsland, ausstellerstaat, ausst land,
        pays délivrance, país expedición, paese rilascio, país emissor, land van afgifte, udstedelsesland,
        utfärdandeland, państwo wydania
        """),
    "birth_country": _listed("""
        country of birth id, geburtsland, gebland, geburtsstaat, geboorteland, fødeland, födelseland,
        syntymämaa, sünniriik
        """),
    "given": _listed("""
        given, given name, first, first name, firstname, forename, christian name, prénom, vorname, vorn,
        rufname, nombre, nombre de pila, nome, nome proprio, voornaam, voorn, fornavn, förnamn, tilltalsnamn,
        etunimi, eesnimi, vards, vardas, imię, imiona, jméno, křestní jméno, meno, krstné meno, ime, utónév,
        keresztnév, prenume, име, собствено име, όνομα, isem, ainm, céadainm
        """),
    "family": _listed("""
        family, family name, surname, last, last name, lastname, nom, nom de famille, nom usage, nom naissance,
        nachname, nachn, familienname, famname, fam name, zuname, geburtsname, apellido, primer apellido,
        cognome, apelido, sobrenome, achternaam, familienaam, geslachtsnaam, efternavn, efternamn, sukunimi,
        perekonnanimi, perenimi, uzvārds, pavardė, nazwisko, příjmení, priezvisko, priimek, prezime, vezetéknév,
        családnév, nume, nume de familie, фамилия, фамилно име, επώνυμο, επίθετο, kunjom, sloinne
        """),
    "alias": _listed("""
        alias, aka, a k a, other name, nickname, alias name, surnom, aliasname, spitzname, falschname, apodo,
        soprannome, alcunha, bijnaam, kaldenavn, öknamn, lisänimi, hüüdnimi, iesauka, pravardė, pseudonim,
        przezwisko, přezdívka, prezývka, vzdevek, nadimak, becenév, poreclă, прякор, ψευδώνυμο, παρατσούκλι,
        laqam, leasainm
        """),
    "lei": ("lei",),
    "organisation": _listed("""
        company, company name, organisation name, organization name, organisation, organization, société,
        raison sociale, firma, firmenname, unternehmen, empresa, razón social, denominación, azienda, ditta,
        ragione sociale, denominação, bedrijf, bedrijfsnaam, virksomhed, företag, yritys, ettevõte, uzņēmums,
        įmonė, společnost, spoločnosť, podjetje, tvrtka, cég, cégnév, firmă, фирма, дружество, εταιρεία,
        επωνυμία, kumpanija, cuideachta
        """),
    "full": _listed("""
        name, full name, whole name, name full, nom complet, nom prénom, nom et prénom,
        nom et prénoms, name vorname, vollständiger name,
        nombre completo, nombre apellidos, nome completo, nome cognome, cognome nome, naam, volledige naam,
        navn, fulde navn, namn, nimi, täisnimi, vārds uzvārds, vardas pavardė, imię i nazwisko, nazwisko i imię,
        jméno a příjmení, jméno příjmení, meno a priezvisko, ime in priimek, ime i prezime, név, teljes név,
        nume prenume, nume complet, имена, трите имена, име и фамилия, ονοματεπώνυμο, isem sħiħ, ainm iomlán
        """),
    "birth_date": (*BIRTH, *_listed("""
        dob, d o b, d d n,
        birth date, birthdate, birthday, née, né, né e, ddn, d n, dn, geburtsdatum, geburtstag, gebdat,
        gebdatum, geboortedatum, geboortedag, fødselsdato, fødselsdag, födelsedatum, födelsedag, syntymäaika,
        syntymäpäivä, sünnikuupäev, sünniaeg, datum narození
        """)),
    "birth_place": _listed("""
        pob, geburtsort, gebort, naturalidade, geboorteplaats, fødested, födelseort, syntymäpaikka, sünnikoht
        """),
    "gender": _listed("""
        sex, gender, sexe, geschlecht, geschl, sexo, género, sesso, genere, geslacht, køn, kön, sukupuoli, sugu,
        dzimums, lytis, płeć, pohlaví, pohlavie, spol, nem, neme, пол, φύλο, sess, gnéas, inscne
        """),
    "nationality": _listed("""
        nationality, nationalities, citizenship, nat, natio, nationalité, staatsangehörigkeit, staatsang,
        staatsangeh, staatsbürgerschaft, nationalität, nacionalidad, cittadinanza, nazionalità, nacionalidade,
        nationaliteit, statsborgerskab, nationalitet, medborgarskap, kansalaisuus, kodakondsus, pilsonība,
        valstspiederība, pilietybė, obywatelstwo, narodowość, občanství, státní občanství, státní příslušnost,
        občianstvo, štátne občianstvo, štátna príslušnosť, državljanstvo, állampolgárság, cetățenie, cetățenia,
        naționalitate, гражданство, υπηκοότητα, ιθαγένεια, εθνικότητα, nazzjonalità, náisiúntacht
        """),
    "phone": _listed("""
        phone, phones, telephone, telephones, tel, mobile, mob, gsm, téléphone, portable, telefon, telefonu,
        rufnummer, handy, mobil, teléfono, móvil, telefono, cellulare, telefone, telemóvel, telefoon, tlf,
        puhelin, puh, tālrunis, telefonas, komórka, telefón, telefonszám, телефон, gsm номер, τηλέφωνο, κινητό,
        mowbajl, guthán
        """),
    "email": _listed("""
        email, e mail, mail, email address, courriel, mél, correo, correo electrónico, posta elettronica, epost,
        e post, sähköposti, e pasts, el paštas, имейл, ел поща
        """),
    "passport": PASSPORT,
    "national_id": (*IDENTITY_CARD, *_listed("""
        nin, nie, codice fiscale, bsn, burgerservicenummer, rijksregisternummer, cpr, cpr nummer, personnummer,
        pnr, henkilötunnus, hetu, isikukood, personas kods, asmens kodas, pesel, rodné číslo, rč, emšo, oib,
        személyazonosító, cnp, егн, pps, ppsn
        """)),
    "street": _listed("""
        address, addr, street, adresse, adr, anschrift, wohnanschrift, straße, str, rue, voie, dirección, dir,
        calle, domicilio, indirizzo, via, morada, rua, straat, adres, gade, vej, gata, gatuadress, osoite,
        katuosoite, aadress, tänav, adrese, iela, adresas, gatvė, ulica, ul, adresa, ulice, naslov, cím, lakcím,
        utca, strada, adresă, адрес, улица, διεύθυνση, οδός, indirizz, triq, seoladh, sráid
        """),
    "city": _listed("""
        city, town, ville, commune, stadt, ort, wohnort, gemeinde, ciudad, población, localidad, municipio,
        città, comune, cidade, localidade, stad, plaats, woonplaats, gemeente, bynavn, postort, kunta, kaupunki,
        paikkakunta, linn, pilsēta, miestas, miasto, miejscowość, město, obec, mesto, grad, mjesto, város,
        helység, település, oraș, localitate, град, πόλη, belt, baile
        """),
    "postcode": _listed("""
        postcode, zip, zip code, postal code, code postal, cp, plz, postleitzahl, código postal, cap,
        codice postale, postnummer, postnr, postinumero, sihtnumber, postiindeks, pasta indekss, pašto kodas,
        kod pocztowy, psč, poštna številka, poštanski broj, irányítószám, irsz, cod poștal, пощенски код,
        ταχυδρομικός κώδικας, τκ, kodiċi postali
        """),
    "country": COUNTRY,
    "plate": _listed("""
        plate, number plate, licence plate, license plate, registration, registration number, reg no,
        immatriculation, immat, imm, plaque, kennzeichen, kennz, amtl kennzeichen, kfz, kfz nr, nummernschild,
        matrícula, targa, kenteken, nummerplaat, nummerplade, registreringsnummer, regnr, reg nr,
        rekisterinumero, rekisteritunnus, numbrimärk, numura zīme, valstybinis numeris, nr rejestracyjny,
        numer rejestracyjny, rejestracja, tablica, spz, rz, registrační značka, eč, ečv, evidenčné číslo,
        registrska, registracija, registrska označba, registarska oznaka, rendszám, număr înmatriculare,
        nr înmatriculare, рег номер, регистрационен номер, αριθμός κυκλοφορίας, πινακίδα, uimhir chláraithe
        """),
    "vin": _listed("""
        vin, chassis, fahrgestellnummer, fahrgestellnr, fahrgestell nr, fin nr, bastidor, telaio, numero telaio,
        quadro, chassisnummer, stelnummer, alustanumero, valmistenumero, tehasetähis, šasijas numurs,
        nr nadwozia, kod karoserie, broj šasije, alvázszám, serie șasiu, номер рама, αριθμός πλαισίου
        """),
    "imo": ("imo",),
    "iban": ("iban",),
    "title": _listed("""
        title, subject, objet, betreff, asunto, offence, reason, delikt, tatvorwurf, infraction, delito, reato,
        oggetto, strafbaar feit, onderwerp, emne, ärendemening
        """),
    "role": _listed("""
        role, rôle, qualité, rolle, beteiligung, rol, ruolo, papel, função, roll, rooli, loma, vaidmuo, rola,
        úloha, vloga, uloga, szerep, calitate, роля, ρόλος, ιδιότητα
        """),
    "opened": _listed("""
        opened, date, open date, date ouverture, created, datum, fecha, eröffnet, eröffnung, angelegt,
        anlagedatum, fecha apertura, data, data apertura, data abertura, dato, datums, dátum, kuupäev, päiväys,
        data wszczęcia, дата, ημερομηνία
        """),
    "case_id": (*CASE, *NUMBER, *_listed("""
        id, case id, ref, reference, key, az, akz, aktenz, gz, référence, journal, ärende, diarienummer, dnr,
        asianumero, diaarinumero, spisová značka, sp zn, čj, ügyszám, ügyiratszám
        """)),
}  # fmt: skip
"""By role, in the order in which they are held against a column's values."""

PAIRED_WORDS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "issuer": (PASSPORT, COUNTRY),
    "birth_country": (BIRTH, COUNTRY),
    "birth_date": (BIRTH, DATE),
    "birth_place": (BIRTH, PLACE),
    "plate": (VEHICLE, ("kennzeichen", "kennz", "plate", "registration", "immatriculation")),
}
"""Roles that a word of each list tells together, in either order: `GEB_DAT`, `Date de naissance`."""

NUMBERED: Final = ("passport", "national_id", "phone", "plate", "vin", "imo", "iban", "lei", "case_id")
"""Roles of numbers: their columns may say so beside the word (`AUSWEIS_NR`, `N° pass`)."""

SMALL_WORDS: Final = _listed("of, the, de, du, des, der, del, di, da, do, la, le, van, het, dello, della, na, za")
"""Left out where names are compared: date of birth, date de naissance."""


SAMPLE_VALUES = 400
"""Values of a column that are looked at."""
MOST = 0.8
"""The share of a column's values that must fit: registers are never clean."""

NEARLY = 0.9
"""The share of distinct values by which a column that is called an id is one: some rows of a register are broken."""

HALF = 0.5
"""The share of countries: registers write `deutsch` and `polonaise` as well, which are in no table of countries."""

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
DATE_FORMATS = (
    "%Y-%m-%d", DAY_FIRST, MONTH_FIRST, "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%d %B %Y", "%Y%m%d",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%m/%Y", "%Y-%m", "%Y",
)  # fmt: skip

NO_VALUES = ("type", "kind", "code", "status", "details")
"""Last words of columns that tell of what kind another is: `alias type` holds no alias."""

SHORT_WORDS = ("id", "no", "nr", "ne")
"""Words of two letters that tell a field also at the end or the beginning of a name: `Group ID`."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
MOST_NAME_PARTS = 9
"""Numbered columns from Name 1 on that are parts of one name: those of one digit; the UK's list has six."""

SOME = 0.2
"""The share of dates in a column that is called a date of birth: the others go to the text beside it."""

TESTED = ("email", "iban")
"""Roles that values alone tell."""

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE)
_PHONE = re.compile(r"^\+?[0-9 ()/.-]{6,20}$")
_SIGNS = re.compile(r"[\W_]+")
_UMLAUT = re.compile("([aou])e")
_NUMBER_END = re.compile("(?<=[a-z]{3})(nr|nummer|numero|szama?)$")
"""What German and its neighbours, Finnish and Hungarian write onto the word: `Telefonnr.`, `Passinumero`."""
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ß": "ss"})
"""Letters that have no accent to take off."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class ColumnRole(msgspec.Struct, frozen=True):
    """What a column is taken for, why, and for a date the formats that read it."""

    role: str
    reason: str
    formats: tuple[str, ...] = ()


def guess_role(name: str, values: Sequence[str]) -> ColumnRole | None:
    """The role of a column by its name, held against its values; by its values where the name tells nothing."""
    named = _roles_of_name(name)
    found = next((role for one in named if (role := _hold_against(one, values))), None)
    if found or "birth_date" in named[:1]:
        return found
    return next((ColumnRole(role, "its values") for role in TESTED if values and _fits(role, values)), None)


def _hold_against(named: str, values: Sequence[str]) -> ColumnRole | None:
    """The role that a name tells, where the values can be such."""
    if named == "birth_date":
        formats, rest = fit_formats(values)
        sample = len(values[:SAMPLE_VALUES])
        if len(rest) > (1 - SOME) * sample or not formats:
            return None
        return ColumnRole(named, f"its name, and dates in {sample - len(rest)} of {sample} values", formats)
    if named == "opened":
        formats = guess_formats(values)
        return ColumnRole(named, "its name, and dates in it", formats) if formats else None
    return ColumnRole(named, "its name") if _fits(named, values) else None


def role_of_name(name: str) -> str:
    """The role whose word the column's name is, or ends or begins with, in the plural too; "" for none."""
    return next(iter(_roles_of_name(name)), "")


def _roles_of_name(name: str) -> tuple[str, ...]:
    """The roles whose word the name is; if none, ends with; if none, begins with. One word may be of several fields."""
    plain, known = _plain(name), _roles_by_word()
    words = plain.split()
    if words and words[-1] in NO_VALUES and plain not in known:
        return ()
    ends = [" ".join(words[at:]) for at in range(1, len(words))]
    begins = [" ".join(words[:at]) for at in range(len(words) - 1, 0, -1)]
    bare = [word for word in _NUMBER_END.sub("", plain).split() if word not in _number_words()]
    return (
        _find_roles(plain, plain.removesuffix("s"))
        or tuple(role for role in _find_roles(" ".join(bare)) if role in NUMBERED)
        or _find_roles(*(end for one in ends if _tells_in_part(one) for end in (one, one.removesuffix("s"))))
        or _find_roles(*filter(_tells_in_part, begins))
    )


def _find_roles(*phrases: str) -> tuple[str, ...]:
    """All roles of these phrases, in the order of the table."""
    known = _roles_by_word()
    return tuple(sorted({role for phrase in phrases for role in known.get(phrase, ())}, key=_ROLE_ORDER.__getitem__))


def _tells_in_part(phrase: str) -> bool:
    """Whether a word tells a field beside others: what is as short as `cp` or `az` does so as the whole name alone."""
    return len(phrase) > len("az") or phrase in SHORT_WORDS


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
        read = {
            format_: [text for text in rest if stated_dates(text, DateReading((format_,)))] for format_ in DATE_FORMATS
        }
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


def is_nearly_distinct(values: Sequence[str]) -> bool:
    """Whether the values are distinct, but for the few that registers repeat by mistake."""
    return len(set(values)) >= NEARLY * len(values) > 0


def are_written_dates(values: Sequence[str]) -> bool:
    """Whether the values are dates, and not numbers that could be years or days too."""
    return bool(guess_formats(values)) and not all(text.isdecimal() for text in values[:SAMPLE_VALUES])


def _fits(role: str, values: Sequence[str]) -> bool:
    """Whether most of the values can be such, of countries half; an empty column can be anything."""
    test = _TESTS.get(role)
    sample = values[:SAMPLE_VALUES]
    return test is None or sum(map(test, sample)) >= (HALF if test is _is_country else MOST) * len(sample)


def _is_country(text: str) -> bool:
    return any(country_code(part) for part in re.split("[,;/|]", text))


_TESTS: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: bool(_EMAIL.match(text)),
    "phone": lambda text: all(_PHONE.match(part.strip()) for part in re.split("[,;|]", text)),
    "iban": lambda text: bool(iban.is_valid(text)),
    "nationality": _is_country,
    "country": _is_country,
    "birth_country": _is_country,
    "issuer": _is_country,
    "gender": lambda text: len(text) <= len("masculine"),
    "given": lambda text: not any(char.isdigit() for char in text),
    "family": lambda text: not any(char.isdigit() for char in text),
}


def _plain(name: str) -> str:
    """Small letters of any script without accents, signs as blanks; `ae` as `ä` and `a`, as keyboards write it."""
    folded = _HUMP.sub(" ", name).casefold().translate(_LETTERS)
    letters = "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
    words = _SIGNS.sub(" ", letters.casefold()).split()
    return " ".join(_UMLAUT.sub(r"\1", word) for word in words if word not in SMALL_WORDS)


_ROLE_ORDER = {role: place for place, role in enumerate(COLUMN_WORDS)}


@cache
def _number_words() -> frozenset[str]:
    return frozenset(map(_plain, NUMBER))


@cache
def _roles_by_word() -> Mapping[str, tuple[str, ...]]:
    """The roles of each word or pair of words of the table, folded, in the table's order."""
    found: dict[str, tuple[str, ...]] = {}
    for role, words in COLUMN_WORDS.items():
        first, second = (list(map(_plain, listed)) for listed in PAIRED_WORDS.get(role, ((), ())))
        pairs = [pair for one in first for other in second for pair in (f"{one} {other}", f"{other} {one}")]
        for word in {*map(_plain, words), *pairs}:
            found[word] = (*found.get(word, ()), role)
    return found


def guess_separator(values: Iterable[str]) -> str:
    """The sign by which cells hold several values, "" where they hold one."""
    values = list(values)
    counts = {sign: sum(sign in text for text in values) for sign in ("|", ";", ",")}
    sign = max(counts, key=lambda one: counts[one])
    return sign if counts[sign] else ""
