"""ENTITY_TYPES: one row for each type of entity; whatever else knows the types derives from it.

Rows hold plain data and names, since this package knows none of the others: matching finds its comparisons by their
names, the exports theirs by the names of the other formats. docs/how-to/add-an-entity-type.md says how to add a row.
`normalise` makes of raw entities the forms that matching compares, and warnings about what is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pipeline.locale import N_
from pipeline.records import entity_normalisers as normalisers
from pipeline.records import model
from pipeline.records.caveats import is_known_language
from pipeline.records.doubts import Doubt, Doubts
from pipeline.records.entity_normalisers import Normalise, PlainFields
from pipeline.records.fields import FieldReader
from pipeline.records.limits import limit_values
from pipeline.records.normalised import NormalisedCase

CALIBRES = {
    "9x19": ("9mm", "9x19mm", "9para", "9mmpara", "9mmparabellum", "9parabellum", "9mmluger", "9luger", "9x19para",
             "9x19parabellum", "9mmnato", "9x19luger"),
    "9x18": ("9x18mm", "9mmmakarov", "9makarov", "9x18makarov", "9mmmak"),
    "9x17": ("9x17mm", "9mmkurz", "9kurz", "9mmcourt", "9mmshort", "380acp", "380auto", "380"),
    "7.65x17": ("7.65x17mm", "7.65", "7.65mm", "7.65browning", "7.65mmbrowning", "32acp", "32auto"),
    "6.35x16": ("6.35", "6.35mm", "6.35browning", "6.35mmbrowning", "25acp", "25auto"),
    "7.62x39": ("7.62x39mm", "7.62x39m43"),
    "7.62x25": ("7.62x25mm", "7.62tokarev", "7.62mmtokarev", "7.62x25tokarev"),
    "7.62x51": ("7.62x51mm", "308win", "308winchester", "7.62nato", "7.62mmnato", "308"),
    "5.56x45": ("5.56x45mm", "5.56", "5.56mm", "5.56nato", "223rem", "223remington", "223"),
    "5.45x39": ("5.45x39mm", "5.45", "5.45mm"),
    "22lr": ("22", "22longrifle", "5.6mm", "22lfb", "22l.r"),
    "45acp": ("45auto", "11.43x23", "11.43mm", "45"),
    "40sw": ("40s&w", "10x22", "40smith&wesson"),
    "38special": ("38spl", "38spec", "9x29r"),
    "357magnum": ("357mag", "357"),
    "44magnum": ("44mag",),
    "12gauge": ("12/70", "12/76", "12ga", "12", "calibre12", "12bore", "12/67"),
    "16gauge": ("16/70", "16ga", "16", "calibre16"),
    "20gauge": ("20/70", "20/76", "20ga", "20", "calibre20"),
}  # fmt: skip
"""Designations of the C.I.P. tables to what agencies write for them, without blanks and leading points."""

_SPELLINGS = {word: name for name, words in CALIBRES.items() for word in (name, *words)}


@lru_cache(maxsize=4096)
def calibre(text: str) -> str:
    """The calibre's designation, or the text without blanks where it is not known."""
    plain = re.sub(r"\s+", "", text.casefold()).replace(",", ".").replace("×", "x").replace("х", "x")
    plain = re.sub(r"^(?:cal(?:iber|ibre)?\.?)(?=[\d.])", "", plain).lstrip(".").rstrip(".")
    return _SPELLINGS.get(plain, plain)


Needs = tuple[tuple[str, ...], ...]
"""Fields of a normalised entity: of each group at least one has a value."""

NUMBERED: Final[Needs] = (("identifiers", "phones"),)

OF_EVERY_TYPE: Final = ("identifier", "phone", "email", "address")
"""Comparisons of values that name something by themselves, whatever bears them; every type has them."""

DATES: Final = ("birth_date", "birth_date_partial", "birth_date_text")
LOOKS: Final = ("make", "model", "colour")


@dataclass(frozen=True, slots=True)
class StixObject:
    """What a type becomes in STIX 2.1: an `identity` of a class of its vocabulary, or a `location`."""

    schema: str
    identity_class: str = ""


