"""The raw case, as an agency sends it, and the CloudEvents envelope around it (contract: schemas/case.schema.json).

The structs say which fields there are and of which type; limits and forms of values are the schema's alone.

Every optional field may be left out, and an optional text, number or date may be null; both mean "not known". Values
stay as sent: what they mean is worked out by pipeline.records.entity_types.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Final, Literal

from msgspec import Struct, field

EVERY_COUNTRY: Final = "*"
"""In `releasable_to`: every participating country."""

FULL_CODES: Final = frozenset({"H0", "H1"})
"""Full content, for those to whom the case is released."""

HIT_ONLY: Final = "H2"
SILENT: Final = "H3"


def is_released(releasable_to: Collection[str], country: str) -> bool:
    """Whether a case is released to a country, whatever its code then shows."""
    return EVERY_COUNTRY in releasable_to or country in releasable_to


Status = Literal["active", "corrected", "withdrawn"]
HandlingCode = Literal["H0", "H1", "H2", "H3"]


class _Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What all parts of a record share: immutable, hashable, closed to unknown fields."""


class Name(_Part, frozen=True):
    """One name: in full, in parts, or both. `kind` is primary, alias, birth, former, married, nickname, trading ..."""

    full: str | None = None
    given: str | None = None
    middle: str | None = None
    family: str | None = None
    patronymic: str | None = None
    kind: str | None = None
    language: str | None = None


class Identifier(_Part, frozen=True):
    """A number given by somebody; `type` is one of identifier_types.CATALOGUE or the agency's own word."""

    type: str
    value: str
    country: str | None = None
    issued: str | None = None
    expires: str | None = None


class PostalAddress(_Part, frozen=True):
    """An address as one text, in parts, or both; `country` as a code or a name in any usual language."""

    full: str | None = None
    house: str | None = None
    street: str | None = None
    unit: str | None = None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    kind: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class _Entity(_Part, frozen=True, tag_field="type", kw_only=True):
    """What every entity may carry; `id` is unique within the case."""

    id: str
    role: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    remark: str | None = None


