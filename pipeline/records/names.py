"""Names as agencies write them, turned into typed tokens.

`normalise_name` cleans (NFKC, no control or zero-width characters), case-folds, splits into tokens and types each one
(TOKEN_KINDS). Letters smuggled in from a look-alike alphabet are put back ("Ivаn" with a Cyrillic а becomes "ivan") and
the name is flagged `mixed_script`; names that name nobody ("unknown", "N/A") are flagged `placeholder`. Notes in names
are no part of them: "(formerly …)", "born in Kandahar", "(PAD)" behind what it abbreviates. Names of nobody are missing
values: "daughter of", "baby boy", "no last name", "care of". The result does not depend on upper or lower case, nor on
composed or decomposed letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from pipeline.records import name_words as words
from pipeline.records.countries import country_code
from pipeline.records.legal_forms import take_legal_forms
from pipeline.records.limits import MAX_LETTERS, MAX_RENDERINGS, MAX_TOKENS
from pipeline.records.normalised import NameToken, NormalisedName
from pipeline.records.organisation_names import organisation_tokens
from pipeline.records.organisation_words import translations_of
from pipeline.records.scripts import MARKS, has_mixed_alphabets, script_of, unmask

PARTS = ("given", "middle", "patronymic", "family")
"""The parts of a name, in the order in which they are written one after the other."""


def full_name(name: Mapping[str, Any]) -> str:
    """A name of a record's data in full, or its parts one after the other; "" where it has neither."""
    return str(name.get("full") or " ".join(name[part] for part in PARTS if name.get(part)))


_MISSING = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words.MISSING_PHRASES))})(?!\w)")
_WORD = re.compile(r"\w+")


def _names_nobody(folded: str) -> bool:
    """Whether a case-folded name tells only what somebody is to another: "husband", "daughter of Maria"."""
    if words.OF_ANOTHER.isdisjoint(spelled := _WORD.findall(folded)):
        return False
    if len(spelled) > 1 and spelled[0] in words.OF_ANOTHER and spelled[1] in words.NOBODY_LINKS:
        return True
    return all(word in words.NOBODY_WORDS or word in words.NOBODY_LINKS for word in spelled)


_BRACKETED = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|（([^（）]*)）")
_BRACKETED_LAST = re.compile(r"\(([^()]+)\)[\s.,;\"'”»]*$")
_BORN = re.compile(rf"[,;]?\s*\b(?:{'|'.join(words.BORN)})\s+(?:(?:{'|'.join(words.BORN_BEFORE)})\s|\d).*")
_LONGEST_ACRONYM = 8
"""The most letters of a word in brackets that is taken for an abbreviation of the name. A choice: a longer one stays in
the name."""

_SHORTEST_BRAND = 5
"""The fewest letters of a word in brackets that is taken for another name. A choice: shorter ones are abbreviations, by
which many bodies go."""


def remove_notes(folded: str) -> str:
    """A case-folded name without notes; the name as it is where nothing else would be left.

    Notes are: what follows "born in"; in brackets what begins with a word for a note, what repeats the name in
    another script, and what abbreviates it by its first letters. Other words in brackets stay ("(Somalia)").
    """
    text = _BORN.sub("", folded)
    if "(" in text or "[" in text or "（" in text:
        rest = _BRACKETED.sub(" ", text)
        text = _BRACKETED.sub(
            lambda found: " " if _is_note(_content(found), rest) else found[0], text, count=_MOST_BRACKETS
        )
    return text if any(char.isalnum() for char in text) else folded


def find_renderings(name: str) -> tuple[list[str], bool]:
    """What stands in brackets behind a name in another script: the same name, in one spelling or several.

    At most MAX_RENDERINGS, and whether there are more.
    """
    if name.isascii() or not any(bracket in name for bracket in "([（"):
        return [], False
    rest = script_of(_BRACKETED.sub(" ", name))
    parts = (part.strip() for match in _BRACKETED.finditer(name) for part in _content(match).split(";"))
    found = [text for text in parts if rest and (script := script_of(text)) and script != rest]
    return found[:MAX_RENDERINGS], len(found) > MAX_RENDERINGS


def part_body_names(name: str) -> tuple[str, list[str]]:
    """An organisation's name without what it is also called, which stands in brackets behind it, and that.

    It is also called by a brand, which has capitals within ("KB Unmanned Helicopters (UAVHeli)"), and by a translation
    ("People's Union (Narodny Soyuz)"). A legal form, a country and other words ("(Overseas)") are no such name, and
    abbreviations are notes.
    """
    found = _BRACKETED_LAST.search(name)
    if found is None:
        return name, []
    rest, other = name[: found.start()], found[1].strip()
    return (rest, [other]) if _is_also_called(rest, other) else (name, [])


