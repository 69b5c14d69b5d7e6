"""Where and why a text is not acceptable JSON: the slow, exact look that only rejected messages get.

orjson has refused the text, or its counts look wrong; this scanner finds the place. It neither recurses nor builds
values, so nesting of any depth costs no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec
import orjson

MAX_DEPTH = 64
"""More objects and lists within each other than any record has (its own parts reach 6)."""

_CHARACTERS = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+'
_TOKEN = re.compile(
    rf'(?P<string>{_CHARACTERS}")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![0-9A-Za-z.+-])"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z])"
    r"|(?P<mark>[{}\[\],:])"
)
_BLANK = re.compile(r"[ \t\n\r]*+")
_NOT_A_NUMBER = re.compile(r"[+-]?(NaN|nan|Infinity|inf)")
_CUT_SHORT = re.compile(rf"(?:{_CHARACTERS}(?:\\(?:u[0-9a-fA-F]{{0,3}})?)?|tr?u?|fa?l?s?|nu?l?|-)?\Z")


class JsonFlaw(msgspec.Struct, frozen=True):
    """`pointer` is the JSON pointer of the value in or at which the text stops being acceptable."""

    pointer: str
    message: str


class _FoundError(Exception):
    """Ends the scan with a message."""


def pointer_to(path: Iterable[str | int]) -> str:
    """JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def flaw(raw: bytes) -> JsonFlaw | None:
    """The first flaw in document order: not UTF-8, not JSON, cut short, a repeated key, NaN, nesting over MAX_DEPTH."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return JsonFlaw("", f"not UTF-8: byte {error.start} ({error.reason})")
    scan = _Scan(text)
    try:
        scan.run()
    except _FoundError as found:
        return JsonFlaw(scan.pointer, str(found))
    return None


class _Part(msgspec.Struct):
    """An object or list being read: its keys so far (None for a list) and the key or index where the scan stands."""

    keys: set[str] | None
    at: str | int | None


_State = Callable[[str, str], "_State"]
"""Takes the next token (kind, text) and returns what must follow it."""


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._parts: list[_Part] = []

    @property
    def pointer(self) -> str:
        return pointer_to(part.at for part in self._parts if part.at is not None)

    def run(self) -> None:
        """Raises _FoundError at the first flaw."""
        if self._text.startswith("\ufeff"):
            raise _FoundError("not JSON: starts with a byte order mark")
        state = self._next(self._value)
        while self._parts:
            state = self._next(state)
        self._skip_blank()
        if self._at != len(self._text):
            raise self._unexpected()

    def _next(self, state: _State) -> _State:
        self._skip_blank()
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise _FoundError(self._complaint())
        following = state(found.lastgroup, found[0])
        self._at = found.end()
        return following

    def _skip_blank(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _complaint(self) -> str:
        if _NOT_A_NUMBER.match(self._text, self._at):
            return "NaN and Infinity are not JSON"
        if _CUT_SHORT.match(self._text, self._at):
            return "not JSON: the text is cut short" if self._text.strip() else "empty message"
        return str(self._unexpected())

    def _unexpected(self) -> _FoundError:
        return _FoundError(f"not JSON: unexpected character at character {self._at}")

    def _value(self, kind: str, lexeme: str) -> _State:
        if kind == "mark":
            return self._enter(lexeme)
        if kind == "string":
            _string(lexeme)
        elif kind == "number" and float(lexeme) in (float("inf"), float("-inf")):
            raise _FoundError("a number too large for a double")
        return self._after_value

    def _enter(self, lexeme: str) -> _State:
        if lexeme not in "{[":
            raise self._unexpected()
        if len(self._parts) == MAX_DEPTH:
            raise _FoundError(f"nested more than {MAX_DEPTH} deep")
        self._parts.append(_Part(set(), None) if lexeme == "{" else _Part(None, 0))
        return self._first_key if lexeme == "{" else self._first_value

    def _first_value(self, kind: str, lexeme: str) -> _State:
        return self._leave() if lexeme == "]" else self._value(kind, lexeme)

    def _first_key(self, kind: str, lexeme: str) -> _State:
        return self._leave() if lexeme == "}" else self._key(kind, lexeme)

    def _key(self, kind: str, lexeme: str) -> _State:
        if kind != "string":
            raise self._unexpected()
        part, key = self._parts[-1], _string(lexeme)
        part.at = key
        if part.keys is not None:
            if key in part.keys:
                raise _FoundError("this key occurs twice")
            part.keys.add(key)
        return self._colon

    def _colon(self, _kind: str, lexeme: str) -> _State:
        if lexeme != ":":
            raise self._unexpected()
        return self._value

    def _after_value(self, _kind: str, lexeme: str) -> _State:
        part = self._parts[-1]
        if lexeme == ("]" if part.keys is None else "}"):
            return self._leave()
        if lexeme != ",":
            raise self._unexpected()
        if isinstance(part.at, int):
            part.at += 1
        return self._value if part.keys is None else self._key

    def _leave(self) -> _State:
        self._parts.pop()
        return self._after_value


def _string(lexeme: str) -> str:
    try:
        return str(orjson.loads(lexeme))
    except orjson.JSONDecodeError:
        raise _FoundError("not JSON: half of a surrogate pair in a string") from None
