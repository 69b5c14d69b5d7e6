"""A case in the hands of its agency: its versions, and which real people and things each of them shows.

It is handled openly, with a caveat, for some countries only, hit-only, or silently. Handling is drawn by each
case's own number, so that what else is in the feed does not depend on it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import msgspec
import orjson

from pipeline.demo.countries import Country, load_countries
from pipeline.demo.recording import RecordedEntity
from pipeline.demo.relations import JsonObject, draw_organisation, list_relations
from pipeline.matching.handling import Handling
from pipeline.records.model import RECORD_TYPE, case_key

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""The demo's cases are opened in 2026: a fixed time keeps the feed the same on every day."""
RETAINED_UNTIL = "2056-01-01"
"""Far enough that no demo case expires."""
DRAWN_CODES = 5
"""What the code of a case is drawn from, whatever its title; each title has fewer of its own."""
ACTIVE, CORRECTED, WITHDRAWN = "active", "corrected", "withdrawn"


class Version(msgspec.Struct, frozen=True):
    """One version as a CloudEvent; `shows` names the real people and things in it (none once withdrawn)."""

    case: str
    agency: str
    country: str
    number: int
    event: JsonObject
    shows: frozenset[str] = frozenset()

    @property
    def value(self) -> bytes:
        """The message's bytes."""
        return orjson.dumps(self.event)

    @property
    def withdrawn(self) -> bool:
        """Whether this version withdraws the case."""
        return bool(self.event["data"]["status"] == WITHDRAWN)


class CaseFile:
    """One case of one agency; each change makes its next version."""

    def __init__(self, rng: Random, country: Country, number: int, recorded: list[RecordedEntity]) -> None:
        self._rng = rng
        self._country = country
        self._opened = EPOCH + timedelta(hours=rng.randrange(24 * 300))
        self._recorded = recorded
        self._case_id = f"2026-{number:06d}"
        self._organisation = draw_organisation(country, self._case_id, recorded)
        self._data = self._make_content()
        self.versions = [self._make_version(1, ACTIVE)]

    @property
    def last(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    def add_entity(self, recorded: RecordedEntity) -> None:
        """The next version holds one more person or thing."""
        self._recorded = [*self._recorded, recorded]
        self.versions.append(self._make_version(self.last.number + 1, ACTIVE))

    def correct_person(self, recorded: RecordedEntity) -> None:
        """The next version corrects the first person: they are somebody else, or are better known now."""
        self._recorded = [recorded, *self._recorded[1:]]
        self.versions.append(self._make_version(self.last.number + 1, CORRECTED))

    def reword(self) -> None:
        """The next version changes words only: nothing that is matched on."""
        self._data = self._data | {"summary": f"{self._data['title']} ({self._rng.randrange(1_000, 9_999)})"}
        self.versions.append(self._make_version(self.last.number + 1, ACTIVE))

    def withdraw(self) -> None:
        """The next version takes the case back; it holds no content."""
        identity = self._make_identity(self.last.number + 1, WITHDRAWN)
        self.versions.append(self._as_version(identity, frozenset()))

    def _make_content(self) -> JsonObject:
        unit = f"{self._country.agency} {self._rng.randrange(1, 9)}"
        title, codes = self._rng.choice(list(self._country.titles.items()))
        code = codes[self._rng.randrange(DRAWN_CODES) % len(codes)]
        return {
            "opened": self._opened.date().isoformat(),
            "title": title,
            "language": self._country.language,
            "offences": [{"scheme": "ICCS", "code": code}],
            "policing_goals": [Random(self._case_id).randint(1, 7)],  # noqa: S311 - reproducible, not secret
            "handling": case_handling(self._country, self._case_id),
            "evaluation": {
                "scheme": "4x4",
                "source": self._rng.choice("AABC"),
                "information": self._rng.choice("1123"),
            },
            "retain_until": RETAINED_UNTIL,
            "contact": {"unit": unit, "email": f"liaison@{self._country.agency}.example"},
        }

    def _make_identity(self, number: int, status: str) -> JsonObject:
        return {
            "case_id": self._case_id,
            "agency": self._country.agency,
            "country": self._country.code,
            "version": number,
            "status": status,
        }

    def _make_version(self, number: int, status: str) -> Version:
        named = {f"e{place}": item for place, item in enumerate(self._recorded, start=1)}
        if self._organisation:
            named["o1"] = self._organisation
        entities = [{"id": name, **item.fields} for name, item in named.items()]
        relations = list(list_relations(self._country, self._case_id, entities))
        content: JsonObject = {"entities": entities} | ({"relations": relations} if relations else {})
        data = self._make_identity(number, status) | self._data | content
        return self._as_version(data, frozenset(real for item in named.values() for real in item.shows))

    def _as_version(self, data: JsonObject, shows: frozenset[str]) -> Version:
        event = {
            "specversion": "1.0",
            "id": f"{self._country.agency}:{self._case_id}:{data['version']}",
            "source": f"/agencies/{self._country.agency}",
            "type": RECORD_TYPE,
            "time": (self._opened + timedelta(days=data["version"])).isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
        case = case_key(self._country.agency, self._case_id)
        return Version(case, self._country.agency, self._country.code, data["version"], event, shows)


SEED: Final = 27
"""Chosen so that there is a story across scripts to tell (story.py)."""

PURPOSES: Final = ["investigation", "correlation"]

KINDS: Final = {"open": 48, "caveat": 20, "some": 10, "hit": 18, "silent": 4}
"""Shares of the ways in which cases are handled, in per cent."""

FEW: Final = (3, 5)
"""To how many countries a case goes that is not for all."""


def case_handling(country: Country, case_id: str) -> dict[str, Any]:
    """The handling of one case, always the same."""
    rng = Random(f"{SEED}:{country.agency}:{case_id}")  # noqa: S311 - reproducible, not secret
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    others = [code for code in load_countries() if code != country.code]
    few = sorted(rng.sample(others, rng.randint(*FEW)))
    code, released = {
        "open": ("H0", ["*"]),
        "caveat": ("H1", ["*"]),
        "some": ("H0", few),
        "hit": ("H2", few),
        "silent": ("H3", []),
    }[kind]
    caveat: dict[str, Any] = {"caveat": country.caveat} if kind == "caveat" else {}
    if caveat and country.translations:
        caveat["caveat_translations"] = country.translations
    return {"code": code, "releasable_to": released, "purposes": PURPOSES} | caveat


def handling_of_case(key: str) -> Handling:
    """The handling of a case by its key; of one that is not the demo's own, that of a case nobody else sees."""
    agency, _, case_id = key.partition(":")
    country = next((country for country in load_countries().values() if country.agency == agency), None)
    return msgspec.convert(case_handling(country, case_id), Handling) if country else Handling()
