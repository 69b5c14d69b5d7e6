"""ENTITY_TYPES: one row for each type of entity; whatever else knows the types derives from it.

Rows hold plain data and names, since this package knows none of the others: matching finds its comparisons by their
names, the exports theirs by the names of the other formats. docs/how-to/add-an-entity-type.md says how to add a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.locale import N_
from pipeline.records import entity_normalisers as normalisers
from pipeline.records import model
from pipeline.records.entity_normalisers import Normalise, PlainFields
from pipeline.records.weapons import calibre

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

    @property
    def name(self) -> str:
        """The type's name, as records, fingerprints and answers bear it."""
        return str(self.model.__struct_config__.tag)


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