class Person(_Entity, frozen=True, tag="person", kw_only=True):
    """`birth_date_text` holds a date that the agency cannot state as one (`19?0-04-3l`); it is never parsed.

    `birth_dates` and `birth_places` are all that is on record; `birth_date` and `birth_place` count as one of them.
    """

    names: tuple[Name, ...] = ()
    birth_date: str | None = None
    birth_dates: tuple[str, ...] = ()
    birth_date_text: str | None = None
    birth_place: str | None = None
    birth_places: tuple[str, ...] = ()
    birth_country: str | None = None
    death_date: str | None = None
    gender: str | None = None
    nationalities: tuple[str, ...] = ()
    addresses: tuple[PostalAddress, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    occupation: str | None = None


class Organisation(_Entity, frozen=True, tag="organisation", kw_only=True):
    """A company, association, gang or public body; `country` is where it is registered."""

    names: tuple[Name, ...] = ()
    country: str | None = None
    legal_form: str | None = None
    founded: str | None = None
    dissolved: str | None = None
    addresses: tuple[PostalAddress, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Vehicle(_Entity, frozen=True, tag="vehicle", kw_only=True):
    """A road vehicle; unread characters of a partial plate are `?` (one) or `*` (any number)."""

    plate: str | None = None
    plate_country: str | None = None
    vin: str | None = None
    make: str | None = None
    model: str | None = None
    colour: str | None = None
    year: int | None = None
    category: str | None = None


class Phone(_Entity, frozen=True, tag="phone", kw_only=True):
    """A line (`number`, `imsi`, `iccid`) or a device (`imei`); `country` is where the number is dialled from."""

    number: str | None = None
    country: str | None = None
    imei: str | None = None
    imsi: str | None = None
    iccid: str | None = None


class Account(_Entity, frozen=True, tag="account", kw_only=True):
    """A bank account or a crypto-asset wallet; `names` are the holder's."""

    iban: str | None = None
    bic: str | None = None
    number: str | None = None
    institution: str | None = None
    country: str | None = None
    wallet: str | None = None
    network: str | None = None
    names: tuple[Name, ...] = ()


class Document(_Entity, frozen=True, tag="document", kw_only=True):
    """An identity or travel document; `mrz` is its machine-readable zone, lines separated by line feeds or joined."""

    document_type: str | None = None
    number: str | None = None
    country: str | None = None
    mrz: str | None = None
    issued: str | None = None
    expires: str | None = None
    names: tuple[Name, ...] = ()


class Vessel(_Entity, frozen=True, tag="vessel", kw_only=True):
    """A ship; `flag` is the state whose flag it flies."""

    imo: str | None = None
    mmsi: str | None = None
    call_sign: str | None = None
    names: tuple[Name, ...] = ()
    flag: str | None = None
    category: str | None = None


class Weapon(_Entity, frozen=True, tag="weapon", kw_only=True):
    """A firearm or other traced weapon."""

    serial: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    category: str | None = None


class Address(_Entity, frozen=True, tag="address", kw_only=True):
    """A place that matters by itself; the same parts as a PostalAddress."""

    full: str | None = None
    house: str | None = None
    street: str | None = None
    unit: str | None = None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class Event(_Entity, frozen=True, tag="event", kw_only=True):
    """Something that happened, or was seen, between `start` and `end`."""

    start: str | None = None
    end: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    method: str | None = None
    category: str | None = None
    addresses: tuple[PostalAddress, ...] = ()


Entity = Person | Organisation | Vehicle | Phone | Account | Document | Vessel | Weapon | Address | Event


class Offence(_Part, frozen=True):
    """A code in a scheme such as ICCS (UN crime classification) or the agency's national list."""

    scheme: str
    code: str
    description: str | None = None


class RecordHandling(_Part, frozen=True):
    """Who may see the case (set by its owner). Left out, nobody but the owner agency sees it.

    `caveat` binds; `caveat_translations` are the owner's own of it, by BCP 47 tag, for readers of other languages.
    """

    code: HandlingCode = "H0"
    releasable_to: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    caveat: str | None = None
    caveat_translations: dict[str, str] = {}


class Evaluation(_Part, frozen=True):
    """Grading of source and information in a scheme such as 4x4, 5x5x5 or 6x6."""

    scheme: str
    source: str
    information: str


class RecordContact(_Part, frozen=True):
    """Whom another agency asks about the case."""

    unit: str | None = None
    email: str | None = None
    phone: str | None = None


class Relation(_Part, frozen=True, kw_only=True):
    """`from_` (JSON `from`) stands in relation `type` to `to`; both are entity ids of this case."""

    from_: str = field(name="from")
    to: str
    type: str
    start: str | None = None
    end: str | None = None


class Case(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One version of one case. A withdrawal needs only the first five fields."""

    case_id: str
    agency: str
    country: str
    version: int
    status: Status
    opened: str | None = None
    closed: str | None = None
    title: str | None = None
    summary: str | None = None
    language: str | None = None
    offences: tuple[Offence, ...] = ()
    policing_goals: tuple[int, ...] = ()
    handling: RecordHandling = RecordHandling()
    evaluation: Evaluation | None = None
    retain_until: str | None = None
    contact: RecordContact = RecordContact()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    extensions: dict[str, Any] = {}

    WITHDRAWN: ClassVar[str] = "withdrawn"

    @property
    def key(self) -> str:
        """The case key, `<agency>:<case_id>`: the Kafka key of every version of this case."""
        return case_key(self.agency, self.case_id)

    @property
    def withdrawn(self) -> bool:
        """Whether this version withdraws the case."""
        return self.status == self.WITHDRAWN

    def stripped(self) -> Case:
        """The content-free mark of this version: identity, version and status only."""
        return Case(
            case_id=self.case_id, agency=self.agency, country=self.country, version=self.version, status=self.status
        )


def case_key(agency: str, case_id: str) -> str:
    """`<agency>:<case_id>`."""
    return f"{agency}:{case_id}"


def entity_key(case: str, entity_id: str) -> str:
    """`<case key>#<entity id>`."""
    return f"{case}#{entity_id}"


RECORD_TYPE = "org.liaison.case.v1"
"""CloudEvents `type` of the record; the last part is the record's major version."""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """CloudEvents 1.0 attributes around one case; traceparent and tracestate are its distributed-tracing extension.

    `signature` is an extension of ours (pipeline.records.signatures).
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["org.liaison.case.v1"]
    data: Case
    time: str | None = None
    subject: str | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    signature: str | None = None
