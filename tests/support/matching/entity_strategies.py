"""Generated entities that agree, nearly agree or contradict, and the fingerprints of cases of them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from pipeline.matching.fingerprint import Fingerprint, entity_print
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case

NAMES = [
    "Zbigniew Oczko", "Oczko Zbigniew", "Иван Петров", "Ivan Petrov", "María García", "Maria Garcia",
    "王伟", "Wang Wei",
    "Mohamed Ali", "محمد علي", "José Núñez", "Jose Nunez", "J. Smith", "John Smith", "A", "unknown", "Özgür Işık",
]  # fmt: skip
names = st.lists(st.sampled_from(NAMES), max_size=3).map(lambda some: [{"full": one} for one in some])
dates = st.sampled_from(["1980-05-03", "1980-03-05", "1980-05", "1980", "1991-12-24", "1900-01-01", None])
several_dates = st.sampled_from(["1980-05-03", "1980-05", "1979/1981", "1981~", "1991-12-24", "1980-03/1980-06~"])
numbers = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["passport", "national_id", "other"]),
            "value": st.sampled_from(["12AB34567", "12A834567", "12AB34576", "99ZZ00001", "000000000"]),
            "country": st.sampled_from(["FR", "DE", None]),
        }
    ),
    max_size=3,
)
PHONES = ["+33612345678", "+33612345679", "+33698765432", "0000000000"]
phones = st.lists(st.sampled_from(PHONES), max_size=2)
addresses = st.lists(
    st.fixed_dictionaries(
        {
            "house": st.sampled_from(["12", "14", None]),
            "street": st.sampled_from(["Rue de la Paix", "Avenue Foch", None]),
            "postcode": st.sampled_from(["75002", "69001", None]),
            "city": st.sampled_from(["Paris", "Lyon", None]),
        }
    ),
    max_size=2,
)
persons = st.fixed_dictionaries(
    {"type": st.just("person")},
    optional={
        "names": names,
        "birth_date": dates,
        "birth_dates": st.lists(several_dates, max_size=4),
        "birth_date_text": st.sampled_from(["19?0-04-3l", "1980-O5-03"]),
        "gender": st.sampled_from(["male", "female"]),
        "nationalities": st.lists(st.sampled_from(["FR", "DE", "RU"]), max_size=2),
        "birth_place": st.sampled_from(["Kazan", "Kasan", "Lyon"]),
        "birth_places": st.lists(st.sampled_from(["Kazan", "Kasan", "Lyon"]), max_size=2),
        "identifiers": numbers,
        "phones": phones,
        "emails": st.lists(
            st.sampled_from(["a.oczko@example.org", "a.ockzo@example.org", "b@mail.example"]), max_size=2
        ),
        "addresses": addresses,
    },
)
vehicles = st.fixed_dictionaries(
    {"type": st.just("vehicle"), "plate": st.sampled_from(["AB-123-CD", "AB?23*", "AB-124-CD", "A8123CD", "*"])},
    optional={"make": st.sampled_from(["Renault", "Volvo"]), "colour": st.sampled_from(["red", "blue"])},
)
lines = st.fixed_dictionaries({"type": st.just("phone"), "number": st.sampled_from(PHONES)})
firms = st.fixed_dictionaries(
    {
        "type": st.just("organisation"),
        "names": st.sampled_from(["Nordwind Ltd", "Nordwind Finance GmbH", "OOO Гамма"]).map(
            lambda one: [{"full": one}]
        ),
    },
    optional={"addresses": addresses},
)
events = st.fixed_dictionaries(
    {
        "type": st.just("event"),
        "start": st.sampled_from(["2026-10-27T22:00:00Z", "2026-10-28T03:00:00Z"]),
        "latitude": st.sampled_from([48.85, 48.86, 43.3]),
        "longitude": st.just(2.35),
    }
)
entities = st.lists(st.one_of(persons, persons, vehicles, lines, firms, events), max_size=5)


def fingerprint(raw: list[dict[str, Any]], country: str = "FR") -> Fingerprint:
    numbered = [{**entity, "id": f"e{at}"} for at, entity in enumerate(raw)]
    head = {"case_id": "1", "agency": country.lower(), "country": country, "version": 1, "status": "active"}
    case = msgspec.convert({**head, "entities": numbered}, Case)
    prints = tuple(entity_print(entity) for entity in normalise(case).entities)
    return Fingerprint(case.key, 1, "", country.lower(), country, entities=prints)
