"""Two agencies' cases in many scripts, for pages in a browser: what may be long, foreign or written from the right."""

from __future__ import annotations

from typing import Any

from support.api.runtime import Api
from support.records.builder import handling, person, record, vehicle

OFFENCES = [{"scheme": "ICCS", "code": "0502"}, {"scheme": "NATINF", "code": "7151", "description": "Vol en réunion"}]

PEOPLE = {
    "1": ("شريف الورزازي", "Cherif Ouarzazi"),
    "2": ("Анастасия Щукина", "Anastasia Chtchoukina"),
    "3": ("משה כהן", "Moshe Cohen"),
    "4": ("毛泽东", "Mao Zedong"),
    "5": ("Γεώργιος Παπαδόπουλος", "Georgios Papadopoulos"),
}
"""By case: the name as one agency wrote it, and as the other did."""


CAVEAT = {
    "caveat": "لا توقيف قبل الاتصال",
    "caveat_translations": {
        "en": "No arrest before you have called",
        "es": "Ninguna detención antes de llamar",
        "he": "אין לעצור לפני שמתקשרים",
    },
}
"""Translated for some readers, and not for those of French."""


def hold_many_scripts(api: Api) -> list[str]:
    """Hold a case of each of two agencies about each of PEOPLE, and a hit-only one; returns the links."""
    links = []
    for number, (foreign, latin) in PEOPLE.items():
        for agency, name in (("be-fp", foreign), ("fr-pj", latin)):
            api.hold(_make_case(agency, number, name))
        links.append(api.link(f"be-fp:{number}", f"fr-pj:{number}"))
    api.hold(record("fr-pj", "hit", code="H2", entities=[_make_man("1", PEOPLE["1"][1])]))
    links.append(api.link("be-fp:1", "fr-pj:hit"))
    return links


def _make_man(number: str, name: str) -> dict[str, Any]:
    passport = {"type": "passport", "value": f"12AB3456{number}", "country": "FR"}
    return person(
        name, id="p1", birth_date=f"197{number}-03-04", gender="male", identifiers=[passport], occupation="מהנדס",
        phones=[f"+33 6 12 34 56 7{number}"], addresses=[{"full": "شارع الحبيب بورقيبة 12، تونس"}],
    )  # fmt: skip


def _make_case(agency: str, number: str, name: str) -> dict[str, Any]:
    spot = {"type": "event", "id": "e1", "start": "2026-03-01T10:00:00Z", "latitude": 48.85, "longitude": 2.35}
    return record(
        agency, number, title=f"قضية {number}: {name}", summary="סיכום קצר של התיק (2026), with an English word.",
        entities=[_make_man(number, name), vehicle("AB-123-CD", "FR", id="v1"), spot], offences=OFFENCES,
        policing_goals=[1, 5], handling=handling("H1") | CAVEAT, language="ar",
    )  # fmt: skip
