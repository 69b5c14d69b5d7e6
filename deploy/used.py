"""Imports all modules of ours, and writes which files of others are worth compiling, and which nobody opens.

    python used.py FOLDER      writes FOLDER/compiled and FOLDER/unused, a file a line

A library that a compiled module misses in the base fails here, before an image is made of it; a package that is not
there is of an extra that images have not.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import babel

import pipeline
from pipeline.locale import LANGUAGES

for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as missing:
            if (missing.name or "pipeline").partition(".")[0] == "pipeline":
                raise
files = {getattr(module, "__file__", None) or "" for module in sys.modules.values()}
spoken = {"root", "en", *LANGUAGES}
locales = (Path(babel.__file__).parent / "locale-data").glob("*.dat")
lists = {
    "compiled": [name for name in files if name.startswith(f"{sys.prefix}/lib") and name.endswith(".py")],
    "unused": [str(path) for path in locales if path.stem.partition("_")[0] not in spoken],
}
for name, lines in lists.items():
    Path(sys.argv[1], name).write_text("\n".join([*sorted(lines), ""]), encoding="utf-8")
