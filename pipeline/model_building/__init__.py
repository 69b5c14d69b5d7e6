"""Makes the name data that the package ships, from lists of names; no installation runs it."""
