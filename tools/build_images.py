"""Builds our image with buildah: from a base that Debian's packages make, or from any base that is named.

    python tools/build_images.py [--base IMAGE] [--fresh] [--tag NAME]

Without --base the base is Debian 12 with Python 3.11, made by mmdebstrap and kept as an archive in
$XDG_CACHE_HOME/liaison/images (~/.cache), so no image registry is asked; --fresh makes it anew, with the security
updates of the day. That needs root. The host gives no Python, library or tool to the image: all is installed inside,
by requirements.lock. Of the environment the build is given the names in HANDED_ON, and SSL_CERT_FILE where the network
has an authority of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
IMAGE: Final = "liaison-pipeline"
BASE: Final = "liaison-base"
BUILDER: Final = "liaison-builder"

ISOLATION: Final = "--isolation=chroot"
"""Where neither cgroups nor limits may be set, no other works; it asks for no more than root's mounts."""

HANDED_ON: Final = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "http_proxy", "https_proxy", "no_proxy")
"""Of the environment: where packages come from, on a network with a mirror or a proxy."""

PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/sbin"
DATE: Final = "1577836800"
"""Of all files in all layers, so that a layer whose content stays is the same layer (the date that wheels have)."""

AUTHORITY: Final = "/run/build-authority.crt"
"""Where the build finds the file that SSL_CERT_FILE names here; nothing of it stays in the image."""

PACKAGES: Final = ("ca-certificates", "libstdc++6", "python3", "usr-is-merged")
TOOLS: Final = ("binutils", "python3-venv")
"""What only the stages need that build."""

TOOLS_NAMES: Final = (
    "binutils*", "libbinutils", "libctf*", "libgprofng*", "libjansson*", "python3*-venv", "python3-*-whl",
    "python3-distutils", "python3-lib2to3",
)  # fmt: skip
"""The packages that come with those, as dpkg takes patterns."""
LEFT_OUT: Final = (
    "doc/*", "info/*", "lintian/*", "linda/*", "locale/*", "man/*", "bash-completion/*",
)  # fmt: skip
"""Under /usr/share; copyright files stay."""

PURGED: Final = ("perl-base", "debconf", "e2fsprogs", "logsave", "libext2fs2", "libss2", "mount", "sysvinit-utils")
"""What only packages' installation or a machine that boots needs."""

DELETED: Final = (
    "var/cache/*", "var/log/*", "var/lib/apt", "usr/share/perl5", "usr/lib/*/gconv", "usr/lib/python3.11/pydoc_data",
)  # fmt: skip
"""What is of no use without what was purged; Python has codecs of its own, and nobody reads its manual here."""

SHARED_FOLDERS: Final = ("run/lock", "var/tmp")
"""Folders of Debian that anybody may write to; a container has /tmp and LIAISON_HOME."""


class CannotBuildError(Exception):
    """What is missing, and what mends it."""


def base_recipe() -> list[str]:
    """The command that makes the base's archive, without its name. Of a stable release it takes updates, too."""
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{path}" for path in LEFT_OUT]
    shared, deleted = (" ".join(f'"$1"/{path}' for path in paths) for paths in (SHARED_FOLDERS, DELETED))
    return [
        "mmdebstrap", "--quiet", "--variant=essential", "--include=" + ",".join(PACKAGES + TOOLS),
        "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
        *left_out, "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        f'--customize-hook=chroot "$1" dpkg --purge --force-all {" ".join(PURGED)} 2>/dev/null',
        f"--customize-hook=chmod 0755 {shared}",
        f"--customize-hook=rm -rf {deleted}",
        "bookworm",
    ]  # fmt: skip


def base_archive(folder: Path, *, fresh: bool = False) -> Path:
    """The base as an archive of its root filesystem, made unless this recipe's is there. Raises CannotBuildError."""
    recipe = base_recipe()
    digest = hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:12]
    archive = folder / f"base-{platform.machine()}-{digest}.tar"
    if archive.exists() and not fresh:
        return archive
    require("mmdebstrap")
    if os.geteuid() != 0:
        raise CannotBuildError("only root can make the base; name one with --base (BASE= with make)")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{os.getpid()}-{archive.name}"
    try:
        run([*recipe, str(unfinished)])
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)
    return archive


