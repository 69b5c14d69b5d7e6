"""What is said of links and cases in exports to other formats, and the cells of tables, which people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from pipeline.access.redaction import LinkRow
from pipeline.api.services.linked_things import name_entity
from pipeline.index.documents import AsSent, CaseRecord
from pipeline.locale import N_, NC_
from pipeline.matching.bands import Band, Basis
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.explain.wording import label, lower_label, plain_summary
from pipeline.matching.explain.words import IDENTIFIER_TYPES, TYPES
from pipeline.records.caveats import find_translation
from pipeline.records.entity_types import ORGANISATION, PERSON
from pipeline.records.offence_codes import find_offence

OWN_BITS: Final = ("name", "birth_date", "identifier", "phone")
"""Comparisons with a column of their own in a table of links; `other` is the sum of the rest."""

LINK_CELLS: Final = (
    "link_id", "case_a", "case_b", "version_a", "version_b", "probability", "band", "basis", "summary",
    "starting_odds", *OWN_BITS, "other", "relatives", "corrections", "score",
)  # fmt: skip
"""A table of links: from `starting_odds` to `corrections` are bits that add up to `score`, exactly."""

CASE_CELLS: Final = (
    "case", "agency", "country", "version", "title", "summary", "opened", "closed", "offences", "people",
    "organisations", "things", "numbers", "hash", "caveat", "caveat_translated", "agency_name",
)  # fmt: skip
"""A table of cases. The record as it was sent, with its signature, is in the export of JSON lines."""

BAND_WORDS: Final = {Band.CERTAIN: N_("Certain"), Band.PROBABLE: N_("Probable"), Band.POSSIBLE: N_("Possible")}

COLOURS: Final = {
    "yellow": N_("Not reviewed"),
    "white": N_("Same, no action needed"),
    "green": N_("Different"),
    "red": N_("Confirmed, needs action"),
}
"""The colours of the EU's Multiple-Identity Detector (Regulation (EU) 2019/817, articles 30 to 33)."""

VERDICTS: Final = {
    "same": N_("Same"),
    "different": N_("Different"),
    "related": N_("Related"),
    "unsure": N_("Unsure"),
}

PARTS: Final = {
    "suspect": N_("suspect"),
    "victim": N_("victim"),
    "witness": N_("witness"),
    "associate": N_("associate"),
    "missing": NC_("person", "missing"),
}
"""What an entity may be in a case; what agencies send besides is shown as sent."""

SEVERAL: Final = " | "
"""Between the values of one cell."""


def describe_link(row: LinkRow) -> str:
    """A link's band, and whether it says no more than that two bear one number."""
    return f"{row.band}, shared number" if row.basis == Basis.SHARED else str(row.band)


def to_bits(hundredths: int | None) -> Decimal | None:
    """Hundredths of a bit as bits, exactly: 673 is 6.73."""
    return None if hundredths is None else Decimal(hundredths).scaleb(-2)


def link_cells(row: LinkRow, language: str) -> dict[str, object]:
    """A link as cells by LINK_CELLS; with a hit-only side no more than the link and its band."""
    cells = msgspec.structs.asdict(row) | {"score": to_bits(row.score)}
    if row.evidence is None:
        return cells
    found = msgspec.convert(row.evidence, Explanation)
    bits = Counter({"starting_odds": found.prior, "corrections": found.rebate - found.attempts})
    for part in found.entities:
        for item in part.items:
            bits[item.field if item.field in OWN_BITS else "other"] += item.bits
        bits["relatives"] += part.alternative
        bits["corrections"] += part.calibration + part.counted - part.bits
    said = {name: to_bits(bits[name]) for name in LINK_CELLS if name in bits}
    return cells | said | {"summary": plain_summary(found, language), "score": to_bits(row.score)}


def case_cells(row: CaseRecord, language: str) -> dict[str, object]:
    """A case as cells by CASE_CELLS, but for the agency's full name."""
    data: AsSent = row.data or {}
    handling: AsSent = data.get("handling") or {}
    caveat, translations = handling.get("caveat") or "", handling.get("caveat_translations", {})
    translation = find_translation(translations, language, caveat, "")
    entities: list[AsSent] = list(data.get("entities") or ())
    cells: dict[str, list[str]] = {"people": [], "organisations": [], "things": [], "numbers": []}
    for held in entities:
        name = name_entity(held)
        if held["type"] == PERSON.name:
            born = f" ({held['birth_date']})" if held.get("birth_date") else ""
            cells["people"] += [f"{name}{born}"] if name else []
        elif held["type"] == ORGANISATION.name:
            cells["organisations"] += [name] if name else []
        else:
            cells["things"].append(f"{lower_label(label(TYPES, held['type'], language))} {name or ''}".rstrip())
        cells["numbers"] += _tell_numbers(held, language)
    stated = {name: data.get(name) for name in ("title", "summary", "opened", "closed")}
    offences = SEVERAL.join(_tell_offence(offence, language) for offence in data.get("offences") or ())
    return {
        **msgspec.structs.asdict(row),
        **stated,
        "offences": offences,
        "caveat": caveat or None,
        "caveat_translated": translation.text if translation else None,
        **{name: SEVERAL.join(said) for name, said in cells.items()},
    }


def _tell_numbers(entity: AsSent, language: str) -> Iterator[str]:
    for number in entity.get("identifiers") or ():
        yield f"{label(IDENTIFIER_TYPES, number['type'], language)} {number['value']}"
    yield from entity.get("phones") or ()
    yield from entity.get("emails") or ()


def _tell_offence(offence: AsSent, language: str) -> str:
    """A code and its name, or the agency's words for it."""
    known = find_offence(offence["scheme"], offence["code"])
    name = known.name(language) if known else offence.get("description") or ""
    return f"{offence['scheme']}:{offence['code']} {name}".rstrip()