@dataclass(frozen=True, slots=True)
class FollowTheMoneySchema:
    """A schema of FollowTheMoney that an entity becomes, and the properties that its fields become.

    `only_with`: the entity becomes it only if one of these fields has a value; () always. `party`: it can take part in
    a project (ProjectParticipant) rather than be linked to it.
    """

    name: str
    properties: Mapping[str, str]
    only_with: tuple[str, ...] = ()
    party: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """One type of entity.

    `model` is the raw struct, whose tag is the type's name; `normalise` makes the normalised entity of one.
    `label` names the type, `fields` the raw fields that it is the first to have, in the order in which pages show them;
    both are in English, their translations in pipeline/locale/fr.po.
    `comparisons` are names of pipeline.matching.comparisons.catalogue, those of `OF_EVERY_TYPE` included.
    `companions` says for each kind of companions (matching.alternatives) whom two that are alike in much may be
    instead of one; the weights against a kind apply to the types that have it.
    `by_name`: a question's name may be of this type; `bears_numbers`: so may its numbers whose type nobody said.
    `own_number` is the type of identifier that a thing of the type bears for life and nothing else in the world has,
    whatever it is called or looks like.
    `prefixes` maps a word that may stand before a search's number (`registration:`) to the type of identifier it is.
    `needs` is what the scorecard asks of an entity that can be matched with any certainty.
    `stix` is None, and `follow_the_money` empty, where these formats know nothing of the kind.
    """

    model: type[model.Entity]
    normalise: Normalise
    label: str
    fields: Mapping[str, str] = field(default_factory=dict)
    comparisons: tuple[str, ...]
    companions: Mapping[str, str] = field(default_factory=dict)
    by_name: bool = False
    bears_numbers: bool = False
    own_number: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = NUMBERED
    stix: StixObject | None = None
    follow_the_money: tuple[FollowTheMoneySchema, ...] = ()
    name: str = field(init=False)
    """The type's name, as records, fingerprints and answers bear it: the model's tag."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", str(self.model.__struct_config__.tag))


PERSON: Final = EntityType(
    model=model.Person,
    normalise=normalisers.normalise_person,
    label=N_("Person"),
    fields={
        "birth_date": N_("Date of birth"), "birth_dates": N_("Dates of birth"),
        "birth_date_text": N_("Date of birth as received"), "birth_place": N_("Place of birth"),
        "birth_places": N_("Places of birth"), "birth_country": N_("Country of birth"),
        "death_date": N_("Date of death"), "gender": N_("Gender"), "nationalities": N_("Nationalities"),
        "addresses": N_("Addresses"), "phones": N_("Phones"), "emails": N_("E-mail"), "occupation": N_("Occupation"),
    },
    comparisons=("name", *DATES, *OF_EVERY_TYPE, "gender", "nationality", "birth_place", "birth_country",
                 "other_names"),
    companions={
        "household": N_("Could be relatives"),
        "named_after": N_("Could be relatives with the same name"),
    },
    by_name=True,
    bears_numbers=True,
    prefixes={"passport": "passport"},
    needs=(("names",), ("birth_date", "birth_dates")),
    stix=StixObject("identity", "individual"),
    follow_the_money=(
        FollowTheMoneySchema("Person", {
            "birth_date": "birthDate", "birth_dates": "birthDate", "birth_place": "birthPlace",
            "birth_places": "birthPlace", "death_date": "deathDate", "gender": "gender",
            "occupation": "position", "phones": "phone", "emails": "email",
        }, party=True),
    ),
)  # fmt: skip

ORGANISATION: Final = EntityType(
    model=model.Organisation,
    normalise=normalisers.normalise_organisation,
    label=N_("Organisation"),
    fields={
        "country": N_("Country"), "legal_form": N_("Legal form"), "founded": N_("Founded"),
        "dissolved": N_("Dissolved"),
    },
    comparisons=("name", *OF_EVERY_TYPE, "other_names"),
    companions={
        "named_after": N_("Could be two branches or bodies with the same name"),
        "group": N_("Could be two companies of one group"),
    },
    by_name=True,
    own_number="lei",
    needs=(("names",),),
    stix=StixObject("identity", "organization"),
    follow_the_money=(
        FollowTheMoneySchema("Organization", {
            "legal_form": "legalForm", "founded": "incorporationDate", "dissolved": "dissolutionDate",
            "phones": "phone", "emails": "email",
        }, party=True),
    ),
)  # fmt: skip

VEHICLE: Final = EntityType(
    model=model.Vehicle,
    normalise=normalisers.normalise_vehicle,
    label=N_("Vehicle"),
    fields={
        "plate": N_("Plate"), "plate_country": N_("Plate country"), "vin": N_("VIN"), "make": N_("Make"),
        "model": N_("Model"), "colour": N_("Colour"), "year": N_("Year"), "category": N_("Category"),
    },
    comparisons=("name", *OF_EVERY_TYPE, "vin", "plate", *LOOKS),
    own_number="vin",
    follow_the_money=(
        FollowTheMoneySchema("Vehicle", {"plate": "registrationNumber", "model": "model", "category": "type"}),
    ),
)  # fmt: skip

PHONE: Final = EntityType(
    model=model.Phone,
    normalise=normalisers.normalise_phone,
    label=N_("Phone"),
    fields={"number": N_("Number"), "imei": N_("IMEI"), "imsi": N_("IMSI"), "iccid": N_("ICCID")},
    comparisons=OF_EVERY_TYPE,
)

_BANK: Final = {"iban": "iban", "bic": "bic", "number": "accountNumber", "institution": "bankName"}

ACCOUNT: Final = EntityType(
    model=model.Account,
    normalise=normalisers.normalise_account,
    label=N_("Account"),
    fields={
        "iban": N_("IBAN"), "bic": N_("BIC"), "institution": N_("Institution"), "wallet": N_("Wallet"),
        "network": N_("Network"),
    },
    comparisons=("name", *OF_EVERY_TYPE),
    follow_the_money=(
        FollowTheMoneySchema("CryptoWallet", {"wallet": "publicKey"}, only_with=("wallet",)),
        FollowTheMoneySchema("BankAccount", _BANK, only_with=tuple(_BANK)),
    ),
)  # fmt: skip

DOCUMENT: Final = EntityType(
    model=model.Document,
    normalise=normalisers.normalise_document,
    label=N_("Document"),
    fields={
        "document_type": N_("Document type"), "mrz": N_("Machine-readable zone"), "issued": N_("Issued"),
        "expires": N_("Expires"),
    },
    comparisons=("name", *OF_EVERY_TYPE),
    bears_numbers=True,
)  # fmt: skip

VESSEL: Final = EntityType(
    model=model.Vessel,
    normalise=PlainFields(numbers={"imo": "imo", "mmsi": "mmsi", "call_sign": "call_sign"}, nation="flag", named=True),
    label=N_("Vessel"),
    fields={"imo": N_("IMO number"), "mmsi": N_("MMSI"), "call_sign": N_("Call sign"), "flag": N_("Flag")},
    comparisons=("name", *OF_EVERY_TYPE, *LOOKS),
    by_name=True,
    own_number="imo",
    needs=(("names", "identifiers"),),
    follow_the_money=(
        FollowTheMoneySchema(
            "Vessel", {"imo": "imoNumber", "mmsi": "mmsi", "call_sign": "callSign", "category": "type"}
        ),
    ),
)

WEAPON: Final = EntityType(
    model=model.Weapon,
    normalise=PlainFields(numbers={"serial": "serial"}, texts={"make": str, "model": str, "calibre": calibre}),
    label=N_("Weapon"),
    fields={"serial": N_("Serial number"), "calibre": N_("Calibre")},
    comparisons=(*OF_EVERY_TYPE, *LOOKS, "calibre"),
)

ADDRESS: Final = EntityType(
    model=model.Address,
    normalise=normalisers.normalise_address,
    label=N_("Address"),
    fields={
        "full": N_("Address"), "house": N_("House number"), "street": N_("Street"), "unit": N_("Flat or unit"),
        "postcode": N_("Postcode"), "city": N_("City"), "region": N_("Region"),
    },
    comparisons=("name", *OF_EVERY_TYPE, "coordinates"),
    needs=(("addresses", "place"),),
    stix=StixObject("location"),
    follow_the_money=(
        FollowTheMoneySchema("Address", {
            "full": "full", "street": "street", "postcode": "postalCode", "city": "city", "region": "region",
            "latitude": "latitude", "longitude": "longitude",
        }),
    ),
)  # fmt: skip

EVENT: Final = EntityType(
    model=model.Event,
    normalise=normalisers.normalise_event,
    label=N_("Event"),
    fields={
        "start": N_("From"), "end": N_("To"), "method": N_("Method"), "latitude": N_("Latitude"),
        "longitude": N_("Longitude"),
    },
    comparisons=(*OF_EVERY_TYPE, "when_where", "method"),
    needs=(("span",), ("place", "addresses")),
)  # fmt: skip

ENTITY_TYPES: Final = (
    PERSON, ORGANISATION, VEHICLE, PHONE, ACCOUNT, DOCUMENT, VESSEL, WEAPON, ADDRESS, EVENT,
)  # fmt: skip
"""A new type goes to the end: fingerprints hold a type's place in this list."""

