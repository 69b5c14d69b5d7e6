"""Words by which the columns of registers go, by field, in the official languages of the EU with usual abbreviations.

Bulgarian, Croatian, Czech, Danish, Dutch, English, Estonian, Finnish, French, German, Greek, Hungarian, Irish, Italian,
Latvian, Lithuanian, Maltese, Polish, Portuguese, Romanian, Slovak, Slovene, Spanish, Swedish. Written in small letters,
without accents where a keyboard has none; column_roles.py folds both a column's name and these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


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
