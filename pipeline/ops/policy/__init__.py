"""Why somebody may or may not see a case."""
