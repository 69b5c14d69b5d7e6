"""What compose.yaml would start: our services' commands, environment and volumes, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

COMPOSE: Final = Path(__file__).parents[3] / "deploy" / "compose.yaml"
IMAGE: Final = "liaison-pipeline"
ENTRYPOINT: Final = ("liaison",)
"""The image's own."""

_VARIABLE: Final = re.compile(r"\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})")


@dataclass(frozen=True)
class Service:
    """A service of ours. Volumes are folders in the container by the volume's name, secrets by theirs."""

    name: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: Mapping[str, str]
    secrets: tuple[str, ...]
    health: tuple[str, ...]
    """The command that tells whether it is well; none: it has no such."""
    starts: bool
    """Whether `up` starts it; else it is for commands."""


def read_services(variables: Mapping[str, str], text: str = "") -> dict[str, Service]:
    """The services of our image by name, of compose.yaml or of such a text.

    Raises KeyError for a variable that must be given and is not.
    """
    document = yaml.safe_load(text or COMPOSE.read_text(encoding="utf-8"))
    held: dict[str, Any] = _filled(document, variables)["services"]
    return {name: _service(name, one) for name, one in held.items() if one["image"] == IMAGE}


def _service(name: str, held: Mapping[str, Any]) -> Service:
    volumes = dict(volume.split(":")[:2] for volume in held["volumes"])
    kind, *health = held.get("healthcheck", {}).get("test", ["CMD"])
    assert kind == "CMD", "a shell would be the image's own business"
    return Service(
        name=name,
        entrypoint=tuple(held.get("entrypoint", ENTRYPOINT)),
        command=tuple(held.get("command", ())),
        environment={key: str(value) for key, value in held["environment"].items()},
        volumes=volumes,
        secrets=tuple(held.get("secrets", ())),
        health=tuple(health),
        starts="profiles" not in held,
    )


def _filled(held: Any, variables: Mapping[str, str]) -> Any:
    """The same with its variables filled in, as the Compose specification has it (interpolation)."""
    if isinstance(held, dict):
        return {key: _filled(value, variables) for key, value in held.items()}
    if isinstance(held, list):
        return [_filled(value, variables) for value in held]
    return _VARIABLE.sub(lambda found: _value(found, variables), held) if isinstance(held, str) else held


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, how, word = found.groups()
    if name is None:
        return "$"
    if how == "?" and not variables.get(name):
        raise KeyError(f"{name}: {word}")
    return variables.get(name) or (word if how == "-" else "")
