"""A question by its fields, for programs: each becomes the word that an investigator would type before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.index.question_parts import MAX_PARTS, MAX_QUESTION_CHARS

FieldValue = Annotated[str, Meta(max_length=MAX_QUESTION_CHARS)]
FieldValues = tuple[FieldValue, ...]


class QuestionFields(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of whom or what is asked for, beside the question's own words; each may have several values."""

    type: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="What the names may be of: person, organisation, vessel.")
    ] = ()
    name: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Full names.", examples=[["Ivan Petrov", "Иван Петров"]])
    ] = ()
    alias: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Other full names.")] = ()
    nickname: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Nicknames and weak aliases, which count less.")
    ] = ()
    born: Annotated[
        FieldValues,
        Meta(
            max_length=MAX_PARTS,
            description="Birth dates, one of them right: YYYY, YYYY-MM, YYYY-MM-DD, a range (1978/1982), about 1980~.",
            examples=[["1980-05-01"]],
        ),
    ] = ()
    birthplace: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Places of birth.")] = ()
    nationality: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Countries by code or name.", examples=[["RU"]])
    ] = ()
    phone: Annotated[FieldValues, Meta(max_length=MAX_PARTS)] = ()
    email: Annotated[FieldValues, Meta(max_length=MAX_PARTS)] = ()
    number: Annotated[
        FieldValues, Meta(max_length=MAX_PARTS, description="Numbers of documents, accounts, devices.")
    ] = ()
    plate: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="? stands for one sign, * for any.")] = ()
    case: Annotated[
        FieldValues,
        Meta(max_length=MAX_PARTS, description="Numbers of cases, with agency or without.", examples=[["2026-0417"]]),
    ] = ()
    city: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Where they live or are.")] = ()
    offence: Annotated[
        FieldValues,
        Meta(
            max_length=MAX_PARTS,
            description="Offences, scheme:code; narrows to cases with one of them, or one within it.",
            examples=[["ICCS:05"]],
        ),
    ] = ()
    text: Annotated[FieldValues, Meta(max_length=MAX_PARTS, description="Words of a title or summary.")] = ()


def add_fields(question: str, fields: QuestionFields) -> str:
    """The question with its fields as words, so that all that follows reads one form."""
    return " ".join([*([question] if question else []), *_words_of(fields)])


def _words_of(fields: QuestionFields) -> Iterator[str]:
    return (
        quote_value(field, text)
        for field in fields.__struct_fields__
        for value in getattr(fields, field)
        if (text := value.strip())
    )


def quote_value(field: str, value: str) -> str:
    """A value as a question's part, held together by quotes."""
    return f'{field}:"{value.replace(chr(34), " ")}"'