def cache_folder() -> Path:
    """Where archives of bases are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "liaison" / "images"


def import_base(archive: Path) -> tuple[str, str]:
    """Make two images of the archive, to build on and to build with; their tag says which archive."""
    tag = f"{archive.stem.rpartition('-')[2]}-{int(archive.stat().st_mtime)}"
    base, builder = f"localhost/{BASE}:{tag}", f"localhost/{BUILDER}:{tag}"
    if not run(["buildah", "images", "--quiet", "--filter", f"reference={base}"], read=True).strip():
        patterns = " ".join(f"'{name}'" for name in TOOLS_NAMES)
        purge = f"dpkg --purge --force-all $(dpkg-query -W -f '${{Package}} ' {patterns} 2>/dev/null) >/dev/null 2>&1"
        container = run(["buildah", "from", "scratch"], read=True).strip()
        try:
            run(["buildah", "add", "--quiet", container, str(archive), "/"])
            run(["buildah", "config", "--cmd", "bash", "--env", f"PATH={PATH}", container])
            run(["buildah", "commit", "--quiet", container, builder])
            run(["buildah", "run", ISOLATION, container, "--", "bash", "-c", purge])
            run(["buildah", "commit", "--quiet", "--squash", container, base])
        finally:
            run(["buildah", "rm", container], read=True)
    return base, builder


def build(base: str, builder: str, tags: Sequence[str], tree: Path = ROOT, *, anew: bool = False) -> None:
    """Build the image of a tree as it is, with its dependencies from requirements.lock. Raises CannotBuildError.

    Steps whose input is as it was are taken from the last build, none of them if `anew`.
    """
    arguments = {"BASE": base, "BUILDER": builder}
    arguments |= {name: os.environ[name] for name in HANDED_ON if os.environ.get(name)}
    mounts: list[str] = []
    if authority := os.environ.get("SSL_CERT_FILE"):
        mounts = ["--volume", f"{authority}:{AUTHORITY}:ro"]
        arguments["SSL_CERT_FILE"] = AUTHORITY
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    # A LABEL of an argument would be kept from the last build: buildah compares its words, not the argument's value.
    labels = {"org.opencontainers.image.version": version(tree), "org.opencontainers.image.revision": revision()}
    labelled = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    named = [word for tag in tags for word in ("--tag", tag)]
    pull = "--pull-never" if base.startswith("localhost/") else "--pull"
    how = ["buildah", "build", ISOLATION, "--layers", "--force-rm", "--format=oci", pull, "--timestamp", DATE]
    how += ["--no-cache"] if anew else []
    run([*how, *mounts, *given, *labelled, *named, "--file", str(tree / "deploy" / "Dockerfile"), str(tree)])


def version(tree: Path = ROOT) -> str:
    """The package's version."""
    held: str = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return held


def revision() -> str:
    """The commit, and whether files differ from it."""
    return _git("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")


def _git(*words: str) -> str:
    return run(["git", "-C", str(ROOT), *words], read=True).strip()


def require(program: str) -> None:
    """Raises CannotBuildError where a program is missing."""
    if shutil.which(program) is None:
        raise CannotBuildError(f"{program} is missing; on Debian: apt-get install buildah mmdebstrap")


def run(command: Sequence[str], *, read: bool = False) -> str:
    """Run a command to its end, and give what it printed if that is to be read. Raises CannotBuildError."""
    done = subprocess.run(  # noqa: S603 - our own commands
        command, stdout=subprocess.PIPE if read else None, text=True, check=False
    )
    if done.returncode:
        raise CannotBuildError(f"{command[0]} {command[1]} ended with {done.returncode}")
    return done.stdout or ""


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description="Builds our image with buildah.")
    parser.add_argument("--base", default="", help="image to build from; without it a base made of Debian's packages")
    parser.add_argument("--fresh", action="store_true", help="make that base anew")
    parser.add_argument("--tag", default=IMAGE, help="the image's name")
    given = parser.parse_args()
    try:
        require("buildah")
        archive = None if given.base else base_archive(cache_folder(), fresh=given.fresh)
        base, builder = import_base(archive) if archive else (given.base, given.base)
        build(base, builder, [given.tag, f"{given.tag}:{version()}"])
    except CannotBuildError as error:
        sys.exit(f"no image was built: {error}")


if __name__ == "__main__":
    main()
