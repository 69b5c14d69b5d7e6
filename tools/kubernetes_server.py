"""Builds etcd and kube-apiserver by Go's own client, for tests of the chart against a real API server.

    python tools/kubernetes_server.py FOLDER KUBERNETES_VERSION ETCD_VERSION

Kubernetes can't be installed by name: its go.mod replaces its own parts (k8s.io/api and others) by folders of its
repository. They are modules too, of version v0.X.Y where it is v1.X.Y, so a module of ours replaces them by these.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

KUBERNETES = "k8s.io/kubernetes"
ETCD = "go.etcd.io/etcd/server/v3"
VERSION = "k8s.io/component-base/version"

API_SERVER = """\
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
"""
ETCD_SERVER = """\
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
"""


def go(folder: Path, *words: str) -> str:
    """What a command of Go's prints."""
    settings = {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    program = os.environ.get("GO", "go")
    environment = os.environ | settings
    done = subprocess.run([program, *words], cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return done.stdout.decode()


def build_program(target: Path, source: str, requires: dict[str, str], replaces: list[str], flags: str) -> None:
    """A program of a module made for it, unless it is there."""
    if target.exists():
        return
    module = target.parent / f"{target.name}-module"
    module.mkdir(parents=True, exist_ok=True)
    (module / "main.go").write_text(source, encoding="utf-8")
    (module / "go.mod").write_text(f"module liaison.local/{target.name}\n", encoding="utf-8")
    edits = [f"-require={name}@{version}" for name, version in requires.items()]
    go(module, "mod", "edit", *edits, *(f"-replace={one}" for one in replaces))
    go(module, "mod", "tidy")
    go(module, "build", "-trimpath", f"-ldflags=-s {flags}", "-o", str(target), ".")


def parts_of_kubernetes(folder: Path, version: str) -> list[str]:
    """What its own go.mod replaces by folders, as replacements by modules."""
    folder.mkdir(parents=True, exist_ok=True)
    held = json.loads(go(folder, "mod", "download", "-json", f"{KUBERNETES}@{version}"))
    text = Path(held["GoMod"]).read_text(encoding="utf-8")
    parts = re.findall(r"^\s*(?:replace )?(\S+) => \./staging/", text, re.MULTILINE)
    return [f"{part}={part}@v0{version.removeprefix('v1')}" for part in parts]


def main(folder: Path, version: str, etcd: str) -> None:
    """Build both into the folder; what is there stays."""
    build_program(folder / "etcd", ETCD_SERVER, {ETCD: etcd}, [], "")
    _, minor, _ = version.split(".")
    known = {"gitVersion": version, "gitMajor": "1", "gitMinor": minor}
    flags = " ".join(f"-X {VERSION}.{name}={value}" for name, value in known.items())
    replaces = parts_of_kubernetes(folder, version)
    build_program(folder / "kube-apiserver", API_SERVER, {KUBERNETES: version}, replaces, flags)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
