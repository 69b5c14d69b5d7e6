"""Makes the name data that the package ships, from lists of names; no installation runs it."""

from pathlib import Path
from typing import Final

NAME_DATA: Final = Path(__file__).parents[1] / "matching" / "names" / "data"
"""Where the package's name data lies."""
