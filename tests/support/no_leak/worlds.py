"""Generated indices and requesters for the no-leak property, on one small population."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from pipeline.access.release import CaseMeta, View, decide
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.index.documents import DocumentWrite, case_document, link_document
from pipeline.matching.handling import Handling
from pipeline.matching.model import load_model
from pipeline.records.messages import AcceptedRecord, Position
from support.access.requesters import make_requester
from support.api.runtime import NOW
from support.index.documents import PureStages, admissions
from support.no_leak import decisions
from support.records.builder import RawCase, RawEntity, case_data, handling, person, vehicle

STAGES = PureStages(load_model())

AGENCIES = ("fr-pj", "fr-dgsi", "be-fp", "nl-np", "de-bka")
CODES = ("H0", "H1", "H2", "H3")
RELEASES = (("*",), ("BE",), ("FR", "NL"), ())
PURPOSES = (("investigation", "correlation"), ("investigation", "prosecution"), ())
EXPIRED = "2026-11-24"

CAR = vehicle("1-ABC-234", "BE")
PEOPLE: tuple[tuple[RawEntity, ...], ...] = (
    (person("Ivan Petrov", birth_date="1980-05-01", phones=["+33612345678"], role="suspect"),),
    (person("Иван Петров", birth_date="1980-05-01"),),
    (person("Ivan Petrov", birth_date="1955-11-30"), CAR),
    (CAR, {"type": "phone", "number": "+33612345678"}),
    (person("Ivan Petrov", birth_dates=["1980-05-01", "1955-11-30", "1970/1972"], birth_places=["Tver", "Kazan"]),),
    (person("Ivan Petrov", birth_date="1980-05-01", identifiers=[{"type": "passport", "value": "YA1234567"}]),),
    (person("Anna Keller", gender="female", role="Witness", identifiers=[{"type": "passport", "value": "YA1234567"}]),),
    (person("Ivan Petrov", birth_date="1933-02-03", identifiers=[{"type": "passport", "value": "C01X00T47"}]),),
    (person("Ivan Petrov", birth_date="1933-02", identifiers=[{"type": "passport", "value": "X0000001"}]),),
)
OFFENCES = ("0501", "0502", "0601")
OWNED = {"from": "e0", "to": "e1", "type": "owner"}
"""How the first entity of a case is related to the second one, where there is one."""
CAVEATED = {
    "caveat": "Najpierw zadzwonić",
    "caveat_translations": {"en": "Call first", "fr": "Appeler d'abord", "de": "Erst anrufen"},
}
"""What owners ask, in their language and in others: of records that anybody reads, and of hidden ones."""
UNASKED, GUESS = 7, 8
"""Places of a person whom nobody asks for exactly, and of somebody's guess at them."""


class CaseSpec(NamedTuple):
    """A case of a generated index."""

    agency: str
    number: int
    people: int
    code: str
    released: tuple[str, ...]
    purposes: tuple[str, ...]
    expired: bool = False

    @property
    def unasked(self) -> bool:
        """Whether nobody asks for it exactly, so that nobody has been told of it."""
        return self.people == UNASKED

    @property
    def key(self) -> str:
        return f"{self.agency}:{self.number}"

    def meta(self) -> CaseMeta:
        handling = Handling(self.code, self.released, self.purposes)
        return CaseMeta(self.key, self.agency, handling, retain_until=EXPIRED if self.expired else "")

    def hidden_from(self, who: Requester, purpose: Purpose) -> bool:
        """An auditor is told of what the agency's investigators know of, and reads none of it."""
        reader = make_requester(who.agency) if Role.AUDITOR in who.roles else who
        return decide(self.meta(), reader, purpose, NOW).view is View.NOTHING


specs = st.builds(
    CaseSpec,
    st.sampled_from(AGENCIES),
    st.integers(0, 1),
    st.integers(0, UNASKED - 1),
    st.sampled_from(CODES),
    st.sampled_from(RELEASES),
    st.sampled_from(PURPOSES),
    st.sampled_from((False, False, False, True)),
)
worlds = st.lists(specs, min_size=2, max_size=7, unique_by=lambda spec: spec.key)
requesters = st.builds(
    lambda agency, role: make_requester(agency, role),
    st.sampled_from((*AGENCIES, "lu-pg")),
    st.sampled_from((Role.INVESTIGATOR, Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR)),
)
KEYS = [f"{agency}:{number}" for agency in AGENCIES for number in (0, 1)]


def record_of(spec: CaseSpec) -> RawCase:
    """A case as its agency sends it."""
    data = case_data(
        spec.agency,
        str(spec.number),
        PEOPLE[spec.people],
        title=f"Affair of {spec.key}",
        handling=handling(spec.code, spec.released, spec.purposes) | (CAVEATED if spec.code != "H0" else {}),
        language="pl",
        contact={"unit": f"desk of {spec.agency}"},
        opened=f"{2024 + spec.people % len(OFFENCES)}-01-10",
        offences=[{"scheme": "ICCS", "code": OFFENCES[spec.people % len(OFFENCES)]}],
        relations=[OWNED] if len(PEOPLE[spec.people]) > 1 else [],
    )
    return data | ({"retain_until": EXPIRED} if spec.expired else {})


@cache
def accepted(spec: CaseSpec) -> AcceptedRecord:
    """The accepted version of a case, made once."""
    return STAGES.accepted(record_of(spec))


@cache
def _link(a: CaseSpec, b: CaseSpec) -> tuple[DocumentWrite, ...]:
    """A link, and that the gate has answered whoever asks exactly by it, unless that agency's budget is spent."""
    claim = STAGES.claim(accepted(a), accepted(b))
    answered = admissions(claim) if a.number != b.number else ()
    return (link_document(claim), *answered) if claim.band else ()


def documents(world: Iterable[CaseSpec], *, counted: bool = False) -> Sequence[DocumentWrite]:
    """All documents of an index that holds these cases.

    That is theirs, those of every link between two countries, and what was decided and told of them while whoever it
    was told to could see them.

    With `counted` each record came behind those with a lower key, hidden ones among them: its offset and time count
    them.
    """
    return _documents(tuple(sorted(world, key=lambda spec: spec.key)), counted)


@lru_cache(maxsize=32)
def _documents(held: tuple[CaseSpec, ...], counted: bool) -> tuple[DocumentWrite, ...]:
    """Of cases in the order of their keys; one world is asked several times."""
    pairs = [(a, b) for a, b in combinations(held, 2) if a.agency[:2] != b.agency[:2]]
    links = [action for a, b in pairs for action in _link(a, b)]
    came = (case_document(_came(accepted(spec), at if counted else 1)) for at, spec in enumerate(held))
    return (*came, *links, *decisions.documents(held))


def _came(record: AcceptedRecord, place: int) -> AcceptedRecord:
    """The same version at another place in its topic."""
    position = Position("cases.x", place % 2, place)
    time = f"2026-11-24T10:00:00.{place:03}+00:00"
    provenance = msgspec.structs.replace(
        record.provenance, position=position, ingested_at=time, arrived_ms=1000 + place
    )
    return msgspec.structs.replace(record, provenance=provenance)
