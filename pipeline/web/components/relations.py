"""How the people and things of a case are related, as its agency says it: owner, driver, member and others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import htpy

from pipeline.locale import N_
from pipeline.web.components.entity import Raw, Shown, name_entity
from pipeline.web.components.names import render_name
from pipeline.web.components.tabs import tab_address
from pipeline.web.i18n import Words

RELATIONS: Final = {
    "owner": (N_("Owner of"), N_("Owner")),
    "beneficial owner": (N_("Beneficial owner of"), N_("Beneficial owner")),
    "driver": (N_("Driver of"), N_("Driver")),
    "passenger": (N_("Passenger in"), N_("Passenger")),
    "user": (N_("User of"), N_("User")),
    "holder": (N_("Holder of"), N_("Holder")),
    "account holder": (N_("Account holder of"), N_("Account holder")),
    "member": (N_("Member of"), N_("Member")),
    "director": (N_("Director of"), N_("Director")),
    "employee": (N_("Employee of"), N_("Employee")),
    "employer": (N_("Employer of"), N_("Employer")),
    "associate": (N_("Associate of"), N_("Associate")),
    "relative": (N_("Relative of"), N_("Relative")),
    "spouse": (N_("Spouse of"), N_("Spouse")),
    "parent": (N_("Parent of"), N_("Parent")),
    "child": (N_("Child of"), N_("Child")),
    "sibling": (N_("Sibling of"), N_("Sibling")),
    "resident": (N_("Resident at"), N_("Resident")),
}
"""By what agencies send: what the one is of the other, and what the other's field is called that names the one.

Agencies send other words as well; those stay as sent.
"""


def describe_relation(words: Words, sent: str, *, outgoing: bool) -> str:
    """What an entity is of another one (`outgoing`), or what the other one is of it."""
    known = RELATIONS.get(" ".join(sent.casefold().replace("_", " ").replace("-", " ").split()))
    if known is None:
        return f"{sent} →" if outgoing else f"← {sent}"
    return words(known[0] if outgoing else known[1])


class RelatedEntities:
    """The relations of a case, each to be read from either of its two entities; `country` is of its agency."""

    def __init__(self, words: Words, data: Mapping[str, Any], country: str) -> None:
        self._words, self._country = words, country
        self._entities: dict[str, Raw] = {entity["id"]: entity for entity in data.get("entities", ())}
        self._of: defaultdict[str, list[tuple[str, Raw, str]]] = defaultdict(list)
        for relation in data.get("relations", ()):
            self._of[relation["from"]].append((relation["to"], relation, self._describe(relation, outgoing=True)))
            self._of[relation["to"]].append((relation["from"], relation, self._describe(relation, outgoing=False)))

    def _describe(self, relation: Raw, *, outgoing: bool) -> str:
        return describe_relation(self._words, relation["type"], outgoing=outgoing)

    def render(self, entity: str) -> Iterator[Shown]:
        """By what it is to them or they to it, whom an entity is related to; each leads to where the other stands."""
        by_word: defaultdict[str, list[htpy.Element]] = defaultdict(list)
        for other, relation, word in self._of[entity]:
            by_word[word].append(self._render_other(other, relation))
        yield from by_word.items()

    def _render_other(self, other: str, relation: Raw) -> htpy.Element:
        raw = self._entities[other]
        place = tab_address("people" if raw["type"] == "person" else "things", entity=other)
        period = format_period(self._words, relation)
        name = render_name(name_entity(self._words, raw), self._country)
        return htpy.div[htpy.a(href=place)[name], period and f" · {period}"]


def format_period(words: Words, relation: Mapping[str, Any]) -> str:
    """From when to when a relation held, as far as it is known; "" where nothing is."""
    start, end = (words.format_date(relation[name]) if relation.get(name) else "" for name in ("start", "end"))
    if start and end:
        return words("from {first} to {last}", first=start, last=end)
    if start:
        return words("since {time}", time=start)
    return words("until {time}", time=end) if end else ""