TYPES: Final = tuple(row.name for row in ENTITY_TYPES)

ENTITY_TYPES_BY_NAME: Final[Mapping[str, EntityType]] = {row.name: row for row in ENTITY_TYPES}

ENTITY_TYPES_BY_MODEL: Final[Mapping[type[model.Entity], EntityType]] = {row.model: row for row in ENTITY_TYPES}

COMPANIONABLE: Final = tuple(row.name for row in ENTITY_TYPES if row.companions)
"""Types with companions: households and groups of companies."""


def normalise(case: model.Case) -> NormalisedCase:
    """All entities of a case in order, with the values that are compared; pure.

    Equal entities in cases of one country become the same, unless a case has more values than are compared of one.
    """
    doubts = Doubts()
    read = tuple(
        ENTITY_TYPES_BY_MODEL[type(entity)].normalise(entity, FieldReader(f"/data/entities/{at}", case.country, doubts))
        for at, entity in enumerate(case.entities)
    )
    entities, exceeded = limit_values(read)
    for limit, path in exceeded:
        doubts.add(limit, "/".join(("/data/entities", *map(str, path))))
    for tag in case.handling.caveat_translations:
        if not is_known_language(tag):
            doubts.add(Doubt.LANGUAGE, f"/data/handling/caveat_translations/{tag}")
    return NormalisedCase(entities, doubts.warnings())