def _is_also_called(rest: str, other: str) -> bool:
    others, spelled = _WORD.findall(rest.casefold()), _WORD.findall(other.casefold())
    if not 0 < len(spelled) <= len(others) <= MAX_TOKENS or not other[0].isalpha() or country_code(other):
        return False
    if len(spelled) > 1:
        return _translates(spelled, others)
    capitals = sum(map(str.isupper, other)) > 1 and not rest.isupper()
    return capitals and len(other) >= _SHORTEST_BRAND and bool(take_legal_forms(other.casefold())[0].strip())


def _translates(spelled: list[str], others: list[str]) -> bool:
    """Whether words say the same in another language: all but one of them."""
    senses = [translations_of(word) for word in others]
    common = sum(not known.isdisjoint(translations_of(word)) for word in spelled for known in senses)
    return set(spelled).isdisjoint(others) and common >= len(spelled) - 1


def _content(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3] or ""


def _is_note(content: str, rest: str) -> bool:
    spelled = _WORD.findall(content)
    if not spelled or spelled[0] in words.NOTE_WORDS or " ".join(spelled[:2]) in words.NOTE_WORDS:
        return True
    script, other = script_of(content), script_of(rest)
    return bool(script and other and script != other) or (len(spelled) == 1 and _abbreviates(spelled[0], rest))


def _abbreviates(word: str, rest: str) -> bool:
    """Whether a word is made of first letters of others, in their order; some may be left out."""
    if not 1 < len(word) <= _LONGEST_ACRONYM:
        return False
    initials = iter(other[0] for other in _WORD.findall(rest))
    return all(letter in initials for letter in word)


_MOST_READ = 2 * MAX_TOKENS
"""Words of a name that are read, as to tell one's kind looks at the others; MAX_TOKENS of them are compared."""
_MOST_BRACKETS = 12
"""Brackets of a name that may be notes: as many as two for each word that most names have."""
_MOST_EXPANDED = 4
"""By how much NFKC may lengthen a text. It makes four letters of the sign for God's name, which names have, and 18 of
one for a whole phrase, which none has: the rest of what is made is dropped."""

