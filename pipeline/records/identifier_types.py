"""The catalogue of identifier types: what each names, whether it is renewed, and its check digit.

python-stdnum checks wherever it knows the number, those of a state's registers too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import msgspec
from stdnum import bitcoin, iban, imei, imo, imsi, iso6346, lei, luhn
from stdnum.eu import vat as eu_vat

from pipeline.records.vehicles import vin_verdict

REGISTERS = {
    "national_id": {
        "AT": "at.vnr", "BE": "be.nn", "BG": "bg.egn", "CH": "ch.ssn", "CZ": "cz.rc", "DK": "dk.cpr", "EE": "ee.ik",
        "ES": "es.nif", "FI": "fi.hetu", "FR": "fr.nir", "GR": "gr.amka", "HR": "hr.oib", "IE": "ie.pps",
        "IS": "is_.kennitala", "IT": "it.codicefiscale", "LT": "lt.asmens", "LV": "lv.pvn", "NL": "nl.bsn",
        "NO": "no.fodselsnummer", "PL": "pl.pesel", "RO": "ro.cnp", "SE": "se.personnummer", "SI": "si.emso",
        "SK": "sk.rc", "TR": "tr.tckimlik",
    },
    "social_security": {
        "AT": "at.vnr", "BE": "be.ssn", "CH": "ch.ssn", "FR": "fr.nir", "GR": "gr.amka",
        "US": "us.ssn",
    },
    "tax_id": {
        "DE": "de.idnr", "ES": "es.nif", "FR": "fr.nif", "IE": "ie.pps", "IT": "it.codicefiscale", "NL": "nl.bsn",
        "PL": "pl.nip", "PT": "pt.nif", "RU": "ru.inn", "TR": "tr.vkn", "UA": "ua.rntrc", "US": "us.tin",
    },
    "vat": {"CH": "ch.vat", "GB": "gb.vat", "NO": "no.mva", "RU": "ru.inn", "TR": "tr.vkn"},
    "company_number": {
        "AT": "at.businessid", "BE": "be.vat", "CH": "ch.uid", "CZ": "cz.dic", "DK": "dk.cvr", "EE": "ee.registrikood",
        "FI": "fi.ytunnus", "NO": "no.orgnr", "PL": "pl.regon", "RO": "ro.cui", "RU": "ru.ogrn", "SE": "se.orgnr",
        "SI": "si.maticna", "UA": "ua.edrpou",
    },
}  # fmt: skip

SIREN_DIGITS = 9
"""A French company has 9 digits (SIREN), each of its establishments 5 more (SIRET)."""


def national_check(kind: str, value: str, country: str) -> bool | None:
    """Whether the number could be one of that register; None where its rule is not known."""
    name = REGISTERS[kind].get(country)
    if kind == "company_number" and country == "FR":
        name = "fr.siren" if len(value) == SIREN_DIGITS else "fr.siret"
    return bool(import_module(f"stdnum.{name}").is_valid(value)) if name else None


CheckDigitVerdict = bool | None
"""Whether the check digit is right; None where there is none to check."""


class IdentifierType(msgspec.Struct, frozen=True):
    """What the world knows of one type; `renewable`: the same holder gets another number in time.

    `worldwide`: no two countries issue the same number. `in_one_hand`: one holder has it at a time, so that it is a
    finding in itself where two have it. `check` takes the canonical value and the country.
    """

    name: str
    sentence: str
    renewable: bool = False
    worldwide: bool = False
    in_one_hand: bool = True
    check: Callable[[str, str], CheckDigitVerdict] = lambda _value, _country: None
    aliases: tuple[str, ...] = ()


def _digits(length: int) -> Callable[[str, str], CheckDigitVerdict]:
    """Without a check digit only a wrong form is a verdict."""
    return lambda value, _country: None if value.isdigit() and len(value) == length else False


def _vat(value: str, country: str) -> CheckDigitVerdict:
    return bool(eu_vat.is_valid(value)) if eu_vat.guess_country(value) else national_check("vat", value, country)


def _national(kind: str) -> Callable[[str, str], CheckDigitVerdict]:
    return lambda value, country: national_check(kind, value, country)


IMEI_DIGITS = 15
CATALOGUE = (
    IdentifierType(
        "national_id",
        "A personal number of a state's population register; kept for life.",
        check=_national("national_id"),
        aliases=(
            "personal_number",
            "national_number",
            "nin",
            "pesel",
            "cpr",
            "bsn",
            "nir",
            "codice_fiscale",
            "oib",
            "egn",
            "cnp",
            "personal_code",
            "id_number",
        ),
    ),
    IdentifierType(
        "social_security",
        "A social insurance number; kept for life.",
        check=_national("social_security"),
        aliases=("ssn", "social_security_number", "ahv", "nir_secu"),
    ),
    IdentifierType(
        "tax_id",
        "A tax number of a person or company; kept for long.",
        check=_national("tax_id"),
        aliases=("tax", "tin", "tax_number", "steuer_id", "nif", "inn"),
    ),
    IdentifierType("vat", "A value-added-tax number.", check=_vat, aliases=("vat_number", "tva", "vat_id")),
    IdentifierType(
        "company_number",
        "A number in a state's register of companies; kept for life.",
        check=_national("company_number"),
        aliases=("registration", "registration_number", "siren", "siret", "krs", "ogrn", "hrb", "crn"),
    ),
    IdentifierType(
        "lei",
        "Legal entity identifier, ISO 17442; two check digits.",
        worldwide=True,
        check=lambda value, _country: bool(lei.is_valid(value)),
    ),
    IdentifierType("duns", "D-U-N-S number of a company; no check digit.", worldwide=True, aliases=("duns_number",)),
    IdentifierType("birth_certificate", "Number of a birth record; one for life."),
    IdentifierType(
        "passport",
        "A passport's number; a new one each ten years or less. Its check digit is in the MRZ only.",
        renewable=True,
        aliases=("passport_number", "pass", "reisepass", "passeport"),
    ),
    IdentifierType(
        "identity_card",
        "An identity card's number; renewed.",
        renewable=True,
        aliases=("id_card", "national_identity_card", "cni", "personalausweis", "idcard"),
    ),
    IdentifierType(
        "driving_licence",
        "A driving licence's number; renewed in some states.",
        renewable=True,
        aliases=("driving_license", "drivers_license", "driver_licence", "permis_de_conduire"),
    ),
    IdentifierType(
        "residence_permit",
        "A residence permit's number; renewed.",
        renewable=True,
        aliases=("residence_card", "titre_de_sejour"),
    ),
    IdentifierType("visa", "A visa's number; one each visa.", renewable=True),
    IdentifierType("document", "A document of another or unknown kind; renewed.", renewable=True, in_one_hand=False),
    IdentifierType(
        "plate",
        "A vehicle's registration plate; changed, sold on and cloned. ? and * stand for what was not read.",
        renewable=True,
        in_one_hand=False,
        aliases=("licence_plate", "license_plate", "registration_plate"),
    ),
    IdentifierType(
        "vin",
        "Vehicle identification number, ISO 3779; check digit in North America and China only.",
        worldwide=True,
        check=lambda value, _country: vin_verdict(value),
        aliases=("chassis_number",),
    ),
    IdentifierType("engine_number", "The number on an engine; engines are replaced.", renewable=True),
    IdentifierType(
        "imei",
        "A mobile device, 3GPP TS 23.003; Luhn digit. Always kept as 15 digits.",
        worldwide=True,
        check=lambda value, _country: len(value) == IMEI_DIGITS and bool(imei.is_valid(value)),
        aliases=("imeisv",),
    ),
    IdentifierType(
        "imsi",
        "A mobile subscription; changes with the SIM card. No check digit.",
        worldwide=True,
        renewable=True,
        check=lambda value, _country: None if imsi.is_valid(value) else False,  # its mobile country code must exist
    ),
    IdentifierType(
        "iccid",
        "A SIM card, ITU-T E.118; changes with the card. Luhn digit, not always there.",
        worldwide=True,
        renewable=True,
        check=lambda value, _country: True if luhn.is_valid(value) else None,  # some issuers leave it out
        aliases=("sim",),
    ),
    IdentifierType(
        "mac_address", "A network interface; 12 hexadecimal digits, no check digit.", worldwide=True, aliases=("mac",)
    ),
    IdentifierType(
        "iban",
        "A bank account, ISO 13616; two check digits. A holder may have several.",
        worldwide=True,
        renewable=True,
        check=lambda value, _country: bool(iban.is_valid(value)),
    ),
    IdentifierType("account_number", "A national bank account number, where there is no IBAN.", renewable=True),
    IdentifierType(
        "wallet",
        "A crypto-asset address; Bitcoin's carry a checksum. A holder has many.",
        worldwide=True,
        renewable=True,
        check=lambda value, _country: bool(bitcoin.is_valid(value)) if value.startswith(("1", "3", "bc1")) else None,
        aliases=("crypto_wallet", "wallet_address"),
    ),
    IdentifierType(
        "card",
        "A payment card's number; Luhn digit. Renewed.",
        worldwide=True,
        renewable=True,
        check=lambda value, _country: bool(luhn.is_valid(value)),
        aliases=("payment_card", "credit_card"),
    ),
    IdentifierType(
        "imo",
        "A ship's hull for life, IMO resolution A.1117(30); one check digit.",
        worldwide=True,
        check=lambda value, _country: bool(imo.is_valid(value)),
        aliases=("imo_number",),
    ),
    IdentifierType(
        "mmsi",
        "A ship's radio station; changes with the flag. Nine digits, no check digit.",
        in_one_hand=False,
        worldwide=True,
        renewable=True,
        check=_digits(9),
    ),
    IdentifierType("call_sign", "A ship's radio call sign; changes with the flag.", renewable=True, in_one_hand=False),
    IdentifierType(
        "container",
        "A freight container, ISO 6346; one check digit.",
        worldwide=True,
        check=lambda value, _country: bool(iso6346.is_valid(value)),
        aliases=("iso6346", "container_number", "bic_container"),
    ),
    IdentifierType(
        "serial",
        "A weapon's serial number; unique for one maker only.",
        in_one_hand=False,
        aliases=("serial_number", "weapon_serial"),
    ),
)
"""Every type that the product knows; any other word is the agency's own type, compared with the same word only."""

BY_NAME = {name: kind for kind in CATALOGUE for name in (kind.name, *kind.aliases)}

CHECKED = frozenset(kind.name for kind in CATALOGUE) - {"mmsi", "imsi"}
"""Types whose failure is that of a check digit; the others only have a form."""
