"""The language of an answer, and what an error says in it."""

from __future__ import annotations

from pipeline.errors import LiaisonError
from pipeline.locale import LANGUAGES, SOURCE, translate


def translate_error(error: LiaisonError, language: str) -> str:
    """An error's message in one of LANGUAGES."""
    values = {name: translate(str(value), language) for name, value in error.values.items()}
    return translate(error.message, language, **values)


def negotiate_language(accepted: str) -> str:
    """The best of LANGUAGES by an Accept-Language header (RFC 9110, 12.5.4), English where it names none."""
    wanted = sorted((_parse_weight(part) for part in accepted.split(",")), key=lambda weighted: -weighted[1])
    return next((name for name, weight in wanted if name in LANGUAGES and weight > 0), SOURCE)


def _parse_weight(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    try:
        weight = float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return name.strip().split("-")[0].lower(), weight
