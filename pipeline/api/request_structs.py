"""Request bodies and queries as msgspec structs: each is declared once, and FastAPI reads and documents it.

FastAPI reads pydantic models alone, so one is made of each struct, with the same fields, defaults, limits
(`msgspec.Meta`) and docstring; `forbid_unknown_fields` holds for it too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import msgspec
from fastapi import Body, Depends, Query
from msgspec import NODEFAULT, Meta
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt, create_model

S = TypeVar("S", bound=msgspec.Struct)

RULE: Final = "rule"
"""In `Meta.extra`: what a value must satisfy beside its limits, a predicate. Struct decoding itself does not ask it."""

LIMITS: Final = ("ge", "le", "min_length", "max_length", "pattern", "description", "examples")
"""What of a `Meta` a model takes over."""

UNHELD: Final = ("gt", "lt", "multiple_of", "title", "extra_json_schema")
"""What it would leave out, so that what passes the model could fail the struct."""

STRICT: Final[dict[Any, Any]] = {int: StrictInt, bool: StrictBool, datetime: AwareDatetime}
LAX: Final[dict[Any, Any]] = {datetime: AwareDatetime}
"""Plain types as pydantic names them."""


def body_of(struct: type[S], *, strict: bool = True) -> Any:
    """The dependency that gives a route its JSON body as `struct`; not `strict`: numbers and booleans may be text."""
    return _dependency(struct, Body(), strict=strict)


def query_of(struct: type[S]) -> Any:
    """The dependency that gives a route its query, a parameter for each field, as `struct`."""
    return _dependency(struct, Query(), strict=False)


def _dependency(struct: type[S], source: Any, *, strict: bool) -> Any:
    model = model_of(struct, strict)

    async def read(given: BaseModel) -> S:  # FastAPI would run a plain function in another thread
        return msgspec.convert(given.model_dump(), struct)

    parameter = inspect.Parameter("given", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[model, source])
    read.__signature__ = inspect.Signature([parameter])  # type: ignore[attr-defined]
    return Depends(read)


@cache
def model_of(struct: type[msgspec.Struct], strict: bool) -> type[BaseModel]:
    """The pydantic model of a struct. Raises TypeError for a field that it could not hold as the struct does."""
    fields: dict[str, Any] = {
        field.name: (_typed(field.type, strict), _default(field, strict)) for field in msgspec.structs.fields(struct)
    }
    config = ConfigDict(extra="forbid" if struct.__struct_config__.forbid_unknown_fields else "ignore")
    return create_model(struct.__name__, __config__=config, __doc__=struct.__doc__, **fields)


def _default(field: msgspec.structs.FieldInfo, strict: bool) -> Any:
    if isinstance(field.default, msgspec.Struct):
        return model_of(type(field.default), strict)()
    if isinstance(field.default, tuple):
        return [*field.default]
    if field.default_factory is not NODEFAULT:
        raise TypeError(f"a request's field {field.name} can't have a default that is made anew")
    return ... if field.default is NODEFAULT else field.default


def _typed(kind: Any, strict: bool) -> Any:
    """A field's type as pydantic takes it."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _limited(_typed(parts[0], strict), parts[1:])
    if origin in (UnionType, Union):
        return Union[tuple(_typed(part, strict) for part in parts)]  # noqa: UP007 - of parts made here
    if origin is tuple and parts[1:] == (Ellipsis,):
        return list[_typed(parts[0], strict)]  # type: ignore[misc]
    if not isinstance(kind, type) or origin is not None:
        raise TypeError(f"a request can't have a field of type {kind}")
    if issubclass(kind, msgspec.Struct):
        return model_of(kind, strict)
    return (STRICT if strict else LAX).get(kind, kind)


def _limited(kind: Any, metas: Iterable[Meta]) -> Any:
    """The type within limits, and with what is said of it."""
    for meta in metas:
        if any(getattr(meta, name) is not None for name in UNHELD):
            raise TypeError(f"a request's model does not hold {meta}")
        limits = {name: value for name in LIMITS if (value := getattr(meta, name)) is not None}
        kind = Annotated[kind, Field(**limits)]
        if meta.extra and RULE in meta.extra:
            kind = Annotated[kind, AfterValidator(_rule(meta.extra[RULE]))]
    return kind


def _rule(holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        if not holds(value):
            raise ValueError("it breaks a rule")
        return value

    return validate
