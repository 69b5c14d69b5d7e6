"""How the demo's agencies handle their cases: open, with a caveat, for some countries only, hit-only, or silent.

Drawn by each case's own number, so that what else is in the feed does not depend on it.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from pipeline.demo.countries import Country, load_countries
from pipeline.matching.fingerprint import Handling

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
    match kind:
        case "open":
            return _make_handling("H0", ["*"])
        case "caveat":
            return _make_handling("H1", ["*"]) | {"caveat": country.caveat}
        case "some":
            return _make_handling("H0", few)
        case "hit":
            return _make_handling("H2", few)
        case _:
            return _make_handling("H3", [])


def _make_handling(code: str, released: list[str]) -> dict[str, Any]:
    return {"code": code, "releasable_to": released, "purposes": PURPOSES}


def handling_of_case(key: str) -> Handling:
    """The handling of a case by its key; of one that is not the demo's own, that of a case nobody else sees."""
    agency, _, case_id = key.partition(":")
    country = next((country for country in load_countries().values() if country.agency == agency), None)
    return msgspec.convert(case_handling(country, case_id), Handling) if country else Handling()
