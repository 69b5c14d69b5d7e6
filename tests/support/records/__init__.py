"""Records as agencies send them: an example, generated ones, signed ones."""