_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼʻʹ`´ʾʿ״׳\"](?=\w)|[ʹʺʼʻʾʿ׳]")
_SEPARATORS = re.compile(rf"[^\w{MARKS}'/]+|_+")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
"""Bearers of a name where a name or a part of it ends with it ("Klein 3rd"), else holders of a rank ("7th Earl of")."""
_ZONE_HEAD = re.compile(r"^p<(?:d<<|[a-z]{3})(?=[^<])")
"""What a passport's machine-readable zone has before the name (ICAO Doc 9303 part 4): its kind and who issued it."""
_GLUED_TITLE = re.compile(r"(?<=[a-z]{3})(mrs?|mstr|miss)$")
"""A title as tickets glue it to a given name ("IVANMR"); fewer letters may be a name by themselves (Amr)."""
_BLANKED = ("Cc", "Zl", "Zp", "Cs", "Cn", "Co")
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u0640\u0591-\u05c7]")
"""Vowel points and tatweel; stress and other marks that make no letter of their own with the one before (у́, not й)."""


def normalise_name(
    full: str, given: str, middle: str, family: str, patronymic: str, kind: str, entity_type: str
) -> NormalisedName:
    """The typed name; `full` leads where both it and its parts are given, and the parts then type its tokens.

    Every argument may be ""; `kind` defaults to "primary". Never raises: a name without a word has no tokens.
    """
    stated = {"given": given, "middle": middle, "family": family, "patronymic": patronymic}
    parts = {part: clean_name(value) for part, value in stated.items() if value}
    text = clean_name(full) or " ".join([parts[part] for part in PARTS if parts.get(part)])
    folded, person = fold_case(text), entity_type == "person"
    telltale = _has_telltale(folded)
    unmasked, mixed = _unmask_words(remove_notes(folded) if telltale else folded)
    flags = ("mixed_script",) if mixed else ()
    if telltale and person:
        present = _MISSING.sub(" ", unmasked)
        unmasked = present if any(char.isalnum() for char in present) else unmasked
    of_another = telltale and (unmasked.startswith(words.CARE_OF) or (person and _names_nobody(unmasked)))
    if of_another or is_placeholder(unmasked):
        return NormalisedName(text=text, kind=kind or "primary", flags=(*flags, "placeholder"))
    if person:
        tokens = _person_tokens(unmasked, {part: fold_case(value) for part, value in parts.items()})
    else:
        tokens = organisation_tokens(unmasked, entity_type)
    if len(tokens) > MAX_TOKENS:
        tokens, flags = tokens[:MAX_TOKENS], (*flags, "many_words")
    return NormalisedName(text=text, tokens=tokens, kind=kind or "primary", flags=flags)


def _has_telltale(folded: str) -> bool:
    """Whether a name may hold a note or stand for nobody: few do, and looking for each takes long."""
    if "(" in folded or "[" in folded or "（" in folded:
        return True
    return not words.TELLTALES.isdisjoint(folded.replace(",", " ").replace(";", " ").split())


def clean_text(text: str) -> str:
    """NFKC, every control or white space one blank, format characters (zero width, direction marks) removed."""
    composed = text if text.isascii() else unicodedata.normalize("NFKC", text)[: _MOST_EXPANDED * len(text)]
    if composed.isascii() and composed.isprintable():
        return " ".join(composed.split())
    categories = ((char, unicodedata.category(char)) for char in composed)
    kept = (" " if category in _BLANKED else char for char, category in categories if category != "Cf")
    return " ".join("".join(kept).split())


def clean_name(text: str) -> str:
    """The clean text of what is read of a name or of a part of one."""
    return clean_text(text[:MAX_LETTERS])[:MAX_LETTERS].rstrip()


def fold_case(text: str) -> str:
    """Case-folded, so that "İ", "ı" and "I" are one letter as "ß" and "SS" are.

    Without vowel points, tatweel and stress marks.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text.casefold())
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFKC", _MARKS.sub("", folded.replace("i\u0307", "i").replace("ı", "i")))


def is_placeholder(folded: str) -> bool:
    """Whether a case-folded name stands for a missing one."""
    plain = is_plain(folded)
    tokens = folded.split() if plain else _SEPARATORS.sub(" ", folded).split()
    joined, letters = " ".join(tokens), "".join(tokens)
    if folded in words.UNKNOWN_NAMES or joined in words.UNKNOWN_NAMES:
        return True
    if not plain and not any(map(str.isalnum, letters)):
        return True
    return words.UNKNOWN_WORDS.issuperset(tokens) or (len(joined) > 2 and letters.count(letters[0]) == len(letters))


def is_plain(text: str) -> bool:
    """Whether a text is of the letters A to Z and blanks, as most are: it takes no expression to part its words."""
    return text.isascii() and text.replace(" ", "").isalpha()


def _unmask_words(text: str) -> tuple[str, bool]:
    if text.isascii() or not any(has_mixed_alphabets(word) for word in _SEPARATORS.split(text)):
        return text, False
    context = script_of(text)
    fixed = re.sub(r"\w+", lambda word: unmask(word[0], context) if has_mixed_alphabets(word[0]) else word[0], text)
    return fixed, True


def _person_tokens(text: str, parts: dict[str, str]) -> tuple[NameToken, ...]:
    if "<<" in text:
        text = _ZONE_HEAD.sub("", text)
    elif "/" in text:
        text = _GLUED_TITLE.sub(r" \1", text)
    comma = _family_before_mark(text) if not parts else ""
    spelled = _split(text)[:_MOST_READ]
    if len(spelled) == 1 and (split := _split_east_asian(spelled[0])):
        return split
    named = {word: part for part, value in parts.items() for word in _split(value)}
    named |= dict.fromkeys(_split(comma), "family") if comma else {}
    kept = [
        word
        for word in spelled
        if word not in words.UNKNOWN_WORDS
        and (word not in words.NOBODY_WORDS or named.get(word) not in ("given", "middle"))
    ] or spelled
    return tuple([_person_token(kept, at, named, bool(comma)) for at in range(len(kept))])


def _family_before_mark(text: str) -> str:
    """The family name where a comma, a ticket's slash or a machine-readable zone's << parts it from given names."""
    for mark in (",", "<<", "/"):
        before, found, after = text.partition(mark)
        if found and before.strip() and mark not in after.rstrip("<"):
            rest = _split(after)
            plain = rest and not all(word in words.GENERATIONS or word in words.TITLES for word in rest)
            return before if plain and (mark != "/" or _is_ticket_name(before, after)) else ""
    return ""


def _is_ticket_name(before: str, after: str) -> bool:
    """Whether a slash stands between a family and a given name, as on tickets, and not between two names of one person.

    Two who share a word are two names ("Ivan Petrov/Ivan Petroff"), and so are those with a blank at the slash.
    """
    return (
        not (before[-1].isspace() or after[0].isspace())
        and _are_words(f"{before.split()[-1]}/{after.split()[0]}")
        and not words.TITLES.issuperset(_split(before))
        and not {*_split(before)}.intersection(_split(after))
    )


def _are_words(slashed: str) -> bool:
    """Whether what slashes part are words of their own, not letters of one (s/o, a/l, A/S): Han may have one sign."""
    pieces = slashed.split("/")
    return all(sum(map(str.isalpha, piece)) > 1 or script_of(piece) in ("Han", "Hangul") for piece in pieces)


def _split(text: str) -> list[str]:
    if is_plain(text):
        return text.split()
    joined = _APOSTROPHES.sub("", text)
    found = [word for piece in _SEPARATORS.split(joined) if (word := piece.replace("'", "").strip("/"))]
    if "/" in joined:
        found = [word for piece in found for word in (piece.split("/") if _are_words(piece) else (piece,))]
    return _join_arabic(found) if len(found) > 1 and script_of(text) == "Arabic" else found


def _join_arabic(spelled: list[str]) -> list[str]:
    """Names of two words as one, as they are also written: عبد الرحمن, هداية الله, نصير الدين."""
    joined: list[str] = []
    for word in spelled:
        before = joined[-1] if joined else ""
        servant = before in words.ARABIC_SERVANTS and word.startswith(words.ARABIC_ARTICLE) and len(word) > 2
        if servant or (word in words.ARABIC_ENDINGS and before and before not in words.PARTICLES):
            joined[-1] = before + word
        else:
            joined.append(word)
    return joined


_KINDS_OF_PARTS = {"given": "given", "middle": "given", "family": "family"}


def _person_token(spelled: list[str], at: int, named: dict[str, str], comma: bool) -> NameToken:
    word = spelled[at]
    part = named.get(word, "")
    last = at == len(spelled) - 1
    if word in words.GENERATIONS and at > 0:
        return NameToken(words.GENERATIONS[word], "number")
    if word in words.TITLES and part != "family":
        return NameToken(word, "title")
    if word[0].isdigit():
        if ordinal := _ORDINAL.fullmatch(word):
            return NameToken(ordinal[1], "number") if last or part else NameToken(word, "title")
        if word.isdigit():
            return NameToken(word, "number")
    of_two = len(spelled) == 2 and not comma
    if word in words.PARTICLES and not last and not (of_two and word in words.GIVEN_WHEN_FIRST):
        return NameToken(word, "particle")
    if len(word) == 1 and word.isalpha() and word.lower() != word.upper():
        return NameToken(word, "initial")
    if part == "patronymic" or (part != "family" and _is_patronymic(spelled, at)):
        return NameToken(word, "patronymic")
    if part != "family" and at > 0 and _is_between_patronymic_words(spelled, at, comma):
        return NameToken(word, "patronymic")
    return NameToken(word, _KINDS_OF_PARTS.get(part, "given" if comma else "name"))


def _is_patronymic(spelled: list[str], at: int) -> bool:
    if at == 0 or len(spelled) < 3 or not spelled[at].endswith(words.PATRONYMIC_ENDINGS):
        return False
    others = [word for word in spelled[at + 1 :] if word.endswith(words.PATRONYMIC_ENDINGS)]
    return bool(others) or not any(word.endswith(words.PATRONYMIC_ENDINGS) for word in spelled[:at])


def _is_between_patronymic_words(spelled: list[str], at: int, comma: bool) -> bool:
    """Whether a word is a father's name by what stands before or behind it ("bin", "oglu").

    The last word of a name is its bearer's family name, whatever stands before it ("bin Laden").
    """
    if at + 1 < len(spelled) and spelled[at + 1] in words.PATRONYMIC_AFTER:
        return True
    before = at - 1
    while before > 0 and spelled[before] in words.PARTICLES and spelled[before] not in words.PATRONYMIC_BEFORE:
        before -= 1
    if before == 0 or spelled[before] not in words.PATRONYMIC_BEFORE:
        return False
    return comma or any(word not in words.WEIGHTLESS for word in spelled[at + 1 :])


def _split_east_asian(word: str) -> tuple[NameToken, ...]:
    """Family and given name of a Chinese or Korean name written without a space; () for any other word."""
    if not 2 <= len(word) <= 4:
        return ()
    script = script_of(word)
    if script == "Han" and len(word) <= 3:
        singles, doubles = words.CHINESE_SURNAMES, words.CHINESE_DOUBLE_SURNAMES
    elif script == "Han":
        singles, doubles = frozenset(), words.CHINESE_DOUBLE_SURNAMES
    elif script == "Hangul":
        singles, doubles = (words.KOREAN_SURNAMES if len(word) == 3 else frozenset()), words.KOREAN_DOUBLE_SURNAMES
    else:
        return ()
    cut = 2 if len(word) > 2 and word[:2] in doubles else 1 if word[0] in singles else 0
    return (NameToken(word[:cut], "family"), NameToken(word[cut:], "given")) if cut else ()
