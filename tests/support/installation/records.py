"""Records and messages of a test, always the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, NamedTuple

from support.records.builder import RawEntity, event_bytes, handling, person

COUNTRIES = {"fr-pj": "FR", "be-fp": "BE", "de-bk": "DE", "nl-np": "NL"}

GIVEN = ("Ivan", "Marie", "Pierre", "Anna", "Karim", "Sofia", "Luis", "Elena", "Omar", "Nina")
SYLLABLES = ("ba", "do", "ki", "lu", "me", "na", "po", "ra", "su", "ti", "ve", "zo")


class Message(NamedTuple):
    """What is pushed to a national topic; a partition of None is where the key belongs."""

    agency: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None

    @property
    def case(self) -> str:
        """The key of its case. Raises ValueError where it has none."""
        if self.key is None:
            raise ValueError("a message without a key")
        return self.key.decode()

    @property
    def event(self) -> bytes:
        """What it carries. Raises ValueError where it carries nothing."""
        if self.value is None:
            raise ValueError("a message without a value")
        return self.value


class RecordMaker:
    """Makes the records and messages of a test, always the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self.draw = random.Random(seed)

    def person(self, **fields: Any) -> RawEntity:
        """A person whom hardly anyone else resembles."""
        draw = self.draw
        family = "".join(draw.choices(SYLLABLES, k=4)).capitalize()
        born = f"{draw.randint(1940, 2005)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        given, phone = draw.choice(GIVEN), f"+336{draw.randint(10_000_000, 99_999_999)}"
        return person(given=given, family=family, birth_date=born, phones=[phone]) | fields

    def message(
        self, agency: str, case_id: str, version: int = 1, people: Iterable[RawEntity] = (), **data: Any
    ) -> Message:
        """A case record as its agency sends it; with `status="withdrawn"` it has no content."""
        people = list(people) or [self.person()]
        content: dict[str, Any] = {
            "title": "Case",
            "handling": handling(),
            "entities": [{**one, "id": f"p{place}"} for place, one in enumerate(people)],
        }
        kept = {} if data.get("status") == "withdrawn" else content
        sent = event_bytes(agency, case_id, version=version, **{**kept, **data})
        return Message(agency, f"{agency}:{case_id}".encode(), sent)

    def feed(self, cases: int, prefix: str = "c") -> list[Message]:
        """Cases that share people across agencies; some are sent twice, amended or withdrawn."""
        shared = [self.person() for _ in range(cases // 3)]
        sent: list[Message] = []
        for number in range(cases):
            agency, case_id = self.draw.choice(list(COUNTRIES)), f"{prefix}{number:05d}"
            people = [self.draw.choice(shared), self.person()]
            made = self.message(agency, case_id, 1, people)
            sent += [made, *self._later(self.draw.random(), agency, case_id, people, made)]
        return sent

    def _later(self, kind: float, agency: str, case_id: str, people: list[RawEntity], made: Message) -> list[Message]:
        if kind < 0.1:
            return [made]
        if kind < 0.2:
            return [self.message(agency, case_id, 2, people[1:] if kind < 0.15 else people)]
        return [self.message(agency, case_id, 3, status="withdrawn")] if kind < 0.25 else []
