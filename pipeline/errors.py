"""The one exception that the command line turns into a one-line message."""

from __future__ import annotations


class LiaisonError(Exception):
    """An expected failure: its message is shown as one line, without a traceback, and the command exits with 1.

    `values` fill the {places} of a message, so that it can be translated (pipeline/api/problems.py).
    """

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message, self.values = message, values


class MissingExtraError(LiaisonError):
    """What was asked for needs libraries that the base install leaves out; the command exits with 2, as wrong usage."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more than the agency's client: pip install 'liaison-pipeline[{extra}]'")
