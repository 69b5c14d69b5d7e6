from __future__ import annotations

import msgspec

from pipeline.matching.fingerprint import Fingerprint
from support.matching.prints import case_of, print_of
from support.records.builder import RawEntity

TYPICAL: list[RawEntity] = [
    {
        "type": "person",
        "names": [{"full": "Иван Сергеевич Петров"}, {"given": "Ivan", "family": "Petrov", "kind": "alias"}],
        "birth_date": "1980-05-03", "birth_place": "Kazan", "gender": "male", "nationalities": ["RU"],
        "identifiers": [{"type": "passport", "value": "71 0456789", "country": "RU"}],
        "addresses": [{"house": "12", "street": "Rue de la Paix", "postcode": "75002", "city": "Paris"}],
        "phones": ["+33612345678"],
    },
    {"type": "vehicle", "plate": "AB-123-CD", "plate_country": "FR", "make": "Renault", "model": "Clio"},
]  # fmt: skip


def test_a_typical_fingerprint_is_compact() -> None:
    assert len(msgspec.json.encode(case_of(*TYPICAL))) < 1300


def test_a_fingerprint_survives_json() -> None:
    found = case_of(*TYPICAL)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Fingerprint) == found


def test_the_order_of_values_changes_nothing() -> None:
    values = {"phones": ["+33612345678", "+33687654321"], "nationalities": ["RU", "FR"], "emails": ["b@x.fr", "a@x.fr"]}
    mirrored = {field: list(reversed(some)) for field, some in values.items()}
    names = [{"full": "Ivan Petrov"}, {"full": "Иван Петров"}]
    entity = print_of(type="person", names=names, **values)
    assert entity == print_of(type="person", names=names[::-1], **mirrored)


def test_repeated_values_count_once() -> None:
    entity = print_of(type="person", names=[{"full": "Ivan Petrov"}] * 50, phones=["+33612345678", "06 12 34 56 78"])
    assert len(entity.names) == 1
    assert len(entity.phones) == 1
