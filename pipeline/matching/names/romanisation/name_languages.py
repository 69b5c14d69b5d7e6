"""The language that a name is probably written in: by the country that wrote it, its letters, or else its script."""

from __future__ import annotations

from pipeline.records.scripts import script_of

_BY_SCRIPT = {
    "Arabic": "ar", "Armenian": "hy", "Bengali": "bn", "Cyrillic": "ru", "Devanagari": "hi", "Ethiopic": "am",
    "Georgian": "ka", "Greek": "el", "Gujarati": "gu", "Gurmukhi": "pa", "Han": "zh", "Hangul": "ko", "Hebrew": "he",
    "Hiragana": "ja", "Kannada": "kn", "Katakana": "ja", "Khmer": "km", "Lao": "lo", "Malayalam": "ml",
    "Myanmar": "my", "Sinhala": "si", "Tamil": "ta", "Telugu": "te", "Thai": "th",
}  # fmt: skip
"""The language with most speakers of those that a script writes (CLDR, likely subtags)."""

_BY_COUNTRY = {
    "Arabic": {"AF": "fa", "IR": "fa", "PK": "ur"},
    "Cyrillic": {
        "BA": "sr", "BG": "bg", "BY": "be", "KG": "ky", "KZ": "kk", "ME": "sr", "MK": "mk", "MN": "mn", "RS": "sr",
        "TJ": "tg", "UA": "uk",
    },
    "Devanagari": {"NP": "ne"},
    "Han": {"JP": "ja", "KR": "ko", "HK": "zh-Hant", "MO": "zh-Hant", "TW": "zh-Hant"},
}  # fmt: skip
"""Countries (ISO 3166-1 alpha-2) that write another language in the script (CLDR, likely subtags)."""

_TELLING_LETTERS = {
    "Cyrillic": {"sr": "ђћ", "mk": "ѓќѕ", "be": "ў", "uk": "іїєґ"},
    "Arabic": {"fa": "پچژگی"},
}
"""Letters that only one of the larger languages has, in the order in which they are looked for; і of Belarusian names
comes last, as Ukrainian has it too."""


def name_language(name: str, country: str = "") -> str:
    """BCP 47 tag of a name's probable language; "" for Latin letters, which many languages share.

    `country` is of the agency that wrote the name, ISO 3166-1 alpha-2, "" if it is not known.
    """
    script = script_of(name)
    if script not in _BY_SCRIPT:
        return ""
    by_country = _BY_COUNTRY.get(script, {}).get(country, "")
    return by_country or _tell_by_letters(name.lower(), script) or _BY_SCRIPT[script]


def _tell_by_letters(folded: str, script: str) -> str:
    telling = _TELLING_LETTERS.get(script, {})
    return next((language for language, letters in telling.items() if not set(letters).isdisjoint(folded)), "")
