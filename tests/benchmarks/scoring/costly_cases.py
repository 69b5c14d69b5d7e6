"""What the costliest cases take that an agency can push: CPU of intake, and of judging and explaining a pair of them.

    PYTHONPATH=tests python tests/benchmarks/scoring/costly_cases.py

Names are of three words of a stock of 400, so that most entities of the two cases have words in common; addresses and
numbers are of few towns and beginnings. Both cases have a passport in common, so that they are linked. Nothing is
cached before: each row is measured in a process of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from random import Random
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.records.entity_types import normalise
from pipeline.records.validation import RefusedError, read

LATIN: Final = ("ba", "ko", "ri", "mu", "ta", "le", "no", "shi", "ver", "dra", "gan", "pol", "mir", "sta", "han", "zu")
CYRILLIC: Final = ("ба", "ко", "ри", "му", "та", "ле", "но", "ши", "вер", "дра", "ган", "пол", "мир", "зу")
STOCK: Final = 400

Values = dict[str, Any]


def name_with(*syllables: Sequence[str]) -> Callable[[Random], Values]:
    """Names of words of one or more scripts."""
    chance = Random(1)
    stock = ["".join(chance.choices(chance.choice(syllables), k=3)) for _ in range(STOCK)]
    return lambda random: {"full": " ".join(random.choices(stock, k=3))}


def address(random: Random) -> Values:
    """An address in one of a few towns."""
    street = "".join(random.choices(LATIN, k=3))
    postcode = f"{75000 + random.randrange(20)}"
    return {"street": f"{street} street", "house": f"{random.randrange(20)}", "city": "Paris", "postcode": postcode}


def number(random: Random) -> Values:
    """A passport whose last six digits all others have too."""
    return {"type": "passport", "value": f"{random.randrange(1000):03}123456", "country": "FR"}


def phone(random: Random) -> str:
    """A number of one town."""
    return f"+331{random.randrange(10**8):08}"


def long_word(random: Random) -> Values:
    """A name of one word."""
    return {"full": long_text(random)}


def long_text(random: Random) -> str:
    """One word of 3,000 letters."""
    return "".join(random.choices(LATIN, k=1100))[:3000]


def long_number(random: Random) -> Values:
    """A number of 3,000 digits."""
    return {"type": "passport", "value": "".join(random.choices("0123456789", k=3000)), "country": "FR"}


def equal_name(random: Random) -> Values:
    """One name."""
    return {"full": "Ivan Petrov"}


ROWS: Final[dict[str, tuple[int, int, str, Callable[[Random], Any]]]] = {
    "200 persons, 50 names each, Latin": (200, 50, "names", name_with(LATIN)),
    "200 persons, 50 names each, Cyrillic": (200, 50, "names", name_with(CYRILLIC)),
    "200 persons, 50 names each, of both": (200, 50, "names", name_with(LATIN, CYRILLIC)),
    "10 persons, 50 names each, of both": (10, 50, "names", name_with(LATIN, CYRILLIC)),
    "200 persons, 50 addresses each": (200, 50, "addresses", address),
    "200 persons, 50 numbers each": (200, 50, "identifiers", number),
    "200 persons, 50 phones each": (200, 50, "phones", phone),
    "a person with 10,000 equal names": (1, 10_000, "names", equal_name),
    "a person with 50 words of 3,000 letters": (1, 50, "names", long_word),
    "200 persons, a word of 3,000 letters each": (200, 1, "names", long_word),
    "200 persons, a place of 3,000 letters each": (200, 1, "birth_places", long_text),
    "200 persons, an address of 3,000 letters each": (200, 1, "addresses", lambda random: {"full": long_text(random)}),
    "200 persons, a number of 3,000 digits each": (200, 1, "identifiers", long_number),
    "200 persons, an e-mail of 3,000 letters each": (200, 1, "emails", lambda random: f"{long_text(random)}@a.example"),
}
"""Entities of a case, values of each, their field, and what makes one."""


def make_case(row: str, country: str) -> tuple[Fingerprint, float]:
    """The fingerprint of a case, and the seconds of CPU that intake takes. Raises RefusedError."""
    count, each, field, make = ROWS[row]
    random = Random(country)
    named = {} if field == "names" else {"names": [{"full": "Ivan Petrov"}]}
    entities: list[Values] = [
        {"id": f"e{at}", "type": "person", **named, field: [make(random) for _ in range(each)]} for at in range(count)
    ]
    if field != "identifiers":
        entities[0]["identifiers"] = [{"type": "passport", "value": "654321987", "country": "FR"}]
    data = {
        "case_id": "1", "agency": country.lower(), "country": country, "version": 1, "status": "active",
        "entities": entities,
    }  # fmt: skip
    head = {"specversion": "1.0", "id": "1", "source": f"/agencies/{country.lower()}", "type": "org.liaison.case.v1"}
    raw, start = msgspec.json.encode(head | {"data": data}), time.process_time()
    case = read(raw).case
    made = make_fingerprint(case, normalise(case), load_model())
    return made, time.process_time() - start


def measure(row: str) -> list[str]:
    """Seconds of CPU of intake, of finding whether two cases are linked, and of explaining that."""
    matcher = ModelMatcher(load_model())
    try:
        (a, taken), (b, _) = (make_case(row, country) for country in ("FR", "DE"))
    except RefusedError as error:
        return ["refused", str(error), ""]
    start = time.process_time()
    matcher.meet([(a, b)])
    matcher.find_link(a, b)
    judged = time.process_time()
    matcher.explain(a, b, Basis.SAME)
    return [f"{seconds:.2f}" for seconds in (taken, judged - start, time.process_time() - judged)]


def main() -> None:
    """Print the table."""
    table = Table("two cases of", "intake of one, s", "judge, s", "explain, s", title="Costly cases")
    for row in ROWS:
        with get_context("spawn").Pool(1) as pool:
            table.add_row(row, *pool.apply(measure, (row,)))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
