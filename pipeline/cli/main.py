"""The `liaison` command, assembled from the table of commands."""

from __future__ import annotations

import importlib
import json
import logging
import os
import subprocess
import sys
from importlib import metadata
from typing import Annotated, Any, NoReturn
from urllib.parse import unquote, urlsplit

import typer
from typer.core import TyperCommand

from pipeline.cli.commands import COMMANDS, Command, Group, extra_of
from pipeline.errors import LiaisonError, MissingExtraError
from pipeline.ops.command_output import FAILED, MISUSED
from pipeline.private_files import OTHERS

LIBRARIES = ("aiokafka", "kafka", "elastic_transport")
"""What they say without being asked is of tries that they repeat; a worker or a server keeps a log of it."""


def build_cli() -> typer.Typer:
    """The whole command tree."""
    root = typer.Typer(
        name="liaison",
        help="Find links between case records of different agencies and countries, and show why.",
        epilog="Start with: liaison demo. Settings are LIAISON_* environment variables (pipeline/settings.py).",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root_options)
    groups = {"": root}
    for row in COMMANDS:
        above, _, name = row.path.rpartition(" ")
        if isinstance(row, Group):
            groups[row.path] = typer.Typer(help=row.help, no_args_is_help=True)
            groups[above].add_typer(groups[row.path], name=name, rich_help_panel=row.panel)
        else:
            declare = groups[above].command(name, cls=_deferred(row), help=row.help, rich_help_panel=row.panel)
            declare(_not_imported)
    return root


def load_command(row: Command) -> Any:
    """Typer's command, with its options and own help; imports its module.

    Raises MissingExtraError where that needs libraries of an extra that is not installed, LiaisonError where it needs
    others that are not.
    """
    module, _, function = row.target.partition(":")
    try:
        target = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "pipeline":
            raise
        if extra := extra_of(row.path):
            raise MissingExtraError(f"`liaison {row.path}`", extra) from error
        raise LiaisonError(f"the library {error.name} is missing; install Liaison again") from error
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    epilog = f"Example: {row.example}" if row.example else None
    alone.command(row.path.rpartition(" ")[2], epilog=epilog)(target)
    return typer.main.get_command(alone)


def _deferred(row: Command) -> type[TyperCommand]:
    """A command that groups can name and list, and that becomes the one it stands for once its words are parsed."""

    class DeferredCommand(TyperCommand):
        def make_context(self, *args: Any, **more: Any) -> Any:
            return load_command(row).make_context(*args, **more)

    return DeferredCommand


def _not_imported() -> None:
    """Stands for the function of a command of which only the name and the help are known yet."""


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"liaison {installed_version()}")
        raise typer.Exit


def _root_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version, and its commit where that is known.",
        ),
    ] = False,
) -> None:
    """Takes the options of `liaison` itself; the eager one has answered before."""


def installed_version(package: str = "liaison-pipeline") -> str:
    """The version, and the commit that it was installed from where the installation tells (PEP 610).

    An editable one is of its checkout, so that is asked: `-dirty` if files have changed since.
    """
    found = metadata.distribution(package)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    commit = origin.get("vcs_info", {}).get("commit_id", "")[:12]
    if origin.get("dir_info", {}).get("editable"):
        checkout = unquote(urlsplit(origin["url"]).path)
        describe = ["git", "-C", checkout, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
        try:
            asked = subprocess.run(describe, capture_output=True, text=True, check=True)  # noqa: S603 - of its own folder
            commit = asked.stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            commit = ""
    return f"{found.version} ({commit})" if commit else found.version


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 usage. Whatever it makes is its user's alone."""
    os.umask(OTHERS)
    for name in LIBRARIES:
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        build_cli()()
    except LiaisonError as error:
        print(f"liaison: {error}", file=sys.stderr)
        sys.exit(MISUSED if isinstance(error, MissingExtraError) else FAILED)
    except SystemExit as end:
        if sys.argv[1:2] == ["batch"] and isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> NoReturn:
    """End the process without freeing what it holds, which takes a twentieth of a batch; its files are closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
