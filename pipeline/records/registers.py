"""Which python-stdnum module checks the numbers of a state's registers."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, cast

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


class _Module(Protocol):
    def is_valid(self, number: str) -> bool: ...


@cache
def _module(name: str) -> _Module:
    return cast(_Module, import_module(f"stdnum.{name}"))


def national_check(kind: str, value: str, country: str) -> bool | None:
    """Whether the number could be one of that register; None where its rule is not known."""
    if kind == "company_number" and country == "FR":
        return _module("fr.siren" if len(value) == SIREN_DIGITS else "fr.siret").is_valid(value)
    name = REGISTERS[kind].get(country)
    return _module(name).is_valid(value) if name else None
