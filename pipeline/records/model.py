"""The raw case record, as an agency sends it: one CloudEvents 1.0 event (schemas/case.schema.json is the contract).

Every optional field may be left out or be null; both mean "not known". Values stay as sent: what they mean is
worked out by pipeline.records.normalisation.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct, field

from pipeline.records import dates

RECORD_TYPE = "org.liaison.case.v1"
"""CloudEvents `type` of the record; the last part is the record's major version."""

MAX_ENTITIES = 200
MAX_NAMES = 50
MAX_STRING = 4000
MAX_LIST = 200
"""Most items of any other list: a case or an entity that needs more is several."""
MAX_VERSION = 2**53 - 1
"""The largest integer that every JSON reader holds exactly."""

CASE_ID = r"^[^\u0000-\u0020\u007f-\u00a0\u2000-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff#|]+$"
"""A case id holds no space, control or invisible character, and neither of the two characters that join keys."""


def _like(pattern: str) -> Meta:
    """The pattern as JSON Schema means it: Python's `$` would let a final line feed through."""
    return Meta(pattern=pattern.removesuffix("$") + r"\Z")


Text = Annotated[str, Meta(max_length=MAX_STRING)]
Required = Annotated[str, Meta(min_length=1, max_length=MAX_STRING)]
Word = Annotated[str, Meta(max_length=64)]
"""A term of an open vocabulary, such as a role or a name's kind."""
RequiredWord = Annotated[str, Meta(min_length=1, max_length=64)]
AgencyName = Annotated[str, _like(r"^[a-z0-9][a-z0-9-]{0,31}$")]
CaseId = Annotated[str, Meta(max_length=100), _like(CASE_ID)]
EntityId = Annotated[str, _like(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
CountryCode = Annotated[str, _like(r"^[A-Z]{2}$")]
Receiver = Annotated[str, _like(r"^([A-Z]{2}|[*])$")]
Language = Annotated[str, _like(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Day = Annotated[str, _like(dates.DAY)]
PartialDay = Annotated[str, _like(dates.PARTIAL_DAY)]
Instant = Annotated[str, _like(dates.INSTANT)]
When = Annotated[str, _like(dates.WHEN)]
Status = Literal["active", "corrected", "withdrawn"]
HandlingCode = Literal["H0", "H1", "H2", "H3"]


class _Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What all parts of a record share: immutable, hashable, closed to unknown fields."""


class Name(_Part, frozen=True):
    """One name: in full, in parts, or both. `kind` is primary, alias, birth, former, married, nickname, trading ..."""

    full: Text | None = None
    given: Text | None = None
    middle: Text | None = None
    family: Text | None = None
    patronymic: Text | None = None
    kind: Word | None = None
    language: Language | None = None


class Identifier(_Part, frozen=True):
    """A number given by somebody; `type` is one of pipeline.records.identifiers.CATALOGUE or the agency's own word."""

    type: RequiredWord
    value: Required
    country: Text | None = None
    issued: PartialDay | None = None
    expires: PartialDay | None = None


class PostalAddress(_Part, frozen=True):
    """An address as one text, in parts, or both; `country` as a code or a name in any usual language."""

    full: Text | None = None
    house: Text | None = None
    street: Text | None = None
    unit: Text | None = None
    postcode: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Text | None = None
    kind: Word | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


Names = Annotated[tuple[Name, ...], Meta(max_length=MAX_NAMES)]
Identifiers = Annotated[tuple[Identifier, ...], Meta(max_length=MAX_LIST)]
Addresses = Annotated[tuple[PostalAddress, ...], Meta(max_length=MAX_LIST)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=MAX_LIST)]


class _Entity(_Part, frozen=True, tag_field="type", kw_only=True):
    """What every entity may carry; `id` is unique within the case."""

    id: EntityId
    role: Word | None = None
    identifiers: Identifiers = ()
    remark: Text | None = None


class Person(_Entity, frozen=True, tag="person", kw_only=True):
    """`birth_date_text` holds a date that the agency cannot state as one (`19?0-04-3l`); it is never parsed."""

    names: Names = ()
    birth_date: PartialDay | None = None
    birth_date_text: Text | None = None
    birth_place: Text | None = None
    birth_country: Text | None = None
    death_date: PartialDay | None = None
    gender: Text | None = None
    nationalities: Texts = ()
    addresses: Addresses = ()
    phones: Texts = ()
    emails: Texts = ()
    occupation: Text | None = None


class Organisation(_Entity, frozen=True, tag="organisation", kw_only=True):
    """A company, association, gang or public body; `country` is where it is registered."""

    names: Names = ()
    country: Text | None = None
    legal_form: Text | None = None
    founded: PartialDay | None = None
    dissolved: PartialDay | None = None
    addresses: Addresses = ()
    phones: Texts = ()
    emails: Texts = ()


class Vehicle(_Entity, frozen=True, tag="vehicle", kw_only=True):
    """A road vehicle; unread characters of a partial plate are `?` (one) or `*` (any number)."""

    plate: Text | None = None
    plate_country: Text | None = None
    vin: Text | None = None
    make: Text | None = None
    model: Text | None = None
    colour: Text | None = None
    year: Annotated[int, Meta(ge=1880, le=2200)] | None = None
    category: Word | None = None


class Phone(_Entity, frozen=True, tag="phone", kw_only=True):
    """A line (`number`, `imsi`, `iccid`) or a device (`imei`); `country` is where the number is dialled from."""

    number: Text | None = None
    country: Text | None = None
    imei: Text | None = None
    imsi: Text | None = None
    iccid: Text | None = None


class Account(_Entity, frozen=True, tag="account", kw_only=True):
    """A bank account or a crypto-asset wallet; `names` are the holder's."""

    iban: Text | None = None
    bic: Text | None = None
    number: Text | None = None
    institution: Text | None = None
    country: Text | None = None
    wallet: Text | None = None
    network: Word | None = None
    names: Names = ()


class Document(_Entity, frozen=True, tag="document", kw_only=True):
    """An identity or travel document; `mrz` is its machine-readable zone, lines separated by line feeds or joined."""

    document_type: Word | None = None
    number: Text | None = None
    country: Text | None = None
    mrz: Text | None = None
    issued: PartialDay | None = None
    expires: PartialDay | None = None
    names: Names = ()


class Vessel(_Entity, frozen=True, tag="vessel", kw_only=True):
    """A ship; `flag` is the state whose flag it flies."""

    imo: Text | None = None
    mmsi: Text | None = None
    call_sign: Text | None = None
    names: Names = ()
    flag: Text | None = None
    category: Word | None = None


class Weapon(_Entity, frozen=True, tag="weapon", kw_only=True):
    """A firearm or other traced weapon."""

    serial: Text | None = None
    make: Text | None = None
    model: Text | None = None
    calibre: Text | None = None
    category: Word | None = None


class Address(_Entity, frozen=True, tag="address", kw_only=True):
    """A place that matters by itself; the same parts as a PostalAddress."""

    full: Text | None = None
    house: Text | None = None
    street: Text | None = None
    unit: Text | None = None
    postcode: Text | None = None
    city: Text | None = None
    region: Text | None = None
    country: Text | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class Event(_Entity, frozen=True, tag="event", kw_only=True):
    """Something that happened, or was seen, between `start` and `end`."""

    start: When | None = None
    end: When | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    method: Text | None = None
    category: Word | None = None
    addresses: Addresses = ()


Entity = Person | Organisation | Vehicle | Phone | Account | Document | Vessel | Weapon | Address | Event
ENTITY_TYPES: tuple[type[Entity], ...] = (
    Person,
    Organisation,
    Vehicle,
    Phone,
    Account,
    Document,
    Vessel,
    Weapon,
    Address,
    Event,
)


class Offence(_Part, frozen=True):
    """A code in a scheme such as ICCS (UN crime classification) or the agency's national list."""

    scheme: RequiredWord
    code: RequiredWord
    description: Text | None = None


class Handling(_Part, frozen=True):
    """Who may see the case (set by its owner). Left out, nobody but the owner agency sees it."""

    code: HandlingCode = "H0"
    releasable_to: Annotated[tuple[Receiver, ...], Meta(max_length=MAX_LIST)] = ()
    purposes: Annotated[tuple[RequiredWord, ...], Meta(max_length=MAX_LIST)] = ()
    caveat: Text | None = None


class Evaluation(_Part, frozen=True):
    """Grading of source and information in a scheme such as 4x4, 5x5x5 or 6x6."""

    scheme: RequiredWord
    source: RequiredWord
    information: RequiredWord


class Contact(_Part, frozen=True):
    """Whom another agency asks about the case."""

    unit: Text | None = None
    email: Text | None = None
    phone: Text | None = None


class Relation(_Part, frozen=True, kw_only=True):
    """`from_` (JSON `from`) stands in relation `type` to `to`; both are entity ids of this case."""

    from_: EntityId = field(name="from")
    to: EntityId
    type: RequiredWord
    start: PartialDay | None = None
    end: PartialDay | None = None


class Case(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One version of one case. A withdrawal needs only the first five fields."""

    case_id: CaseId
    agency: AgencyName
    country: CountryCode
    version: Version
    status: Status
    opened: PartialDay | None = None
    closed: PartialDay | None = None
    title: Text | None = None
    summary: Text | None = None
    language: Language | None = None
    offences: Annotated[tuple[Offence, ...], Meta(max_length=MAX_LIST)] = ()
    policing_goals: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(max_length=7)] = ()
    handling: Handling = Handling()
    evaluation: Evaluation | None = None
    retain_until: Day | None = None
    contact: Contact = Contact()
    entities: Annotated[tuple[Entity, ...], Meta(max_length=MAX_ENTITIES)] = ()
    relations: Annotated[tuple[Relation, ...], Meta(max_length=1000)] = ()
    extensions: dict[str, Any] = {}

    WITHDRAWN: ClassVar[str] = "withdrawn"

    @property
    def key(self) -> str:
        """The case key, `<agency>:<case_id>`: the Kafka key of every version of this case."""
        return case_key(self.agency, self.case_id)

    @property
    def withdrawn(self) -> bool:
        return self.status == self.WITHDRAWN

    def stripped(self) -> Case:
        """The content-free mark of this version: identity, version and status only."""
        return Case(
            case_id=self.case_id, agency=self.agency, country=self.country, version=self.version, status=self.status
        )


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """CloudEvents 1.0 attributes around one case; traceparent and tracestate are its distributed-tracing extension."""

    specversion: Literal["1.0"]
    id: Required
    source: Required
    type: Literal["org.liaison.case.v1"]
    data: Case
    time: Instant | None = None
    subject: Text | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Text | None = None
    traceparent: Text | None = None
    tracestate: Text | None = None


def case_key(agency: str, case_id: str) -> str:
    """`<agency>:<case_id>`."""
    return f"{agency}:{case_id}"


def entity_key(case: str, entity_id: str) -> str:
    """`<case key>#<entity id>`."""
    return f"{case}#{entity_id}"


def encode(envelope: Envelope) -> bytes:
    """The envelope as JSON; what was not known is left out."""
    return msgspec.json.encode(envelope)
