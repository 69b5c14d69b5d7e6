"""The settings that this process has from its environment, read when a command runs.

The modules of commands import this one: importing `pipeline.settings` itself takes an eighth of a second of CPU
(pydantic), which the commands that work on files need not pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.settings import Settings


def from_environment() -> Settings:
    """The settings of LIAISON_* variables. Raises SettingsError for a value that is not allowed."""
    from pipeline.settings import settings

    return settings()
